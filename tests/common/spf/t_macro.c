#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/limits.h"
#include "common/spf/macro.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* What DNS over TCP holds. */
enum { RECORD_MAX = 65535 };

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* The sender and clients of RFC 7208 section 7.4. */
static struct macro_vars
vars(const char *client)
{
	struct macro_vars v = {
	    .sender = span_str("strong-bad@email.example.com"),
	    .local = span_str("strong-bad"),
	    .origin = span_str("email.example.com"),
	    .domain = span_str("email.example.com"),
	    .helo = span_str("HELO.example.net"),
	    .name = span_str("mx.example.org"),
	    .receiver = "receiver.example",
	    .now = 1700000000};

	CU_ASSERT_EQUAL_FATAL(ip_parse(span_str(client), &v.client), 0);
	return v;
}

static void
check_domain(const char *text, const struct macro_vars *v, const char *want)
{
	struct span s = guard_copy(span_str(text));
	char name[DOMAIN_MAX + 1];

	suite_row(text);
	CHECK(macro_domain(s, v, name) == strlen(name));
	CHECK_STR(name, want);
	guard_free(s);
	suite_row(NULL);
}

static void
rfc_examples(void)
{
	static const char *const rows[][2] = {
	    {"%{s}", "strong-bad@email.example.com"},
	    {"%{o}", "email.example.com"},
	    {"%{d}", "email.example.com"},
	    {"%{d4}", "email.example.com"},
	    {"%{d3}", "email.example.com"},
	    {"%{d2}", "example.com"},
	    {"%{d1}", "com"},
	    {"%{dr}", "com.example.email"},
	    {"%{d2r}", "example.email"},
	    {"%{l}", "strong-bad"},
	    {"%{l-}", "strong.bad"},
	    {"%{lr}", "strong-bad"},
	    {"%{lr-}", "bad.strong"},
	    {"%{l1r-}", "strong"},
	    {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
	    {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
	    {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
	        "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
	    {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
	        "3.2.0.192.in-addr.strong.lp._spf.example.com"},
	    {"%{d2}.trusted-domains.example.net",
	        "example.com.trusted-domains.example.net"},
	};
	struct macro_vars v = vars("192.0.2.3");

	for (size_t i = 0; i < LENGTH(rows); i++)
		check_domain(rows[i][0], &v, rows[i][1]);
	v = vars("2001:db8::cb01");
	check_domain("%{ir}.%{v}._spf.%{d2}", &v,
	    "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2."
	    "ip6._spf.example.com");
}

static void
letters_and_parts(void)
{
	static const char *const rows[][2] = {
	    {"%{h}", "HELO.example.net"},
	    {"%{p}", "mx.example.org"},
	    {"%{i}", "192.0.2.3"},
	    {"%{v}", "in-addr"},
	    {"%{D}", "email.example.com"},
	    {"%{S}", "strong-bad%40email.example.com"},
	    {"%{LR-}", "bad.strong"},
	    {"%%.x", "%.x"},
	    {"%_.x", " .x"},
	    {"%-.x", "%20.x"},
	    {"a%%%_%-b.x", "a% %20b.x"},
	    {"%{d127}", "email.example.com"},
	    {"%{d99999999999999999999}", "email.example.com"},
	    {"%{d01}", "com"},
	    {"%{o2r.-}", "example.email"},
	    {"%{l.}", "strong-bad"},
	    {"%{l+}", "strong-bad"},
	    /* the domain-spec's own dot at the end */
	    {"%{d}.", "email.example.com"},
	    {"x.example.", "x.example"},
	    {"..x.example", "..x.example"},
	};
	struct macro_vars v = vars("192.0.2.3");
	static const char *const delimiters[][3] = {
	    {"a.b-c+d,e/f_g=h", "%{l}", "a.b-c+d,e/f_g=h"},
	    {"a.b-c+d,e/f_g=h", "%{l.-+,/_=}", "a.b.c.d.e.f.g.h"},
	    {"a.b-c+d,e/f_g=h", "%{lr.-+,/_=}", "h.g.f.e.d.c.b.a"},
	    {"a.b-c+d,e/f_g=h", "%{l2,/}", "e.f_g=h"},
	    {"a.b-c+d,e/f_g=h", "%{l1r,}", "a.b-c+d"},
	    {"a.b-c+d,e/f_g=h", "%{l3=_/}", "f.g.h"},
	    {"a--b", "%{l-}", "a..b"},
	    {"a--b", "%{lr-}", "b..a"},
	    {"-a-", "%{l-}", ".a"}, /* ".a." as a name */
	    {"-a-", "%{l1-}.x", ".x"},
	    {"-a-", "%{l2r-}.x", "a..x"},
	    {"", "%{l}.x", ".x"},
	    {"", "%{lr-}.x", ".x"},
	    {"", "%{l2-}.x", ".x"},
	    {"!*'()~._-", "%{L}.x", "%21%2A%27%28%29~._-.x"},
	    {"a b&c", "%{L}.x", "a%20b%26c.x"},
	    {"a=b", "%{L}.x", "a%3Db.x"},
	    {"a=b=c", "%{Lr=}.x", "c.b.a.x"},
	    {"\xc3\xbc", "%{L}.x", "%C3%BC.x"},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		if (rows[i][1] != NULL)
			check_domain(rows[i][0], &v, rows[i][1]);
	}
	for (size_t i = 0; i < LENGTH(delimiters); i++) {
		v.local = span_str(delimiters[i][0]);
		check_domain(delimiters[i][1], &v, delimiters[i][2]);
	}
}

/* A name of exactly n octets: labels of 10, the first of what is left. */
static char *
name_of(size_t n, const char *tail)
{
	char *name = malloc(n + 1);
	size_t t = strlen(tail);

	CU_ASSERT_FATAL(name != NULL && t <= n);
	memset(name, 'a', n);
	for (size_t i = n - t; i >= 11; i -= 11)
		name[i - 11] = '.';
	memcpy(name + n - t, tail, t + 1);
	return name;
}

static void
long_names(void)
{
	struct macro_vars v = vars("192.0.2.3");
	char text[600], want[300];
	char *name = name_of(253, ".example");

	/* at the limit, and one over it: the first label goes */
	check_domain(name, &v, name);
	snprintf(text, sizeof text, "%s.", name);
	check_domain(text, &v, name);
	snprintf(text, sizeof text, "b%s", name);
	snprintf(want, sizeof want, "%s", strchr(name, '.') + 1);
	check_domain(text, &v, want);
	snprintf(text, sizeof text, "b.%s", name);
	check_domain(text, &v, name);
	free(name);

	/* one label only */
	memset(text, 'x', 254);
	text[254] = '\0';
	check_domain(text, &v, "");
	text[253] = '\0';
	check_domain(text, &v, text);
	/* and one that is too long in front of one that is not */
	snprintf(text, sizeof text, "%0300d.example.com", 0);
	check_domain(text, &v, "example.com");
}

/* Values of any length: only their end (or beginning, reversed) can count, and
 * that must not show. */
static void
long_values(void)
{
	struct macro_vars v = vars("192.0.2.3");
	char local[4096], want[300];
	size_t n = 0;

	for (int i = 0; n + 8 < sizeof local; i++)
		n += (size_t)sprintf(local + n, "%sp%04d", i ? "-" : "", i);
	v.local = span_of(local, n);
	check_domain("%{l2-}.x", &v, "p0680.p0681.x");
	check_domain("%{l2r-}.x", &v, "p0001.p0000.x");
	/* 252 octets: 42 parts of "p0000." and "x" make 253 */
	n = 0;
	for (int i = 640; i < 682; i++)
		n += (size_t)sprintf(want + n, "p%04d.", i);
	strcpy(want + n, "x");
	check_domain("%{l-}.x", &v, want);
	n = 0;
	for (int i = 41; i >= 0; i--)
		n += (size_t)sprintf(want + n, "p%04d.", i);
	strcpy(want + n, "x");
	check_domain("%{lr-}.x", &v, want);
	check_domain("%{l9999r-}.x", &v, want);
	check_domain("%{l}%{l}%{l}%{l}%{l}%{l}.x", &v, "x");
}

/* The inputs that crash libspf2 1.2.10 (CVE-2023-42118) are ordinary here. */
static void
many_macros(void)
{
	struct macro_vars v = vars("192.0.2.3");
	char *text = malloc(70000);
	char name[DOMAIN_MAX + 1];
	const char *why = NULL;
	size_t n = 0;

	CU_ASSERT_FATAL(text != NULL);
	for (int i = 0; i < 127; i++)
		n += (size_t)sprintf(text + n, "%%{d}");
	memset(text + n, 'A', 6000);
	strcpy(text + n + 6000, ".com");
	CU_ASSERT_EQUAL(macro_check_domain(span_str(text), &why), 0);
	CU_ASSERT_EQUAL(macro_domain(span_str(text), &v, name), 3);
	CHECK_STR(name, "com");
	n = 0;
	while (n < 65000)
		n += (size_t)sprintf(text + n, "%%{d}.");
	text[n - 1] = '\0';
	CU_ASSERT_EQUAL(macro_check_domain(span_str(text), &why), 0);
	/* 18 octets a time: 14 whole names, one short of it by its dot */
	CU_ASSERT_EQUAL(macro_domain(span_str(text), &v, name), 251);
	CU_ASSERT(strncmp(name, "email.example.com.email.", 24) == 0);
	free(text);
}

static void
syntax(void)
{
	static const struct {
		const char *text;
		bool unknown, explain;
	} rows[] = {
	    {"", true, true},
	    {"abc!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~", true, true},
	    {"a b", false, true},
	    {" ", false, true},
	    {"a\tb", false, false},
	    {"a\x7f", false, false},
	    {"\x80", false, false},
	    {"%", false, false},
	    {"%a", false, false},
	    {"%(d)", false, false},
	    {"a%%b%_c%-", true, true},
	    {"%{", false, false},
	    {"%{d", false, false},
	    {"%{}", false, false},
	    {"%{d}", true, true},
	    {"%{D}", true, true},
	    {"%{sS}", false, false},
	    {"%{a}", false, false},
	    {"%{s}%{l}%{o}%{d}%{i}%{p}%{v}%{h}", true, true},
	    {"%{S}%{L}%{O}%{D}%{I}%{P}%{V}%{H}", true, true},
	    {"%{c}", true, true},
	    {"%{r}", true, true},
	    {"%{t}", true, true},
	    {"%{C}", true, true},
	    {"%{d1}", true, true},
	    {"%{d0}", false, false},
	    {"%{d00}", false, false},
	    {"%{d10r}", true, true},
	    {"%{d10R}", true, true},
	    {"%{dr1}", false, false},
	    {"%{drr}", false, false},
	    {"%{d.-+,/_=}", true, true},
	    {"%{d1r.-+,/_=}", true, true},
	    {"%{d|}", false, false},
	    {"%{d@}", false, false},
	    {"%{d }", false, false},
	    {"%{d-1}", false, false},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct span s = guard_copy(span_str(rows[i].text));
		const char *why = NULL;

		suite_row(rows[i].text);
		CHECK((macro_check_unknown(s, &why) == 0) == rows[i].unknown);
		CHECK((why == NULL) == rows[i].unknown);
		CHECK((macro_check_explain(s, &why) == 0) == rows[i].explain);
		guard_free(s);
	}
	suite_row(NULL);
	{
		const char *why;

		/* a NUL is no letter, no delimiter and no literal */
		CU_ASSERT(macro_check_explain(span_of("%{\0}", 4), &why));
		CU_ASSERT(macro_check_explain(span_of("%{d\0}", 5), &why));
		CU_ASSERT(macro_check_explain(span_of("a\0b", 3), &why));
	}
}

static void
domain_ends(void)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
	    {"", false},
	    {"com", false},
	    {"com.", false},
	    {"museum.", false},
	    {".com", true},
	    {".com.", true},
	    {"example.com", true},
	    {"example.com.", true},
	    {"example.com..", false},
	    {"example..com", true},
	    {"example.c-m", true},
	    {"example.1-2", true},
	    {"example.-com", false},
	    {"example.com-", false},
	    {"example.co_m", false},
	    {"example.123", false},
	    {"example.1a", true},
	    {"111.222.33.44", false},
	    {"foo:bar/baz.example.com", true},
	    {"foo/24", false},
	    {"example.com/24", false},
	    {"%{d}", true},
	    {"%{d}.", false},
	    {"%{d}com", false},
	    {"%{d}.com", true},
	    {"%{d}.com.", true},
	    {"%%", true},
	    {"%_", true},
	    {"%-", true},
	    {"x%%com", false},
	    {"x%%.com", true},
	    {"%{t}", false},
	    {"%{C}", false},
	    {"%{r}.com", false},
	    {"a b.com", false},
	    {"a\x80.com", false},
	    {"%(d).com", false},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct span s = guard_copy(span_str(rows[i].text));
		const char *why = NULL;

		suite_row(rows[i].text);
		CHECK((macro_check_domain(s, &why) == 0) == rows[i].good);
		CHECK((why == NULL) == rows[i].good);
		guard_free(s);
	}
	suite_row(NULL);
}

static void
uses(void)
{
	CU_ASSERT(macro_uses(span_str("a.%{d}.%{L}.x"), "sl"));
	CU_ASSERT(macro_uses(span_str("%{p2r-}"), "p"));
	CU_ASSERT_FALSE(macro_uses(span_str("%%{p}"), "p"));
	CU_ASSERT_FALSE(macro_uses(span_str("s.l.p"), "slp"));
	CU_ASSERT_FALSE(macro_uses(span_str(""), "slp"));
}

static void
explanations(void)
{
	static const char *const rows[][2] = {
	    {"See %{r} at %{t}.", "See receiver.example at 1700000000."},
	    {"%{c} is not %{i}",
	        "2001:db8::1 is not "
	        "2.0.0.1.0.D.B.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	        "0.0.0.0.0.0.0.0.0.1"},
	    {"a  b ", "a  b "},
	    {"Trailing dot.", "Trailing dot."},
	    {"http://%{d}/?s=%{S}",
	        "http://email.example.com/?s=strong-bad%40email.example.com"},
	};
	struct macro_vars v = vars("2001:db8::1");

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf b;

		buf_init(&b, 1000);
		macro_explain(span_str(rows[i][0]), &v, &b);
		CHECK_STR(buf_text(&b), rows[i][1]);
		buf_free(&b);
	}
}

/* What does not fit is left out and marked. */
static void
explanation_limit(void)
{
	struct macro_vars v = vars("192.0.2.3");
	struct buf b;

	buf_init(&b, 20);
	macro_explain(span_str("%{d}abc"), &v, &b);
	CU_ASSERT_EQUAL(buf_error(&b), 0);
	CU_ASSERT_EQUAL(buf_view(&b).n, 20);
	buf_clear(&b);
	macro_explain(span_str("%{d}abcd"), &v, &b);
	CU_ASSERT_NOT_EQUAL(buf_error(&b), 0);
	CU_ASSERT(span_eq(buf_view(&b), span_str("email.example.comabc")));
	buf_free(&b);
}

enum { TIMES = 20, MOST_MS = 900 };

static void
fill(char *text, size_t n, const char *macro)
{
	size_t step = strlen(macro);

	for (*text = '\0'; n >= step; n -= step, text += step)
		memcpy(text, macro, step + 1);
}

/* CPU time, and a bound that is a hundred times what it takes: no clock of a
 * busy machine can break it. valgrind can, so there it is not looked at. */
static bool
in_time(clock_t begin, clock_t ms)
{
	return suite_under_valgrind() ||
	    (clock() - begin) * 1000 / CLOCKS_PER_SEC < ms;
}

/* A record as large as any may be costs no more time than the end of a name
 * that counts; an explanation ends where it is too long. */
static void
time_of_many_macros(void)
{
	static const char *const macros[] = {
	    "%{s}", "%{S}", "%{s2}.", "%{sr.-}", "a%{h1-}", "%{i}"};
	static char text[RECORD_MAX + 1], sender[2001];
	char name[DOMAIN_MAX + 1], end[DOMAIN_MAX + 1];
	struct macro_vars v = vars("2001:db8::1");
	clock_t begin;
	struct buf b;

	fill(sender, 1990, "aaa/bbb-ccc.");
	v.sender = v.helo = span_str(sender);
	for (size_t i = 0; i < LENGTH(macros); i++) {
		suite_row(macros[i]);
		fill(text, RECORD_MAX, macros[i]);
		begin = clock();
		for (int k = 0; k < TIMES; k++)
			macro_domain(span_str(text), &v, name);
		CHECK(in_time(begin, MOST_MS));
		fill(text, 8000, macros[i]);
		macro_domain(span_str(text), &v, end);
		CHECK_STR(name, end);
	}
	suite_row("explanation");
	fill(text, SPF_EXPLAIN_MAX, "%{S}");
	buf_init(&b, SPF_EXPLANATION_MAX);
	begin = clock();
	for (int k = 0; k < TIMES; k++) {
		buf_clear(&b);
		macro_explain(span_str(text), &v, &b);
		CHECK(b.n == SPF_EXPLANATION_MAX);
	}
	CHECK(in_time(begin, MOST_MS / 3));
	buf_free(&b);
	suite_row(NULL);
}

SUITE("macro", T(rfc_examples), T(letters_and_parts), T(long_names),
    T(long_values), T(many_macros), T(syntax), T(domain_ends), T(uses),
    T(explanations), T(explanation_limit), T(time_of_many_macros))

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/limits.h"
#include "common/spf/record.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* What DNS over TCP holds. */
enum { RECORD_MAX = 65535 };

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static void
versions(void)
{
	static const struct {
		const char *txt;
		bool spf;
	} rows[] = {
	    {"v=spf1", true},
	    {"V=SPF1", true},
	    {"v=spf1 ", true},
	    {"v=spf1 -all", true},
	    {"v=spf10", false},
	    {"v=spf1-all", false},
	    {"v=spf1\t-all", false},
	    {"v=spf", false},
	    {"", false},
	    {" v=spf1", false},
	    {"v=spf2.0/pra -all", false},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct span s = guard_copy(span_str(rows[i].txt));

		suite_row(rows[i].txt);
		CHECK(record_is_spf(s) == rows[i].spf);
		guard_free(s);
	}
	suite_row(NULL);
	CU_ASSERT_FALSE(record_is_spf(span_of("v=spf1\0", 7)));
}

/* The word of a term's kind. */
static const char *
kind_word(enum term_kind kind)
{
	static const char *const words[] = {"all", "include", "a", "mx", "ptr",
	    "ip4", "ip6", "exists", "redirect", "exp", "unknown"};

	return words[kind];
}

/* A term as text: "-a:x.example/24//64". */
static void
write_term(const struct term *t, char *out, size_t n)
{
	static const char qualifiers[] = {[SPF_PASS] = '+',
	    [SPF_FAIL] = '-',
	    [SPF_SOFTFAIL] = '~',
	    [SPF_NEUTRAL] = '?'};
	char ip[IP_TEXT_MAX];
	int len = snprintf(out, n, "%c%s[%.*s]", qualifiers[t->qualifier],
	    kind_word(t->kind), (int)t->domain.n,
	    t->domain.n == 0 ? "" : t->domain.p);

	if (t->kind == TERM_A || t->kind == TERM_MX)
		snprintf(
		    out + len, n - (size_t)len, "/%u//%u", t->bits4, t->bits6);
	if (t->kind == TERM_IP4 || t->kind == TERM_IP6)
		snprintf(out + len, n - (size_t)len, "%s/%u",
		    ip_text(&t->net.ip, ip), t->net.bits);
}

/* Reads one term on a guard page. */
static enum record_step
read_one(const char *text, char *out, size_t n, const char **why)
{
	char txt[400];
	struct record r;
	struct term t;
	struct span s;
	enum record_step step;

	snprintf(txt, sizeof txt, "v=spf1 %s", text);
	s = guard_copy(span_str(txt));
	record_open(&r, s);
	step = record_next(&r, &t, why);
	out[0] = '\0';
	if (step == RECORD_TERM) {
		struct term t2;

		write_term(&t, out, n);
		CHECK(record_next(&r, &t2, why) == RECORD_END);
		CHECK(t.text.p + t.text.n == s.p + s.n);
	} else if (step == RECORD_BAD) {
		const char *bare = text + (strchr("+-~?", text[0]) != NULL);

		CHECK(span_ieqs(t.text, text) || span_ieqs(t.text, bare));
	}
	guard_free(s);
	return step;
}

static void
good_terms(void)
{
	static const char *const rows[][2] = {
	    {"all", "+all[]"},
	    {"-all", "-all[]"},
	    {"~ALL", "~all[]"},
	    {"?All", "?all[]"},
	    {"include:b.example", "+include[b.example]"},
	    {"-Include:b.example", "-include[b.example]"},
	    {"include:%{d}", "+include[%{d}]"},
	    {"a", "+a[]/32//128"},
	    {"A", "+a[]/32//128"},
	    {"a/24", "+a[]/24//128"},
	    {"a/0", "+a[]/0//128"},
	    {"a/32//128", "+a[]/32//128"},
	    {"a//64", "+a[]/32//64"},
	    {"a//0", "+a[]/32//0"},
	    {"a/0//0", "+a[]/0//0"},
	    {"a/24//64", "+a[]/24//64"},
	    {"a:b.example", "+a[b.example]/32//128"},
	    {"a:b.example/24", "+a[b.example]/24//128"},
	    {"a:b.example//64", "+a[b.example]/32//64"},
	    {"~a:b.example/24//64", "~a[b.example]/24//64"},
	    {"a:b.example./24", "+a[b.example.]/24//128"},
	    {"a:foo:bar/baz.example", "+a[foo:bar/baz.example]/32//128"},
	    {"a:x/24.example/16", "+a[x/24.example]/16//128"},
	    {"a:%{d/}/24", "+a[%{d/}]/24//128"},
	    {"a:%-/24//64", "+a[%-]/24//64"},
	    {"mx", "+mx[]/32//128"},
	    {"-mx:%{d}/8//16", "-mx[%{d}]/8//16"},
	    {"mx/1", "+mx[]/1//128"},
	    {"ptr", "+ptr[]"},
	    {"ptr:b.example", "+ptr[b.example]"},
	    {"exists:%{ir}.%{v}.b.example", "+exists[%{ir}.%{v}.b.example]"},
	    {"ip4:192.0.2.1", "+ip4[]192.0.2.1/32"},
	    {"IP4:192.0.2.1/24", "+ip4[]192.0.2.1/24"},
	    {"ip4:255.255.255.255/0", "+ip4[]255.255.255.255/0"},
	    {"ip4:0.0.0.0", "+ip4[]0.0.0.0/32"},
	    {"ip6:2001:db8::1", "+ip6[]2001:db8::1/128"},
	    {"ip6:::1/0", "+ip6[]::1/0"},
	    {"ip6:::", "+ip6[]::/128"},
	    {"ip6:2001:DB8::/32", "+ip6[]2001:db8::/32"},
	    {"ip6:::ffff:192.0.2.1", "+ip6[]::ffff:192.0.2.1/128"},
	    {"ip6:1:2:3:4:5:6:192.0.2.1", "+ip6[]1:2:3:4:5:6:c000:201/128"},
	    {"redirect=b.example", "+redirect[b.example]"},
	    {"Redirect=%{d}", "+redirect[%{d}]"},
	    {"exp=b.example", "+exp[b.example]"},
	    {"x=", "+unknown[]"},
	    {"x=a:b/c=d%{t}", "+unknown[]"},
	    {"moo.cow-far_out=man:dog/cat", "+unknown[]"},
	    {"all=x", "+unknown[]"},
	    {"include=x", "+unknown[]"},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		char got[200];
		const char *why = NULL;

		suite_row(rows[i][0]);
		CHECK(
		    read_one(rows[i][0], got, sizeof got, &why) == RECORD_TERM);
		CHECK_STR(got, rows[i][1]);
	}
	suite_row(NULL);
}

static void
bad_terms(void)
{
	static const char *const rows[] = {/* all */
	    "all.", "all:", "all:x.example", "all/8", "-", "--all", "+-all",
	    "!all", "al", "alll",
	    /* domains */
	    "include", "include:", "include/24", "include:b",
	    "include:b.example/24", "exists", "exists:", "exists:b.example/24",
	    "ptr:", "ptr/0", "ptr:b.example/24", "ptr//64", "a:", "a:/24",
	    "a:b", "a:b.example:", "a:b.123", "a:192.0.2.1", "a:b.example-",
	    "a:%(d)", "a:%{d}%", "a:%{r}", "mx:%{c}.x", "exists:%{t}",
	    "mx:", "mx:/8", "mx.b.example", "a.b.example", "a?b.example",
	    "a,b.example",
	    /* prefix lengths */
	    "a/", "a/33", "a/032", "a/00", "a/-1", "a/1x", "a/24/", "a/24//",
	    "a//", "a//129", "a///64", "a/24/64", "a//64/24", "a//64//64",
	    "a/999", "a/4294967328", "a:b.example/33", "a:b.example//129",
	    "mx/33", "mx//129", "mx/24//064",
	    /* networks */
	    "ip4", "ip4:", "ip4/24", "ip4:192.0.2", "ip4:192.0.2.1.1",
	    "ip4:192.0.2.256", "ip4:192.0.2.01", "ip4:192.0.2.1/",
	    "ip4:192.0.2.1/33", "ip4:192.0.2.1/024", "ip4:192.0.2.1//24",
	    "ip4:192.0.2.1:25", "ip4:192.0.2.1/24//64", "ip4:::1",
	    "ip4:b.example", "ip6", "ip6:", "ip6:2001:db8::/129",
	    "ip6:2001:db8::/", "ip6:2001:db8::/-1", "ip6:2001:db8::x",
	    "ip6:2001::db8::", "ip6:192.0.2.1", "ip6:::1/0128", "ip6:::1%eth0",
	    "ip6:::1/64/64", "ip6:1:2:3:4:5:6:7", "ip6:12345::",
	    /* modifiers */
	    "redirect=", "redirect=b", "redirect:b.example", "redirect",
	    "-redirect=b.example", "exp=", "exp=b", "exp:b.example", "exp",
	    "+exp=b.example", "=x", "1=x", "-x=y", "_x=y", "x=%", "x=%a",
	    "x=%{a}", "moo.cow/far_out=man", "moo.cow:x=y",
	    /* bytes */
	    "a:\x80.example", "\xef\xbb\xbf-all", "x=\x7f", "a\t", "-all\r",
	    "ip4:192.0.2.1\n", "moo", "default=allow:x:\x01"};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		char got[200];
		const char *why = NULL;

		suite_row(rows[i]);
		CHECK(read_one(rows[i], got, sizeof got, &why) == RECORD_BAD);
		CHECK(why != NULL && why[0] != '\0');
	}
	suite_row(NULL);
}

/* A network whose text does not fit any address. */
static void
long_network(void)
{
	char text[300], got[200];
	const char *why = NULL;

	snprintf(text, sizeof text, "ip6:%0200d", 0);
	CU_ASSERT_EQUAL(read_one(text, got, sizeof got, &why), RECORD_BAD);
	snprintf(text, sizeof text, "ip4:%0200d/24", 0);
	CU_ASSERT_EQUAL(read_one(text, got, sizeof got, &why), RECORD_BAD);
}

/* Reads txt to its end; *ret_terms of them were good. */
static enum record_step
read_all(struct span txt, unsigned *ret_terms, const char **why)
{
	struct span s = guard_copy(txt);
	enum record_step step;
	struct record r;
	struct term t;
	unsigned n = 0;

	record_open(&r, s);
	while ((step = record_next(&r, &t, why)) == RECORD_TERM)
		n++;
	if (step == RECORD_BAD) /* and it points into the record */
		CHECK(t.text.p >= s.p && t.text.p + t.text.n <= s.p + s.n);
	guard_free(s);
	*ret_terms = n;
	return step;
}

static void
records(void)
{
	static const struct {
		const char *txt;
		enum record_step end;
		unsigned terms;
	} rows[] = {
	    {"v=spf1", RECORD_END, 0},
	    {"v=spf1 ", RECORD_END, 0},
	    {"v=spf1     ", RECORD_END, 0},
	    {"v=spf1 a -all", RECORD_END, 2},
	    {"v=spf1  a   -all  ", RECORD_END, 2},
	    {"v=spf1 a moo -all", RECORD_BAD, 1},
	    {"v=spf1 -all moo", RECORD_BAD, 1},
	    {"v=spf1 x=1 x=2 X=3", RECORD_END, 3},
	    {"v=spf1 redirect=a.example exp=b.example", RECORD_END, 2},
	    {"v=spf1 redirect=a.example REDIRECT=b.example", RECORD_BAD, 1},
	    {"v=spf1 exp=a.example exp=a.example", RECORD_BAD, 1},
	    {"v=spf1 a:ctrl.example\rptr -all", RECORD_BAD, 0},
	    {"v=spf1 ip4:192.0.2.5\n include:x.example", RECORD_BAD, 0},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *why = NULL;
		unsigned n;

		suite_row(rows[i].txt);
		CHECK(read_all(span_str(rows[i].txt), &n, &why) == rows[i].end);
		CHECK(n == rows[i].terms);
		CHECK((why != NULL) == (rows[i].end == RECORD_BAD));
	}
	suite_row(NULL);
}

/* 64 KiB of terms are read; nothing is kept. */
static void
largest(void)
{
	char *txt = malloc(RECORD_MAX + 1);
	const char *why;
	unsigned n;
	size_t len = 6;

	CU_ASSERT_FATAL(txt != NULL);
	memcpy(txt, "v=spf1", 6);
	while (len + 2 <= RECORD_MAX) {
		memcpy(txt + len, " a", 2);
		len += 2;
	}
	CU_ASSERT_EQUAL(read_all(span_of(txt, len), &n, &why), RECORD_END);
	CU_ASSERT_EQUAL(n, (RECORD_MAX - 6) / 2);
	txt[len - 1] = '.';
	CU_ASSERT_EQUAL(read_all(span_of(txt, len), &n, &why), RECORD_BAD);
	free(txt);
}

/* Whatever a record is cut to is read without reading behind it. */
static void
cut(void *arg, struct span head, struct span tail)
{
	const char *why;
	unsigned n;

	if (record_is_spf(head))
		(void)read_all(head, &n, &why);
	if (record_is_spf(tail))
		(void)read_all(tail, &n, &why);
	++*(unsigned *)arg;
}

static void
every_cut(void)
{
	static const char txt[] =
	    "v=spf1 +a:x.%{d2r.-}/24//64 ?mx/8 ~ptr:%{o} ip4:192.0.2.0/24 "
	    "ip6:2001:db8::/32 -exists:%{ir}.%{v}.x.example include:b.example "
	    "exp=e.%{l1r+-} redirect=%{d} x.y=%{t}%%%_%- -all";
	unsigned cuts = 0;

	guard_splits(span_str(txt), cut, &cuts);
	CU_ASSERT_EQUAL(cuts, sizeof txt);
}

SUITE("record", T(versions), T(good_terms), T(bad_terms), T(long_network),
    T(records), T(largest), T(every_cut))

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes/domain.h"
#include "common/limits.h"
#include "policyd/decide/received.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"

/* The subject and result of a row; what is NULL is as in the first row. */
struct row {
	const char *client;
	const char *sender;
	const char *helo;
	enum identity identity;
	struct check_result result;
	const char *spf; /* the field behind "Received-SPF: " */
	const char
	    *ar; /* behind "Authentication-Results: "; NULL: not looked at */
};

static const struct row rows[] = {
    {"192.0.2.1", "u@example.com", "h.example.com", IDENTITY_MAIL_FROM,
        {.result = SPF_PASS,
            .domain = "example.com",
            .mechanism = "ip4:192.0.2.0/24"},
        "pass (mx.example.org: example.com designates 192.0.2.1 as permitted "
        "sender) client-ip=192.0.2.1; envelope-from=\"u@example.com\"; "
        "helo=h.example.com; receiver=mx.example.org; "
        "mechanism=\"ip4:192.0.2.0/24\"; identity=mailfrom",
        "mx.example.org; spf=pass (example.com designates 192.0.2.1 as "
        "permitted sender) smtp.mailfrom=example.com"},
    {"2001:db8::1", NULL, NULL, IDENTITY_MAIL_FROM,
        {.result = SPF_FAIL,
            .domain = "example.com",
            .mechanism = "all",
            .explanation = "not shown here"},
        "fail (mx.example.org: example.com does not designate 2001:db8::1 as "
        "permitted sender) client-ip=\"2001:db8::1\"; "
        "envelope-from=\"u@example.com\"; helo=h.example.com; "
        "receiver=mx.example.org; mechanism=all; identity=mailfrom",
        "mx.example.org; spf=fail (example.com does not designate 2001:db8::1 "
        "as permitted sender) smtp.mailfrom=example.com"},
    {NULL, NULL, NULL, IDENTITY_MAIL_FROM,
        {.result = SPF_SOFTFAIL, .domain = "example.com", .mechanism = "all"},
        "softfail (mx.example.org: example.com probably does not designate "
        "192.0.2.1 as permitted sender) client-ip=192.0.2.1; "
        "envelope-from=\"u@example.com\"; helo=h.example.com; "
        "receiver=mx.example.org; mechanism=all; identity=mailfrom",
        NULL},
    /* no mechanism matched */
    {NULL, NULL, NULL, IDENTITY_MAIL_FROM,
        {.result = SPF_NEUTRAL, .domain = "example.com"},
        "neutral (mx.example.org: example.com says nothing about 192.0.2.1 as "
        "permitted sender) client-ip=192.0.2.1; "
        "envelope-from=\"u@example.com\"; helo=h.example.com; "
        "receiver=mx.example.org; mechanism=default; identity=mailfrom",
        "mx.example.org; spf=neutral (example.com says nothing about 192.0.2.1 "
        "as permitted sender) smtp.mailfrom=example.com"},
    {NULL, NULL, NULL, IDENTITY_MAIL_FROM,
        {.result = SPF_NONE, .domain = "example.com"},
        "none (mx.example.org: example.com has no SPF record) "
        "client-ip=192.0.2.1; envelope-from=\"u@example.com\"; "
        "helo=h.example.com; receiver=mx.example.org; identity=mailfrom",
        "mx.example.org; spf=none (example.com has no SPF record) "
        "smtp.mailfrom=example.com"},
    {NULL, "root", NULL, IDENTITY_MAIL_FROM, {.result = SPF_NONE, .domain = ""},
        "none (mx.example.org: a name that is no domain has no SPF record) "
        "client-ip=192.0.2.1; envelope-from=root; helo=h.example.com; "
        "receiver=mx.example.org; identity=mailfrom",
        "mx.example.org; spf=none (a name that is no domain has no SPF "
        "record)"},
    {NULL, NULL, NULL, IDENTITY_MAIL_FROM,
        {.result = SPF_TEMPERROR,
            .domain = "example.com",
            .problem = "SERVFAIL for TXT of example.com"},
        "temperror (mx.example.org: could not look up the SPF record of "
        "example.com) client-ip=192.0.2.1; envelope-from=\"u@example.com\"; "
        "helo=h.example.com; receiver=mx.example.org; "
        "problem=\"SERVFAIL for TXT of example.com\"; identity=mailfrom",
        "mx.example.org; spf=temperror (could not look up the SPF record of "
        "example.com) reason=\"SERVFAIL for TXT of example.com\" "
        "smtp.mailfrom=example.com"},
    /* the record's text is its owner's */
    {NULL, NULL, NULL, IDENTITY_MAIL_FROM,
        {.result = SPF_PERMERROR,
            .domain = "example.com",
            .problem = "unknown term \"x\\\"; identity=helo; (foo\", 2nd"},
        "permerror (mx.example.org: cannot use the SPF record of example.com) "
        "client-ip=192.0.2.1; envelope-from=\"u@example.com\"; "
        "helo=h.example.com; receiver=mx.example.org; "
        "problem=\"unknown term ?x??? identity?helo? ?foo?, 2nd\"; "
        "identity=mailfrom",
        "mx.example.org; spf=permerror (cannot use the SPF record of "
        "example.com) reason=\"unknown term ?x??? identity?helo? ?foo?, "
        "2nd\" smtp.mailfrom=example.com"},
    /* a null sender is HELO */
    {NULL, "", NULL, IDENTITY_MAIL_FROM,
        {.result = SPF_PASS, .domain = "h.example.com", .mechanism = "a"},
        "pass (mx.example.org: h.example.com designates 192.0.2.1 as permitted "
        "sender) client-ip=192.0.2.1; envelope-from=\"<>\"; "
        "helo=h.example.com; receiver=mx.example.org; mechanism=a; "
        "identity=helo",
        "mx.example.org; spf=pass (h.example.com designates 192.0.2.1 as "
        "permitted sender) smtp.helo=h.example.com"},
    {NULL, NULL, NULL, IDENTITY_HELO,
        {.result = SPF_PASS, .domain = "h.example.com", .mechanism = "mx"},
        "pass (mx.example.org: h.example.com designates 192.0.2.1 as permitted "
        "sender) client-ip=192.0.2.1; envelope-from=\"u@example.com\"; "
        "helo=h.example.com; receiver=mx.example.org; mechanism=mx; "
        "identity=helo",
        NULL},
    /* sender and HELO clean: quotes, comments, keys, several '@', controls */
    {NULL, "x;identity=mailfrom;envelope-from=a@victim.test@example.com",
        "[192.0.2.1]", IDENTITY_MAIL_FROM,
        {.result = SPF_NONE, .domain = "example.com"},
        "none (mx.example.org: example.com has no SPF record) "
        "client-ip=192.0.2.1; envelope-from="
        "\"x?identity?mailfrom?envelope-from?a?victim.test@example.com\"; "
        "helo=?192.0.2.1?; receiver=mx.example.org; identity=mailfrom",
        NULL},
    {NULL, "a\" b\\)(\r\n\t\x7f\x01@example.com", "a b=c;d", IDENTITY_MAIL_FROM,
        {.result = SPF_NONE, .domain = "example.com"},
        "none (mx.example.org: example.com has no SPF record) "
        "client-ip=192.0.2.1; "
        "envelope-from=\"a??b????????@example.com\"; "
        "helo=a?b?c?d; receiver=mx.example.org; identity=mailfrom",
        NULL},
    /* dots that a dot-atom does not have */
    {NULL, "a..b@example.com", "..", IDENTITY_MAIL_FROM,
        {.result = SPF_NONE, .domain = "example.com"},
        "none (mx.example.org: example.com has no SPF record) "
        "client-ip=192.0.2.1; envelope-from=\"a..b@example.com\"; "
        "helo=\"..\"; receiver=mx.example.org; identity=mailfrom",
        NULL},
    {NULL, "@example.com", "h.example.com.", IDENTITY_MAIL_FROM,
        {.result = SPF_NONE, .domain = "example.com"},
        "none (mx.example.org: example.com has no SPF record) "
        "client-ip=192.0.2.1; envelope-from=\"@example.com\"; "
        "helo=h.example.com; receiver=mx.example.org; identity=mailfrom",
        NULL},
    /* U-labels are shown as A-labels; other letters are not ASCII */
    {NULL,
        "j\xc3\xb6rg@b\xc3\xbc"
        "cher.example",
        "b\xc3\xbc"
        "cher.example",
        IDENTITY_MAIL_FROM,
        {.result = SPF_NONE, .domain = "xn--bcher-kva.example"},
        "none (mx.example.org: xn--bcher-kva.example has no SPF record) "
        "client-ip=192.0.2.1; "
        "envelope-from=\"j??rg@xn--bcher-kva.example\"; "
        "helo=xn--bcher-kva.example; receiver=mx.example.org; "
        "identity=mailfrom",
        "mx.example.org; spf=none (xn--bcher-kva.example has no SPF record) "
        "smtp.mailfrom=xn--bcher-kva.example"},
    {NULL, "u@\xff.example", "", IDENTITY_MAIL_FROM,
        {.result = SPF_NONE, .domain = ""},
        "none (mx.example.org: a name that is no domain has no SPF record) "
        "client-ip=192.0.2.1; envelope-from=\"u@?\"; "
        "receiver=mx.example.org; identity=mailfrom",
        NULL},
    /* the name that was asked for: no dot at its end, one for each full stop of
     * UTS 46, lower case */
    {NULL, "u@Example.com.", "[192.0.2.1]", IDENTITY_MAIL_FROM,
        {.result = SPF_PASS, .domain = "example.com"},
        "pass (mx.example.org: example.com designates 192.0.2.1 as permitted "
        "sender) client-ip=192.0.2.1; envelope-from=\"u@example.com\"; "
        "helo=?192.0.2.1?; receiver=mx.example.org; mechanism=default; "
        "identity=mailfrom",
        NULL},
    {NULL,
        "u@B\xc3\x9c"
        "CHER\xe3\x80\x82"
        "example.",
        "\xff.", IDENTITY_MAIL_FROM,
        {.result = SPF_NONE, .domain = "xn--bcher-kva.example"},
        "none (mx.example.org: xn--bcher-kva.example has no SPF record) "
        "client-ip=192.0.2.1; envelope-from=\"u@xn--bcher-kva.example\"; "
        "helo=\"?.\"; receiver=mx.example.org; identity=mailfrom",
        NULL},
    {NULL, "u@a.victim.example..", "", IDENTITY_MAIL_FROM,
        {.result = SPF_NONE, .domain = "a.victim.example.."},
        "none (mx.example.org: a.victim.example.. has no SPF record) "
        "client-ip=192.0.2.1; envelope-from=\"u@?\"; "
        "receiver=mx.example.org; identity=mailfrom",
        NULL},
    {NULL, "u@", "", IDENTITY_MAIL_FROM, {.result = SPF_NONE, .domain = ""},
        "none (mx.example.org: a name that is no domain has no SPF record) "
        "client-ip=192.0.2.1; envelope-from=\"u@\"; "
        "receiver=mx.example.org; identity=mailfrom",
        NULL},
    /* a name with odd octets, as DNS allows */
    {NULL, "u@a b.example", NULL, IDENTITY_MAIL_FROM,
        {.result = SPF_PASS,
            .domain = "a b;c.example",
            .mechanism = "exists:%{i}.=;\"\\.example"},
        "pass (mx.example.org: a?b?c.example designates 192.0.2.1 as permitted "
        "sender) client-ip=192.0.2.1; envelope-from=\"u@a?b.example\"; "
        "helo=h.example.com; receiver=mx.example.org; "
        "mechanism=\"exists:%{i}.????.example\"; identity=mailfrom",
        "mx.example.org; spf=pass (a?b?c.example designates 192.0.2.1 as "
        "permitted sender) smtp.mailfrom=\"a?b?c.example\""},
};

static const char *
or_first(const char *text, const char *first)
{
	return text == NULL ? first : text;
}

static struct subject
subject_of(const struct row *r)
{
	struct subject s = {
	    .sender = span_str(or_first(r->sender, rows[0].sender)),
	    .helo = span_str(or_first(r->helo, rows[0].helo)),
	    .receiver = "mx.example.org",
	};

	if (ip_parse(span_str(or_first(r->client, rows[0].client)), &s.client))
		abort();
	return s;
}

static void
row_by_row(void)
{
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct subject s = subject_of(&rows[i]);
		char want[1200];

		suite_row(rows[i].spf);
		buf_clear(&out);
		received_spf(&s, rows[i].identity, &rows[i].result, &out);
		snprintf(want, sizeof want, "Received-SPF: %s", rows[i].spf);
		CHECK_STR(buf_text(&out), want);
		if (rows[i].ar == NULL)
			continue;
		buf_clear(&out);
		received_auth_results(
		    &s, rows[i].identity, &rows[i].result, &out);
		snprintf(want, sizeof want, "Authentication-Results: %s",
		    rows[i].ar);
		CHECK_STR(buf_text(&out), want);
	}
	buf_free(&out);
}

/* --- length --------------------------------------------------------------- */

/* n bytes c in front of tail, in static memory for each use. */
static char *
fill(char *at, size_t n, char c, const char *tail)
{
	memset(at, c, n);
	strcpy(at + n, tail);
	return at;
}

/* A name of n octets in labels of 50. */
static char *
name_of(char *at, size_t n, char c)
{
	memset(at, c, n);
	for (size_t i = 50; i + 1 < n; i += 51)
		at[i] = '.';
	at[n] = '\0';
	return at;
}

static const char *
spf_text(struct buf *out, const struct subject *s, const struct check_result *r)
{
	buf_clear(out);
	received_spf(s, IDENTITY_MAIL_FROM, r, out);
	return buf_text(out);
}

/* With all that is long at its longest the parts that prove the result stay,
 * and the line is no longer than it may be. */
static void
all_too_long(void)
{
	static char sender[20000], helo[20000], receiver[300], domain[300],
	    mechanism[20000], problem[20000];
	struct subject s = {.receiver = name_of(receiver, DOMAIN_MAX, 'r')};
	struct check_result r = {.result = SPF_PERMERROR,
	    .domain = name_of(domain, DOMAIN_MAX, 'd'),
	    .mechanism = fill(mechanism, 19000, 'm', ""),
	    .problem = fill(problem, 19000, 'p', "")};
	const char *text;
	struct buf out;

	CHECK(ip_parse(span_str("2001:db8:1111:2222:3333:4444:5555:6666"),
	          &s.client) == 0);
	fill(sender, 15000, 'l', "@");
	strcat(sender, domain);
	s.sender = span_str(sender);
	s.helo = span_str(fill(helo, 19000, 'h', ""));
	buf_init(&out, HEADER_LINE_MAX + 1);
	text = spf_text(&out, &s, &r);
	CU_ASSERT_FATAL(text != NULL);
	CHECK(out.n <= HEADER_LINE_MAX);
	CHECK(
	    strncmp(text,
	        "Received-SPF: permerror client-ip=\"2001:db8:1111:", 48) == 0);
	CHECK(strstr(text, "lll...@ddd") != NULL);
	CHECK(strstr(text, "hhh...\"; ") != NULL);
	CHECK_STR(text + out.n - 17, "identity=mailfrom");
	CHECK(strchr(text, '(') == NULL);

	buf_clear(&out);
	received_auth_results(&s, IDENTITY_MAIL_FROM, &r, &out);
	text = buf_text(&out);
	CU_ASSERT_FATAL(text != NULL);
	CHECK(out.n <= HEADER_LINE_MAX);
	CHECK(strstr(text, " smtp.mailfrom=ddd") != NULL);
	CHECK(strstr(text, " reason=\"ppp") != NULL);
	buf_free(&out);
}

/* The domain of a sender is whole or not shown: a part of it is another one. */
static void
domain_never_cut(void)
{
	static char sender[2000];
	struct subject s = {.receiver = "mx", .helo = span_str("h.example")};
	struct check_result r = {.result = SPF_NONE, .domain = ""};
	struct buf out;

	CHECK(ip_parse(span_str("192.0.2.1"), &s.client) == 0);
	buf_init(&out, 2 * HEADER_LINE_MAX);
	strcpy(sender, "u@");
	name_of(sender + 2, DOMAIN_MAX, 'd');
	s.sender = span_str(sender);
	CHECK(strstr(spf_text(&out, &s, &r), sender) != NULL);
	name_of(sender + 2, DOMAIN_MAX + 1, 'd');
	s.sender = span_str(sender);
	CHECK(
	    strstr(spf_text(&out, &s, &r), "envelope-from=\"u@?\"; ") != NULL);
	buf_free(&out);
}

/* A problem that grows: first it is cut, then the comment goes, and so on; the
 * limit is met exactly. */
static void
order_of_leaving(void)
{
	static char sender[700], helo[300], mechanism[600], problem[400];
	struct subject s = {.receiver = "mx.example.org"};
	struct check_result r = {.result = SPF_PERMERROR,
	    .domain = "example.com",
	    .problem = fill(problem, 300, 'p', ""),
	    .mechanism = mechanism};
	size_t longest = 0;
	unsigned seen = 0;
	struct buf out;

	CHECK(ip_parse(span_str("192.0.2.1"), &s.client) == 0);
	buf_init(&out, 2 * HEADER_LINE_MAX);
	s.helo = span_str(name_of(helo, 200, 'h'));
	for (size_t n = 1; n < 490; n++) {
		size_t shown = n < SPF_MECHANISM_MAX ? n : SPF_MECHANISM_MAX;
		const char *text;
		unsigned parts;

		fill(mechanism, shown, 'm', "");
		fill(sender, 200, 'l', "@");
		name_of(sender + 201, 12 + n - shown, 's');
		s.sender = span_str(sender);
		text = spf_text(&out, &s, &r);
		CU_ASSERT_FATAL(text != NULL);
		CHECK(out.n <= HEADER_LINE_MAX);
		longest = out.n > longest ? out.n : longest;
		parts = (strstr(text, "pppp;") != NULL) |
		    (strstr(text, "pp...\"") != NULL) << 1 |
		    (strchr(text, '(') != NULL) << 2 |
		    (strstr(text, "receiver=") != NULL) << 3 |
		    (strstr(text, "mechanism=") != NULL) << 4;
		seen |= 1u << parts;
	}
	CHECK(longest == HEADER_LINE_MAX);
	/* all; problem cut; no comment; no receiver; no problem; no
	 * mechanism */
	CHECK(seen ==
	    (1u << 29 | 1u << 30 | 1u << 26 | 1u << 18 | 1u << 16 | 1u));
	buf_free(&out);
}

/* A part of a mechanism is another one: one that is too long is not shown. */
static void
mechanism_limit(void)
{
	char mechanism[SPF_MECHANISM_MAX + 2];
	struct subject s = {.receiver = "mx.example.org"};
	struct check_result r = {.result = SPF_PASS,
	    .domain = "example.com",
	    .mechanism = mechanism};
	struct buf out;

	CHECK(ip_parse(span_str("192.0.2.1"), &s.client) == 0);
	buf_init(&out, HEADER_LINE_MAX);
	fill(mechanism, SPF_MECHANISM_MAX, 'm', "");
	CHECK(strstr(spf_text(&out, &s, &r), "mechanism=mmm") != NULL);
	fill(mechanism, SPF_MECHANISM_MAX + 1, 'm', "");
	CHECK(strstr(spf_text(&out, &s, &r), "mechanism=") == NULL);
	buf_free(&out);
}

/* --- what no input can do ------------------------------------------------- */

/* RFC 5322: a field of printable ASCII whose comments and quotes are closed,
 * and whose pairs outside of them are the keys we write, each once. */
static int
is_sound(const char *text)
{
	int quoted = 0, depth = 0, identities = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p < ' ' || *p > '~' || *p == '\\')
			return 0;
		if (*p == '"' && depth == 0)
			quoted = !quoted;
		if (*p == '(' && !quoted)
			depth++;
		if (*p == ')' && !quoted)
			depth--;
		if (depth < 0 || depth > 1)
			return 0;
		if (strncmp(p, "identity=", 9) == 0)
			identities++; /* wherever it stands */
	}
	return !quoted && depth == 0 && identities == 1;
}

static void
every_byte(void)
{
	char sender[64], helo[64], text[64];
	struct subject s = {.receiver = text};
	struct check_result r = {
	    .domain = text, .mechanism = text, .problem = text};
	struct buf out;

	CHECK(ip_parse(span_str("192.0.2.1"), &s.client) == 0);
	buf_init(&out, 2 * HEADER_LINE_MAX);
	for (unsigned i = 0; i < 256 * 3; i++) {
		char c = (char)(i % 256);

		r.result = (enum spf_result)(i % SPF_RESULTS);
		s.sender = span_of(sender,
		    (size_t)snprintf(sender, sizeof sender,
		        "a%cidentity=helo%c@example%c.com", c, c, c));
		s.helo = span_of(helo,
		    (size_t)snprintf(
		        helo, sizeof helo, "h%cidentity=helo%c.example", c, c));
		snprintf(text, sizeof text, "t%cidentity=helo%c.example", c, c);
		spf_text(&out, &s, &r);
		CU_ASSERT_FATAL(buf_text(&out) != NULL);
		CHECK(strlen(buf_text(&out)) == out.n);
		CHECK(is_sound(buf_text(&out)));
	}
	buf_free(&out);
}

static void
no_room(void)
{
	struct subject s = subject_of(&rows[0]);
	struct buf out;

	buf_init(&out, 20);
	received_spf(&s, IDENTITY_MAIL_FROM, &rows[0].result, &out);
	CHECK(buf_error(&out) != 0);
	CHECK(out.n == 0);
	buf_free(&out);
}

static void
every_allocation_fails(void)
{
	struct subject s = subject_of(&rows[0]);
	struct buf out;

	buf_init(&out, 4096);
	for (long n = 0; nomem_round(n); n++) {
		buf_free(&out);
		received_spf(&s, IDENTITY_MAIL_FROM, &rows[0].result, &out);
		if (nomem_end())
			CHECK(buf_error(&out) != 0 && out.n == 0);
	}
	CHECK(buf_error(&out) == 0);
	buf_free(&out);
}

SUITE("received", T(row_by_row), T(all_too_long), T(domain_never_cut),
    T(order_of_leaving), T(mechanism_limit), T(every_byte), T(no_room),
    T(every_allocation_fails))

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/dkim/base64.h"
#include "common/dkim/bodyhash.h"
#include "common/dkim/sigfield.h"
#include "common/dkim/taglist.h"
#include "tests/support/eml.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

static const unsigned char hash[BODYHASH_SIZE] = {0xfb, 0xff, 0xbf};
#define HASH "+/+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct hdrsel_entry some[] = {
    {"From", NULL}, {"From", NULL}, {"To", NULL}};
static const struct hdrsel few = {some, 3};

static struct sigfield
usual(void)
{
	return (struct sigfield){
	    .algorithm = KEY_RSA_SHA256,
	    .header_canon = CANON_RELAXED,
	    .body_canon = CANON_SIMPLE,
	    .domain = span_str("example.jp"),
	    .selector = span_str("2026a"),
	    .time = 1780000000,
	    .headers = &few,
	    .bodyhash = hash,
	};
}

static void
check_text(const struct sigfield *s, const char *want)
{
	struct buf out;

	buf_init(&out, SIGFIELD_MAX);
	CHECK(sigfield_write(s, &out) == 0);
	CHECK_STR(buf_text(&out), want);
	buf_free(&out);
}

static void
texts(void)
{
	struct sigfield s = usual();

	check_text(&s,
	    " v=1; a=rsa-sha256; c=relaxed/simple; d=example.jp; s=2026a;\n"
	    "\tq=dns/txt; t=1780000000; h=From:From:To;\n"
	    "\tbh=" HASH ";\n\tb=");
	s.time = 0;
	s.algorithm = KEY_ED25519_SHA256;
	s.header_canon = CANON_SIMPLE;
	s.body_canon = CANON_RELAXED;
	check_text(&s,
	    " v=1; a=ed25519-sha256; c=simple/relaxed; d=example.jp;\n"
	    "\ts=2026a; q=dns/txt; h=From:From:To;\n"
	    "\tbh=" HASH ";\n\tb=");
	s.time = UINT64_MAX;
	s.expire = 1;
	check_text(&s,
	    " v=1; a=ed25519-sha256; c=simple/relaxed; d=example.jp;\n"
	    "\ts=2026a; q=dns/txt; t=18446744073709551615; x=1; "
	    "h=From:From:To;\n"
	    "\tbh=" HASH ";\n\tb=");
}

/* i= is dkim-quoted-printable (2.11). */
static void
identities(void)
{
	static const char *const ids[][2] = {
	    {"@example.jp", "i=@example.jp;"},
	    {"joe+x@a.example.jp", "i=joe+x@a.example.jp;"},
	    {"a b;c=d@example.jp", "i=a=20b=3Bc=3Dd@example.jp;"},
	    {"\xe6\x97\n\x7f@example.jp", "i==E6=97=0A=7F@example.jp;"},
	};

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct sigfield s = usual();
		struct buf out;

		s.identity = span_str(ids[i][0]);
		buf_init(&out, SIGFIELD_MAX);
		suite_row(ids[i][0]);
		CHECK(sigfield_write(&s, &out) == 0);
		CHECK(strstr(buf_text(&out), ids[i][1]) != NULL);
		buf_free(&out);
	}
}

static const char *const names[] = {"From", "Subject", "Message-ID", "To",
    "Content-Transfer-Encoding", "List-Unsubscribe-Post", "Cc", "X"};

/* No line over 78 bytes, each begins with white space, and without the folds
 * the list is the one that was given. */
static void
check_lines(const char *value)
{
	size_t col = strlen("DKIM-Signature:");

	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '\n') {
			CHECK(p[1] == '\t');
			col = 0;
			continue;
		}
		CHECK(++col <= 78);
	}
}

static void
check_headers(const char *value, const struct hdrsel *sel)
{
	struct sigfield_read r;
	const char *why;
	size_t n = 0;

	CU_ASSERT_FATAL(sigfield_parse(span_str(value), &r, &why) == PARSE_OK);
	while (r.headers.n > 0 && n < sel->n)
		CHECK(span_eq(
		    taglist_item(&r.headers), span_str(sel->v[n++].name)));
	CHECK(n == sel->n && r.headers.n == 0);
}

static void
folding(void)
{
	struct hdrsel_entry entry[64];
	unsigned seed = 1;

	for (int i = 0; i < 500; i++) {
		struct hdrsel sel = {entry, 1 + (size_t)i % 64};
		struct sigfield s = usual();
		unsigned char signature[512];
		size_t n = 64 + (size_t)i % 449;
		char domain[70];
		struct buf out;

		for (size_t k = 0; k < sel.n; k++)
			entry[k].name = names[(size_t)rand_r(&seed) % 8];
		memset(domain, 'd', sizeof domain);
		s.domain = span_of(domain, 1 + (size_t)i % 70);
		s.headers = &sel;
		for (size_t k = 0; k < n; k++)
			signature[k] = (unsigned char)rand_r(&seed);
		buf_init(&out, SIGFIELD_MAX);
		CHECK(sigfield_write(&s, &out) == 0);
		CHECK(sigfield_seal(signature, n, &out) == 0);
		check_lines(buf_text(&out));
		check_headers(buf_text(&out), &sel);
		buf_free(&out);
	}
}

/* Names of 253 bytes do not fit on a line; the line has nothing else on it. */
static void
long_names(void)
{
	static char name[253];
	struct sigfield s = usual();
	struct buf out;

	memset(name, 'd', sizeof name);
	s.domain = s.selector = span_of(name, sizeof name);
	buf_init(&out, SIGFIELD_MAX);
	CHECK(sigfield_write(&s, &out) == 0);
	CHECK(strstr(buf_text(&out), ";\n\td=ddd") != NULL);
	CHECK(strstr(buf_text(&out), ";\n\ts=ddd") != NULL);
	CHECK(strstr(buf_text(&out), "d;\n\tq=dns/txt; t=17") != NULL);
	buf_free(&out);
}

/* The longest h= there can be fits into SIGFIELD_MAX. */
static void
longest(void)
{
	static struct hdrsel_entry entry[HDRSEL_MAX];
	struct hdrsel sel = {entry, HDRSEL_MAX};
	static unsigned char signature[512];
	static char name[253];
	struct sigfield s = usual();
	struct buf out;

	for (size_t i = 0; i < HDRSEL_MAX; i++)
		entry[i].name = "Content-Transfer-Encoding";
	memset(name, 'd', sizeof name);
	s.domain = s.selector = span_of(name, sizeof name);
	s.headers = &sel;
	buf_init(&out, SIGFIELD_MAX);
	CHECK(sigfield_write(&s, &out) == 0);
	CHECK(sigfield_seal(signature, sizeof signature, &out) == 0);
	CHECK(out.n > 13000);
	buf_free(&out);
}

static void
no_room(void)
{
	struct sigfield s = usual();
	struct buf out;
	size_t need;

	s.identity = span_str("a;b@example.jp");
	buf_init(&out, SIGFIELD_MAX);
	CHECK(sigfield_write(&s, &out) == 0);
	need = out.n;
	buf_free(&out);
	for (size_t room = 0; room <= need; room++) {
		buf_init(&out, room);
		CHECK(
		    sigfield_write(&s, &out) == (room == need ? 0 : -EMSGSIZE));
		buf_free(&out);
	}
}

#define REST "d=a.example; s=x; h=from; bh=AAAA; b=BBBB"

static const struct {
	const char *value;
	const char *why; /* NULL: good */
	enum key_algorithm algorithm;
	enum canonicalization header, body;
} values[] = {
    {"v=1; a=rsa-sha256; " REST, NULL, KEY_RSA_SHA256, CANON_SIMPLE,
        CANON_SIMPLE},
    {" a=ed25519-sha256;\r\n\tc=relaxed; v=1; " REST ";\r\n", NULL,
        KEY_ED25519_SHA256, CANON_RELAXED, CANON_SIMPLE},
    {"v=1; a=rsa-sha256; c=simple/relaxed; " REST, NULL, KEY_RSA_SHA256,
        CANON_SIMPLE, CANON_RELAXED},
    {"v=1; a=rsa-sha256; c=relaxed/relaxed; t=1; x=2; i=@a; z=; " REST, NULL,
        KEY_RSA_SHA256, CANON_RELAXED, CANON_RELAXED},
    {"v=1; a=rsa-sha256; x=999999999999; " REST, NULL, KEY_RSA_SHA256,
        CANON_SIMPLE, CANON_SIMPLE},
    {"v=1; a=rsa-sha256; x=1000000000000; " REST, "x= is no time", 0, 0, 0},
    {"v=1; a=rsa-sha256; x=; " REST, "x= is no time", 0, 0, 0},
    {"v=1; a=rsa-sha256; x=-1; " REST, "x= is no time", 0, 0, 0},
    {"v=1; a=rsa-sha256; x=1 0; " REST, "x= is no time", 0, 0, 0},
    {"v=1; a=rsa-sha1; " REST, "a= is neither rsa-sha256 nor ed25519-sha256", 0,
        0, 0},
    {"v=2; a=rsa-sha256; " REST, "v= is not 1", 0, 0, 0},
    {"a=rsa-sha256; " REST, "no v=", 0, 0, 0},
    {"v=1; " REST, "no a=", 0, 0, 0},
    {"v=1; a=rsa-sha256; s=x; h=from; bh=A; b=B", "no d=", 0, 0, 0},
    {"v=1; a=rsa-sha256; d=x; h=from; bh=A; b=B", "no s=", 0, 0, 0},
    {"v=1; a=rsa-sha256; d=x; s=x; bh=A; b=B", "no h=", 0, 0, 0},
    {"v=1; a=rsa-sha256; d=x; s=x; h=from; b=B", "no bh=", 0, 0, 0},
    {"v=1; a=rsa-sha256; d=x; s=x; h=from; bh=A", "no b=", 0, 0, 0},
    {"v=1; a=rsa-sha256; l=9; " REST, "l= leaves a part of the body unsigned",
        0, 0, 0},
    {"v=1; a=rsa-sha256; c=nofws; " REST,
        "c= has a word that is neither simple nor relaxed", 0, 0, 0},
    {"v=1; a=rsa-sha256; c=simple/; " REST,
        "c= has a word that is neither simple nor relaxed", 0, 0, 0},
    {"v=1; a=rsa-sha256; c=; " REST,
        "c= has a word that is neither simple nor relaxed", 0, 0, 0},
    {"v=1; v=1; a=rsa-sha256; " REST, "the same tag twice", 0, 0, 0},
    {"", "no tags at all", 0, 0, 0},
};

static void
reading(void)
{
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct span in = guard_copy(span_str(values[i].value));
		struct sigfield_read r = {.domain = span_str("untouched")};
		const char *why = NULL;
		enum parse got = sigfield_parse(in, &r, &why);

		suite_row(values[i].value);
		CHECK(got == (values[i].why == NULL ? PARSE_OK : PARSE_BAD));
		CHECK_STR(why, values[i].why);
		if (values[i].why == NULL && got == PARSE_OK) {
			CHECK(r.algorithm == values[i].algorithm);
			CHECK(r.header_canon == values[i].header);
			CHECK(r.body_canon == values[i].body);
			CHECK(span_eq(r.domain, span_str("a.example")));
			CHECK(span_eq(r.selector, span_str("x")));
			CHECK(span_eq(r.headers, span_str("from")));
			CHECK(span_eq(r.bodyhash, span_str("AAAA")));
			CHECK(span_eq(r.signature, span_str("BBBB")));
		} else {
			CHECK(span_eq(r.domain, span_str("untouched")));
		}
		guard_free(in);
	}
}

static void
expiries(void)
{
	static const struct {
		const char *value;
		uint64_t want;
	} row[] = {
	    {"v=1; a=rsa-sha256; " REST, UINT64_MAX},
	    {"v=1; a=rsa-sha256; x=0; " REST, 0},
	    {"v=1; a=rsa-sha256; x= 1780000000 ; " REST, 1780000000},
	    {"v=1; a=rsa-sha256; x=999999999999; " REST, 999999999999},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct sigfield_read r;
		const char *why;

		suite_row(row[i].value);
		CHECK(sigfield_parse(span_str(row[i].value), &r, &why) ==
		    PARSE_OK);
		CHECK(r.expire == row[i].want);
	}
}

static void
published(void)
{
	struct sigfield_read r;
	const char *why;
	struct eml e;

	eml_read("tests/vectors/rfc8463-A.3.eml", &e);
	CHECK(sigfield_parse(e.field[0].value, &r, &why) == PARSE_OK);
	CHECK(r.algorithm == KEY_ED25519_SHA256);
	CHECK(span_eq(r.selector, span_str("brisbane")));
	CHECK(sigfield_parse(e.field[1].value, &r, &why) == PARSE_OK);
	CHECK(r.algorithm == KEY_RSA_SHA256);
	CHECK(span_eq(r.selector, span_str("test")));
	eml_free(&e);
}

SUITE("sigfield", T(texts), T(identities), T(folding), T(long_names),
    T(longest), T(no_room), T(reading), T(expiries), T(published))

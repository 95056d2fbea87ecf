#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/dkim/bodyhash.h"
#include "common/dkim/sigfield.h"
#include "common/dkim/taglist.h"
#include "signer/limits.h"
#include "tests/support/suite.h"

static const unsigned char hash[BODYHASH_SIZE] = {0xfb, 0xff, 0xbf};
#define HASH "+/+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct named_field some[] = {
    {{"From", 4}, NULL}, {{"From", 4}, NULL}, {{"To", 2}, NULL}};
static const struct named_fields few = {some, 3};

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
check_headers(const char *value, const struct named_fields *sel)
{
	struct taglist tags;
	const char *why;
	struct span rest;
	size_t n = 0;

	CU_ASSERT_FATAL(
	    taglist_parse(span_str(value), &tags, &why) == PARSE_OK);
	rest = taglist_find(&tags, "h")->value;
	while (rest.n > 0 && n < sel->n)
		CHECK(span_eq(taglist_item(&rest), sel->v[n++].name));
	CHECK(n == sel->n && rest.n == 0);
}

static void
folding(void)
{
	struct named_field entry[64];
	unsigned seed = 1;

	for (int i = 0; i < 500; i++) {
		struct named_fields sel = {entry, 1 + (size_t)i % 64};
		struct sigfield s = usual();
		unsigned char signature[512];
		size_t n = 64 + (size_t)i % 449;
		char domain[70];
		struct buf out;

		for (size_t k = 0; k < sel.n; k++)
			entry[k].name =
			    span_str(names[(size_t)rand_r(&seed) % 8]);
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
	static struct named_field entry[HDRSEL_MAX];
	struct named_fields sel = {entry, HDRSEL_MAX};
	static unsigned char signature[512];
	static char name[253];
	struct sigfield s = usual();
	struct buf out;

	for (size_t i = 0; i < HDRSEL_MAX; i++)
		entry[i].name = span_str("Content-Transfer-Encoding");
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

SUITE("sigfield", T(texts), T(identities), T(folding), T(long_names),
    T(longest), T(no_room))

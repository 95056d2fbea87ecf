#include <stdlib.h>

#include "common/limits.h"
#include "common/mail/authres.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* --- judging -------------------------------------------------------------- */

static const char *const names[] = {"mx.example.jp", "*.in.example.jp",
    "b\xc3\xbc"
    "cher.example",
    "mailgw"};
static char id[4][AUTHRES_ID_MAX + 1];
static const char *const read_ids[] = {id[0], id[1], id[2], id[3]};
static const struct authres_ids ids = {read_ids, 4};

static void
read_names(void)
{
	for (size_t i = 0; i < 4; i++)
		CHECK(authres_id(span_str(names[i]), id[i]));
}

#define OURS AUTHRES_OURS
#define OTHER AUTHRES_OTHER
#define UNREADABLE AUTHRES_UNREADABLE

static const struct {
	const char *value;
	enum authres_owner want;
} row[] = {
    {" mx.example.jp; dkim=pass header.d=a.example", OURS},
    {" mx.example.jp", UNREADABLE},
    {" mx.example.jp ;", OURS},
    {" MX.Example.JP; none", OURS},
    {" mx.example.jp.; none", OURS},
    {" mx.example.jp..; none", OURS},
    {" \"mx.example.jp\"; none", OURS},
    {" \"mx\\.example.jp\"; none", OURS},
    {" (a) mx.example.jp; none", OURS},
    {"(a(b)c)\r\n\tmx.example.jp\r\n\t(c) 1 (d); none", OURS},
    {" mx.example.jp 1; none", OURS},
    {" mx.example.jp/4D1Zx; none", OURS},
    {" mx.example.jp/; none", OURS},
    {" x.in.example.jp; none", OURS},
    {" y.x.in.example.jp; none", OURS},
    {" xn--bcher-kva.example; none", OURS},
    {" B\xc3\x9c"
     "CHER.example; none",
        OURS},
    {" mailgw; none", OURS},
    /* of others: byte for byte as they are */
    {" mx.example.com; dkim=pass", OTHER},
    {" in.example.jp; dkim=pass", OTHER},
    {" xin.example.jp; dkim=pass", OTHER},
    {" example.jp; dkim=pass", OTHER},
    {" amx.example.jp; dkim=pass", OTHER},
    {" mx.example.jp.evil.example; dkim=pass", OTHER},
    {" mx.google.com; dkim=pass (2048-bit key) header.d=a.example "
     "reason=\"a;b(\"",
        OTHER},
    /* no id that every reader sees alike */
    {"", UNREADABLE},
    {" ;", UNREADABLE},
    {" ; dkim=pass", UNREADABLE},
    {" \"\"; dkim=pass", UNREADABLE},
    {" spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=none",
        UNREADABLE},
    {" dkim=pass", UNREADABLE},
    {" mx.example.com 2; dkim=pass", UNREADABLE},
    {" mx.example.com 1 1; dkim=pass", UNREADABLE},
    {" mx.example.com v1; dkim=pass", UNREADABLE},
    {" mx . example . jp; dkim=pass", UNREADABLE},
    {" mx.example.com dkim=pass", UNREADABLE},
    {" mx.example.com, mx.example.jp; dkim=pass", UNREADABLE},
    {" mx.example.com@mx.example.jp; dkim=pass", UNREADABLE},
    {" <mx.example.jp>; dkim=pass", UNREADABLE},
    {" mx.example.com\"mx.example.jp\"; dkim=pass", UNREADABLE},
    {" \"mx.example.com\" \"mx.example.jp\"; dkim=pass", UNREADABLE},
    {" (mx.example.com; dkim=pass", UNREADABLE},
    {" \"mx.example.com; dkim=pass", UNREADABLE},
    {" mx.example.com; dkim=pass (a", UNREADABLE},
    {" mx.example.com; dkim=pass reason=\"a", UNREADABLE},
    {" mx.example.com; dkim=pass reason=\"a\\\"", UNREADABLE},
    {" mx.exa", UNREADABLE},
    {" mx.example.jp\xc2\xa0; dkim=pass", UNREADABLE},
    {" \xc2\xa0mx.example.jp; dkim=pass", UNREADABLE},
    {" mx.example.jp\xa0; dkim=pass", UNREADABLE},
    {" mx.example.jp\xe3\x80\x82; dkim=pass", UNREADABLE},
    {" \"mx.example.jp \"; dkim=pass", UNREADABLE},
    {" \" mx.example.jp\"; dkim=pass", UNREADABLE},
    {" \"mx.example.jp/x\"; dkim=pass", UNREADABLE},
    {" \"mx.example.jp 1\"; dkim=pass", UNREADABLE},
    {" .mx.example.jp; dkim=pass", UNREADABLE},
    {" mx..example.jp; dkim=pass", UNREADABLE},
    {" mx.example.com\x01; dkim=pass", UNREADABLE},
    {" mx.example.com; dkim=pass \x7f", UNREADABLE},
};

static void
owners(void)
{
	read_names();
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span in = guard_copy(span_str(row[i].value));

		suite_row(row[i].value);
		CHECK(authres_owner(in, &ids) == row[i].want);
		guard_free(in);
	}
	suite_row(NULL);
	CHECK(authres_owner(span_of(" mx.example.com\0; none", 22), &ids) ==
	    UNREADABLE);
}

/* As they are compared; what is no name is none. */
static void
own_ids(void)
{
	static const struct {
		const char *name, *want; /* "": none */
	} own[] = {
	    {"mx.example.jp", "mx.example.jp"},
	    {"MX.Example.JP..", "mx.example.jp"},
	    {"*.In.example.jp.", "*.in.example.jp"},
	    {"b\xc3\xbc"
	     "cher.example",
	        "xn--bcher-kva.example"},
	    {"*.b\xc3\xbc"
	     "cher.example",
	        "*.xn--bcher-kva.example"},
	    {"mailgw", "mailgw"},
	    {"", ""},
	    {"*.", ""},
	    {"a b", ""},
	    {"mx.example.jp\xa0", ""},
	    {"a..b", ""},
	};

	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		char text[AUTHRES_ID_MAX + 1] = "untouched";

		suite_row(own[i].name);
		CHECK(authres_id(span_str(own[i].name), text) ==
		    (own[i].want[0] != '\0'));
		CHECK_STR(text, own[i].want);
	}
	suite_row(NULL);
}

static void
limits(void)
{
	read_names();
	static char text[AUTHRES_MAX + 1];
	size_t name = 300;

	memset(text, ' ', sizeof text);
	memcpy(text, "mx.example.com;", 15);
	CHECK(authres_owner(span_of(text, AUTHRES_MAX), &ids) == OTHER);
	CHECK(
	    authres_owner(span_of(text, AUTHRES_MAX + 1), &ids) == UNREADABLE);
	memset(text, 'a', name);
	text[name] = ';';
	CHECK(authres_owner(span_of(text, name + 1), &ids) == UNREADABLE);
	text[0] = '"';
	text[name - 1] = '"';
	CHECK(authres_owner(span_of(text, name + 1), &ids) == UNREADABLE);
}

/* --- writing -------------------------------------------------------------- */

static void
texts(void)
{
	struct authres a;
	struct buf out;

	buf_init(&out, 4096);
	authres_begin(&a, "mx.example.jp", &out);
	authres_result(&a, "dkim", "pass", NULL);
	authres_comment(&a, "2048-bit key");
	authres_domain(&a, "header.d", span_str("example.com"));
	authres_address(&a, "header.i", span_str("joe+x@example.com"));
	authres_domain(&a, "header.a", span_str("rsa-sha256"));
	authres_domain(&a, "header.s", span_str("2026a"));
	authres_base64(&a, "header.b", span_str("oINEO8hg"));
	authres_result(&a, "dkim", "fail", "body hash did not verify");
	authres_address(&a, "header.i", span_str("a;b@list.example"));
	authres_base64(&a, "header.b", span_str("Ab/cD+1="));
	CHECK(buf_error(&out) == 0);
	CHECK_STR(buf_text(&out),
	    " mx.example.jp;\n"
	    "\tdkim=pass (2048-bit key) header.d=example.com "
	    "header.i=joe+x@example.com\n"
	    "\theader.a=rsa-sha256 header.s=2026a header.b=oINEO8hg;\n"
	    "\tdkim=fail reason=\"body hash did not verify\" "
	    "header.i=@list.example\n"
	    "\theader.b=\"Ab/cD+1=\"");
	buf_clear(&out);
	authres_begin(&a, "mx.example.jp", &out);
	authres_result(&a, "dkim", "neutral", "a tag without \"=\"");
	authres_address(&a, "header.i", span_str("\"a@b\"@list.example"));
	authres_address(&a, "header.i", span_str("a..b@list.example"));
	authres_address(&a, "header.i", span_str(".b@list.example"));
	authres_address(&a, "header.i", span_str("list.example"));
	CHECK_STR(buf_text(&out),
	    " mx.example.jp;\n"
	    "\tdkim=neutral reason=\"a tag without '='\" "
	    "header.i=@list.example\n"
	    "\theader.i=@list.example header.i=@list.example");
	buf_clear(&out);
	authres_begin(&a, "mx.example.jp", &out);
	authres_result(&a, "dkim", "none", NULL);
	CHECK_STR(buf_text(&out), " mx.example.jp;\n\tdkim=none");
	buf_free(&out);
}

/* A value with a byte that a reader could take for its end is left out. */
static void
left_out(void)
{
	static const char *const values[] = {"", "a b", "a;b", "a(b", "a)b",
	    "a=b", "a\"b", "a\\b", "a\nb", "a\rb", "a,b", "a<b", "a\x01",
	    "a\xc3", "a@b c", "@", "a@", "a@b;"};
	struct authres a;
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct span v = guard_copy(span_str(values[i]));

		suite_row(values[i]);
		buf_clear(&out);
		authres_begin(&a, "id", &out);
		authres_domain(&a, "header.d", v);
		authres_base64(&a, "header.b",
		    span_eq(v, span_str("a=b")) ? span_of(NULL, 0) : v);
		if (strchr(values[i], '@') != NULL || v.n == 0)
			authres_address(&a, "header.i", v);
		CHECK_STR(buf_text(&out), " id");
		guard_free(v);
	}
	suite_row(NULL);
	buf_free(&out);
}

/* Whatever stands there, no line passes 78 bytes, but of one piece. */
static void
folding(void)
{
	char name[60];
	struct authres a;
	struct buf out;

	memset(name, 'n', sizeof name);
	for (size_t n = 1; n <= sizeof name; n++) {
		size_t column = strlen(AUTHRES_NAME ":");

		buf_init(&out, 4096);
		authres_begin(&a, "mx.example.jp", &out);
		for (size_t i = 0; i < 4; i++) {
			authres_result(&a, "dkim", "pass", NULL);
			authres_comment(&a, "key");
			authres_domain(&a, "header.d", span_of(name, n));
			authres_domain(&a, "header.s", span_of(name, n / 2));
		}
		for (size_t i = 0; i < out.n; i++) {
			column = out.p[i] == '\n' ? 0 : column + 1;
			CHECK(column <= 78);
		}
		buf_free(&out);
	}
}

static void
no_room(void)
{
	struct authres a;
	struct buf out;
	size_t need = 0;

	for (size_t max = 0; max < 200 && need == 0; max++) {
		buf_init(&out, max);
		authres_begin(&a, "id", &out);
		authres_result(&a, "dkim", "pass", "a reason");
		authres_comment(&a, "a comment");
		authres_domain(&a, "header.d", span_str("a.example"));
		if (buf_error(&out) == 0)
			need = out.n;
		buf_free(&out);
	}
	CHECK(need > 40);
}

SUITE("authres", T(own_ids), T(owners), T(limits), T(texts), T(left_out),
    T(folding), T(no_room))

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policyd/attr.h"
#include "policyd/limits.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* A request as Postfix 3.7 sends it, all attributes. */
static const char whole[] = "request=smtpd_access_policy\n"
                            "protocol_state=RCPT\n"
                            "protocol_name=ESMTP\n"
                            "client_address=192.0.2.1\n"
                            "client_name=mail.example.com\n"
                            "client_port=52314\n"
                            "reverse_client_name=mail.example.com\n"
                            "server_address=192.0.2.25\n"
                            "server_port=25\n"
                            "helo_name=mail.example.com\n"
                            "sender=bounce+a=b.example@example.com\n"
                            "recipient=user@example.org\n"
                            "recipient_count=0\n"
                            "queue_id=4AE0FA84398\n"
                            "instance=1cd2.63a1b2c3.4d5e6.0\n"
                            "size=12345\n"
                            "etrn_domain=\n"
                            "stress=\n"
                            "sasl_method=\n"
                            "sasl_username=alice\n"
                            "sasl_sender=\n"
                            "ccert_subject=\n"
                            "ccert_issuer=\n"
                            "ccert_fingerprint=12:AB\n"
                            "ccert_pubkey_fingerprint=34:CD\n"
                            "encryption_protocol=\n"
                            "encryption_cipher=\n"
                            "encryption_keysize=0\n"
                            "policy_context=\n"
                            "\n";

static int
is(struct span got, const char *want)
{
	return span_eq(got, span_str(want));
}

/* Parses text on a guard page. */
static enum parse
parse(struct span text, size_t max, struct attr *ret, size_t *used,
    const char **why, struct span *ret_page)
{
	*ret_page = guard_copy(text);
	return attr_parse(*ret_page, max, ret, used, why);
}

static void
all_fields(void)
{
	struct attr a;
	struct span page;
	const char *why = NULL;
	size_t used = 0;

	CU_ASSERT_FATAL(parse(span_str(whole), POLICY_REQUEST_MAX, &a, &used,
	                    &why, &page) == PARSE_OK);
	CHECK(used == strlen(whole));
	CHECK(is(a.request, "smtpd_access_policy"));
	CHECK(is(a.protocol_state, "RCPT"));
	CHECK(is(a.client_address, "192.0.2.1"));
	CHECK(is(a.client_name, "mail.example.com"));
	CHECK(is(a.sasl_username, "alice"));
	CHECK(is(a.ccert_fingerprint, "12:AB"));
	CHECK(is(a.ccert_pubkey_fingerprint, "34:CD"));
	CHECK(is(a.helo_name, "mail.example.com"));
	CHECK(is(a.sender, "bounce+a=b.example@example.com"));
	CHECK(is(a.recipient, "user@example.org"));
	CHECK(is(a.queue_id, "4AE0FA84398"));
	CHECK(is(a.instance, "1cd2.63a1b2c3.4d5e6.0"));
	CHECK(a.sender.p > page.p && a.sender.p < page.p + page.n);
	guard_free(page);
}

struct row {
	const char *text;
	enum parse want;
	size_t used;
	const char *sender;
	const char *why;
};

static const struct row rows[] = {
    {"a=b\n\n", PARSE_OK, 5, "", NULL},
    {"sender=\n\n", PARSE_OK, 9, "", NULL},
    {"sender=a@b\n\nsender=c@d\n\n", PARSE_OK, 12, "a@b", NULL},
    {"sender=a=b=c\n\n", PARSE_OK, 14, "a=b=c", NULL},
    {"sender==\n\n", PARSE_OK, 10, "=", NULL},
    {"sender= a b \n\n", PARSE_OK, 14, " a b ", NULL},
    {"sender=\xc3\xa4@\xff\n\n", PARSE_OK, 13, "\xc3\xa4@\xff", NULL},
    {"=value\n\n", PARSE_OK, 8, "", NULL},
    {"Sender=a@b\n\n", PARSE_OK, 12, "", NULL},
    {"senders=a@b\nsende=c\n\n", PARSE_OK, 21, "", NULL},
    /* the first one counts, an empty one too */
    {"sender=a@b\nsender=c@d\n\n", PARSE_OK, 23, "a@b", NULL},
    {"sender=\nsender=c@d\n\n", PARSE_OK, 20, "", NULL},
    {"", PARSE_MORE, 0, NULL, NULL},
    {"s", PARSE_MORE, 0, NULL, NULL},
    {"sender=a@b", PARSE_MORE, 0, NULL, NULL},
    {"sender=a@b\n", PARSE_MORE, 0, NULL, NULL},
    {"sender=a@b\nreq", PARSE_MORE, 0, NULL, NULL},
    {"\n", PARSE_BAD, 0, NULL, "no attribute"},
    {"\nsender=a\n\n", PARSE_BAD, 0, NULL, "no attribute"},
    {"sender\n", PARSE_BAD, 0, NULL, "a line without '='"},
    {"a=b\nsender\n\n", PARSE_BAD, 0, NULL, "a line without '='"},
    {"GET / HTTP/1.0\r\n\r\n", PARSE_BAD, 0, NULL, "a line without '='"},
    /* CR LF, if the first line has it */
    {"a=b\r\n\r\n", PARSE_OK, 7, "", NULL},
    {"sender=a@b\r\nx=y\r\n\r\nx=", PARSE_OK, 19, "a@b", NULL},
    {"x=y\r\nsender=a@b\r\r\n\r\n", PARSE_OK, 20, "a@b\r", NULL},
    {"x=y\r\nsender=a@b\n\n", PARSE_OK, 17, "a@b", NULL},
    {"x=y\nsender=a@b\r\n\n", PARSE_OK, 17, "a@b\r", NULL},
    {"sender=a@b\r\n\r", PARSE_MORE, 0, NULL, NULL},
    {"sender=a@b\r\n", PARSE_MORE, 0, NULL, NULL},
    {"x=y\nsender=a@b\n\r\n", PARSE_BAD, 0, NULL, "a line without '='"},
    {"\r\n", PARSE_BAD, 0, NULL, "no attribute"},
};

/* A copy outlives the bytes that were read; so does one of absent
 * attributes. */
static void
keeps(void)
{
	char text[] = "sender=u@example.com\nsasl_username=alice\n\n";
	struct arena arena;
	struct attr a, copy;
	const char *why;
	size_t used;

	arena_init(&arena, 4096);
	CU_ASSERT_FATAL(attr_parse(span_str(text), POLICY_REQUEST_MAX, &a,
	                    &used, &why) == PARSE_OK);
	CHECK(attr_keep(&arena, &a, &copy) == 0);
	memset(text, '#', sizeof text);
	CHECK(is(copy.sender, "u@example.com"));
	CHECK(is(copy.sasl_username, "alice"));
	CHECK(is(copy.instance, "") && copy.instance.p != NULL);
	arena_free(&arena);
	arena_init(&arena, 0); /* no room */
	CHECK(attr_keep(&arena, &a, &copy) == -ENOMEM);
	arena_free(&arena);
}

static void
row_by_row(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct attr a = {.sender = {"untouched", 9}};
		const char *why = NULL;
		size_t used = 4711;
		struct span page;

		suite_row(r->text);
		CHECK(parse(span_str(r->text), POLICY_REQUEST_MAX, &a, &used,
		          &why, &page) == r->want);
		CHECK(used == (r->want == PARSE_OK ? r->used : 4711));
		CHECK(is(
		    a.sender, r->want == PARSE_OK ? r->sender : "untouched"));
		CHECK_STR(why, r->why);
		guard_free(page);
	}
}

static void
nul_is_bad(void)
{
	static const char *const at[] = {"a=\0b\n\n", "\0a=b\n\n", "a=b\n\0"};
	static const size_t n[] = {6, 6, 5};

	for (size_t i = 0; i < 3; i++) {
		struct attr a;
		const char *why = NULL;
		size_t used;
		struct span page;

		CHECK(parse(span_of(at[i], n[i]), POLICY_REQUEST_MAX, &a, &used,
		          &why, &page) == PARSE_BAD);
		CHECK_STR(why, "a NUL byte");
		guard_free(page);
	}
}

/* Whatever has been read of a request, it is MORE until the last byte, and what
 * comes behind it does not matter. */
static void
one_cut(void *arg, struct span head, struct span tail)
{
	struct attr a;
	const char *why;
	size_t used = 0;
	enum parse got = attr_parse(head, POLICY_REQUEST_MAX, &a, &used, &why);

	if (head.n < strlen(whole)) {
		CHECK(got == PARSE_MORE);
	} else {
		CHECK(got == PARSE_OK);
		CHECK(used == strlen(whole));
		CHECK(is(a.sender, "bounce+a=b.example@example.com"));
	}
	(void)arg;
	(void)tail;
}

static void
every_split(void)
{
	char two[2 * sizeof whole];

	snprintf(two, sizeof two, "%s%s", whole, whole);
	guard_splits(span_str(two), one_cut, NULL);
}

/* A request of n bytes in all. */
static struct span
request_of(size_t n, char *text)
{
	memset(text, 'x', n);
	memcpy(text, "sender=", 7);
	memcpy(text + n - 2, "\n\n", 2);
	return span_of(text, n);
}

static void
limits(void)
{
	enum { MAX = POLICY_REQUEST_MAX };
	char *text = malloc(MAX + 64);
	struct attr a;
	const char *why = NULL;
	size_t used = 0;

	CU_ASSERT_FATAL(text != NULL);
	CHECK(attr_parse(request_of(MAX, text), MAX, &a, &used, &why) ==
	    PARSE_OK);
	CHECK(used == MAX);
	CHECK(a.sender.n == MAX - 9);
	CHECK(attr_parse(span_of(text, MAX - 1), MAX, &a, &used, &why) ==
	    PARSE_MORE);
	CHECK(attr_parse(request_of(MAX + 1, text), MAX, &a, &used, &why) ==
	    PARSE_BAD);
	CHECK_STR(why, "too long");
	/* known before its end is there */
	why = NULL;
	CHECK(
	    attr_parse(span_of(text, MAX), MAX, &a, &used, &why) == PARSE_BAD);
	CHECK_STR(why, "too long");
	/* the next request does not count */
	request_of(MAX, text);
	memset(text + MAX, 'y', 64);
	CHECK(attr_parse(span_of(text, MAX + 64), MAX, &a, &used, &why) ==
	    PARSE_OK);
	CHECK(used == MAX);
	free(text);
}

SUITE("attr", T(all_fields), T(keeps), T(row_by_row), T(nul_is_bad),
    T(every_split), T(limits))

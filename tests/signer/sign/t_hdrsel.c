#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes/buf.h"
#include "signer/sign/hdrsel.h"
#include "tests/support/suite.h"

/* The names that are picked, with the values of their fields: "From=1 From". */
static int
pick(const struct hdrsel_rules *rules, const char *const *names, size_t n,
    struct buf *out)
{
	struct field *field = calloc(n + 1, sizeof *field);
	char(*number)[24] = calloc(n + 1, sizeof *number);
	struct arena arena;
	struct named_fields sel;
	int got;

	CU_ASSERT_FATAL(field != NULL && number != NULL);
	for (size_t i = 0; i < n; i++) {
		snprintf(number[i], sizeof number[i], "%zu", i + 1);
		field[i] =
		    (struct field){span_str(names[i]), span_str(number[i])};
	}
	arena_init(&arena, 1 << 20);
	got = hdrsel_pick(rules, &(struct field_list){field, n}, &arena, &sel);
	for (size_t i = 0; got == 0 && i < sel.n; i++) {
		buf_str(out, i == 0 ? "" : " ");
		buf_span(out, sel.v[i].name);
		if (sel.v[i].field != NULL) {
			buf_byte(out, '=');
			buf_span(out, sel.v[i].field->value);
		}
	}
	arena_free(&arena);
	free(field);
	free(number);
	return got;
}

static void
check_pick(const struct hdrsel_rules *rules, const char *const *names, size_t n,
    const char *want)
{
	struct buf out;

	buf_init(&out, 10000);
	CHECK(pick(rules, names, n, &out) == 0);
	CHECK_STR(buf_text(&out), want);
	buf_free(&out);
}

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void
usual_message(void)
{
	static const char *const names[] = {"Received", "Received",
	    "DKIM-Signature", "Date", "To", "from", "SUBJECT", "Message-Id",
	    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	    "X-Mailer", "Bcc", "Comments", "Keywords", "Return-Path"};

	check_pick(hdrsel_default(), names, COUNT(names),
	    "From=6 From Reply-To Subject=7 Subject Date=4 Date To=5 To Cc "
	    "Message-ID=8 Message-ID MIME-Version=9 MIME-Version "
	    "Content-Type=10 Content-Type Content-Transfer-Encoding=11 "
	    "Content-Transfer-Encoding");
}

#define ABSENT_MIME "MIME-Version Content-Type Content-Transfer-Encoding"

/* Nothing but From: an absent Date or Message-ID, Sender, Resent- or List- is
 * not named. */
static void
smallest_message(void)
{
	static const char *const names[] = {"From"};

	check_pick(hdrsel_default(), names, 1,
	    "From=1 From Reply-To Subject To Cc " ABSENT_MIME);
}

/* From the bottom up (5.4.2). */
static void
repeated(void)
{
	static const char *const names[] = {
	    "To", "From", "to", "FROM", "TO", "Cc"};

	check_pick(hdrsel_default(), names, COUNT(names),
	    "From=4 From=2 From Reply-To Subject To=5 To=3 To=1 To Cc=6 "
	    "Cc " ABSENT_MIME);
}

/* Each name of RFC 6376 section 5.4.1, of RFC 2919, 2369 and 8058, and of MIME:
 * a letter wrong in the list is a header that can be forged. */
static void
every_name(void)
{
	static const struct hdrsel_rule want[] = {{"from", HDRSEL_OVERSIGN},
	    {"reply-to", HDRSEL_OVERSIGN}, {"subject", HDRSEL_OVERSIGN},
	    {"date", HDRSEL_OVERSIGN_PRESENT}, {"to", HDRSEL_OVERSIGN},
	    {"cc", HDRSEL_OVERSIGN}, {"sender", HDRSEL_PRESENT},
	    {"message-id", HDRSEL_OVERSIGN_PRESENT},
	    {"in-reply-to", HDRSEL_OVERSIGN_PRESENT},
	    {"references", HDRSEL_OVERSIGN_PRESENT},
	    {"resent-date", HDRSEL_PRESENT}, {"resent-from", HDRSEL_PRESENT},
	    {"resent-sender", HDRSEL_PRESENT}, {"resent-to", HDRSEL_PRESENT},
	    {"resent-cc", HDRSEL_PRESENT},
	    {"resent-message-id", HDRSEL_PRESENT},
	    {"mime-version", HDRSEL_OVERSIGN},
	    {"content-type", HDRSEL_OVERSIGN},
	    {"content-transfer-encoding", HDRSEL_OVERSIGN},
	    {"content-id", HDRSEL_OVERSIGN_PRESENT},
	    {"content-description", HDRSEL_OVERSIGN_PRESENT},
	    {"list-id", HDRSEL_OVERSIGN_PRESENT},
	    {"list-help", HDRSEL_OVERSIGN_PRESENT},
	    {"list-unsubscribe", HDRSEL_OVERSIGN_PRESENT},
	    {"list-unsubscribe-post", HDRSEL_OVERSIGN_PRESENT},
	    {"list-subscribe", HDRSEL_OVERSIGN_PRESENT},
	    {"list-post", HDRSEL_OVERSIGN_PRESENT},
	    {"list-owner", HDRSEL_OVERSIGN_PRESENT},
	    {"list-archive", HDRSEL_OVERSIGN_PRESENT}};
	const struct hdrsel_rules *rules = hdrsel_default();

	CHECK(rules->n == COUNT(want));
	for (size_t i = 0; i < COUNT(want) && i < rules->n; i++) {
		suite_row(want[i].name);
		CHECK(span_ieqs(span_str(rules->v[i].name), want[i].name));
		CHECK(rules->v[i].mode == want[i].mode);
		CHECK(!hdrsel_never(span_str(want[i].name)));
	}
}

static void
never(void)
{
	static const char *const names[] = {"received", "RETURN-PATH", "Bcc",
	    "Comments", "Keywords", "DKIM-Signature", "Resent-Bcc",
	    "Content-Length", "Delivered-To", "Received-SPF",
	    "Authentication-Results", "ARC-Seal", "ARC-Message-Signature",
	    "ARC-Authentication-Results"};

	for (size_t i = 0; i < COUNT(names); i++) {
		suite_row(names[i]);
		CHECK(hdrsel_never(span_str(names[i])));
	}
	CHECK(!hdrsel_never(span_str("Receive")));
	CHECK(!hdrsel_never(span_str("")));
}

/* A list of the administrator's; what is never signed is not even then. */
static void
own_rules(void)
{
	static const struct hdrsel_rule rule[] = {
	    {"X-Case-Of-Mine", HDRSEL_OVERSIGN},
	    {"Received", HDRSEL_OVERSIGN},
	    {"Subject", HDRSEL_OVERSIGN},
	    {"From", HDRSEL_PRESENT},
	};
	static const struct hdrsel_rules rules = {rule, COUNT(rule)};
	static const char *const names[] = {
	    "Received", "From", "x-case-of-mine", "Subject", "Subject"};

	check_pick(&rules, names, COUNT(names),
	    "X-Case-Of-Mine=3 X-Case-Of-Mine Subject=5 Subject=4 Subject "
	    "From=2");
}

/* RFC 6409 section 8: a submission server adds Date and Message-ID that are
 * missing. Naming them as absent would let that break the signature. */
static void
added_on_the_way(void)
{
	static const struct hdrsel_rule rule[] = {
	    {"From", HDRSEL_OVERSIGN},
	    {"Date", HDRSEL_OVERSIGN},
	    {"message-id", HDRSEL_OVERSIGN},
	    {"Subject", HDRSEL_OVERSIGN},
	    {"Date2", HDRSEL_OVERSIGN},
	};
	static const struct hdrsel_rules rules = {rule, COUNT(rule)};
	static const char *const absent[] = {"From"};
	static const char *const one[] = {"From", "Date"};
	static const char *const both[] = {"DATE", "Message-ID", "From"};

	check_pick(&rules, absent, 1, "From=1 From Subject Date2");
	check_pick(&rules, one, 2, "From=1 From Date=2 Date Subject Date2");
	check_pick(&rules, both, 3,
	    "From=3 From Date=1 Date message-id=2 message-id Subject Date2");
}

static void
no_from(void)
{
	static const struct hdrsel_rule rule[] = {{"Subject", HDRSEL_PRESENT}};
	static const struct hdrsel_rules rules = {rule, 1};
	static const char *const names[] = {"Subject", "From"};
	struct buf out;

	buf_init(&out, 100);
	CHECK(pick(hdrsel_default(), names, 0, &out) == -EINVAL);
	CHECK(pick(hdrsel_default(), names, 1, &out) == -EINVAL);
	CHECK(pick(&rules, names, 2, &out) == -EINVAL);
	buf_free(&out);
}

static void
at_the_limit(void)
{
	/* of each that is oversigned anyway, one more */
	enum { FITS = HDRSEL_MAX - 8 };
	static const char *names[HDRSEL_MAX];
	struct buf out;

	names[0] = "From";
	for (size_t i = 1; i < HDRSEL_MAX; i++)
		names[i] = "To";
	buf_init(&out, 100000);
	CHECK(pick(hdrsel_default(), names, FITS, &out) == 0);
	CHECK(pick(hdrsel_default(), names, FITS + 1, &out) == -E2BIG);
	buf_free(&out);
}

static void
no_memory(void)
{
	struct field from = {span_str("From"), span_str(" a@b.example")};
	struct arena arena;
	struct named_fields sel = {NULL, 77};

	arena_init(&arena, 8);
	CHECK(hdrsel_pick(hdrsel_default(), &(struct field_list){&from, 1},
	          &arena, &sel) == -ENOMEM);
	CHECK(sel.n == 77);
	arena_free(&arena);
}

/* --- rules from the config ----------------------------------------------- */

static const char *
mark(enum hdrsel_mode mode)
{
	switch (mode) {
	case HDRSEL_OVERSIGN:
		return "!";
	case HDRSEL_OVERSIGN_PRESENT:
		return "?";
	case HDRSEL_PRESENT:
		return "";
	}
	return "";
}

/* The rules of a list with spaces between, as "From! Subject". */
static int
read_rules(const char *text, struct buf *out)
{
	char copy[4000], *word[300], *rest = copy;
	struct text_list list = {word, 0};
	struct hdrsel_rules rules;
	const char *why = NULL;
	struct arena arena;
	int rc;

	snprintf(copy, sizeof copy, "%s", text);
	while (rest != NULL)
		word[list.n++] = strsep(&rest, " ");
	arena_init(&arena, 1 << 16);
	rc = hdrsel_read(&list, &arena, &rules, &why);
	for (size_t i = 0; rc == 0 && i < rules.n; i++)
		buf_fmt(out, "%s%s%s", i == 0 ? "" : " ", rules.v[i].name,
		    mark(rules.v[i].mode));
	if (rc != 0)
		buf_str(out, why == NULL ? "no reason" : why);
	arena_free(&arena);
	return rc;
}

static void
from_config(void)
{
	static const struct {
		const char *list;
		int rc;
		const char *want; /* how it begins */
	} row[] = {
	    {"From", 0, "From"},
	    {"From!", 0, "From!"},
	    {"from! X-Y Subject!", 0, "from! X-Y Subject!"},
	    {"From Subject FROM!", 0, "FROM! Subject"},
	    {"*", 0,
	        "From! Reply-To! Subject! Date? To! Cc! Sender Message-ID? "},
	    {"* subject", 0, "From! Reply-To! subject Date? "},
	    {"* date!", 0, "From! Reply-To! Subject! date! "},
	    {"subject *", 0, "Subject! From! Reply-To! Date? "},
	    {"* * From", 0, "From Reply-To! "},
	    {"Subject Date", -EINVAL, "From must be signed"},
	    {"* -date -X-None -reply-to", 0,
	        "From! Subject! To! Cc! Sender Message-ID? "},
	    {"From To -To", 0, "From"},
	    {"From To -To To", 0, "From To"},
	    {"* -From", -EINVAL, "From must be signed"},
	    {"From Received", -EPERM, "Received"},
	    {"From dkim-signature!", -EPERM, "dkim-signature"},
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		struct buf out;

		suite_row(row[i].list);
		buf_init(&out, 10000);
		CHECK(read_rules(row[i].list, &out) == row[i].rc);
		CHECK(strncmp(buf_text(&out), row[i].want,
		          strlen(row[i].want)) == 0);
		buf_free(&out);
	}
}

/* The config's "*" alone is the default list. */
static void
star_is_default(void)
{
	const struct hdrsel_rules *usual = hdrsel_default();
	struct buf want, got;

	buf_init(&want, 10000);
	buf_init(&got, 10000);
	for (size_t i = 0; i < usual->n; i++)
		buf_fmt(&want, "%s%s%s", i == 0 ? "" : " ", usual->v[i].name,
		    mark(usual->v[i].mode));
	CHECK(read_rules("*", &got) == 0);
	CHECK_STR(buf_text(&got), buf_text(&want));
	buf_free(&want);
	buf_free(&got);
}

/* What a verifier takes: the values, '-' for none. */
static void
rules_no_memory(void)
{
	char star[] = "*", *word[] = {star};
	struct hdrsel_rules rules = {NULL, 77};
	const char *why = NULL;
	struct arena arena;

	arena_init(&arena, 100);
	CHECK(hdrsel_read(&(struct text_list){word, 1}, &arena, &rules, &why) ==
	    -ENOMEM);
	CHECK(rules.n == 77);
	arena_free(&arena);
}

SUITE("hdrsel", T(usual_message), T(smallest_message), T(repeated),
    T(every_name), T(never), T(own_rules), T(added_on_the_way), T(no_from),
    T(at_the_limit), T(no_memory), T(from_config), T(star_is_default),
    T(rules_no_memory))

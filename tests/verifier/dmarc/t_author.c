#include <stdio.h>

#include "common/limits.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"
#include "verifier/dmarc/author.h"

#define LONG_ \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaa"
#define LONG LONG_ LONG_ LONG_ LONG_ LONG_ LONG_ LONG_ LONG_

/* The value of one From field. */
static const struct {
	const char *value;
	enum author_found found;
	const char *domain;
} rows[] = {
    {" u@Bank.example", AUTHOR_ONE, "bank.example"},
    {" Us <u@bank.example.>", AUTHOR_ONE, "bank.example"},
    {" root@localhost", AUTHOR_ONE, "localhost"},
    {" u@_x.bank.example", AUTHOR_ONE, "_x.bank.example"},
    /* several mailboxes of one domain, and of two */
    {" a@bank.example, B <b@BANK.example>", AUTHOR_ONE, "bank.example"},
    {" a@bank.example, b@evil.example", AUTHOR_SEVERAL, ""},
    {" a@bank.example, b@a.bank.example", AUTHOR_SEVERAL, ""},
    /* groups */
    {" Undisclosed:;", AUTHOR_NONE, ""},
    {" Us: u@bank.example;", AUTHOR_ONE, "bank.example"},
    {" Us: u@bank.example; , v@evil.example", AUTHOR_SEVERAL, ""},
    {" A: B: u@bank.example;;", AUTHOR_ONE, "bank.example"},
    /* nothing there */
    {"", AUTHOR_NONE, ""},
    {" <>", AUTHOR_NONE, ""},
    {" (u@bank.example)", AUTHOR_NONE, ""},
    {" MAILER-DAEMON", AUTHOR_BAD, ""},
    {" u@", AUTHOR_BAD, ""},
    {" @bank.example", AUTHOR_BAD, ""},
    /* what is no domain */
    {" u@[192.0.2.1]", AUTHOR_NONE, ""},
    {" u@[IPv6:2001:db8::1]", AUTHOR_NONE, ""},
    {" u@192.0.2.1", AUTHOR_BAD, ""},
    {" u@7", AUTHOR_BAD, ""},
    {" u@bank..example", AUTHOR_BAD, ""},
    {" u@.bank.example", AUTHOR_BAD, ""},
    {" u@bank!.example", AUTHOR_BAD, ""},
    {" u@a/b.example", AUTHOR_BAD, ""},
    {" u@bank.example..", AUTHOR_BAD, ""},
    /* quoted strings and pairs */
    {" \"a@evil.example\"@bank.example", AUTHOR_ONE, "bank.example"},
    {" \"x\\\" <u@evil.example>\" <u@bank.example>", AUTHOR_ONE,
        "bank.example"},
    {" \"x\\\\\" <u@bank.example>", AUTHOR_ONE, "bank.example"},
    {" \"u@evil.example\" <u@bank.example>", AUTHOR_ONE, "bank.example"},
    {" \"u@bank.example <u@evil.example>", AUTHOR_BAD, ""},
    {" u@evil.example <u@bank.example>", AUTHOR_BAD, ""},
    /* routes */
    {" <@evil.example:u@bank.example>", AUTHOR_ONE, "bank.example"},
    {" <@evil.example,@a.example:u@bank.example>", AUTHOR_ONE, "bank.example"},
    {" <@evil.example u@bank.example>", AUTHOR_BAD, ""},
    /* unbalanced: one domain only, whoever reads it */
    {" u@bank.example>", AUTHOR_ONE, "bank.example"},
    {" <u@bank.example", AUTHOR_ONE, "bank.example"},
    {" <<u@bank.example>>", AUTHOR_ONE, "bank.example"},
    {" <u@bank.example> <v@evil.example>", AUTHOR_BAD, ""},
    {" <u@bank.example>, <v@evil.example", AUTHOR_BAD, ""},
    {" <u@bank.example> and more", AUTHOR_ONE, "bank.example"},
    {" <u@bank.example> v@evil.example", AUTHOR_BAD, ""},
    {" Doe, John <u@bank.example>", AUTHOR_ONE, "bank.example"},
    /* comments */
    {" u@bank.example(.evil.example)", AUTHOR_ONE, "bank.example"},
    {" u@bank(.evil).example", AUTHOR_BAD, ""},
    {" u@bank.example .evil.example", AUTHOR_BAD, ""},
    {" <u@bank.example (x).evil.example>", AUTHOR_BAD, ""},
    {" a@bank.example.evil.example, <u@bank.example .evil.example>", AUTHOR_BAD,
        ""},
    {" <u@bank.example .evil.example>, a@bank.example.evil.example", AUTHOR_BAD,
        ""},
    {" u@bank.example .evil.example <a@bank.example.evil.example>", AUTHOR_BAD,
        ""},
    {" <@a . example:u@bank.example>", AUTHOR_ONE, "bank.example"},
    {" u @ (x) bank.example (y)", AUTHOR_ONE, "bank.example"},
    {" u(@evil.example)@bank.example", AUTHOR_ONE, "bank.example"},
    {" u@bank.example (a (b) \\) c)", AUTHOR_ONE, "bank.example"},
    {" u@bank.example (v@evil.example", AUTHOR_BAD, ""},
    /* encoded words are not decoded */
    {" =?utf-8?q?=3Cu=40evil.example=3E?= <u@bank.example>", AUTHOR_ONE,
        "bank.example"},
    {" =?utf-8?b?PHVAZXZpbC5leGFtcGxlPg==?=", AUTHOR_BAD, ""},
    {" u@=?utf-8?q?bank.example?=", AUTHOR_BAD, ""},
    /* folds, and line ends that are none */
    {"\n\tUs\n <u@bank.example>\n", AUTHOR_ONE, "bank.example"},
    {"\r\n\tUs\r\n <u@\r\n bank.example>", AUTHOR_ONE, "bank.example"},
    {" u@bank.exa\rmple", AUTHOR_BAD, ""},
    {" u@bank.example\r.evil.example", AUTHOR_BAD, ""},
    /* two "@" */
    {" u@evil.example@bank.example", AUTHOR_BAD, ""},
    {" u@bank.example@", AUTHOR_BAD, ""},
    /* U-labels, and what cannot be seen */
    {" u@b\u00fccher.example", AUTHOR_ONE, "xn--bcher-kva.example"},
    {" u@B\u00dcCHER.example", AUTHOR_ONE, "xn--bcher-kva.example"},
    {" u@bank\u3002example", AUTHOR_ONE, "bank.example"},
    {" u@ba\u00adnk.example", AUTHOR_ONE, "bank.example"},
    {" u@bank.example\u200b", AUTHOR_ONE, "bank.example"},
    {" u@bank.example\u202e", AUTHOR_BAD, ""},
    {" u@b\xfc"
     "cher.example",
        AUTHOR_BAD, ""},
    {" u@bank.example\x01", AUTHOR_BAD, ""},
    /* as long as it may be, and longer */
    {" " LONG_ "@bank.example", AUTHOR_ONE, "bank.example"},
    {" " LONG "@bank.example", AUTHOR_BAD, ""},
    {" u@" LONG ".example", AUTHOR_BAD, ""},
};

static enum author_found
find_one(struct span value, char *domain, const char **why)
{
	struct field f[] = {{span_str("To"), span_str(" x@evil.example")},
	    {span_str("From"), value}};

	return author_find(&(struct field_list){f, 2}, domain, why);
}

static void
each_from(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span value = guard_copy(span_str(rows[i].value));
		char domain[DOMAIN_MAX + 1] = "before";
		const char *why = NULL;

		suite_row(rows[i].value);
		CHECK(find_one(value, domain, &why) == rows[i].found);
		CHECK_STR(domain, rows[i].domain);
		CHECK((why == NULL) == (rows[i].found == AUTHOR_ONE));
		guard_free(value);
	}
	suite_row(NULL);
}

/* A NUL ends the value for others. */
static void
nul(void)
{
	static const char text[] = " u@bank.example\0.evil.example";
	char domain[DOMAIN_MAX + 1];
	const char *why;

	CHECK(find_one(span_of(text, sizeof text - 1), domain, &why) ==
	    AUTHOR_BAD);
}

static void
from_fields(void)
{
	static const struct {
		const char *name[2];
		enum author_found found;
	} sets[] = {
	    {{"From", "To"}, AUTHOR_ONE},
	    {{"fROM ", "Sender"}, AUTHOR_ONE},
	    {{"From", "From"}, AUTHOR_SEVERAL},
	    {{"From", "from\t"}, AUTHOR_SEVERAL},
	    {{"Sender", "Reply-To"}, AUTHOR_NONE},
	    {{"Resent-From", "X-From"}, AUTHOR_NONE},
	};

	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		struct span value = span_str(" u@bank.example");
		struct field f[] = {{span_str(sets[i].name[0]), value},
		    {span_str(sets[i].name[1]), value}};
		char domain[DOMAIN_MAX + 1];
		const char *why;

		suite_row(sets[i].name[1]);
		CHECK(author_find(&(struct field_list){f, 2}, domain, &why) ==
		    sets[i].found);
	}
	suite_row(NULL);
}

static const struct {
	const char *value, *list;
} lists[] = {
    {" <announce.lists.example.com>", "announce.lists.example.com"},
    {" \"All <x.evil.example>\" (of <y.evil.example>)\n <A.Lists.example>",
        "a.lists.example"},
    {" News of us <a.lists.example> (ours)", "a.lists.example"},
    {" < a.lists.example >", "a.lists.example"},
    {" a.lists.example", ""},
    {" <>", ""},
    {" <a.lists.example", ""},
    {" <a.lists.example> <b.lists.example>", ""},
    {" <a.lists.example> b", ""},
    {" <lists>", ""},
    {" <1234567.xt.local 5>", ""},
    {" \"<a.lists.example>", ""},
    {" (<a.lists.example>", ""},
    {"", ""},
};

static void
each_list(void)
{
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct span value = guard_copy(span_str(lists[i].value));
		struct field f[] = {{span_str("List-ID"), value},
		    {span_str("List-Id"), span_str(" <a.example.com>")}};
		char list[DOMAIN_MAX + 1] = "before";

		suite_row(lists[i].value);
		CHECK(author_list(&(struct field_list){f, 1}, list) ==
		    (lists[i].list[0] != '\0'));
		CHECK_STR(list, lists[i].list);
		CHECK(!author_list(&(struct field_list){f, 2}, list));
		CHECK(!author_list(&(struct field_list){f, 0}, list));
		guard_free(value);
	}
	suite_row(NULL);
}

static void
feed(void *arg, struct span head, struct span tail)
{
	struct span part[] = {head, tail};

	for (int i = 0; i < 2; i++) {
		struct field f = {span_str("List-Id"), part[i]};
		char text[DOMAIN_MAX + 1];
		const char *why = NULL;

		(void)author_list(&(struct field_list){&f, 1}, text);
		CHECK((find_one(part[i], text, &why) == AUTHOR_ONE) ==
		    (why == NULL));
	}
}

static void
every_split(void)
{
	guard_splits(
	    span_str(" \"A \\\"B\" (c \\) <d@e>)\n <@f,@g:h@i.example>, "
	             "G: j <k@i.example>;"),
	    feed, NULL);
}

SUITE("author", T(each_from), T(nul), T(from_fields), T(each_list),
    T(every_split))

#include <stdlib.h>

#include "common/mail/address.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

struct row {
	const char *value;
	enum address_found found;
	const char *local, *domain; /* of the first */
};

static const struct row rows[] = {
    /* RFC 5322 appendix A */
    {" John Doe <jdoe@machine.example>", ADDRESS_ONE, "jdoe",
        "machine.example"},
    {" \"Joe Q. Public\" <john.q.public@example.com>", ADDRESS_ONE,
        "john.q.public", "example.com"},
    {" Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
        ADDRESS_SEVERAL, "mary", "x.test"},
    {" Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
        ADDRESS_ONE, "pete", "silly.test"},
    {" Pete(A wonderful \\) chap)\n <pete(his account)@silly.test>",
        ADDRESS_ONE, "pete", "silly.test"},
    {" A Group(Some people)\n     :Chris Jones <c@(Chris's host.)public."
     "example>,\n joe@example.org,\n John <jdoe@one.test> (my dear friend); "
     "(the end of the group)",
        ADDRESS_SEVERAL, "c", "public.example"},
    {" (Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
        ADDRESS_NONE, NULL, NULL},
    {" Joe Q. Public <john.q.public@example.com>", ADDRESS_ONE, "john.q.public",
        "example.com"},
    {" Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
        ADDRESS_SEVERAL, "mary", "example.net"},
    {" <@a.test, , @b.test:x@c.test>", ADDRESS_ONE, "x", "c.test"},
    {" <,@b.test:x@c.test>", ADDRESS_ONE, "x", "c.test"},
    {" John Doe <jdoe@machine(comment).  example>", ADDRESS_ONE, "jdoe",
        "machine.example"},
    {" john . doe @ machine . example", ADDRESS_ONE, "john.doe",
        "machine.example"},
    /* the usual ones */
    {"a@b.example", ADDRESS_ONE, "a", "b.example"},
    {" a@b.example\n", ADDRESS_ONE, "a", "b.example"},
    {"\r\n\ta@b.example\r\n ", ADDRESS_ONE, "a", "b.example"},
    {" <a@b.example>", ADDRESS_ONE, "a", "b.example"},
    {" < a @ b.example >", ADDRESS_ONE, "a", "b.example"},
    {" a@b.example (Anna B.)", ADDRESS_ONE, "a", "b.example"},
    {" a@B.Example.", ADDRESS_ONE, "a", "B.Example."},
    {" =?utf-8?B?5pel5pys?= <a@b.example>", ADDRESS_ONE, "a", "b.example"},
    {" root@localhost", ADDRESS_ONE, "root", "localhost"},
    {" MAILER-DAEMON@mx.b.example (Mail Delivery System)", ADDRESS_ONE,
        "MAILER-DAEMON", "mx.b.example"},
    {" a+tag@b.example, ", ADDRESS_ONE, "a+tag", "b.example"},
    {" ,a@b.example", ADDRESS_ONE, "a", "b.example"},
    {" !#$%&'*+-/=?^_`{|}~@b.example", ADDRESS_ONE, "!#$%&'*+-/=?^_`{|}~",
        "b.example"},
    {" a@[192.0.2.1]", ADDRESS_ONE, "a", "[192.0.2.1]"},
    {" <a@[ IPv6:2001:db8::1 ]>", ADDRESS_ONE, "a", "[IPv6:2001:db8::1]"},
    /* quoted strings: what is meant */
    {" \"a b\"@b.example", ADDRESS_ONE, "a b", "b.example"},
    {" \"a\\\"b@c\"@b.example", ADDRESS_ONE, "a\"b@c", "b.example"},
    {" \"\"@b.example", ADDRESS_ONE, "", "b.example"},
    {" a.\"b\".c@b.example", ADDRESS_ONE, "a.b.c", "b.example"},
    {" \"x <evil@other.example>\" <a@b.example>", ADDRESS_ONE, "a",
        "b.example"},
    {" \"a,\n b\" <a@b.example>", ADDRESS_ONE, "a", "b.example"},
    {" (<evil@other.example>) a@b.example", ADDRESS_ONE, "a", "b.example"},
    /* dots as carriers gave them out, and 8-bit text */
    {" a..b.@docomo.example", ADDRESS_ONE, "a..b.", "docomo.example"},
    {" .a@docomo.example", ADDRESS_ONE, ".a", "docomo.example"},
    {" J\xf6rg M. <j@b.example>", ADDRESS_ONE, "j", "b.example"},
    {" \xe6\x97\xa5@\xe6\x97\xa5.example", ADDRESS_ONE, "\xe6\x97\xa5",
        "\xe6\x97\xa5.example"},
    {" [Shop] News <a@b.example>", ADDRESS_ONE, "a", "b.example"},
    /* the display name is an address */
    {" a@b.example <a@B.EXAMPLE>", ADDRESS_ONE, "a", "B.EXAMPLE"},
    {" info@b.example <noreply@b.example>", ADDRESS_ONE, "noreply",
        "b.example"},
    {" a@b.example <evil@other.example>", ADDRESS_BAD, NULL, NULL},
    {" a@b.example <>", ADDRESS_ONE, "", "b.example"},
    {" a@b.example <a@b.example> <a@b.example>", ADDRESS_ONE, "a", "b.example"},
    {" Sales a@b.example <a@b.example>", ADDRESS_ONE, "a", "b.example"},
    {" Foo @ Bar Ltd <a@b.example>", ADDRESS_BAD, NULL, NULL},
    /* nothing */
    {"", ADDRESS_NONE, NULL, NULL},
    {" \n\t", ADDRESS_NONE, NULL, NULL},
    {" ,, ,", ADDRESS_NONE, NULL, NULL},
    {" <>", ADDRESS_NONE, NULL, NULL},
    {" Nobody < >", ADDRESS_NONE, NULL, NULL},
    {" (a@b.example)", ADDRESS_NONE, NULL, NULL},
    {" undisclosed-recipients:;", ADDRESS_NONE, NULL, NULL},
    /* several */
    {" a@b.example, c@d.example", ADDRESS_SEVERAL, "a", "b.example"},
    {" <>, c@d.example, <e@f.example>", ADDRESS_SEVERAL, "c", "d.example"},
    {" G: a@b.example; , c@d.example", ADDRESS_SEVERAL, "a", "b.example"},
    {" G: a@b.example;, H: c@d.example;", ADDRESS_SEVERAL, "a", "b.example"},
    {" Group: a@b.example;", ADDRESS_ONE, "a", "b.example"},
    {" \"G\" : A <a@b.example>, ;", ADDRESS_ONE, "a", "b.example"},
    /* never an address list */
    {" root", ADDRESS_BAD, NULL, NULL},
    {" <root>", ADDRESS_BAD, NULL, NULL},
    {" Smith, John <j@b.example>", ADDRESS_ONE, "j", "b.example"},
    {" a@", ADDRESS_BAD, NULL, NULL},
    {" <a@>", ADDRESS_BAD, NULL, NULL},
    {" @b.example", ADDRESS_BAD, NULL, NULL},
    {" <@b.example>", ADDRESS_BAD, NULL, NULL},
    {" <@b.example:>", ADDRESS_BAD, NULL, NULL},
    {" <@:a@b.example>", ADDRESS_BAD, NULL, NULL},
    {" a b@c.example", ADDRESS_ONE, "", "c.example"},
    {" <a b@c.example>", ADDRESS_ONE, "", "c.example"},
    {" a@b.example c@d.example", ADDRESS_BAD, NULL, NULL},
    {" a@b.example; c@d.example", ADDRESS_BAD, NULL, NULL},
    {" a@b c.example", ADDRESS_BAD, NULL, NULL},
    {" a@b@c.example", ADDRESS_BAD, NULL, NULL},
    {" a@b.example>", ADDRESS_ONE, "", "b.example"},
    {" <a@b.example", ADDRESS_ONE, "a", "b.example"},
    {" <a@b.example> x", ADDRESS_ONE, "a", "b.example"},
    {" <<a@b.example>>", ADDRESS_ONE, "a", "b.example"},
    {" A <a@b.example> <c@d.example>", ADDRESS_BAD, NULL, NULL},
    {" G: a@b.example", ADDRESS_ONE, "", "b.example"},
    {" G: H: a@b.example;;", ADDRESS_ONE, "", "b.example"},
    {" G: a@b.example; c@d.example", ADDRESS_BAD, NULL, NULL},
    {" : a@b.example;", ADDRESS_ONE, "", "b.example"},
    {" ;", ADDRESS_BAD, NULL, NULL},
    {" \"a@b.example", ADDRESS_ONE, "", "b.example"},
    {" (a@b.example", ADDRESS_ONE, "", "b.example"},
    {" a@b.example (((x)", ADDRESS_BAD, NULL, NULL},
    {" a@b.example )", ADDRESS_BAD, NULL, NULL},
    {" a@[192.0.2.1", ADDRESS_BAD, NULL, NULL},
    {" a@[192.0.2.\\1]", ADDRESS_BAD, NULL, NULL},
    {" a@[192.0.2.1]x", ADDRESS_BAD, NULL, NULL},
    {" [a]@b.example", ADDRESS_BAD, NULL, NULL},
    {" a\\b@c.example", ADDRESS_ONE, "", "c.example"},
    {" a\"b\"@c.example", ADDRESS_ONE, "", "c.example"},
    {" \"a\\", ADDRESS_BAD, NULL, NULL},
    {" (a\\", ADDRESS_BAD, NULL, NULL},
    /* no address list, but one domain for all readers */
    {" A&B Co., Ltd. <u@b.example>", ADDRESS_ONE, "u", "b.example"},
    {" Re: Support <u@b.example>", ADDRESS_ONE, "u", "b.example"},
    {" U :-) <u@b.example>", ADDRESS_ONE, "u", "b.example"},
    {" a;b <u@b.example>", ADDRESS_ONE, "u", "b.example"},
    {" a. \"b <u@b.example>", ADDRESS_ONE, "u", "b.example"},
    {" 'u@b.example' <u@B.example>", ADDRESS_ONE, "u", "B.example"},
    {" Doe, \"u@b.example\" <u@b.example>", ADDRESS_ONE, "u", "b.example"},
    {" Doe, boss@b.example <u@b.example>", ADDRESS_ONE, "", "b.example"},
    {" Doe, u@b.example", ADDRESS_ONE, "", "b.example"},
    {" a, <u@b.example>.c.example", ADDRESS_ONE, "u", "b.example"},
    /* the same with two, wherever the other stands */
    {" Doe, x@c.example <u@b.example>", ADDRESS_BAD, NULL, NULL},
    {" Doe, \"x@c.example\" <u@b.example>", ADDRESS_BAD, NULL, NULL},
    {" Doe, J (x@c.example) <u@b.example>", ADDRESS_BAD, NULL, NULL},
    {" Doe, J <u@b.example> x@sub.b.example", ADDRESS_BAD, NULL, NULL},
    {" Doe, J <@c.example:u@b.example>", ADDRESS_BAD, NULL, NULL},
    {" Doe, J <u@b.example (x) .c.example>", ADDRESS_BAD, NULL, NULL},
    {" Doe, u@b.example .c.example", ADDRESS_BAD, NULL, NULL},
    {" Doe, u@b.example'.c.example", ADDRESS_BAD, NULL, NULL},
    {" Doe, u@b.example\\.c.example", ADDRESS_BAD, NULL, NULL},
    {" Doe, u@b.example/c.example", ADDRESS_BAD, NULL, NULL},
    {" Doe, u@b.example@c.example", ADDRESS_BAD, NULL, NULL},
    {" Doe, u@ b.example", ADDRESS_BAD, NULL, NULL},
    {" Doe, u @b.example", ADDRESS_BAD, NULL, NULL},
    {" Doe, u@[b.example]", ADDRESS_BAD, NULL, NULL},
    /* several of one domain */
    {" U <u@b.example>, V <v@b.example>", ADDRESS_ONE, "", "b.example"},
    {" u@b.example, u@B.example", ADDRESS_ONE, "u", "b.example"},
    {" G: u@b.example, v@b.example;", ADDRESS_ONE, "", "b.example"},
    {" u@b.example, v@b.example, w@c.example", ADDRESS_SEVERAL, NULL, NULL},
    {" \x1b$B <a@b.example>", ADDRESS_BAD, NULL, NULL},
    {" (\x01) a@b.example", ADDRESS_BAD, NULL, NULL},
    {" \"\\\x01\"@b.example", ADDRESS_BAD, NULL, NULL},
    {" (\\\x01) a@b.example", ADDRESS_BAD, NULL, NULL},
    {" \"\x7f\" <a@b.example>", ADDRESS_BAD, NULL, NULL},
};

static void
check_value(struct span value, const struct row *row)
{
	const char *why = NULL;
	struct address a;
	struct span in = guard_copy(value);
	enum address_found found = address_parse(in, &a, &why);

	CHECK(found == row->found);
	CHECK((found == ADDRESS_BAD) == (why != NULL));
	if (row->local != NULL && found == row->found) {
		CHECK(span_eq(a.local, span_str(row->local)));
		CHECK(span_eq(a.domain, span_str(row->domain)));
	}
	guard_free(in);
}

static void
each_row(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].value);
		check_value(span_str(rows[i].value), &rows[i]);
	}
}

/* A fold is a fold, LF or CRLF, wherever there is white space. */
static void
each_row_folded(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[1000];
		size_t n = 0;

		suite_row(rows[i].value);
		if (strstr(rows[i].value, "\"a b\"") != NULL)
			continue; /* a space that is meant */
		for (const char *p = rows[i].value; *p != '\0'; p++) {
			if (*p == ' ')
				text[n++] = '\r';
			if (*p == ' ')
				text[n++] = '\n';
			text[n++] = *p;
		}
		check_value(span_of(text, n), &rows[i]);
	}
}

/* Every beginning of every row, at the end of a page: no byte is read
 * behind. */
static void
each_beginning(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = strlen(rows[i].value);

		suite_row(rows[i].value);
		for (size_t k = 0; k < n; k++) {
			struct span in = guard_copy(span_of(rows[i].value, k));
			const char *why;
			struct address a;
			enum address_found got = address_parse(in, &a, &why);

			CHECK(got != ADDRESS_ONE ||
			    (a.local.p == a.text && a.domain.n > 0));
			guard_free(in);
		}
	}
}

static void
a_nul(void)
{
	static const char value[] = " a@b.example\0.evil.example";
	const struct row bad = {"NUL", ADDRESS_BAD, NULL, NULL};

	check_value(span_of(value, sizeof value - 1), &bad);
	check_value(span_of("\0", 1), &bad);
	check_value(span_of("\"\\\0\"@b.example", 14), &bad);
	check_value(span_of("(\\\0) a@b.example", 17), &bad);
}

/* Local part and domain together have ADDRESS_MAX bytes, a display name any. */
static void
at_the_limit(void)
{
	static char value[3 * ADDRESS_MAX];
	const char *why;
	struct address a;
	size_t n;

	for (int over = 0; over < 2; over++) {
		n = 0;
		while (n < ADDRESS_MAX - strlen("b.example") + (size_t)over)
			value[n++] = 'a';
		strcpy(value + n, "@b.example");
		CHECK(address_parse(span_str(value), &a, &why) ==
		    (over ? ADDRESS_BAD : ADDRESS_ONE));
	}
	CHECK_STR(why, "an address that is too long");
	memset(value, 'a', 2 * ADDRESS_MAX);
	strcpy(value + (size_t)2 * ADDRESS_MAX, " <a@b.example>");
	CHECK(address_parse(span_str(value), &a, &why) == ADDRESS_ONE);
	CHECK(span_eq(a.domain, span_str("b.example")));
}

/* Depth costs no stack. */
static void
deep_comments(void)
{
	enum { DEPTH = 100000 };
	char *value = malloc(2 * DEPTH + 40);
	const char *why;
	struct address a;

	CU_ASSERT_FATAL(value != NULL);
	memset(value, '(', DEPTH);
	memset(value + DEPTH, ')', DEPTH);
	strcpy(value + (size_t)2 * DEPTH, "a@b.example, a@c.example");
	CHECK(address_parse(span_str(value), &a, &why) == ADDRESS_SEVERAL);
	value[2 * DEPTH - 1] = ' ';
	CHECK(address_parse(span_str(value), &a, &why) == ADDRESS_BAD);
	CHECK_STR(why, "a comment without its end");
	free(value);
}

static void
reasons(void)
{
	static const char *const reason[][2] = {
	    {" root", "a name without an address"},
	    {" <root>", "an address without a domain"},
	    {" a@b.example <c@d.example>",
	        "an address as the name of another one"},
	    {" a@b.example c@d.example", "no comma between two addresses"},
	    {" G: a@b.example, c@d.example", "a group without its \";\""},
	    {" G: H: a@b.example, c@d.example;;", "a group within a group"},
	    {" <@b.example>", "a route without its \":\""},
	    {" <a@b.example <c@d.example", "\"<\" without its \">\""},
	    {" a@", "an \"@\" without a domain after it"},
	    {" @b.example", "an \"@\" with nothing in front of it"},
	    {" a b@c.example, c@d.example", "an \"@\" after several words"},
	};

	for (size_t i = 0; i < sizeof reason / sizeof reason[0]; i++) {
		const char *why = NULL;
		struct address a;

		suite_row(reason[i][0]);
		CHECK(address_parse(span_str(reason[i][0]), &a, &why) ==
		    ADDRESS_BAD);
		CHECK_STR(why, reason[i][1]);
	}
}

SUITE("address", T(each_row), T(each_row_folded), T(each_beginning), T(a_nul),
    T(at_the_limit), T(deep_comments), T(reasons))

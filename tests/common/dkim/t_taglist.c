#include <stdio.h>

#include "common/dkim/taglist.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* A list written back as "name<value>" each: what was read, to the byte. */
static const struct {
	const char *text;
	const char *got; /* NULL: bad */
	const char *why;
} rows[] = {
    {"v=1", "v<1>", NULL},
    {"v=1;", "v<1>", NULL},
    {"v=1; ", "v<1>", NULL},
    {"v=1;\r\n ", "v<1>", NULL},
    {"v=1;a=b", "v<1>a<b>", NULL},
    {" v = 1 ; a\t=\n b ;\r\n\tc=d", "v<1>a<b>c<d>", NULL},
    {"p=", "p<>", NULL},
    {"p= \t;", "p<>", NULL},
    {"b=AB CD\r\n EF=", "b<AB CD\r\n EF=>", NULL},
    {"n=a=b==", "n<a=b==>", NULL},
    {"h=from : to", "h<from : to>", NULL},
    {"a_1B=x; A=y; a=z", "a_1B<x>A<y>a<z>", NULL},
    {"n=\xe6\x97\xa5 \xff", "n<\xe6\x97\xa5 \xff>", NULL},
    {"", NULL, "no tags at all"},
    {" ", NULL, "a tag without \"=\""},
    {";", NULL, "a tag without \"=\""},
    {"v=1;;a=b", NULL, "a tag without \"=\""},
    {"v=1;;", NULL, "a tag without \"=\""},
    {"v", NULL, "a tag without \"=\""},
    {"v=1; DKIM", NULL, "a tag without \"=\""},
    {"=1", NULL,
        "a tag's name is not a letter with letters, digits or \"_\" "
        "after it"},
    {"1v=1", NULL,
        "a tag's name is not a letter with letters, digits or "
        "\"_\" after it"},
    {"v x=1", NULL,
        "a tag's name is not a letter with letters, digits or "
        "\"_\" after it"},
    {"v-x=1", NULL,
        "a tag's name is not a letter with letters, digits or "
        "\"_\" after it"},
    {"\"v=1\"", NULL,
        "a tag's name is not a letter with letters, digits or "
        "\"_\" after it"},
    {"v=\x01", NULL, "a control character in a tag's value"},
    {"v=a\x7f", NULL, "a control character in a tag's value"},
    {"v=1; a=b; v=1", NULL, "the same tag twice"},
};

static void
each_row(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span in = guard_copy(span_str(rows[i].text));
		const char *why = NULL;
		struct taglist list = {.n = 77};
		enum parse got = taglist_parse(in, &list, &why);
		char text[200] = "";
		size_t n = 0;

		suite_row(rows[i].text);
		CHECK(got == (rows[i].got == NULL ? PARSE_BAD : PARSE_OK));
		CHECK_STR(why, rows[i].why);
		CHECK(got == PARSE_OK || list.n == 77);
		for (size_t t = 0; got == PARSE_OK && t < list.n; t++) {
			n += (size_t)snprintf(text + n, sizeof text - n,
			    "%.*s<%.*s>", (int)list.v[t].name.n,
			    list.v[t].name.p, (int)list.v[t].value.n,
			    list.v[t].value.p);
		}
		if (got == PARSE_OK)
			CHECK_STR(text, rows[i].got);
		guard_free(in);
	}
}

static void
a_nul(void)
{
	struct taglist list;
	const char *why;

	CHECK(taglist_parse(span_of("v=\0", 3), &list, &why) == PARSE_BAD);
	CHECK(taglist_parse(span_of("v\0=1", 4), &list, &why) == PARSE_BAD);
}

static void
at_the_limit(void)
{
	char text[TAGLIST_MAX * 8 + 8];
	struct taglist list;
	const char *why;
	size_t n = 0;

	for (int i = 0; i < TAGLIST_MAX; i++)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, "t%d=%d;", i, i);
	CHECK(taglist_parse(span_str(text), &list, &why) == PARSE_OK);
	CHECK(list.n == TAGLIST_MAX && TAGLIST_MAX == 64);
	CHECK(span_eq(taglist_find(&list, "t63")->value, span_str("63")));
	strcpy(text + n, "x=1");
	CHECK(taglist_parse(span_str(text), &list, &why) == PARSE_BAD);
	CHECK_STR(why, "too many tags");
}

static void
finding(void)
{
	struct taglist list;
	const char *why;

	CU_ASSERT_FATAL(
	    taglist_parse(span_str("b=1; bh=2; B=3"), &list, &why) == PARSE_OK);
	CHECK(span_eq(taglist_find(&list, "b")->value, span_str("1")));
	CHECK(span_eq(taglist_find(&list, "bh")->value, span_str("2")));
	CHECK(span_eq(taglist_find(&list, "B")->value, span_str("3")));
	CHECK(taglist_find(&list, "BH") == NULL);
	CHECK(taglist_find(&list, "") == NULL);
}

static void
items(void)
{
	static const char *const lists[][4] = {
	    {"from", "from"},
	    {" from\r\n : to :\tcc ", "from", "to", "cc"},
	    {"a::b", "a", "", "b"},
	    {":a", "", "a"},
	    {"a:", "a"},
	};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct span in = guard_copy(span_str(lists[i][0]));
		struct span list = in;
		size_t n = 0;

		suite_row(lists[i][0]);
		while (list.n > 0) {
			struct span item = taglist_item(&list);
			const char *want = ++n < 4 ? lists[i][n] : NULL;

			CHECK(want != NULL && span_eq(item, span_str(want)));
		}
		CHECK(n == 3 || lists[i][n + 1] == NULL);
		guard_free(in);
	}
}

SUITE("taglist", T(each_row), T(a_nul), T(at_the_limit), T(finding), T(items))

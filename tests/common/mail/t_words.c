#include "common/mail/words.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

static void
cfws(void)
{
	static const struct {
		const char *text, *rest;
		bool ends;
	} row[] = {
	    {"", "", true},
	    {"a", "a", true},
	    {" \t\r\n a", "a", true},
	    {"(a)b", "b", true},
	    {"(a(b)c) (d) e", "e", true},
	    {"(a\\)b)c", "c", true},
	    {"(a\\(b)c", "c", true},
	    {"\\(a)", "\\(a)", true},
	    {")a", ")a", true},
	    {"(a", "", false},
	    {"(a(b)", "", false},
	    {"(a\\", "", false},
	    {"(a\\)", "", false},
	    {"(\"a)\")b", "\")b", true},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span in = guard_copy(span_str(row[i].text)), s = in;

		suite_row(row[i].text);
		CHECK(words_skip_cfws(&s) == row[i].ends);
		CHECK(span_eq(s, span_str(row[i].rest)));
		guard_free(in);
	}
	suite_row(NULL);
}

struct word {
	const char *text, *want; /* what is cut off in front */
};

static void
check_words(const struct word *row, size_t n, struct span (*cut)(struct span *))
{
	for (size_t i = 0; i < n; i++) {
		struct span in = guard_copy(span_str(row[i].text)), s = in;

		suite_row(row[i].text);
		CHECK(span_eq(cut(&s), span_str(row[i].want)));
		CHECK(s.n == in.n - strlen(row[i].want));
		guard_free(in);
	}
	suite_row(NULL);
}

static void
tokens(void)
{
	static const struct word row[] = {
	    {"", ""},
	    {"a.b-c_d!#$%&'*+^`{|}~ e", "a.b-c_d!#$%&'*+^`{|}~"},
	    {"a/b", "a"},
	    {"a=b", "a"},
	    {"a;b", "a"},
	    {"a(b)", "a"},
	    {"a\"b\"", "a"},
	    {"a@b", "a"},
	    {"\xc3\xa4 b", "\xc3\xa4"},
	    {"a\x7f", "a"},
	    {"a\x01", "a"},
	    {" a", ""},
	};

	check_words(row, sizeof row / sizeof row[0], words_token);
}

static void
atoms(void)
{
	static const struct word row[] = {
	    {"", ""},
	    {"..a.b.-!#$%&'*+/=?^_`{|}~ e", "..a.b.-!#$%&'*+/=?^_`{|}~"},
	    {"a@b", "a"},
	    {"a<b", "a"},
	    {"a>b", "a"},
	    {"a[b", "a"},
	    {"a]b", "a"},
	    {"a:b", "a"},
	    {"a;b", "a"},
	    {"a,b", "a"},
	    {"a\\b", "a"},
	    {"a\"b\"", "a"},
	    {"a(b)", "a"},
	    {"\xc3\xa4\x80 b", "\xc3\xa4\x80"},
	    {"a\x7f", "a"},
	    {"a\x01", "a"},
	    {" a", ""},
	};

	check_words(row, sizeof row / sizeof row[0], words_atom);
}

static void
quoted(void)
{
	static const struct {
		const char *text, *meant, *rest; /* meant NULL: no end */
	} row[] = {
	    {"\"\"", "", ""},
	    {"\"a b\"c", "a b", "c"},
	    {"\"a\\\"b\" c", "a\"b", " c"},
	    {"\"a\\\\\"b", "a\\", "b"},
	    {"\"a\r\n b\"", "a b", ""},
	    {"\"", NULL, ""},
	    {"\"a", NULL, ""},
	    {"\"a\\\"", NULL, ""},
	    {"\"a\\", NULL, ""},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span in = guard_copy(span_str(row[i].text)), s = in;
		struct span between = span_str("untouched");
		char text[16] = "";

		suite_row(row[i].text);
		CHECK(words_quoted(&s, &between) == (row[i].meant != NULL));
		CHECK(span_eq(s, span_str(row[i].rest)));
		if (row[i].meant != NULL) {
			size_t n = words_unquote(between, text, sizeof text);

			CHECK(
			    span_eq(span_of(text, n), span_str(row[i].meant)));
		} else {
			CHECK(span_eq(between, span_str("untouched")));
		}
		guard_free(in);
	}
	suite_row(NULL);
}

/* What does not fit is counted. */
static void
no_room(void)
{
	char text[3] = {'x', 'x', 'x'};

	CHECK(words_unquote(span_str("ab\\c"), text, 2) == 3);
	CHECK(memcmp(text, "abx", 3) == 0);
	CHECK(words_unquote(span_str("ab\\"), text, 3) == 3);
	CHECK(text[2] == '\\');
}

SUITE("words", T(cfws), T(tokens), T(atoms), T(quoted), T(no_room))

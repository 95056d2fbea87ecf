#include <stdio.h>
#include <stdlib.h>

#include "signer/tables/glob.h"
#include "tests/support/suite.h"

static size_t tried; /* patterns, one by one */

static bool
counted_match(struct span pattern, struct span text)
{
	tried++;
	return glob_match(pattern, text);
}

/* What is tested, with its calls counted. */
#define glob_match counted_match
#include "signer/tables/globset.c"
#undef glob_match

static struct arena arena;

static void
make(struct globset *g, const char *const *pattern, size_t n)
{
	arena_init(&arena, 64 << 20);
	CU_ASSERT_FATAL(globset_init(g, n, &arena) == 0);
	for (size_t i = 0; i < n; i++) {
		if (glob_is(span_str(pattern[i])))
			CU_ASSERT_FATAL(globset_add(g, span_str(pattern[i]), i,
			                    &arena) == 0);
	}
	globset_sort(g);
}

static void
in_order(void)
{
	static const char *const pattern[] = {"*@a.example", "x@*.example", "*",
	    "*@*", "*a.example", "x*@a.example", "X@A*", "**", "x@a*a*e",
	    "*@a.example*", "*@b.example"};
	static const struct {
		const char *text, *numbers;
	} row[] = {
	    {"x@a.example", "0 1 2 3 4 5 6 7 8 9 "},
	    {"x@b.a.example", "1 2 3 4 7 "},
	    {"X@A.EXAMPLE", "0 1 2 3 4 5 6 7 8 9 "},
	    {"", "2 7 "},
	    {"@", "2 3 7 "},
	    {"b.example", "2 7 "},
	    {"@b.example", "2 3 7 10 "},
	    /* head and tail must not share a byte */
	    {"x@.example", "1 2 3 7 "},
	    {"x@a", "2 3 6 7 "},
	};
	struct globset g;

	make(&g, pattern, sizeof pattern / sizeof pattern[0]);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span text = span_str(row[i].text);
		char got[200] = "";
		size_t n = 0, k = 0;

		suite_row(row[i].text);
		while ((k = globset_next(&g, text, k)) != SIZE_MAX)
			n += (size_t)snprintf(
			    got + n, sizeof got - n, "%zu ", k++);
		CHECK_STR(got, row[i].numbers);
	}
	suite_row(NULL);
	arena_free(&arena);
}

static void
empty(void)
{
	struct globset g;

	make(&g, NULL, 0);
	CHECK(globset_next(&g, span_str("x"), 0) == SIZE_MAX);
	CHECK(globset_next(&g, span_of(NULL, 0), 0) == SIZE_MAX);
	arena_free(&arena);
}

/* --- the same answer as trying one after the other ------------------------ */

/* Few letters, so that much matches; a byte that is negative as a char. */
static void
random_text(char *text, const char *letters)
{
	size_t n = (size_t)random() % 8, count = strlen(letters);

	for (size_t i = 0; i < n; i++)
		text[i] = letters[(size_t)random() % count];
	text[n] = '\0';
}

static size_t
one_by_one(char (*pattern)[9], size_t n, struct span text, size_t from)
{
	for (size_t i = from; i < n; i++) {
		if (glob_is(span_str(pattern[i])) &&
		    glob_match(span_str(pattern[i]), text))
			return i;
	}
	return SIZE_MAX;
}

static void
as_one_by_one(void)
{
	enum { ROUNDS = 3000, PATTERNS = 40, TEXTS = 20 };
	char pattern[PATTERNS][9], text[9];
	const char *list[PATTERNS];
	size_t found = 0;
	struct globset g;

	srandom(1);
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = (size_t)random() % (PATTERNS + 1);

		for (size_t i = 0; i < n; i++) {
			random_text(pattern[i], "aA@.\xe9**");
			list[i] = pattern[i];
		}
		make(&g, list, n);
		for (int t = 0; t < TEXTS; t++) {
			struct span s = span_str(text);
			size_t from = 0, want, got;

			random_text(text, "aAb@.\xe9*");
			s = span_str(text);
			do {
				want = one_by_one(pattern, n, s, from);
				got = globset_next(&g, s, from);
				if (got != want)
					CHECK_STR(text, NULL);
				found += want != SIZE_MAX;
				from = want + 1;
			} while (want != SIZE_MAX);
		}
		arena_free(&arena);
	}
	CHECK(found > 10000);
}

/* --- what it costs -------------------------------------------------------- */

/* The form with the number in place of '#'. */
static void
numbered(const char *form, int number, char *text, size_t size)
{
	size_t n = strcspn(form, "#");

	snprintf(text, size, "%.*s%d%s", (int)n, form, number, form + n + 1);
}

/* Tables as hosting companies make them, with one row that matches: only that
 * one is tried, however many others there are. */
static void
tries_few(void)
{
	enum { ROWS = 20000 };
	static const struct {
		const char *form, *text;
	} row[] = {
	    {"*@*.d#.example", "joe@mail.d#.example"},
	    {"*@d#.example", "joe@d#.example"},
	    {"u#-*@a.example", "u#-x@a.example"},
	    {"u#@*", "u#@a.example"},
	    {"u#@*.example", "u#@a.example"},
	    {"*-#@a.example", "x-#@a.example"},
	    {"u#@*.b*.example", "u#@a.bc.example"},
	};
	static char pattern[ROWS][40];
	static const char *list[ROWS];
	struct globset g;
	char text[60];

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].form);
		for (int n = 0; n < ROWS; n++) {
			numbered(row[i].form, n, pattern[n], sizeof pattern[n]);
			list[n] = pattern[n];
		}
		make(&g, list, ROWS);
		for (int n = 0; n < ROWS; n += 777) {
			numbered(row[i].text, n, text, sizeof text);
			tried = 0;
			CHECK(globset_next(&g, span_str(text), 0) == (size_t)n);
			CHECK(tried == 1);
			CHECK(globset_next(&g, span_str(text), (size_t)n + 1) ==
			    SIZE_MAX);
			CHECK(globset_next(&g, span_str("who@else.example.org"),
			          0) == SIZE_MAX);
			CHECK(tried == 1);
		}
		arena_free(&arena);
	}
	suite_row(NULL);
}

static void
out_of_memory(void)
{
	struct globset g;

	for (size_t max = 0; max < 400; max += 16) {
		arena_init(&arena, max);
		if (globset_init(&g, 1, &arena) == 0 &&
		    globset_add(&g, span_str("aaaaa*bbbb"), 7, &arena) == 0) {
			globset_sort(&g);
			CHECK(globset_next(&g, span_str("aaaaabbbb"), 0) == 7);
		} else {
			CHECK(max < 300);
		}
		arena_free(&arena);
	}
}

SUITE("globset", T(in_order), T(empty), T(as_one_by_one), T(tries_few),
    T(out_of_memory))

#include "signer/tables/glob.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

static const struct {
	const char *pattern, *text;
	bool match;
} globs[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "A", true},
    {"a", "", false},
    {"*", "", true},
    {"*", "a@b", true},
    {"**", "", true},
    {"a*", "ab", true},
    {"*b", "ab", true},
    {"*b", "aba", false},
    {"*@b.example", "x@B.Example", true},
    {"*@b.example", "x@c.b.example", false},
    {"*.b.example", "c.b.example", true},
    {"*.b.example", "b.example", false},
    {"a*b*c", "a1b2c", true},
    {"a*b*c", "a1c2b", false},
    {"*ab", "aaab", true},
    {"*aab*", "aaaab", true},
    {"a?c", "abc", false},
    {"[ab]", "a", false},
    {".", "x", false},
};

static void
matches(void)
{
	for (size_t i = 0; i < sizeof globs / sizeof globs[0]; i++) {
		struct span p = guard_copy(span_str(globs[i].pattern)),
		            t = guard_copy(span_str(globs[i].text));

		suite_row(globs[i].pattern);
		CHECK(glob_match(p, t) == globs[i].match);
		guard_free(p);
		guard_free(t);
	}
	CHECK(glob_is(span_str("a*")) && !glob_is(span_str("a")));
}

/* Patterns that make others take for ever. */
static void
is_quick(void)
{
	static char text[100000], pattern[201];

	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < 200; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[199] = 'b';
	CHECK(!glob_match(span_str(pattern), span_of(text, sizeof text)));
}

static const struct {
	const char *pattern, *address;
	bool match;
} addresses[] = {
    {"a@b.example", "A@B.example", true},
    {"a@b.example", "x@b.example", false},
    {"b.example", "a@b.example", true},
    {"b.example", "a@c.b.example", false},
    {".b.example", "a@c.b.example", true},
    {".b.example", "a@c.d.b.example", true},
    {".b.example", "a@b.example", false},
    {".b.example", "a@xb.example", false},
    {"@b.example", "a@b.example", true},
    {"@b.example", "a@c.b.example", false},
    {"*@b.example", "a@b.example", true},
    {"*", "a@b.example", true},
    {"*.example", "a@b.example", true},
    {"b.example", "\"b.example@\"@c.example", false},
    {"@b.example", "x@b.example@c.example", false},
    {"b.example", "", false},
};

static void
matches_addresses(void)
{
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		suite_row(addresses[i].address);
		CHECK(
		    glob_address(span_str(addresses[i].pattern),
		        span_str(addresses[i].address)) == addresses[i].match);
	}
}

SUITE("glob", T(matches), T(is_quick), T(matches_addresses))

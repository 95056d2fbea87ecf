#include <errno.h>

#include "signer/tables/authtable.h"
#include "tests/support/suite.h"

static const char text[] = "bob  bob@a.example, *@b.example\n"
                           "Al .c.example\nbob @d.example\n"
                           "*@a.example %\nadmin *\nteam %@e.example\n"
                           "a*b x.example\n";

static const struct {
	const char *login, *address;
	unsigned line;
} row[] = {
    {"bob", "bob@a.example", 1},
    {"BOB", "x@B.example", 1},
    {"bob", "x@d.example", 3},
    {"bob", "al@a.example", 0},
    {"al", "x@y.c.example", 2},
    {"al", "x@c.example", 0},
    {"x@a.example", "x@a.example", 4},
    {"x@a.example", "y@a.example", 0},
    {"admin", "any@where.example", 5},
    {"team", "team@e.example", 6},
    {"team", "bob@e.example", 0},
    {"", "any@where.example", 0},
    {"nobody", "nobody@a.example", 0},
    {"axb", "q@x.example", 7},
    /* a '*' in a login is not a pattern */
    {"*@a.example", "boss@a.example", 0},
    {"t*m", "team@e.example", 0},
    /* nor is one that would be any address of a domain */
    {"@a.example", "boss@a.example", 0},
};

static void
finds(void)
{
	struct authtable t;
	struct arena arena;
	struct buf why;

	arena_init(&arena, 1 << 20);
	buf_init(&why, 1 << 16);
	CHECK(authtable_parse("/auth", span_str(text), &arena, &t, &why) == 0);
	CHECK(why.n == 0);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const struct table_row *r = authtable_find(
		    &t, span_str(row[i].login), span_str(row[i].address));

		suite_row(row[i].login);
		CHECK((r == NULL ? 0 : r->line) == row[i].line);
	}
	suite_row(NULL);
	buf_free(&why);
	arena_free(&arena);
}

static void
refuses(void)
{
	struct authtable t;
	struct arena arena;
	struct buf why;

	arena_init(&arena, 1 << 20);
	buf_init(&why, 1 << 16);
	CHECK(authtable_parse("/auth", span_str("a b\nbob\n"), &arena, &t,
	          &why) == -EINVAL);
	CHECK_STR(buf_text(&why),
	    "/auth:2: after the login must come the addresses it may use\n");
	buf_free(&why);
	arena_free(&arena);
}

/* A table of a line or two needs no file. */
static void
in_line(void)
{
	static const struct {
		const char *spec, *login, *address;
		bool may;
	} one[] = {
	    {"inline:* %", "al@a.example", "al@a.example", true},
	    {"inline:* %", "al@a.example", "boss@a.example", false},
	    {"inline:* %", "al", "al@a.example", false},
	    {"inline:* *", "al", "boss@a.example", true},
	    {"inline: * % ; boss @a.example", "boss", "x@a.example", true},
	    {"inline: * % ; boss @a.example", "al", "x@a.example", false},
	    {"inline: ", "al@a.example", "al@a.example", false},
	};
	struct authtable t;
	struct arena arena;
	struct buf why;

	arena_init(&arena, 1 << 20);
	buf_init(&why, 1 << 16);
	for (size_t i = 0; i < sizeof one / sizeof one[0]; i++) {
		suite_row(one[i].spec);
		CHECK(authtable_open(one[i].spec, &arena, &t, &why) == 0);
		CHECK((authtable_find(&t, span_str(one[i].login),
		           span_str(one[i].address)) != NULL) == one[i].may);
	}
	suite_row(NULL);
	CHECK(authtable_open("inline:a b;bob", &arena, &t, &why) == -EINVAL);
	CHECK_STR(buf_text(&why),
	    "inline:2: after the login must come the addresses it may use\n");
	buf_free(&why);
	arena_free(&arena);
}

SUITE("authtable", T(finds), T(refuses), T(in_line))

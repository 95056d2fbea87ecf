#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/key/rotate_state.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

#define GOOD \
	"{\"new\": [\"b\", \"be\"], \"old\": [\"a\"], \"made\": true, " \
	"\"activated\": 1798761600, \"in_force\": 1798761700}"

static void
reads(void)
{
	struct span text = guard_copy(span_str(GOOD));
	struct rotate_state s, again;
	struct buf out;

	CHECK(rotate_state_parse(text, &s) == PARSE_OK);
	guard_free(text);
	CHECK(s.new.n == 2 && s.old.n == 1 && s.made);
	CHECK_STR(s.new.v[1], "be");
	CHECK(s.activated == 1798761600 && s.in_force == 1798761700);
	buf_init(&out, 10000);
	CHECK(rotate_state_print(&s, &out) == 0);
	CHECK(rotate_state_parse(buf_view(&out), &again) == PARSE_OK);
	CHECK(memcmp(&s, &again, sizeof s) == 0);
	buf_free(&out);
}

static void
refuses(void)
{
	static const char *const rows[] = {"", "{", "[]", "null", "{}",
	    "{\"new\": [], \"old\": [], \"made\": true}",
	    "{\"new\": [], \"old\": [], \"activated\": 0}",
	    "{\"new\": [], \"old\": [], \"made\": 1, \"activated\": 0}",
	    "{\"new\": [], \"old\": [], \"made\": true, \"activated\": \"0\"}",
	    "{\"new\": [], \"old\": [], \"made\": true, \"activated\": -1}",
	    "{\"new\": [], \"old\": [], \"made\": true, \"activated\": 1, "
	    "\"in_force\": -1}",
	    "{\"new\": {}, \"old\": [], \"made\": true, \"activated\": 0}",
	    "{\"new\": [1], \"old\": [], \"made\": true, \"activated\": 0}",
	    "{\"new\": [\"../x\"], \"old\": [], \"made\": true, "
	    "\"activated\": 0}",
	    "{\"new\": [\"\"], \"old\": [], \"made\": true, \"activated\": 0}",
	    "{\"new\": [], \"new\": [], \"old\": [], \"made\": true, "
	    "\"activated\": 0}",
	    GOOD GOOD};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span text = guard_copy(span_str(rows[i]));
		struct rotate_state s = {.activated = 7};

		suite_row(rows[i]);
		CHECK(rotate_state_parse(text, &s) == PARSE_BAD);
		CHECK(s.activated == 7);
		guard_free(text);
	}
	suite_row(NULL);
}

/* A file that was cut is none. */
static void
feed(void *arg, struct span head, struct span tail)
{
	struct rotate_state s;

	CHECK(rotate_state_parse(head, &s) ==
	    (tail.n == 0 ? PARSE_OK : PARSE_BAD));
	(void)rotate_state_parse(tail, &s);
}

static void
every_split(void)
{
	guard_splits(span_str(GOOD), feed, NULL);
}

/* ROTATE_KEYS_MAX names, and one more. */
static void
many_names(void)
{
	for (int n = ROTATE_KEYS_MAX; n <= ROTATE_KEYS_MAX + 1; n++) {
		struct rotate_state s = {.made = true};
		struct buf text;

		buf_init(&text, 10000);
		buf_str(&text, "{\"new\": [");
		for (int i = 0; i < n; i++)
			buf_fmt(&text, "%s\"s%d\"", i == 0 ? "" : ",", i);
		buf_str(
		    &text, "], \"old\": [], \"made\": true, \"activated\": 0}");
		CHECK(rotate_state_parse(buf_view(&text), &s) ==
		    (n == ROTATE_KEYS_MAX ? PARSE_OK : PARSE_BAD));
		CHECK(s.new.n == (n == ROTATE_KEYS_MAX ? ROTATE_KEYS_MAX : 0));
		buf_free(&text);
	}
}

static void
names(void)
{
	struct rotate_names *names = calloc(1, sizeof *names);
	char name[20];

	CU_ASSERT_FATAL(names != NULL);
	for (int i = 0; i < ROTATE_KEYS_MAX; i++) {
		snprintf(name, sizeof name, "s%d", i);
		CHECK(rotate_names_add(names, name) == 0);
		CHECK(rotate_names_add(names, name) == 0);
	}
	CHECK(rotate_names_add(names, "more") == -EMSGSIZE);
	CHECK(names->n == ROTATE_KEYS_MAX);
	CHECK(rotate_names_have(names, "s3"));
	rotate_names_remove(names, 3);
	CHECK(!rotate_names_have(names, "s3"));
	CHECK(rotate_names_have(names, "s2") && rotate_names_have(names, name));
	rotate_names_remove(names, names->n - 1);
	CHECK(!rotate_names_have(names, name));
	CHECK(names->n == ROTATE_KEYS_MAX - 2);
	free(names);
}

SUITE("rotate_state", T(reads), T(refuses), T(every_split), T(many_names),
    T(names))

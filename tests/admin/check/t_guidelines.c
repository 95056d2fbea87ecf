#include <stdlib.h>

#include "admin/check/guidelines.h"
#include "tests/support/suite.h"

static const struct guidelines_facts good = {.spf = true,
    .dkim = true,
    .bits = 2048,
    .dmarc = true,
    .ptr = true,
    .tls = true};

static const struct {
	const char *name;
	struct guidelines_facts facts;
	size_t missing;
	const char *line; /* one of what is printed */
} rows[] = {
    {"all", {true, true, 2048, true, true, true}, 0, ""},
    {"no SPF", {false, true, 2048, true, true, true}, 3,
        "missing a.example: Microsoft, from 5000 messages a day: SPF and "
        "DKIM\n"},
    {"no DKIM", {true, false, 0, true, true, true}, 3,
        "missing a.example: Yahoo, from 5000 messages a day: SPF and DKIM\n"},
    {"neither", {false, false, 0, true, true, true}, 5,
        "missing a.example: Google: SPF or DKIM\n"},
    {"1024 bits", {true, true, 1024, true, true, true}, 0, ""},
    {"1023 bits", {true, true, 1023, true, true, true}, 1,
        "missing a.example: Google: DKIM keys of 1024 bits or more\n"},
    {"Ed25519 alone", {true, true, 0, true, true, true}, 0, ""},
    {"no DMARC", {true, true, 2048, false, true, true}, 3,
        "missing a.example: Google, from 5000 messages a day: DMARC, p=none "
        "is enough\n"},
    {"no PTR", {true, true, 2048, true, false, true}, 2,
        "missing a.example: Yahoo: forward-confirmed reverse DNS\n"},
    /* what is not known is not missing */
    {"no DNS",
        {GUIDELINES_UNKNOWN, GUIDELINES_UNKNOWN, 0, GUIDELINES_UNKNOWN,
            GUIDELINES_UNKNOWN, GUIDELINES_UNKNOWN},
        0, "unknown a.example: Google: SPF or DKIM\n"},
    {"SPF, and DKIM is not known",
        {true, GUIDELINES_UNKNOWN, 0, true, true, true}, 0,
        "unknown a.example: Google, from 5000 messages a day: SPF and DKIM\n"},
    {"no SPF, and DKIM is not known",
        {false, GUIDELINES_UNKNOWN, 0, true, true, true}, 3,
        "unknown a.example: Google: SPF or DKIM\n"},
    {"no TLS", {true, true, 2048, true, true, false}, 1,
        "missing a.example: Google: TLS\n"},
};

static void
says_what_is_missing(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf out;

		suite_row(rows[i].name);
		buf_init(&out, 10000);
		CHECK(guidelines_print("a.example", &rows[i].facts, false,
		          false, &out) == rows[i].missing);
		CHECK(strstr(buf_text(&out), rows[i].line) != NULL);
		CHECK((out.n == 0) == (*rows[i].line == '\0'));
		buf_free(&out);
	}
	suite_row(NULL);
}

static void
says_all(void)
{
	struct buf out;

	buf_init(&out, 10000);
	CHECK(guidelines_print("a.example", &good, true, false, &out) == 0);
	CHECK(
	    strstr(buf_text(&out), "met     a.example: Google: TLS\n") != NULL);
	CHECK(strstr(buf_text(&out), "missing") == NULL);
	buf_clear(&out);
	guidelines_print("a.example", &good, true, true, &out);
	CHECK(strstr(buf_text(&out), "\033[32mmet     \033[0m") != NULL);
	buf_free(&out);
}

static void
json(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_t *all = guidelines_json("a.example", &rows[i].facts), *o;
		size_t at, missing = 0;

		suite_row(rows[i].name);
		CU_ASSERT_FATAL(all != NULL);
		json_array_foreach(all, at, o)
		{
			CHECK_STR(
			    json_string_value(json_object_get(o, "domain")),
			    "a.example");
			CHECK(json_string_value(
			          json_object_get(o, "provider")) != NULL);
			missing += json_is_false(json_object_get(o, "met"));
		}
		CHECK(missing == rows[i].missing);
		json_decref(all);
	}
	suite_row(NULL);
}

SUITE("guidelines", T(says_what_is_missing), T(says_all), T(json))

#include <errno.h>
#include <stdio.h>

#include "common/limits.h"
#include "common/settings/action.h"
#include "tests/support/guard.h"
#include "tests/support/parsed.h"
#include "tests/support/suite.h"

enum { BAD = -1, CLASS = 100, WARNED = 101 };

/* What it is: an action_kind, a class, ACTION_ACCESS with a warning, or bad. */
static const struct {
	const char *text;
	int what;
} rows[] = {
    {"header", ACTION_HEADER},
    {"reject", ACTION_REJECT},
    {"defer", ACTION_DEFER},
    {"dunno", ACTION_DUNNO},

    /* Not in exactly lower case: Postfix's. */
    {"REJECT", ACTION_ACCESS},
    {"Reject", ACTION_ACCESS},
    {"DEFER", ACTION_ACCESS},
    {"DUNNO", ACTION_ACCESS},
    {"reject SPF says no", ACTION_ACCESS},
    {"REJECT 5.7.23 SPF says no", ACTION_ACCESS},
    {"defer 4.7.24 later", ACTION_ACCESS},
    {"DEFER_IF_REJECT", ACTION_ACCESS},
    {"defer_if_permit 4.7.24 try again", ACTION_ACCESS},
    {"DISCARD", ACTION_ACCESS},
    {"HOLD for review", ACTION_ACCESS},
    {"WARN", ACTION_ACCESS},
    {"INFO spf softfail", ACTION_ACCESS},
    {"FILTER smtp:[127.0.0.1]:10025", ACTION_ACCESS},
    {"FILTER smtp:", ACTION_ACCESS},
    {"REDIRECT spam@example.com", ACTION_ACCESS},
    {"BCC postmaster@example.com", ACTION_ACCESS},
    {"PREPEND X-SPF: softfail", ACTION_ACCESS},
    {"prepend X-SPF:fail", ACTION_ACCESS},
    {"550 5.7.23 no", ACTION_ACCESS},
    {"450 later", ACTION_ACCESS},
    {"421 4.7.0 goodbye", ACTION_ACCESS},

    /* Postfix changes the first digit of an enhanced code to the reply's. */
    {"550 4.7.23 no", WARNED},
    {"450 5.7.1 later", WARNED},
    {"421 5.7.0 goodbye", WARNED},
    {"550 2.0.0 fine", WARNED},
    {"550 4.7.1", WARNED},
    {"550  4.7.1  no", WARNED},
    {"554 4.123.456 no", WARNED},
    {"REJECT 4.7.1 no", WARNED},
    {"reject 4.7.1", WARNED},
    {"DEFER 5.7.1 later", WARNED},
    {"DEFER_IF_REJECT 5.7.1 later", WARNED},
    {"defer_if_permit 5.7.1 later", WARNED},
    /* no enhanced code, or none of a reply */
    {"550 4.7 no", ACTION_ACCESS},
    {"550 4.7.1x no", ACTION_ACCESS},
    {"550 4.7.1.2 no", ACTION_ACCESS},
    {"550 4.7.1234 no", ACTION_ACCESS},
    {"550 4..1 no", ACTION_ACCESS},
    {"550 4.7. no", ACTION_ACCESS},
    {"550 3.7.1 no", ACTION_ACCESS},
    {"550 says 4.7.1", ACTION_ACCESS},
    {"REJECT 5.7.1", ACTION_ACCESS},
    {"WARN 4.7.1 seen", ACTION_ACCESS},
    {"PREPEND 4.7.1: x", ACTION_ACCESS},

    /* Skips later restrictions. */
    {"OK", WARNED},
    {"ok", WARNED},
    {"PERMIT", WARNED},
    {"permit", WARNED},
    {"1234567890", WARNED},
    {"550", WARNED},
    {"0", WARNED},

    /* One word that is none: perhaps a class. */
    {"greylist", CLASS},
    {"Header", CLASS},
    {"my-class_2", CLASS},
    {"reject_unknown_client_hostname", CLASS},
    {"REJECTED", CLASS},

    {"", BAD},
    {" ", BAD},
    {" reject", BAD},
    {"reject ", BAD},
    {"header now", BAD},
    {"heeader or so", BAD},
    {"OK then", BAD},
    {"permit, reject", BAD},
    {"permit reject", BAD},
    {"greylist,permit", BAD},
    {"DUNNO text", BAD},
    {"dunno text", BAD},
    {"FILTER", BAD},
    {"FILTER smtp", BAD},
    {"FILTER :x", BAD},
    {"FILTER smtp:a b", BAD},
    {"REDIRECT", BAD},
    {"REDIRECT postmaster", BAD},
    {"REDIRECT a@b c@d", BAD},
    {"REDIRECT @example.com", BAD},
    {"BCC x@", BAD},
    {"PREPEND", BAD},
    {"PREPEND X-SPF", BAD},
    {"PREPEND X SPF: fail", BAD},
    {"PREPEND : fail", BAD},
    {"PREPEND X-SPF:", BAD},
    {"250 fine", BAD},
    {"350 what", BAD},
    {"650 what", BAD},
    {"55 short", BAD},
    {"5500 long", BAD},
    {"550x text", BAD},
    {"REJECT b\303\274cher", BAD},
    {"REJECT line\nbreak", BAD},
    {"REJECT \177", BAD},
    {"check_client_access hash:/etc/postfix/access", BAD},
    {"${HOME}", BAD},
};

static int
what_is(const struct action *a)
{
	if (settings_action_is_class(a))
		return CLASS;
	return settings_action_warning(a) != NULL ? WARNED : (int)a->kind;
}

static void
reads_actions(void)
{
	struct arena arena;

	arena_init(&arena, 100000);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span in = guard_copy(span_str(rows[i].text));
		struct action a = {.kind = 77};
		const char *why = NULL;
		int rc = settings_action_parse(in, &arena, &a, &why);

		suite_row(rows[i].text);
		guard_free(in);
		if (rows[i].what == BAD) {
			CHECK(rc == -EINVAL);
			CHECK(a.kind == 77 && why != NULL);
			continue;
		}
		CHECK(rc == 0);
		CHECK(what_is(&a) == rows[i].what);
		CHECK_STR(settings_action_text(&a), rows[i].text);
		CHECK((a.access == NULL) == (a.kind != ACTION_ACCESS));
	}
	suite_row(NULL);
	arena_free(&arena);
}

/* A word that Postfix takes for an action cannot be the name of a class. */
static void
judges_names_of_classes(void)
{
	static const struct {
		const char *name;
		bool good;
	} names[] = {{"greylist", true}, {"a", true}, {"_x-1", true},
	    {"5b", true}, {"reject_if", true}, {"", false}, {"550", false},
	    {"reject", false}, {"REJECT", false}, {"header", false},
	    {"Header", false}, {"ok", false}, {"Permit", false},
	    {"prepend", false}, {"a b", false}, {"a,b", false}, {"a.b", false},
	    {"\303\274", false}};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		suite_row(names[i].name);
		CHECK(settings_action_is_class_name(span_str(names[i].name)) ==
		    names[i].good);
	}
	suite_row(NULL);
}

/* Two kinds of lines: a reply, and a header. */
static void
holds_the_limits(void)
{
	static const struct {
		const char *word;
		size_t max;
	} lines[] = {
	    {"REJECT ", REPLY_TEXT_MAX}, {"PREPEND X: ", HEADER_LINE_MAX}};
	struct arena arena;

	arena_init(&arena, 100000);
	for (size_t i = 0; i < 2; i++) {
		char text[HEADER_LINE_MAX + 1];
		struct action a;
		const char *why;

		memset(text, 'x', sizeof text);
		memcpy(text, lines[i].word, strlen(lines[i].word));
		CHECK(settings_action_parse(
		          span_of(text, lines[i].max), &arena, &a, &why) == 0);
		CHECK(settings_action_parse(span_of(text, lines[i].max + 1),
		          &arena, &a, &why) == -EINVAL);
	}
	arena_free(&arena);
	arena_init(&arena, 0);
	{
		struct action a = {.kind = 77};
		const char *why;

		CHECK(settings_action_parse(
		          span_str("HOLD"), &arena, &a, &why) == -ENOMEM);
		CHECK(a.kind == 77);
	}
}

/* --- in the config -------------------------------------------------------- */

static void
knows_classes_wherever_they_are_listed(void)
{
	static const char *const texts[] = {
	    "policyd { restriction_classes = {greylist}\n"
	    "helo { fail = \"greylist\" } }",
	    "policyd { helo { fail = \"GreyList\" }\n"
	    "restriction_classes = {\"other\", \"greylist\"} }",
	};

	for (int i = 0; i < 2; i++) {
		struct parsed p;

		parsed_text(&p, span_str(texts[i]), SETTINGS_ALL);
		CHECK_STR(parsed_why(&p), "");
		CHECK_STR(parsed_warn(&p), "");
		CHECK(p.rc == 0 &&
		    p.s->policyd.helo.action[SPF_FAIL].kind == ACTION_ACCESS);
		parsed_free(&p);
	}
}

static void
says_what_is_wrong_with_an_action(void)
{
	struct parsed p;

	parsed_text(&p,
	    span_str("policyd {\nrestriction_classes = {reject, a, \"b c\"}\n"
	             "helo {\nfail = heeader\nnone = \"FILTER x\"\n}\n}"),
	    SETTINGS_ALL);
	CHECK(p.rc == -EINVAL);
	CHECK_STR(parsed_why(&p),
	    "t.conf:2: policyd.restriction_classes: \"reject\" is not a name "
	    "for a restriction class\n"
	    "t.conf:5: policyd.helo.none: \"FILTER x\" is not header, reject, "
	    "defer, dunno, an access(5) action or one of restriction_classes "
	    "(FILTER needs transport:nexthop)\n"
	    "t.conf:4: policyd.helo.fail: \"heeader\" is neither header, "
	    "reject, defer, dunno, nor an access(5) action, nor one of "
	    "restriction_classes; Postfix would answer 451 to every such "
	    "mail\n");
	parsed_free(&p);
}

static void
warns_of_codes_that_differ(void)
{
	struct parsed p;

	parsed_text(&p,
	    span_str("policyd {\nreply_text = \"5.7.1 {reason}\"\n"
	             "helo {\nfail = \"550 4.7.1 no\"\n}\n"
	             "recipient \"@a.example\" {\n"
	             "reply_text = \"550 {reason}\"\n"
	             "mail_from { fail = \"DEFER 5.7.1 no\" }\n}\n}"),
	    SETTINGS_POLICYD);
	CHECK(p.rc == 0);
	CHECK_STR(parsed_warn(&p),
	    "t.conf:2: policyd.reply_text: \"5.7.1 {reason}\": it begins with "
	    "a code, and stands after the code of the reply\n"
	    "t.conf:7: policyd.recipient.reply_text: \"550 {reason}\": it "
	    "begins with a code, and stands after the code of the reply\n"
	    "t.conf:4: policyd.helo.fail: \"550 4.7.1 no\": Postfix changes "
	    "the first digit of the enhanced code to that of the reply\n"
	    "t.conf:8: policyd.recipient.mail_from.fail: \"DEFER 5.7.1 no\": "
	    "Postfix changes the first digit of the enhanced code to that of "
	    "the reply\n");
	CHECK_STR(parsed_why(&p), "");
	parsed_free(&p);
}

static void
warns_of_ok(void)
{
	struct parsed p;

	parsed_text(&p,
	    span_str("policyd {\nhelo { pass = OK }\n"
	             "mail_from { pass = permit\nnone = 550 }\n}"),
	    SETTINGS_POLICYD);
	CHECK(p.rc == 0);
	CHECK_STR(parsed_warn(&p),
	    "t.conf:2: policyd.helo.pass: \"OK\": Postfix then skips all later "
	    "restrictions\n"
	    "t.conf:4: policyd.mail_from.none: \"550\": Postfix takes digits "
	    "alone for OK and skips all later restrictions\n"
	    "t.conf:3: policyd.mail_from.pass: \"permit\": Postfix then skips "
	    "all later restrictions\n");
	CHECK_STR(parsed_why(&p), "");
	parsed_free(&p);
}

SUITE("settings_action", T(reads_actions), T(judges_names_of_classes),
    T(holds_the_limits), T(knows_classes_wherever_they_are_listed),
    T(says_what_is_wrong_with_an_action), T(warns_of_ok),
    T(warns_of_codes_that_differ))

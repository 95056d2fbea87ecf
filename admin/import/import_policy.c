/*
 * policyd-spf's five options of what is refused, as our tables.
 *
 * The trick: for policyd-spf they are a table of actions for each identity;
 * here it is made as policyd-spf makes it, and printed as ours.
 *
 * The trap: its words count only as they are spelled: "fail" is no Fail, and
 * "true" is not True. And its False switches the actions for errors off, too.
 */
#include <string.h>

#include "admin/import/import_policy.h"

/* What a word of ..._reject refuses. */
struct word {
	const char *name;
	bool check, fail, softfail, neutral;
	bool errors; /* PermError_reject and TempError_Defer count */
};

static const struct word words[] = {
    {"SPF_Not_Pass", true, true, true, true, true},
    {"Softfail", true, true, true, false, true},
    {"Fail", true, true, false, false, true},
    {"Null", true, true, false, false, true}, /* of the null sender */
    {"False", true, false, false, false, false},
    {"No_Check", false, false, false, false, false},
};
enum { WORDS = sizeof words / sizeof words[0] };

/* No refusal, but those of errors: what policyd-spf makes of a word that it
 * does not know. */
static const struct word unknown_word = {"", true, false, false, false, true};

static bool
is_null(const struct import_option *o)
{
	return o != NULL && strcmp(o->value, "Null") == 0;
}

/* Of HELO_reject or Mail_From_reject; "Fail" where nothing was said. */
static const struct word *
find_word(const struct import_option *o, bool helo)
{
	const char *text = o == NULL ? "Fail" : o->value;

	for (size_t i = 0; i < WORDS; i++) {
		if (strcmp(words[i].name, text) == 0 &&
		    (helo || strcmp(text, "Null") != 0))
			return &words[i];
	}
	return &unknown_word;
}

static bool
is_on(const struct import_option *o)
{
	return o != NULL && strcmp(o->value, "True") == 0;
}

/* An identity's section. */
struct table {
	bool check, no_mail_only;
	const char *action[SPF_RESULTS];
};

/* No_Mail spares all that is not "v=spf1 -all", of which the result is fail. */
static void
make_table(
    const struct import_policy *p, const struct word *w, struct table *ret)
{
	bool no_mail = is_on(p->no_mail);

	*ret = (struct table){w->check, w->fail && no_mail, {NULL}};
	for (int i = 0; i < SPF_RESULTS; i++)
		ret->action[i] = "header";
	if (w->fail)
		ret->action[SPF_FAIL] = "reject";
	if (w->softfail && !no_mail)
		ret->action[SPF_SOFTFAIL] = "reject";
	if (w->neutral && !no_mail)
		ret->action[SPF_NEUTRAL] = "reject";
	if (w->errors && is_on(p->permerror) && !no_mail)
		ret->action[SPF_PERMERROR] = "reject";
	if (w->errors && is_on(p->temperror))
		ret->action[SPF_TEMPERROR] = "defer";
}

/* HELO_reject = Null is for the null sender alone. */
static void
make_helo(const struct import_policy *p, struct table *ret)
{
	make_table(
	    p, is_null(p->helo) ? &words[4] : find_word(p->helo, true), ret);
	if (p->helo_pass != NULL)
		ret->action[SPF_PASS] = p->helo_pass->value;
}

static void
make_mail_from(const struct import_policy *p, struct table *ret)
{
	make_table(p, find_word(p->mail_from, false), ret);
	if (p->mail_from_pass != NULL)
		ret->action[SPF_PASS] = p->mail_from_pass->value;
}

/* What policyd-spf does with the null sender, which HELO_reject alone rules. */
static void
make_null_sender(const struct import_policy *p, struct table *ret)
{
	make_table(p, find_word(p->helo, true), ret);
	if (p->helo_pass != NULL)
		ret->action[SPF_PASS] = p->helo_pass->value;
}

/* True if helo and mail_from make the same of the null sender without a
 * table of its own: HELO's action, or where that is only a header, MAIL
 * FROM's. */
static bool
goes_without(const struct table *helo, const struct table *mail_from,
    const struct table *null_sender)
{
	if (!null_sender->check)
		return !helo->check && !mail_from->check;
	if (null_sender->no_mail_only &&
	    !(helo->no_mail_only || mail_from->no_mail_only))
		return false;
	for (int i = 0; i < SPF_RESULTS; i++) {
		const char *action = "header";

		if (mail_from->check)
			action = mail_from->action[i];
		if (helo->check && strcmp(helo->action[i], "header") != 0)
			action = helo->action[i];
		if (strcmp(action, null_sender->action[i]) != 0)
			return false;
	}
	return true;
}

/* whole: all keys, as another table is in force without them; else those
 * that are not "header", and fail. */
static void
print_table(const char *name, const struct table *t, bool whole, unsigned tabs,
    struct buf *out)
{
	static const char *const names[SPF_RESULTS] = {
	    [SPF_PASS] = "pass",
	    [SPF_FAIL] = "fail",
	    [SPF_SOFTFAIL] = "softfail",
	    [SPF_NEUTRAL] = "neutral",
	    [SPF_NONE] = "none",
	    [SPF_TEMPERROR] = "temperror",
	    [SPF_PERMERROR] = "permerror",
	};
	static const enum spf_result order[] = {SPF_FAIL, SPF_SOFTFAIL,
	    SPF_NEUTRAL, SPF_NONE, SPF_PERMERROR, SPF_TEMPERROR, SPF_PASS};

	import_tabs(tabs, out);
	buf_fmt(out, "%s {\n", name);
	if (whole || !t->check)
		import_key(out, tabs + 1, "check", t->check ? "true" : "false");
	if (t->check && (whole || t->no_mail_only))
		import_key(out, tabs + 1, "no_mail_only",
		    t->no_mail_only ? "true" : "false");
	for (size_t i = 0; t->check && i < SPF_RESULTS; i++) {
		const char *action = t->action[order[i]];

		if (whole || order[i] == SPF_FAIL ||
		    strcmp(action, "header") != 0)
			import_string(out, tabs + 1, names[order[i]], action);
	}
	import_tabs(tabs, out);
	buf_str(out, "}\n");
}

/* user: for one recipient, where the general tables are in force without
 * these. */
void
import_policy_print(
    const struct import_policy *p, bool user, unsigned tabs, struct buf *out)
{
	struct table helo, mail_from, null_sender;

	make_helo(p, &helo);
	make_mail_from(p, &mail_from);
	make_null_sender(p, &null_sender);
	if (p->test_only != NULL)
		import_key(out, tabs, "observe",
		    strcmp(p->test_only->value, "0") == 0 ||
		            strcasecmp(p->test_only->value, "False") == 0
		        ? "true"
		        : "false");
	print_table("helo", &helo, user, tabs, out);
	print_table("mail_from", &mail_from, user, tabs, out);
	if (user || !goes_without(&helo, &mail_from, &null_sender))
		print_table("null_sender", &null_sender, true, tabs, out);
}

bool
import_policy_knows(const struct import_option *o, bool helo)
{
	return find_word(o, helo) != &unknown_word;
}

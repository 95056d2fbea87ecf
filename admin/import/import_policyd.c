/*
 * Several options become one section, so they are collected first and printed
 * at the end (take_policy, print_policy). What the main file
 * leaves unsaid must be said here, as the defaults differ; what a user's file
 * leaves unsaid is not, as the main one holds there.
 */
#include <errno.h>
#include <stdlib.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

/* The migration table of postseal-policyd(8), as code. */

/* What one identity's section becomes; NULL: nothing was said. */
struct identity {
	const char *reject; /* HELO_reject */
	const char *pass;   /* HELO_pass_restriction */
};

/* The options that several keys are made of. */
struct policy {
	struct identity helo, mail_from;
	const char *test_only, *no_mail, *permerror, *temperror;
};

struct policyd {
	struct import *im;
	struct policy policy;
	const char *per_user;
	struct import_option at; /* of Per_User */
	struct buf classes;      /* for restriction_classes */
};

/* What is the same under another name. */
static const struct row {
	const char *name, *key;
	enum { LIST, VALUE, YES } kind;
} same[] = {
    {"skip_addresses", "trusted_networks", LIST},
    {"Whitelist", "trusted_relays", LIST}, /* its header says "relay" */
    {"HELO_Whitelist", "trusted_helo", LIST},
    {"Domain_Whitelist", "trusted_forwarders", LIST},
    {"Domain_Whitelist_PTR", "trusted_clients", LIST},
    {"Reject_Not_Pass_Domains", "pass_required", LIST},
    {"Lookup_Time", "time_limit", VALUE},
    {"Void_Limit", "void_lookups", VALUE},
    {"Hide_Receiver", "hide_receiver", YES},
};

static const struct {
	const char *name, *why;
} left[] = {
    {"debugLevel", "one line for each decision is always logged"},
    {"QueueID", "the queue id is logged where there is one"},
    {"Whitelist_Lookup_Time", "time_limit is for all together"},
    {"SPF_Enhanced_Status_Codes", "they are always sent"},
    {"Prospective", "postseal spf --ip answers that"},
    {"Mock", "not needed since Postfix 3.0"},
    {"Socket", "an option of pyspf-milter; see listen"},
    {"PidFile", "an option of pyspf-milter"},
    {"UserID", "the user is named in master.cf"},
    {"UMask", "an option of pyspf-milter; see socket_mode"},
    {"InternalHosts", "an option of pyspf-milter; see trusted_networks"},
    {"MacroList", "an option of pyspf-milter"},
};

static bool
is(const struct import_option *o, const char *name)
{
	return strcasecmp(o->name, name) == 0;
}

/* --- identities ----------------------------------------------------------- */

static void
print_reject(const char *word, unsigned tabs, struct buf *out)
{
	bool pass_only = strcasecmp(word, "SPF_Not_Pass") == 0;
	bool soft = pass_only || strcasecmp(word, "Softfail") == 0;

	if (strcasecmp(word, "No_Check") == 0 ||
	    strcasecmp(word, "Null") == 0) {
		import_key(out, tabs, "check", "false");
		return;
	}
	import_string(out, tabs, "fail",
	    soft || strcasecmp(word, "Fail") == 0 ? "reject" : "header");
	if (soft)
		import_string(out, tabs, "softfail", "reject");
	if (pass_only)
		import_string(out, tabs, "neutral", "reject");
}

static void
print_identity(const char *name, const struct identity *i,
    const struct policy *p, const char *reject, unsigned tabs, struct buf *out)
{
	struct buf keys;

	buf_init(&keys, CONFIG_FILE_MAX);
	if (i->reject != NULL || reject != NULL)
		print_reject(
		    i->reject != NULL ? i->reject : reject, tabs + 1, &keys);
	if (p->no_mail != NULL && import_is_true(p->no_mail))
		import_key(&keys, tabs + 1, "no_mail_only", "true");
	if (p->permerror != NULL && import_is_true(p->permerror))
		import_string(&keys, tabs + 1, "permerror", "reject");
	if (p->temperror != NULL && import_is_true(p->temperror))
		import_string(&keys, tabs + 1, "temperror", "defer");
	if (i->pass != NULL)
		import_string(&keys, tabs + 1, "pass", i->pass);
	import_whole(&keys, out);
	if (keys.n > 0) {
		for (unsigned t = 0; t < tabs; t++)
			buf_byte(out, '\t');
		buf_fmt(out, "%s {\n", name);
		buf_span(out, buf_view(&keys));
		for (unsigned t = 0; t < tabs; t++)
			buf_byte(out, '\t');
		buf_str(out, "}\n");
	}
	buf_free(&keys);
}

/* reject: what is said where the file says nothing; NULL: nothing. */
static void
print_policy(
    const struct policy *p, const char *reject, unsigned tabs, struct buf *out)
{
	if (p->test_only != NULL)
		import_key(out, tabs, "observe",
		    strcmp(p->test_only, "0") == 0 ||
		            strcasecmp(p->test_only, "False") == 0
		        ? "true"
		        : "false");
	print_identity("helo", &p->helo, p, reject, tabs, out);
	print_identity("mail_from", &p->mail_from, p, reject, tabs, out);
}

/* Takes an option that print_policy() will use. True if it is one. */
static bool
take_policy(struct policy *p, const struct import_option *o)
{
	const struct {
		const char *name, **value;
	} rows[] = {{"HELO_reject", &p->helo.reject},
	    {"Mail_From_reject", &p->mail_from.reject},
	    {"HELO_pass_restriction", &p->helo.pass},
	    {"Mail_From_pass_restriction", &p->mail_from.pass},
	    {"TestOnly", &p->test_only}, {"defaultSeedOnly", &p->test_only},
	    {"No_Mail", &p->no_mail}, {"PermError_reject", &p->permerror},
	    {"TempError_Defer", &p->temperror}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (is(o, rows[i].name)) {
			*rows[i].value = o->value;
			return true;
		}
	}
	return false;
}

/* A word that is an action of ours needs no restriction class. */
static void
note_class(struct policyd *d, const char *pass)
{
	static const char *const known[] = {"OK", "PERMIT", "DUNNO", "REJECT",
	    "DEFER", "DEFER_IF_PERMIT", "DEFER_IF_REJECT", "HOLD", "DISCARD",
	    "INFO", "WARN"};

	if (pass == NULL || strchr(pass, ' ') != NULL || span_is_digit(pass[0]))
		return;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcasecmp(pass, known[i]) == 0)
			return;
	}
	buf_fmt(&d->classes, "%s ", pass);
}

/* --- other options -------------------------------------------------------- */

/* {rejectdefer} -> {action}, {spf} -> {reason}; {url} and what leads to it
 * goes. */
static void
take_reason(struct policyd *d, const struct import_option *o)
{
	struct buf text;

	buf_init(&text, CONFIG_FILE_MAX);
	for (const char *p = o->value; *p != '\0';) {
		if (strcmp(p, " Please see {url}") == 0)
			p += strlen(" Please see ");
		if (strncmp(p, "{rejectdefer}", 13) == 0) {
			buf_str(&text, "{action}");
			p += 13;
		} else if (strncmp(p, "{spf}", 5) == 0) {
			buf_str(&text, "{reason}");
			p += 5;
		} else if (strncmp(p, "{url}", 5) == 0) {
			import_left(d->im, o,
			    "{url} led to a site that is "
			    "gone; put your own into "
			    "reply_text");
			p += 5;
		} else {
			buf_byte(&text, *p++);
		}
	}
	if (buf_text(&text) != NULL)
		import_string(
		    &d->im->policyd, 1, "reply_text", buf_text(&text));
	import_whole(&text, &d->im->policyd);
	buf_free(&text);
}

static int
take_header_type(struct policyd *d, const struct import_option *o)
{
	const char *word = strcasecmp(o->value, "SPF") == 0 ? "received-spf"
	    : strcasecmp(o->value, "AR") == 0   ? "authentication-results"
	    : strcasecmp(o->value, "None") == 0 ? "none"
	                                        : NULL;

	if (word == NULL)
		return import_bad(d->im, o, "not SPF, AR or None");
	import_string(&d->im->policyd, 1, "header", word);
	return 0;
}

/* True if it is one of the same options; then it is taken. */
static bool
take_same(struct policyd *d, const struct import_option *o, struct buf *out,
    unsigned tabs)
{
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		const struct row *r = &same[i];

		if (!is(o, r->name))
			continue;
		if (r->kind == LIST) {
			for (unsigned t = 0; t < tabs; t++)
				buf_byte(out, '\t');
			buf_fmt(out, "%s = ", r->key);
			import_list(o->value, out);
			buf_byte(out, '\n');
		} else if (r->kind == VALUE && import_is_number(o->value)) {
			import_key(out, tabs, r->key, o->value);
		} else if (r->kind == VALUE) {
			import_string(out, tabs, r->key, o->value);
		} else {
			import_key(out, tabs, r->key,
			    strcasecmp(o->value, "No") == 0 ? "false" : "true");
		}
		return true;
	}
	return false;
}

static bool
take_left(struct policyd *d, const struct import_option *o)
{
	for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
		if (is(o, left[i].name)) {
			import_left(d->im, o, left[i].why);
			return true;
		}
	}
	return false;
}

static int
got_option(void *arg, const struct import_option *o)
{
	struct policyd *d = arg;

	if (take_policy(&d->policy, o) || take_same(d, o, &d->im->policyd, 1) ||
	    take_left(d, o))
		return 0;
	if (is(o, "Header_Type")) {
		return take_header_type(d, o);
	} else if (is(o, "Reason_Message")) {
		take_reason(d, o);
	} else if (is(o, "Authserv_Id")) {
		if (strcmp(o->value, "HOSTNAME") != 0)
			import_string(&d->im->top, 0, "hostname", o->value);
	} else if (is(o, "Per_User")) {
		d->per_user = o->value;
		d->at = *o;
	} else {
		import_left(d->im, o, "there is nothing like it");
	}
	return 0;
}

/* --- Per_User ------------------------------------------------------------- */

/* "user@example.com,Opt=v|Opt=v": one section. */
static int
add_user(struct policyd *d, const char *file, unsigned line, char *text)
{
	struct policy policy = {.no_mail = NULL};
	struct import_option o = {.file = file, .line = line};
	struct buf *out = &d->im->policyd;
	char *options = strchr(text, ','), *one;

	if (options == NULL) {
		o.name = text;
		return import_bad(d->im, &o, "no options behind a comma");
	}
	*options++ = '\0';
	buf_str(out, "\trecipient ");
	tool_config_string(text, out);
	buf_str(out, " {\n");
	while ((one = strsep(&options, "|")) != NULL) {
		char *value = strchr(one, '=');

		o.name = one;
		if (value == NULL)
			return import_bad(d->im, &o, "no value");
		*value++ = '\0';
		o.value = value;
		if (!take_policy(&policy, &o) && !take_same(d, &o, out, 2))
			import_left(d->im, &o, "not for one recipient");
	}
	print_policy(&policy, NULL, 2, out);
	note_class(d, policy.helo.pass);
	note_class(d, policy.mail_from.pass);
	buf_str(out, "\t}\n");
	return 0;
}

/* "text,/path": the only kind of list that can be read without the old daemon.
 * */
static int
add_users(struct policyd *d)
{
	const char *file = strchr(d->per_user, '/');
	struct span rest;
	unsigned line = 0;
	struct buf text;
	int rc;

	if (file == NULL || strncmp(d->per_user, "text", 4) != 0)
		return import_bad(d->im, &d->at, "not text,/path");
	rc = tool_read_file(file, IMPORT_LIST_MAX, &text);
	if (rc != 0)
		return import_bad(d->im, &d->at, strerror(-rc));
	for (rest = buf_view(&text); rest.n > 0 && rc == 0;) {
		size_t n = span_find(rest, '\n');
		struct span row = span_of(rest.p, n);
		char *copy;

		line++;
		rest = span_skip(rest, n + 1);
		row = span_trim(span_of(row.p, span_find(row, '#')));
		if (row.n == 0)
			continue;
		copy = arena_dup(&d->im->arena, row);
		rc = copy == NULL ? -ENOMEM : add_user(d, file, line, copy);
	}
	buf_free(&text);
	return rc;
}

/* --- all ------------------------------------------------------------------ */

int
import_policyd(struct import *im, const char *file)
{
	struct policyd d = {.im = im};
	struct import_options all;
	int rc = import_read(im, file, true, &all);

	if (rc == 0)
		rc = import_each(im, &all, got_option, &d);
	if (rc != 0)
		return rc;
	buf_init(&d.classes, CONFIG_FILE_MAX);
	print_policy(&d.policy, "Fail", 1, &im->policyd);
	note_class(&d, d.policy.helo.pass);
	note_class(&d, d.policy.mail_from.pass);
	if (d.per_user != NULL)
		rc = add_users(&d);
	if (d.classes.n > 0 && buf_text(&d.classes) != NULL) {
		buf_str(&im->policyd, "\trestriction_classes = ");
		import_list(buf_text(&d.classes), &im->policyd);
		buf_byte(&im->policyd, '\n');
	}
	import_whole(&d.classes, &im->policyd);
	buf_free(&d.classes);
	return rc;
}

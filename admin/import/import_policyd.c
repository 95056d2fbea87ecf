/*
 * The migration table of postseal-policyd(8), as code.
 *
 * The trap: a line of Per_User says what is different for one recipient, and
 * our section of a recipient starts from the general one: so its tables are
 * printed whole.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/import/import_policy.h"
#include "admin/limits.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

struct policyd {
	struct import *im;
	struct import_policy policy;
	const struct import_option *per_user, *header_type, *authserv_id;
	struct buf classes; /* for restriction_classes */
};

/* What is the same under another name. */
static const struct row {
	const char *name, *key;
	enum { LIST, NUMBER, YES } kind;
	unsigned least, most; /* NUMBER: as in our rows */
} same[] = {
    {"skip_addresses", "trusted_networks", LIST, 0, 0},
    {"Whitelist", "trusted_relays", LIST, 0, 0}, /* its header says "relay" */
    {"HELO_Whitelist", "trusted_helo", LIST, 0, 0},
    {"Domain_Whitelist", "trusted_forwarders", LIST, 0, 0},
    {"Domain_Whitelist_PTR", "trusted_clients", LIST, 0, 0},
    {"Reject_Not_Pass_Domains", "pass_required", LIST, 0, 0},
    {"Lookup_Time", "time_limit", NUMBER, 1, 90},
    {"Void_Limit", "void_lookups", NUMBER, 0, 10},
    {"Hide_Receiver", "hide_receiver", YES, 0, 0},
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
	return strcmp(o->name, name) == 0;
}

/* --- identities ----------------------------------------------------------- */

/* The place of an option that import_policy_print() will use, or NULL. */
static const struct import_option **
policy_place(struct import_policy *p, const struct import_option *o)
{
	const struct {
		const char *name;
		const struct import_option **at;
	} rows[] = {{"HELO_reject", &p->helo},
	    {"Mail_From_reject", &p->mail_from},
	    {"HELO_pass_restriction", &p->helo_pass},
	    {"Mail_From_pass_restriction", &p->mail_from_pass},
	    {"TestOnly", &p->test_only}, {"defaultSeedOnly", &p->test_only},
	    {"No_Mail", &p->no_mail}, {"PermError_reject", &p->permerror},
	    {"TempError_Defer", &p->temperror}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (is(o, rows[i].name))
			return rows[i].at;
	}
	return NULL;
}

/* A word that is an action of ours needs no restriction class. */
static bool
is_class(const char *pass)
{
	static const char *const known[] = {"OK", "PERMIT", "DUNNO", "REJECT",
	    "DEFER", "DEFER_IF_PERMIT", "DEFER_IF_REJECT", "HOLD", "DISCARD",
	    "INFO", "WARN"};

	if (strchr(pass, ' ') != NULL || span_is_digit(pass[0]))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcasecmp(pass, known[i]) == 0)
			return false;
	}
	return true;
}

/* What is done on a pass. True if Postfix knows it. */
static bool
judge_pass(struct policyd *d, const struct import_option *o)
{
	struct buf text;
	bool good;

	buf_init(&text, CONFIG_FILE_MAX);
	if (is_class(o->value)) {
		import_put_list(d->im, o, "policyd", "restriction_classes",
		    o->value, 1, &text);
		good = text.n > 0;
	} else {
		import_string(&text, 2, "pass", o->value);
		good = import_judge(d->im, o, "policyd {\n\thelo {\n",
		    buf_view(&text), "\t}\n}\n");
	}
	if (good && is_class(o->value))
		buf_fmt(&d->classes, "%s ", o->value);
	buf_free(&text);
	return good;
}

/* What counts there only as it is spelled, and is not spelled so. */
static void
tell_spelling(struct policyd *d, const struct import_option *o)
{
	bool helo = is(o, "HELO_reject");

	if (helo || is(o, "Mail_From_reject")) {
		if (!import_policy_knows(o, helo))
			import_left(d->im, o,
			    "policyd-spf does not know this word: it refuses "
			    "no fail, and neither is it done here");
	} else if (strcasecmp(o->value, "True") == 0 ||
	    import_is_true(o->value)) {
		if (strcmp(o->value, "True") != 0)
			import_left(d->im, o,
			    "for policyd-spf only \"True\" is true: it is off "
			    "there and here");
	}
}

/* Takes an option for import_policy_print(). False if it is none. */
static bool
take_policy(
    struct policyd *d, struct import_policy *p, const struct import_option *o)
{
	const struct import_option **at = policy_place(p, o);
	bool pass = at == &p->helo_pass || at == &p->mail_from_pass;

	if (at == NULL || (pass && !judge_pass(d, o)))
		return at != NULL;
	if (!pass && at != &p->test_only)
		tell_spelling(d, o);
	*at = o;
	return true;
}

/* --- other options -------------------------------------------------------- */

/* Where the sentence begins that leads to a URL at the end of text. */
static size_t
sentence(const struct buf *text)
{
	for (size_t n = text->n; n > 1; n--) {
		if (text->p[n - 1] == ' ' && text->p[n - 2] == '.')
			return n - 1;
	}
	return text->n;
}

/* {rejectdefer} -> {action}, {spf} -> {reason}; {url} goes, and its
 * sentence. */
static void
make_reason(struct policyd *d, const struct import_option *o, struct buf *text)
{
	for (const char *p = o->value; *p != '\0';) {
		if (strncmp(p, "{rejectdefer}", 13) == 0) {
			buf_str(text, "{action}");
			p += 13;
		} else if (strncmp(p, "{spf}", 5) == 0) {
			buf_str(text, "{reason}");
			p += 5;
		} else if (strncmp(p, "{url}", 5) == 0) {
			import_left(d->im, o,
			    "{url} led to a site that is gone; put your own "
			    "into reply_text");
			p += 5;
			if (sentence(text) < text->n) {
				text->n = sentence(text);
				p += strcspn(p, ".");
				p += *p == '.';
			}
		} else {
			buf_byte(text, *p++);
		}
	}
}

static void
take_reason(struct policyd *d, const struct import_option *o)
{
	struct buf text;

	buf_init(&text, CONFIG_FILE_MAX);
	make_reason(d, o, &text);
	if (buf_text(&text) != NULL)
		import_string(
		    &d->im->policyd, 1, "reply_text", buf_text(&text));
	import_whole(&text, &d->im->policyd);
	buf_free(&text);
}

static void
take_header_type(struct policyd *d, const struct import_option *o)
{
	const char *word = strcasecmp(o->value, "SPF") == 0 ? "received-spf"
	    : strcasecmp(o->value, "AR") == 0   ? "authentication-results"
	    : strcasecmp(o->value, "None") == 0 ? "none"
	                                        : NULL;

	d->header_type = o;
	if (word == NULL)
		import_wrong(d->im, o, "not SPF, AR or None");
	else
		import_string(&d->im->policyd, 1, "header", word);
}

static void
take_number(struct policyd *d, const struct row *r,
    const struct import_option *o, unsigned tabs, struct buf *out)
{
	char why[60];
	const struct import_range range = {r->least, r->most, why};

	snprintf(
	    why, sizeof why, "%s may be %u to %u", r->key, r->least, r->most);
	import_number(d->im, o, r->key, &range, tabs, out);
}

static void
tell_same(struct policyd *d, const struct row *r, const struct import_option *o)
{
	if (strcmp(r->key, "pass_required") == 0)
		import_left(d->im, o,
		    "pass_required is stricter: it refuses none and permerror, "
		    "too, and defers temperror; it is not for domains below, "
		    "nor for HELO names");
	if (strcmp(r->key, "trusted_clients") == 0)
		import_left(
		    d->im, o, "only names that lead back to the client count");
}

/* True if it is one of the same options; then it is taken. */
static bool
take_same(struct policyd *d, const struct import_option *o, unsigned tabs,
    struct buf *out)
{
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		const struct row *r = &same[i];

		if (!is(o, r->name))
			continue;
		tell_same(d, r, o);
		if (r->kind == LIST)
			import_put_list(
			    d->im, o, "policyd", r->key, o->value, tabs, out);
		else if (r->kind == NUMBER)
			take_number(d, r, o, tabs, out);
		else
			import_key(out, tabs, r->key,
			    strcmp(o->value, "No") == 0 ? "false" : "true");
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

	if (take_policy(d, &d->policy, o) ||
	    take_same(d, o, 1, &d->im->policyd) || take_left(d, o))
		return 0;
	if (is(o, "Header_Type"))
		take_header_type(d, o);
	else if (is(o, "Reason_Message"))
		take_reason(d, o);
	else if (is(o, "Authserv_Id"))
		d->authserv_id = o;
	else if (is(o, "Per_User"))
		d->per_user = o;
	else
		import_left(d->im, o,
		    "policyd-spf itself does not know this name; its case "
		    "counts");
	return 0;
}

/* It is in Authentication-Results alone; here it is the name of this host. */
static void
end_authserv_id(struct policyd *d)
{
	const struct import_option *o = d->authserv_id;
	struct buf line;

	if (o == NULL || strcmp(o->value, "HOSTNAME") == 0)
		return;
	if (d->header_type == NULL ||
	    strcasecmp(d->header_type->value, "AR") != 0) {
		import_left(d->im, o, "it is for Header_Type = AR alone");
		return;
	}
	if (strchr(o->value, '.') == NULL) {
		import_wrong(d->im, o,
		    "not the full name of a host, by which readers could know "
		    "whose results they are; that of this host is taken");
		return;
	}
	buf_init(&line, CONFIG_FILE_MAX);
	import_string(&line, 0, "hostname", o->value);
	if (import_judge(d->im, o, "", buf_view(&line), ""))
		buf_span(&d->im->top, buf_view(&line));
	buf_free(&line);
}

/* --- Per_User ------------------------------------------------------------- */

static const struct import_option *
user_option(struct policyd *d, const char *file, unsigned line, char *name,
    const char *value)
{
	struct import_option *o = arena_alloc(&d->im->arena, sizeof *o);

	if (o != NULL)
		*o = (struct import_option){NULL, file, line, name, value};
	return o;
}

/* "Opt=v|Opt=v": what is different for one recipient. 0 or -ENOMEM. */
static int
take_user(struct policyd *d, const char *file, unsigned line, char *options,
    struct buf *out)
{
	struct import_policy policy = d->policy;
	char *one;

	while ((one = strsep(&options, "|")) != NULL) {
		char *value = strchr(one, '=');
		const struct import_option *o;

		if (value != NULL)
			*value++ = '\0';
		o = user_option(d, file, line, one, value);
		if (o == NULL)
			return -ENOMEM;
		if (value == NULL)
			import_wrong(d->im, o, "no value");
		else if (!take_policy(d, &policy, o) &&
		    !take_same(d, o, 2, out))
			import_left(d->im, o, "not for one recipient");
	}
	import_policy_print(&policy, true, 2, out);
	return 0;
}

/* "user@example.com,Opt=v|Opt=v": one section, in out. */
static int
make_user(struct policyd *d, const struct import_option *o, char *options,
    struct buf *out)
{
	int rc;

	buf_str(out, "\trecipient ");
	tool_config_string(o->name, out);
	buf_str(out, " {\n");
	rc = take_user(d, o->file, o->line, options, out);
	buf_str(out, "\t}\n");
	return rc;
}

static int
add_user(struct policyd *d, const char *file, unsigned line, char *text)
{
	char *options = strchr(text, ',');
	const struct import_option *o;
	struct buf head, section;
	int rc = -ENOMEM;

	if (options != NULL)
		*options++ = '\0';
	o = user_option(d, file, line, text, NULL);
	if (o == NULL)
		return -ENOMEM;
	if (options == NULL) {
		import_wrong(d->im, o, "no options after a comma");
		return 0;
	}
	buf_init(&head, CONFIG_FILE_MAX);
	buf_init(&section, CONFIG_FILE_MAX);
	rc = make_user(d, o, options, &section);
	buf_str(&head, "policyd {\n");
	import_key_words(&head, 1, "restriction_classes", &d->classes);
	if (rc == 0 && buf_text(&head) != NULL &&
	    import_judge(d->im, o, buf_text(&head), buf_view(&section), "}\n"))
		buf_span(&d->im->policyd, buf_view(&section));
	import_whole(&section, &d->im->policyd);
	buf_free(&head);
	buf_free(&section);
	return rc;
}

static int
add_users(struct policyd *d)
{
	const char *value = d->per_user->value, *file = strchr(value, '/');
	struct span rest;
	unsigned line = 0;
	struct buf text;
	int rc;

	rc = file == NULL || strncmp(value, "text", 4) != 0
	    ? -EINVAL
	    : tool_read_file(file, IMPORT_LIST_MAX, &text);
	if (rc != 0) {
		import_wrong(d->im, d->per_user,
		    rc == -EINVAL ? "not text,/path" : strerror(-rc));
		return 0;
	}
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

	buf_init(&d.classes, CONFIG_FILE_MAX);
	if (rc == 0)
		rc = import_each(im, &all, got_option, &d);
	if (rc == 0) {
		im->policyd_spf = true;
		/* as policyd-spf, which tells of clients that it skips */
		import_key(&im->policyd, 1, "skip_header", "true");
		end_authserv_id(&d);
		import_policy_print(&d.policy, false, 1, &im->policyd);
		if (d.per_user != NULL)
			rc = add_users(&d);
	}
	import_key_words(&im->policyd, 1, "restriction_classes", &d.classes);
	buf_free(&d.classes);
	return rc;
}

/*
 * The trap: the lines of what comes next, and of advice, are for people; in
 * JSON they stand as lists of such lines, as no program acts on them.
 */
#include <jansson.h>

#include "admin/limits.h"
#include "admin/setup/setuprun.h"
#include "admin/tool/invocation.h"
#include "admin/tool/subcommand.h"
#include "admin/tool/undo.h"

bool
setuprun_is_known(const struct setuprun *r)
{
	return r->applied || (r->planned && r->o->what == SETUP_SHOW);
}

bool
setuprun_is_nothing(const struct setuprun *r)
{
	return !r->new_key && !setuprun_needs_reload(r);
}

bool
setuprun_needs_reload(const struct setuprun *r)
{
	return r->plan.n > 0 || r->goes_on || r->config.changes.n > 0;
}

void
setupreport_postfix(const struct setuprun *r, const char *word, struct buf *out)
{
	struct postconf_command c;

	if (postconf_command(&r->postfix, &c, "postfix", word, NULL) != 0)
		return; /* what needs memory next will tell */
	postconf_command_print(&c, out);
	postconf_command_free(&c);
}

static void
genkey_line(const struct setuprun *r, struct buf *out)
{
	buf_str(out,
	    invocation("genkey %s --add%s", r->o->domain,
	        r->o->both ? " -t both" : ""));
}

/* True for the two ways that plan. */
static bool
plans(const struct setuprun *r)
{
	return r->o->what == SETUP_SHOW || r->o->what == SETUP_APPLY;
}

/* What is left to do by hand, a line each. */
static void
next_lines(const struct setuprun *r, struct buf *out)
{
	if (r->o->what == SETUP_SHOW && !setuprun_is_nothing(r)) {
		buf_str(out, "run this again with --apply\n");
		return;
	}
	if (r->start.n > 0)
		buf_fmt(out, "systemctl enable --now%.*s\n", (int)r->start.n,
		    r->start.p);
	if (r->asleep)
		setupreport_postfix(r, "start", out);
	if (!plans(r))
		return;
	if (r->dns.publish)
		buf_fmt(out,
		    "publish the record of the key; when DNS has it: %s\n",
		    invocation("testkey %s --activate", r->o->domain));
	buf_fmt(out, "%s\n", invocation("check"));
	if (r->dns.observes)
		buf_fmt(out,
		    "SPF refuses nothing yet (observe = true); when the log "
		    "looks right: %s\n",
		    invocation("setup --enforce"));
}

/* --- for people ----------------------------------------------------------- */

static void
print_config(const struct setuprun *r, struct buf *out)
{
	if (r->config.changes.n == 0)
		return;
	buf_fmt(out, "in %s:\n", r->o->config);
	buf_span(out, buf_view(&r->config.changes));
}

static void
print_plan(const struct setuprun *r, struct buf *out)
{
	if (setuprun_is_nothing(r)) {
		buf_str(out, "Nothing is left to change on this host.\n");
		return;
	}
	buf_str(out,
	    r->applied ? "This was done:\n\n"
	               : "This would be done (with --apply it is):\n\n");
	if (r->new_key) {
		genkey_line(r, out);
		buf_byte(out, '\n');
	}
	print_config(r, out);
	for (size_t i = 0; i < r->plan.n; i++)
		postconf_command_print(&r->plan.command[i], out);
	if (r->goes_on)
		buf_str(out, "(to end what an earlier run has begun)\n");
	if (r->plan.n > 0 || r->goes_on)
		setupreport_postfix(r, "check", out);
	if (setuprun_needs_reload(r))
		setupreport_postfix(r, "reload", out);
	buf_byte(out, '\n');
	buf_span(out, buf_view(&r->plan.advice));
}

static void
print_asleep(const struct setuprun *r, struct buf *out)
{
	if (!r->asleep)
		return;
	buf_str(out, "Postfix is not running: ");
	setupreport_postfix(r, "start", out);
}

static void
print_enforced(const struct setuprun *r, struct buf *out)
{
	if (r->config.changes.n == 0)
		buf_str(out, "Mail may be refused for SPF already.\n");
	print_config(r, out);
	buf_span(out, buf_view(&r->plan.advice));
	print_asleep(r, out);
	if (r->start.n == 0 && !r->untold)
		buf_str(out, "All that runs has these settings.\n");
}

static void
print_undone(const struct setuprun *r, struct buf *out)
{
	buf_str(out,
	    "main.cf and master.cf are as they were; keys and config of "
	    "postseal stay.\n");
	buf_span(out, buf_view(&r->plan.advice));
	print_asleep(r, out);
}

static void
print_next(const struct setuprun *r, struct buf *out)
{
	struct buf lines;
	struct span rest;

	buf_init(&lines, TOOL_MESSAGES_MAX);
	next_lines(r, &lines);
	buf_str(out, "What comes next:\n");
	for (rest = buf_view(&lines); rest.n > 0;) {
		size_t n = span_find(rest, '\n');

		buf_fmt(out, "- %.*s\n", (int)n, rest.p);
		rest = span_skip(rest, n + 1);
	}
	buf_free(&lines);
}

void
setupreport_print(const struct setuprun *r, struct buf *out)
{
	if (r->o->what == SETUP_ENFORCE && r->applied && !r->shown)
		print_enforced(r, out);
	else if (r->o->what == SETUP_UNDO && r->applied && !r->shown)
		print_undone(r, out);
	if (!plans(r))
		return;
	if (!r->shown && setuprun_is_known(r))
		print_plan(r, out);
	setupdns_print(&r->dns, out);
	if (setuprun_is_known(r))
		print_next(r, out);
}

/* --- for machines --------------------------------------------------------- */

static json_t *
change(struct span file, struct span what)
{
	return json_pack("{s:o, s:o}", "file", subcommand_clean_json(file),
	    "what", subcommand_clean_json(what));
}

/* The key, which stands below the folder of its domain. */
static int
add_key(const struct setuprun *r, json_t *all)
{
	struct buf file, what;
	int rc;

	buf_init(&file, TOOL_MESSAGES_MAX);
	buf_init(&what, TOOL_MESSAGES_MAX);
	buf_fmt(&file, "%s/%s", r->o->keydir, r->o->domain);
	genkey_line(r, &what);
	rc = json_array_append_new(
	    all, change(buf_view(&file), buf_view(&what)));
	buf_free(&file);
	buf_free(&what);
	return rc;
}

static int
add_config(const struct setuprun *r, json_t *all)
{
	struct span rest = buf_view(&r->config.changes);
	int rc = 0;

	while (rest.n > 0 && rc == 0) {
		size_t n = span_find(rest, '\n');

		rc = json_array_append_new(all,
		    change(
		        span_str(r->o->config), span_trim(span_of(rest.p, n))));
		rest = span_skip(rest, n + 1);
	}
	return rc;
}

/* One of Postfix's files. */
static int
add_postfix(
    const struct setuprun *r, json_t *all, const char *name, struct span what)
{
	struct buf file;
	int rc;

	buf_init(&file, TOOL_MESSAGES_MAX);
	buf_span(&file, buf_view(&r->plan.dir));
	buf_fmt(&file, "/%s", name);
	rc = json_array_append_new(all, change(buf_view(&file), what));
	buf_free(&file);
	return rc;
}

/* "postconf [-c DIR] -M ..." is of master.cf, "-e" of main.cf. */
static const char *
file_of(const struct postconf_command *c)
{
	for (size_t i = 1; i < POSTCONF_WORDS_MAX && c->word[i] != NULL; i++) {
		if (strcmp(c->word[i], "-M") == 0)
			return "master.cf";
	}
	return "main.cf";
}

static int
add_command(
    const struct setuprun *r, json_t *all, const struct postconf_command *c)
{
	struct buf line;
	int rc;

	buf_init(&line, TOOL_MESSAGES_MAX);
	postconf_command_print(c, &line);
	rc = add_postfix(r, all, file_of(c),
	    span_of(line.p, line.n == 0 ? 0 : line.n - 1)); /* no '\n' */
	buf_free(&line);
	return rc;
}

static json_t *
changes_json(const struct setuprun *r)
{
	json_t *all = json_array();
	int rc = r->new_key ? add_key(r, all) : 0;

	rc |= add_config(r, all);
	for (size_t i = 0; i < r->plan.n; i++)
		rc |= add_command(r, all, &r->plan.command[i]);
	if (r->o->what == SETUP_UNDO) {
		rc |= add_postfix(r, all, "main.cf", span_str("put back"));
		rc |= add_postfix(r, all, "master.cf", span_str("put back"));
	}
	if (rc == 0)
		return all;
	json_decref(all);
	return NULL;
}

/* The files as they were before, for --undo. */
static json_t *
kept_json(const struct setuprun *r)
{
	struct buf lines, dir;
	json_t *all;

	buf_init(&lines, TOOL_MESSAGES_MAX);
	buf_init(&dir, TOOL_MESSAGES_MAX);
	buf_span(&dir, buf_view(&r->plan.dir));
	if (dir.n > 0 && buf_text(&dir) != NULL)
		undo_list(buf_text(&dir), &lines);
	buf_free(&dir);
	all = subcommand_lines_json(buf_view(&lines));
	buf_free(&lines);
	return all;
}

static json_t *
next_json(const struct setuprun *r)
{
	struct buf lines;
	json_t *all;

	buf_init(&lines, TOOL_MESSAGES_MAX);
	next_lines(r, &lines);
	all = subcommand_lines_json(buf_view(&lines));
	buf_free(&lines);
	return all;
}

json_t *
setupreport_json(const struct setuprun *r)
{
	static const char *const modes[] = {
	    [SETUP_SHOW] = "show",
	    [SETUP_APPLY] = "apply",
	    [SETUP_UNDO] = "undo",
	    [SETUP_ENFORCE] = "enforce",
	};

	return json_pack("{s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "mode", modes[r->o->what], "applied", (int)r->applied, "goes_on",
	    (int)r->goes_on, "told",
	    (int)(r->applied && r->start.n == 0 && !r->untold &&
	        !r->dns.untold),
	    "changes", changes_json(r), "kept", kept_json(r), "records",
	    setupdns_records_json(&r->dns), "missing",
	    setupdns_missing_json(&r->dns), "advice",
	    subcommand_lines_json(buf_view(&r->plan.advice)), "next",
	    next_json(r));
}

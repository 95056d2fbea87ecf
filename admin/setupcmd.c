#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "admin/confedit.h"
#include "admin/dnswait.h"
#include "admin/domainfile.h"
#include "admin/domainkey.h"
#include "admin/genkey.h"
#include "admin/newfile.h"
#include "admin/setupcmd.h"
#include "admin/setupplan.h"
#include "admin/undo.h"
#include "common/domain.h"
#include "common/limits.h"

struct options {
	const char *config, *postfix, *keydir;
	char domain[DOMAIN_MAX + 1];
	enum { SHOW, APPLY, UNDO, ENFORCE } what;
	bool both;
};

/* One run. */
struct run {
	const struct options *o;
	struct postconf postfix;
	struct settings *settings; /* defaults where there is no config yet */
	struct setupplan plan;
	struct buf text;    /* of the config as it shall be */
	struct buf changes; /* of it, for people; empty: none */
	bool new_key;
	struct buf out, why;
};

static const struct confedit_step in_policyd[] = {{"policyd", NULL}};

/* --- the config ----------------------------------------------------------- */

static int
fail(struct run *r, const char *path, int rc)
{
	buf_fmt(&r->why, "%s: %s\n", path, strerror(-rc));
	return rc;
}

/* Sets a value in r->text. */
static int
set(struct run *r, const struct confedit_step *path, size_t depth,
    const char *key, const char *value)
{
	struct buf next;
	const char *reason = NULL;
	unsigned line = 0;
	int rc;

	buf_init(&next, CONFIG_FILE_MAX);
	rc = confedit_set(
	    buf_view(&r->text), path, depth, key, value, &next, &line, &reason);
	if (rc != 0) {
		buf_free(&next);
		if (reason != NULL)
			buf_fmt(
			    &r->why, "%s:%u: %s\n", r->o->config, line, reason);
		else
			fail(r, r->o->config, rc);
		return rc;
	}
	buf_free(&r->text);
	r->text = next;
	buf_fmt(&r->changes, "  %s%s%s = %s%s\n",
	    depth > 0 ? path[0].section : "", depth > 0 ? " { " : "", key,
	    value, depth > 0 ? " }" : "");
	return 0;
}

/* The name that Postfix has, and nothing refused at first. */
static int
plan_config(struct run *r)
{
	struct span there;
	struct buf name;
	int rc = 0;

	buf_init(&name, DOMAIN_MAX * 2 + 3);
	if (buf_text(&r->plan.hostname) != NULL)
		tool_config_string(buf_text(&r->plan.hostname), &name);
	if (buf_text(&name) == NULL)
		rc = fail(r, r->o->config, -ENOMEM);
	if (rc == 0 &&
	    confedit_get(buf_view(&r->text), NULL, 0, "hostname", &there) ==
	        -ENOENT)
		rc = set(r, NULL, 0, "hostname", buf_text(&name));
	if (rc == 0 && !r->plan.wired &&
	    confedit_get(buf_view(&r->text), in_policyd, 1, "observe",
	        &there) == -ENOENT)
		rc = set(r, in_policyd, 1, "observe", "true");
	buf_free(&name);
	return rc;
}

/* Writes r->text, if it is a good config. */
static int
store_config(struct run *r)
{
	struct settings *s = NULL;
	struct buf warn;
	int rc;

	if (r->changes.n == 0)
		return 0;
	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = settings_parse(
	    r->o->config, buf_view(&r->text), SETTINGS_ALL, &s, &r->why, &warn);
	buf_free(&warn);
	settings_free(s);
	if (rc != 0)
		return rc;
	rc = newfile_replace(r->o->config, buf_view(&r->text), 0644);
	return rc == 0 ? 0 : fail(r, r->o->config, rc);
}

/* Settings and text of the config; that of a new host is empty. */
static int
read_config(struct run *r)
{
	const char *file = r->o->config;
	struct buf warn;
	int rc = tool_read_file(file, CONFIG_FILE_MAX, &r->text);
	bool is_new = rc == -ENOENT;

	if (rc != 0 && !is_new)
		return fail(r, file, rc);
	if (is_new)
		buf_init(&r->text, CONFIG_FILE_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = is_new
	    ? settings_parse(file, span_str(""), SETTINGS_ALL, &r->settings,
	          &r->why, &warn)
	    : settings_read(file, SETTINGS_ALL, &r->settings, &r->why, &warn);
	buf_free(&warn);
	return rc;
}

/* --- what is shown -------------------------------------------------------- */

static bool
is_nothing(const struct run *r)
{
	return !r->new_key && r->changes.n == 0 && r->plan.n == 0;
}

static void
show(struct run *r)
{
	const struct options *o = r->o;

	if (is_nothing(r)) {
		buf_str(&r->out, "Nothing is left to change on this host.\n");
		return;
	}
	buf_str(&r->out,
	    o->what == APPLY ? "This is done:\n\n"
	                     : "This would be done (with --apply it is):\n\n");
	if (r->new_key)
		buf_fmt(&r->out, "postseal genkey %s --add%s\n", o->domain,
		    o->both ? " -t both" : "");
	if (r->changes.n > 0) {
		buf_fmt(&r->out, "in %s:\n", o->config);
		buf_span(&r->out, buf_view(&r->changes));
	}
	for (size_t i = 0; i < r->plan.n; i++)
		postconf_command_print(&r->plan.command[i], &r->out);
	if (r->plan.n > 0)
		buf_fmt(&r->out, "postfix%s%s check\npostfix%s%s reload\n",
		    o->postfix == NULL ? "" : " -c ",
		    o->postfix == NULL ? "" : o->postfix,
		    o->postfix == NULL ? "" : " -c ",
		    o->postfix == NULL ? "" : o->postfix);
	buf_byte(&r->out, '\n');
	buf_span(&r->out, buf_view(&r->plan.advice));
}

/* --- what is done --------------------------------------------------------- */

static int
make_key(struct run *r)
{
	struct genkey g = {.domain = r->o->domain,
	    .keydir = r->o->keydir,
	    .algorithm = KEY_RSA_SHA256,
	    .bits = KEY_RSA_BITS_GOOD,
	    .now = time(NULL),
	    .config = r->o->config};
	struct buf quiet; /* the records are printed when DNS was asked */
	int rc;

	buf_init(&quiet, TOOL_MESSAGES_MAX);
	rc = genkey_all(&g, r->o->both, &quiet, &r->why);
	buf_free(&quiet);
	return rc;
}

/* "postfix WORD", as the instance wants it. */
static int
run_postfix(struct run *r, const char *word, struct buf *why)
{
	struct postconf_command c;
	int rc = postconf_command(&r->postfix, &c, "postfix", word, NULL);

	if (rc != 0)
		return rc;
	rc = postconf_command_run(&c, why);
	postconf_command_free(&c);
	return rc;
}

static int
reload_postfix(struct run *r)
{
	struct buf quiet;
	bool runs;

	buf_init(&quiet, TOOL_MESSAGES_MAX);
	runs = run_postfix(r, "status", &quiet) == 0;
	buf_free(&quiet);
	if (runs)
		return run_postfix(r, "reload", &r->why);
	buf_str(&r->out, "Postfix is not running: postfix start\n");
	return 0;
}

/* All commands, or none. */
static int
change_postfix(struct run *r)
{
	const char *dir = buf_text(&r->plan.dir);
	int rc;

	if (r->plan.n == 0)
		return 0;
	if (dir == NULL)
		return fail(r, "postconf", -ENOMEM);
	rc = undo_save(dir, &r->why);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < r->plan.n && rc == 0; i++)
		rc = postconf_command_run(&r->plan.command[i], &r->why);
	if (rc == 0)
		rc = run_postfix(r, "check", &r->why);
	if (rc == 0)
		rc = undo_seal(dir, &r->why);
	if (rc != 0) {
		if (undo_rollback(dir, &r->why) == 0)
			buf_str(&r->why,
			    "main.cf and master.cf are as they "
			    "were\n");
		return rc;
	}
	return reload_postfix(r);
}

static int
apply(struct run *r)
{
	int rc = r->new_key ? make_key(r) : 0;

	if (rc == 0)
		rc = store_config(r);
	if (rc == 0)
		rc = change_postfix(r);
	if (rc == 0 && !is_nothing(r))
		buf_str(&r->out,
		    "The signer must run, with this config: systemctl enable "
		    "--now postseal-signer,\nor, if it does: systemctl reload "
		    "postseal-signer\n\n");
	return rc;
}

/* --- DNS ------------------------------------------------------------------ */

static bool
has_record(const struct dns_answer *a, const char *begin)
{
	size_t n = strlen(begin);

	for (size_t i = 0; a->status == DNS_FOUND && i < a->n; i++) {
		if (a->record[i].txt.n >= n &&
		    span_ieqs(span_of(a->record[i].txt.p, n), begin))
			return true;
	}
	return a->status == DNS_TEMPERROR;
}

/* SPF and DMARC, where the domain has none. */
static int
advise_policies(struct run *r, struct tool *t)
{
	char name[DOMAIN_MAX + sizeof "_dmarc."];
	struct dnswait q[] = {
	    {.name = r->o->domain, .type = DNS_TXT},
	    {.name = name, .type = DNS_TXT},
	};
	int rc;

	snprintf(name, sizeof name, "_dmarc.%s", r->o->domain);
	rc = dnswait_all(t->loop, t->resolver, q, 2);
	if (rc != 0)
		return fail(r, "DNS", rc);
	if (!has_record(q[0].answer, "v=spf1"))
		buf_fmt(&r->out,
		    "There is no SPF record. If mail of the domain comes from "
		    "its MX hosts and this one:\n\n"
		    "%s. IN TXT \"v=spf1 mx a:%s ~all\"\n\n",
		    r->o->domain, t->settings->hostname);
	if (!has_record(q[1].answer, "v=DMARC1"))
		buf_fmt(&r->out,
		    "There is no DMARC record. To begin with:\n\n"
		    "%s. IN TXT \"v=DMARC1; p=none;\"\n\n",
		    name);
	dnswait_free(q, 2);
	return 0;
}

/* Activates, or asks for the record. */
static int
tell_key(struct run *r, const struct domainkey *k)
{
	if (k->problem != NULL) {
		buf_fmt(&r->why, "%s: %s\n", k->settings->file, k->problem);
		return -EINVAL;
	}
	if (!domainkey_good(k)) {
		buf_fmt(
		    &r->out, "%s: %.*s.\n", k->name, (int)k->text.n, k->text.p);
		genkey_record(k->domain->name, k->settings->selector,
		    k->facts.algorithm, buf_view(&k->half), &r->out);
		return 0;
	}
	if (k->settings->active)
		return 0;
	if (r->o->what != APPLY) {
		buf_fmt(&r->out,
		    "%s is in DNS: --apply, or postseal testkey %s --activate, "
		    "lets the key sign\n",
		    k->name, k->domain->name);
		return 0;
	}
	buf_fmt(&r->out,
	    "%s is in DNS: the key signs after systemctl reload "
	    "postseal-signer\n",
	    k->name);
	return domainfile_activate(k->settings, k->domain->name, &r->why);
}

/* What DNS has, and what is to be published. */
static int
look_at_dns(struct run *r)
{
	struct domainkey *k = NULL;
	struct tool t;
	size_t n = 0;
	int rc;

	if (access(r->o->config, F_OK) != 0)
		return 0; /* nothing was applied yet */
	rc = tool_open(&t, "setup", r->o->config, SETTINGS_ALL);
	if (rc != 0)
		return rc;
	rc = domainkey_look(&t, r->o->domain, NULL, &k, &n);
	if (rc != 0)
		fail(r, "DNS", rc);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = tell_key(r, &k[i]);
	if (rc == 0)
		rc = advise_policies(r, &t);
	if (rc == 0 && t.settings->policyd.observe)
		buf_str(&r->out,
		    "SPF refuses nothing yet (observe = true). When the log "
		    "looks right:\npostseal setup --enforce\n");
	domainkey_free(k, n);
	tool_close(&t);
	return rc;
}

/* --- the four ways -------------------------------------------------------- */

static int
set_up(struct run *r)
{
	const struct domain_settings *d;
	int rc = read_config(r);

	if (rc == 0)
		rc = setupplan_make(&r->postfix, r->settings,
		    strcmp(r->o->config, SETTINGS_FILE) == 0 ? NULL
		                                             : r->o->config,
		    &r->plan, &r->why);
	if (rc == 0)
		rc = plan_config(r);
	if (rc != 0)
		return rc;
	d = settings_domain(r->settings, span_str(r->o->domain));
	r->new_key = d == NULL || d->nkeys == 0;
	show(r);
	if (r->o->what == APPLY)
		rc = apply(r);
	return rc == 0 ? look_at_dns(r) : rc;
}

static int
enforce(struct run *r)
{
	int rc = read_config(r);

	if (rc == 0)
		rc = set(r, in_policyd, 1, "observe", "false");
	if (rc == 0)
		rc = store_config(r);
	if (rc == 0)
		buf_fmt(&r->out,
		    "%s: observe = false. It counts from now on for new "
		    "connections; at once after\npostfix reload (a standing "
		    "daemon: systemctl reload postseal-policyd)\n",
		    r->o->config);
	return rc;
}

static int
undo(struct run *r)
{
	int rc;

	buf_init(&r->plan.dir, CONFIG_FILE_MAX);
	rc = postconf_get(
	    &r->postfix, "config_directory", false, &r->plan.dir, &r->why);
	if (rc == 0 && buf_text(&r->plan.dir) == NULL)
		rc = fail(r, "postconf", -ENOMEM);
	if (rc == 0)
		rc = undo_restore(buf_text(&r->plan.dir), &r->why);
	if (rc == 0)
		buf_str(&r->out,
		    "main.cf and master.cf are as they were; "
		    "keys and config of postseal stay.\n");
	return rc == 0 ? reload_postfix(r) : rc;
}

static int
run(const struct options *o)
{
	struct run r = {.o = o, .postfix = {.dir = o->postfix}};
	int rc = 0;

	buf_init(&r.out, TOOL_TEXT_MAX);
	buf_init(&r.why, TOOL_MESSAGES_MAX);
	buf_init(&r.changes, TOOL_MESSAGES_MAX);
	switch (o->what) {
	case SHOW:
	case APPLY:
		rc = set_up(&r);
		break;
	case UNDO:
		rc = undo(&r);
		break;
	case ENFORCE:
		rc = enforce(&r);
		break;
	}
	if (tool_print("setup", &r.out, stdout) != 0)
		rc = -EIO;
	tool_complain("setup", &r.why);
	setupplan_free(&r.plan);
	settings_free(r.settings);
	buf_free(&r.text);
	buf_free(&r.changes);
	buf_free(&r.out);
	buf_free(&r.why);
	return rc == 0 ? TOOL_OK : TOOL_FAILED;
}

/* --- the command line ----------------------------------------------------- */

static const char help[] =
    "postseal setup DOMAIN - show what this host needs to sign mail of DOMAIN "
    "and to\ncheck SPF, and do it\n"
    "\n"
    "  -a, --apply           do it: key, config, Postfix (which is checked and "
    "reloaded)\n"
    "  -e, --enforce         no DOMAIN: let SPF refuse mail, too\n"
    "  -u, --undo            no DOMAIN: put main.cf and master.cf back\n"
    "  -2, --both            an RSA and an Ed25519 key\n"
    "  -p, --postfix DIR     another instance: as in postconf -c DIR\n"
    "  -D, --directory DIR   for keys, instead of " GENKEY_KEYDIR "\n"
    "  -c, --config FILE     instead of " SETTINGS_FILE "\n"
    "  -h, --help            print this\n"
    "\n"
    "Run it again when the records are in DNS: then the key begins to sign.\n"
    "Exit status: 0; 1 when something could not be done, 2 when the command "
    "line is\n"
    "wrong.\n";

static int
read_option(int letter, struct options *o)
{
	int what = letter == 'a' ? APPLY
	    : letter == 'e'      ? ENFORCE
	    : letter == 'u'      ? UNDO
	                         : SHOW;

	if (what != SHOW && o->what != SHOW)
		return tool_wrong("setup", "one thing at a time", NULL);
	if (what != SHOW)
		o->what = what;
	else if (letter == '2')
		o->both = true;
	else if (letter == 'p')
		o->postfix = optarg;
	else if (letter == 'D')
		o->keydir = optarg;
	else if (letter == 'c')
		o->config = optarg;
	else
		return tool_wrong(
		    "setup", "that is not how it is called", NULL);
	return 0;
}

/* 0, 1 after --help, or -EINVAL after saying what is wrong. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {{"apply", no_argument, NULL, 'a'},
	    {"enforce", no_argument, NULL, 'e'},
	    {"undo", no_argument, NULL, 'u'}, {"both", no_argument, NULL, '2'},
	    {"postfix", required_argument, NULL, 'p'},
	    {"directory", required_argument, NULL, 'D'},
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	bool needs_domain;
	int letter, rc = 0;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while (rc == 0 &&
	    (letter = getopt_long(argc, argv, "aeu2p:D:c:h", longs, NULL)) !=
	        -1) {
		if (letter == 'h')
			return fputs(help, stdout) == EOF ? -EIO : 1;
		rc = read_option(letter, o);
	}
	if (rc != 0)
		return rc;
	if (o->config[0] != '/') /* master.cf will have it */
		return tool_wrong(
		    "setup", "the config needs its whole path", o->config);
	needs_domain = o->what == SHOW || o->what == APPLY;
	if (optind + 1 < argc || (!needs_domain && optind < argc))
		return tool_wrong("setup", "what is", argv[argc - 1]);
	if (!needs_domain)
		return 0;
	if (optind == argc)
		return tool_wrong("setup", "which domain?", NULL);
	return tool_domain("setup", argv[optind], o->domain);
}

int
setupcmd_run(int argc, char **argv)
{
	struct options o = {.config = SETTINGS_FILE, .keydir = GENKEY_KEYDIR};
	int rc = read_options(argc, argv, &o);

	if (rc != 0)
		return rc > 0 ? TOOL_OK : TOOL_COMMAND_LINE;
	return run(&o);
}

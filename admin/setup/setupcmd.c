/*
 * The trick: all is planned before anything is done, so what is shown is what
 * --apply does, and a second run plans what the first has left. Where --apply
 * refuses, or fails, the plan is not shown: it was not done.
 *
 * The trap: the order. Key and config come first, as they harm nobody; main.cf
 * and master.cf last, all of it or nothing (undo.h), since mail depends on them
 * from then on; and before those somebody has to answer where Postfix will ask.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/key/follow.h"
#include "admin/key/genkey.h"
#include "admin/limits.h"
#include "admin/postfix/wiring.h"
#include "admin/setup/setupcmd.h"
#include "admin/setup/setupconfig.h"
#include "admin/setup/setupdns.h"
#include "admin/setup/setupenforce.h"
#include "admin/setup/setupplan.h"
#include "admin/tool/tool.h"
#include "admin/tool/undo.h"
#include "common/bytes/domain.h"
#include "common/limits.h"
#include "signer/keys/keys.h"

struct options {
	const char *config; /* the call's */
	const char *keydir;
	char domain[DOMAIN_MAX + 1];
	enum { SHOW, APPLY, UNDO, ENFORCE } what;
	bool both, verify;
};

/* One run. */
struct run {
	const struct options *o;
	struct buf *out, *why; /* the call's */
	struct postconf postfix;
	struct setupconfig config;
	struct setupplan plan;
	bool new_key, goes_on; /* an earlier run was cut off */
	struct buf start;      /* units that do not run, with a blank before */
	bool untold;           /* a daemon runs with older settings, told */
	bool asleep;           /* Postfix does not run */
};

static int
fail(struct run *r, const char *what, int rc)
{
	buf_fmt(r->why, "%s: %s\n", what, strerror(-rc));
	return rc;
}

/* --- what is shown -------------------------------------------------------- */

static bool
is_nothing(const struct run *r)
{
	return !r->new_key && !r->goes_on && r->config.changes.n == 0 &&
	    r->plan.n == 0;
}

/* "postfix WORD", as the instance wants it, for people. */
static void
show_postfix(struct run *r, const char *word, struct buf *out)
{
	struct postconf_command c;

	if (postconf_command(&r->postfix, &c, "postfix", word, NULL) != 0)
		return; /* what needs memory next will tell */
	postconf_command_print(&c, out);
	postconf_command_free(&c);
}

/* True if Postfix is to be reloaded: its own files change, or the config, as
 * the policyd that it spawns keeps its settings as long as smtpd asks it. */
static bool
needs_reload(const struct run *r)
{
	return r->plan.n > 0 || r->goes_on || r->config.changes.n > 0;
}

static void
show(struct run *r)
{
	const struct options *o = r->o;

	if (is_nothing(r)) {
		buf_str(r->out, "Nothing is left to change on this host.\n");
		return;
	}
	buf_str(r->out,
	    o->what == APPLY ? "This was done:\n\n"
	                     : "This would be done (with --apply it is):\n\n");
	if (r->new_key)
		buf_fmt(r->out, "postseal genkey %s --add%s\n", o->domain,
		    o->both ? " -t both" : "");
	if (r->config.changes.n > 0) {
		buf_fmt(r->out, "in %s:\n", o->config);
		buf_span(r->out, buf_view(&r->config.changes));
	}
	for (size_t i = 0; i < r->plan.n; i++)
		postconf_command_print(&r->plan.command[i], r->out);
	if (r->goes_on)
		buf_str(r->out, "(to end what an earlier run has begun)\n");
	if (r->plan.n > 0 || r->goes_on)
		show_postfix(r, "check", r->out);
	if (needs_reload(r))
		show_postfix(r, "reload", r->out);
	buf_byte(r->out, '\n');
	buf_span(r->out, buf_view(&r->plan.advice));
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
	struct genkey_pair made; /* its records are printed after DNS */
	int rc = genkey_all(&g, r->o->both, &made, r->why);

	genkey_clear_all(&made);
	return rc;
}

static int
reload_postfix(struct run *r)
{
	if (postconf_postfix_runs(&r->postfix))
		return postconf_run_postfix(&r->postfix, "reload", r->why);
	r->asleep = true;
	return 0;
}

static void
tell_asleep(struct run *r)
{
	if (!r->asleep)
		return;
	buf_str(r->out, "Postfix is not running: ");
	show_postfix(r, "start", r->out);
}

/* True where the config has the address that was the default before. */
static bool
listens_as_before(const struct daemon_settings *d)
{
	char text[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < d->listen.n; i++) {
		if (strcmp(endpoint_text(&d->listen.v[i], text),
		        SETTINGS_LEGACY_SIGNER) == 0)
			return true;
	}
	return d->legacy.n > 0;
}

/* Of a main.cf that was put back, and the config that stays: told into ret.
 * What cannot be read is not told of; `postseal check` does that. */
static void
tell_of_signer(struct run *r, struct buf *ret)
{
	struct setupconfig now = {.settings = NULL};
	struct buf milters, why;

	buf_init(&milters, CONFIG_FILE_MAX);
	buf_init(&why, TOOL_MESSAGES_MAX);
	if (setupconfig_read(&now, r->o->config, &why) == 0 &&
	    !listens_as_before(&now.settings->signer.daemon) &&
	    postconf_get(&r->postfix, "smtpd_milters", true, &milters, &why) ==
	        0 &&
	    wiring_has_milter(buf_view(&milters), SETTINGS_LEGACY_SIGNER))
		buf_fmt(ret,
		    "main.cf names " SETTINGS_LEGACY_SIGNER
		    " again, but %s does not: take signer.listen\nout of it, "
		    "or add the address, and reload postseal-signer.\n",
		    r->o->config);
	setupconfig_free(&now);
	buf_free(&milters);
	buf_free(&why);
}

/* What a failure has left of Postfix's files. */
static int
take_back(struct run *r, const char *dir)
{
	int rc = undo_rollback(dir, r->why);

	if (rc == 0) {
		buf_str(r->why, "main.cf and master.cf are as they were\n");
		tell_of_signer(r, r->why);
	} else {
		buf_fmt(r->why,
		    "main.cf and master.cf could not be put back; what they "
		    "were is in %s/postseal.undo\n",
		    dir);
	}
	return rc;
}

/* All commands, or none. What an earlier run has begun is ended. It is sealed
 * last, so that one that is cut off before the reload reloads in the next
 * run. */
static int
change_postfix(struct run *r)
{
	const char *dir = buf_text(&r->plan.dir);
	int rc;

	if (r->plan.n == 0 && !r->goes_on)
		return needs_reload(r) ? reload_postfix(r) : 0;
	if (dir == NULL)
		return fail(r, "postconf", -ENOMEM);
	rc = undo_save(dir, r->why);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < r->plan.n && rc == 0; i++)
		rc = postconf_command_run(&r->plan.command[i], r->why);
	if (rc == 0)
		rc = postconf_run_postfix(&r->postfix, "check", r->why);
	if (rc != 0) {
		(void)take_back(r, dir);
		return rc;
	}
	rc = reload_postfix(r);
	return undo_seal(dir, r->why) == 0 ? rc : -EIO;
}

/* True if somebody listens there. */
static bool
answers(const struct endpoint *at)
{
	int fd;

	if (tool_connect(at, SETUP_ANSWER_SECONDS, &fd) != 0)
		return false;
	close(fd);
	return true;
}

/* From the moment when main.cf names them mail waits for daemons that are away.
 * 0, or -ENOTCONN after saying which are, and what starts them. */
static int
ask_daemons(struct run *r)
{
	const struct setupplan *p = &r->plan;
	char text[ENDPOINT_TEXT_MAX];
	struct buf units;

	if (p->n == 0 || !postconf_postfix_runs(&r->postfix))
		return 0;
	buf_init(&units, 100);
	for (size_t i = 0; i < p->ndaemons; i++) {
		const struct setupplan_daemon *d = &p->daemon[i];

		if (answers(&d->at))
			continue;
		buf_fmt(&units, " postseal-%s", d->name);
		buf_fmt(r->why, "postseal-%s does not answer at %s\n", d->name,
		    endpoint_text(&d->at, text));
	}
	if (units.n == 0)
		return 0;
	buf_fmt(r->why,
	    "Mail would wait, so main.cf and master.cf are left as they are. "
	    "Run this, then setup\nagain:\n"
	    "systemctl enable%s && systemctl reload-or-restart%s\n",
	    buf_text(&units), buf_text(&units));
	buf_free(&units);
	return -ENOTCONN;
}

/* The running daemons get the config. needed: who has to run with it from now
 * on; policyd mostly does not, as Postfix spawns it. */
static void
tell_daemons(struct run *r, time_t written, const bool needed[FOLLOW_DAEMONS])
{
	static const char *const units[FOLLOW_DAEMONS] = {
	    [FOLLOW_SIGNER] = " postseal-signer",
	    [FOLLOW_VERIFIER] = " postseal-verifier",
	    [FOLLOW_POLICYD] = " postseal-policyd"};

	for (int d = 0; d < FOLLOW_DAEMONS; d++) {
		int rc = follow_try(
		    (enum follow_daemon)d, r->o->config, written, r->why);

		if (follow_absent(rc)) {
			buf_str(&r->start, needed[d] ? units[d] : "");
		} else if (rc != 0 && (rc != -EXDEV || needed[d])) {
			follow_tell((enum follow_daemon)d, rc, r->why);
			r->untold = true;
		}
	}
}

/* After a failure in Postfix's part: the rest is done, and harms nobody. */
static void
tell_what_stays(struct run *r)
{
	if (r->new_key || r->config.changes.n > 0)
		buf_fmt(r->why,
		    "Kept as it is now: %s%s%s. When this is fixed, run setup "
		    "again: it goes on\n",
		    r->new_key ? "the new key" : "",
		    r->new_key && r->config.changes.n > 0 ? " and " : "",
		    r->config.changes.n > 0 ? "the config of postseal" : "");
}

/* Does it while no signal may end us. Who has pressed Ctrl-C meanwhile reads
 * what was done, and then it counts. */
static int
hold(struct run *r, int (*what)(struct run *))
{
	sigset_t old, came;
	int rc;

	tool_hold_signals(&old);
	rc = what(r);
	if (sigpending(&came) == 0 && !sigisemptyset(&came)) {
		(void)tool_print("setup", r->out, stdout);
		tool_complain("setup", r->why);
		buf_clear(r->out);
		buf_clear(r->why);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static int
apply(struct run *r)
{
	int rc = r->new_key ? make_key(r) : 0;

	if (rc == 0)
		rc = setupconfig_store(&r->config);
	if (rc != 0)
		return rc;
	if (!is_nothing(r)) /* so that they listen where Postfix will ask */
		tell_daemons(r, time(NULL),
		    (const bool[FOLLOW_DAEMONS]){
		        [FOLLOW_SIGNER] = !r->o->verify,
		        [FOLLOW_VERIFIER] = r->plan.verifier});
	rc = ask_daemons(r);
	if (rc == 0)
		rc = change_postfix(r);
	if (rc == 0)
		show(r);
	else
		tell_what_stays(r);
	return rc;
}

/* --- what comes next ------------------------------------------------------ */

static void
tell_next(struct run *r, const struct setupdns *dns)
{
	const struct options *o = r->o;

	buf_str(r->out, "What comes next:\n");
	if (o->what == SHOW && !is_nothing(r)) {
		buf_str(r->out, "- run this again with --apply\n");
		return;
	}
	if (r->start.n > 0)
		buf_fmt(r->out, "- systemctl enable --now%s\n",
		    buf_text(&r->start));
	if (r->asleep) {
		buf_str(r->out, "- ");
		show_postfix(r, "start", r->out);
	}
	if (dns->publish)
		buf_fmt(r->out,
		    "- publish the record of the key; when DNS has it: "
		    "postseal testkey %s --activate\n",
		    o->domain);
	buf_str(r->out, "- postseal check\n");
	if (dns->observes)
		buf_str(r->out,
		    "- SPF refuses nothing yet (observe = true); when the log "
		    "looks right: postseal setup --enforce\n");
}

/* --- the four ways -------------------------------------------------------- */

/* A domain that neither a section nor the tables have a key for. */
static int
needs_key(struct run *r, bool *ret)
{
	const struct settings *s = r->config.settings;
	bool has = settings_domain(s, span_str(r->o->domain)) != NULL;
	int rc = 0;

	if (!has && s->signer.signing_table != NULL)
		rc = setupdns_has_key(r->o->config, r->o->domain, &has, r->why);
	*ret = !has;
	return rc;
}

/* What shall be in the config. */
static int
plan_config(struct run *r)
{
	struct setupplan *p = &r->plan;
	int rc = 0;

	if (buf_text(&p->hostname) == NULL || buf_text(&p->listen) == NULL ||
	    buf_text(&p->verifier_listen) == NULL ||
	    buf_text(&p->networks) == NULL)
		return fail(r, "postconf", -ENOMEM);
	rc = setupconfig_plan(&r->config, buf_text(&p->hostname),
	    !r->o->verify && !p->wired, buf_text(&p->listen));
	if (rc == 0 && p->verifier)
		rc = setupconfig_verify(&r->config, buf_text(&p->hostname),
		    buf_text(&p->verifier_listen), buf_text(&p->networks));
	return rc;
}

static int
set_up(struct run *r)
{
	const struct options *o = r->o;
	const struct settings *s = r->config.settings;
	struct setupdns dns = {.publish = false};
	unsigned how =
	    (setupplan_enforcing(SETUPPLAN_ENFORCE) ? SETUPPLAN_ENFORCING : 0) |
	    (o->verify ? SETUPPLAN_VERIFY : 0);
	int rc = setupplan_make(&r->postfix, s,
	    strcmp(o->config, SETTINGS_FILE) == 0 ? NULL : o->config, how,
	    &r->plan, r->why);

	if (rc == 0)
		rc = plan_config(r);
	if (rc == 0 && !o->verify)
		rc = needs_key(r, &r->new_key);
	if (rc != 0)
		return rc;
	r->goes_on = undo_is_open(buf_text(&r->plan.dir));
	if (o->what == APPLY)
		rc = hold(r, apply);
	else
		show(r);
	if (rc == 0 && !o->verify)
		rc = setupdns_look(o->config, o->domain, o->what == APPLY, &dns,
		    r->out, r->why);
	if (rc == 0)
		tell_next(r, &dns);
	return rc == 0 && (r->untold || dns.untold) ? TOOL_UNTOLD : rc;
}

/* The policyd that Postfix spawns reads the config when an smtpd begins to ask
 * it, and one that stands answers an smtpd by the config of then: so others
 * have to. */
static void
renew_policyd(struct run *r)
{
	if (reload_postfix(r) != 0 || (r->asleep && geteuid() != 0)) {
		buf_str(r->why,
		    "Postfix is not reloaded, so a policyd that it has started "
		    "may keep its old settings: run as root: ");
		show_postfix(r, "reload", r->why);
		r->untold = true;
	} else {
		tell_asleep(r);
	}
}

/* Also where nothing has changed: of the last change somebody may not have
 * heard. */
static int
enforce(struct run *r)
{
	bool verifies = false;
	struct stat st;
	int rc = setupenforce(&r->postfix, &r->config, r->out, &verifies);

	if (rc == 0)
		rc = setupconfig_store(&r->config);
	if (rc != 0) {
		buf_clear(r->out);
		return rc;
	}
	tell_daemons(r, stat(r->o->config, &st) == 0 ? st.st_ctime : 0,
	    (const bool[FOLLOW_DAEMONS]){[FOLLOW_VERIFIER] = verifies});
	renew_policyd(r);
	if (r->start.n > 0)
		follow_tell(FOLLOW_VERIFIER, -ENOENT, r->why);
	if (r->start.n > 0 || r->untold)
		return TOOL_UNTOLD;
	buf_str(r->out, "All that runs has these settings.\n");
	return 0;
}

static int
undo(struct run *r)
{
	int rc;

	buf_init(&r->plan.dir, CONFIG_FILE_MAX);
	rc = postconf_directory(&r->postfix, &r->plan.dir, r->why);
	if (rc == 0 && buf_text(&r->plan.dir) == NULL)
		rc = fail(r, "postconf", -ENOMEM);
	if (rc == 0)
		rc = undo_restore(buf_text(&r->plan.dir), r->why);
	if (rc == 0)
		buf_str(r->out,
		    "main.cf and master.cf are as they were; "
		    "keys and config of postseal stay.\n");
	if (rc == 0)
		tell_of_signer(r, r->out);
	if (rc == 0)
		rc = reload_postfix(r);
	if (rc == 0)
		tell_asleep(r);
	return rc;
}

/* Who may not change the files hears that first, and nothing is begun. */
static int
check_rights(struct run *r)
{
	struct buf dir;
	const char *path = r->o->config;
	int rc = 0;

	if (geteuid() == 0 || r->o->what == SHOW)
		return 0;
	buf_init(&dir, CONFIG_FILE_MAX);
	if (r->o->what != ENFORCE) {
		rc = postconf_directory(&r->postfix, &dir, r->why);
		path = buf_text(&dir);
	}
	if (rc == 0 && path != NULL && access(path, W_OK) != 0 &&
	    errno != ENOENT) {
		buf_fmt(r->why, "run this as root: %s: %s\n", path,
		    strerror(errno));
		rc = -EPERM;
	}
	buf_free(&dir);
	return rc;
}

static int
work(struct run *r)
{
	int rc = check_rights(r);

	if (rc != 0)
		return rc;

	if (r->o->what == UNDO)
		return hold(r, undo);
	rc = setupconfig_read(&r->config, r->o->config, r->why);
	if (rc != 0)
		return rc;
	return r->o->what == ENFORCE ? hold(r, enforce) : set_up(r);
}

static int
run(struct call *c)
{
	struct options *o = c->options;
	struct run r = {.o = o,
	    .out = &c->out,
	    .why = &c->why,
	    .postfix = {.dir = c->postfix}};
	int rc;

	o->config = c->config;
	buf_init(&r.start, TOOL_MESSAGES_MAX);
	rc = work(&r);
	buf_free(&r.start);
	setupplan_free(&r.plan);
	setupconfig_free(&r.config);
	return rc >= 0 ? rc : TOOL_FAILED;
}

/* --- the command line ----------------------------------------------------- */

static int
take_what(struct call *c, int what)
{
	struct options *o = c->options;

	if (o->what != SHOW)
		return subcommand_wrong(c, "one thing at a time", NULL);
	o->what = what;
	return 0;
}

static int
take_apply(struct call *c, const char *word)
{
	return take_what(c, APPLY);
}

static int
take_enforce(struct call *c, const char *word)
{
	return take_what(c, ENFORCE);
}

static int
take_undo(struct call *c, const char *word)
{
	return take_what(c, UNDO);
}

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;
	bool plans = o->what == SHOW || o->what == APPLY;
	bool needs_domain = plans && !o->verify;

	if (c->config[0] != '/') /* master.cf will have it */
		return subcommand_wrong(
		    c, "the config needs its whole path", c->config);
	if (o->verify && !plans)
		return subcommand_wrong(c, "one thing at a time", NULL);
	if (n > 1 || (!needs_domain && n > 0))
		return subcommand_wrong(c, "what is", word[n - 1]);
	if (!needs_domain)
		return 0;
	if (n == 0)
		return subcommand_wrong(c, "which domain?", NULL);
	return subcommand_domain(c, word[0], o->domain);
}

const struct subcommand setup_subcommand = {
    .name = "setup",
    .words = "DOMAIN",
    .text = "make this host sign mail of DOMAIN, verify what comes in",
    .head = "postseal setup DOMAIN - show what this host needs to sign mail of "
            "DOMAIN and to\ncheck SPF, DKIM and DMARC of others, and do it",
    .tail = "Run it again with --apply when the records are in DNS: then the "
            "key begins to\nsign.\n"
            "Exit status: 0; 1 when something could not be done, 2 when the "
            "command line is\n"
            "wrong, 4 when a running daemon does not have its new settings "
            "yet.",
    .column = 24,
    .options = &(const struct options){.keydir = GENKEY_KEYDIR},
    .size = sizeof(struct options),
    .option =
        {
            {'a', "apply", NULL,
                "do it: key, config, Postfix (which is checked and reloaded)",
                .take = take_apply},
            {'v', "verify", NULL,
                "no DOMAIN: the verifier of inbound mail, nothing else",
                .at = offsetof(struct options, verify)},
            {'e', "enforce", NULL, "no DOMAIN: let SPF refuse mail, too",
                .take = take_enforce},
            {'u', "undo", NULL, "no DOMAIN: put main.cf and master.cf back",
                .take = take_undo},
            {'2', "both", NULL, "an RSA and an Ed25519 key",
                .at = offsetof(struct options, both)},
            SUBCOMMAND_POSTFIX,
            SUBCOMMAND_CONFIG,
            {'D', "directory", "DIR", "for keys, instead of " GENKEY_KEYDIR,
                .at = offsetof(struct options, keydir)},
        },
    .take_words = take_words,
    .run = run,
};

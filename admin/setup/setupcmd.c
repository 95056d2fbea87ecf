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
#include "admin/setup/setuprun.h"
#include "admin/tool/invocation.h"
#include "admin/tool/tool.h"
#include "admin/tool/undo.h"
#include "common/bytes/domain.h"
#include "common/limits.h"
#include "signer/keys/keys.h"

static int
fail(struct setuprun *r, const char *what, int rc)
{
	buf_fmt(r->why, "%s: %s\n", what, strerror(-rc));
	return rc;
}

/* --- what is done --------------------------------------------------------- */

static int
make_key(struct setuprun *r)
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
reload_postfix(struct setuprun *r)
{
	if (postconf_postfix_runs(&r->postfix))
		return postconf_run_postfix(&r->postfix, "reload", r->why);
	r->asleep = true;
	return 0;
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
tell_of_signer(struct setuprun *r, struct buf *ret)
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
take_back(struct setuprun *r, const char *dir)
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
change_postfix(struct setuprun *r)
{
	const char *dir = buf_text(&r->plan.dir);
	int rc;

	if (r->plan.n == 0 && !r->goes_on)
		return setuprun_needs_reload(r) ? reload_postfix(r) : 0;
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
	if (rc != 0)
		buf_str(r->why,
		    "main.cf and master.cf are changed, but Postfix has not "
		    "read them yet\n");
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
ask_daemons(struct setuprun *r)
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
tell_daemons(
    struct setuprun *r, time_t written, const bool needed[FOLLOW_DAEMONS])
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
tell_what_stays(struct setuprun *r)
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
 * what was done, with --json on stderr, and then it counts. */
static int
hold(struct setuprun *r, int (*what)(struct setuprun *))
{
	sigset_t old, came;
	struct buf text;
	int rc;

	tool_hold_signals(&old);
	rc = what(r);
	if (sigpending(&came) == 0 && !sigisemptyset(&came)) {
		buf_init(&text, TOOL_TEXT_MAX);
		setupreport_print(r, &text);
		r->shown = true;
		(void)tool_print("setup", &text, r->json ? stderr : stdout);
		tool_complain("setup", r->why);
		buf_free(&text);
		buf_clear(r->why);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static int
apply(struct setuprun *r)
{
	int rc = r->new_key ? make_key(r) : 0;

	if (rc == 0)
		rc = setupconfig_store(&r->config);
	if (rc != 0)
		return rc;
	/* so that they listen where Postfix will ask */
	if (!setuprun_is_nothing(r))
		tell_daemons(r, time(NULL),
		    (const bool[FOLLOW_DAEMONS]){
		        [FOLLOW_SIGNER] = !r->o->verify,
		        [FOLLOW_VERIFIER] = r->plan.verifier});
	rc = ask_daemons(r);
	if (rc == 0)
		rc = change_postfix(r);
	r->applied = rc == 0;
	if (rc != 0)
		tell_what_stays(r);
	return rc;
}

/* --- the four ways -------------------------------------------------------- */

/* A domain that neither a section nor the tables have a key for. */
static int
needs_key(struct setuprun *r, bool *ret)
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
plan_config(struct setuprun *r)
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
set_up(struct setuprun *r)
{
	const struct setup_options *o = r->o;
	const struct settings *s = r->config.settings;
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
	r->planned = true;
	if (o->what == SETUP_APPLY)
		rc = hold(r, apply);
	if (rc == 0 && !o->verify)
		rc = setupdns_look(o->config, o->domain, o->what == SETUP_APPLY,
		    &r->dns, r->why);
	return rc == 0 && (r->untold || r->dns.untold) ? TOOL_UNTOLD : rc;
}

/* The policyd that Postfix spawns reads the config when an smtpd begins to ask
 * it, and one that stands answers an smtpd by the config of then: so others
 * have to. */
static void
renew_policyd(struct setuprun *r)
{
	if (reload_postfix(r) != 0 || (r->asleep && geteuid() != 0)) {
		buf_str(r->why,
		    "Postfix is not reloaded, so a policyd that it has started "
		    "may keep its old settings: run as root: ");
		setupreport_postfix(r, "reload", r->why);
		r->untold = true;
	}
}

/* Also where nothing has changed: of the last change somebody may not have
 * heard. */
static int
enforce(struct setuprun *r)
{
	bool verifies = false;
	struct stat st;
	int rc;

	if (stat(r->o->config, &st) != 0 && errno == ENOENT) {
		buf_fmt(r->why, "%s: there is no config yet; first: %s\n",
		    r->o->config, invocation("setup DOMAIN --apply"));
		return -ENOENT;
	}
	buf_init(&r->plan.advice, TOOL_MESSAGES_MAX);
	rc = setupenforce(&r->postfix, &r->config, &r->plan.advice, &verifies);
	if (rc == 0)
		rc = setupconfig_store(&r->config);
	if (rc != 0)
		return rc;
	r->applied = true;
	tell_daemons(r, stat(r->o->config, &st) == 0 ? st.st_ctime : 0,
	    (const bool[FOLLOW_DAEMONS]){[FOLLOW_VERIFIER] = verifies});
	renew_policyd(r);
	if (r->start.n > 0)
		follow_tell(FOLLOW_VERIFIER, -ENOENT, r->why);
	return r->start.n > 0 || r->untold ? TOOL_UNTOLD : 0;
}

static int
undo(struct setuprun *r)
{
	int rc;

	buf_init(&r->plan.dir, CONFIG_FILE_MAX);
	rc = postconf_directory(&r->postfix, &r->plan.dir, r->why);
	if (rc == 0 && buf_text(&r->plan.dir) == NULL)
		rc = fail(r, "postconf", -ENOMEM);
	if (rc == 0)
		rc = undo_restore(buf_text(&r->plan.dir), r->why);
	if (rc != 0)
		return rc;
	r->applied = true;
	buf_init(&r->plan.advice, TOOL_MESSAGES_MAX);
	tell_of_signer(r, &r->plan.advice);
	rc = reload_postfix(r);
	r->untold = rc != 0;
	if (rc != 0)
		buf_str(
		    r->why, "Postfix has not read main.cf and master.cf yet\n");
	return rc;
}

/* Who may not change the files hears that first, and nothing is begun. */
static int
check_rights(struct setuprun *r)
{
	struct buf dir;
	const char *path = r->o->config;
	int rc = 0;

	if (geteuid() == 0 || r->o->what == SETUP_SHOW)
		return 0;
	buf_init(&dir, CONFIG_FILE_MAX);
	if (r->o->what != SETUP_ENFORCE) {
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
work(struct setuprun *r)
{
	int rc = check_rights(r);

	if (rc != 0)
		return rc;

	if (r->o->what == SETUP_UNDO)
		return hold(r, undo);
	rc = setupconfig_read(&r->config, r->o->config, r->why);
	if (rc != 0)
		return rc;
	return r->o->what == SETUP_ENFORCE ? hold(r, enforce) : set_up(r);
}

/* What was planned and done, also where something has failed later. */
static int
report(struct call *c, struct setuprun *r)
{
	if (!c->json)
		setupreport_print(r, &c->out);
	else if (setuprun_is_known(r))
		return subcommand_json(c, setupreport_json(r));
	return 0;
}

static int
run(struct call *c)
{
	struct setup_options *o = c->options;
	struct setuprun r = {.o = o,
	    .why = &c->why,
	    .json = c->json,
	    .postfix = {.dir = c->postfix}};
	int rc, error;

	o->config = c->config;
	buf_init(&r.start, TOOL_MESSAGES_MAX);
	rc = work(&r);
	error = report(c, &r);
	buf_free(&r.start);
	setupdns_free(&r.dns);
	setupplan_free(&r.plan);
	setupconfig_free(&r.config);
	if (error != 0)
		return error;
	return rc >= 0 ? rc : TOOL_FAILED;
}

/* --- the command line ----------------------------------------------------- */

static int
take_what(struct call *c, int what)
{
	struct setup_options *o = c->options;

	if (o->what != SETUP_SHOW)
		return subcommand_wrong(c, "one thing at a time", NULL);
	o->what = what;
	return 0;
}

static int
take_apply(struct call *c, const char *word)
{
	return take_what(c, SETUP_APPLY);
}

static int
take_enforce(struct call *c, const char *word)
{
	return take_what(c, SETUP_ENFORCE);
}

static int
take_undo(struct call *c, const char *word)
{
	return take_what(c, SETUP_UNDO);
}

static int
take_words(struct call *c, char **word, int n)
{
	struct setup_options *o = c->options;
	bool plans = o->what == SETUP_SHOW || o->what == SETUP_APPLY;
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
    .options = &(const struct setup_options){.keydir = GENKEY_KEYDIR},
    .size = sizeof(struct setup_options),
    .option =
        {
            {'a', "apply", NULL,
                "do it: key, config, Postfix (which is checked and reloaded)",
                .take = take_apply},
            {'v', "verify", NULL,
                "no DOMAIN: the verifier of inbound mail, nothing else",
                .at = offsetof(struct setup_options, verify)},
            {'e', "enforce", NULL, "no DOMAIN: let SPF refuse mail, too",
                .take = take_enforce},
            {'u', "undo", NULL, "no DOMAIN: put main.cf and master.cf back",
                .take = take_undo},
            {'2', "both", NULL, "an RSA and an Ed25519 key",
                .at = offsetof(struct setup_options, both)},
            {'j', "json", NULL, "for machines", .take = subcommand_take_json},
            SUBCOMMAND_POSTFIX,
            SUBCOMMAND_CONFIG,
            {'D', "directory", "DIR", "for keys, instead of " GENKEY_KEYDIR,
                .at = offsetof(struct setup_options, keydir)},
        },
    .take_words = take_words,
    .run = run,
};

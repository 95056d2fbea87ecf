/*
 * The trick: a daemon is looked at from three sides: what its control socket
 * says, what it answers where it listens, and which process it is that listens
 * there. What one side hides, another shows: a port that OpenDKIM still holds
 * answers well.
 *
 * The trap: a policyd that spawn(8) starts has no sockets, and a verifier that
 * nobody asks need not run: a daemon that is away is wrong only where Postfix
 * asks it.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/checklook.h"
#include "admin/postfix/mastercf.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/probe.h"
#include "admin/tool/running.h"
#include "signer/tables/table.h"

#define AREA "daemons"
#define AS_ROOT "run this as root"

struct daemon {
	const char *name; /* of the program and of the unit */
	const char *section;
	const struct daemon_settings *settings;
	bool milter;
	json_t *status; /* what it says of itself, or NULL */
	pid_t pid;      /* its supervisor, or 0 */
	bool ours;      /* it is certain of one socket */
};

/* --- who asks it ---------------------------------------------------------- */

static bool
is_in_list(struct checklook *l, const char *list, const char *milter)
{
	struct span rest = buf_view(&l->services), line, own;
	struct buf all;
	bool is;

	checklook_get(l, list, &all);
	is = wiring_has_milter(buf_view(&all), milter);
	buf_free(&all);
	while (!is && mastercf_next(&rest, &line))
		is = mastercf_option(line, list, &own) &&
		    wiring_has_milter(own, milter);
	return is;
}

/* True if Postfix asks it there. */
static bool
is_asked(struct checklook *l, const struct daemon *d, const struct endpoint *at)
{
	const char *target = buf_text(&l->target), *name;
	struct buf text;
	bool is = false;

	buf_init(&text, ENDPOINT_TEXT_MAX);
	name = checklook_spell(l, at, &text);
	if (name != NULL && d->milter)
		is = is_in_list(l, "smtpd_milters", name) ||
		    is_in_list(l, "non_smtpd_milters", name);
	else if (name != NULL)
		is = l->asks && target != NULL && strcmp(target, name) == 0;
	buf_free(&text);
	return is;
}

/* --- one socket ----------------------------------------------------------- */

/* Nobody is there. */
static void
tell_absent(struct checklook *l, const struct daemon *d, const char *at,
    bool asked, bool needed)
{
	char mend[160];

	if (asked && l->runs) {
		snprintf(mend, sizeof mend,
		    "systemctl enable %s && systemctl reload-or-restart %s",
		    d->name, d->name);
		findings_add(l->f, FINDING_ERROR, AREA,
		    "with default_action=tempfail mail waits until it does; "
		    "else it goes on unsigned, or with what was forged",
		    mend, "%s does not answer at %s, where Postfix asks it",
		    d->name, at);
	} else if (d->status != NULL && needed) {
		snprintf(mend, sizeof mend, "systemctl reload %s", d->name);
		findings_add(l->f, FINDING_WARNING, AREA, NULL, mend,
		    "%s runs, but does not listen at %s, as %s.listen says",
		    d->name, at, d->section);
	}
}

/* False if another program is there. */
static bool
is_ours(struct checklook *l, struct daemon *d, const struct endpoint *e,
    const char *at)
{
	struct probe_holder who;
	char mend[200];

	if (probe_holder(e, d->pid, &who) != 0)
		return true; /* nobody can tell */
	if (who.pid == d->pid ||
	    strncmp(who.name, d->name, PROBE_NAME_MAX - 1) == 0) {
		d->ours = true;
		return true;
	}
	snprintf(mend, sizeof mend,
	    "stop it, then systemctl restart %s; or name another place in "
	    "%s.listen",
	    d->name, d->section);
	findings_add(l->f, FINDING_ERROR, AREA,
	    "Postfix asks that program, and not ours", mend,
	    "%s, where %s should listen, is held by %s (process %d)", at,
	    d->name, who.name, (int)who.pid);
	return false;
}

/* rc: of its answer. */
static void
tell_answer(struct checklook *l, const struct daemon *d, const char *at, int rc)
{
	char mend[120];

	if (rc == 0) {
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "%s answers at %s", d->name, at);
		return;
	}
	snprintf(mend, sizeof mend, "journalctl -u %s; systemctl restart %s",
	    d->name, d->name);
	findings_add(l->f, FINDING_ERROR, AREA,
	    "Postfix gets no answer there, either", mend,
	    rc == -EPROTO ? "%s: what listens at %s gives no answer of %s"
	        : rc == -ETIMEDOUT
	        ? "%s: what listens at %s gives no answer in time, as %s would"
	        : "%s: what listens at %s gives no answer (%s)",
	    d->name, at,
	    rc != -EPROTO && rc != -ETIMEDOUT ? strerror(-rc)
	        : d->milter                   ? "a milter"
	                                      : "a policy service");
}

/* The unix socket that Postfix asks: may it connect? */
static void
look_at_rights(
    struct checklook *l, const struct daemon *d, const struct endpoint *e)
{
	const char *path = e->addr.un.sun_path;
	struct buf owner;
	struct probe_user u;
	char mend[120];

	if (probe_user_named(checklook_get(l, "mail_owner", &owner), &u) &&
	    e->addr.sa.sa_family == AF_UNIX) {
		snprintf(mend, sizeof mend,
		    "%s { socket_group = \"%s\" socket_mode = 0660 }",
		    d->section, u.name);
		if (probe_access(&u, path, W_OK) == -EACCES)
			findings_add(l->f, FINDING_ERROR, AREA,
			    "Postfix cannot connect to it", mend,
			    "unix:%s may not be opened by %s, Postfix' user",
			    path, u.name);
	}
	buf_free(&owner);
}

/* needed: the config says that it listens there. */
static void
look_at_socket(struct checklook *l, struct daemon *d, const struct endpoint *e,
    bool needed)
{
	bool asked = is_asked(l, d, e);
	char at[ENDPOINT_TEXT_MAX];
	struct buf action;
	int rc;

	buf_init(&action, POSTCONF_VALUE_MAX);
	endpoint_text(e, at);
	if (!asked && (d->status == NULL || !needed))
		rc = 0; /* another's */
	else {
		rc = d->milter ? probe_milter(e) : probe_policy(e, &action);
		if (rc == -ECONNREFUSED || rc == -ENOENT)
			tell_absent(l, d, at, asked, needed);
		else if (rc == -EACCES || rc == -EPERM)
			findings_add(l->f, FINDING_UNKNOWN, AREA, NULL, AS_ROOT,
			    "this user may not connect to %s of %s", at,
			    d->name);
		else if (is_ours(l, d, e, at))
			tell_answer(l, d, at, rc);
		if (asked && rc == 0)
			look_at_rights(l, d, e);
	}
	buf_free(&action);
}

static void
look_at_sockets(struct checklook *l, struct daemon *d)
{
	const struct daemon_settings *s = d->settings;

	/* of the places of old one is enough */
	for (size_t i = 0; i < s->listen.n; i++)
		look_at_socket(l, d, &s->listen.v[i], s->legacy.n == 0);
	for (size_t i = 0; i < s->legacy.n; i++)
		look_at_socket(l, d, &s->legacy.v[i], false);
}

/* --- its settings --------------------------------------------------------- */

/* The file that was changed last. */
struct newest {
	const char *file;
	long long when; /* seconds of time(2) */
};

/* When the file came there, or was changed; what is not there is told
 * elsewhere. */
static void
add_file(struct newest *n, const char *file)
{
	struct stat st;

	if (file != NULL && stat(file, &st) == 0 &&
	    (long long)st.st_ctim.tv_sec > n->when)
		*n = (struct newest){file, (long long)st.st_ctim.tv_sec};
}

/* "refile:/path", and not a network. */
static void
add_table(struct newest *n, const char *spec)
{
	bool globs;
	const char *path = spec == NULL ? NULL : table_path(spec, &globs);

	if (path != NULL && *path == '/')
		add_file(n, path);
}

/* The files of settings that only the signer reads. */
static void
add_signer(struct newest *n, const struct settings *s)
{
	const struct signer_settings *g = &s->signer;
	const struct text_list *const hosts[] = {&g->internal_hosts,
	    &g->ignore_hosts, &g->external_ignore, &g->list_hosts};

	add_table(n, g->key_table);
	add_table(n, g->signing_table);
	add_table(n, g->auth_table);
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		for (size_t k = 0; k < hosts[i]->n; k++)
			add_table(n, hosts[i]->v[k]);
	}
	for (size_t i = 0; i < s->ndomains; i++) {
		const struct domain_settings *d = &s->domain[i];

		add_file(n, d->origin);
		for (size_t k = 0; k < d->nkeys; k++)
			add_file(n, d->key[k].file);
	}
}

/* The folder of the domains' files: one that has gone is seen there. */
static void
add_folder(struct newest *n, const char *file)
{
	const char *slash = strrchr(file, '/');
	static const char folder[] = "domains.d";
	char path[4096];

	snprintf(path, sizeof path, "%.*s%s",
	    slash == NULL ? 0 : (int)(slash + 1 - file), file, folder);
	add_file(n, path);
	if (n->file == path)
		n->file = folder;
}

static void
look_at_age(struct checklook *l, const struct daemon *d)
{
	const json_t *read = json_object_get(d->status, "config_time");
	const struct settings *s = l->settings;
	struct newest n = {NULL, 0};
	char mend[120];

	add_file(&n, s->file);
	if (d->settings == &s->signer.daemon) {
		add_folder(&n, s->file);
		add_signer(&n, s);
	}
	if (!json_is_integer(read) || n.when <= json_integer_value(read))
		return;
	snprintf(mend, sizeof mend, "systemctl reload %s", d->name);
	findings_add(l->f, FINDING_WARNING, AREA,
	    d->settings == &s->signer.daemon
	        ? "what was changed there does nothing before: a key that was "
	          "activated does not sign"
	        : "what was changed there does nothing before",
	    mend, "%s has older settings: %s was changed after it was read",
	    d->name, n.file);
}

static void
look_at_version(struct checklook *l, const struct daemon *d)
{
	const char *version =
	    json_string_value(json_object_get(d->status, "version"));
	char mend[120];

	if (version != NULL && strcmp(version, POSTSEAL_VERSION) == 0) {
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL, "%s %s runs",
		    d->name, version);
		return;
	}
	snprintf(mend, sizeof mend, "systemctl restart %s", d->name);
	findings_add(l->f, FINDING_WARNING, AREA,
	    "it was started before the upgrade", mend,
	    "%s runs as version %s; this is %s", d->name,
	    version == NULL ? "?" : version, POSTSEAL_VERSION);
}

/* --- one daemon ----------------------------------------------------------- */

/* It runs, but its control socket says nothing: rc. */
static void
tell_silent(struct checklook *l, const struct daemon *d, int rc)
{
	char mend[120];

	if (rc == -EACCES)
		snprintf(mend, sizeof mend, AS_ROOT);
	else
		snprintf(mend, sizeof mend,
		    "look at %s.control, then systemctl restart %s", d->section,
		    d->name);
	findings_add(l->f, FINDING_UNKNOWN, AREA,
	    "its version, and whether it knows its files, are not known", mend,
	    "the control socket of %s gives no answer (%s)", d->name,
	    strerror(-rc));
}

/* True if both are one file. What is no whole path was of the daemon's folder.
 */
static bool
is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return *a != '/' || strcmp(a, b) == 0 ||
	    (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	        x.st_ino == y.st_ino);
}

/* The daemon at that control socket has another config: it is not the one that
 * is looked at. */
static void
leave_another(struct checklook *l, struct daemon *d)
{
	const char *file =
	    json_string_value(json_object_get(d->status, "config"));

	if (file == NULL || is_same_file(file, l->settings->file))
		return;
	findings_add(l->f, FINDING_NOTE, AREA,
	    "what is said here is not true of it", NULL,
	    "%s runs with %s, and not with %s", d->name, file,
	    l->settings->file);
	json_decref(d->status);
	d->status = NULL;
}

static void
look_at_daemon(struct checklook *l, struct daemon *d)
{
	int rc = running_status(&d->settings->control, &d->status);

	leave_another(l, d);
	d->pid = (pid_t)json_integer_value(json_object_get(d->status, "pid"));
	look_at_sockets(l, d);
	if (d->status != NULL) {
		look_at_version(l, d);
		look_at_age(l, d);
	} else if (rc != 0 &&
	    (d->ours || (rc != -ENOENT && rc != -ECONNREFUSED))) {
		tell_silent(l, d, rc);
	}
	json_decref(d->status);
}

void
checkdaemons_look(struct checklook *l)
{
	const struct settings *s = l->settings;
	struct daemon daemons[] = {
	    {.name = "postseal-policyd",
	        .section = "policyd",
	        .settings = &s->policyd.daemon},
	    {.name = "postseal-signer",
	        .section = "signer",
	        .settings = &s->signer.daemon,
	        .milter = true},
	    {.name = "postseal-verifier",
	        .section = "verifier",
	        .settings = &s->verifier.daemon,
	        .milter = true},
	};

	for (size_t i = 0; i < sizeof daemons / sizeof daemons[0]; i++)
		look_at_daemon(l, &daemons[i]);
}

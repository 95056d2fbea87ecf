/*
 * Where our check stands matters: with nothing in front of it that refuses
 * relaying, its OK would let strangers relay. It may also stand in a class of
 * restrictions, and an smtpd in master.cf may have a list of its own: both are
 * looked at.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/checklook.h"
#include "admin/postfix/mastercf.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/invocation.h"
#include "admin/tool/probe.h"

#define AREA CHECKLOOK_AREA

/* --- the service in master.cf --------------------------------------------- */

/* How long spawn(8) lets the daemon live, against how long smtpd uses it. */
static void
look_at_time_limit(struct checklook *l, const char *service)
{
	char name[POSTFIX_NAME_MAX + sizeof "_time_limit"];
	char mend[POSTFIX_NAME_MAX + sizeof "_time_limit = 3600"];
	unsigned need, limit;
	bool set = false;
	struct buf why;

	snprintf(name, sizeof name, "%s_time_limit", service);
	snprintf(mend, sizeof mend, "%s_time_limit = 3600", service);
	buf_init(&why, POSTCONF_VALUE_MAX);
	if (postconf_is_set(l->postfix, name, &set, &why) != 0)
		l->failed = true;
	buf_free(&why);
	if (!set) {
		checklook_add(l, FINDING_WARNING,
		    "spawn(8) ends the daemon after command_time_limit, in the "
		    "middle of a connection. The parameter must carry the very "
		    "name of the service",
		    "-e", mend, "%s is not set", name);
		return;
	}
	limit = checklook_seconds(l, name, 1000);
	need = checklook_seconds(l, "smtpd_policy_service_max_ttl", 1000) +
	    l->settings->policyd.time_limit;
	if (limit >= need)
		findings_add(
		    l->f, FINDING_OK, AREA, NULL, NULL, "%s is set", name);
	else
		checklook_add(l, FINDING_WARNING,
		    "smtpd uses a connection for smtpd_policy_service_max_ttl, "
		    "and its last request may take policyd.time_limit; "
		    "spawn(8) "
		    "must not end the daemon before",
		    "-e", mend, "%s is %u s, under %u s", name, limit, need);
}

static bool
is_word(struct span line, enum mastercf_column column, const char *word)
{
	return span_eq(mastercf_word(line, column), span_str(word));
}

/* What spawn(8) needs: columns of the entry that have to be so. */
static void
look_at_columns(struct checklook *l, struct span line, const char *name)
{
	if (!is_word(line, MASTERCF_MAXPROC, "0"))
		findings_add(l->f, FINDING_ERROR, AREA,
		    "each busy smtpd needs one; with fewer, mail is deferred",
		    NULL, "master.cf: maxproc of %s is not 0", name);
	if (!is_word(line, MASTERCF_UNPRIVILEGED, "n"))
		findings_add(l->f, FINDING_ERROR, AREA,
		    "spawn(8) cannot become the daemon's user; mail is "
		    "deferred",
		    NULL, "master.cf: unpriv of %s is not n", name);
	if (is_word(line, MASTERCF_CHROOT, "y"))
		findings_add(l->f, FINDING_ERROR, AREA,
		    "the program is not in the queue directory; mail is "
		    "deferred",
		    NULL, "master.cf: %s is chrooted", name);
	if (mastercf_has(line, "user=root") ||
	    mastercf_has(line, "user=postfix"))
		findings_add(l->f, FINDING_ERROR, AREA,
		    "it reads what strangers send; spawn(8) refuses these "
		    "users, too",
		    NULL, "master.cf: %s runs as root or postfix", name);
}

/* The rest of the word that begins so, from `from` on: "user=". Empty: there is
 * none.
 * -> *ret_column. */
static struct span
argument(
    struct span line, unsigned from, const char *begin, unsigned *ret_column)
{
	size_t n = strlen(begin);
	struct span word;

	for (unsigned i = from; (word = mastercf_word(line, i)).n > 0; i++) {
		if (word.n >= n && memcmp(word.p, begin, n) == 0) {
			*ret_column = i;
			return span_skip(word, n);
		}
	}
	return span_of(NULL, 0);
}

/* As who spawn(8) starts it, "user" or "user:group". False when there is no
 * such. */
static bool
read_user(struct span text, struct probe_user *ret)
{
	char name[POSTFIX_NAME_MAX], *group;
	const struct passwd *p;
	const struct group *g = NULL;

	snprintf(name, sizeof name, "%.*s", (int)text.n, text.p);
	group = strchr(name, ':');
	if (group != NULL)
		*group++ = '\0';
	p = getpwnam(name);
	if (group != NULL)
		g = getgrnam(group);
	if (p == NULL || (group != NULL && g == NULL))
		return false;
	*ret = (struct probe_user){
	    p->pw_uid, g == NULL ? p->pw_gid : g->gr_gid, NULL};
	return true;
}

/* A file that the user needs. */
static void
look_at_file(struct checklook *l, const struct probe_user *u, const char *name,
    const char *file, int what)
{
	struct stat st;
	char mend[POSTFIX_NAME_MAX + 4096];

	if (stat(file, &st) != 0 && errno == ENOENT) {
		findings_add(l->f, FINDING_ERROR, AREA,
		    "spawn(8) cannot start it; mail is deferred",
		    what == X_OK ? "postconf -M shows the line: put the right "
		                   "path after argv="
		                 : "postseal --sample-config makes one",
		    "master.cf: %s: there is no %s", name, file);
		return;
	}
	if (probe_access(u, file, what) != -EACCES)
		return;
	snprintf(mend, sizeof mend, "chmod a+%s %s, and a+x its folders",
	    what == X_OK ? "rx" : "r", file);
	findings_add(l->f, FINDING_ERROR, AREA,
	    what == X_OK ? "spawn(8) cannot start it; mail is deferred"
	                 : "without its settings nothing is checked",
	    mend, "master.cf: %s: its user may not %s %s", name,
	    what == X_OK ? "run" : "read", file);
}

/* User, program and settings of the line. */
static void
look_at_program(struct checklook *l, struct span line, const char *name)
{
	unsigned at = 0;
	struct span user = argument(line, MASTERCF_COMMAND, "user=", &at),
	            program = argument(line, MASTERCF_COMMAND, "argv=", &at),
	            config = program;
	struct probe_user u;
	char file[4096];

	if (!read_user(user, &u)) {
		findings_add(l->f, FINDING_ERROR, AREA,
		    "spawn(8) cannot start it; mail is deferred",
		    "systemd-sysusers; or useradd --system --home-dir "
		    "/nonexistent --shell /usr/sbin/nologin postseal-policyd",
		    "master.cf: %s: there is no user '%.*s'", name, (int)user.n,
		    user.n > 0 ? user.p : "");
		return;
	}
	snprintf(file, sizeof file, "%.*s", (int)program.n,
	    program.n > 0 ? program.p : "");
	look_at_file(l, &u, name, file, X_OK);
	if (argument(line, at, "-c", &at).p != NULL)
		config = mastercf_word(line, at + 1);
	else
		config = span_str(SETTINGS_FILE);
	snprintf(file, sizeof file, "%.*s", (int)config.n, config.p);
	look_at_file(l, &u, name, file, R_OK);
	if (strcmp(file, l->settings->file) != 0)
		findings_add(l->f, FINDING_NOTE, AREA,
		    "what is said here of its settings is not true of it", NULL,
		    "master.cf: %s reads %s, and not %s", name, file,
		    l->settings->file);
}

static void
look_at_spawn(struct checklook *l, struct span line)
{
	char name[POSTFIX_NAME_MAX];
	struct span service = mastercf_word(line, MASTERCF_NAME);

	snprintf(name, sizeof name, "%.*s", (int)service.n, service.p);
	findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
	    "master.cf: %s starts postseal-policyd", name);
	look_at_columns(l, line, name);
	look_at_program(l, line, name);
	buf_clear(&l->target);
	if (is_word(line, MASTERCF_TYPE, "inet"))
		buf_fmt(&l->target, "inet:%s", name);
	else
		buf_fmt(&l->target, "unix:%s/%s",
		    is_word(line, MASTERCF_PRIVATE, "n") ? "public" : "private",
		    name);
	look_at_time_limit(l, name);
}

/* A standing daemon without a listen key is where it was before, too. */
static bool
asks_legacy(struct checklook *l)
{
	struct buf value;
	bool asks = false;

	if (l->settings->policyd.daemon.legacy.n == 0)
		return false;
	checklook_get(l, "smtpd_recipient_restrictions", &value);
	asks = wiring_place(buf_view(&value), SETTINGS_LEGACY_POLICYD) !=
	    WIRING_ABSENT;
	buf_free(&value);
	if (asks)
		findings_add(l->f, FINDING_WARNING, AREA,
		    "every local user can ask there; a socket in the queue "
		    "directory is for Postfix alone",
		    "ask unix:postseal/policyd.sock in main.cf, then set "
		    "policyd.listen",
		    "policyd.listen is not set, and main.cf asks %s, as before",
		    SETTINGS_LEGACY_POLICYD);
	return asks;
}

/* The socket of the standing daemon that the restrictions name, or its last. */
static void
find_listener(struct checklook *l)
{
	const struct endpoint_list *e = &l->settings->policyd.daemon.listen;
	struct buf value;
	bool found = false;

	checklook_get(l, "smtpd_recipient_restrictions", &value);
	for (size_t i = 0; i < e->n && !found; i++) {
		const char *target = checklook_spell(l, &e->v[i], &l->target);

		found = target != NULL &&
		    wiring_place(buf_view(&value), target) != WIRING_ABSENT;
	}
	buf_free(&value);
}

/* The target of check_policy_service: spawned, or the standing daemon's. */
static void
look_for_service(struct checklook *l)
{
	struct span rest = buf_view(&l->services), line;

	while (mastercf_next(&rest, &line)) {
		if (mastercf_has(line, "postseal-policyd") &&
		    is_word(line, MASTERCF_COMMAND, "spawn")) {
			l->spawned = true;
			look_at_spawn(l, line);
			return;
		}
	}
	if (asks_legacy(l))
		buf_str(&l->target, SETTINGS_LEGACY_POLICYD);
	else
		find_listener(l);
	findings_add(l->f, FINDING_NOTE, AREA,
	    "right with the standing daemon (--listen); else see "
	    "master.cf.snippet",
	    NULL, "master.cf starts no postseal-policyd");
}

/* --- the restrictions ----------------------------------------------------- */

/* Where the check stands in a class of the list; absent where it does not. */
static enum wiring_place
place_in_classes(struct checklook *l, struct span list, const char *target)
{
	struct buf classes;
	struct span item;
	bool bad = false;
	enum wiring_place place = WIRING_ABSENT;

	checklook_get(l, "smtpd_restriction_classes", &classes);
	while (place == WIRING_ABSENT && wiring_next(&list, &item, &bad)) {
		char name[POSTFIX_NAME_MAX];
		struct buf inside;

		if (!wiring_has(buf_view(&classes), item) ||
		    item.n >= sizeof name)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)item.n, item.p);
		checklook_get(l, name, &inside);
		place = wiring_place(buf_view(&inside), target);
		buf_free(&inside);
	}
	buf_free(&classes);
	return place;
}

static bool
relay_is_guarded(struct checklook *l)
{
	struct buf relay;
	bool guarded;

	checklook_get(l, "smtpd_relay_restrictions", &relay);
	guarded = wiring_guards_relay(buf_view(&relay)) ||
	    mastercf_has(buf_view(&relay), "_unauth_destination");
	buf_free(&relay);
	return guarded;
}

static void
tell_place(struct checklook *l, enum wiring_place place, const char *target)
{
	switch (place) {
	case WIRING_GOOD:
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "check_policy_service %s stands after what refuses "
		    "relaying",
		    target);
		break;
	case WIRING_UNSAFE:
		findings_add(l->f, FINDING_ERROR, AREA,
		    "an action that permits, before it, makes an open relay",
		    "put reject_unauth_destination before check_policy_service "
		    "in smtpd_recipient_restrictions",
		    "check_policy_service %s has no reject_unauth_destination "
		    "before it",
		    target);
		break;
	case WIRING_ABSENT:
		findings_add(l->f, FINDING_WARNING, AREA,
		    "without it, SPF of incoming mail is not checked",
		    invocation("setup DOMAIN"),
		    "smtpd_recipient_restrictions have no check_policy_service "
		    "%s",
		    target);
		break;
	case WIRING_UNREADABLE:
		findings_add(l->f, FINDING_UNKNOWN, AREA, NULL, NULL,
		    "smtpd_recipient_restrictions cannot be read: a brace is "
		    "left open");
		break;
	}
}

/* An smtpd for mail from outside that has restrictions of its own. */
static void
look_at_overrides(struct checklook *l, const char *target)
{
	struct span rest = buf_view(&l->services), line, value;

	while (mastercf_next(&rest, &line)) {
		struct span name = mastercf_word(line, MASTERCF_NAME);

		if (!is_word(line, MASTERCF_COMMAND, "smtpd") ||
		    (!span_eq(name, span_str("smtp")) &&
		        !span_eq(name, span_str("25")) &&
		        !span_eq(name, span_str("smtpd"))) ||
		    !mastercf_option(
		        line, "smtpd_recipient_restrictions", &value) ||
		    wiring_place(value, target) != WIRING_ABSENT)
			continue;
		findings_add(l->f, FINDING_WARNING, AREA,
		    "those of main.cf do not count there", NULL,
		    "master.cf: %.*s has smtpd_recipient_restrictions of its "
		    "own, without check_policy_service %s",
		    (int)name.n, name.p, target);
	}
}

/* Another service of master.cf that checks SPF, ours or not, which the
 * restrictions ask, too. */
static void
look_for_second(struct checklook *l, struct span restrictions)
{
	struct span rest = buf_view(&l->services), line;
	char target[POSTFIX_NAME_MAX + 20], mend[POSTFIX_NAME_MAX + 120];

	while (mastercf_next(&rest, &line)) {
		struct span name = mastercf_word(line, MASTERCF_NAME);
		bool inet = is_word(line, MASTERCF_TYPE, "inet");

		if (!is_word(line, MASTERCF_COMMAND, "spawn") ||
		    (!mastercf_has(line, "spf") && !mastercf_has(line, "SPF") &&
		        !mastercf_has(line, "postseal-policyd")))
			continue;
		snprintf(target, sizeof target, "%s%.*s",
		    inet ? "inet:"
		        : is_word(line, MASTERCF_PRIVATE, "n")
		        ? "unix:public/"
		        : "unix:private/",
		    (int)name.n, name.p);
		if (span_eq(buf_view(&l->target), span_str(target)) ||
		    wiring_place(restrictions, target) == WIRING_ABSENT)
			continue;
		snprintf(mend, sizeof mend,
		    "take check_policy_service %s out of "
		    "smtpd_recipient_restrictions",
		    target);
		findings_add(l->f, FINDING_WARNING, AREA,
		    "SPF is checked twice, and mail gets two fields of it",
		    mend, "check_policy_service %s checks SPF, too", target);
	}
}

static void
look_at_restrictions(struct checklook *l)
{
	const char *target = buf_text(&l->target);
	enum wiring_place place;
	struct buf value;

	target = target == NULL ? "" : target;
	checklook_get(l, "smtpd_recipient_restrictions", &value);
	place = wiring_place(buf_view(&value), target);
	if (place == WIRING_ABSENT)
		place = place_in_classes(l, buf_view(&value), target);
	if (place == WIRING_UNSAFE && relay_is_guarded(l))
		place = WIRING_GOOD;
	l->asks = place != WIRING_ABSENT && place != WIRING_UNREADABLE;
	tell_place(l, place, target);
	if (l->asks)
		look_for_second(l, buf_view(&value));
	if (place == WIRING_GOOD) {
		look_at_overrides(l, target);
		checknetworks_look(l, buf_view(&value));
	}
	buf_free(&value);
}

/* --- a request ------------------------------------------------------------ */

/* "unix:private/x", below queue_directory, or "inet:127.0.0.1:10031". */
static bool
target_endpoint(struct checklook *l, struct endpoint *ret)
{
	struct span target = buf_view(&l->target);
	const char *queue = buf_text(&l->queue), *why;
	char text[ENDPOINT_TEXT_MAX];

	if (queue != NULL && target.n > 5 &&
	    memcmp(target.p, "unix:", 5) == 0 && target.p[5] != '/')
		snprintf(text, sizeof text, "unix:%s/%.*s", queue,
		    (int)target.n - 5, target.p + 5);
	else
		snprintf(text, sizeof text, "%.*s", (int)target.n,
		    target.n > 0 ? target.p : "");
	return endpoint_parse(span_str(text), ret, &why) == 0;
}

/* The service of master.cf answers; a standing daemon: checkdaemons.c. */
static void
look_at_answer(struct checklook *l)
{
	const char *target = buf_text(&l->target);
	struct buf action;
	struct endpoint at;
	int rc;

	if (!l->runs || !l->asks || !l->spawned || !target_endpoint(l, &at))
		return;
	buf_init(&action, POSTCONF_VALUE_MAX);
	rc = probe_policy(&at, &action);
	if (rc == 0)
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "%s answers a policy request: %.*s", target, (int)action.n,
		    action.p);
	else if (rc == -EACCES || rc == -EPERM)
		findings_add(l->f, FINDING_UNKNOWN, AREA, NULL,
		    "run this as root",
		    "%s: this user may not ask the policy service", target);
	else
		findings_add(l->f, FINDING_ERROR, AREA,
		    "Postfix gets no answer either: it defers all mail, or "
		    "answers 451 4.3.5",
		    "postfix reload; and see what spawn(8) says in the log of "
		    "mail",
		    "the policy service at %s gives no answer (%s)", target,
		    rc == -EPROTO ? "it closes the connection" : strerror(-rc));
	buf_free(&action);
}

/* --- what the daemon is set to -------------------------------------------- */

static void
look_at_timeout(struct checklook *l)
{
	unsigned limit = l->settings->policyd.time_limit;
	unsigned patience =
	    checklook_seconds(l, "smtpd_policy_service_timeout", 100);

	if (limit >= patience)
		findings_add(l->f, FINDING_WARNING, AREA,
		    "smtpd waits no longer than that "
		    "(smtpd_policy_service_timeout), then it answers 451",
		    "make policyd.time_limit shorter",
		    "policyd.time_limit is %u s, not under %u s", limit,
		    patience);
}

static void
look_at_daemon(struct checklook *l)
{
	if (l->settings->policyd.observe)
		findings_add(l->f, FINDING_NOTE, AREA, NULL,
		    invocation("setup --enforce"),
		    "SPF refuses nothing: policyd.observe = true");
}

void
checkpolicy_look(struct checklook *l)
{
	look_for_service(l);
	look_at_restrictions(l);
	look_at_answer(l);
	look_at_timeout(l);
	look_at_daemon(l);
}

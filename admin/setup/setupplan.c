#include <errno.h>
#include <stdlib.h>

#include "admin/postfix/wiring.h"
#include "admin/setup/setupplan.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

/* What the steps below share. */
struct maker {
	const struct postconf *postfix;
	const struct settings *settings;
	const char *config;
	bool enforcing;
	struct setupplan *plan;
	struct buf *why;
};

/* --- pieces --------------------------------------------------------------- */

/* A parameter's value, "" when Postfix does not know it. ret is buf_init()ed. */
static int
get(struct maker *m, const char *name, struct buf *ret)
{
	int rc;

	buf_init(ret, POSTCONF_VALUE_MAX);
	rc = postconf_get(m->postfix, name, false, ret, m->why);
	return rc == -ENOENT ? 0 : rc;
}

static int
no_memory(struct maker *m)
{
	buf_fmt(m->why, "%s\n", strerror(ENOMEM));
	return -ENOMEM;
}

/* One more "postconf OPTION WORD". */
static int
add(struct maker *m, const char *option, const char *word)
{
	if (m->plan->n == SETUPPLAN_COMMANDS_MAX ||
	    postconf_command(m->postfix, &m->plan->command[m->plan->n],
	        "postconf", option, word, NULL) != 0)
		return no_memory(m);
	m->plan->n++;
	return 0;
}

/* One more "postconf -e NAME=VALUE". */
static int
add_set(struct maker *m, const char *name, const char *value)
{
	struct buf word;
	int rc;

	buf_init(&word, POSTCONF_VALUE_MAX + 256);
	buf_fmt(&word, "%s = %s", name, value);
	rc = buf_text(&word) == NULL ? no_memory(m)
	                             : add(m, "-e", buf_text(&word));
	buf_free(&word);
	return rc;
}

/* Says that a parameter is not understood, and what to do. */
static int
refuse(struct maker *m, const char *name, const char *reason, const char *hand)
{
	buf_fmt(m->why,
	    "%s: %s. Nothing was changed; put in by hand: %s, and run this "
	    "again\n",
	    name, reason, hand);
	return -EINVAL;
}

/* --- the steps ------------------------------------------------------------ */

/* The daemon's line in master.cf. */
static int
plan_service(struct maker *m)
{
	struct buf there, line;
	int rc;

	buf_init(&there, POSTCONF_VALUE_MAX);
	rc = postconf_service(
	    m->postfix, WIRING_SERVICE "/unix", &there, m->why);
	if (rc == 0 &&
	    (buf_text(&there) == NULL ||
	        strstr(buf_text(&there), "postseal-policyd") == NULL)) {
		buf_fmt(m->why,
		    "master.cf: the service " WIRING_SERVICE
		    " is another program: %s. Remove it (postconf "
		    "-MX " WIRING_SERVICE "/unix) and run this again; what "
		    "\"postseal import\" prints does the same as its config\n",
		    buf_text(&there) == NULL ? "" : buf_text(&there));
		rc = -EINVAL;
	}
	buf_free(&there);
	if (rc != -ENOENT)
		return rc;
	buf_init(&line, POSTCONF_VALUE_MAX);
	buf_fmt(&line,
	    WIRING_SERVICE
	    "/unix=" WIRING_SERVICE
	    " unix - n n - 0 spawn user=%s argv=" SETUPPLAN_POLICYD "%s%s",
	    m->settings->policyd.daemon.user, m->config == NULL ? "" : " -c ",
	    m->config == NULL ? "" : m->config);
	rc = buf_text(&line) == NULL ? no_memory(m)
	                             : add(m, "-M", buf_text(&line));
	buf_free(&line);
	return rc;
}

/* Without it, spawn(8) ends the daemon, and mail waits, after command_time_limit. */
static int
plan_time_limit(struct maker *m)
{
	bool set = false;
	int rc = postconf_is_set(
	    m->postfix, WIRING_SERVICE "_time_limit", &set, m->why);

	if (rc != 0 || set)
		return rc;
	return add_set(m, WIRING_SERVICE "_time_limit", "3600");
}

static int
relay_kind(struct maker *m, enum wiring_relay *ret)
{
	struct buf value;
	bool set = false;
	int rc;

	rc = postconf_is_set(
	    m->postfix, "smtpd_relay_restrictions", &set, m->why);
	if (rc != 0)
		return rc;
	rc = get(m, "smtpd_relay_restrictions", &value);
	if (rc == 0 && !set)
		*ret = WIRING_RELAY_DEFAULT;
	else if (rc == 0)
		*ret = wiring_guards_relay(buf_view(&value))
		    ? WIRING_RELAY_OWN
		    : WIRING_RELAY_OPEN;
	buf_free(&value);
	return rc;
}

static bool
has_check(const struct buf *list)
{
	switch (wiring_place(buf_view(list), WIRING_CHECK)) {
	case WIRING_GOOD:
	case WIRING_UNSAFE:
		return true;
	case WIRING_ABSENT:
	case WIRING_UNREADABLE:
		break;
	}
	return false;
}

/* True if the check stands behind a $name or in a class of the list. */
static int
is_hidden(struct maker *m, const char *name, struct span classes, bool *ret)
{
	struct span item, rest = classes;
	struct buf value;
	bool bad = false;
	int rc;

	buf_init(&value, POSTCONF_VALUE_MAX);
	rc = postconf_get(m->postfix, name, true, &value, m->why);
	*ret = rc == 0 && has_check(&value);
	while (rc == 0 && !*ret && wiring_next(&rest, &item, &bad)) {
		char *class;
		struct buf inside;

		if (!wiring_has(buf_view(&value), item))
			continue;
		class = strndup(item.p, item.n);
		buf_init(&inside, POSTCONF_VALUE_MAX);
		rc = class == NULL
		    ? no_memory(m)
		    : postconf_get(m->postfix, class, true, &inside, m->why);
		*ret = rc == 0 && has_check(&inside);
		rc = rc == -ENOENT ? 0 : rc;
		buf_free(&inside);
		free(class);
	}
	buf_free(&value);
	return rc == -ENOENT ? 0 : rc;
}

/* The list with the check in it. */
static int
insert_check(struct maker *m, const char *name, struct span value,
    struct span classes, enum wiring_relay relay)
{
	struct buf changed;
	const char *reason = NULL;
	int rc;

	buf_init(&changed, POSTCONF_VALUE_MAX);
	rc = wiring_restrictions(
	    value, classes, relay, WIRING_CHECK, &changed, &reason);
	if (rc == -EINVAL && reason != NULL)
		rc = refuse(
		    m, name, reason, "check_policy_service " WIRING_CHECK);
	else if (rc == 0)
		rc = buf_text(&changed) == NULL
		    ? no_memory(m)
		    : add_set(m, name, buf_text(&changed));
	buf_free(&changed);
	return rc;
}

static int
plan_restrictions(struct maker *m)
{
	static const char name[] = "smtpd_recipient_restrictions";
	enum wiring_relay relay = WIRING_RELAY_OPEN;
	struct buf value, classes;
	int rc;

	buf_init(&value, POSTCONF_VALUE_MAX);
	buf_init(&classes, POSTCONF_VALUE_MAX);
	rc = relay_kind(m, &relay);
	if (rc == 0)
		rc = get(m, name, &value);
	if (rc == 0)
		rc = get(m, "smtpd_restriction_classes", &classes);
	if (rc == 0)
		rc = is_hidden(m, name, buf_view(&classes), &m->plan->wired);
	if (rc == 0 && !m->plan->wired)
		rc = insert_check(
		    m, name, buf_view(&value), buf_view(&classes), relay);
	buf_free(&value);
	buf_free(&classes);
	return rc;
}

/* The signer, as Postfix knows it. */
struct signer {
	struct buf milter; /* "unix:postseal/signer.sock" */
	struct buf item;   /* that with what happens when it is away */
	const char *old;   /* what milter takes the place of, or NULL */
};

/* One of the two lists of milters. */
static int
plan_milters(
    struct maker *m, const char *name, struct signer *s, const char *first)
{
	const char *milter = buf_text(&s->milter), *item = buf_text(&s->item);
	struct buf value, expanded, changed;
	const char *reason = NULL;
	int rc = get(m, name, &value);

	buf_init(&expanded, POSTCONF_VALUE_MAX);
	buf_init(&changed, POSTCONF_VALUE_MAX);
	if (rc == 0) {
		rc = postconf_get(m->postfix, name, true, &expanded, m->why);
		rc = rc == -ENOENT ? 0 : rc;
	}
	/* "$smtpd_milters" will have it, when that has it */
	if (rc == 0 &&
	    (wiring_has_milter(buf_view(&expanded), milter) ||
	        (first != NULL && wiring_has_milter(buf_view(&value), first))))
		goto out;
	if (rc == 0 && first != NULL && span_trim(buf_view(&value)).n == 0) {
		rc = add_set(m, name, first);
		goto out;
	}
	if (rc == 0)
		rc = s->old == NULL ? -ENOENT
		                    : wiring_replace_milter(buf_view(&value),
		                          s->old, milter, item, &changed);
	if (rc == -ENOENT)
		rc = wiring_milters(
		    buf_view(&value), milter, item, &changed, &reason);
	if (rc == -EINVAL && reason != NULL)
		rc = refuse(m, name, reason, item);
	else if (rc == 0)
		rc = buf_text(&changed) == NULL
		    ? no_memory(m)
		    : add_set(m, name, buf_text(&changed));
out:
	buf_free(&value);
	buf_free(&expanded);
	buf_free(&changed);
	return rc;
}

static bool
is_below(const struct endpoint *e, const char *queue)
{
	size_t n = strlen(queue);

	return e->addr.sa.sa_family == AF_UNIX &&
	    strncmp(e->addr.un.sun_path, queue, n) == 0 &&
	    e->addr.un.sun_path[n] == '/';
}

/* True if main.cf names the listener. */
static int
is_named(
    struct maker *m, const struct endpoint *e, const char *queue, bool *ret)
{
	struct buf value, milter;
	int rc;

	buf_init(&value, POSTCONF_VALUE_MAX);
	buf_init(&milter, ENDPOINT_TEXT_MAX);
	wiring_endpoint(e, queue, &milter);
	rc = postconf_get(m->postfix, "smtpd_milters", true, &value, m->why);
	*ret = buf_text(&milter) != NULL &&
	    wiring_has_milter(buf_view(&value), buf_text(&milter));
	buf_free(&value);
	buf_free(&milter);
	return rc == -ENOENT ? 0 : rc;
}

/* The listener that this Postfix reaches: in its own queue, or what the administrator
 * has chosen; NULL: one has to be made. */
static int
find_listener(struct maker *m, const struct daemon_settings *d,
    const char *queue, const struct endpoint **ret)
{
	int rc = 0;

	*ret = NULL;
	for (size_t i = 0; d->legacy.n == 0 && i < d->listen.n; i++) {
		const struct endpoint *e = &d->listen.v[i];
		bool below = is_below(e, queue), good = below;

		if (below && m->enforcing)
			rc = is_named(m, e, queue, &good);
		if (rc != 0)
			return rc;
		if (good || (e->addr.sa.sa_family != AF_UNIX && *ret == NULL))
			*ret = e;
		if (good)
			break;
	}
	return 0;
}

/* What has to be done, or is to be known, beside the new listener. */
static void
advise_listener(struct maker *m, const char *queue)
{
	struct buf *advice = &m->plan->advice;

	if (m->enforcing)
		buf_str(advice,
		    "SELinux lets Postfix connect to no unix socket of the "
		    "signer. So it is to listen on\n" SETTINGS_LEGACY_SIGNER
		    ", where every local user can have mail signed; see "
		    "SELinux in\ntroubleshooting.md for a way round.\n");
	else if (strcmp(queue, "/var/spool/postfix") != 0)
		buf_fmt(advice,
		    "The signer needs the right to make its socket: systemctl "
		    "edit postseal-signer, with\n[Service] and "
		    "ReadWritePaths=%s, and restart it.\n",
		    queue);
}

/* A listener more in signer.listen. */
static int
plan_listen(struct maker *m, const struct daemon_settings *d, const char *queue,
    struct endpoint *ret)
{
	char text[ENDPOINT_TEXT_MAX];
	struct buf *list = &m->plan->listen;
	const char *why = NULL;
	struct buf path;
	int rc;

	buf_init(&path, POSTCONF_VALUE_MAX);
	if (m->enforcing)
		buf_str(&path, SETTINGS_LEGACY_SIGNER);
	else
		buf_fmt(&path, "unix:%s/postseal/signer.sock", queue);
	rc = endpoint_parse(buf_view(&path), ret, &why);
	if (rc != 0)
		buf_fmt(m->why, "queue_directory %s: %s\n", queue,
		    why == NULL ? strerror(-rc) : why);
	buf_byte(list, '{');
	for (size_t i = 0; d->legacy.n == 0 && i < d->listen.n; i++) {
		tool_config_string(endpoint_text(&d->listen.v[i], text), list);
		buf_str(list, ", ");
	}
	if (rc == 0)
		tool_config_string(endpoint_text(ret, text), list);
	buf_byte(list, '}');
	advise_listener(m, queue);
	if (rc == 0 && buf_text(list) == NULL)
		rc = no_memory(m);
	buf_free(&path);
	return rc;
}

/* The first number of Postfix's version, 0 where it says none; all of it in
 * version, which is buf_init()ed. */
static int
get_major(struct maker *m, struct buf *version, unsigned long *ret)
{
	int rc = get(m, "mail_version", version);
	const char *text = buf_text(version);

	*ret = text != NULL && *text >= '0' && *text <= '9'
	    ? strtoul(text, NULL, 10)
	    : 0;
	return rc;
}

/* Postfix 3.0 and later know what one milter may do when it is away. */
static int
is_old(struct maker *m, bool *ret)
{
	struct buf version;
	unsigned long major;
	int rc = get_major(m, &version, &major);

	*ret = major == 1 || major == 2;
	buf_free(&version);
	return rc;
}

/* Mail waits when the signer is down, and does not go out unsigned. */
static int
spell_signer(struct maker *m, const struct endpoint *e, const char *queue,
    struct signer *s)
{
	bool old = false;
	int rc = is_old(m, &old);

	wiring_endpoint(e, queue, &s->milter);
	if (rc == 0 && buf_text(&s->milter) == NULL)
		rc = no_memory(m);
	if (rc != 0)
		return rc;
	buf_fmt(&s->item, old ? "%s" : "{ %s, default_action=tempfail }",
	    buf_text(&s->milter));
	if (m->settings->signer.daemon.legacy.n > 0)
		s->old = SETTINGS_LEGACY_SIGNER;
	return buf_text(&s->item) == NULL ? no_memory(m) : 0;
}

static int
plan_signer(struct maker *m, const char *queue, struct signer *s)
{
	const struct daemon_settings *d = &m->settings->signer.daemon;
	const struct endpoint *there;
	struct endpoint new;
	int rc = find_listener(m, d, queue, &there);

	if (rc == 0 && there == NULL)
		rc = plan_listen(m, d, queue, &new);
	if (rc == 0)
		rc = spell_signer(m, there == NULL ? &new : there, queue, s);
	if (rc == 0)
		rc = plan_milters(m, "smtpd_milters", s, NULL);
	if (rc == 0)
		rc = plan_milters(m, "non_smtpd_milters", s, "$smtpd_milters");
	return rc;
}

static int
plan_both_milters(struct maker *m)
{
	struct signer s = {.old = NULL};
	struct buf queue;
	int rc;

	if (m->settings->signer.daemon.listen.n == 0) {
		buf_str(m->why, "signer.listen names no socket\n");
		return -EINVAL;
	}
	rc = get(m, "queue_directory", &queue);
	buf_init(&s.milter, ENDPOINT_TEXT_MAX);
	buf_init(&s.item, ENDPOINT_TEXT_MAX + 40);
	if (rc == 0 && (queue.n == 0 || buf_text(&queue) == NULL))
		rc = no_memory(m);
	if (rc == 0)
		rc = plan_signer(m, buf_text(&queue), &s);
	buf_free(&queue);
	buf_free(&s.milter);
	buf_free(&s.item);
	return rc;
}

/* Where nothing is said: bounces are signed; a Postfix that cannot be told of one milter
 * is told of all. */
static int
plan_defaults(struct maker *m)
{
	static const struct {
		const char *name, *value;
	} rows[] = {{"internal_mail_filter_classes", "bounce"},
	    {"milter_default_action", "tempfail"}};
	bool old = false;
	int rc = is_old(m, &old);

	for (size_t i = 0; rc == 0 && i < (old ? 2 : 1); i++) {
		bool set = false;

		rc = postconf_is_set(m->postfix, rows[i].name, &set, m->why);
		if (rc == 0 && !set)
			rc = add_set(m, rows[i].name, rows[i].value);
	}
	return rc;
}

/* Behind a content filter one of two smtpds must not sign. */
static int
plan_advice(struct maker *m)
{
	struct buf filter;
	int rc = get(m, "content_filter", &filter);

	if (rc == 0 && filter.n > 0)
		buf_str(&m->plan->advice,
		    "There is a content_filter: switch the milters off for the "
		    "smtpd that takes the mail\nback (-o smtpd_milters=), or "
		    "it "
		    "is signed before it is changed, or twice.\n");
	buf_free(&filter);
	return rc;
}

/* What is not known is taken for the latest that is. */
static int
plan_version(struct maker *m)
{
	struct buf version;
	unsigned long major;
	int rc = get_major(m, &version, &major);

	if (rc == 0 && buf_text(&version) == NULL)
		rc = no_memory(m);
	if (rc == 0 && major != 2 && major != 3) {
		buf_str(&m->plan->advice,
		    "These lines are for Postfix 2 and 3, and this one says "
		    "its version is ");
		tool_config_string(buf_text(&version), &m->plan->advice);
		buf_str(&m->plan->advice,
		    ":\nlook at them first, and run postseal check behind "
		    "it.\n");
	}
	buf_free(&version);
	return rc;
}

bool
setupplan_enforcing(const char *file)
{
	struct buf text;
	bool yes = false;

	if (tool_read_file(file, 16, &text) == 0) {
		yes = text.n > 0 && text.p[0] == '1';
		buf_free(&text);
	}
	return yes;
}

int
setupplan_make(const struct postconf *p, const struct settings *s,
    const char *config, bool enforcing, struct setupplan *ret, struct buf *why)
{
	static int (*const steps[])(struct maker *) = {plan_service,
	    plan_time_limit, plan_restrictions, plan_both_milters,
	    plan_defaults, plan_advice, plan_version};
	struct maker m = {p, s, config, enforcing, ret, why};
	int rc;

	*ret = (struct setupplan){.n = 0};
	buf_init(&ret->advice, POSTCONF_VALUE_MAX);
	buf_init(&ret->dir, POSTCONF_VALUE_MAX);
	buf_init(&ret->listen, CONFIG_FILE_MAX);
	rc = get(&m, "myhostname", &ret->hostname);
	if (rc == 0)
		rc = postconf_directory(p, &ret->dir, why);
	for (size_t i = 0; rc == 0 && i < sizeof steps / sizeof steps[0]; i++)
		rc = steps[i](&m);
	if (rc != 0)
		setupplan_free(ret);
	return rc;
}

void
setupplan_free(struct setupplan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		postconf_command_free(&plan->command[i]);
	plan->n = 0;
	buf_free(&plan->hostname);
	buf_free(&plan->dir);
	buf_free(&plan->advice);
	buf_free(&plan->listen);
}

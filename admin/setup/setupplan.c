/*
 * Nothing is done here: a plan is a list of postconf(1) commands, in the order
 * in which they are safe, that can be shown first and then run.
 */
#include <errno.h>
#include <stdlib.h>

#include "admin/limits.h"
#include "admin/postfix/wiring.h"
#include "admin/setup/setupmilters.h"
#include "admin/setup/setupplan.h"
#include "admin/tool/invocation.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

/* --- the steps ------------------------------------------------------------ */

/* The daemon's line in master.cf. */
static int
plan_service(struct setupmaker *m)
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
	rc = buf_text(&line) == NULL ? setupmaker_no_memory(m)
	                             : setupmaker_add(m, "-M", buf_text(&line));
	buf_free(&line);
	return rc;
}

/* Without it, spawn(8) ends the daemon, and mail waits, after
 * command_time_limit. */
static int
plan_time_limit(struct setupmaker *m)
{
	bool set = false;
	int rc = postconf_is_set(
	    m->postfix, WIRING_SERVICE "_time_limit", &set, m->why);

	if (rc != 0 || set)
		return rc;
	return setupmaker_add_set(m, WIRING_SERVICE "_time_limit", "3600");
}

static int
relay_kind(struct setupmaker *m, enum wiring_relay *ret)
{
	struct buf value;
	bool set = false;
	int rc;

	rc = postconf_is_set(
	    m->postfix, "smtpd_relay_restrictions", &set, m->why);
	if (rc != 0)
		return rc;
	rc = setupmaker_get(m, "smtpd_relay_restrictions", &value);
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
is_hidden(
    struct setupmaker *m, const char *name, struct span classes, bool *ret)
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
		    ? setupmaker_no_memory(m)
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
insert_check(struct setupmaker *m, const char *name, struct span value,
    struct span classes, enum wiring_relay relay)
{
	struct buf changed;
	const char *reason = NULL;
	int rc;

	buf_init(&changed, POSTCONF_VALUE_MAX);
	rc = wiring_restrictions(
	    value, classes, relay, WIRING_CHECK, &changed, &reason);
	if (rc == -EINVAL && reason != NULL)
		rc = setupmaker_refuse(
		    m, name, reason, "check_policy_service " WIRING_CHECK);
	else if (rc == 0)
		rc = buf_text(&changed) == NULL
		    ? setupmaker_no_memory(m)
		    : setupmaker_add_set(m, name, buf_text(&changed));
	buf_free(&changed);
	return rc;
}

static int
plan_restrictions(struct setupmaker *m)
{
	static const char name[] = "smtpd_recipient_restrictions";
	enum wiring_relay relay = WIRING_RELAY_OPEN;
	struct buf value, classes;
	int rc;

	buf_init(&value, POSTCONF_VALUE_MAX);
	buf_init(&classes, POSTCONF_VALUE_MAX);
	rc = relay_kind(m, &relay);
	if (rc == 0)
		rc = setupmaker_get(m, name, &value);
	if (rc == 0)
		rc = setupmaker_get(m, "smtpd_restriction_classes", &classes);
	if (rc == 0)
		rc = is_hidden(m, name, buf_view(&classes), &m->plan->wired);
	if (rc == 0 && !m->plan->wired)
		rc = insert_check(
		    m, name, buf_view(&value), buf_view(&classes), relay);
	buf_free(&value);
	buf_free(&classes);
	return rc;
}

/* Where nothing is said: bounces are signed; a Postfix that cannot be told of
 * one milter is told of all. */
static int
plan_defaults(struct setupmaker *m)
{
	static const struct {
		const char *name, *value;
	} rows[] = {{"internal_mail_filter_classes", "bounce"},
	    {"milter_default_action", "tempfail"}};
	bool old = false;
	int rc = setupmaker_is_old(m, &old);

	for (size_t i = m->verify_only; rc == 0 && i < (old ? 2 : 1); i++) {
		bool set = false;

		rc = postconf_is_set(m->postfix, rows[i].name, &set, m->why);
		if (rc == 0 && !set)
			rc = setupmaker_add_set(m, rows[i].name, rows[i].value);
	}
	return rc;
}

/* Behind a content filter one of two smtpds must not sign. */
static int
plan_advice(struct setupmaker *m)
{
	struct buf filter;
	int rc = setupmaker_get(m, "content_filter", &filter);

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
plan_version(struct setupmaker *m)
{
	struct buf version;
	unsigned long major;
	int rc = setupmaker_get_major(m, &version, &major);

	if (rc == 0 && buf_text(&version) == NULL)
		rc = setupmaker_no_memory(m);
	if (rc == 0 && major != 2 && major != 3) {
		buf_str(&m->plan->advice,
		    "These lines are for Postfix 2 and 3, and this one says "
		    "its version is ");
		tool_config_string(buf_text(&version), &m->plan->advice);
		buf_fmt(&m->plan->advice,
		    ":\nlook at them first, and run %s after that.\n",
		    invocation("check"));
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
    const char *config, unsigned how, struct setupplan *ret, struct buf *why)
{
	static const struct {
		int (*plan)(struct setupmaker *);
		bool verify; /* the verifier alone needs it, too */
	} steps[] = {{plan_service, false}, {plan_time_limit, false},
	    {plan_restrictions, false}, {setupmilters_plan, true},
	    {setupmilters_networks, true}, {plan_defaults, true},
	    {plan_advice, false}, {plan_version, true}};
	struct setupmaker m = {p, s, config, (how & SETUPPLAN_ENFORCING) != 0,
	    (how & SETUPPLAN_VERIFY) != 0, ret, why};
	int rc;

	*ret = (struct setupplan){.n = 0};
	buf_init(&ret->advice, POSTCONF_VALUE_MAX);
	buf_init(&ret->dir, POSTCONF_VALUE_MAX);
	buf_init(&ret->listen, CONFIG_FILE_MAX);
	buf_init(&ret->verifier_listen, CONFIG_FILE_MAX);
	buf_init(&ret->networks, CONFIG_FILE_MAX);
	rc = setupmaker_expand(&m, "myhostname", &ret->hostname);
	if (rc == 0)
		rc = postconf_directory(p, &ret->dir, why);
	for (size_t i = 0; rc == 0 && i < sizeof steps / sizeof steps[0]; i++) {
		if (!m.verify_only || steps[i].verify)
			rc = steps[i].plan(&m);
	}
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
	buf_free(&plan->verifier_listen);
	buf_free(&plan->networks);
}

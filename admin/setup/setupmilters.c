/*
 * The trick: each list is made whole and compared with what it was, so that
 * nothing is set which is so already.
 *
 * The trap: most main.cf say non_smtpd_milters = $smtpd_milters, and a verifier
 * in the one would be in the other, too.
 */
#include <errno.h>

#include "admin/limits.h"
#include "admin/postfix/signednets.h"
#include "admin/postfix/wiring.h"
#include "admin/setup/setupmilters.h"
#include "admin/tool/invocation.h"
#include "admin/tool/tool.h"

/* A milter of ours, as Postfix knows it. */
struct wing {
	const char *name; /* "signer" */
	const struct daemon_settings *daemon;
	struct buf *listen; /* of the plan */
	struct buf milter;  /* "unix:postseal/signer.sock" */
	struct buf item;    /* that with what happens when it is away */
	const char *old;    /* what milter takes the place of, or NULL */
	bool wanted;
};

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
is_named(struct setupmaker *m, const struct endpoint *e, const char *queue,
    bool *ret)
{
	struct buf value;
	int rc;

	buf_init(&value, POSTCONF_VALUE_MAX);
	rc = postconf_get(m->postfix, "smtpd_milters", true, &value, m->why);
	*ret = wiring_has_endpoint(buf_view(&value), e, queue);
	buf_free(&value);
	return rc == -ENOENT ? 0 : rc;
}

/* The listener that this Postfix reaches: in its own queue, or what the
 * administrator has chosen; NULL: one has to be made. */
static int
find_listener(struct setupmaker *m, const struct wing *w, const char *queue,
    const struct endpoint **ret)
{
	const struct daemon_settings *d = w->daemon;
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
advise_listener(struct setupmaker *m, const struct wing *w, const char *queue)
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
		    "The %s needs the right to make its socket: systemctl "
		    "edit postseal-%s, with\n[Service] and "
		    "ReadWritePaths=%s, and restart it.\n",
		    w->name, w->name, queue);
}

/* A listener more in its listen key. */
static int
plan_listen(struct setupmaker *m, const struct wing *w, const char *queue,
    struct endpoint *ret)
{
	const struct daemon_settings *d = w->daemon;
	char text[ENDPOINT_TEXT_MAX];
	struct buf *list = w->listen;
	const char *why = NULL;
	struct buf path;
	int rc;

	buf_init(&path, POSTCONF_VALUE_MAX);
	if (m->enforcing)
		buf_str(&path, SETTINGS_LEGACY_SIGNER);
	else
		buf_fmt(&path, "unix:%s/postseal/%s.sock", queue, w->name);
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
	advise_listener(m, w, queue);
	if (rc == 0 && buf_text(list) == NULL)
		rc = setupmaker_no_memory(m);
	buf_free(&path);
	return rc;
}

/* Mail waits when it is down: none goes out unsigned, no forged field comes
 * in. */
static int
spell(struct setupmaker *m, const struct endpoint *e, const char *queue,
    struct wing *w)
{
	bool old = false;
	int rc = setupmaker_is_old(m, &old);

	wiring_endpoint(e, queue, &w->milter);
	if (rc == 0 && buf_text(&w->milter) == NULL)
		rc = setupmaker_no_memory(m);
	if (rc != 0)
		return rc;
	buf_fmt(&w->item, old ? "%s" : "{ %s, default_action=tempfail }",
	    buf_text(&w->milter));
	if (w->daemon->legacy.n > 0)
		w->old = SETTINGS_LEGACY_SIGNER;
	return buf_text(&w->item) == NULL ? setupmaker_no_memory(m) : 0;
}

/* Where it listens, and how Postfix calls it. */
static int
plan_wing(struct setupmaker *m, const char *queue, struct wing *w)
{
	const struct endpoint *there;
	struct endpoint new;
	int rc = find_listener(m, w, queue, &there);

	if (rc == 0 && there == NULL)
		rc = plan_listen(m, w, queue, &new);
	if (rc != 0)
		return rc;
	if (there == NULL)
		there = &new;
	m->plan->daemon[m->plan->ndaemons++] =
	    (struct setupplan_daemon){w->name, *there};
	return spell(m, there, queue, w);
}

static int
tell_no_socket(struct setupmaker *m, const struct wing *w)
{
	buf_fmt(m->why,
	    "%s.listen names no socket; take it out of the config, as the "
	    "default is a good one, and run this again\n",
	    w->name);
	return -EINVAL;
}

/* A domain's setup does without a verifier where there can be none, or where
 * its listen key is empty. */
static int
plan_verifier(struct setupmaker *m, const char *queue, struct wing *w)
{
	const struct endpoint *there = NULL;
	int rc;

	if (w->daemon->listen.n == 0) {
		if (!m->verify_only)
			return 0;
		return tell_no_socket(m, w);
	}
	if (m->settings->policyd.header == HEADER_AUTH_RESULTS) {
		buf_str(m->verify_only ? m->why : &m->plan->advice,
		    "The verifier would take what policyd writes for forged, "
		    "and "
		    "remove it: it is left out\nas long as policyd { header = "
		    "\"authentication-results\" }. Received-SPF stays in.\n");
		return m->verify_only ? -EINVAL : 0;
	}
	rc = m->enforcing ? find_listener(m, w, queue, &there) : 0;
	if (rc == 0 && m->enforcing && there == NULL) {
		buf_fmt(&m->plan->advice,
		    "SELinux lets Postfix connect to no unix socket of the "
		    "verifier, so it is left out: see\nSELinux in "
		    "troubleshooting.md, and run %s after that.\n",
		    invocation("setup --verify"));
		return 0;
	}
	w->wanted = m->plan->verifier = rc == 0;
	return rc == 0 ? plan_wing(m, queue, w) : rc;
}

/* --- the two lists of milters --------------------------------------------- */

/* The list with the signer in it, appended to ret. */
static int
with_signer(struct setupmaker *m, const char *name, const struct buf *value,
    bool has, const struct wing *s, struct buf *ret)
{
	const char *reason = NULL, *milter = s->milter.p, *item = s->item.p;
	int rc;

	if (has || !s->wanted)
		return buf_span(ret, buf_view(value));
	rc = s->old == NULL
	    ? -ENOENT
	    : wiring_replace_milter(buf_view(value), s->old, milter, item, ret);
	if (rc == -ENOENT)
		rc =
		    wiring_milters(buf_view(value), milter, item, ret, &reason);
	if (rc == -EINVAL && reason != NULL)
		return setupmaker_refuse(m, name, reason, item);
	return rc;
}

/* The list with the verifier at its beginning, appended to ret. */
static int
with_verifier(struct setupmaker *m, const struct buf *value, bool has,
    const struct wing *v, struct buf *ret)
{
	const char *reason = NULL;
	int rc;

	if (has || !v->wanted)
		return buf_span(ret, buf_view(value));
	rc = wiring_milters_first(
	    buf_view(value), v->milter.p, v->item.p, ret, &reason);
	if (rc == -EINVAL && reason != NULL)
		return setupmaker_refuse(m, "smtpd_milters", reason, v->item.p);
	return rc;
}

/* What a list of milters is, and what it shall be. */
struct list {
	struct buf value, expanded, changed;
};

static int
read_list(struct setupmaker *m, const char *name, struct list *l)
{
	int rc = setupmaker_get(m, name, &l->value);

	buf_init(&l->expanded, POSTCONF_VALUE_MAX);
	buf_init(&l->changed, POSTCONF_VALUE_MAX);
	if (rc == 0)
		rc = postconf_get(m->postfix, name, true, &l->expanded, m->why);
	return rc == -ENOENT ? 0 : rc;
}

static void
free_list(struct list *l)
{
	buf_free(&l->value);
	buf_free(&l->expanded);
	buf_free(&l->changed);
}

static bool
has_wing(const struct list *l, const struct wing *w)
{
	return w->wanted &&
	    wiring_has_milter(buf_view(&l->expanded), w->milter.p);
}

static int
set_list(struct setupmaker *m, const char *name, struct list *l)
{
	if (buf_error(&l->changed) != 0 || buf_text(&l->changed) == NULL)
		return setupmaker_no_memory(m);
	return span_eq(buf_view(&l->changed), buf_view(&l->value))
	    ? 0
	    : setupmaker_add_set(m, name, buf_text(&l->changed));
}

/* smtpd_milters: the verifier, which judges mail as it came, others, the
 * signer. What it is without the verifier is put into ret_rest. */
static int
plan_smtpd(struct setupmaker *m, const struct wing *s, const struct wing *v,
    struct buf *ret_rest)
{
	static const char name[] = "smtpd_milters";
	struct list l;
	int rc = read_list(m, name, &l);
	struct buf signed_;

	buf_init(&signed_, POSTCONF_VALUE_MAX);
	if (rc == 0)
		rc = with_signer(
		    m, name, &l.value, has_wing(&l, s), s, &signed_);
	if (rc == 0)
		rc = with_verifier(m, &signed_, has_wing(&l, v), v, &l.changed);
	if (rc == 0)
		rc = set_list(m, name, &l);
	if (rc == 0 && v->wanted)
		wiring_without_milter(
		    buf_view(&signed_), v->milter.p, ret_rest);
	else
		buf_span(ret_rest, buf_view(&signed_));
	buf_free(&signed_);
	free_list(&l);
	return rc == 0 ? buf_error(ret_rest) : rc;
}

/* non_smtpd_milters: what smtpd has but the verifier, as that mail is our own.
 * rest: of plan_smtpd(). */
static int
plan_non_smtpd(struct setupmaker *m, const struct wing *s, const struct wing *v,
    const struct buf *rest)
{
	static const char name[] = "non_smtpd_milters";
	struct list l;
	struct buf own;
	bool same, empty;
	int rc = read_list(m, name, &l);

	buf_init(&own, POSTCONF_VALUE_MAX);
	empty = span_trim(buf_view(&l.value)).n == 0;
	same = rc == 0 &&
	    wiring_replace_name(
	        buf_view(&l.value), "smtpd_milters", buf_view(rest), &own) == 0;
	if (rc == 0 && same && v->wanted) {
		buf_span(&l.changed, buf_view(&own));
	} else if (rc == 0 && !same && empty && s->wanted && !v->wanted) {
		buf_str(&l.changed, "$smtpd_milters");
	} else if (rc == 0) {
		rc = with_signer(
		    m, name, &l.value, same || has_wing(&l, s), s, &l.changed);
	}
	if (rc == 0)
		rc = set_list(m, name, &l);
	buf_free(&own);
	free_list(&l);
	return rc;
}

static int
plan_both(
    struct setupmaker *m, const char *queue, struct wing *s, struct wing *v)
{
	struct buf rest;
	int rc = s->wanted ? plan_wing(m, queue, s) : 0;

	buf_init(&rest, POSTCONF_VALUE_MAX);
	if (rc == 0)
		rc = plan_verifier(m, queue, v);
	if (rc == 0)
		rc = plan_smtpd(m, s, v, &rest);
	if (rc == 0)
		rc = plan_non_smtpd(m, s, v, &rest);
	buf_free(&rest);
	return rc;
}

static void
wing_init(struct wing *w)
{
	buf_init(&w->milter, ENDPOINT_TEXT_MAX);
	buf_init(&w->item, ENDPOINT_TEXT_MAX + 40);
}

static void
wing_free(struct wing *w)
{
	buf_free(&w->milter);
	buf_free(&w->item);
}

int
setupmilters_plan(struct setupmaker *m)
{
	struct wing s = {.name = "signer",
	    .daemon = &m->settings->signer.daemon,
	    .listen = &m->plan->listen,
	    .wanted = !m->verify_only};
	struct wing v = {.name = "verifier",
	    .daemon = &m->settings->verifier.daemon,
	    .listen = &m->plan->verifier_listen};
	struct buf queue;
	int rc;

	if (s.wanted && s.daemon->listen.n == 0)
		return tell_no_socket(m, &s);
	rc = setupmaker_expand(m, "queue_directory", &queue);
	wing_init(&s);
	wing_init(&v);
	if (rc == 0 && (queue.n == 0 || buf_text(&queue) == NULL))
		rc = setupmaker_no_memory(m);
	if (rc == 0)
		rc = plan_both(m, buf_text(&queue), &s, &v);
	buf_free(&queue);
	wing_free(&s);
	wing_free(&v);
	return rc;
}

/* --- whose mail the verifier leaves alone --------------------------------- */

static void
put_network(const struct cidr *net, struct buf *list)
{
	char text[IP_TEXT_MAX];

	buf_str(list, list->n == 0 ? "{" : ", ");
	if (settings_is_this_host(net))
		tool_config_string(SETTINGS_THIS_HOST, list);
	else
		buf_fmt(list, "\"%s/%u\"", ip_text(&net->ip, text), net->bits);
}

/* Clients in mynetworks may send mail, and it is not signed: perhaps they are
 * the administrator's, perhaps his customers'. So it is told and not done. */
static void
advise_internal(struct setupmaker *m, struct span mynetworks)
{
	struct buf networks, value;

	buf_init(&networks, POSTCONF_VALUE_MAX);
	buf_init(&value, POSTCONF_VALUE_MAX);
	signednets_missing(m->settings, mynetworks, &networks, &value);
	if (networks.n > 0)
		buf_fmt(&m->plan->advice,
		    "Mail of clients in mynetworks that do not log in is not "
		    "signed. Where it is yours:\nsigner { internal_hosts = %s "
		    "}\n",
		    buf_text(&value));
	buf_free(&value);
	buf_free(&networks);
}

/* Clients in mynetworks are ours: without them in trusted_networks their mail
 * would be taken for a stranger's. What is no network (a table) is told. */
int
setupmilters_networks(struct setupmaker *m)
{
	const struct cidr_list *now = &m->settings->verifier.trusted_networks;
	struct buf value, more, *list = &m->plan->networks;
	struct span rest, item;
	bool bad = false;
	int rc;

	buf_init(&value, POSTCONF_VALUE_MAX);
	buf_init(&more, POSTCONF_VALUE_MAX);
	rc = postconf_get(m->postfix, "mynetworks", true, &value, m->why);
	rest = buf_view(&value);
	if (rc == 0 && !m->verify_only)
		advise_internal(m, rest);
	for (size_t i = 0; i < now->n; i++)
		put_network(&now->v[i], &more);
	while (
	    m->plan->verifier && rc == 0 && wiring_next(&rest, &item, &bad)) {
		struct cidr net;

		if (!wiring_network(item, &net)) {
			buf_str(&m->plan->advice,
			    "mynetworks has what is no network: who is in ");
			buf_span(&m->plan->advice, item);
			buf_str(&m->plan->advice,
			    " belongs into\nverifier.trusted_networks, too.\n");
		} else if (!wiring_is_in(now, &net)) {
			if (list->n == 0)
				buf_span(list, buf_view(&more));
			put_network(&net, list);
		}
	}
	if (list->n > 0)
		buf_byte(list, '}');
	buf_free(&value);
	buf_free(&more);
	return rc == -ENOENT ? 0 : rc;
}

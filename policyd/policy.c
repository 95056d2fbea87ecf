/*
 * The trick: Postfix asks for each recipient of a message with the same
 * "instance", but a header or a BCC is the message's and is to be added once,
 * whatever number of recipients there are. So the last instance is remembered,
 * with
 *
 *     repeat   what its other recipients are told without a check, if the
 *              same rules of the config apply to them: the refusal again, or
 *              dunno where the action was for the message
 *     given    what the message was told already, for recipients with rules
 *              of their own: these are checked anew, and are told dunno in
 *              place of it
 *
 * A message with four recipients, of whom c@ has a section of its own in the
 * config; and then one that c@'s rules refuse:
 *
 *     RCPT a@   checked: PREPEND Received-SPF: ...
 *               repeat is dunno, given "header"
 *     RCPT b@   the same rules: dunno
 *     RCPT c@   other rules, checked: PREPEND, too, but that was given: dunno
 *               repeat is dunno, now for c@'s rules
 *     RCPT d@   not c@'s rules, checked: given again, dunno
 *
 *     RCPT c@   another instance, so given is empty; checked: 550 5.7.23 ...
 *               repeat is 550 5.7.23 ...
 *     RCPT c@   the same rules: 550 5.7.23 ...
 *
 * The trap: a request at which nothing can be checked (CONNECT, a foreign
 * state) may have the instance of the message that follows. It is answered, but
 * not remembered.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/bytes/buf.h"
#include "common/io/conn.h"
#include "common/limits.h"
#include "common/log/log.h"
#include "common/process/worker.h"
#include "policyd/counters.h"
#include "policyd/limits.h"
#include "policyd/policy.h"

enum { TELL_AGAIN_MS = 60 * 1000 };

struct policy {
	struct policy_env *env;
	struct conn *conn;
	struct request *request; /* under way; NULL: none */
	void (*closed)(void *arg);
	void *arg;
	bool begun; /* a first request has come */
	bool retired;
	bool partial;  /* the beginning of a request has been read */
	bool draining; /* end when nothing is under way */

	/* Of the instance answered last (above). */
	char instance[POLICY_INSTANCE_MAX + 1]; /* "": none */
	const struct policyd_settings *rules; /* that the answer was made by */
	struct buf repeat; /* what others get to whom the same rules apply */
	struct buf given;  /* what the message has got already that it gets
	                    * once: a line for each */
};

void
policy_free(struct policy *p)
{
	if (p->request != NULL)
		request_cancel(p->request);
	conn_free(p->conn);
	buf_free(&p->repeat);
	buf_free(&p->given);
	free(p);
}

/* The end; p is gone afterwards. */
static void
policy_close(struct policy *p)
{
	void (*closed)(void *arg) = p->closed;
	void *arg = p->arg;

	conn_finish(p->conn, POLICY_FLUSH_MS);
	p->conn = NULL;
	policy_free(p);
	closed(arg);
}

/* A request is evaluated, or the peer does not read its replies. */
static bool
policy_waits(const struct policy *p)
{
	return p->request != NULL || conn_queued(p->conn) > 0;
}

static void
policy_send(struct policy *p, const char *action)
{
	char text[HEADER_LINE_MAX + 128]; /* actions are capped well below */
	int n = snprintf(text, sizeof text, "action=%s\n\n", action);

	(void)conn_write(p->conn, text, (size_t)n);
}

/* --- the log ------------------------------------------------------------- */

/* What is known of one identity, under these keys. */
static void
log_result(
    struct log_line *l, const struct check_result *r, const char *const *key)
{
	log_str(l, key[0], spf_result_word(r->result));
	log_given(l, key[1], span_str(r->domain));
	log_given(l, key[2], span_str(r->mechanism));
	log_num(l, key[3], r->lookups);
	log_num(l, key[4], r->voids);
	log_str(l, key[5], r->security == DNS_SECURE ? "secure" : NULL);
}

/* HELO's keys are named so; those of MAIL FROM, and of the one check of a null
 * sender, are the plain ones. */
static void
log_results(struct log_line *l, const struct request_answer *a)
{
	static const char *const helo[] = {"helo_result", "helo_domain",
	    "helo_mechanism", "helo_lookups", "helo_voids", "helo_dnssec"};
	static const char *const from[] = {
	    "result", "domain", "mechanism", "lookups", "voids", "dnssec"};

	if (a->mail_from != NULL)
		log_result(l, a->mail_from, from);
	if (a->helo != NULL && a->helo != a->mail_from)
		log_result(l, a->helo, helo);
}

/* In front stands what other programs read (postseal-policyd(8), LOG), then
 * what we found, then the rest of what the client chose: a long line is cut at
 * its end. */
static void
log_answer(const struct request_answer *a, bool again)
{
	const struct attr *in = a->attr;
	struct log_line l;

	log_begin(&l, LOG_INFO, "spf");
	log_given(&l, "queue_id", in->queue_id);
	if (in->queue_id.n == 0)
		log_given(&l, "instance", in->instance);
	log_given(&l, "client", in->client_address);
	log_str(&l, "action", again ? "dunno" : a->word);
	log_given(&l, "to", in->recipient);
	log_str(&l, "unchecked", a->unchecked);
	log_str(&l, "trusted", a->by);
	log_results(&l, a);
	log_num(&l, "ms", a->ms);
	log_given(&l, "helo", in->helo_name);
	log_str(&l, "from", in->sender.n == 0 ? "<>" : NULL);
	log_given(&l, "from", in->sender);
	if (a->mail_from != NULL)
		log_str(&l, "problem", a->mail_from->problem);
	if (a->helo != NULL && a->helo != a->mail_from)
		log_str(&l, "helo_problem", a->helo->problem);
	log_str(&l, "would", a->would);
	log_end(&l);
}

/* --- counters ------------------------------------------------------------ */

/* The one check of a null sender is HELO's. */
static void
count_answer(struct stats_slot *s, const struct request_answer *a, bool again)
{
	stats_add(s, POLICYD_REQUESTS, 1);
	stats_add(s, POLICYD_ACTION + (again ? ACTION_DUNNO : a->kind), 1);
	if (a->unchecked != NULL)
		stats_add(s, POLICYD_UNCHECKED, 1);
	if (a->helo != NULL)
		identity_count(s, IDENTITY_HELO, a->helo);
	if (a->mail_from != NULL && a->mail_from != a->helo)
		identity_count(s, IDENTITY_MAIL_FROM, a->mail_from);
}

static void
log_broken(struct policy_env *env)
{
	uint64_t now = loop_now(env->request.loop);

	if (now - env->told < TELL_AGAIN_MS)
		return;
	env->told = now;
	log_event(LOG_ERR, "config", "nothing is checked: %s", env->broken);
}

/* --- requests ------------------------------------------------------------ */

static bool
is_remembered(const struct policy *p, struct span instance)
{
	return instance.n > 0 && span_eq(instance, span_str(p->instance));
}

static bool
was_given(const struct policy *p, const struct request_answer *a)
{
	struct span rest = buf_view(&p->given);

	if (a->once == NULL || !is_remembered(p, a->attr->instance))
		return false;
	while (rest.n > 0) {
		size_t n = span_find(rest, '\n');

		if (span_eq(span_of(rest.p, n), span_str(a->once)))
			return true;
		rest = span_skip(rest, n + 1);
	}
	return false;
}

/* again: the message was given it before. */
static void
policy_remember(struct policy *p, const struct request_answer *a, bool again)
{
	struct span instance = a->attr->instance;

	/* Of a request at which nothing is checked nothing is learned. */
	if (!a->repeat && is_remembered(p, instance))
		return;
	if (!is_remembered(p, instance))
		buf_clear(&p->given);
	p->instance[0] = '\0';
	if (!a->repeat || instance.n == 0 || instance.n > POLICY_INSTANCE_MAX)
		return;
	buf_clear(&p->repeat);
	if (buf_str(&p->repeat, a->once != NULL ? "dunno" : a->action) != 0 ||
	    buf_text(&p->repeat) == NULL)
		return;
	memcpy(p->instance, instance.p, instance.n);
	p->instance[instance.n] = '\0';
	p->rules = a->rules;
	if (a->once != NULL && !again)
		buf_fmt(&p->given, "%s\n", a->once);
}

/* Reads on, or ends, after a reply. */
static void
policy_go_on(struct policy *p)
{
	if (!policy_waits(p))
		conn_resume(p->conn);
	if (p->draining)
		policy_close(p);
}

static void
policy_answer(void *arg, const struct request_answer *a)
{
	struct policy *p = arg;
	bool again = was_given(p, a);

	p->request = NULL;
	policy_send(p, again ? "dunno" : a->action);
	policy_remember(p, a, again);
	log_answer(a, again);
	count_answer(p->env->stats, a, again);
	policy_go_on(p);
}

static bool
is_observing(const struct policy_env *env)
{
	return env->request.settings->policyd.observe;
}

/* One request: answers it, or sets out to. */
static void
policy_take(struct policy *p, const struct attr *in)
{
	struct policy_env *env = p->env;
	int rc;

	if (!p->begun && !p->retired)
		conn_set_timeout(p->conn, POLICY_IDLE_MS);
	p->begun = true;
	if (env->broken != NULL) {
		log_broken(env);
		policy_send(p, "dunno");
		return;
	}
	if (is_remembered(p, in->instance) &&
	    p->rules ==
	        settings_recipient(env->request.settings, in->recipient)) {
		policy_send(p, buf_text(&p->repeat));
		stats_add(env->stats, POLICYD_REQUESTS, 1);
		stats_add(env->stats, POLICYD_REPEATED, 1);
		return;
	}
	rc = request_start(&env->request, in, policy_answer, p, &p->request);
	if (rc != 0) {
		log_event(LOG_ERR, "request", "%s", strerror(-rc));
		stats_add(env->stats, POLICYD_ERROR, 1);
		policy_send(p, is_observing(env) ? "dunno" : REQUEST_FAILED);
	}
}

/* Request after request, until one must wait for DNS: then the connection is
 * paused, and what was read stays with it. */
static size_t
policy_data(void *arg, struct span in)
{
	struct policy *p = arg;
	struct attr attr;
	const char *why;
	size_t at = 0, used;

	p->partial = false;
	while (at < in.n && !p->partial && !policy_waits(p)) {
		switch (attr_parse(span_skip(in, at), POLICY_REQUEST_MAX, &attr,
		    &used, &why)) {
		case PARSE_OK:
			policy_take(p, &attr);
			at += used;
			break;
		case PARSE_MORE:
			p->partial = true;
			break;
		case PARSE_BAD:
			log_event(LOG_WARNING, "request",
			    "malformed, connection closed: %s", why);
			stats_add(p->env->stats, POLICYD_ERROR, 1);
			policy_close(p);
			return at;
		}
	}
	if (policy_waits(p))
		conn_pause(p->conn);
	else if (p->draining && !p->partial)
		policy_close(p);
	return at;
}

static void
policy_end(void *arg, enum conn_end how)
{
	struct policy *p = arg;

	static const char *const why[] = {
	    [CONN_EOF] = "the connection ended inside of it",
	    [CONN_LOST] = "the connection was lost inside of it",
	    [CONN_TIMEOUT] = "the connection ended inside of it: timeout",
	    [CONN_FULL] = "the connection ended inside of it: too long"};

	if (p->partial)
		log_event(LOG_WARNING, "request", "%s", why[how]);
	policy_close(p);
}

static void
policy_drained(void *arg)
{
	struct policy *p = arg;

	if (p->request == NULL)
		policy_go_on(p);
}

void
policy_retire(struct policy *p)
{
	p->retired = true;
	conn_set_timeout(p->conn, POLICY_RETIRED_IDLE_MS);
}

uint64_t
policy_spare(const struct policy *p)
{
	return worker_spare(
	    p->begun, policy_waits(p) || p->partial, conn_quiet(p->conn));
}

void
policy_drain(struct policy *p)
{
	p->draining = true;
	if (p->request == NULL && !p->partial)
		policy_close(p);
}

int
policy_new(struct policy_env *env, int in, int out, void (*closed)(void *arg),
    void *arg, struct policy **ret)
{
	static const struct conn_events events = {
	    .data = policy_data, .end = policy_end, .drained = policy_drained};
	struct policy *p = calloc(1, sizeof *p);
	struct conn *conn;
	int rc = conn_new(
	    env->request.loop, in, out, POLICY_REQUEST_MAX, &events, p, &conn);

	if (rc != 0 || p == NULL) {
		if (rc == 0)
			conn_free(conn);
		free(p);
		return rc == 0 ? -ENOMEM : rc;
	}
	p->env = env;
	p->conn = conn;
	p->closed = closed;
	p->arg = arg;
	buf_init(&p->repeat, HEADER_LINE_MAX + 128);
	buf_init(&p->given, POLICY_GIVEN_MAX);
	conn_set_timeout(conn, POLICY_FIRST_MS);
	*ret = p;
	return 0;
}

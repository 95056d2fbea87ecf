/*
 * The trick: both checks run side by side, and request_go_on() looks at all
 * that is there whenever something is new. It may be called in any order.
 *
 * The trap: what it calls may end the request, which is freed then. So a caller
 * that comes out of it must not touch r any more.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"
#include "common/bytes/clock.h"
#include "common/limits.h"
#include "common/spf/identity.h"
#include "policyd/decide/received.h"
#include "policyd/decide/trust.h"
#include "policyd/decide/verdict.h"
#include "policyd/limits.h"
#include "policyd/request.h"

struct request {
	struct request_env env;
	struct arena arena;
	struct timer *timer; /* the time limit; or at once, when nothing runs */
	uint64_t second_half; /* ms after the timer fires; 0: it is over then */
	uint64_t began;
	void (*done)(void *arg, const struct request_answer *answer);
	void *arg;
	struct attr attr; /* copied into the arena */
	struct subject subject;
	bool shared; /* one check for both identities: null sender */
	const struct policyd_settings *rules; /* the recipient's */
	const char *unchecked; /* why there is no check at all, or NULL */
	enum skip skip;        /* the rule that says so, and its name */
	const char *by;
	struct identity_check helo;
	struct identity_check mail_from;
	bool trusting;       /* what asks DNS was asked: */
	struct trust *trust; /* or NULL, there is nothing to ask */
};

static void
request_free(struct request *r)
{
	identity_cancel(&r->helo);
	identity_cancel(&r->mail_from);
	trust_free(r->trust);
	timer_free(r->timer);
	arena_free(&r->arena);
	free(r);
}

void
request_cancel(struct request *r)
{
	request_free(r);
}

/* A request at CONNECT may have the instance of the message that follows, so
 * its dunno says nothing about that. */
static bool
is_checked_state(struct span state)
{
	return span_eq(state, span_str("RCPT")) ||
	    span_eq(state, span_str("MAIL")) ||
	    span_eq(state, span_str("DATA"));
}

/* What the action would be if observe were off, where that differs. */
static const char *
would(struct request *r, const struct verdict_results *results,
    const struct verdict *given, struct buf *text)
{
	const struct policyd_settings *p = r->rules;
	struct verdict wanted = verdict_choose(p, results, false);

	if (!p->observe || r->skip != SKIP_NO || wanted.kind == given->kind)
		return NULL;
	verdict_action(p, &wanted, &r->subject, text);
	return buf_error(text) == 0 ? buf_text(text)
	                            : verdict_word(wanted.kind);
}

static struct verdict_results
request_results(const struct request *r)
{
	return (struct verdict_results){
	    r->helo.result, r->mail_from.result, r->subject.sender.n == 0};
}

/* The end: done() gets the answer, and r is gone. The checks are cancelled
 * first, as one of them may still be under way when the other has decided. */
static void
request_finish(struct request *r)
{
	const struct policyd_settings *p = r->rules;
	struct verdict_results results = request_results(r);
	struct verdict v = r->skip != SKIP_NO
	    ? verdict_skip(p, r->skip)
	    : verdict_choose(p, &results, p->observe);
	struct buf action, other;
	struct request_answer answer;

	identity_cancel(&r->helo);
	identity_cancel(&r->mail_from);
	buf_init(&action, HEADER_LINE_MAX + 64);
	buf_init(&other, HEADER_LINE_MAX + 64);
	verdict_action(p, &v, &r->subject, &action);
	answer = (struct request_answer){
	    .attr = &r->attr,
	    .subject = &r->subject,
	    .action = buf_error(&action) == 0 ? buf_text(&action) : NULL,
	    .repeat = is_checked_state(r->attr.protocol_state),
	    .once = verdict_once(&v),
	    .kind = v.kind,
	    .word = verdict_word(v.kind),
	    .would = would(r, &results, &v, &other),
	    .unchecked = r->skip != SKIP_NO ? skip_word(r->skip) : r->unchecked,
	    .by = r->by,
	    .rules = p,
	    .helo = results.helo,
	    .mail_from = results.mail_from,
	    .ms = (unsigned)(loop_now(r->env.loop) - r->began),
	};
	if (answer.action == NULL)
		answer.action = p->observe ? "dunno" : REQUEST_FAILED;
	r->done(r->arg, &answer);
	buf_free(&action);
	buf_free(&other);
	request_free(r);
}

/* True if the result that decides is a pass, which needs nobody's trust. */
static bool
request_passes(const struct request *r)
{
	struct verdict_results results = request_results(r);
	struct verdict v =
	    verdict_choose(r->rules, &results, r->rules->observe);

	return v.result == NULL || v.result->result == SPF_PASS;
}

static void trust_changed(void *arg);

static struct check_input
request_input(struct request *r, enum identity identity)
{
	return (struct check_input){
	    .subject = r->subject,
	    .identity = identity,
	    .arena = &r->arena,
	    .now = clock_seconds(time(NULL)),
	    .void_max = r->rules->void_lookups,
	    .prefetch = r->env.settings->dns.prefetch,
	};
}

/* Sets out to ask who else vouches for the client. Without memory for that the
 * results are no better than unknown. */
static void
request_trust(struct request *r)
{
	struct check_input in = request_input(r, IDENTITY_MAIL_FROM);

	if (r->trusting)
		return;
	r->trusting = true;
	if (trust_start(r->env.loop, r->env.resolver, r->rules, &in,
	        trust_changed, r, &r->trust) == 0)
		return;
	if (r->helo.result != NULL)
		r->helo.result = &check_no_memory;
	if (r->mail_from.result != NULL)
		r->mail_from.result = &check_no_memory;
}

/* All results that count are there. */
static void
request_decide(struct request *r)
{
	if (!request_passes(r)) {
		request_trust(r);
		if (trust_look(r->trust, &r->skip, &r->by) == TRUST_OPEN)
			return;
	}
	request_finish(r);
}

/* HELO decides first, so MAIL FROM's result waits for HELO's. */
static void
request_go_on(struct request *r)
{
	const struct policyd_settings *p = r->rules;
	const struct check_result *helo = r->helo.result;

	if (r->helo.check != NULL)
		return;
	if (helo != NULL && !p->observe &&
	    verdict_helo_ends(p, helo, r->subject.sender.n == 0))
		identity_cancel(&r->mail_from);
	if (r->mail_from.check == NULL)
		request_decide(r);
}

static void
trust_changed(void *arg)
{
	request_go_on(arg);
}

static void
checked(void *arg)
{
	struct request *r = arg;

	if (r->shared)
		r->mail_from.result = r->helo.result;
	request_go_on(r);
}

/* Half of the time is over, or all of it. Those who vouch for the client have
 * the second half also if the sender's DNS is dead. */
static void
request_fire(void *arg)
{
	struct request *r = arg;

	if (r->second_half > 0) {
		timer_set(r->timer, r->second_half);
		r->second_half = 0;
		request_trust(r);
		return;
	}
	identity_expire(&r->helo);
	identity_expire(&r->mail_from);
	if (r->shared)
		r->mail_from.result = r->helo.result;
	if (!request_passes(r))
		(void)trust_look(r->trust, &r->skip, &r->by);
	request_finish(r);
}

static void
request_identity(
    struct request *r, struct identity_check *i, enum identity identity)
{
	const struct request_env *env = &r->env;
	const struct check_input in = request_input(r, identity);

	*i = (struct identity_check){.identity = identity,
	    .witness = env->witness,
	    .done = checked,
	    .arg = r};
	identity_start(i, env->loop, env->resolver, &in);
}

/* Starts what is to be checked. */
static void
request_check(struct request *r)
{
	const struct policyd_settings *p = r->rules;
	bool helo = p->helo.check && identity_is_helo(r->subject.helo);

	r->shared = helo && p->mail_from.check && r->subject.sender.n == 0;
	if (helo)
		request_identity(r, &r->helo, IDENTITY_HELO);
	if (r->shared)
		r->mail_from.result = r->helo.result;
	else if (p->mail_from.check)
		request_identity(r, &r->mail_from, IDENTITY_MAIL_FROM);
}

/* Why this request cannot be checked, or NULL. */
static const char *
unchecked(const struct policyd_settings *p, const struct attr *in,
    struct ip *ret_client)
{
	if (!span_eq(in->request, span_str("smtpd_access_policy")))
		return "request is not smtpd_access_policy";
	if (!is_checked_state(in->protocol_state))
		return "protocol_state is not MAIL, RCPT or DATA";
	if (ip_parse(in->client_address, ret_client) != 0)
		return "client_address is not an address";
	if ((!p->helo.check && !p->mail_from.check) ||
	    (in->sender.n == 0 && !p->null_sender.check))
		return "checks are switched off";
	return NULL;
}

/*
 * The timer fires once, or twice where there is somebody who may vouch for the
 * client. With a time limit of 20 seconds:
 *
 *     0 s    the checks begin; it is set to 10 s, and 10 s follow
 *     10 s   it fires, as nothing is decided: those who vouch are asked
 *            beside the checks; it is set to 10 s, and none follow
 *     20 s   it fires: the time is over, what is known by now is the answer
 *
 * Where nobody is to be asked it is set to 20 s at once; where nothing is
 * checked, to none.
 */
static void
request_timer(struct request *r)
{
	const struct policyd_settings *p = r->rules;
	uint64_t limit = r->env.settings->policyd.time_limit * 1000ull;
	bool asks = p->trusted_forwarders.n > 0 || p->trusted_helo.n > 0;

	if (r->helo.check == NULL && r->mail_from.check == NULL)
		limit = 0;
	r->second_half = asks ? limit / 2 : 0;
	timer_set(r->timer, limit - r->second_half);
}

/* The client is this host, and so is the MTA that tells of it. */
static bool
is_own(const struct request_env *env, const struct ip *client,
    const struct attr *in)
{
	struct ip server;

	return env->own != NULL && ip_parse(in->server_address, &server) == 0 &&
	    own_has(env->own, client) && own_has(env->own, &server);
}

/* Who it is about; the client's address is read later. */
static struct subject
subject_of(const struct attr *in, const char *receiver)
{
	return (struct subject){
	    .client_name = in->client_name,
	    .helo = in->helo_name,
	    .sender = in->sender,
	    .recipient = in->recipient,
	    .login = in->sasl_username,
	    .certificate = in->ccert_fingerprint,
	    .public_key = in->ccert_pubkey_fingerprint,
	    .receiver = receiver,
	};
}

static int
request_begin(struct request *r, const struct attr *in)
{
	const struct settings *settings = r->env.settings;
	int rc = timer_new(r->env.loop, request_fire, r, &r->timer);

	if (rc != 0)
		return rc;
	rc = attr_keep(&r->arena, in, &r->attr);
	if (rc != 0)
		return rc;
	r->subject = subject_of(&r->attr, settings->hostname);
	r->rules = settings_recipient(settings, in->recipient);
	r->unchecked = unchecked(r->rules, in, &r->subject.client);
	r->subject.own = is_own(&r->env, &r->subject.client, in);
	if (r->unchecked == NULL)
		r->skip = skip_client(r->rules, &r->subject, &r->by);
	if (r->unchecked == NULL && r->skip == SKIP_NO)
		r->skip = skip_sender(r->rules, r->subject.sender, &r->by);
	if (r->unchecked == NULL && r->skip == SKIP_NO)
		request_check(r);
	request_timer(r);
	return 0;
}

int
request_start(const struct request_env *env, const struct attr *in,
    void (*done)(void *arg, const struct request_answer *answer), void *arg,
    struct request **ret)
{
	struct request *r = calloc(1, sizeof *r);
	int rc;

	if (r == NULL)
		return -ENOMEM;
	r->env = *env;
	r->began = loop_now(env->loop);
	r->done = done;
	r->arg = arg;
	arena_init(&r->arena, REQUEST_MEMORY_MAX);
	rc = request_begin(r, in);
	if (rc != 0) {
		request_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

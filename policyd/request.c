#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"
#include "common/bytes/clock.h"
#include "common/bytes/domain.h"
#include "common/limits.h"
#include "policyd/decide/received.h"
#include "policyd/decide/trust.h"
#include "policyd/decide/verdict.h"
#include "policyd/request.h"
#include "policyd/side.h"

struct request {
	struct request_env env;
	struct arena arena;
	struct timer *timer; /* the time limit; or at once, when nothing runs */
	uint64_t left;       /* ms of the limit when the timer fires */
	uint64_t began;
	void (*done)(void *arg, const struct request_answer *answer);
	void *arg;
	struct attr attr; /* copied into the arena */
	struct subject subject;
	bool shared; /* one check for both identities: null sender */
	const struct policyd_settings *policy; /* the recipient's */
	const char *unchecked; /* why there is no check at all, or NULL */
	enum skip skip;        /* the rule that says so, and its name */
	const char *by;
	struct side helo;
	struct side mail_from;
	bool trusting;       /* what asks DNS was asked: */
	struct trust *trust; /* or NULL, there is nothing to ask */
};

static void
request_free(struct request *r)
{
	side_cancel(&r->helo);
	side_cancel(&r->mail_from);
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
	const struct policyd_settings *p = r->policy;
	struct verdict wanted = verdict_choose(p, results, false);

	if (!p->observe || r->skip != SKIP_NO || wanted.kind == given->kind)
		return NULL;
	verdict_action(p, &wanted, &r->subject, text);
	return buf_error(text) == 0 ? buf_text(text) : verdict_word(&wanted);
}

static struct verdict_results
request_results(const struct request *r)
{
	return (struct verdict_results){
	    r->helo.result, r->mail_from.result, r->subject.sender.n == 0};
}

static void
request_finish(struct request *r)
{
	const struct policyd_settings *p = r->policy;
	struct verdict_results results = request_results(r);
	struct verdict v = r->skip != SKIP_NO
	    ? verdict_skip(p, r->skip)
	    : verdict_choose(p, &results, p->observe);
	struct buf action, other;
	struct request_answer answer;

	side_cancel(&r->helo);
	side_cancel(&r->mail_from);
	buf_init(&action, HEADER_LINE_MAX + 64);
	buf_init(&other, HEADER_LINE_MAX + 64);
	verdict_action(p, &v, &r->subject, &action);
	answer = (struct request_answer){
	    .attr = &r->attr,
	    .action = buf_error(&action) == 0 ? buf_text(&action) : NULL,
	    .repeat = is_checked_state(r->attr.protocol_state),
	    .once = verdict_once(&v),
	    .kind = v.kind,
	    .word = verdict_word(&v),
	    .would = would(r, &results, &v, &other),
	    .unchecked = r->skip != SKIP_NO ? skip_word(r->skip) : r->unchecked,
	    .by = r->by,
	    .policy = p,
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
	    verdict_choose(r->policy, &results, r->policy->observe);

	return v.result == NULL || v.result->result == SPF_PASS;
}

static void trust_changed(void *arg);

static struct check_input
request_input(const struct request *r, struct span sender)
{
	return (struct check_input){
	    .client = r->subject.client,
	    .sender = sender,
	    .helo = r->subject.helo,
	    .receiver = r->subject.receiver,
	    .now = clock_seconds(time(NULL)),
	    .void_max = r->policy->void_lookups,
	    .prefetch = r->env.settings->dns.prefetch,
	};
}

/* Sets out to ask who else vouches for the client. Without memory for that the
 * results are no better than unknown. */
static void
request_trust(struct request *r)
{
	struct check_input in = request_input(r, r->subject.sender);

	if (r->trusting)
		return;
	r->trusting = true;
	if (trust_start(r->env.loop, r->env.resolver, r->policy, &in,
	        trust_changed, r, &r->trust) == 0)
		return;
	if (r->helo.result != NULL)
		r->helo.result = &side_out_of_memory;
	if (r->mail_from.result != NULL)
		r->mail_from.result = &side_out_of_memory;
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
	const struct policyd_settings *p = r->policy;
	const struct check_result *helo = r->helo.result;

	if (r->helo.check != NULL)
		return;
	if (helo != NULL && !p->observe && verdict_helo_ends(p, helo))
		side_cancel(&r->mail_from);
	if (r->mail_from.check == NULL)
		request_decide(r);
}

static void
trust_changed(void *arg)
{
	request_go_on(arg);
}

static void
side_done(void *arg)
{
	struct request *r = arg;

	if (r->shared)
		r->mail_from.result = r->helo.result;
	request_go_on(r);
}

/* What follows the last '@'; all of it when there is none. */
static struct span
domain_of(struct span sender)
{
	size_t at = sender.n;

	while (at > 0 && sender.p[at - 1] != '@')
		at--;
	return span_skip(sender, at);
}

/* Time for those who vouch for the client is left also if the sender's DNS is dead:
 * they are asked when half of it is over. */
static void
request_fire(void *arg)
{
	struct request *r = arg;
	const struct subject *s = &r->subject;

	if (r->left > 0) {
		timer_set(r->timer, r->left);
		r->left = 0;
		request_trust(r);
		return;
	}
	side_timeout(&r->helo, s->helo);
	side_timeout(
	    &r->mail_from, s->sender.n == 0 ? s->helo : domain_of(s->sender));
	if (r->shared)
		r->mail_from.result = r->helo.result;
	if (!request_passes(r))
		(void)trust_look(r->trust, &r->skip, &r->by);
	request_finish(r);
}

/* RFC 7208 section 2.3: only a name of two labels or more can be checked. */
static bool
is_helo_name(struct span helo)
{
	char ascii[DOMAIN_MAX + 1];

	return domain_to_ascii(helo, ascii) == 0 &&
	    domain_is_mail(span_str(ascii));
}

/* "head" "tail" in the arena; the empty span when memory is out. */
static struct span
join(struct arena *a, struct span head, struct span tail)
{
	char *p = arena_alloc(a, head.n + tail.n + 1);

	if (p == NULL)
		return span_of(NULL, 0);
	memcpy(p, head.p, head.n);
	if (tail.n > 0)
		memcpy(p + head.n, tail.p, tail.n);
	return span_of(p, head.n + tail.n);
}

static void
request_side(
    struct request *r, struct side *s, const char *what, struct span sender)
{
	const struct check_input in = request_input(r, sender);

	*s = (struct side){.what = what,
	    .env = &r->env,
	    .arena = &r->arena,
	    .done = side_done,
	    .arg = r};
	side_start(s, &in);
}

/* Starts what is to be checked. 0 or -ENOMEM. */
static int
request_check(struct request *r)
{
	const struct policyd_settings *p = r->policy;
	const struct subject *s = &r->subject;
	bool helo = p->helo.check && is_helo_name(s->helo);
	struct span host, sender = s->sender;

	host = join(&r->arena, span_str("postmaster@"), s->helo);
	if (sender.n == 0)
		sender = host;
	else if (span_find(sender, '@') ==
	    sender.n) /* a local user: no domain */
		sender = join(&r->arena, sender, span_str("@"));
	if (host.n == 0 || sender.n == 0)
		return -ENOMEM;
	r->shared = helo && p->mail_from.check && s->sender.n == 0;
	if (helo)
		request_side(r, &r->helo, "HELO", host);
	if (r->shared)
		r->mail_from.result = r->helo.result;
	else if (p->mail_from.check)
		request_side(r, &r->mail_from, "MAIL FROM", sender);
	return 0;
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
	if (!p->helo.check && !p->mail_from.check)
		return "checks are switched off";
	return NULL;
}

static void
request_timer(struct request *r)
{
	const struct policyd_settings *p = r->policy;
	uint64_t limit = r->env.settings->policyd.time_limit * 1000ull;
	bool asks = p->trusted_forwarders.n > 0 || p->trusted_helo.n > 0;

	if (r->helo.check == NULL && r->mail_from.check == NULL)
		limit = 0;
	r->left = asks ? limit / 2 : 0;
	timer_set(r->timer, limit - r->left);
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
	r->subject.sender = r->attr.sender;
	r->subject.helo = r->attr.helo_name;
	r->subject.receiver = settings->hostname;
	r->subject.hide_receiver = settings->policyd.hide_receiver;
	r->policy = settings_recipient(settings, in->recipient);
	r->unchecked = unchecked(r->policy, in, &r->subject.client);
	if (r->unchecked == NULL)
		r->skip =
		    skip_client(r->policy, &r->subject.client, in, &r->by);
	if (r->unchecked == NULL && r->skip == SKIP_NO)
		rc = request_check(r);
	if (rc != 0)
		return rc;
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

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/domain.h"
#include "common/limits.h"
#include "policyd/received.h"
#include "policyd/request.h"
#include "policyd/trust.h"
#include "policyd/verdict.h"

/* One identity's check: running (check), finished (result), or neither. */
struct side {
	const char *what; /* for explain() */
	struct request *request;
	struct check *check;
	const struct check_result *result; /* a copy in the arena */
};

struct request {
	struct request_env env;
	struct arena arena;
	struct timer *timer; /* the time limit; or at once, when nothing runs */
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
	struct trust *trust; /* what asks DNS, or NULL */
};

static const struct check_result out_of_memory = {
    .result = SPF_TEMPERROR, .domain = "", .problem = "out of memory"};

static void
side_cancel(struct side *s)
{
	if (s->check != NULL)
		check_cancel(s->check);
	s->check = NULL;
}

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

/* Replaces a text by a copy of what we may show of it; NULL stays NULL. */
static bool
keep_text(struct arena *a, const char **text)
{
	if (*text == NULL)
		return true;
	*text = arena_dup(a, span_of(*text, strnlen(*text, HEADER_LINE_MAX)));
	return *text != NULL;
}

/* A result as it must outlive its check. */
static const struct check_result *
keep_result(struct arena *a, const struct check_result *r)
{
	struct check_result *copy = arena_alloc(a, sizeof *copy);

	if (copy == NULL)
		return &out_of_memory;
	*copy = *r;
	if (!keep_text(a, &copy->domain) || !keep_text(a, &copy->mechanism) ||
	    !keep_text(a, &copy->problem) || !keep_text(a, &copy->explanation))
		return &out_of_memory;
	return copy;
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
	    .once = verdict_is_once(&v),
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

/* All results that count are there. */
static void
request_decide(struct request *r)
{
	if (request_passes(r) ||
	    trust_look(r->trust, &r->skip, &r->by) != TRUST_OPEN)
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
side_explain(const struct side *s, const struct check_result *result)
{
	const struct request_env *env = &s->request->env;

	if (env->explain != NULL)
		env->explain(
		    env->explain_arg, s->what, check_lookups(s->check), result);
}

static void
side_done(void *arg, const struct check_result *result)
{
	struct side *s = arg;
	struct request *r = s->request;

	side_explain(s, result);
	s->check = NULL;
	s->result = keep_result(&r->arena, result);
	if (r->shared)
		r->mail_from.result = s->result;
	request_go_on(r);
}

/* The time limit. An identity that was to be checked and is not finished is a
 * temperror (RFC 7208 section 4.6.4, last paragraph). */
static void
side_timeout(struct side *s, struct span name)
{
	struct request *r = s->request;
	struct check_result late = {.result = SPF_TEMPERROR,
	    .domain = "",
	    .problem = "time limit exceeded"};
	char ascii[DOMAIN_MAX + 1];

	if (s->check == NULL)
		return;
	if (domain_to_ascii(name, ascii) == 0)
		late.domain = ascii;
	side_explain(s, &late);
	side_cancel(s);
	s->result = keep_result(&r->arena, &late);
	if (r->shared)
		r->mail_from.result = s->result;
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

static void
request_fire(void *arg)
{
	struct request *r = arg;
	const struct subject *s = &r->subject;

	side_timeout(&r->helo, s->helo);
	side_timeout(
	    &r->mail_from, s->sender.n == 0 ? s->helo : domain_of(s->sender));
	if (!request_passes(r))
		(void)trust_look(r->trust, &r->skip, &r->by);
	request_finish(r);
}

static struct check_input
request_input(const struct request *r, struct span sender)
{
	return (struct check_input){
	    .client = r->subject.client,
	    .sender = sender,
	    .helo = r->subject.helo,
	    .receiver = r->subject.receiver,
	    .now = (uint64_t)time(NULL),
	    .void_max = r->policy->void_lookups,
	    .prefetch = r->env.settings->dns.prefetch,
	};
}

/* Starts one check; one that cannot start is a temperror. */
static void
side_start(struct side *s, struct span sender)
{
	struct request *r = s->request;
	const struct check_input in = request_input(r, sender);

	if (check_start(r->env.loop, r->env.resolver, &in, side_done, s,
	        &s->check) != 0) {
		s->check = NULL;
		s->result = &out_of_memory;
	}
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

/* Starts what is to be checked. 0 or -ENOMEM. */
static int
request_check(struct request *r)
{
	const struct policyd_settings *p = r->policy;
	const struct subject *s = &r->subject;
	struct check_input in = request_input(r, s->sender);
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
		side_start(&r->helo, host);
	if (r->shared)
		r->mail_from.result = r->helo.result;
	else if (p->mail_from.check)
		side_start(&r->mail_from, sender);
	if (r->helo.check == NULL && r->mail_from.check == NULL)
		return 0;
	return trust_start(
	    r->env.loop, r->env.resolver, p, &in, trust_changed, r, &r->trust);
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
	if (r->helo.check == NULL && r->mail_from.check == NULL)
		timer_set(r->timer, 0);
	else
		timer_set(r->timer, settings->policyd.time_limit * 1000ull);
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
	r->helo = (struct side){.what = "HELO", .request = r};
	r->mail_from = (struct side){.what = "MAIL FROM", .request = r};
	arena_init(&r->arena, REQUEST_MEMORY_MAX);
	rc = request_begin(r, in);
	if (rc != 0) {
		request_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

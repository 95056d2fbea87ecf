#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <unbound.h>
#include <unbound-event.h>

#include "common/dnsmsg.h"
#include "common/dnsname.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/resolver.h"
#include "common/stats.h"
#include "common/resolver_context.h"

enum state {
	QUERY_ASKING,   /* ub_resolve_event() runs for it */
	QUERY_WAITING,  /* libunbound has it, somebody waits */
	QUERY_UNWANTED, /* libunbound has it, nobody waits */
	QUERY_ANSWERED  /* libunbound is done with it */
};

/*
 * One question. It lives until libunbound calls back, also when it timed out or
 * was cancelled: ub_cancel() would not stop libunbound's work either, and so we
 * know how much of that there is.
 */
struct dns_query {
	TAILQ_ENTRY(dns_query) entry; /* in the list of its state */
	struct resolver *r;
	void (*got)(void *arg, struct dns_answer *answer);
	void *arg;
	struct dns_answer *answer; /* ANSWERED: it. WAITING: one that says
	                            * "timeout", so that time and memory
	                            * cannot run out together */
	uint64_t deadline;         /* loop_now() */
	enum state state;
	enum dns_type type;
	size_t n;
	char name[]; /* as it was asked */
};

TAILQ_HEAD(query_list, dns_query);

struct resolver {
	struct loop *loop;
	struct ub_ctx *ctx;     /* NULL before the first question */
	struct timer *deliver;  /* at once: `answered` is to be called back */
	struct timer *deadline; /* of the oldest that waits */
	bool deadline_set;
	struct query_list waiting; /* in the order of their deadlines */
	struct query_list unwanted;
	struct query_list answered;
	bool small;   /* for one connection */
	bool trimmed; /* the first question was put */
	bool told;    /* that libunbound does not work */
	size_t out;   /* waiting and unwanted */
	struct stats_slot *stats;
	uint64_t timeout;   /* ms */
	char *trust_anchor; /* NULL: no validation */
	size_t nservers;
	struct server server[];
};

/* --- the context ---------------------------------------------------------- */

/* Makes it, before the first question; it is finished with that. */
static bool
context_open(struct resolver *r)
{
	if (r->ctx == NULL)
		r->ctx = resolver_context(loop_base(r->loop), r->server,
		    r->nservers, r->trust_anchor, r->small);
	return r->ctx != NULL;
}

/* The first question has finished the context. What that took and is free again,
 * some 300 KiB, would stay with us. */
static void
context_started(struct resolver *r)
{
	if (r->small && !r->trimmed)
		malloc_trim(0);
	r->trimmed = true;
}

/* --- answers -------------------------------------------------------------- */

/* Turns what libunbound says into an answer; NULL when memory is out. */
static struct dns_answer *
answer_make(const struct dns_query *q, int rcode, const void *packet, int size,
    int security)
{
	struct dns_answer *a;
	int err;

	/* RCODE 0 means that there is a packet, which has its own RCODE. */
	if (rcode != 0)
		err = dnsmsg_error("SERVFAIL", &a);
	else if (security == 1)
		err = dnsmsg_error("bogus", &a);
	else
		err = dnsmsg_read(span_of(packet, (size_t)size),
		    span_of(q->name, q->n), q->type, &a);
	if (err != 0)
		return NULL;
	if (security == 1)
		a->security = DNS_BOGUS;
	else if (security == 2 && rcode == 0)
		a->security = DNS_SECURE;
	return a;
}

/* Out of memory: the prepared answer is given another reason. */
static void
answer_set(struct dns_query *q, struct dns_answer *a)
{
	if (a == NULL) {
		if (q->answer != NULL)
			q->answer->why = "out of memory";
		return;
	}
	dns_answer_free(q->answer);
	q->answer = a;
}

/* A question that was out got its answer, or none in time. */
static void
count(const struct dns_query *q, enum dns_status status)
{
	struct resolver *r = q->r;
	uint64_t asked = q->deadline - r->timeout, now;

	if (r->stats == NULL)
		return;
	now = loop_now(r->loop);
	stats_add(r->stats, STATS_DNS_ANSWER + status, 1);
	stats_add_latency(r->stats, now - asked);
}

/* libunbound's callback. It may come inside ub_resolve_event(), and for other
 * questions than that of the call. */
static void
query_done(void *arg, int rcode, void *packet, int size, int security,
    char *why, int ratelimited)
{
	struct dns_query *q = arg;
	struct resolver *r = q->r;

	switch (q->state) {
	case QUERY_ASKING:
		answer_set(q, answer_make(q, rcode, packet, size, security));
		break;
	case QUERY_WAITING:
		answer_set(q, answer_make(q, rcode, packet, size, security));
		count(q, q->answer->status);
		TAILQ_REMOVE(&r->waiting, q, entry);
		/* Not called here: libunbound may be in the middle of others
		 * with the same packet. */
		if (TAILQ_EMPTY(&r->answered))
			timer_set(r->deliver, 0);
		TAILQ_INSERT_TAIL(&r->answered, q, entry);
		r->out--;
		break;
	case QUERY_UNWANTED:
		TAILQ_REMOVE(&r->unwanted, q, entry);
		r->out--;
		free(q);
		return;
	case QUERY_ANSWERED:
		return; /* never called twice */
	}
	q->state = QUERY_ANSWERED;
}

static void
deliver_fire(void *arg)
{
	struct resolver *r = arg;
	struct dns_query *q;

	while ((q = TAILQ_FIRST(&r->answered)) != NULL) {
		struct dns_query old = *q;

		TAILQ_REMOVE(&r->answered, q, entry);
		free(q);
		old.got(old.arg, old.answer);
	}
}

/* --- deadlines ------------------------------------------------------------ */

/* Sets the timer for the oldest. One set too early stays so: most questions
 * are answered long before, and then nothing is left to set. */
static void
deadline_arm(struct resolver *r, uint64_t now)
{
	struct dns_query *q = TAILQ_FIRST(&r->waiting);

	if (q == NULL || r->deadline_set)
		return;
	timer_set(r->deadline, q->deadline > now ? q->deadline - now : 0);
	r->deadline_set = true;
}

static void
query_unwanted(struct dns_query *q)
{
	struct resolver *r = q->r;

	TAILQ_REMOVE(&r->waiting, q, entry);
	TAILQ_INSERT_TAIL(&r->unwanted, q, entry);
	q->state = QUERY_UNWANTED;
}

static void
deadline_fire(void *arg)
{
	struct resolver *r = arg;
	uint64_t now = loop_now(r->loop);
	struct dns_query *q;

	r->deadline_set = false;
	while ((q = TAILQ_FIRST(&r->waiting)) != NULL && q->deadline <= now) {
		struct dns_answer *a = q->answer;

		q->answer = NULL;
		count(q, DNS_TEMPERROR);
		query_unwanted(q);
		q->got(q->arg, a);
	}
	deadline_arm(r, now);
}

/* --- asking --------------------------------------------------------------- */

static int
copy_anchor(struct resolver *r, const struct dns_settings *dns)
{
	if (dns->trust_anchor == NULL)
		return 0;
	r->trust_anchor = strdup(dns->trust_anchor);
	return r->trust_anchor == NULL ? -ENOMEM : 0;
}

int
resolver_new(
    struct loop *l, const struct dns_settings *dns, struct resolver **ret)
{
	struct resolver *r;
	int err;

	r = calloc(1, sizeof *r + dns->servers.n * sizeof r->server[0]);
	if (r == NULL)
		return -ENOMEM;
	r->loop = l;
	r->timeout = dns->timeout * UINT64_C(1000);
	r->nservers = dns->servers.n;
	for (size_t i = 0; i < r->nservers; i++)
		r->server[i] = dns->servers.v[i];
	TAILQ_INIT(&r->waiting);
	TAILQ_INIT(&r->unwanted);
	TAILQ_INIT(&r->answered);
	err = copy_anchor(r, dns);
	if (err == 0)
		err = timer_new(l, deliver_fire, r, &r->deliver);
	if (err == 0)
		err = timer_new(l, deadline_fire, r, &r->deadline);
	if (err != 0) {
		resolver_free(r);
		return err;
	}
	*ret = r;
	return 0;
}

void
resolver_small(struct resolver *r)
{
	r->small = true;
}

void
resolver_count(struct resolver *r, struct stats_slot *slot)
{
	r->stats = slot;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	/* Calls back for all that it still has: they are unwanted by now. */
	if (r->ctx != NULL)
		ub_ctx_delete(r->ctx);
	timer_free(r->deadline);
	timer_free(r->deliver);
	free(r->trust_anchor);
	free(r);
}

static enum ask
ask_error(const char *why, struct dns_answer **ret_answer)
{
	return dnsmsg_error(why, ret_answer) == 0 ? ASK_READY : ASK_NOMEM;
}

/* No question can be put. As the answers only say so, the log has the reason,
 * once. */
static enum ask
no_resolver(struct resolver *r, const char *why, struct dns_answer **ret_answer)
{
	if (!r->told)
		log_event(
		    LOG_ERR, "resolver", "no question can be asked: %s", why);
	r->told = true;
	return ask_error("no resolver", ret_answer);
}

static struct dns_query *
query_new(struct resolver *r, struct span name, enum dns_type type,
    void (*got)(void *arg, struct dns_answer *answer), void *arg)
{
	struct dns_query *q = malloc(sizeof *q + name.n);

	if (q == NULL)
		return NULL;
	*q = (struct dns_query){.r = r,
	    .got = got,
	    .arg = arg,
	    .state = QUERY_ASKING,
	    .type = type,
	    .n = name.n};
	memcpy(q->name, name.p, name.n);
	return q;
}

/* libunbound has kept the question: somebody waits from now on. */
static enum ask
query_wait(struct dns_query *q, struct dns_query **ret_query)
{
	struct resolver *r = q->r;
	uint64_t now = loop_now(r->loop);

	q->state = QUERY_WAITING;
	q->deadline = now + r->timeout;
	TAILQ_INSERT_TAIL(&r->waiting, q, entry);
	r->out++;
	if (dnsmsg_error("timeout", &q->answer) != 0) {
		query_unwanted(q);
		return ASK_NOMEM;
	}
	deadline_arm(r, now);
	*ret_query = q;
	return ASK_PENDING;
}

enum ask
resolver_ask(struct resolver *r, struct span name, enum dns_type type,
    void (*got)(void *arg, struct dns_answer *answer), void *arg,
    struct dns_query **ret_query, struct dns_answer **ret_answer)
{
	char text[DNSNAME_TEXT_MAX];
	struct dnsname wire;
	struct dns_query *q;
	int err;

	if (dnsname_parse(name, &wire) != 0)
		return ASK_BADNAME;
	if (r->out >= DNS_QUESTIONS_MAX)
		return ask_error("too many questions", ret_answer);
	if (!context_open(r))
		return no_resolver(
		    r, "libunbound refuses its settings", ret_answer);
	q = query_new(r, name, type, got, arg);
	if (q == NULL)
		return ASK_NOMEM;
	dnsname_text(&wire, text); /* with the escapes that libunbound wants */
	err = ub_resolve_event(r->ctx, text, (int)type, 1, q, query_done, NULL);
	context_started(r);
	if (err == 0 && q->state == QUERY_ASKING)
		return query_wait(q, ret_query);
	/* Answered from the cache, or refused: then without a callback. */
	if (err == 0 && q->answer == NULL)
		err = UB_NOMEM;
	if (err == 0)
		*ret_answer = q->answer;
	free(q);
	if (err == 0) {
		stats_add(r->stats, STATS_DNS_CACHED, 1);
		return ASK_READY;
	}
	return err == UB_NOMEM ? ASK_NOMEM
	                       : no_resolver(r, ub_strerror(err), ret_answer);
}

bool
resolver_busy(const struct resolver *r)
{
	return r->out > DNS_QUESTIONS_MAX / 4;
}

void
resolver_cancel(struct dns_query *q)
{
	struct resolver *r = q->r;

	dns_answer_free(q->answer);
	q->answer = NULL;
	if (q->state == QUERY_WAITING) {
		query_unwanted(q);
		return;
	}
	TAILQ_REMOVE(&r->answered, q, entry);
	free(q);
}

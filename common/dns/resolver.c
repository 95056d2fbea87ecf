/*
 * One who asks is a `query`, what is asked of servers is a `question`: several
 * queries may wait for one question, and one question asks several servers. It
 * lives until the last query has gone.
 *
 * The trap is the callback: who gets an answer may ask, and may cancel others
 * that wait for the same one. So question_done() takes one waiting query off
 * after the other and keeps nothing of the list in hand.
 */
#include "common/dns/resolver.h"

#include <errno.h>
#include <resolv.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "common/dns/dnscounters.h"
#include "common/dns/dnsmsg.h"
#include "common/dns/dnsname.h"
#include "common/dns/dnsport.h"
#include "common/dns/dnsprobe.h"
#include "common/dns/dnsquestion.h"
#include "common/dns/dnstry.h"
#include "common/dns/nameservers.h"
#include "common/limits.h"
#include "common/log/log.h"

enum { BUCKETS = 1024 };

/* One who waits for an answer. */
struct dns_query {
	struct dns_query *next, **link; /* in its question's list */
	struct question *question;
	void (*got)(void *arg, struct dns_answer *answer);
	void *arg;
	uint64_t asked; /* loop_now() */
};

/* What the timer of a question is set for. */
enum step {
	STEP_LATE,   /* the server asked last is late: is it there? */
	STEP_LATER,  /* that once more: one packet can get lost */
	STEP_SILENT, /* its share of the time is over: the next one */
	STEP_HELD,   /* an answer is held: are those before it there? */
	STEP_ASK,    /* a round begins, or there may be a port now */
	STEP_OVER    /* nobody can answer any more */
};

/* A question at one of the servers. */
struct asked {
	struct question *question;
	struct dns_try *try; /* NULL: nothing can come from there */
	bool said;           /* it has said that it cannot answer */
	bool refused;        /* the net says that it is not there */
	bool cut;            /* it has an answer, which does not come by TCP */
	bool plain;          /* it was asked without EDNS in a round */
};

/*
 * A question that is out. It goes along `order` for so many rounds; every
 * server that was asked may answer until the end. The trick: one timer does for
 * all times; whoever sets it says what for. The trap: nothing may be called
 * back inside resolver_ask(), so even the end of a question that no server
 * takes waits for the timer.
 */
struct question {
	struct question *next, **link; /* in its bucket; link NULL: in none, as
	                                * it is over */
	struct resolver *r;
	struct nameservers *set;
	struct dns_query *waiting, **last;
	struct dns_answer *error; /* prepared as "timeout", so that time and
	                           * memory cannot run out together */
	struct dns_answer *held;  /* NULL; or that there is none, from a server
	                           * that was asked for another one's silence */
	size_t held_place;        /* of that server, in the order */
	struct timer *timer;
	enum step step;
	uint64_t begun, round_begun; /* loop_now() */
	size_t tries;                /* how far in the rounds */
	size_t current;              /* index of the server asked last */
	uint64_t since;              /* loop_now() then */
	/* servers that have said that they cannot answer, or what cannot be
	 * read: no other one's answer is secure */
	size_t said;
	unsigned turn;
	bool waited; /* for a server that is late, but there, once */
	const char
	    *why; /* what a server has said, or why one cannot be asked */
	enum dns_type type;
	struct dnsname name;
	unsigned char order[NAMESERVERS_MAX];
	struct asked asked[];
};

struct resolver {
	struct loop *loop;
	struct nameservers_source *source;
	struct question *bucket[BUCKETS];
	struct stats_slot *stats;
	uint64_t timeout; /* ms */
	size_t out;       /* queries that wait */
	struct dns_ports *ports;
	struct dns_probes *probes;
	unsigned turn;
	unsigned told; /* why no question can be asked: a bit for each */

	/* NULL; or who has all answers (resolver_answer_from) */
	struct dns_answer *(*known)(
	    void *arg, struct span name, enum dns_type type);
	void *known_arg;
};

static void question_go(struct question *q);

static void
set_timer(struct question *q, enum step step, uint64_t at)
{
	uint64_t now = loop_now(q->r->loop), end = q->begun + q->r->timeout;

	q->step = step;
	if (at > end)
		at = end;
	timer_set(q->timer, at > now ? at - now : 0);
}

/* --- the end of a question ------------------------------------------------ */

static void
try_close(struct dns_try **try)
{
	dns_try_close(*try);
	*try = NULL;
}

static void
question_unlink(struct question *q)
{
	if (q->link == NULL)
		return;
	*q->link = q->next;
	if (q->next != NULL)
		q->next->link = q->link;
	q->link = NULL;
}

static void
question_free(struct question *q)
{
	question_unlink(q);
	for (size_t i = 0; i < q->set->n; i++)
		try_close(&q->asked[i].try);
	nameservers_drop(q->set);
	timer_free(q->timer);
	dns_answer_free(q->error);
	dns_answer_free(q->held);
	free(q);
}

static void
query_unlink(struct dns_query *w)
{
	struct question *q = w->question;

	*w->link = w->next;
	if (w->next != NULL)
		w->next->link = w->link;
	else
		q->last = w->link;
	q->r->out--;
}

/* Hands out the answer, *taken*. Who gets it may ask, and cancel others. */
static void
question_done(struct question *q, struct dns_answer *a)
{
	struct resolver *r = q->r;
	uint64_t now = loop_now(r->loop);
	struct dns_query *w;

	question_unlink(q);
	while ((w = q->waiting) != NULL) {
		struct dns_query old = *w;

		query_unlink(w);
		free(w);
		if (r->stats != NULL) {
			stats_add(r->stats, DNS_COUNT_ANSWER + a->status, 1);
			stats_add_time(
			    r->stats, DNS_COUNT_TIME, now - old.asked);
		}
		old.got(old.arg, dns_answer_hold(a));
	}
	dns_answer_free(a);
	question_free(q);
}

/* --- what may still come -------------------------------------------------- */

/* It has been heard since then, or takes its time for everything. */
static bool
is_alive(const struct question *q, size_t i, uint64_t since)
{
	const struct nameserver *server = &q->set->server[i];

	return server->heard > since || server->slow > loop_now(q->r->loop);
}

/* Whether an answer is to be expected. */
static bool
is_open(const struct question *q)
{
	for (size_t i = 0; i < q->set->n; i++) {
		if (q->asked[i].try != NULL &&
		    (!q->asked[i].refused || is_alive(q, i, q->begun)))
			return true;
	}
	return false;
}

/* In the order of asking. */
static size_t
place_of(const struct question *q, const struct asked *at)
{
	size_t i = 0;

	while (&q->asked[q->order[i]] != at)
		i++;
	return i;
}

/* Whether a server that comes before that place may know an answer; alive:
 * those count that have given a sign of life. */
static bool
earlier_may_know(const struct question *q, size_t place, bool alive)
{
	for (size_t i = 0; i < place; i++) {
		size_t k = q->order[i];

		if (q->asked[k].cut ||
		    (q->asked[k].try != NULL &&
		        (!alive || is_alive(q, k, q->begun))))
			return true;
	}
	return false;
}

/* --- no answer ------------------------------------------------------------ */

/* why NULL: "timeout". */
static void
question_error(struct question *q, const char *why)
{
	if (why != NULL)
		q->error->why = why;
	question_done(q, dns_answer_hold(q->error));
}

/* Since then it has left a question for a sign of life unanswered. */
static void
mark_if_silent(struct question *q, size_t i, uint64_t since)
{
	struct nameserver *server = &q->set->server[i];

	if (!is_alive(q, i, since) && server->probed >= since)
		server->silent = loop_now(q->r->loop) + NAMESERVERS_SILENT_MS;
}

/* No other server has answered in time, or none can. What one has said tells
 * more than another's silence, and silence more than a server that is not
 * there. What is held is of no use while one lives that may know better. */
static void
question_failed(struct question *q)
{
	if (q->held == NULL || earlier_may_know(q, q->held_place, true)) {
		question_error(q, q->said == 0 && is_open(q) ? NULL : q->why);
		return;
	}
	for (size_t i = 0; i < q->held_place; i++) {
		if (q->asked[q->order[i]].try != NULL)
			mark_if_silent(q, q->order[i], q->begun);
	}
	if (q->said > 0)
		q->held->security = DNS_INSECURE;
	question_done(q, dns_answer_hold(q->held));
}

/* --- asking servers ------------------------------------------------------- */

/* Servers that count as silent are asked whether they still are, by the
 * questions that pass them over: a wrong mark lasts no longer than that. */
static void
probe_silent(struct question *q)
{
	uint64_t now = loop_now(q->r->loop);

	for (size_t i = 0; i < q->set->n; i++) {
		const struct nameserver *server = &q->set->server[i];

		if (server->silent > now &&
		    now - server->probed >= NAMESERVERS_TRY_MS)
			dns_probe(q->r->probes, q->set, i);
	}
}

/* No answer is to be expected from there: the next one, unless another is. */
static void
go_on(struct asked *at)
{
	struct question *q = at->question;

	if (q->held == NULL && (at == &q->asked[q->current] || !is_open(q)))
		question_go(q);
}

/* The server of that place can answer no more, or not this way. */
static void
server_failed(struct asked *at, const char *why, bool said)
{
	struct question *q = at->question;

	if (said || q->said == 0)
		q->why = why;
	q->said += said && !at->said;
	at->said |= said;
	try_close(&at->try);
	if (q->held != NULL && !earlier_may_know(q, q->held_place, false))
		question_failed(q);
	else
		go_on(at);
}

static const char *
reason_of(int err)
{
	switch (err) {
	case -EPROTO:
		return "malformed answer";
	case -ECONNRESET:
		return "no answer over TCP";
	case -ENOMEM:
		return "out of memory";
	case -EMFILE:
	case -ENFILE:
		return "no descriptors";
	case -EAGAIN:
		return "no ports";
	}
	return "unreachable";
}

/* The net says that the server is not there, which may be forged: the next one
 * is asked, and this one may answer still. */
static void
server_refused(struct asked *at)
{
	struct question *q = at->question;

	at->refused = true;
	if (q->said == 0)
		q->why = reason_of(-ECONNREFUSED);
	dns_probe(q->r->probes, q->set, (size_t)(at - q->asked));
	go_on(at);
}

/* What we lack says nothing about a server, and must not give another one the
 * word. */
static void
try_failed(struct asked *at, int err)
{
	if (dns_lack(err)) {
		question_error(at->question, reason_of(err));
		return;
	}
	at->cut =
	    !at->question->set->tcp && (err == -ECONNRESET || err == -EPROTO);
	server_failed(at, reason_of(err), false);
}

/* It was asked because others did not answer. That there is nothing may be all
 * that it knows, of a name that they know. So those that come before it are
 * asked once more, as some do not answer a question that is old (unbound's
 * discard-timeout), and have time for it. */
static void
hold(struct asked *at, size_t place, struct dns_answer *a)
{
	struct question *q = at->question;
	bool asked = false;

	try_close(&at->try);
	if (q->held != NULL && q->held_place < place) {
		dns_answer_free(a);
		return;
	}
	dns_answer_free(q->held);
	q->held = a;
	q->held_place = place;
	for (size_t i = 0; i < place; i++) {
		struct dns_try *try = q->asked[q->order[i]].try;

		if (try == NULL)
			continue;
		(void)dns_try_plain(try);
		asked = true;
	}
	if (asked || is_open(q))
		set_timer(
		    q, STEP_HELD, loop_now(q->r->loop) + q->set->try_ms / 2);
	else
		question_failed(q); /* one has an answer that does not come */
}

/* True if it may be EDNS that the server did not take: its RCODE says so, or it
 * has another one that no server is left to tell from a failure (RFC 2671
 * section 5.3). */
static bool
may_dislike_edns(const struct asked *at, unsigned rcode)
{
	const struct question *q = at->question;

	if (rcode != DNS_RCODE_SERVFAIL)
		return rcode == DNS_RCODE_FORMERR || rcode == DNS_RCODE_NOTIMP;
	return q->said == q->set->n - 1; /* all but this one */
}

/*
 * A server has said something: from now on it is not silent. One that does not
 * know EDNS is asked again without it at once; what is no answer, or cannot be
 * read, is its failure.
 */
static void
try_heard(void *arg, struct span msg, int err)
{
	struct asked *at = arg;
	struct question *q = at->question;
	struct dns_answer *a;
	struct dns_head head;
	const char *why;
	size_t place;

	if (err == -ECONNREFUSED) {
		server_refused(at);
		return;
	}
	if (err != 0) {
		try_failed(at, err);
		return;
	}
	nameserver_heard(&q->set->server[at - q->asked], loop_now(q->r->loop));
	head = dns_question_head(msg);
	if (may_dislike_edns(at, head.rcode) &&
	    dns_try_refused(at->try, &err)) {
		if (err != 0)
			try_failed(at, err);
		return;
	}
	if (head.lame) {
		server_failed(at, "no recursion", true);
		return;
	}
	if (dnsmsg_read(msg, &q->name, q->type, &a) != 0) {
		try_failed(at, -ENOMEM);
		return;
	}
	if (a->status == DNS_TEMPERROR) {
		why = a->why;
		dns_answer_free(a);
		server_failed(at, why, true);
		return;
	}
	if (q->set->trust_ad && q->said == 0 && head.ad)
		a->security = DNS_SECURE;
	place = place_of(q, at);
	if (a->status != DNS_FOUND && earlier_may_know(q, place, false))
		hold(at, place, a);
	else
		question_done(q, a);
}

/* Asks a server, for the first time or again; -errno when it cannot be asked.
 * Again is without EDNS: what lies between may have dropped it. */
static int
server_ask(struct question *q, size_t i)
{
	struct asked *at = &q->asked[i];
	struct resolver *r = q->r;
	unsigned flags = DNS_ASK_RECURSION |
	    (q->tries < q->set->n ? DNS_ASK_EDNS : 0) |
	    (q->set->trust_ad ? DNS_ASK_AD : 0);
	int err;

	q->current = i;
	q->since = loop_now(r->loop);
	at->plain = (flags & DNS_ASK_EDNS) == 0;
	at->refused = false;
	if (at->try != NULL) {
		err = dns_try_plain(at->try);
		if (err == 0)
			return 0;
		try_close(&at->try); /* what was wrong may be the port */
		if (dns_lack(err))
			return err;
	}
	if (dns_ports_full(r->ports))
		return -EAGAIN;
	return dns_try_open(r->ports, &q->set->server[i].at, &q->name, q->type,
	    flags, q->set->tcp, try_heard, at, &at->try);
}

/* Lets go of a server that has given no sign of life in its share, for the sake
 * of the next one: else questions that hold one port each could wait for each
 * other until all their time is over. */
static bool
leave_silent(struct question *q)
{
	if (loop_now(q->r->loop) - q->begun < q->set->try_ms)
		return false;
	for (size_t i = 0; i < q->set->n; i++) {
		if (q->asked[i].try != NULL && !is_alive(q, i, q->begun)) {
			try_close(&q->asked[i].try);
			return true;
		}
	}
	return false;
}

/* As many ports as may be are in use, or the process or the host has none: it
 * is tried again a little later. */
static void
no_port(struct question *q, int err)
{
	struct resolver *r = q->r;
	unsigned lack = err == -ENOMEM ? 1 : err == -EAGAIN ? 2 : 4;

	q->why = reason_of(err);
	if ((r->told & lack) == 0)
		log_event(LOG_ERR, "resolver", "no question can be asked: %s",
		    q->why);
	r->told |= lack;
	set_timer(q, STEP_ASK, loop_now(r->loop) + DNS_PORT_WAIT_MS);
}

/* True if it is too early for another round: then the timer is set. */
static bool
round_waits(struct question *q)
{
	uint64_t due = q->round_begun + q->set->try_ms;

	if (q->tries == 0 || loop_now(q->r->loop) >= due)
		return false;
	set_timer(q, STEP_ASK, due);
	return true;
}

/* Asks the next server that has not said no; what was said of a question with
 * EDNS may not be said of one without, for which there is time where another
 * server is silent. When all rounds are over, answers of those that were asked
 * may still come. */
static void
question_go(struct question *q)
{
	/* once more than is set where that is once: without EDNS */
	size_t n = q->set->n, rounds = q->set->rounds < 2 ? 2 : q->set->rounds,
	       i;
	int err;

	while (q->tries < rounds * n && q->said < n) {
		if (q->tries % n == 0 && round_waits(q))
			return;
		if (q->tries == 0) /* who waited for a port knows more now */
			nameservers_order(
			    q->set, q->turn, loop_now(q->r->loop), q->order);
		i = q->order[q->tries % n];
		err = q->asked[i].said && (q->tries < n || q->asked[i].plain)
		    ? -EALREADY
		    : server_ask(q, i);
		if (dns_lack(err) && err != -ENOMEM && leave_silent(q))
			err = server_ask(q, i);
		if (dns_lack(err)) {
			no_port(q, err);
			return;
		}
		if (q->tries++ % n == 0)
			q->round_begun = loop_now(q->r->loop);
		if (err == 0) {
			set_timer(q, STEP_LATE,
			    loop_now(q->r->loop) + q->set->try_ms / 2);
			return;
		}
		if (q->said == 0)
			q->why = reason_of(err);
	}
	set_timer(q, STEP_OVER, is_open(q) ? UINT64_MAX : 0);
}

/* --- silence -------------------------------------------------------------- */

/* A part of its share is over: the fault may be ours (a new address of this
 * host), or the server be dead. */
static void
server_late(struct question *q)
{
	bool first = q->step == STEP_LATE;

	if (first)
		dns_try_renew(q->asked[q->current].try);
	dns_probe(q->r->probes, q->set, q->current);
	set_timer(q, first ? STEP_LATER : STEP_SILENT,
	    loop_now(q->r->loop) + q->set->try_ms / 4);
}

/* Whether a server may have its time twice, and the others theirs. */
static bool
has_spare_time(const struct question *q, uint64_t now)
{
	size_t n = q->set->n, left = q->tries < n ? n - q->tries : 0;

	return now + (left + 1) * q->set->try_ms <= q->begun + q->r->timeout;
}

static void
server_silent(struct question *q)
{
	uint64_t now = loop_now(q->r->loop);

	if (is_alive(q, q->current, q->since) && !q->waited && q->set->n > 1) {
		/* it waits for others itself, and gets its share once more; or
		 * what lies between drops EDNS, which its signs of life do not
		 * have */
		q->waited = true;
		(void)dns_try_plain(q->asked[q->current].try);
		if (has_spare_time(q, now)) {
			set_timer(q, STEP_SILENT, now + q->set->try_ms);
			return;
		}
	}
	mark_if_silent(q, q->current, q->since);
	question_go(q);
}

/* Half of that share is over. The net has said that some are not there: if that
 * was forged, or is over, they answer now. */
static void
held_late(struct question *q)
{
	for (size_t i = 0; i < q->held_place; i++) {
		if (q->asked[q->order[i]].refused)
			dns_probe(q->r->probes, q->set, q->order[i]);
	}
	set_timer(q, STEP_OVER, loop_now(q->r->loop) + q->set->try_ms / 2);
}

/* The one timer of a question; `step` says what it was set for. */
static void
question_fire(void *arg)
{
	struct question *q = arg;

	if (loop_now(q->r->loop) >= q->begun + q->r->timeout) {
		question_failed(q);
		return;
	}
	switch (q->step) {
	case STEP_LATE:
	case STEP_LATER:
		server_late(q);
		break;
	case STEP_SILENT:
		server_silent(q);
		break;
	case STEP_HELD:
		held_late(q);
		break;
	case STEP_ASK:
		question_go(q);
		break;
	case STEP_OVER:
		if (q->held != NULL && is_open(q) &&
		    earlier_may_know(q, q->held_place, true))
			set_timer(q, STEP_OVER, UINT64_MAX);
		else
			question_failed(q);
		break;
	}
}

/* --- questions ------------------------------------------------------------ */

static struct question **
bucket_of(struct resolver *r, const struct dnsname *name, enum dns_type type)
{
	struct span bytes = span_of((const char *)name->b, name->n);

	return &r->bucket[(span_hash(bytes) ^ (unsigned)type) % BUCKETS];
}

/* The same question, if it is out, at the servers of now, and still has half of
 * its time. */
static struct question *
question_find(struct question *bucket, const struct nameservers *set,
    const struct dnsname *name, enum dns_type type, unsigned turn)
{
	for (struct question *q = bucket; q != NULL; q = q->next) {
		if (q->set == set && q->type == type &&
		    dnsname_equal(&q->name, name) &&
		    (!q->set->rotate || q->turn == turn) &&
		    loop_now(q->r->loop) - q->begun < q->r->timeout / 2)
			return q;
	}
	return NULL;
}

/* In one piece of memory: the question, and its tries (one a server). The error
 * that it may end with is made now, as memory may be out then. */
static struct question *
question_new(struct resolver *r, struct question **bucket,
    struct nameservers *set, const struct dnsname *name, enum dns_type type,
    unsigned turn)
{
	struct question *q = calloc(1, sizeof *q + set->n * sizeof q->asked[0]);

	if (q == NULL)
		return NULL;
	q->r = r;
	q->set = nameservers_hold(set);
	if (timer_new(r->loop, question_fire, q, &q->timer) != 0 ||
	    dnsmsg_error("timeout", &q->error) != 0) {
		question_free(q);
		return NULL;
	}
	q->last = &q->waiting;
	q->begun = loop_now(r->loop);
	q->turn = turn;
	q->type = type;
	q->name = *name;
	for (size_t i = 0; i < set->n; i++)
		q->asked[i].question = q;
	q->next = *bucket;
	q->link = bucket;
	if (q->next != NULL)
		q->next->link = &q->next;
	*bucket = q;
	return q;
}

/* One more waits for it. */
static struct dns_query *
query_new(struct question *q, void (*got)(void *arg, struct dns_answer *answer),
    void *arg)
{
	struct dns_query *w = malloc(sizeof *w);

	if (w == NULL)
		return NULL;
	*w = (struct dns_query){.link = q->last,
	    .question = q,
	    .got = got,
	    .arg = arg,
	    .asked = loop_now(q->r->loop)};
	*q->last = w;
	q->last = &w->next;
	q->r->out++;
	return w;
}

/* --- the door ------------------------------------------------------------- */

/* So many that descriptors are left for connections, whatever their limit. */
static size_t
ports_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur / 4 >= DNS_PORTS)
		return DNS_PORTS;
	return limit.rlim_cur / 4 > DNS_FEWEST_PORTS ? limit.rlim_cur / 4
	                                             : DNS_FEWEST_PORTS;
}

int
resolver_new(
    struct loop *l, const struct dns_settings *dns, struct resolver **ret)
{
	struct resolver *r = calloc(1, sizeof *r);
	uint16_t turn = 0;
	int err;

	if (r == NULL)
		return -ENOMEM;
	r->loop = l;
	r->timeout = dns->timeout * UINT64_C(1000);
	err = dns_ports_new(l, ports_max(), &r->ports);
	if (err == 0) /* many processes begin at another server each */
		err = dns_ports_id(r->ports, &turn);
	r->turn = turn;
	if (err == 0)
		err = nameservers_source_new(dns, _PATH_RESCONF, &r->source);
	if (err == 0)
		err = dns_probes_new(r->ports, r->timeout, &r->probes);
	if (err != 0) {
		resolver_free(r);
		return err;
	}
	*ret = r;
	return 0;
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
	dns_probes_free(r->probes);
	nameservers_source_free(r->source);
	dns_ports_free(r->ports);
	free(r);
}

unsigned
resolver_turn(struct resolver *r)
{
	return r->turn++;
}

/* One who asks, of a question that is out or of a new one. NULL: no memory. */
static struct dns_query *
query_put(struct resolver *r, struct nameservers *set, unsigned turn,
    const struct dnsname *name, enum dns_type type,
    void (*got)(void *arg, struct dns_answer *answer), void *arg)
{
	struct question **bucket = bucket_of(r, name, type),
	                *q = question_find(*bucket, set, name, type, turn);
	struct dns_query *w;

	if (q != NULL)
		return query_new(q, got, arg);
	q = question_new(r, bucket, set, name, type, turn);
	if (q == NULL)
		return NULL;
	w = query_new(q, got, arg);
	if (w == NULL) {
		question_free(q);
		return NULL;
	}
	probe_silent(q);
	question_go(q);
	return w;
}

enum ask
resolver_ask(struct resolver *r, unsigned turn, struct span name,
    enum dns_type type, void (*got)(void *arg, struct dns_answer *answer),
    void *arg, struct dns_query **ret_query, struct dns_answer **ret_answer)
{
	struct nameservers *set;
	struct dnsname wire;

	if (dnsname_parse(name, &wire) != 0)
		return ASK_BADNAME;
	if (r->known != NULL) {
		*ret_answer = r->known(r->known_arg, name, type);
		return *ret_answer != NULL ? ASK_READY : ASK_NOMEM;
	}
	if (r->out >= DNS_QUESTIONS_MAX)
		return dnsmsg_error("too many questions", ret_answer) == 0
		    ? ASK_READY
		    : ASK_NOMEM;
	set = nameservers_now(r->source, loop_now(r->loop));
	if (set == NULL)
		return ASK_NOMEM;
	*ret_query = query_put(r, set, turn, &wire, type, got, arg);
	nameservers_drop(set);
	return *ret_query != NULL ? ASK_PENDING : ASK_NOMEM;
}

void
resolver_answer_from(struct resolver *r,
    struct dns_answer *(*known)(
        void *arg, struct span name, enum dns_type type),
    void *arg)
{
	r->known = known;
	r->known_arg = arg;
}

bool
resolver_busy(const struct resolver *r)
{
	return r->out > DNS_QUESTIONS_MAX / 4;
}

void
resolver_cancel(struct dns_query *w)
{
	struct question *q = w->question;

	query_unlink(w);
	free(w);
	if (q->waiting == NULL && q->link != NULL)
		question_free(q);
}

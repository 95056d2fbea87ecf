#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/dns/dnsmsg.h"
#include "common/dns/dnsname.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/zone.h"

/* An outstanding question and everybody who waits for its answer. */
struct question {
	struct resolver *r;
	struct question *next; /* the newer one */
	struct dns_query *waiting, **last;
	struct timer *timer; /* of a silent name, else NULL */
	char *text;          /* as it was asked */
	unsigned char name[DNSNAME_MAX];
	size_t n;
	enum dns_type type;
	unsigned seq;
	bool running; /* its callbacks are being called */
};

struct dns_query {
	struct question *question;
	struct dns_query *next;
	void (*got)(void *arg, struct dns_answer *answer);
	void *arg;
};

struct count {
	struct count *next;
	unsigned char name[DNSNAME_MAX];
	size_t n;
	enum dns_type type;
	unsigned asked, sent;
};

struct resolver {
	struct loop *loop;
	struct timer *turn;
	struct zone *zone;
	unsigned timeout;
	bool busy;
	enum zone_order order;
	unsigned seed, seq;
	unsigned delay;
	bool armed;
	struct question *first;
	struct count *counts;
	char *log;
	struct dns_answer *(*known)(
	    void *arg, struct span name, enum dns_type type);
	void *known_arg;
};

_Noreturn static void
die(const char *what)
{
	fflush(stdout);
	fprintf(stderr, "resolver_zone: %s\n", what);
	abort();
}

/* A series of failing allocations (nomem.h), if there is one, is not for us. */
unsigned nomem_hold(void) __attribute__((weak));
void nomem_go_on(unsigned one_in) __attribute__((weak));

static unsigned
hold(void)
{
	return nomem_hold == NULL ? 0 : nomem_hold();
}

static void
go_on(unsigned held)
{
	if (nomem_go_on != NULL)
		nomem_go_on(held);
}

static void *
must(void *p)
{
	if (p == NULL)
		die("out of memory");
	return p;
}

/* --- counts --------------------------------------------------------------- */

static struct count *
count_find(const struct resolver *r, const unsigned char *name, size_t n,
    enum dns_type type)
{
	struct count *c = r->counts;

	while (c != NULL &&
	    (c->type != type || c->n != n || memcmp(c->name, name, n) != 0))
		c = c->next;
	return c;
}

static struct count *
count_make(
    struct resolver *r, const unsigned char *name, size_t n, enum dns_type type)
{
	struct count *c = count_find(r, name, n, type);

	if (c != NULL)
		return c;
	c = must(calloc(1, sizeof *c));
	memcpy(c->name, name, n);
	c->n = n;
	c->type = type;
	c->next = r->counts;
	r->counts = c;
	return c;
}

/* The count for a name as the tests write it. */
static const struct count *
count_named(const struct resolver *r, const char *name, enum dns_type type)
{
	unsigned char wire[ZONE_WIRE_MAX];
	size_t n = zone_name(span_str(name), wire);

	if (n == 0)
		die("a count is wanted for what is no name");
	return count_find(r, wire, n, type);
}

unsigned
resolver_zone_asked(
    const struct resolver *r, const char *name, enum dns_type type)
{
	const struct count *c = count_named(r, name, type);

	return c == NULL ? 0 : c->asked;
}

unsigned
resolver_zone_sent(
    const struct resolver *r, const char *name, enum dns_type type)
{
	const struct count *c = count_named(r, name, type);

	return c == NULL ? 0 : c->sent;
}

unsigned
resolver_zone_asked_all(const struct resolver *r)
{
	unsigned n = 0;

	for (const struct count *c = r->counts; c != NULL; c = c->next)
		n += c->asked;
	return n;
}

unsigned
resolver_zone_sent_all(const struct resolver *r)
{
	unsigned n = 0;

	for (const struct count *c = r->counts; c != NULL; c = c->next)
		n += c->sent;
	return n;
}

static void
note_sent(struct resolver *r, const char *text, enum dns_type type)
{
	char *log;

	if (asprintf(&log, "%s%s%s %s", r->log == NULL ? "" : r->log,
	        r->log == NULL ? "" : "; ", text, zone_type_word(type)) < 0)
		die("out of memory");
	free(r->log);
	r->log = log;
}

const char *
resolver_zone_log(struct resolver *r)
{
	return r->log == NULL ? "" : r->log;
}

void
resolver_zone_forget(struct resolver *r)
{
	struct count *c;

	while ((c = r->counts) != NULL) {
		r->counts = c->next;
		free(c);
	}
	free(r->log);
	r->log = NULL;
}

/* --- answers -------------------------------------------------------------- */

static struct dns_answer *
status_answer(const char *why, enum dns_security security)
{
	struct dns_answer *a;

	if (dnsmsg_error(why, &a) != 0)
		die("out of memory");
	a->security = security;
	return a;
}

static struct dns_answer *
find_answer(const struct resolver *r, struct span name,
    const unsigned char *wire, enum dns_type type)
{
	struct zone_words words = zone_words(r->zone, wire, type);
	unsigned char query[ZONE_WIRE_MAX + 16];
	unsigned char *reply = must(malloc(ZONE_MESSAGE_MAX));
	struct dnsname asked;
	struct dns_answer *a;
	size_t n;

	switch (words.status) {
	case ZONE_TIMEOUT:
	case ZONE_SILENT:
		free(reply);
		return status_answer("timeout", DNS_INSECURE);
	case ZONE_BOGUS:
		free(reply);
		return status_answer("SERVFAIL", DNS_INSECURE);
	case ZONE_GARBAGE:
		free(reply);
		return status_answer("malformed answer", DNS_INSECURE);
	case ZONE_NORMAL:
	case ZONE_SERVFAIL:
	case ZONE_REFUSED:
	case ZONE_NXDOMAIN:
		break;
	}
	n = zone_query(1, wire, (unsigned)type, query);
	n = zone_reply(r->zone, query, n, ZONE_MESSAGE_MAX, reply);
	if (dnsname_parse(name, &asked) != 0 ||
	    dnsmsg_read(span_of(reply, n), &asked, type, &a) != 0)
		die("out of memory");
	if (a->status != DNS_TEMPERROR && words.secure)
		a->security = DNS_SECURE;
	free(reply);
	return a;
}

static struct dns_answer *
make_answer(const struct resolver *r, struct span name,
    const unsigned char *wire, enum dns_type type)
{
	unsigned held = hold();
	struct dns_answer *a = find_answer(r, name, wire, type);

	go_on(held);
	return a;
}

/* --- delivery ------------------------------------------------------------- */

static void
question_unlink(struct question *q)
{
	struct question **at = &q->r->first;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
}

static void
question_free(struct question *q)
{
	timer_free(q->timer);
	free(q->text);
	free(q);
}

/* Calls all who wait. The question is not outstanding any more, so that a
 * callback that asks the same again sends it again. */
static size_t
question_deliver(struct question *q)
{
	struct dns_query *w;
	size_t n = 0;

	question_unlink(q);
	q->running = true;
	for (; (w = q->waiting) != NULL; n++) {
		struct dns_query old = *w;

		q->waiting = w->next;
		if (q->waiting == NULL)
			q->last = &q->waiting;
		free(w);
		old.got(old.arg,
		    make_answer(q->r, span_str(q->text), q->name, q->type));
	}
	question_free(q);
	return n;
}

/* The question whose turn it is, of those asked up to seq. */
static struct question *
question_pick(struct resolver *r, unsigned seq)
{
	struct question *oldest = NULL, *newest = NULL;
	unsigned n = 0, draw;

	for (struct question *q = r->first; q != NULL; q = q->next) {
		if (q->timer != NULL || q->seq > seq)
			continue;
		oldest = oldest == NULL ? q : oldest;
		newest = q;
		n++;
	}
	if (n == 0 || r->order == ZONE_REVERSED)
		return newest;
	if (r->order != ZONE_SHUFFLED)
		return oldest;
	r->seed = r->seed * 1103515245u + 12345u;
	draw = (r->seed >> 16) % n;
	for (struct question *q = r->first;; q = q->next) {
		if (q->timer == NULL && q->seq <= seq && draw-- == 0)
			return q;
	}
}

static void
turn_arm(struct resolver *r)
{
	const struct question *q = r->first;

	while (q != NULL && q->timer != NULL)
		q = q->next;
	if (r->armed || r->order == ZONE_HELD || q == NULL)
		return;
	timer_set(r->turn, r->delay);
	r->armed = true;
}

static void
turn_fire(void *arg)
{
	struct resolver *r = arg;
	unsigned seq = r->seq;
	struct question *q;

	r->armed = false;
	do {
		q = question_pick(r, seq);
		if (q != NULL)
			question_deliver(q);
	} while (q != NULL && r->order == ZONE_TOGETHER);
	turn_arm(r);
}

static void
silence_end(void *arg)
{
	question_deliver(arg);
}

size_t
resolver_zone_deliver(struct resolver *r, size_t max)
{
	size_t n = 0;

	while (n < max) {
		struct question *q = question_pick(r, UINT32_MAX);

		if (q == NULL)
			break;
		question_deliver(q);
		n++;
	}
	return n;
}

static struct question *
question_find(const struct resolver *r, const unsigned char *name, size_t n,
    enum dns_type type)
{
	struct question *q = r->first;

	while (q != NULL &&
	    (q->type != type || q->n != n || memcmp(q->name, name, n) != 0))
		q = q->next;
	return q;
}

bool
resolver_zone_deliver_one(
    struct resolver *r, const char *name, enum dns_type type)
{
	unsigned char wire[ZONE_WIRE_MAX];
	size_t n = zone_name(span_str(name), wire);
	struct question *q = question_find(r, wire, n, type);

	if (q == NULL)
		return false;
	question_deliver(q);
	return true;
}

size_t
resolver_zone_waiting(const struct resolver *r)
{
	size_t n = 0;

	for (const struct question *q = r->first; q != NULL; q = q->next) {
		for (struct dns_query *w = q->waiting; w != NULL; w = w->next)
			n++;
	}
	return n;
}

/* --- resolver.h ----------------------------------------------------------- */

void
resolver_zone_load(struct resolver *r, const char *text)
{
	char why[256];

	if (zone_add(r->zone, text, why) != 0)
		die(why);
}

void
resolver_zone_order(struct resolver *r, enum zone_order order, unsigned seed)
{
	r->order = order;
	r->seed = seed;
	turn_arm(r);
}

int
resolver_new(
    struct loop *l, const struct dns_settings *dns, struct resolver **ret)
{
	unsigned held = hold();
	struct resolver *r = must(calloc(1, sizeof *r));
	int err = timer_new(l, turn_fire, r, &r->turn);

	go_on(held);
	if (err != 0) {
		free(r);
		return err;
	}
	r->loop = l;
	r->timeout = dns->timeout;
	held = hold();
	r->zone = zone_new();
	go_on(held);
	*ret = r;
	return 0;
}

void
resolver_count(struct resolver *r, struct stats_slot *slot)
{
	/* nothing is counted: no answer takes time here */
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	if (r->first != NULL)
		die("freed while somebody waits for an answer");
	resolver_zone_forget(r);
	timer_free(r->turn);
	zone_free(r->zone);
	free(r);
}

static struct question *
question_new(struct resolver *r, const unsigned char *wire, size_t n,
    struct span name, enum dns_type type, bool silent)
{
	struct question *q = must(calloc(1, sizeof *q)), **end = &r->first;

	q->r = r;
	q->last = &q->waiting;
	q->text = must(strndup(name.p, name.n));
	memcpy(q->name, wire, n);
	q->n = n;
	q->type = type;
	q->seq = ++r->seq;
	if (silent) {
		if (timer_new(r->loop, silence_end, q, &q->timer) != 0)
			die("no timer");
		timer_set(q->timer, r->timeout * UINT64_C(1000));
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = q;
	return q;
}

static void
count_sent(struct resolver *r, struct count *c, const struct dnsname *name)
{
	char text[DNSNAME_TEXT_MAX];

	c->sent++;
	dnsname_text(name, text);
	note_sent(r, text, c->type);
}

void
resolver_zone_delay(struct resolver *r, unsigned ms)
{
	r->delay = ms;
}

void
resolver_zone_busy(struct resolver *r, bool busy)
{
	r->busy = busy;
}

unsigned
resolver_turn(struct resolver *r)
{
	return 0; /* there is one server */
}

bool
resolver_busy(const struct resolver *r)
{
	return r->busy;
}

static enum ask
ask(struct resolver *r, unsigned turn, struct span name, enum dns_type type,
    void (*got)(void *arg, struct dns_answer *answer), void *arg,
    struct dns_query **ret_query, struct dns_answer **ret_answer)
{
	struct zone_words words;
	struct question *q;
	struct dns_query *w;
	struct count *count;
	struct dnsname wire;

	if (dnsname_parse(name, &wire) != 0)
		return ASK_BADNAME;
	if (r->known != NULL) {
		*ret_answer = r->known(r->known_arg, name, type);
		return *ret_answer != NULL ? ASK_READY : ASK_NOMEM;
	}
	words = zone_words(r->zone, wire.b, (unsigned)type);
	if (words.nomem)
		return ASK_NOMEM;
	count = count_make(r, wire.b, wire.n, type);
	count->asked++;
	if (words.status != ZONE_SILENT &&
	    (r->order == ZONE_READY || words.cached)) {
		count_sent(r, count, &wire);
		*ret_answer = make_answer(r, name, wire.b, type);
		return ASK_READY;
	}
	q = question_find(r, wire.b, wire.n, type);
	if (q == NULL) {
		count_sent(r, count, &wire);
		q = question_new(
		    r, wire.b, wire.n, name, type, words.status == ZONE_SILENT);
	}
	w = must(calloc(1, sizeof *w));
	*w = (struct dns_query){.question = q, .got = got, .arg = arg};
	*q->last = w;
	q->last = &w->next;
	turn_arm(r);
	*ret_query = w;
	return ASK_PENDING;
}

enum ask
resolver_ask(struct resolver *r, unsigned turn, struct span name,
    enum dns_type type, void (*got)(void *arg, struct dns_answer *answer),
    void *arg, struct dns_query **ret_query, struct dns_answer **ret_answer)
{
	unsigned held = hold();
	enum ask rc = ask(r, turn, name, type, got, arg, ret_query, ret_answer);

	go_on(held);
	return rc;
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

void
resolver_cancel(struct dns_query *query)
{
	struct question *q = query->question;
	struct dns_query **at = &q->waiting;

	while (*at != NULL && *at != query)
		at = &(*at)->next;
	if (*at == NULL)
		die("what is cancelled is not outstanding");
	*at = query->next;
	if (*at == NULL)
		q->last = at;
	free(query);
	if (q->waiting == NULL && !q->running) {
		question_unlink(q);
		question_free(q);
	}
}

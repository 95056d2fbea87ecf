/*
 * One round asks for all keys, a few at a time, and the next begins an hour
 * after it. Runs in the helper: the public halves are copied out first, then
 * the keyring is wiped, so that what DNS sends is read in a process without
 * secrets. The trap is silence: a key that was good or bad stays what it was
 * until DNS says otherwise.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/bytes/arena.h"
#include "common/bytes/domain.h"
#include "common/dkim/keydiff.h"
#include "common/log/log.h"
#include "signer/keys/keycheck.h"
#include "signer/limits.h"

const struct stats_row keycheck_counters[] = {
    {.first = KEYCHECK_OK,
        .family = "keys_ok",
        .help = "Active keys that stand in DNS.",
        .gauge = true},
    {.first = KEYCHECK_MISMATCH,
        .family = "keys_mismatch",
        .help = "Active keys whose record in DNS is missing or another.",
        .gauge = true},
    {.first = KEYCHECK_UNKNOWN,
        .family = "keys_unknown",
        .help = "Active keys of which DNS could not tell.",
        .gauge = true},
    {.first = KEYCHECK_CHECKED,
        .family = "keys_checked_time_seconds",
        .help = "When keys were last compared with DNS.",
        .gauge = true},
    {.family = NULL},
};

enum state {
	STATE_NEW, /* not asked yet */
	STATE_OK,
	STATE_MISMATCH,
	STATE_UNKNOWN /* DNS did not answer, and never has */
};

struct item {
	struct keycheck *check;
	const struct keyring_key *key;
	const char *domain;
	struct span half; /* p=, without blanks */
	enum key_algorithm algorithm;
	enum state state;
	const char *detail; /* static; of MISMATCH and UNKNOWN */
	struct dns_query *query;
};

struct keycheck {
	struct resolver *resolver;
	struct keyring *keys;
	struct stats_slot *stats;
	struct timer *timer; /* the next round, or the next questions */
	struct arena arena;
	size_t asked; /* of the round: items before this one */
	size_t out;   /* questions that wait for an answer */
	size_t n;
	struct item *item;
};

/* --- a record ------------------------------------------------------------- */

/* What is wrong with one TXT record, or NULL. */
static const char *
judge(const struct item *k, struct span text)
{
	static const char *const wrong[KEYDIFF_NARROWED + 1] = {
	    [KEYDIFF_REVOKED] = "the key is revoked: p= is empty",
	    [KEYDIFF_TYPE] = "k= is of another kind of key",
	    [KEYDIFF_CUT] = "another key",
	    [KEYDIFF_OTHER] = "another key",
	    [KEYDIFF_NARROWED] = "h= or s= keeps the key from signing mail"};
	struct keyrecord record;
	const char *why;

	if (keyrecord_parse(text, &record, &why) != PARSE_OK)
		return why;
	return wrong[keydiff_record(&record, k->algorithm, k->half)];
}

/* One good record will do: which one verifiers take nobody can say. */
static enum state
compare(
    const struct item *k, const struct dns_answer *a, const char **ret_detail)
{
	const char *detail = NULL;

	switch (a->status) {
	case DNS_TEMPERROR:
		*ret_detail = a->why;
		return STATE_UNKNOWN;
	case DNS_NXDOMAIN:
	case DNS_NODATA:
		*ret_detail = "there is no record";
		return STATE_MISMATCH;
	case DNS_FOUND:
		break;
	}
	for (size_t i = 0; i < a->n; i++) {
		detail = judge(k, a->record[i].txt);
		if (detail == NULL)
			return STATE_OK;
	}
	*ret_detail = detail;
	return STATE_MISMATCH;
}

/* --- what becomes known --------------------------------------------------- */

static void
log_change(const struct item *k, enum state now, const char *detail)
{
	struct log_line l;

	if (now == STATE_MISMATCH)
		log_begin(&l, LOG_ERR, "key_mismatch");
	else
		log_begin(&l, LOG_NOTICE, "key_in_dns");
	log_str(&l, "domain", k->domain);
	log_str(&l, "selector", k->key->settings->selector);
	if (now == STATE_MISMATCH)
		log_str(&l, "record", detail);
	log_end(&l);
}

/* A mismatch stays one until DNS says otherwise. */
static void
learn(struct item *k, enum state now, const char *detail)
{
	bool known = k->state == STATE_OK || k->state == STATE_MISMATCH;
	bool first = k->state == STATE_NEW || k->state == STATE_UNKNOWN;

	if (now == STATE_UNKNOWN && known)
		return;
	if (now != k->state && now != STATE_UNKNOWN &&
	    !(first && now == STATE_OK))
		log_change(k, now, detail);
	k->state = now;
	k->detail = detail;
	if (now != STATE_UNKNOWN)
		keyring_mark(k->check->keys, k->key, now == STATE_MISMATCH);
}

/* Returns how many are not known. */
static uint64_t
count(struct keycheck *c)
{
	uint64_t n[STATE_UNKNOWN + 1] = {0};

	for (size_t i = 0; i < c->n; i++)
		n[c->item[i].state]++;
	stats_set(c->stats, KEYCHECK_OK, n[STATE_OK]);
	stats_set(c->stats, KEYCHECK_MISMATCH, n[STATE_MISMATCH]);
	stats_set(c->stats, KEYCHECK_UNKNOWN, n[STATE_UNKNOWN]);
	stats_set(c->stats, KEYCHECK_CHECKED, (uint64_t)time(NULL));
	return n[STATE_UNKNOWN];
}

/* --- rounds --------------------------------------------------------------- */

/* Goes on at the next turn; when the round is over, in an hour, or sooner when
 * DNS has been silent. */
static void
go_on(struct keycheck *c)
{
	if (c->asked < c->n) {
		timer_set(c->timer, 0);
	} else if (c->out == 0) {
		c->asked = 0;
		timer_set(
		    c->timer, count(c) == 0 ? KEYCHECK_MS : KEYCHECK_AGAIN_MS);
	}
}

static void
take(struct item *k, struct dns_answer *a)
{
	const char *detail = "";
	enum state now = compare(k, a, &detail);

	learn(k, now, detail);
	dns_answer_free(a);
}

static void
got(void *arg, struct dns_answer *a)
{
	struct item *k = arg;

	k->query = NULL;
	k->check->out--;
	take(k, a);
	go_on(k->check);
}

static void
ask(struct item *k)
{
	char name[DOMAIN_MAX * 2 + sizeof "._domainkey."];
	struct dns_answer *a;
	int n = snprintf(name, sizeof name, "%s._domainkey.%s",
	    k->key->settings->selector, k->domain);

	switch (
	    resolver_ask(k->check->resolver, resolver_turn(k->check->resolver),
	        span_of(name, (size_t)n), DNS_TXT, got, k, &k->query, &a)) {
	case ASK_READY:
		take(k, a);
		return;
	case ASK_PENDING:
		k->check->out++;
		return;
	case ASK_BADNAME:
		learn(k, STATE_MISMATCH, "DNS cannot hold this name");
		return;
	case ASK_NOMEM:
		learn(k, STATE_UNKNOWN, "out of memory");
		return;
	}
}

static void
on_timer(void *arg)
{
	struct keycheck *c = arg;

	while (c->asked < c->n && c->out < KEYCHECK_TOGETHER)
		ask(&c->item[c->asked++]);
	if (c->out == 0)
		go_on(c);
}

/* --- the keys ------------------------------------------------------------- */

/* The domain whose record it is, or NULL when only the message will tell. */
static const char *
domain_of(const struct keyring *k, size_t i)
{
	const char *name = k->domain[i].settings->name;

	if (strcmp(name, "%") != 0)
		return name;
	return k->tables->keys.entry[i - k->settings->ndomains].of;
}

static int
add(struct keycheck *c, const struct keyring_key *key, const char *domain)
{
	struct buf half;
	const char *copy = NULL;
	int rc;

	buf_init(&half, KEY_FILE_MAX);
	rc = key_public(key->key, &half);
	if (rc == 0)
		copy = arena_dup(&c->arena, buf_view(&half));
	if (copy != NULL)
		c->item[c->n++] = (struct item){.check = c,
		    .key = key,
		    .domain = domain,
		    .half = span_of(copy, half.n),
		    .algorithm = key_facts(key->key)->algorithm};
	else if (rc == 0)
		rc = -ENOMEM;
	buf_free(&half);
	return rc;
}

/* A key that does not work is the signer's affair: it has no public half. */
static int
add_all(struct keycheck *c)
{
	struct keyring *k = c->keys;
	int rc;

	for (size_t i = 0; i < k->ndomains; i++) {
		const char *domain = domain_of(k, i);

		for (size_t j = 0; domain != NULL && j < k->domain[i].nkeys;
		     j++) {
			rc = add(c, &k->domain[i].key[j], domain);
			if (rc == -ENOMEM)
				return rc;
		}
	}
	return 0;
}

int
keycheck_new(struct keyring *k, struct stats_slot *stats, struct keycheck **ret)
{
	struct keycheck *c = calloc(1, sizeof *c);
	int rc = -ENOMEM;

	if (c != NULL) {
		*c = (struct keycheck){.keys = k, .stats = stats};
		arena_init(&c->arena, k->nkeys * KEY_FILE_MAX + 1);
		c->item = calloc(k->nkeys + 1, sizeof *c->item);
	}
	if (c != NULL && c->item != NULL)
		rc = add_all(c);
	keyring_wipe(k);
	if (rc != 0)
		keycheck_free(c);
	else
		*ret = c;
	return rc;
}

int
keycheck_start(struct keycheck *c, struct loop *l, struct resolver *r)
{
	int rc = timer_new(l, on_timer, c, &c->timer);

	if (rc != 0)
		return rc;
	c->resolver = r;
	timer_set(c->timer, 0);
	return 0;
}

void
keycheck_free(struct keycheck *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++) {
		if (c->item[i].query != NULL)
			resolver_cancel(c->item[i].query);
	}
	timer_free(c->timer);
	arena_free(&c->arena);
	free(c->item);
	free(c);
}

bool
keycheck_key(void *arg, size_t i, struct control_key *ret)
{
	static const char *const word[] = {[STATE_NEW] = "pending",
	    [STATE_OK] = "ok",
	    [STATE_MISMATCH] = "mismatch",
	    [STATE_UNKNOWN] = "unknown"};
	const struct keycheck *c = arg;

	for (size_t k = 0; k < c->n; k++) {
		const struct item *item = &c->item[k];

		if (item->state == STATE_OK || i-- > 0)
			continue;
		*ret = (struct control_key){.domain = item->domain,
		    .selector = item->key->settings->selector,
		    .state = word[item->state],
		    .detail = item->detail == NULL ? "" : item->detail};
		return true;
	}
	return false;
}

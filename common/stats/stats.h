/*
 * stats.h - counters in memory that supervisor, workers and helper share.
 *
 * One slot of cache lines a worker, so that each counter has one writer and nobody
 * waits for anybody. Readers see each counter as it was a moment ago, and two of
 * them not at the same instant. A slot goes on counting when its worker ends and
 * another one takes the slot: counters only rise, gauges are differences of two.
 *
 * What a counter is called outside stands in the table of stats_name(), which
 * metrics.c and control.c print; nobody else knows these names. Signatures by
 * domain are not in slots but in one bounded table (stats_signed).
 */
#ifndef POSTSEAL_COMMON_STATS_H
#define POSTSEAL_COMMON_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes/span.h"
#include "common/dkim/signature.h" /* enum dkim_result */
#include "common/dns/resolver.h"
#include "common/settings/settings.h"

/* Why a message went on unsigned. */
enum stats_unsigned {
	UNSIGNED_FROM_MISSING,
	UNSIGNED_FROM_REPEATED,
	UNSIGNED_FROM_EMPTY,
	UNSIGNED_FROM_SEVERAL,
	UNSIGNED_FROM_BAD,
	UNSIGNED_CLIENT_OUTSIDE, /* neither internal nor authenticated */
	UNSIGNED_CLIENT_IGNORED, /* ignore_hosts, external_ignore */
	UNSIGNED_DAEMON,         /* never_sign_daemons */
	UNSIGNED_LOGIN,          /* auth_table: may not use this From */
	UNSIGNED_ENVELOPE,       /* match_envelope */
	UNSIGNED_EXEMPT_DOMAIN,
	UNSIGNED_EXEMPT_RECIPIENT,
	UNSIGNED_CAME_IN,        /* checked by us as inbound mail before */
	UNSIGNED_SIGNED_ALREADY, /* our signature is there */
	UNSIGNED_DOMAIN_UNKNOWN, /* no section, no row of a table */
	UNSIGNED_NO_KEY,         /* no active key */
	UNSIGNED_BAD_KEY,
	UNSIGNED_KEY_MISMATCH, /* DNS has another key */
	UNSIGNED_AT_RISK,
	UNSIGNED_HEADERS_LARGE,
	UNSIGNED_FIELDS_MANY,
	UNSIGNED_FIELD_BROKEN, /* a field cannot arrive as it is */
	UNSIGNED_MTA,          /* does not let us add header fields */
	UNSIGNED_OTHER,
	UNSIGNED_REASONS /* how many */
};

enum { STATS_BUCKETS = 12 };

/* Where several are one group, `FIRST + index` is one of them; the index is the
 * enum that is named. */
enum stats_counter {
	STATS_ACCEPTED, /* connections a worker was given */
	STATS_CLOSED,   /* of which it has closed */

	/* postseal-policyd */
	STATS_REQUESTS,      /* requests that were answered */
	STATS_REPEATED,      /* of which from the connection's memory */
	STATS_SPF_UNCHECKED, /* not checked: trusted, skipped */
	STATS_SPF_HELO,      /* + enum spf_result */
	STATS_SPF_MAIL_FROM = STATS_SPF_HELO + SPF_RESULTS,
	STATS_ACTION =
	    STATS_SPF_MAIL_FROM + SPF_RESULTS, /* + enum action_kind */
	STATS_SPF_LOOKUPS =
	    STATS_ACTION + ACTION_ACCESS + 1, /* terms that count */
	STATS_SPF_VOIDS,
	STATS_POLICY_ERROR, /* malformed, or memory was out */

	/* DNS, in whoever has a resolver */
	STATS_DNS_ANSWER, /* + enum dns_status */
	STATS_DNS_BUCKET =
	    STATS_DNS_ANSWER + DNS_TEMPERROR + 1, /* how long these took */
	STATS_DNS_MS = STATS_DNS_BUCKET + STATS_BUCKETS, /* all together */

	/* postseal-signer */
	STATS_SIGNED,   /* messages; signatures: stats_signed() */
	STATS_UNSIGNED, /* messages, + enum stats_unsigned */
	STATS_TEMPFAIL = STATS_UNSIGNED + UNSIGNED_REASONS,
	STATS_MISSING,   /* signatures that signed messages lack */
	STATS_RISK_8BIT, /* messages that Postfix may have to rewrite */
	STATS_RISK_LONG_LINE,
	STATS_SIGN_NS,      /* nanoseconds in which signatures were made */
	STATS_MILTER_ERROR, /* connections closed for what came over them */

	/* postseal-verifier */
	STATS_DKIM, /* signatures, + enum dkim_result; messages without: DKIM_NONE */
	STATS_DKIM_NOT_EVALUATED = STATS_DKIM + DKIM_PERMERROR + 1,
	STATS_STRIPPED,     /* forged fields that were removed */
	STATS_VERIFIER_OWN, /* messages that were not verified: users, trusted */
	STATS_VERIFIER_DEFERRED,
	STATS_VERIFIER_REFUSED,

	/* written by the supervisor, into a slot of its own */
	STATS_RELOADS,
	STATS_RELOADS_FAILED,
	STATS_WORKERS_DIED,
	STATS_GENERATION, /* in force */
	STATS_STARTED,    /* seconds of time(2) */
	STATS_LOADED,     /* the same, of the settings in force */

	/* and about a worker, into the worker's slot */
	STATS_WORKER_PID, /* 0: there is none now */
	STATS_WORKER_NUMBER,
	STATS_WORKER_GENERATION,
	STATS_WORKER_BEATS, /* written by the worker: it is alive */

	/* written by the helper, into a slot of its own: keys against DNS */
	STATS_KEYS_OK,
	STATS_KEYS_MISMATCH,
	STATS_KEYS_UNKNOWN, /* DNS did not answer */
	STATS_KEYS_CHECKED, /* seconds of time(2); 0: not yet */

	STATS_COUNTERS /* how many there are */
};

struct stats;
struct stats_slot;

/* Shared memory for n slots, all counters 0; children made by fork(2) share it.
 * 0 and *ret owned (stats_free), or -errno. */
int stats_new(size_t n, struct stats **ret);

/* Unmaps it in this process only. NULL is allowed. */
void stats_free(struct stats *s);

/* Slot i, 0..n-1, to count in, and to look at. Borrows until stats_free(). */
struct stats_slot *stats_slot(struct stats *s, size_t i);
const struct stats_slot *stats_look(const struct stats *s, size_t i);

/* Adds n. Only the slot's worker may. NULL (a process without shared memory)
 * counts nothing. */
void stats_add(struct stats_slot *slot, enum stats_counter c, uint64_t n);

/* Bucket i of STATS_DNS_BUCKET holds what took at most so many ms (and more than
 * the one before); UINT64_MAX for the last one. */
uint64_t stats_bucket_ms(size_t i);

/* Gives a counter that is a state a new value. Only its writer may. */
void stats_set(struct stats_slot *slot, enum stats_counter c, uint64_t value);

/* A question to DNS was answered after ms: its bucket and the sum. */
void stats_add_latency(struct stats_slot *slot, uint64_t ms);

/* One counter of one slot; of all slots together. */
uint64_t stats_get(const struct stats_slot *slot, enum stats_counter c);
uint64_t stats_sum(const struct stats *s, enum stats_counter c);

/*
 * Counts a signature for a domain (A-labels, lower case), with rsa-sha256 or
 * ed25519-sha256. The first STATS_DOMAINS_MAX domains have counters of their own,
 * the others share that of the name "". Any worker may; slot NULL counts nothing.
 */
void stats_signed(struct stats_slot *slot, struct span domain, bool ed25519);

/* One domain's signatures, of all workers together. */
struct stats_domain {
	const char *name; /* "": the others. Borrows until stats_free() */
	uint64_t rsa, ed25519;
};

/* What stands in place i, 0..STATS_DOMAINS_MAX, the last one being the others;
 * false: nothing does. */
bool stats_domain(const struct stats *s, size_t i, struct stats_domain *ret);

/* Whose counter it is: it is shown by this daemon alone. */
enum stats_owner {
	STATS_BOTH, /* of all daemons */
	STATS_POLICYD,
	STATS_SIGNER,
	STATS_VERIFIER,
	STATS_MILTERS /* signer and verifier */
};

/* True if the daemon shows a counter of that owner. */
bool stats_is_shown(enum stats_owner owner, enum stats_owner daemon);

/* What a counter is called: a family, and the values of its labels. All static. */
struct stats_name {
	const char
	    *family; /* "spf_results_total"; NULL: is no counter by itself */
	const char *help;     /* of the family, one sentence */
	const char *label[2]; /* names of its labels, NULL: not so many */
	const char *value[2];
	enum stats_owner owner;
	bool
	    gauge; /* a state, that can fall; only of the process that writes it */
};

struct stats_name stats_name(enum stats_counter c);

#endif

/*
 * stats.h - counters in memory that supervisor, workers and helper share.
 *
 * One slot of cache lines a worker, so that each counter has one writer and
 * nobody waits for anybody. Readers see each counter as it was a moment ago,
 * and two of them not at the same instant. A slot goes on counting when its
 * worker ends and another one takes the slot: counters only rise, gauges are
 * differences of two.
 *
 * What is counted here is what any daemon has: connections, settings, workers.
 * All else belongs to who counts it (dnscounters.h, miltercounters.h,
 * counters.h of a wing): an enum that begins where the one below it ends, and
 * rows that say what each is called. A wing's struct stats_report has all that
 * its daemon shows, which metrics.c and control.c print without knowing these
 * names. Only `postseal status` knows them: it has a word for each that it
 * shows (admin/look/status_text.c). What is counted by domain is not in slots
 * but in one bounded table (stats_add_domain).
 */
#ifndef POSTSEAL_COMMON_STATS_H
#define POSTSEAL_COMMON_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes/span.h"

/* Of every daemon. */
enum stats_counter {
	STATS_ACCEPTED, /* connections a worker was given */
	STATS_CLOSED,   /* of which it has closed */

	/* written by the supervisor, into a slot of its own */
	STATS_RELOADS,
	STATS_RELOADS_FAILED,
	STATS_WORKERS_DIED,
	STATS_GENERATION, /* in force */
	STATS_STARTED,    /* seconds of time(2) */
	STATS_LOADED,     /* the same, before the settings in force were read */

	/* and about a worker, into the worker's slot */
	STATS_WORKER_PID, /* 0: there is none now */
	STATS_WORKER_NUMBER,
	STATS_WORKER_GENERATION,
	STATS_WORKER_BEATS, /* written by the worker: it is alive */

	STATS_END /* the first number that others have */
};

enum {
	STATS_BUCKETS = 12,
	STATS_TIMES =
	    STATS_BUCKETS + 1, /* counters of one struct stats_times */
	STATS_KINDS = 2        /* of what is counted by domain */
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

/* Adds n to a counter, under STATS_COUNTERS_MAX. Only the slot's worker may.
 * NULL (a process without shared memory) counts nothing. */
void stats_add(struct stats_slot *slot, unsigned counter, uint64_t n);

/* Gives a counter that is a state a new value. Only its writer may. */
void stats_set(struct stats_slot *slot, unsigned counter, uint64_t value);

/* Something took ms: counted in its bucket of the STATS_TIMES counters at
 * first, and in their sum. */
void stats_add_time(struct stats_slot *slot, unsigned first, uint64_t ms);

/* Bucket i of these holds what took at most so many ms (and more than the one
 * before); UINT64_MAX for the last one. */
uint64_t stats_bucket_ms(size_t i);

/* One counter of one slot; of all slots together. */
uint64_t stats_get(const struct stats_slot *slot, unsigned counter);
uint64_t stats_sum(const struct stats *s, unsigned counter);

/*
 * Counts one for a domain (A-labels, lower case), of a kind under STATS_KINDS.
 * The first STATS_DOMAINS_MAX domains have counters of their own, the others
 * share that of the name "". Any worker may; slot NULL counts nothing.
 */
void stats_add_domain(
    struct stats_slot *slot, struct span domain, unsigned kind);

/* What was counted for one domain, by all workers together. */
struct stats_domain {
	const char *name; /* "": the others. Borrows until stats_free() */
	uint64_t n[STATS_KINDS];
};

/* What stands in place i, 0..STATS_DOMAINS_MAX, the last one being the others;
 * false: nothing does. */
bool stats_domain(const struct stats *s, size_t i, struct stats_domain *ret);

/* --- how they are shown; all of it constant ------------------------------- */

/* A counter and what it is called, or several in a row that differ in the value
 * of one label. Those of one family stand together. */
struct stats_row {
	unsigned first;       /* the counter */
	unsigned n;           /* of several: how many; 0: one */
	const char *family;   /* "spf_results_total" */
	const char *help;     /* of the family, one sentence */
	const char *label[2]; /* names of its labels, NULL: not so many */
	const char *value[2]; /* their values; of several: without the last */
	const char *(*word)(unsigned i); /* which for first + i is this */
	bool gauge; /* a state, which can fall; one process writes it */

	/* No counter, but the rows of another owner, in this place */
	const struct stats_row *rows;
};

/* The rows of this room; as all tables of rows, they end with one all zero. */
extern const struct stats_row stats_connections[], stats_supervisor[];

/* Shows each counter of rows by a row for it alone, borrowed for the call. */
void stats_walk(const struct stats_row *rows,
    void (*show)(void *arg, const struct stats_row *one), void *arg);

/* How long something took. */
struct stats_times {
	unsigned first; /* of STATS_TIMES counters (stats_add_time) */
	const char *family, *help;
	const char *key; /* in the answer of the control socket */
};

/* What stats_add_domain() counts: its kinds are the values of a label. */
struct stats_domains {
	const char *family, *help;
	const char *key;
	const char *label, *value[STATS_KINDS];
};

/* What a daemon shows, in its order. */
struct stats_report {
	const char *prefix; /* of its families: "postseal_signer_" */
	const struct stats_row *rows;
	const struct stats_times *times;     /* NULL: nothing */
	const struct stats_domains *domains; /* NULL: nothing */
};

#endif

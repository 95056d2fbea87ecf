/*
 * stats.h - counters in memory that supervisor, workers and helper share.
 *
 * One slot of cache lines a worker, so that each counter has one writer and nobody
 * waits for anybody. Readers see each counter as it was a moment ago, and two of
 * them not at the same instant. A slot goes on counting when its worker ends and
 * another one takes the slot: counters only rise, gauges are differences of two.
 *
 * What the counters are called outside (metrics, status) is not known here.
 */
#ifndef POSTSEAL_COMMON_STATS_H
#define POSTSEAL_COMMON_STATS_H

#include <stddef.h>
#include <stdint.h>

enum stats_counter {
	STATS_ACCEPTED, /* connections a worker was given */
	STATS_CLOSED,   /* of which it has closed */
	STATS_COUNTERS  /* how many there are */
};

struct stats;
struct stats_slot;

/* Shared memory for n slots, all counters 0; children made by fork(2) share it.
 * 0 and *ret owned (stats_free), or -errno. */
int stats_new(size_t n, struct stats **ret);

/* Unmaps it in this process only. NULL is allowed. */
void stats_free(struct stats *s);

/* Slot i, 0..n-1. Borrows until stats_free(). */
struct stats_slot *stats_slot(struct stats *s, size_t i);

/* Adds n. Only the slot's worker may. */
void stats_add(struct stats_slot *slot, enum stats_counter c, uint64_t n);

/* One counter of one slot; of all slots together. */
uint64_t stats_get(const struct stats_slot *slot, enum stats_counter c);
uint64_t stats_sum(const struct stats *s, enum stats_counter c);

#endif

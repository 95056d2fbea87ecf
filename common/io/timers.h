/*
 * timers.h - the timers of one loop, ordered by deadline. Pure.
 *
 * A heap whose memory grows when a timer is made, so that setting one can never
 * fail. Which clock the deadlines are of, and when to look, is the loop's
 * affair: common/io/loop.c in the daemons, tests/support/fake/loop_fake.c in
 * tests.
 */
#ifndef POSTSEAL_COMMON_TIMERS_H
#define POSTSEAL_COMMON_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

struct timers {
	struct loop *loop; /* whose they are; not used here */
	struct timer **heap;
	size_t n;     /* timers set */
	size_t cap;   /* room in heap; never less than count */
	size_t count; /* timers made and not yet freed */
	uint64_t seq; /* of the next timer_set() */
};

struct timer {
	struct timers *owner;
	void (*fire)(void *arg);
	void *arg;
	uint64_t at;  /* deadline */
	uint64_t seq; /* equal deadlines fire in the order they were set */
	size_t slot;  /* place in the heap + 1; 0: not set */
};

/* Makes t empty. Allocates nothing. */
void timers_init(struct timers *t, struct loop *l);

/* Frees the heap; every timer was freed before. */
void timers_free(struct timers *t);

/* A timer that is not set. 0 and *ret owned (timers_drop), or -ENOMEM. */
int timers_make(
    struct timers *t, void (*fire)(void *arg), void *arg, struct timer **ret);

/* Clears and frees one timer. */
void timers_drop(struct timer *m);

/* Sets the deadline, whether it had one or not. */
void timers_set(struct timer *m, uint64_t at);

/* Takes the deadline away, if there is one. */
void timers_clear(struct timer *m);

/* True and the nearest deadline, or false when none is set. */
bool timers_next(const struct timers *t, uint64_t *ret_at);

/*
 * Takes out and returns the first timer that is due at now and was set before
 * t->seq was `before`; NULL: none. Note t->seq first and call it until NULL: a
 * timer that is set by another one's callback then waits for the next turn.
 */
struct timer *timers_due(struct timers *t, uint64_t now, uint64_t before);

#endif

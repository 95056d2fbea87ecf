/*
 * loop_fake.h - the loop of the tests: loop.h with a clock turned by hand.
 *
 * File descriptors are real (a conn over a socketpair works), but time stands
 * still until the test moves it, and nothing ever waits:
 *
 *     loop_run(l)               runs until nothing is ready and no timer is
 *                               due, or until loop_stop()
 *     loop_fake_turn(l)         once: what is ready now, then the timers that
 *                               are due now
 *     loop_fake_advance(l, ms)  moves the clock from deadline to deadline, with
 *                               a loop_run() at each
 *
 * Timers fire in the order of their deadlines; equal ones in the order they
 * were set. The clock begins at 1,000,000 ms.
 */
#ifndef POSTSEAL_TESTS_LOOP_FAKE_H
#define POSTSEAL_TESTS_LOOP_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/io/loop.h"

/* Runs what is ready on descriptors, then each timer that is due and was set
 * before. True if a timer fired. */
bool loop_fake_turn(struct loop *l);

/* Moves the clock by ms; timers on the way fire at their time. Ends early after
 * loop_stop(). */
void loop_fake_advance(struct loop *l, uint64_t ms);

/* True and the ms until the nearest timer fires; false when none is set. */
bool loop_fake_next(struct loop *l, uint64_t *ret_ms);

/* True if loop_stop() was called since the last loop_run() or advance began. */
bool loop_fake_stopped(const struct loop *l);

/* Calls got() of every watch of signo, at once. */
void loop_fake_signal(struct loop *l, int signo);

#endif

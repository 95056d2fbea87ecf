/*
 * loop.h - the event base of one worker: run, stop, timers, signals, deferral.
 *
 * Over libevent. tests/support/fake/loop_fake.c takes its place in tests: there
 * time stands still until the test moves it.
 *
 * Callbacks run only from loop_run(), never inside a call of this header.
 */
#ifndef POSTSEAL_COMMON_LOOP_H
#define POSTSEAL_COMMON_LOOP_H

#include <stdint.h>

struct loop;
struct timer;
struct signal_watch;
struct event_base;

/* 0 and *ret returned owned (loop_free), or -errno. Ignores SIGPIPE. */
int loop_new(struct loop **ret);

/* After everything that was made on it was freed. NULL is allowed. */
void loop_free(struct loop *l);

/* Runs until loop_stop() or until nothing is left to wait for. 0 or -errno. */
int loop_run(struct loop *l);

/* Makes loop_run() return after the callback that runs now. */
void loop_stop(struct loop *l);

/* As loop_stop(), but when nothing lingers any more. */
void loop_end(struct loop *l);

/* One more (1) or one less (-1) lingers: it has no owner any more and ends by
 * itself, such as what conn_finish() still writes. */
void loop_linger(struct loop *l, int change);

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t loop_now(struct loop *l);

/* A timer that is not set. 0 and *ret owned (timer_free), or -errno. Borrows
 * arg. */
int timer_new(
    struct loop *l, void (*fire)(void *arg), void *arg, struct timer **ret);

/* Fires once, ms from now; replaces what was set. 0 ms: at the next turn, which
 * is how a call is deferred. Never fails: the memory is there already. */
void timer_set(struct timer *t, uint64_t ms);

/* It will not fire. */
void timer_clear(struct timer *t);

/* Also from its own callback. NULL is allowed. */
void timer_free(struct timer *t);

/* Calls got(arg, signo) from the loop at each such signal. 0 and *ret owned
 * (signal_free), or -errno. */
int signal_new(struct loop *l, int signo, void (*got)(void *arg, int signo),
    void *arg, struct signal_watch **ret);

void signal_free(struct signal_watch *s);

/* The loop's one buffer of READ_CHUNK bytes; whoever reads may use it until its
 * callback returns. For conn and dnstry. */
char *loop_scratch(struct loop *l);

/* The libevent base; for those whom tests/lint/fences lets use libevent. */
struct event_base *loop_base(struct loop *l);

#endif

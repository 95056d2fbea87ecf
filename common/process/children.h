/*
 * children.h - the supervisor's table of workers: fork them, hand connections
 * over, count, tell them to end, reap them.
 *
 * When a worker is due, and with which settings, supervisor.c decides; what
 * happens in the worker stands in worker.h.
 */
#ifndef POSTSEAL_COMMON_CHILDREN_H
#define POSTSEAL_COMMON_CHILDREN_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/limits.h"
#include "common/process/worker.h"
#include "common/stats/stats.h"

/* Slots of the counters: one a worker, and these. */
enum {
	CHILDREN_SLOT_SUPERVISOR = WORKERS_TOTAL_MAX,
	CHILDREN_SLOT_HELPER,
	CHILDREN_SLOTS
};

struct child {
	pid_t pid;   /* 0: this place, and this slot of the counters, is free */
	int channel; /* -1: closed by one side or the other */
	unsigned number;
	unsigned generation;
	uint64_t started; /* ms */
	unsigned fullest; /* connections that it may have at one time */
	uint64_t sent;    /* connections handed over */
	uint64_t base;    /* of its slot's STATS_CLOSED, when it was forked */
	bool ready;       /* takes connections */
	bool leaving;     /* it said that it has begun to finish */
	bool killed;      /* a signal was sent to end it */
	uint64_t beats;   /* of its slot's STATS_WORKER_BEATS, when looked at */
	int missed;       /* so many times there was none in between; -1: it
	                   * was not looked at yet */
	uint64_t backoff; /* ms: of who works in this place */
	uint64_t again;   /* ms: nobody does before */
};

/* How a worker ended. */
struct child_end {
	size_t place; /* in the table */
	struct child was;
	int status;           /* of waitpid(2) */
	uint64_t connections; /* that it had, and that are lost */
};

struct children {
	struct stats *stats;
	unsigned last; /* number of the youngest */
	struct child v[WORKERS_TOTAL_MAX];
};

/* No workers yet. 0, or -errno. */
int children_init(struct children *c);

/* In a child: forgets all workers, whose channels are not its own. The counters
 * stay. */
void children_forget(struct children *c);

/* Forgets all workers, closes the channels (so that they drain), frees the
 * counters. */
void children_free(struct children *c);

/*
 * Forks a worker of the generation. Returns 0 in the supervisor with *ret_self
 * NULL; 0 in the worker with *ret_self returned owned (worker_free), after
 * which c holds no other worker, only the counters; or -errno.
 */
int children_fork(struct children *c, unsigned generation, uint64_t now,
    struct worker **ret_self);

/*
 * The worker e has ended, and nobody had told it to: its place stays empty, not
 * at all, or, if it died within a second of its birth, for 1 s, doubling to 10
 * s each time that happens there. Other places do not wait for it.
 */
void children_back_off(
    struct children *c, const struct child_end *e, uint64_t now);

/* No place stays empty any more. */
void children_forgive(struct children *c);

/* How many places stay empty; *ret_next is when the first of them does not. */
unsigned children_waiting(
    const struct children *c, uint64_t now, uint64_t *ret_next);

/* Every WORKER_BEAT_MS: looks which workers are alive, and kills one that has
 * not been for too long, which then counts as one that died. Logs
 * worker_stuck. */
void children_watch(struct children *c);

/* Places for so many more workers. */
unsigned children_room(const struct children *c);

/* Workers of the generation that have not ended and do not leave; those that
 * take connections. */
unsigned children_present(const struct children *c, unsigned generation);
unsigned children_ready(const struct children *c, unsigned generation);

/* Workers of all generations; those that have no connection. */
unsigned children_alive(const struct children *c);
unsigned children_idle(const struct children *c);

/*
 * Gives fd to the ready worker of the generation that has the fewest
 * connections; when its channel is full, to the next. fd is *taken* on success.
 * 0, or -EAGAIN when no worker can take it now, or -EUSERS when that is because
 * each has as many as it may have.
 */
int children_give(struct children *c, unsigned generation, int fd);

/* Fills at most WORKERS_TOTAL_MAX entries with the open channels, for what the
 * workers say. Returns how many. */
size_t children_poll(const struct children *c, struct pollfd *ret);

/* What poll(2) said of one of these entries. */
void children_event(struct children *c, const struct pollfd *p);

/* Closes the channels of all workers but those of the generation: they
 * drain. */
void children_drain(struct children *c, unsigned but);

/* Tells the older half of the generations to finish; now is the newest and does
 * not count. */
void children_retire(struct children *c, unsigned now);

/* Sends the signal, once, to all workers of generations first..last. */
void children_kill(
    struct children *c, unsigned first, unsigned last, int signo);

/* Takes out a worker that has ended; also tells of a child that was none, with
 * its pid alone. False when no child has ended. */
bool children_reap(struct children *c, struct child_end *ret);

/* True if it did not end as it should. */
bool children_died(const struct child_end *e);

/* Logs worker_died or worker_ended. */
void children_log_end(const struct child_end *e);

#endif

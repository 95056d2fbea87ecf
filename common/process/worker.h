/*
 * worker.h - the child's side: connections that the supervisor hands over, and
 * its order to come to an end.
 *
 * A worker is forked by supervisor.c, has dropped its rights, and runs the
 * wing's serve(). There the wing makes its loop, gives it to worker_watch() and
 * runs it:
 *
 *     rc = loop_new(&loop);
 *     ...keys, resolver...
 *     rc = worker_watch(w, loop, &events, self);
 *     rc = loop_run(loop);      returns when the worker shall end
 *     ...close what is still open...
 *     worker_unwatch(w);
 *     loop_free(loop);
 *
 * Connections come one by one over a channel (unix(7) SOCK_SEQPACKET with
 * SCM_RIGHTS), already accepted. End of file on the channel means WORKER_DRAIN:
 * settings were reloaded, or the supervisor is gone, killed -9 included. (So no
 * PR_SET_PDEATHSIG: what is connected is served to its end, and a worker
 * without connections ends.) SIGTERM means WORKER_FINISH. SIGHUP, SIGINT and
 * SIGQUIT are ignored: they are sent to the supervisor, and by a terminal to
 * everybody.
 *
 * What a connection is, and when it is idle, only the wing knows.
 */
#ifndef POSTSEAL_COMMON_WORKER_H
#define POSTSEAL_COMMON_WORKER_H

#include <sys/resource.h>
#include <sys/types.h>

#include "common/io/loop.h"
#include "common/stats/stats.h"

struct worker;

/* What a worker says over its channel, a byte each. */
enum worker_word {
	WORKER_READY = 'r',  /* connections may come */
	WORKER_LEAVING = 'l' /* SIGTERM came: none may come any more */
};

enum worker_order {
	/*
	 * No connection will come any more. Those that are there keep their
	 * settings and end when their peer closes them.
	 */
	WORKER_DRAIN,

	/*
	 * Hurry: each connection is closed as soon as nothing is under way on
	 * it (a request is answered, a message is at its end).
	 */
	WORKER_FINISH
};

struct worker_events {
	/* A connected, non-blocking, close-on-exec socket; *takes* fd. For each
	 * call the wing calls worker_closed() once, also when it refuses fd. */
	void (*accepted)(void *arg, int fd);

	/* Each order at most once; WORKER_FINISH may come with or without
	 * WORKER_DRAIN before it. The worker ends by itself when the last
	 * connection is closed. */
	void (*order)(void *arg, enum worker_order order);

	/* All places are taken: closes the connection for which worker_spare()
	 * has the largest answer. False when that is 0 for all. */
	bool (*spare)(void *arg);
};

/*
 * How well a connection can be spared: 0 not at all. begun: a first command has
 * come; in_use: a message or a request is under way; quiet: ms without a byte.
 * Those that have not begun go first, the longest quiet of them before others;
 * but each has WORKER_NEW_MS for it. Then who is quiet for over
 * WORKER_QUIET_MS.
 */
uint64_t worker_spare(bool begun, bool in_use, uint64_t quiet);

/* Connections that a worker may have that can open so many descriptors: at
 * least one, at most WORKER_CONNECTIONS_MAX. */
unsigned worker_fullest(rlim_t descriptors);

/*
 * Takes connections from now on and tells the supervisor that this worker is
 * ready: a new generation comes into force when all its workers are, and one
 * whose serve() fails before never does. Borrows l, events and arg until
 * worker_unwatch().
 *
 * l is stopped when an order was given, no connection is left and what they had
 * to write is written (loop_end), and in any case WORKER_FINISH_SECONDS after
 * WORKER_FINISH, which itself comes WORKER_DRAIN_SECONDS after WORKER_DRAIN at
 * the latest. 0 or -errno.
 */
int worker_watch(struct worker *w, struct loop *l,
    const struct worker_events *events, void *arg);

/* Ends the watch; before loop_free(). Also after a worker_watch() that
 * failed. */
void worker_unwatch(struct worker *w);

/* One connection given by accepted() is closed. Balances the load, so call it
 * when the descriptor is closed, not earlier and not much later. */
void worker_closed(struct worker *w);

/* For log lines: 1, 2, ... counted over the life of the supervisor; the
 * generation of settings it serves, 1 being the first. */
unsigned worker_number(const struct worker *w);
unsigned worker_generation(const struct worker *w);

/* This worker's counters, which no other process writes. Borrows until the end
 * of serve(). */
struct stats_slot *worker_stats(struct worker *w);

/*
 * For supervisor.c and tests: a worker over its end of the channel. *takes*
 * channel, on failure too; borrows slot. 0 and *ret owned (worker_free), or
 * -errno.
 */
int worker_new(int channel, unsigned number, unsigned generation,
    struct stats_slot *slot, struct worker **ret);

void worker_free(struct worker *w);

#endif

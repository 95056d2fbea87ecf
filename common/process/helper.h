/*
 * helper.h - the one process beside the workers: it tells how the daemon is,
 * and does what has time.
 *
 * Forked by supervisor.c for each generation, when it is in force; the one
 * before is told to end. It has dropped its rights like a worker, serves the
 * control socket (control.h) and metrics (metrics.h) that the supervisor
 * opened, and runs what the wing has for it: the signer compares its keys with
 * DNS. It must hold no private key when it hears from anybody: the wing's
 * help() wipes them first. No mail waits for it; one that dies is forked again
 * after HELPER_AGAIN_MS.
 *
 * Log lines: helper_died, helper_failed.
 */
#ifndef POSTSEAL_COMMON_HELPER_H
#define POSTSEAL_COMMON_HELPER_H

#include <sys/types.h>

#include "common/io/loop.h"
#include "common/stats/control.h"
#include "common/stats/stats.h"

/* --- in the helper -------------------------------------------------------- */

struct helper;

/* What it has from the supervisor. Borrowed until helper_run() has returned. */
struct helper_env {
	struct control_view view; /* key and arg: see helper_run() */
	struct stats_slot *slot;  /* its own counters */
	int control;              /* listening sockets, or -1 */
	int metrics;
	pid_t parent; /* the supervisor */
};

/* Makes its loop. 0 and *ret owned (helper_free), or -errno. */
int helper_new(const struct helper_env *env, struct helper **ret);

/* NULL is allowed. */
void helper_free(struct helper *h);

/* For the wing's own work in the helper. */
struct loop *helper_loop(struct helper *h);
struct stats_slot *helper_stats(struct helper *h);

/*
 * Serves until SIGTERM, or until the supervisor is gone. key(arg, ...) tells of
 * keys (struct control_view), or is NULL. 0 or -errno.
 */
int helper_run(struct helper *h,
    bool (*key)(void *arg, size_t i, struct control_key *ret), void *arg);

/* --- in the supervisor ---------------------------------------------------- */

/* Its child. All 0 before the first. */
struct helper_child {
	pid_t pid;     /* 0: none */
	uint64_t next; /* ms: none is forked before */
	bool told;     /* to end */
};

enum { HELPER_AGAIN_MS = 5000 };

/* fork(2) for it. 0 and *ret_child true in the child; or -errno, logged. */
int helper_fork(struct helper_child *c, uint64_t now, bool *ret_child);

/* Tells it to end. */
void helper_tell(struct helper_child *c);

/* It has ended, with this status of waitpid(2). */
void helper_ended(struct helper_child *c, int status, uint64_t now);

#endif

/*
 * askers.h - a listening socket whose clients ask once, get an answer, and go.
 *
 * For the control socket and metrics, which any local user may reach. At most
 * ASKERS_MAX are there at one time: when one more comes, the one that has
 * waited longest goes, as an honest client asks at once. A question and its
 * answer have ASKERS_MS together, however slowly they trickle. When a
 * connection cannot be accepted, none is for ASKERS_PAUSE_MS.
 *
 * What is asked and answered is control.c's and metrics.c's affair.
 *
 * Log lines: accept_paused.
 */
#ifndef POSTSEAL_COMMON_ASKERS_H
#define POSTSEAL_COMMON_ASKERS_H

#include "common/bytes/buf.h"
#include "common/io/loop.h"

struct askers;

struct askers_kind {
	const char *name; /* for the log: "control" */
	size_t most;      /* bytes of a question */

	/* Appends the answer to what has come so far, at most CONN_OUT_MAX
	 * bytes. False: it is not whole yet. */
	bool (*answer)(void *arg, struct span question, struct buf *out);
};

/* Answers on the listening socket fd, which is borrowed, as kind and arg are. 0
 * and *ret owned (askers_free), or -errno. */
int askers_new(struct loop *l, int fd, const struct askers_kind *kind,
    void *arg, struct askers **ret);

/* Drops its connections. NULL is allowed. */
void askers_free(struct askers *a);

#endif

/*
 * acceptor.h - takes connections off the supervisor's listening sockets and
 * hands them to its workers, never faster than these can take them.
 *
 * A connection that no worker can take is held, and the others wait in the
 * listeners' backlog behind it. When descriptors or memory are out accepting
 * pauses for a moment. Log line accept_paused: of that once until it works
 * again; that each worker has as many connections as it may have, once a
 * minute.
 *
 * Which sockets there are, and which generation of workers is in force,
 * supervisor.c knows.
 */
#ifndef POSTSEAL_COMMON_ACCEPTOR_H
#define POSTSEAL_COMMON_ACCEPTOR_H

#include "common/process/children.h"

struct acceptor {
	int held;      /* accepted, and no worker could take it yet; -1: none */
	uint64_t next; /* ms: nothing is accepted before */
	bool bad;      /* that accepting pauses was logged */
	uint64_t full; /* ms: that all are full is not logged before */
};

#define ACCEPTOR_INIT \
	{ \
		.held = -1 \
	}

/* True if connections may be accepted now. */
bool acceptor_ready(const struct acceptor *a, uint64_t now);

/* Accepts some connections of a listener that is readable. */
void acceptor_take(struct acceptor *a, int listener, struct children *c,
    unsigned generation, uint64_t now);

/* Tries again to pass on the connection that is held, if there is one. */
void acceptor_pass(struct acceptor *a, struct children *c, unsigned generation);

/* Closes the connection that is held, if there is one. */
void acceptor_close(struct acceptor *a);

#endif

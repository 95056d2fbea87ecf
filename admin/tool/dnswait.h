/*
 * dnswait.h - DNS questions of a command that has nothing else to do.
 *
 * Puts a list of questions and runs the loop until all are answered. What the
 * answers mean is known by who asks.
 */
#ifndef POSTSEAL_ADMIN_DNSWAIT_H
#define POSTSEAL_ADMIN_DNSWAIT_H

#include "admin/limits.h" /* DNSWAIT_TOGETHER */
#include "common/dns/resolver.h"

struct dnswait {
	const char *name; /* borrowed until the answer is there */
	enum dns_type type;
	struct resolver *resolver; /* to ask, not that of the call; or NULL */
	struct dns_answer *answer; /* owned (dnswait_free) */
	uint64_t us;               /* how long it took, microseconds */

	/* ours, while it runs */
	struct dnswait_run *run;
	struct dns_query *query;
};

/* Puts all questions, DNSWAIT_TOGETHER at a time, and waits. 0: each of q has
 * its answer, which may be an error of DNS (a name that DNS cannot hold does
 * not exist). -errno: none has. */
int dnswait_all(
    struct loop *loop, struct resolver *resolver, struct dnswait *q, size_t n);

/* Frees the answers. */
void dnswait_free(struct dnswait *q, size_t n);

#endif

/*
 * side.h - one identity of a request: its check, and the result as it is kept.
 *
 * A check's result is borrowed for one call (check.h), but HELO's is needed until
 * MAIL FROM's is there, too. Which identities a request has and what their results
 * lead to is request.c's affair.
 */
#ifndef POSTSEAL_POLICYD_SIDE_H
#define POSTSEAL_POLICYD_SIDE_H

#include "common/bytes/arena.h"
#include "policyd/request.h"

/* Running (check), finished (result), or neither. */
struct side {
	const char *what; /* for explain() of the request's env */
	const struct request_env *env;
	struct arena *arena;
	void (*done)(void *arg); /* the result is there; from the loop */
	void *arg;
	struct check *check;
	const struct check_result *result; /* lives in the arena */
};

/* What a side has that could not be checked: temperror. */
extern const struct check_result side_out_of_memory;

/* Starts the check; one that cannot start is a temperror, at once. */
void side_start(struct side *s, const struct check_input *in);

/* The time is over. A check that is not decided is temperror (RFC 7208 section
 * 4.6.4, last paragraph); name: whose it was. A fail that waits for its explanation
 * goes without. done() is not called. */
void side_timeout(struct side *s, struct span name);

/* Cancels the check that runs, if one does. */
void side_cancel(struct side *s);

#endif

/*
 * problem.h - what is wrong with a check, in one clause.
 *
 *     a.example: mx:b.example: 11 MX names, more than 10
 *
 * For the problem= of Received-SPF (RFC 7208 section 9.1), the log and the trace:
 * printable ASCII, whatever was published, and cut where a name or term is long.
 *
 * Pure.
 */
#ifndef POSTSEAL_POLICYD_PROBLEM_H
#define POSTSEAL_POLICYD_PROBLEM_H

#include "common/bytes/arena.h"

enum {
	PROBLEM_MAX = 320,
	PROBLEM_SHOWN_MAX = 80 /* of each name or term in it */
};

/* "domain: term: what", or "domain: what" if term is empty, in a. NULL when
 * memory is out. */
const char *problem_make(
    struct arena *a, struct span domain, struct span term, const char *what);

struct problem_text {
	char text[PROBLEM_SHOWN_MAX + 1];
};

/* A name as a problem shows it: of a long one the end. */
struct problem_text problem_name(struct span name);

#endif

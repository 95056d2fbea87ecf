/*
 * must.h - what must be so in a program that has no suite: a fuzzer, and what
 * fuzzers share with tests.
 */
#ifndef POSTSEAL_TESTS_MUST_H
#define POSTSEAL_TESTS_MUST_H

#include <stdlib.h>
#include <string.h>

#include "common/bytes/span.h"

/* Ends the program where it is not so. */
static inline void
must(bool is)
{
	if (!is)
		abort();
}

/* True if part lies in whole, or is empty. */
static inline bool
is_inside(struct span part, struct span whole)
{
	return part.n == 0 ||
	    (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* True if text has only letters, digits, and what a name in DNS has beside
 * them: nothing that a reader of a header field could stumble over. */
static inline bool
is_plain_name(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
	    strlen(text);
}

#endif

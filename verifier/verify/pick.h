/*
 * pick.h - which signatures of a message are evaluated, and in which order: RFC
 * 6376 section 6.1.
 *
 * Their order in the header means nothing, and anybody can put junk on top. So
 * those with the author's domain come first, then those of a domain above or
 * below it, then the others, each kind from the top; behind all of them those
 * that cannot be read. Equal copies are one. What is beyond the limit is
 * counted, so that the result can say so.
 *
 * Pure: nothing is asked or hashed.
 */
#ifndef POSTSEAL_VERIFIER_PICK_H
#define POSTSEAL_VERIFIER_PICK_H

#include "common/bytes/arena.h"
#include "common/dkim/signature.h"
#include "common/mail/field.h"
#include "verifier/limits.h"

enum pick_rank {
	PICK_AUTHOR,   /* d= is the author's domain */
	PICK_RELATIVE, /* it is above or below it */
	PICK_OTHER
};

struct candidate {
	const struct field *field;
	enum dkim_result
	    result;         /* of reading it: DKIM_PASS, it can be verified */
	const char *reason; /* why not; static */
	enum pick_rank rank;
	struct signature s;
};

struct picked {
	struct candidate **v; /* in order */
	size_t n;
	size_t more; /* that are not evaluated */
};

/*
 * The signatures among fields, at most max of them (verifier.signatures), found
 * among the first CANDIDATES_MAX. author: the domain of From in A-labels, or
 * empty when there is not exactly one. *ret lives in the arena and points into
 * fields. 0 or -ENOMEM.
 */
int pick(const struct field_list *fields, struct span author, size_t max,
    struct arena *arena, struct picked *ret);

#endif

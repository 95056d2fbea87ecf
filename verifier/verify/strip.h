/*
 * strip.h - which fields of a message claim to be ours: RFC 8601 section 5.
 *
 * Judged one by one as they come, those beyond the header that is kept, too.
 * What is to be deleted is counted per name, as the milter protocol counts, in
 * an array of fixed size: no memory is asked for that could be missing just
 * then.
 *
 * Authentication-Results with an id of ours or without one that can be read
 * (common/mail/authres.h), and fields that nobody else may write, whatever is
 * in them: the other names in strip.c. Whose mail is stripped, and what is
 * replied where there are too many, is verifier.c's affair. Pure.
 */
#ifndef POSTSEAL_VERIFIER_STRIP_H
#define POSTSEAL_VERIFIER_STRIP_H

#include <stdint.h>

#include "common/mail/authres.h"
#include "common/milter/edits.h"
#include "verifier/limits.h"

enum { STRIP_NAMES = 3 }; /* in strip.c */

struct strip {
	uint32_t seen[STRIP_NAMES]; /* fields of each name so far */
	struct {
		unsigned char name;
		uint32_t index; /* of the fields of that name, from 1 */
	} v[STRIP_MAX];
	size_t n;
	bool full; /* more than STRIP_MAX, or than STRIP_SEEN_MAX of a name:
	            * none is deleted, n is 0 */
};

/* No field was seen. */
void strip_init(struct strip *s);

/* The next field of the message; borrowed for the call. */
void strip_field(struct strip *s, const struct authres_ids *ids,
    struct span name, struct span value);

/* Notes the deletions. What fails is remembered in e. */
void strip_edits(const struct strip *s, struct edits *e);

#endif

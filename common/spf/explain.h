/*
 * explain.h - how a check came to its result: the records that it met, what
 * each of their terms said, and the questions that were put for it.
 *
 * Made from what lookups.h keeps while the check is there: nothing is evaluated
 * a second time here, and nothing is kept for it in the path of a message but
 * the times of questions. A record is walked as it was published, so that terms
 * which libspf2 never saw (plan.h) are in it, too. The texts are for
 * admin/look/spf_text.c and admin/look/spf_json.c to make.
 *
 * Pure; on lookups.h.
 */
#ifndef POSTSEAL_SPF_EXPLAIN_H
#define POSTSEAL_SPF_EXPLAIN_H

#include "common/spf/lookups.h"

enum explain_outcome {
	EXPLAIN_MATCH, /* evaluation of the record ended here */
	EXPLAIN_NO_MATCH,
	EXPLAIN_FOLLOWED,  /* redirect: another record took the place of this */
	EXPLAIN_ERROR,     /* evaluation failed here, or in the record below */
	EXPLAIN_WAITING,   /* likewise waited when the time was over */
	EXPLAIN_UNREACHED, /* evaluation did not come to it */
	EXPLAIN_MODIFIER   /* exp, or one that is not known: no part of it */
};

struct explain_record;

struct explain_term {
	struct span text; /* as published, any octet may be in it */
	enum explain_outcome outcome;
	enum spf_result gives; /* MATCH: the result that its qualifier names */
	const struct question **question; /* put for it, also early */
	size_t nquestions;
	const struct explain_record *record; /* include, redirect; or NULL */
};

struct explain_record {
	struct span domain; /* <domain> of check_host() */
	struct span text;   /* as published */
	const char *wrong;  /* a syntax error in the last term; or NULL */
	bool decided;       /* evaluation came to its end; it gave: */
	enum spf_result result;
	struct explain_term *term;
	size_t nterms;
};

struct explain {
	const struct question *question; /* for the record; NULL: none put */
	const struct explain_record *record; /* NULL: there is not one */

	/* Put, but for no term that was met: for exp, for %{p}, and early for
	 * records that evaluation did not come to. */
	const struct question **other;
	size_t nothers;
};

/*
 * Explains the check so far. Borrows from l until the check is gone; the rest
 * lives in a. 0, or -ENOMEM.
 */
int explain_make(struct arena *a, const struct lookups *l, struct explain *ret);

/* "match", "no match", ... */
const char *explain_word(enum explain_outcome outcome);

#endif

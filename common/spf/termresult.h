/*
 * termresult.h - what each term of a check said, read off its last run.
 *
 * libspf2 only tells the result; which rows evaluation asked for, and in which it
 * stopped, is noted by lookups.h. Together with the answers that gives the outcome
 * of every row and record, after the fact. For explain.c, which adds the terms that
 * have no row.
 *
 * Pure; on lookups.h.
 */
#ifndef POSTSEAL_POLICYD_TERMRESULT_H
#define POSTSEAL_POLICYD_TERMRESULT_H

#include "common/spf/explain.h"

struct termresult {
	const struct lookups *l;

	/* The rows in which evaluation stopped without a result, from the
	 * outermost: the way from the check's own record to what failed. */
	const struct row *failed[LOOKUPS_PLANS_MAX];
	size_t nfailed;
};

/* Borrows l. */
void termresult_init(struct termresult *o, const struct lookups *l);

/* The row in which the record's evaluation stopped; NULL: it asked for none. */
const struct row *termresult_last(const struct plan *p);

/* The result of a record that was evaluated to its end. */
enum spf_result termresult_result(
    const struct lookups *l, const struct plan *p);

/* True if the row is one of those that failed. */
bool termresult_failed(const struct termresult *o, const struct row *row);

enum explain_outcome termresult_row(
    const struct termresult *o, const struct row *row);

#endif

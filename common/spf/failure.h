/*
 * failure.h - a run ends in an error: its state, and what l->problem then says.
 *
 * Pure; on lookups.h.
 */
#ifndef POSTSEAL_POLICYD_FAILURE_H
#define POSTSEAL_POLICYD_FAILURE_H

#include "common/spf/lookups.h"

/* In the record of domain, at term if it is not empty. */
void failure_at(struct lookups *l, enum run_state state, struct span domain,
    struct span term, const char *what);

/* At the row, with a text that fits into PROBLEM_MAX. */
void failure_of(struct lookups *l, enum run_state state, const struct row *row,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Out of memory in the course of a run: it ends as temperror. */
void failure_no_memory(struct lookups *l);

/* libspf2 does what it should not: the run ends as temperror. */
void failure_broken(struct lookups *l, const char *what);

#endif

/*
 * ptr.h - the validated names of the client (RFC 7208 section 5.5): ptr and
 * %{p}.
 *
 * Of the names that the client's PTR gives, the first ten count; a name is
 * validated if the client is among its addresses. Only names that would matter
 * are looked up, all at once, with and without prefetch: an error of one counts
 * as "not validated", never as an error of the check, so one after the other
 * they could add up to any time limit.
 */
#ifndef POSTSEAL_SPF_PTR_H
#define POSTSEAL_SPF_PTR_H

#include "common/spf/macro.h"
#include "common/spf/run.h"

/* What is known of the client's names. ptr.c writes it, all others read. */
struct ptr {
	const struct macro_vars *vars; /* of the client; borrowed */
	struct questions *questions;
	struct question *reverse; /* its PTR; NULL: not needed yet */
	struct question *name[SPF_NAMES_MAX]; /* its names' addresses */
	size_t n;
};

/* Nothing is known yet. Borrows both until the check ends. */
void ptr_init(
    struct ptr *p, const struct macro_vars *vars, struct questions *qs);

/* FOUND if a validated name is target or lies below it. */
enum found ptr_within(struct ptr *p, struct run *r, struct span target);

/*
 * %{p} for a record at domain: a validated name that is domain, else one below
 * it, else the first, else "unknown". FOUND or RUN_OVER.
 */
enum found ptr_name(
    struct ptr *p, struct run *r, struct span domain, struct span *ret);

/* The client's PTR question (its answer also counts a ptr term's void); NULL
 * when memory is out. */
struct question *ptr_question(struct ptr *p);

/* Makes p->name, if the client's PTR is there. False: it is not. */
bool ptr_names(struct ptr *p);

#endif

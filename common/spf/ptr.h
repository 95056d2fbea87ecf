/*
 * ptr.h - the validated names of the client (RFC 7208 section 5.5): ptr and %{p}.
 *
 * Of the names that the client's PTR gives, the first ten count; a name is
 * validated if the client is among its addresses. Only names that would matter
 * are looked up, all at once, with and without prefetch: an error of one counts as
 * "not validated", never as an error of the check, so one after the other they could
 * add up to any time limit.
 *
 * Pure; on lookups.h.
 */
#ifndef POSTSEAL_POLICYD_PTR_H
#define POSTSEAL_POLICYD_PTR_H

#include "common/spf/lookups.h"

/* FOUND if a validated name is target or lies below it. */
enum found ptr_within(struct lookups *l, struct span target);

/*
 * %{p} for a record at domain: a validated name that is domain, else one below
 * it, else the first, else "unknown". FOUND or FOUND_STOP.
 */
enum found ptr_name(struct lookups *l, struct span domain, struct span *ret);

/* The client's PTR question (its answer also counts a ptr term's void); NULL
 * when memory is out. */
struct question *ptr_question(struct lookups *l);

/* Makes l->name, if the client's PTR is there. False: it is not. */
bool ptr_names(struct lookups *l);

#endif

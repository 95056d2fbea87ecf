/*
 * exptext.h - the explanation of a fail: exp= (RFC 7208 section 6.2).
 *
 * It is looked up once, after the final fail, from the record that failed: a
 * redirect's target replaces its origin, an include's does not. Its question
 * counts in no limit. Whatever is wrong with it is as if there were no exp.
 *
 * Pure; on lookups.h.
 */
#ifndef POSTSEAL_SPF_EXPTEXT_H
#define POSTSEAL_SPF_EXPTEXT_H

#include "common/spf/lookups.h"

/*
 * The explanation that the record p gives. FOUND and *ret, printable ASCII of
 * at most SPF_EXPLANATION_MAX bytes, in the check's arena; FOUND_NOTHING: there
 * is none; RUN_OVER: an answer is missing (r->wanted), call again. r: a run of
 * its own, of which each call is a new one.
 */
enum found exptext_find(
    struct lookups *l, struct run *r, const struct plan *p, const char **ret);

#endif

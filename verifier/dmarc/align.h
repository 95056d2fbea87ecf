/*
 * align.h - whether an authenticated domain is aligned with the author's: RFC
 * 9989 section 4.10.2, the relaxed mode.
 *
 * The result is that of the RFC, the same organizational domain, but most of
 * the names above need not be known for it. Strict alignment is domain_equal().
 * Which record says the mode is the caller's affair. Pure.
 */
#ifndef POSTSEAL_VERIFIER_ALIGN_H
#define POSTSEAL_VERIFIER_ALIGN_H

#include "verifier/dmarc/walk.h"

enum alignment {
	ALIGN_NO,
	ALIGN_YES,
	ALIGN_WAITING, /* for names of the author's walk */
	ALIGN_ASK,     /* for names of the identifier's, which are wanted now */
	ALIGN_FAILED   /* a name that decides will never be known */
};

/*
 * Both names as in walk.h; those of the author's walk are in the table. For
 * ALIGN_ASK *ret_until is where the walk of the identifier may end, as for
 * walk_add(); it lies in author, or is empty.
 */
enum alignment align_relaxed(const struct walk_names *names, struct span author,
    struct span identifier, struct span *ret_until);

#endif

/*
 * dksignature.h - reads a DomainKey-Signature field: RFC 4870 section 3.3 and
 * appendix A.
 *
 * Whatever is odd makes it neutral, as section 3.7.3 wants: a field that cannot
 * be verified says nothing. Only a missing q= is forgiven, as many signers left
 * it out. Which of several fields counts is dkmessage.c's affair. Pure.
 */
#ifndef POSTSEAL_VERIFIER_DKSIGNATURE_H
#define POSTSEAL_VERIFIER_DKSIGNATURE_H

#include "common/dkim/signature.h"

#define DKSIGNATURE_NAME "DomainKey-Signature"

struct dksignature {
	/* d=, s=, h= and b= as in a DKIM-Signature, and the name of the key;
	 * headers is empty where there is no h=. Its other members are zero. */
	struct signature tags;
	bool nofws; /* c=, or else it is simple */
};

/*
 * Reads the value of a field, folds as LF or CRLF. NULL: it can be verified.
 * Otherwise a static reason, and *ret has what was read before the mistake.
 * Borrows value as long as *ret is used.
 */
const char *dksignature_read(struct span value, struct dksignature *ret);

#endif

/*
 * target.h - the name that a term asks for, and its question.
 *
 * The <target-name> of RFC 7208 section 4.8: the domain-spec expanded, or the
 * domain of the record that the term stands in. It is made when evaluation comes
 * to the term, as %{p} costs DNS.
 *
 * Pure; on lookups.h.
 */
#ifndef POSTSEAL_POLICYD_TARGET_H
#define POSTSEAL_POLICYD_TARGET_H

#include "common/spf/lookups.h"

/* Makes row->question. True if it is there. False: the term cannot match (RFC
 * 8616 section 4), or l->state tells why the run stops. */
bool target_prepare(struct lookups *l, struct row *row);

#endif

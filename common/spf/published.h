/*
 * published.h - the SPF record that a name has (RFC 7208 sections 4.4 and 4.5).
 *
 * Of the TXT records of a name, the one that begins with "v=spf1" counts. What is
 * wrong is told, not judged: evaluation (lookups.c) makes errors of it, who asks
 * early (early.c) goes on.
 *
 * Pure; on lookups.h.
 */
#ifndef POSTSEAL_POLICYD_PUBLISHED_H
#define POSTSEAL_POLICYD_PUBLISHED_H

#include "common/spf/lookups.h"

/* Why a name leads to no record: -ENOENT, there is none; or -EINVAL, there are
 * several, or it has a syntax error: why, and in which term (empty: in none). */
struct published_error {
	int rc;
	const char *why;
	struct span term;
};

/*
 * Makes row->leads from the TXT answer to row's question, which is read once: 0;
 * -ENOENT or -EINVAL, as row->fault says; -ENOMEM.
 */
int published_lead(struct lookups *l, struct row *row);

/* True if the record that root was given by DNS is "v=spf1 -all": the domain sends
 * no mail at all. For a check that has its result. */
bool published_no_mail(const struct row *root);

#endif

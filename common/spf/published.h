/*
 * published.h - the SPF record that a name has (RFC 7208 sections 4.4 and 4.5).
 *
 * Of the TXT records of a name, the one that begins with "v=spf1" counts. What
 * is wrong is told, not judged: evaluation (lookups.c) makes errors of it, who
 * asks early (early.c) goes on, who explains (explain.c) shows it.
 *
 * Pure.
 */
#ifndef POSTSEAL_SPF_PUBLISHED_H
#define POSTSEAL_SPF_PUBLISHED_H

#include "common/dns/dnsanswer.h"

/* The one SPF record in the answer to a TXT question: 0, and *ret borrows from
 * the answer; -ENOENT, there is none; -EINVAL, there are several. */
int published_record(const struct dns_answer *answer, struct span *ret);

/* True if the record is "v=spf1 -all": the domain sends no mail at all. */
bool published_no_mail(const struct dns_answer *answer);

#endif

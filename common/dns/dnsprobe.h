/*
 * dnsprobe.h - signs of life of name servers that leave a question unanswered.
 *
 * Such a server may be dead, or it waits for a domain's servers that are. A
 * question that it can answer at once tells one from the other. What is heard
 * is written down in the set (nameservers.h: heard, silent, slow); what follows
 * from it is the resolver's affair.
 */
#ifndef POSTSEAL_COMMON_DNSPROBE_H
#define POSTSEAL_COMMON_DNSPROBE_H

#include "common/dns/dnsport.h"
#include "common/dns/nameservers.h"

struct dns_probes;

/* Borrows ports, from which it asks. timeout: ms for which a sign of life is
 * waited for. 0 and *ret owned (dns_probes_free), or -ENOMEM. */
int dns_probes_new(
    struct dns_ports *ports, uint64_t timeout, struct dns_probes **ret);

/* Waits no more. NULL is allowed. */
void dns_probes_free(struct dns_probes *ps);

/* Asks the server of that place, if there is another one to turn to and it was
 * not asked within an eighth of its share (try_ms). It is asked whatever the
 * number of ports, else who fills them could have any server taken for dead;
 * where it cannot be asked, nothing is written down. */
void dns_probe(struct dns_probes *ps, struct nameservers *set, size_t place);

#endif

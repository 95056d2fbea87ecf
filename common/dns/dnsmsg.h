/*
 * dnsmsg.h - the bytes of a DNS answer -> records (RFC 1035 section 4).
 *
 * Only the header, the question and the answer section are looked at; from the
 * asked name the CNAMEs in the answer section are followed to records of the
 * asked type. Pure: nothing is sent, and what an answer means for SPF or DKIM
 * is not known here.
 *
 * Strict where the message is framed: if one record cannot be found (an owner
 * name, a length), the whole is malformed. What stands in the RDATA of one
 * record spoils that one: a TXT without strings, an A of five octets, an MX
 * whose name is none are as if they were not there. A TXT, MX or PTR that is
 * there twice is there once (RFC 2181 section 5).
 *
 * Choices that the RFCs leave open:
 * - An AAAA record of ::ffff:a.b.c.d stays an IPv6 address. It can only be
 *   compared with an IPv6 client, and a mapped client has become IPv4 before.
 * - Of the names of MX and PTR the first DNS_NAMES_MAX are read, as nobody
 *   wants more. Of A, AAAA and TXT any one may be that which is wanted: more
 *   than DNS_RECORDS_MAX are an error.
 * - A chain of CNAMEs is followed as far as it goes. Where they do not stand in
 *   its order, the answer is read again, DNS_CNAME_MAX times at the most: what
 *   needs more is an error, "CNAME loop".
 * - A name whose only CNAME cannot be read leads nowhere: malformed.
 */
#ifndef POSTSEAL_COMMON_DNSMSG_H
#define POSTSEAL_COMMON_DNSMSG_H

#include "common/bytes/span.h"
#include "common/dns/dnsanswer.h"
#include "common/dns/dnsname.h"

/*
 * Reads the answer to (name, type) in msg, at most 65,535 bytes. Whatever is
 * wrong with the message makes *ret DNS_TEMPERROR with a reason. security is
 * DNS_INSECURE. 0 and *ret returned owned (dns_answer_free; one allocation), or
 * -ENOMEM.
 */
int dnsmsg_read(struct span msg, const struct dnsname *name, enum dns_type type,
    struct dns_answer **ret);

/* An answer without records: DNS_TEMPERROR because of why, a literal. 0 and
 * *ret returned owned (dns_answer_free), or -ENOMEM. */
int dnsmsg_error(const char *why, struct dns_answer **ret);

#endif

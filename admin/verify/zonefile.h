/*
 * zonefile.h - records from a file, in place of DNS: RFC 1035 section 5.1.
 *
 *     s1._domainkey.example.com.  3600  IN  TXT  ( "v=DKIM1; k=rsa; "
 *                                                 "p=MIIB..." )
 *
 * as `postseal genkey` prints them and zones have them: TTL and class may be
 * left out, the owner too where it is that of the record above, ';' begins a
 * comment. All names are absolute, with or without a dot at their end. Read are
 * what keys and SPF need: TXT, A, AAAA, MX, PTR. Records of other types and
 * directives ("$TTL") are passed over.
 */
#ifndef POSTSEAL_ADMIN_ZONEFILE_H
#define POSTSEAL_ADMIN_ZONEFILE_H

#include "common/bytes/buf.h"
#include "common/dns/dnsanswer.h"

struct zonefile {
	struct buf text; /* owned */
};

/* 0 and *z (zonefile_free); or -errno with nothing to free and a sentence in
 * why. */
int zonefile_read(const char *path, struct zonefile *z, struct buf *why);
void zonefile_free(struct zonefile *z);

/* The records of a name that are of that type. arg is a struct zonefile.
 * Returns owned (dns_answer_free), or NULL when memory is out. */
struct dns_answer *zonefile_answer(
    void *arg, struct span name, enum dns_type type);

#endif

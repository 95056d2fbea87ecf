/*
 * dnsanswer.h - what DNS says of a name and a type: records, or why there are
 * none.
 *
 * dnsmsg.c makes it from bytes, resolver.c hands it out. What it means for SPF
 * or DKIM is not known here.
 */
#ifndef POSTSEAL_COMMON_DNSANSWER_H
#define POSTSEAL_COMMON_DNSANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "common/bytes/ip.h"
#include "common/bytes/span.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5, /* the alias itself: it is not followed */
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28
};

enum dns_status {
	DNS_FOUND,    /* at least one record of the type, CNAMEs followed */
	DNS_NODATA,   /* the name exists, the type does not */
	DNS_NXDOMAIN, /* RCODE 3 */
	/* timeout, SERVFAIL (bogus, too), another RCODE, malformed, a loop of
	 * CNAMEs */
	DNS_TEMPERROR
};

/* SECURE: a server that is trusted with it (trust_ad) says that it has
 * validated the answer, and no other one has said that it cannot answer, as
 * validators do of forgeries (SERVFAIL). */
enum dns_security { DNS_INSECURE, DNS_SECURE };

/* By the type that was asked for. */
struct dns_record {
	union {
		/* A: AF_INET; AAAA: always AF_INET6, a mapped address too,
		 * which no IPv6 client can have */
		struct ip ip;

		/* MX, PTR, CNAME: lower-case text, no trailing dot ("" is the
		 * root), odd octets as in RFC 1035 section 5.1; one with a
		 * backslash is no host's and cannot be given to resolver_ask(),
		 * which takes it literally */
		struct {
			const char *name;
			uint16_t preference; /* MX */
		};

		/* TXT: its strings joined without a space, RFC 7208 section
		 * 3.3; any octet may be in it */
		struct span txt;
	};
};

struct dns_answer {
	enum dns_status status;
	enum dns_security security;
	/* DNS_TEMPERROR: a static reason ("timeout", "SERVFAIL", "malformed
	 * answer", "CNAME loop", "too many records", "too many questions",
	 * "unreachable", ...); else NULL */
	const char *why;
	unsigned others; /* who have it, too: nobody writes to it */
	size_t size;     /* bytes that it takes, records and texts included */
	size_t n;        /* records, in the order of the answer */
	const struct dns_record *record;
};

/* One more who frees it (dns_answer_free). Returns a. */
struct dns_answer *dns_answer_hold(struct dns_answer *a);

/* Frees an answer that was returned owned (one allocation), when nobody else
 * has it; NULL is allowed. */
void dns_answer_free(struct dns_answer *a);

#endif

/*
 * dnsquestion.h - the bytes of a DNS question, and which messages answer it
 * (RFC 1035 section 4, RFC 6891). Pure.
 *
 * What an answer holds is read by dnsmsg.c; here it is only told from what is
 * none.
 */
#ifndef POSTSEAL_COMMON_DNSQUESTION_H
#define POSTSEAL_COMMON_DNSQUESTION_H

#include <stdint.h>

#include "common/dns/dnsname.h"

enum {
	DNS_HEADER_SIZE = 12,
	DNS_OPT_SIZE = 11, /* an OPT record without options */
	DNS_QUESTION_SIZE =
	    DNS_HEADER_SIZE + DNSNAME_MAX + 4 + DNS_OPT_SIZE, /* at the most */
	DNS_TYPE_NS = 2
};

/* RCODEs that decide what is asked next (RFC 1035 section 4.1.1). */
enum dns_rcode {
	DNS_RCODE_FORMERR = 1,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NOTIMP = 4
};

enum dns_question_flags {
	DNS_ASK_RECURSION = 1, /* RD: follow it to the end */
	DNS_ASK_AD = 2,  /* AD: tell whether it was validated, RFC 6840 5.7 */
	DNS_ASK_EDNS = 4 /* answers may have DNS_UDP_SIZE bytes */
};

struct dns_question {
	unsigned char p[DNS_QUESTION_SIZE];
	size_t n;
	bool edns; /* an OPT record is its end */
};

/* The question for (name, type, IN); flags of enum dns_question_flags. */
void dns_question_write(struct dns_question *q, const struct dnsname *name,
    unsigned type, uint16_t id, unsigned flags);

/* Takes the OPT record off; the id stays, so that answers to both count. */
void dns_question_plain(struct dns_question *q);

/*
 * True if msg is a response to q: its id, and its question as it was put (case
 * aside). A server that failed may leave the question out.
 */
bool dns_question_answered(const struct dns_question *q, struct span msg);

/* Of a message that dns_question_answered() took. */
struct dns_head {
	unsigned rcode;
	bool tc; /* cut: ask over TCP */
	bool ad; /* validated, says the server */
	/* It neither knows (AA) nor asks others (RA), and has nothing to say:
	 * it is nobody's resolver. */
	bool lame;
};

struct dns_head dns_question_head(struct span msg);

#endif

/*
 * A question is made once and sent again as it is; without EDNS it is the same
 * bytes less the OPT record at their end, with the same id, so that an answer
 * to either counts. The trap is a message that only looks like an answer: id,
 * question and flags must fit, and without a question only an error counts.
 */
#include "common/dns/dnsquestion.h"

#include "common/limits.h"

enum {
	FLAG_QR = 0x8000,
	OPCODE = 0x7800,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	FLAG_RA = 0x0080,
	FLAG_AD = 0x0020,
	RCODE = 15,
	CLASS_IN = 1,
	TYPE_OPT = 41,
	AT_FLAGS = 2,
	AT_QDCOUNT = 4,
	AT_ANCOUNT = 6,
	AT_ARCOUNT = 10
};

static void
put16(unsigned char *p, unsigned value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

static unsigned
get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

void
dns_question_write(struct dns_question *q, const struct dnsname *name,
    unsigned type, uint16_t id, unsigned flags)
{
	unsigned char *p = q->p;

	memset(p, 0, DNS_HEADER_SIZE);
	put16(p, id);
	put16(p + AT_FLAGS,
	    ((flags & DNS_ASK_RECURSION) != 0 ? FLAG_RD : 0) |
	        ((flags & DNS_ASK_AD) != 0 ? FLAG_AD : 0));
	put16(p + AT_QDCOUNT, 1);
	p += DNS_HEADER_SIZE;
	memcpy(p, name->b, name->n);
	p += name->n;
	put16(p, type);
	put16(p + 2, CLASS_IN);
	p += 4;
	q->edns = (flags & DNS_ASK_EDNS) != 0;
	if (q->edns) {
		memset(p, 0, DNS_OPT_SIZE);
		put16(p + 1, TYPE_OPT);
		put16(p + 3, DNS_UDP_SIZE);
		p += DNS_OPT_SIZE;
		put16(q->p + AT_ARCOUNT, 1);
	}
	q->n = (size_t)(p - q->p);
}

void
dns_question_plain(struct dns_question *q)
{
	if (!q->edns)
		return;
	q->edns = false;
	q->n -= DNS_OPT_SIZE;
	put16(q->p + AT_ARCOUNT, 0);
}

/* The lengths of labels are below 64 and no letters. */
static bool
same_question(const unsigned char *a, const unsigned char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (span_lower(a[i]) != span_lower(b[i]))
			return false;
	}
	return true;
}

bool
dns_question_answered(const struct dns_question *q, struct span msg)
{
	const unsigned char *p = (const unsigned char *)msg.p;
	size_t n = q->n - DNS_HEADER_SIZE - (q->edns ? DNS_OPT_SIZE : 0);
	unsigned flags;

	if (msg.n < DNS_HEADER_SIZE || memcmp(p, q->p, 2) != 0)
		return false;
	flags = get16(p + AT_FLAGS);
	if ((flags & FLAG_QR) == 0 || (flags & OPCODE) != 0)
		return false;
	if (get16(p + AT_QDCOUNT) == 0)
		return (flags & RCODE) != 0 && (flags & RCODE) != 3;
	return get16(p + AT_QDCOUNT) == 1 && msg.n - DNS_HEADER_SIZE >= n &&
	    same_question(p + DNS_HEADER_SIZE, q->p + DNS_HEADER_SIZE, n);
}

struct dns_head
dns_question_head(struct span msg)
{
	const unsigned char *p = (const unsigned char *)msg.p;
	unsigned flags = get16(p + AT_FLAGS);

	return (struct dns_head){.rcode = flags & RCODE,
	    .tc = (flags & FLAG_TC) != 0,
	    .ad = (flags & FLAG_AD) != 0,
	    .lame = (flags & (FLAG_AA | FLAG_RA | RCODE)) == 0 &&
	        get16(p + AT_ANCOUNT) == 0};
}

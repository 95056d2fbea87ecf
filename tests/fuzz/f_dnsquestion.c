/*
 * Any packet as an answer: it is taken for one only if it has the id and the
 * question, or no question and an RCODE.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/dns/dnsquestion.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dnsname name = {.b = "\1a\7example", .n = 11};
	struct dns_question q;
	struct dns_head h;

	dns_question_write(&q, &name, 16, 0x4142,
	    DNS_ASK_RECURSION | (size % 2 == 0 ? DNS_ASK_EDNS : 0));
	if (!dns_question_answered(&q, span_of(data, size)))
		return 0;
	h = dns_question_head(span_of(data, size));
	if (data[0] != 0x41 || data[1] != 0x42 || (data[2] & 0x80) == 0 ||
	    (data[5] == 0 && (h.rcode == 0 || h.rcode == 3)) ||
	    (data[5] == 1 && size < 12 + 11 + 4))
		abort();
	return 0;
}

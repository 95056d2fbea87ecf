/*
 * Any bytes as policy requests: what is parsed lies inside the input, the same
 * request cut anywhere is MORE until its last byte, and the limit holds.
 */
#include <stdint.h>

#include "policyd/attr.h"
#include "tests/support/must.h"

enum { MAX = 256 }; /* small, so that it is met */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must_be_inside(struct span s, struct span in)
{
	must(is_inside(s, in));
	must(span_find(s, '\n') == s.n && span_find(s, '\0') == s.n);
}

static void
one_request(struct span in, const struct attr *a, size_t used)
{
	struct span whole = span_of(in.p, used);
	struct attr other;
	const char *why;
	size_t n;

	must(used > 0 && used <= in.n && used <= MAX);
	must_be_inside(a->request, whole);
	must_be_inside(a->protocol_state, whole);
	must_be_inside(a->client_address, whole);
	must_be_inside(a->helo_name, whole);
	must_be_inside(a->sender, whole);
	must_be_inside(a->recipient, whole);
	must_be_inside(a->queue_id, whole);
	must_be_inside(a->instance, whole);
	for (size_t cut = 0; cut < used; cut++)
		must(attr_parse(span_of(in.p, cut), MAX, &other, &n, &why) ==
		    PARSE_MORE);
	must(attr_parse(whole, MAX, &other, &n, &why) == PARSE_OK && n == used);
	must(span_eq(other.sender, a->sender));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct attr a;
	const char *why = NULL;
	size_t used;

	for (;;) {
		switch (attr_parse(in, MAX, &a, &used, &why)) {
		case PARSE_OK:
			one_request(in, &a, used);
			in = span_skip(in, used);
			continue;
		case PARSE_MORE:
			must(in.n < MAX);
			return 0;
		case PARSE_BAD:
			must(why != NULL && *why != '\0');
			return 0;
		}
	}
}

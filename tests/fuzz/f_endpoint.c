/*
 * Any text as an endpoint: what is taken is the same again from our spelling.
 */
#include <stdint.h>

#include "common/bytes/endpoint.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct endpoint e, again;
	char text[ENDPOINT_TEXT_MAX];
	const char *why = NULL;

	if (endpoint_parse(span_of(data, size), &e, &why) != 0) {
		must(why != NULL);
		return 0;
	}
	must(endpoint_parse(span_str(endpoint_text(&e, text)), &again, &why) ==
	    0);
	must(endpoint_equal(&e, &again));
	return 0;
}

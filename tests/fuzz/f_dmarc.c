/* Any TXT record as a DMARC record of ours: what is good for check is a record
 * for receivers. */
#include <stdint.h>
#include <stdlib.h>

#include "admin/check/dmarc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct dmarc_record r;
	const char *why = NULL;

	if (dmarc_parse(in, &r, &why) == PARSE_OK) {
		if (!dmarc_claims(in) || !dmarc_record_counts(in) || r.unusable)
			abort();
	} else if (why == NULL) {
		abort();
	}
	return 0;
}

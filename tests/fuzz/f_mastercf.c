/* Any text as what `postconf -M` prints, and as a time. */
#include <stdint.h>
#include <stdlib.h>

#include "admin/postfix/mastercf.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data, size), line, value;
	unsigned n;

	while (mastercf_next(&text, &line)) {
		for (int c = MASTERCF_NAME; c <= MASTERCF_COMMAND; c++) {
			if (!is_inside(mastercf_word(line, c), line))
				abort();
		}
		if (mastercf_option(line, "smtpd_milters", &value) &&
		    !is_inside(value, line))
			abort();
	}
	(void)mastercf_seconds(span_of(data, size), &n);
	return 0;
}

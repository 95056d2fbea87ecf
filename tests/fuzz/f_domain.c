/*
 * Any bytes as a domain name: what becomes A-labels is a name, lower case, and
 * becomes itself again.
 */
#include <stdint.h>

#include "common/bytes/domain.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	char ascii[DOMAIN_MAX + 1], again[DOMAIN_MAX + 1];
	struct span name;

	if (domain_is_mail(in))
		must(domain_is_name(in) && domain_to_ascii(in, ascii) == 0);
	if (domain_to_ascii(in, ascii) != 0)
		return 0;
	name = span_str(ascii);
	must(domain_is_name(name));
	must(name.p[name.n - 1] != '.');
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		must(c < 0x80 && c == span_lower(c));
	}
	must(domain_to_ascii(name, again) == 0 && strcmp(ascii, again) == 0);
	must(domain_equal(name, name) && domain_within(name, name));
	return 0;
}

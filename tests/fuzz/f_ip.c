/*
 * Any text as an address or a network: what is taken prints as a text that is
 * taken for the same.
 */
#include <stdint.h>

#include "common/bytes/ip.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	char text[IP_TEXT_MAX];
	struct ip ip, again;
	struct cidr net;

	if (ip_parse(in, &ip) == 0) {
		must(ip_parse(span_str(ip_text(&ip, text)), &again) == 0);
		must(ip_equal(&ip, &again));
		must(cidr_parse(in, &net) == 0);
		must(net.bits == ip_width(&ip) && ip_equal(&net.ip, &ip));
	}
	if (cidr_parse(in, &net) == 0) {
		must(net.bits <= ip_width(&net.ip));
		must(cidr_contains(&net, &net.ip));
	}
	return 0;
}

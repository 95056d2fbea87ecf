/*
 * Any text as resolv.conf(5), and as a server of the config: what is taken is
 * the same again from our spelling.
 */
#include <stdint.h>

#include "common/dns/resolvconf.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same_again(const struct dns_server *s)
{
	char text[DNS_SERVER_TEXT_MAX];
	struct dns_server again;

	must(dns_server_parse(span_str(dns_server_text(s, text)), &again) == 0);
	must(ip_equal(&again.ip, &s->ip) && again.port == s->port);
	must(strcmp(again.scope, s->scope) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolvconf c;
	struct dns_server s;

	resolvconf_read(span_of(data, size), &c);
	must(c.n <= RESOLVCONF_SERVERS_MAX);
	must(c.timeout >= 1 && c.timeout <= RESOLVCONF_TIMEOUT_MAX);
	must(c.attempts >= 1 && c.attempts <= RESOLVCONF_ATTEMPTS_MAX);
	for (size_t i = 0; i < c.n; i++)
		same_again(&c.server[i]);
	if (dns_server_parse(span_of(data, size), &s) == 0)
		same_again(&s);
	return 0;
}

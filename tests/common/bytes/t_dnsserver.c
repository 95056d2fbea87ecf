#include "common/bytes/dnsserver.h"
#include "tests/support/suite.h"

static const struct {
	const char *text;
	const char *again; /* NULL: it is none */
	bool is_address;   /* without a port */
} rows[] = {
    {"192.0.2.53", "192.0.2.53", true},
    {"192.0.2.53:53", "192.0.2.53", false},
    {"192.0.2.53:1", "192.0.2.53:1", false},
    {"192.0.2.53:65535", "192.0.2.53:65535", false},
    {"192.0.2.53:65536", NULL, false},
    {"192.0.2.53:0", NULL, false},
    {"192.0.2.53:", NULL, false},
    {"192.0.2.53:5x", NULL, false},
    {"192.0.2.53:000053", NULL, false},
    {"192.0.2.53%eth0", NULL, false},
    {"2001:DB8::1", "2001:db8::1", true},
    {"[2001:db8::1]", "2001:db8::1", false},
    {"[2001:db8::1]:5300", "[2001:db8::1]:5300", false},
    {"[2001:db8::1]5300", NULL, false},
    {"[2001:db8::1", NULL, false},
    {"fe80::53%eth0", "fe80::53%eth0", true},
    {"[fe80::53%eth0]:5300", "[fe80::53%eth0]:5300", false},
    {"fe80::53%a23456789012345", "fe80::53%a23456789012345", true},
    {"fe80::53%a234567890123456", NULL, false},
    {"fe80::53%", NULL, false},
    {"", NULL, false},
    {"mx.example", NULL, false},
};

static void
texts(void)
{
	char text[DNS_SERVER_TEXT_MAX];
	struct dns_server s;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int rc = dns_server_parse(span_str(rows[i].text), &s);

		suite_row(rows[i].text);
		CHECK((rc == 0) == (rows[i].again != NULL));
		if (rc == 0)
			CHECK_STR(dns_server_text(&s, text), rows[i].again);
		rc = dns_server_address(span_str(rows[i].text), &s);
		CHECK((rc == 0) == rows[i].is_address);
	}
}

SUITE("dnsserver", T(texts))

#include "common/dns/resolvconf.h"

#include <stdio.h>

#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* "192.0.2.1 192.0.2.2 5x2 rotate" */
static const char *
text_of(const struct resolvconf *c)
{
	static char text[400];
	char server[DNS_SERVER_TEXT_MAX];
	int n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s ",
		    dns_server_text(&c->server[i], server));
	snprintf(text + n, sizeof text - (size_t)n, "%ux%u%s%s%s", c->timeout,
	    c->attempts, c->rotate ? " rotate" : "", c->use_vc ? " use-vc" : "",
	    c->trust_ad ? " trust-ad" : "");
	return text;
}

static const struct {
	const char *text, *want;
} rows[] = {
    {"", "5x2"},
    {"nameserver 192.0.2.1", "192.0.2.1 5x2"},
    {"nameserver\t192.0.2.1 \t# a\n", "192.0.2.1 5x2"},
    {"nameserver 192.0.2.1\r\nnameserver ::1\r\n", "192.0.2.1 ::1 5x2"},
    {"nameserver fe80::53%eth0\n", "fe80::53%eth0 5x2"},
    {"# nameserver 192.0.2.1\n;nameserver 192.0.2.2\n", "5x2"},
    {" nameserver 192.0.2.1\nnameservers 192.0.2.2\nnameserver", "5x2"},
    {"nameserver mx.example\nnameserver 192.0.2.2\n", "192.0.2.2 5x2"},
    {"nameserver 192.0.2.1:54\nnameserver 192.0.2.300\n", "5x2"},
    {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
     "nameserver 192.0.2.4\n",
        "192.0.2.1 192.0.2.2 192.0.2.3 5x2"},
    {"options timeout:1 attempts:4", "1x4"},
    {"options timeout:30 attempts:5", "30x5"},
    {"options timeout:31 attempts:6", "30x5"},
    {"options timeout:99999999999999999999 attempts:0", "30x1"},
    {"options timeout: attempts:x timeout", "1x1"},
    {"options timeout: 3 attempts:\t+4", "3x4"},
    {"options timeout:-3 attempts:2,", "1x2"},
    {"options rotate use-vc trust-ad edns0 ndots:3 inet6 debug",
        "5x2 rotate use-vc trust-ad"},
    {"options rotate\noptions trust-ad\n", "5x2 rotate trust-ad"},
    {"options rotate,timeout:1 xtrust-ad use-vc:1", "5x2 rotate use-vc"},
    {"options rotate, timeout:1, xrotate", "1x2 rotate"},
    {"nameserver 192.000.002.010\nnameserver 10.1\nnameserver 0x7f000001",
        "192.0.2.8 10.0.0.1 127.0.0.1 5x2"},
    {"nameserver "
     "192.0000000000000000000000000000000000000000000000000000000.2.8",
        "192.0.2.8 5x2"},
    {"nameserver "
     "192.00000000000000000000000000000000000000000000000000000000.2.8",
        "5x2"},
    {"options rotate use-vc trust-ad -rotate -use-vc", "5x2 trust-ad"},
    {"options trust-ad -trust-ad -timeout:3", "5x2"},
    {"nameserver 2001:db8::1%none\nnameserver fec0::1%x\n"
     "nameserver febf::1%eth0",
        "2001:db8::1 fec0::1 febf::1%eth0 5x2"},
    {"nameserver ff02::1%eth0\nnameserver ff03::1%eth0",
        "ff02::1%eth0 ff03::1 5x2"},
    {"search a.example b.example\ndomain c.example\nsortlist 1.2.3.4\n", "5x2"},
};

static void
texts(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span text = guard_copy(span_str(rows[i].text));
		struct resolvconf c;

		suite_row(rows[i].text);
		resolvconf_read(text, &c);
		CHECK_STR(text_of(&c), rows[i].want);
		guard_free(text);
	}
}

/* Cut anywhere, and with bytes that no such file has. */
static void
any_bytes(void)
{
	static const char text[] = "nameserver fe80::53%eth0\n\0\377options "
	                           "timeout:3\n\nnameserver 192.0.2.1";
	struct resolvconf c;

	for (size_t n = 0; n < sizeof text; n++) {
		struct span copy = guard_copy(span_of(text, n));

		resolvconf_read(copy, &c);
		CHECK(c.n <= 2 && (c.timeout == 5));
		guard_free(copy);
	}
}

SUITE("resolvconf", T(texts), T(any_bytes))

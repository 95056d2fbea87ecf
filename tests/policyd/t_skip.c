#include <stdlib.h>

#include "policyd/skip.h"
#include "tests/support/suite.h"

static enum skip
skip_of(const char *const *net, size_t n, const char *client)
{
	struct cidr v[4];
	struct policyd_settings p = {.trusted_networks = {v, n}};
	struct ip ip;

	for (size_t i = 0; i < n; i++) {
		if (cidr_parse(span_str(net[i]), &v[i]) != 0)
			abort();
	}
	if (ip_parse(span_str(client), &ip) != 0)
		abort();
	return skip_client(&p, &ip);
}

static void
trusted_networks(void)
{
	static const char *const net[] = {
	    "127.0.0.0/8", "::1", "192.0.2.128/25", "2001:db8::/48"};
	static const struct {
		const char *client;
		enum skip want;
	} row[] = {
	    {"127.0.0.1", SKIP_TRUSTED_NETWORK},
	    {"127.255.255.255", SKIP_TRUSTED_NETWORK},
	    {"128.0.0.0", SKIP_NO},
	    {"::1", SKIP_TRUSTED_NETWORK},
	    {"::2", SKIP_NO},
	    {"192.0.2.127", SKIP_NO},
	    {"192.0.2.128", SKIP_TRUSTED_NETWORK},
	    {"::ffff:192.0.2.128", SKIP_TRUSTED_NETWORK},
	    {"2001:db8:0:ffff::1", SKIP_TRUSTED_NETWORK},
	    {"2001:db8:1::", SKIP_NO},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].client);
		CHECK(skip_of(net, 4, row[i].client) == row[i].want);
	}
	CHECK(skip_of(net, 0, "127.0.0.1") == SKIP_NO);
}

static void
words(void)
{
	CHECK_STR(skip_word(SKIP_NO), NULL);
	CHECK_STR(skip_word(SKIP_TRUSTED_NETWORK), "trusted_networks");
}

SUITE("skip", T(trusted_networks), T(words))

#include <stdlib.h>

#include "policyd/decide/skip.h"
#include "tests/support/suite.h"

static char example[] = "example.com", relay[] = "relay.example";
static char *domains[] = {example, relay};
static char md5[] = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
static char *prints[] = {md5};

static struct ip
ip_of(const char *text)
{
	struct ip ip;

	if (ip_parse(span_str(text), &ip) != 0)
		abort();
	return ip;
}

static enum skip
skip_from(const struct policyd_settings *p, struct ip client, struct subject in,
    const char **ret_by)
{
	in.client = client;
	return skip_client(p, &in, ret_by);
}

static enum skip
skip_of(const char *const *net, size_t n, const char *client)
{
	struct cidr v[4];
	struct policyd_settings p = {.trusted_networks = {v, n}};
	struct ip ip = ip_of(client);
	struct subject in = {0};
	const char *by = NULL;

	for (size_t i = 0; i < n; i++) {
		if (cidr_parse(span_str(net[i]), &v[i]) != 0)
			abort();
	}
	return skip_from(&p, ip, in, &by);
}

/* skip_addresses of pypolicyd-spf. */
static void
trusted_networks(void)
{
	static const char *const net[] = {
	    "127.0.0.0/8", "::1", "192.0.2.128/25", "2001:db8::/48"};
	static const struct {
		const char *client;
		enum skip want;
	} row[] = {
	    {"127.0.0.1", SKIP_NETWORK},
	    {"127.255.255.255", SKIP_NETWORK},
	    {"128.0.0.0", SKIP_NO},
	    {"::1", SKIP_NETWORK},
	    {"::2", SKIP_NO},
	    {"192.0.2.127", SKIP_NO},
	    {"192.0.2.128", SKIP_NETWORK},
	    {"::ffff:192.0.2.128", SKIP_NETWORK},
	    {"2001:db8:0:ffff::1", SKIP_NETWORK},
	    {"2001:db8:1::", SKIP_NO},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].client);
		CHECK(skip_of(net, 4, row[i].client) == row[i].want);
	}
	CHECK(skip_of(net, 0, "127.0.0.1") == SKIP_NO);
}

/* Addresses of this host, where it is on the list; a relay never is one by
 * that. */
static void
this_host(void)
{
	struct cidr v[] = {{.bits = 0}};
	struct policyd_settings with = {.trusted_networks = {v, 1}},
	                        without = {.trusted_relays = {v, 0}};
	struct subject own = {.own = true}, other = {0};
	const char *by = NULL;

	CHECK(skip_from(&with, ip_of("192.0.2.1"), own, &by) == SKIP_NETWORK);
	CHECK(skip_from(&with, ip_of("192.0.2.1"), other, &by) == SKIP_NO);
	CHECK(skip_from(&without, ip_of("192.0.2.1"), own, &by) == SKIP_NO);
}

/* Of an address that is in both lists the narrower claim is no relay's:
 * networks come first, and so does a user that logged in. */
static void
trusted_relays(void)
{
	struct cidr ours, relays;
	struct policyd_settings p = {.trusted_networks = {&ours, 1},
	    .trust_authenticated = true,
	    .trusted_relays = {&relays, 1}};
	struct ip inside = ip_of("192.0.2.9"), outside = ip_of("198.51.100.9");
	struct ip other = ip_of("198.51.100.8");
	struct subject in = {0}, joe = {.login = span_str("joe")};
	const char *by = NULL;

	CHECK(cidr_parse(span_str("192.0.2.0/24"), &ours) == 0);
	CHECK(cidr_parse(span_str("198.51.100.9"), &relays) == 0);
	CHECK(skip_from(&p, outside, in, &by) == SKIP_RELAY);
	CHECK(skip_from(&p, other, in, &by) == SKIP_NO);
	CHECK(skip_from(&p, outside, joe, &by) == SKIP_AUTHENTICATED);
	CHECK(skip_from(&p, inside, in, &by) == SKIP_NETWORK);
	relays = ours;
	CHECK(skip_from(&p, inside, in, &by) == SKIP_NETWORK);
	CHECK(!skip_is_own(SKIP_RELAY));
	CHECK(by == NULL);
}

static void
authenticated(void)
{
	struct policyd_settings p = {.trust_authenticated = true};
	struct ip ip = ip_of("192.0.2.1");
	struct subject in = {0};
	const char *by = NULL;

	CHECK(skip_from(&p, ip, in, &by) == SKIP_NO);
	in.login = span_str("");
	CHECK(skip_from(&p, ip, in, &by) == SKIP_NO);
	in.login = span_str("u");
	CHECK(skip_from(&p, ip, in, &by) == SKIP_AUTHENTICATED);
	p.trust_authenticated = false;
	CHECK(skip_from(&p, ip, in, &by) == SKIP_NO);
	CHECK(by == NULL);
}

static void
certificates(void)
{
	static const struct {
		const char *print, *key;
		enum skip want;
	} row[] = {
	    {"", "", SKIP_NO},
	    {"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF", "",
	        SKIP_CERTIFICATE},
	    {"", "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
	        SKIP_CERTIFICATE},
	    {"00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", "",
	        SKIP_CERTIFICATE},
	    {"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FE",
	        "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE", SKIP_NO},
	};
	struct policyd_settings p = {.trusted_certificates = {prints, 1}};
	struct ip ip = ip_of("192.0.2.1");

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct subject in = {.certificate = span_str(row[i].print),
		    .public_key = span_str(row[i].key)};
		const char *by = NULL;

		CHECK(skip_from(&p, ip, in, &by) == row[i].want);
		CHECK(by == (row[i].want == SKIP_NO ? NULL : md5));
	}
}

/* Domain_Whitelist_PTR of pypolicyd-spf, which compared the end of a name that
 * the client's owner may choose, without a label boundary. */
static void
client_names(void)
{
	static const struct {
		const char *name;
		const char *by;
	} row[] = {
	    {"example.com", example},
	    {"Mail.Example.COM", example},
	    {"a.b.relay.example", relay},
	    {"notexample.com", NULL},
	    {"example.com.evil.example", NULL},
	    {"com", NULL},
	    {"unknown", NULL},
	    {"", NULL},
	};
	struct policyd_settings p = {.trusted_clients = {domains, 2}};
	struct ip ip = ip_of("192.0.2.1");

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct subject in = {.client_name = span_str(row[i].name)};
		const char *by = NULL;

		suite_row(row[i].name);
		CHECK((skip_from(&p, ip, in, &by) == SKIP_CLIENT) ==
		    (row[i].by != NULL));
		CHECK(by == row[i].by);
	}
}

/* The sender's domain, whole, as A-labels. */
static void
exempt_domains(void)
{
	static char idn[] = "xn--bcher-kva.example";
	static char *list[] = {example, idn};
	static const struct {
		const char *sender;
		const char *by;
	} row[] = {
	    {"u@example.com", example},
	    {"\"a@b\"@Example.COM", example},
	    {"u@B\u00fccher.example", idn},
	    {"u@a.example.com", NULL},
	    {"example.com", NULL},
	    {"u@", NULL},
	    {"", NULL},
	};
	struct policyd_settings p = {.exempt_domains = {list, 2}};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const char *by = NULL;

		suite_row(row[i].sender);
		CHECK((skip_sender(&p, span_str(row[i].sender), &by) ==
		          SKIP_SENDER) == (row[i].by != NULL));
		CHECK(by == row[i].by);
	}
	suite_row(NULL);
}

static void
words(void)
{
	CHECK_STR(skip_word(SKIP_NO), NULL);
	CHECK_STR(skip_phrase(SKIP_NO), NULL);
	CHECK_STR(skip_word(SKIP_NETWORK), "trusted_networks");
	for (enum skip s = SKIP_NETWORK; s <= SKIP_FORWARDER; s++) {
		CHECK(
		    skip_word(s) != NULL && strchr(skip_word(s), ' ') == NULL);
		CHECK(skip_phrase(s) != NULL);
		for (enum skip t = SKIP_NETWORK; t < s; t++)
			CHECK(strcmp(skip_word(s), skip_word(t)) != 0);
	}
}

SUITE("skip", T(trusted_networks), T(this_host), T(trusted_relays),
    T(authenticated), T(certificates), T(client_names), T(exempt_domains),
    T(words))

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/bytes/ip.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* Text and its canonical form; NULL: refused. */
static const struct {
	const char *text, *want;
} addresses[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"::", "::"},
    {"::1", "::1"},
    {"1::", "1::"},
    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
    {"2001:0db8::0001", "2001:db8::1"},
    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"::FFFF:c000:0201", "192.0.2.1"},
    {"0:0:0:0:0:ffff:c000:201", "192.0.2.1"},
    {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
    {"fe80::1", "fe80::1"},
    {"", NULL},
    {" 192.0.2.1", NULL},
    {"192.0.2.1 ", NULL},
    {"192.0.2.01", NULL},
    {"192.0.2.001", NULL},
    {"010.0.2.1", NULL},
    {"192.0.2", NULL},
    {"192.0.2.", NULL},
    {"192.0.2.1.", NULL},
    {".192.0.2.1", NULL},
    {"192..2.1", NULL},
    {"192.0.2.1.1", NULL},
    {"192.0.2.256", NULL},
    {"192.0.2.-1", NULL},
    {"192.0.2.+1", NULL},
    {"192.0.2.0x1", NULL},
    {"3221225985", NULL},
    {"localhost", NULL},
    {":", NULL},
    {":::", NULL},
    {"1:", NULL},
    {":1", NULL},
    {"1::2::3", NULL},
    {"1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"1:2:3:4::5:6:7:8", NULL},
    {"::1:2:3:4:5:6:7:8", NULL},
    {"12345::", NULL},
    {"g::", NULL},
    {"::ffff:192.0.2", NULL},
    {"::ffff:192.0.2.256", NULL},
    {"::ffff:192.0.2.01", NULL},
    {"::1.2.3.4:5", NULL},
    {"fe80::1%lo", NULL},
    {"[::1]", NULL},
    {"::1/128", NULL},
    {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL},
};

static void
parses_addresses(void)
{
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct span in = guard_copy(span_str(addresses[i].text));
		struct ip ip = {.family = -1};
		char text[IP_TEXT_MAX];
		int rc = ip_parse(in, &ip);

		suite_row(addresses[i].text);
		if (addresses[i].want == NULL) {
			CHECK(rc == -EINVAL);
			CHECK(ip.family == -1);
		} else {
			CHECK(rc == 0);
			CHECK_STR(ip_text(&ip, text), addresses[i].want);
		}
		guard_free(in);
	}
	suite_row(NULL);
}

static void
refuses_a_nul_inside(void)
{
	struct ip ip;

	CHECK(ip_parse(span_of("192.0.2.1\0", 10), &ip) == -EINVAL);
	CHECK(ip_parse(span_of("::1\0:", 5), &ip) == -EINVAL);
}

/* Every canonical text is read as the same address again. */
static void
text_comes_back(void)
{
	unsigned seed = 7;

	for (int i = 0; i < 20000; i++) {
		unsigned char b[16];
		char text[IP_TEXT_MAX];
		struct ip ip, again;
		size_t n = i % 3 == 0 ? 4 : 16;

		for (size_t j = 0; j < n; j++)
			b[j] = rand_r(&seed) % 3 == 0
			    ? (unsigned char)rand_r(&seed)
			    : 0;
		ip = ip_bytes(b, n);
		CHECK(ip_parse(span_str(ip_text(&ip, text)), &again) == 0);
		CHECK(ip_equal(&ip, &again));
	}
}

static void
takes_bytes(void)
{
	unsigned char mapped[16] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
	struct ip four = ip_bytes(mapped + 12, 4);
	struct ip six = ip_bytes(mapped, 16);

	CHECK(four.family == AF_INET && ip_width(&four) == 32);
	CHECK(ip_equal(&four, &six));
	mapped[0] = 1;
	six = ip_bytes(mapped, 16);
	CHECK(six.family == AF_INET6 && ip_width(&six) == 128);
	CHECK(!ip_equal(&four, &six));
	CHECK(!ip_match(&four, &six, 0));
}

static const struct {
	const char *text, *in, *out; /* an address in it and one outside */
} networks[] = {
    {"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
    {"192.0.2.77/24", "192.0.2.1", "192.0.1.255"},
    {"192.0.2.1", "192.0.2.1", "192.0.2.0"},
    {"192.0.2.1/32", "192.0.2.1", "192.0.2.3"},
    {"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
    {"128.0.0.0/1", "255.1.2.3", "127.255.255.255"},
    {"192.0.2.1/31", "192.0.2.0", "192.0.2.2"},
    {"1.2.3.4/0", "9.9.9.9", "::1"},
    {"::/0", "2001:db8::1", "192.0.2.1"},
    {"2001:db8::/32", "2001:db8:ffff::", "2001:db9::"},
    {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
    {"::1", "::1", "::2"},
    {"::1/128", "::1", "::"},
    {"::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.9"},
    {"::ffff:192.0.2.0/96", "9.9.9.9", "::1"},
    {"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"},
    {"192.0.2.0/33", NULL, NULL},
    {"192.0.2.0/", NULL, NULL},
    {"192.0.2.0/-1", NULL, NULL},
    {"192.0.2.0/024", NULL, NULL},
    {"192.0.2.0/00", NULL, NULL},
    {"192.0.2.0/2x", NULL, NULL},
    {"192.0.2.0/24/24", NULL, NULL},
    {"192.0.2.0 /24", NULL, NULL},
    {"192.0.2.0/ 24", NULL, NULL},
    {"192.0.2.0/4294967297", NULL, NULL},
    {"192.0.2/24", NULL, NULL},
    {"/24", NULL, NULL},
    {"", NULL, NULL},
    {"::/129", NULL, NULL},
    {"::1/1000", NULL, NULL},
    {"::ffff:192.0.2.0/95", NULL, NULL},
    {"example.com/24", NULL, NULL},
};

static void
parses_networks(void)
{
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
		struct span in = guard_copy(span_str(networks[i].text));
		struct cidr net = {.bits = 999};
		int rc = cidr_parse(in, &net);
		struct ip a, b;

		suite_row(networks[i].text);
		guard_free(in);
		if (networks[i].in == NULL) {
			CHECK(rc == -EINVAL);
			CHECK(net.bits == 999);
			continue;
		}
		CHECK(rc == 0);
		CHECK(ip_parse(span_str(networks[i].in), &a) == 0);
		CHECK(ip_parse(span_str(networks[i].out), &b) == 0);
		CHECK(cidr_contains(&net, &a));
		CHECK(!cidr_contains(&net, &b));
	}
	suite_row(NULL);
}

/* Each number of bits tells exactly the addresses apart that it should. */
static void
matches_bit_by_bit(void)
{
	struct ip a, b;

	ip_parse(span_str("2001:db8::"), &a);
	for (unsigned bit = 0; bit < 128; bit++) {
		b = a;
		b.b[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
		for (unsigned bits = 0; bits <= 128; bits++)
			CHECK(ip_match(&a, &b, bits) == (bits <= bit));
		CHECK(!ip_equal(&a, &b));
	}
}

SUITE("ip", T(parses_addresses), T(refuses_a_nul_inside), T(text_comes_back),
    T(takes_bytes), T(parses_networks), T(matches_bit_by_bit))

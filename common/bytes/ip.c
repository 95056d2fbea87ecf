/*
 * An IPv4 address that is mapped into IPv6 becomes the IPv4 address as it is
 * read, so that no list needs both. The trap is a prefix behind one: it is
 * counted from 96 on, and a shorter one would be a network of both families,
 * which is refused.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "common/bytes/ip.h"

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

struct ip
ip_bytes(const void *p, size_t n)
{
	struct ip ip = {.family = n == 4 ? AF_INET : AF_INET6};
	const char *b = p;

	if (n == 16 && memcmp(b, mapped, sizeof mapped) == 0) {
		ip.family = AF_INET;
		b += sizeof mapped;
		n = 4;
	}
	memcpy(ip.b, b, n);
	return ip;
}

/*
 * glibc's inet_pton(3) is as strict as we promise: no leading zeros in a dotted
 * quad, no zone, no "::" that stands for nothing (the tests keep watch).
 * *ret_width is that of the text: 32 or 128, for a mapped address 128.
 */
static int
ip_read(struct span text, struct ip *ret_ip, unsigned *ret_width)
{
	char s[IP_TEXT_MAX];
	unsigned char b[16];
	bool six = span_find(text, ':') < text.n;

	if (text.n >= sizeof s || span_find(text, '\0') < text.n)
		return -EINVAL;
	if (text.n > 0)
		memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	if (inet_pton(six ? AF_INET6 : AF_INET, s, b) != 1)
		return -EINVAL;
	*ret_ip = ip_bytes(b, six ? 16 : 4);
	*ret_width = six ? 128 : 32;
	return 0;
}

int
ip_parse(struct span text, struct ip *ret_ip)
{
	unsigned width;

	return ip_read(text, ret_ip, &width);
}

const char *
ip_text(const struct ip *ip, char *text)
{
	if (inet_ntop(ip->family, ip->b, text, IP_TEXT_MAX) == NULL)
		text[0] = '\0'; /* only a family that ip.h does not have */
	return text;
}

unsigned
ip_width(const struct ip *ip)
{
	return ip->family == AF_INET ? 32 : 128;
}

bool
ip_equal(const struct ip *a, const struct ip *b)
{
	return ip_match(a, b, ip_width(a));
}

static bool
ip4_match(const struct ip *a, const struct ip *b, unsigned bits)
{
	uint32_t x, y;

	memcpy(&x, a->b, sizeof x);
	memcpy(&y, b->b, sizeof y);
	return bits == 0 || ntohl(x ^ y) >> (32 - bits) == 0;
}

/* A check may compare 10,000 addresses each time it is run: no call for
 * most. */
bool
ip_match(const struct ip *a, const struct ip *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return ip4_match(a, b, bits);
	if (memcmp(a->b, b->b, whole) != 0)
		return false;
	return rest == 0 || (a->b[whole] ^ b->b[whole]) >> (8 - rest) == 0;
}

/* One to three digits without a leading zero, at most max. */
static int
prefix_parse(struct span text, unsigned max, unsigned *ret)
{
	unsigned v = 0;

	if (text.n == 0 || text.n > 3 || (text.n > 1 && text.p[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -EINVAL;
		v = v * 10 + (unsigned)(text.p[i] - '0');
	}
	if (v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

int
cidr_parse(struct span text, struct cidr *ret_cidr)
{
	size_t slash = span_find(text, '/');
	unsigned width, bits;
	struct ip ip;

	if (ip_read(span_of(text.p, slash), &ip, &width) != 0)
		return -EINVAL;
	bits = width;
	if (slash < text.n &&
	    prefix_parse(span_skip(text, slash + 1), width, &bits) != 0)
		return -EINVAL;
	if (width != ip_width(&ip)) { /* a mapped address */
		if (bits < 96)
			return -EINVAL; /* IPv4 and IPv6 at once */
		bits -= 96;
	}
	*ret_cidr = (struct cidr){.ip = ip, .bits = bits};
	return 0;
}

bool
cidr_contains(const struct cidr *net, const struct ip *ip)
{
	return ip_match(&net->ip, ip, net->bits);
}

bool
cidr_within(const struct cidr *net, const struct cidr *wider)
{
	return wider->bits <= net->bits && cidr_contains(wider, &net->ip);
}

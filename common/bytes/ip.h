/*
 * ip.h - IPv4 and IPv6 addresses and networks, as text and as bytes.
 *
 * Parsing is strict (RFC 4291, dotted quads without leading zeros) and an
 * IPv4-mapped IPv6 address becomes IPv4 at once (RFC 7208 section 5), so no
 * later code has to think of it. Names are never resolved here.
 */
#ifndef POSTSEAL_COMMON_IP_H
#define POSTSEAL_COMMON_IP_H

#include <stdint.h>

#include "common/bytes/span.h"

enum { IP_TEXT_MAX = 46 }; /* INET6_ADDRSTRLEN, NUL included */

struct ip {
	int family;          /* AF_INET or AF_INET6 */
	unsigned char b[16]; /* network order; 4 bytes used for AF_INET */
};

struct cidr {
	struct ip ip;  /* as written: host bits may be set */
	unsigned bits; /* 0..32 or 0..128 */
};

/* Address text -> ip. 0, or -EINVAL with *ret_ip untouched. */
int ip_parse(struct span text, struct ip *ret_ip);

/* The n (4 or 16) network-order bytes -> ip, mapped addresses as IPv4. */
struct ip ip_bytes(const void *p, size_t n);

/* Canonical text (RFC 5952) into text[IP_TEXT_MAX]; returns text. */
const char *ip_text(const struct ip *ip, char *text);

/* Number of bits of the family: 32 or 128. */
unsigned ip_width(const struct ip *ip);

/* Same family and same bytes. */
bool ip_equal(const struct ip *a, const struct ip *b);

/* Same family and the first `bits` bits alike. */
bool ip_match(const struct ip *a, const struct ip *b, unsigned bits);

/*
 * "192.0.2.0/24", "2001:db8::/32", or an address alone (all bits).
 * ::ffff:a.b.c.d/n with n >= 96 becomes IPv4 with n - 96.
 * 0, or -EINVAL with *ret_cidr untouched.
 */
int cidr_parse(struct span text, struct cidr *ret_cidr);

/* True if ip lies in the network. */
bool cidr_contains(const struct cidr *net, const struct ip *ip);

/* True if all of the network lies in the wider one; the same one does. */
bool cidr_within(const struct cidr *net, const struct cidr *wider);

#endif

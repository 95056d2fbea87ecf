/*
 * dnsserver.h - the address of a name server as text: in dns { servers } and in
 * resolv.conf(5). Pure.
 */
#ifndef POSTSEAL_COMMON_DNSSERVER_H
#define POSTSEAL_COMMON_DNSSERVER_H

#include "common/bytes/ip.h"

enum {
	DNS_PORT = 53,
	DNS_SCOPE_MAX = 16,      /* IF_NAMESIZE, NUL included */
	DNS_SERVER_TEXT_MAX = 72 /* address, scope, brackets, port, NUL */
};

struct dns_server {
	struct ip ip;
	char scope[DNS_SCOPE_MAX]; /* interface of a link-local one, or "" */
	uint16_t port;             /* host order; DNS_PORT when none is named */
};

/* "192.0.2.1", "2001:db8::1", "fe80::1%eth0". 0, or -EINVAL with *ret
 * untouched. */
int dns_server_address(struct span text, struct dns_server *ret);

/* The same, or with a port: "192.0.2.1:5300", "[2001:db8::1]:5300". */
int dns_server_parse(struct span text, struct dns_server *ret);

/* True if both are one server. */
bool dns_server_equal(const struct dns_server *a, const struct dns_server *b);

/* The text that dns_server_parse() reads, into text[DNS_SERVER_TEXT_MAX];
 * returns text. */
const char *dns_server_text(const struct dns_server *s, char *text);

#endif

/*
 * resolvconf.h - the text of resolv.conf(5): which servers, and how they are to
 * be asked. Pure.
 *
 * As the C library reads it: three servers at the most, a line counts that has
 * its keyword in the first column, and what cannot be read is passed over.
 * Search lists are of no use to us: every name we ask for is whole.
 */
#ifndef POSTSEAL_COMMON_RESOLVCONF_H
#define POSTSEAL_COMMON_RESOLVCONF_H

#include "common/bytes/dnsserver.h"

enum {
	RESOLVCONF_SERVERS_MAX = 3,
	RESOLVCONF_TIMEOUT = 5, /* seconds that one try waits; default */
	RESOLVCONF_TIMEOUT_MAX = 30,
	RESOLVCONF_ATTEMPTS = 2, /* how often each server is asked; default */
	RESOLVCONF_ATTEMPTS_MAX = 5
};

struct resolvconf {
	struct dns_server server[RESOLVCONF_SERVERS_MAX];
	size_t n;
	unsigned timeout, attempts;
	bool rotate; /* begin with another server each time */
	bool use_vc; /* TCP always */
	bool trust_ad;
};

/* Reads the text; n is 0 when it names no server. */
void resolvconf_read(struct span text, struct resolvconf *ret);

#endif

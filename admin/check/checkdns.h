/*
 * checkdns.h - `postseal check`, what the world sees: keys, SPF, DMARC and MX
 * of each domain, and the names of the addresses that mail leaves from.
 *
 * SPF is evaluated by the policy daemon's own code (common/spf/check.h).
 */
#ifndef POSTSEAL_ADMIN_CHECKDNS_H
#define POSTSEAL_ADMIN_CHECKDNS_H

#include "admin/check/finding.h"
#include "admin/check/guidelines.h"
#include "admin/key/domainkey.h"
#include "admin/limits.h" /* CHECKDNS_ADDRESSES_MAX */
#include "admin/tool/tool.h"

/* What a domain's mail leaves from. */
struct checkdns_host {
	const char *name; /* in HELO */
	struct ip ip[CHECKDNS_ADDRESSES_MAX];
	size_t n;
	enum guidelines_fact ptr; /* all are forward-confirmed */
};

/* Adds the addresses in text, parted by blanks and commas; those that are none,
 * or are no outbound address (0.0.0.0), are left out. */
void checkdns_addresses(struct span text, struct checkdns_host *host);

/* Names and addresses of this host; where none is known yet, those that its
 * name has. 0 or -errno. */
int checkdns_host(
    struct tool *t, struct findings *f, struct checkdns_host *host);

/* Keys of all domains, into the facts of each, in the order of the settings. */
int checkdns_keys(
    struct tool *t, struct findings *f, struct guidelines_facts *facts);

/* SPF, DMARC and MX of one domain. 0 or -errno. */
int checkdns_domain(struct tool *t, const char *domain,
    const struct checkdns_host *host, struct findings *f,
    struct guidelines_facts *facts);

#endif

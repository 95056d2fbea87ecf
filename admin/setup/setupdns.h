/*
 * setupdns.h - what `postseal setup` says about DNS: the records to publish.
 *
 * Those of the keys, and SPF and DMARC where the domain has none. A key whose
 * record is there is let sign.
 */
#ifndef POSTSEAL_ADMIN_SETUPDNS_H
#define POSTSEAL_ADMIN_SETUPDNS_H

#include "common/bytes/buf.h"

/* What follows from it. */
struct setupdns {
	bool publish;  /* a record of a key is missing or wrong */
	bool observes; /* SPF refuses nothing yet */
	bool untold; /* the running signer has not got a key, which was told */
};

/*
 * Asks DNS about the domain, which is in A-labels; apply: keys whose record is
 * right become active, and the running signer is told. Text for people in out.
 * 0 and *ret, also when there is no config yet; or -errno with sentences in why
 * or on stderr.
 */
int setupdns_look(const char *config, const char *domain, bool apply,
    struct setupdns *ret, struct buf *out, struct buf *why);

/* Whether the domain has a key in a section or in the tables of the config,
 * which is there. 0 or -errno as above. */
int setupdns_has_key(
    const char *config, const char *domain, bool *ret, struct buf *why);

#endif

/*
 * signednets.h - which clients of mynetworks, who may send without a login,
 * have their mail signed.
 *
 * Those of signer.internal_hosts do; those of ignore_hosts are left out on
 * purpose; this host is a matter of its own. What is said of the others: setup,
 * check.
 */
#ifndef POSTSEAL_ADMIN_SIGNEDNETS_H
#define POSTSEAL_ADMIN_SIGNEDNETS_H

#include "common/bytes/buf.h"
#include "common/settings/settings.h"

/*
 * Looks at a list of Postfix's. Appends the networks whose mail is not signed,
 * " 192.0.2.0/24 [2001:db8::]/32", and the value that internal_hosts would
 * have with them, for a config. Nothing where there is none, or where nobody
 * knows, as internal_hosts has names or cannot be read.
 */
void signednets_missing(const struct settings *s, struct span mynetworks,
    struct buf *ret_networks, struct buf *ret_value);

/* Appends one, with a blank before it. */
void signednets_put(const struct cidr *net, struct buf *out);

#endif

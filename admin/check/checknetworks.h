/*
 * checknetworks.h - `postseal check`, clients of our own that the policy
 * service takes for strangers, or the signer.
 *
 * Who is in signer.internal_hosts has mail signed. If Postfix asks the policy
 * service about the same client, its mail gets our Received-SPF, and the signer
 * takes that for mail from outside (signer/choose/inbound.h).
 */
#ifndef POSTSEAL_ADMIN_CHECKNETWORKS_H
#define POSTSEAL_ADMIN_CHECKNETWORKS_H

#include "admin/check/checklook.h"

/* Looks at the networks of internal_hosts, of which names are no part.
 * restrictions: those that have check_policy_service. */
void checknetworks_look(struct checklook *l, struct span restrictions);

/* Appends those networks that neither the list nor mynetworks, a list of
 * Postfix's, have: " 192.0.2.0/24 [2001:db8::]/32". */
void checknetworks_unknown(struct checklook *l, const struct cidr_list *trusted,
    struct span mynetworks, struct buf *ret);

/* Looks for clients of mynetworks, who may send without a login, whose mail is
 * not signed: in neither internal_hosts nor ignore_hosts. Where internal_hosts
 * has names, nobody knows. */
void checknetworks_unsigned(struct checklook *l);

#endif

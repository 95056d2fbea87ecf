/*
 * inbound.h - does the header say that this host took the message in from
 * outside? (pure)
 *
 * By a Received-SPF field (RFC 7208 section 9.1) whose receiver is this host, or
 * which names none (pypolicyd-spf's Hide_Receiver, "<UNKNOWN>"; ours with
 * hide_receiver); or by an Authentication-Results field (RFC 8601) with this
 * host's authserv-id and a result. "none" as its only result is what a policy
 * service says of mail that it did not check, and no mark.
 *
 * A sender can put in such a field, too: the message is unsigned then.
 */
#ifndef POSTSEAL_SIGNER_INBOUND_H
#define POSTSEAL_SIGNER_INBOUND_H

#include "signer/field.h"

/* The first such field, or NULL. host and other: names of this host; other may
 * be "". Borrows from fields. */
const struct field *inbound_mark(
    const struct field_list *fields, const char *host, const char *other);

/* The name of a field that inbound_mark() found. Static. */
const char *inbound_word(const struct field *f);

#endif

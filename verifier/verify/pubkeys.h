/*
 * pubkeys.h - public keys that were used before, so that OpenSSL's key is made
 * once for the mail of a sender.
 *
 * Found by the text of p=, never by name: what DNS says now is what counts. A
 * key whose place another one needs is made again.
 */
#ifndef POSTSEAL_VERIFIER_PUBKEYS_H
#define POSTSEAL_VERIFIER_PUBKEYS_H

#include "common/dkim/keyrecord.h"
#include "common/dkim/pubkey.h"

struct pubkeys;

/* 0 and *ret returned owned (pubkeys_free), or -ENOMEM. */
int pubkeys_new(struct pubkeys **ret);

/* NULL is allowed. */
void pubkeys_free(struct pubkeys *c);

/*
 * The key of that p=, base64 with white space or not: *ret, borrowed until the
 * next call. 0; -EINVAL and a static clause in *ret_why as of pubkey_new();
 * -ENOMEM.
 */
int pubkeys_get(struct pubkeys *c, enum key_algorithm a, struct span p,
    struct pubkey **ret, const char **ret_why);

#endif

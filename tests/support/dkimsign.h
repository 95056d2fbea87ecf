/*
 * dkimsign.h - DKIM signatures with any tags, also wrong ones, over a message.
 *
 * The tags are a template in which "bh=@" and "b=@" stand for what is right:
 * the signature verifies if nothing but these was left to chance. What a
 * template says against the RFC is signed all the same.
 */
#ifndef POSTSEAL_TESTS_DKIMSIGN_H
#define POSTSEAL_TESTS_DKIMSIGN_H

#include "common/bytes/buf.h"
#include "common/bytes/span.h"
#include "signer/keys/keys.h"

/*
 * Appends "DKIM-Signature: TAGS\r\n" with the right hash and signature to out.
 * text: the message below it, header and body with CRLF. Canonicalization, l=
 * and h= are those of the tags.
 */
void dkimsign(
    const char *tags, struct key *key, struct span text, struct buf *out);

/* Appends the record of key's public half: "v=DKIM1; k=...; p=...". */
void dkimsign_record(struct key *key, struct buf *out);

#endif

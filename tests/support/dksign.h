/*
 * dksign.h - DomainKey-Signatures with any tags, also wrong ones, and the
 * canonical form of RFC 4870 section 3.4.2 word by word: the whole message at
 * once, one byte after the other. What dkcanon.c and named.c do is compared
 * with it.
 */
#ifndef POSTSEAL_TESTS_DKSIGN_H
#define POSTSEAL_TESTS_DKSIGN_H

#include "common/bytes/buf.h"
#include "common/bytes/span.h"

/* Appends the body with the empty line above it, or nothing if it has only
 * empty lines. */
void dksign_body(bool nofws, struct span body, struct buf *out);

/* Appends what is hashed of a message: the fields that names, of h=, picks, or
 * all, and the body. */
void dksign_text(
    bool nofws, struct span names, struct span message, struct buf *out);

/*
 * Appends "DomainKey-Signature: TAGS\r\n". " b=@" at their end stands for what
 * is right for the message below it, text, with c= and h= of the tags. pem: an
 * RSA key.
 */
void dksign(
    const char *tags, const char *pem, struct span text, struct buf *out);

#endif

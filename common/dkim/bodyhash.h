/*
 * bodyhash.h - SHA-256 over the canonical body (RFC 6376 section 3.7, bh=).
 *
 * One object hashes one body after the other, so that a connection asks OpenSSL
 * for memory once. Small runs of canon.h are collected before the hash function
 * is called; nothing else of the body is kept. A verifier may have several
 * parts of one body hashed (l=, section 3.4.5): it is read, and hashed, once
 * for all of them. Two canonicalizations at once are two objects.
 */
#ifndef POSTSEAL_SIGNER_BODYHASH_H
#define POSTSEAL_SIGNER_BODYHASH_H

#include "common/settings/settings.h" /* enum canonicalization */
#include <stdint.h>

#include "common/bytes/span.h"

enum {
	BODYHASH_SIZE = 32,     /* bytes of a SHA-256 */
	BODYHASH_PARTS_MAX = 11 /* each is another l= of a signature */
};

/* The length of a part that is all of the body. */
#define BODYHASH_ALL UINT64_MAX

struct bodyhash;

/* 0 and *ret returned owned (bodyhash_free), ready for bodyhash_begin(); or
 * -ENOMEM. */
int bodyhash_new(struct bodyhash **ret);

/* NULL is allowed. */
void bodyhash_free(struct bodyhash *b);

/* Forgets what was fed and begins a new body: all of it. */
void bodyhash_begin(struct bodyhash *b, enum canonicalization canon);

/* The same for its first `length` canonical bytes. */
void bodyhash_begin_part(
    struct bodyhash *b, enum canonicalization canon, uint64_t length);

/* Before the first bodyhash_feed(): the hash of its first `length` canonical
 * bytes, or of BODYHASH_ALL, is wanted, too; again is no fault. 0; -ENOMEM;
 * -E2BIG for more than BODYHASH_PARTS_MAX lengths. */
int bodyhash_also(struct bodyhash *b, uint64_t length);

/* The next bytes of the body, cut anywhere; borrowed for the call. An error of
 * the hash function is told by bodyhash_end(). */
void bodyhash_feed(struct bodyhash *b, struct span in);

/* The body is complete. 0 and the hash that it was begun for in
 * ret[BODYHASH_SIZE] (NULL: not wanted), or -EIO. Of a part that is longer than
 * the body, the hash of the body. Next is bodyhash_begin(). */
int bodyhash_end(struct bodyhash *b, unsigned char *ret);

/* After bodyhash_end() was 0: the hash, BODYHASH_SIZE bytes, of a part that was
 * asked for, else NULL. Borrowed until the next body begins. */
const unsigned char *bodyhash_digest(const struct bodyhash *b, uint64_t length);

/* Likewise: canonical bytes that the body had, also those behind the parts that
 * were hashed. */
uint64_t bodyhash_length(const struct bodyhash *b);

#endif

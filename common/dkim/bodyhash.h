/*
 * bodyhash.h - SHA-256 over the canonical body (RFC 6376 section 3.7, bh=).
 *
 * One object hashes one body after the other, so that a connection asks OpenSSL
 * for memory once. Small runs of canon.h are collected before the hash function
 * is called; nothing else of the body is kept. A verifier may end it
 * after l= canonical bytes. Two canonicalizations at once are two objects.
 */
#ifndef POSTSEAL_SIGNER_BODYHASH_H
#define POSTSEAL_SIGNER_BODYHASH_H

#include "common/settings/settings.h" /* enum canonicalization */
#include <stdint.h>

#include "common/bytes/span.h"

enum { BODYHASH_SIZE = 32 }; /* bytes of a SHA-256 */

struct bodyhash;

/* 0 and *ret returned owned (bodyhash_free), ready for bodyhash_begin(); or
 * -ENOMEM. */
int bodyhash_new(struct bodyhash **ret);

/* NULL is allowed. */
void bodyhash_free(struct bodyhash *b);

/* Forgets what was fed and begins a new body: all of it. */
void bodyhash_begin(struct bodyhash *b, enum canonicalization canon);

/* The same for its first `length` canonical bytes (l=, section 3.4.5). */
void bodyhash_begin_part(
    struct bodyhash *b, enum canonicalization canon, uint64_t length);

/* After bodyhash_end(): canonical bytes that the body had, also those behind the
 * part that was hashed. */
uint64_t bodyhash_length(const struct bodyhash *b);

/* The next bytes of the body, cut anywhere; borrowed for the call. An error of
 * the hash function is told by bodyhash_end(). */
void bodyhash_feed(struct bodyhash *b, struct span in);

/* The body is complete. 0 and the hash in ret[BODYHASH_SIZE], or -EIO. Next is
 * bodyhash_begin(). */
int bodyhash_end(struct bodyhash *b, unsigned char *ret);

#endif

/*
 * headerhash.h - the hash of the signed header: RFC 6376 section 3.7.
 *
 * The chosen fields in canonical form, one after the other, then the
 * signature's own field with nothing behind "b=" and without a line end. Who
 * signs and who verifies feed the same.
 *
 * One object hashes one header after the other; its memory does not grow with
 * the header.
 */
#ifndef POSTSEAL_COMMON_HEADERHASH_H
#define POSTSEAL_COMMON_HEADERHASH_H

#include "common/bytes/buf.h"
#include "common/bytes/span.h"
#include "common/dkim/named.h"
#include "common/mail/field.h"
#include "common/settings/settings.h" /* enum canonicalization */

struct headerhash;

/* 0 and *ret returned owned (headerhash_free), or -ENOMEM. */
int headerhash_new(struct headerhash **ret);

/* NULL is allowed. */
void headerhash_free(struct headerhash *h);

/* Forgets what was added and begins a new header. */
void headerhash_begin(struct headerhash *h, enum canonicalization canon);

/* The next fields, those that are there; borrowed for the call. An error is
 * told by headerhash_end(). */
void headerhash_add(struct headerhash *h, const struct named_fields *fields);

/*
 * The last: the signature's own field as it stands, of whose value what stands
 * in `b`, a span within it or empty, is left out with the white space around
 * it. 0 and the SHA-256 in ret[DIGEST_SIZE]; -ENOMEM; -EMSGSIZE for a field
 * over MESSAGE_HEADERS_MAX; -EIO. Next is headerhash_begin().
 */
int headerhash_end(struct headerhash *h, const struct field *own, struct span b,
    unsigned char *ret);

/* Appends all bytes that are hashed so, for people who compare. 0 or an error
 * of buf_add(). */
int headerhash_text(enum canonicalization canon,
    const struct named_fields *fields, const struct field *own, struct span b,
    struct buf *out);

/* --- SHA-1 of bytes that are canonical, for DomainKeys alone (RFC 4870) --- */

struct headerhash_sha1;

/* 0 and *ret returned owned (headerhash_sha1_free), ready for the first bytes;
 * -ENOMEM; -ENOTSUP where the system has no SHA-1. */
int headerhash_sha1_new(struct headerhash_sha1 **ret);

/* NULL is allowed. */
void headerhash_sha1_free(struct headerhash_sha1 *h);

/* The next bytes; borrowed for the call. An error is told by
 * headerhash_sha1_end(). */
void headerhash_sha1_add(struct headerhash_sha1 *h, struct span bytes);

/* All bytes were added. 0 and the SHA-1 in ret[SHA1_SIZE], or -EIO. Only
 * headerhash_sha1_free() may follow. */
int headerhash_sha1_end(struct headerhash_sha1 *h, unsigned char *ret);

#endif

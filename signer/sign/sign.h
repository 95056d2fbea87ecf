/*
 * sign.h - makes a DKIM signature: RFC 6376 sections 3.7 and 5.5, RFC 8463.
 *
 * In: the chosen fields, the body's hash, a key, and what the tags shall say.
 * Out: the value of one DKIM-Signature field, ready to be inserted. The header
 * hash is over the chosen fields in canonical form and the new field up to its
 * b=.
 *
 * Which mail, which domain and which keys is choose.c's affair, which fields
 * that of hdrsel.c. `struct sign` is a worker's scratch memory, for one message
 * after the other.
 */
#ifndef POSTSEAL_SIGNER_SIGN_H
#define POSTSEAL_SIGNER_SIGN_H

#include <stdint.h>

#include "common/bytes/buf.h"
#include "common/settings/settings.h" /* enum canonicalization */
#include "common/bytes/span.h"
#include "common/mail/field.h"
#include "signer/keys/keys.h"
#include "signer/sign/hdrsel.h"

struct sign;

struct sign_params {
	enum canonicalization header_canon;
	enum canonicalization body_canon; /* that of the body's hash */
	struct span domain;               /* d=, A-labels */
	struct span selector;             /* s=, A-labels */
	struct span identity; /* i=, at or under the domain; empty: no tag */
	uint64_t now;         /* t=: seconds since 1970; 0: no tag */
	uint64_t expire;      /* x=, seconds since 1970, over now; 0: no tag */
};

/* 0 and *ret returned owned (sign_free), or -ENOMEM. */
int sign_new(struct sign **ret);

/* NULL is allowed. */
void sign_free(struct sign *s);

/*
 * Appends the value of the new DKIM-Signature field, beginning with the space
 * behind the colon, folds as LF and TAB, to out (a max of SIGFIELD_MAX will
 * do). bodyhash: BODYHASH_SIZE bytes. fields: those of hdrsel_pick().
 *
 * 0; -EBADMSG when a chosen field cannot arrive as it is (canon_field_sound);
 * -EINVAL when the key does not work (key_sign); -EMSGSIZE when out is too
 * small or the fields pass MESSAGE_HEADERS_MAX; -ENOMEM; -EIO. On failure out
 * may hold a part.
 */
int sign_field(struct sign *s, struct key *key, const struct sign_params *p,
    const struct named_fields *fields, const unsigned char *bodyhash,
    struct buf *out);

/*
 * Verifies `value`, the value of a DKIM-Signature field of this message, as a
 * receiver would: reads it, takes the fields that its h= names from `fields`
 * bottom-up (5.4.2), and checks bh= and b= with the public half of key. What
 * d=, s=, t= and x= say does not matter here.
 *
 * 0; -EKEYREJECTED when bh= or b= is not right; -EINVAL when value cannot be
 * read or asks for another algorithm than the key's; -EMSGSIZE, -ENOMEM, -EIO.
 */
int sign_verify(struct sign *s, struct key *key, struct span value,
    const struct field_list *fields, const unsigned char *bodyhash);

#endif

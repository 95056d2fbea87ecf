/*
 * signing.h - the signatures of one message, made and, if the config says so,
 * verified before they go out.
 *
 * Joins what each of them needs from the message (the body's hash, the header
 * fields that hdrsel.c picks) and from the config (c=, h=, x=, verify_own) with
 * what is a signature's own: key, d=, s= and i=. Which those are is choose.c's
 * affair, what becomes of a message whose signature fails is signer.c's.
 *
 * `struct signing` is a worker's scratch memory, for one message after the
 * other.
 */
#ifndef POSTSEAL_SIGNER_SIGNING_H
#define POSTSEAL_SIGNER_SIGNING_H

#include <time.h>

#include "common/dkim/bodyhash.h"
#include "common/mail/message.h"
#include "common/settings/settings.h"
#include "signer/sign/sign.h"

struct signing {
	const struct signer_settings *settings; /* borrows */
	struct sign *sign;                      /* owned */
	struct arena arena;                     /* of rules */
	struct hdrsel_rules rules;
	struct buf value; /* of the signature made last */

	/* of the message: */
	struct field_list all;
	struct named_fields fields;
	unsigned char hash[BODYHASH_SIZE]; /* of its body */
	uint64_t now; /* t= of all its signatures; 0: not known */
};

/* What one signature has of its own. */
struct signing_as {
	struct key *key;
	struct span domain;   /* d=, A-labels */
	struct span selector; /* s=, A-labels */
	struct span identity; /* i=; empty: no tag */
	bool relaxed;         /* the header, whatever the settings say */
};

/* Makes g ready; borrows s until signing_free(). 0, -ENOMEM, or -EINVAL when
 * hdrsel_read() does not take sign_headers. */
int signing_init(struct signing *g, const struct signer_settings *s);
void signing_free(struct signing *g);

/*
 * Begins with a message at its end: picks its fields. hash: of its body,
 * BODYHASH_SIZE bytes, copied. now: as of time(2); with a clock that cannot be
 * right (clock.h) its signatures have neither t= nor x=. Borrows m until the
 * last call below. 0; -EBADMSG when no From field of it can be signed; or an
 * error of hdrsel_pick().
 */
int signing_begin(struct signing *g, struct message *m,
    const unsigned char *hash, time_t now);

/*
 * True if that message bears a signature with as->domain and as->selector which
 * the key verifies: it needs no other one. One that does not verify, or not
 * with the canonicalization of the body that the settings say, is anybody's and
 * does not count, nor does one whose x= is over, or may be, as the clock is
 * wrong; of more than SIGNED_TRIED_MAX the lower ones do not, either.
 */
bool signing_present(struct signing *g, const struct signing_as *as);

/*
 * Makes a signature of that message: *ret_value is the field's value as of
 * sign_field(), borrowed until the next call. 0; -EKEYREJECTED when the
 * signature was verified and is not right; or an error of sign_field() or
 * sign_verify().
 */
int signing_make(
    struct signing *g, const struct signing_as *as, struct span *ret_value);

#endif

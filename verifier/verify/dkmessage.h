/*
 * dkmessage.h - the DomainKeys signature of a message -> one result: RFC 4870.
 *
 * History, for those who read domainkeys= in Authentication-Results since
 * dk-milter: its only algorithm is rsa-sha1, so that the result counts for
 * nothing else, whatever it is. At most one signature counts (section 3.7.3):
 * the topmost one that is for the address in Sender or, without that field, the
 * first in From. Header and body are one hash, of the fields below the
 * signature. The domain's policy record is not asked for.
 *
 * The key is asked for by who calls, together with DKIM's: they lie at the same
 * names.
 */
#ifndef POSTSEAL_VERIFIER_DKMESSAGE_H
#define POSTSEAL_VERIFIER_DKMESSAGE_H

#include "common/dkim/headerhash.h"
#include "verifier/verify/dkcanon.h"
#include "verifier/verify/dksignature.h"
#include "verifier/verify/judge.h"

struct dkmessage {
	/* The signature that counts, or else the topmost. */
	const struct field *field;
	struct dksignature signature;

	bool is_sender;       /* the address is that of Sender, not of From */
	struct span address;  /* local@domain, A-labels; empty: there is none */
	struct span domain;   /* of it */
	bool local_counts;    /* the key is for that local part: g= */
	bool judging;         /* no result yet: a key is wanted, and the body */
	struct judged judged; /* DKIM's words, of which NONE is never */

	/* Owned; NULL: there was nothing to hash. */
	struct headerhash_sha1 *hash;
	struct dkcanon canon;
};

/*
 * Looks for the signature among fields, at most at the topmost max of them, and
 * hashes the header. 0 and *ret, which lives in the arena and points into
 * fields, for dkmessage_free(); *ret is untouched where there is no such field.
 * Or -ENOMEM.
 */
int dkmessage_begin(const struct field_list *fields, size_t max,
    struct arena *arena, struct dkmessage **ret);

/* Where the key is, SELECTOR._domainkey.DOMAIN, if it is judging. */
const char *dkmessage_name(const struct dkmessage *d);

/* The next bytes of the body. Of these three d may be NULL. */
void dkmessage_feed(struct dkmessage *d, struct span body);

/* The body is complete; key and too_long as for judge_answer(). Then d has its
 * result, whatever was missing. */
void dkmessage_judge(struct dkmessage *d, const struct dns_answer *key,
    bool too_long, unsigned bits_least, struct pubkeys *pubkeys);

/* Frees what is not the arena's. */
void dkmessage_free(struct dkmessage *d);

/* Appends all bytes that are hashed for d, which was verified. 0 or -errno. */
int dkmessage_text(const struct dkmessage *d, const struct field_list *fields,
    struct span body, struct buf *out);

#endif

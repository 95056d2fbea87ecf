/*
 * keycheck.h - does DNS carry the keys that sign? RFC 6376 section 3.6.
 *
 * In the helper: at its start and every hour the record of each active key is
 * fetched and compared with the key's public half. One that is missing,
 * revoked, narrowed or another is a mismatch: an error in the log when it
 * begins, a mark for the workers (keyring_mark), and a number in the counters.
 * Where DNS does not answer nothing is known and all stays as it was: that is
 * never a mismatch.
 *
 * What a worker does with a marked key is said by on_key_mismatch. A key of the
 * KeyTable for any domain ("%") has no record that is known here. How a record
 * was spoilt is told by `postseal testkey`.
 */
#ifndef POSTSEAL_SIGNER_KEYCHECK_H
#define POSTSEAL_SIGNER_KEYCHECK_H

#include "common/dns/resolver.h"
#include "common/milter/miltercounters.h"
#include "common/stats/control.h"
#include "signer/keys/keyring.h"

/* Written by the helper, all states of now. */
enum keycheck_counter {
	KEYCHECK_OK = MILTER_COUNT_END,
	KEYCHECK_MISMATCH,
	KEYCHECK_UNKNOWN, /* DNS did not answer */
	KEYCHECK_CHECKED, /* seconds of time(2); 0: not yet */
	KEYCHECK_END
};

extern const struct stats_row keycheck_counters[];

struct keycheck;

/*
 * Takes the public halves and wipes the private keys of k (keyring_wipe), also
 * on failure: before there is a resolver, or anything else that hears from
 * outside. Borrows k and stats until keycheck_free(). 0 and *ret owned, or
 * -errno.
 */
int keycheck_new(
    struct keyring *k, struct stats_slot *stats, struct keycheck **ret);

/* Begins the first round with the loop. Borrows l and r until keycheck_free().
 * 0 or -errno. */
int keycheck_start(struct keycheck *c, struct loop *l, struct resolver *r);

/* NULL is allowed. */
void keycheck_free(struct keycheck *c);

/* Key i of those that are not known to be right, for control.h; arg is a struct
 * keycheck. */
bool keycheck_key(void *arg, size_t i, struct control_key *ret);

#endif

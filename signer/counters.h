/*
 * counters.h - what postseal-signer counts, and all that it shows.
 *
 * Counted when a message is through: signer_log.c.
 */
#ifndef POSTSEAL_SIGNER_COUNTERS_H
#define POSTSEAL_SIGNER_COUNTERS_H

#include "signer/keys/keycheck.h"
#include "signer/reason.h"

enum signer_counter {
	SIGNER_SIGNED = KEYCHECK_END, /* messages */
	SIGNER_UNSIGNED,              /* messages, + enum reason */
	SIGNER_MISSING = SIGNER_UNSIGNED +
	    UNSIGNED_REASONS, /* signatures that signed messages lack */
	SIGNER_RISK_8BIT,     /* messages that Postfix may have to rewrite */
	SIGNER_RISK_LONG_LINE,
	SIGNER_NS, /* nanoseconds in which signatures were made */
	SIGNER_END
};

/* Signatures by domain: kinds of stats_add_domain(). */
enum { SIGNER_RSA, SIGNER_ED25519 };

extern const struct stats_report signer_counters;

#endif

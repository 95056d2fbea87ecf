/*
 * choose.h - sign this message? as which domain, or why not.
 *
 * A message is signed when it was handed in by somebody who may send as this
 * house (the client is in internal_hosts, or it has authenticated), and the one
 * domain in its one From field has keys. Whoever reads the message sees that
 * From; so where it can be read in two ways, nothing is signed.
 *
 * The verdict is a value; who logs it and what is answered is session.c's
 * affair. Nothing is looked up and no key is touched.
 */
#ifndef POSTSEAL_SIGNER_CHOOSE_H
#define POSTSEAL_SIGNER_CHOOSE_H

#include "common/domain.h"
#include "common/ip.h"
#include "signer/field.h"
#include "signer/keyring.h"

enum choose_verdict {
	CHOOSE_SIGN,
	CHOOSE_FROM_MISSING,   /* no From field */
	CHOOSE_FROM_REPEATED,  /* several From fields */
	CHOOSE_FROM_EMPTY,     /* a From without an address */
	CHOOSE_FROM_SEVERAL,   /* several addresses in it */
	CHOOSE_FROM_BAD,       /* cannot be read, or its domain is none */
	CHOOSE_CLIENT_OUTSIDE, /* neither internal nor authenticated */
	CHOOSE_DOMAIN_UNKNOWN, /* no section for the domain */
	CHOOSE_DOMAIN_NO_KEY,  /* it has no active key */
	CHOOSE_DOMAIN_BAD_KEY  /* a key of it cannot be used */
};

struct choose_input {
	const struct ip *client; /* NULL: the MTA gave no address */
	bool authenticated;
	struct field_list fields;
};

struct choose {
	enum choose_verdict verdict;
	const struct keyring_domain *domain; /* of CHOOSE_SIGN and ..BAD_KEY */
	char from[DOMAIN_MAX + 1]; /* A-labels; "" when there is not one */
};

/* The verdict for a message. Borrows keys for as long as *ret is used. The From
 * field is judged first, so that ret->from is there whenever it can be. */
void choose_message(const struct keyring *keys, const struct choose_input *in,
    struct choose *ret);

/* One clause for the log: "client is neither internal nor authenticated".
 * Static; for CHOOSE_SIGN, too. */
const char *choose_reason(enum choose_verdict v);

#endif

/*
 * reason.h - why a message went on unsigned: one row a reason, with the verdict
 * of choice.h that it stands for, the word of its counter, and its sentence.
 *
 * What the rules of choose.c find is a verdict first, and its sentence is that
 * of choice.c, with names of the message in it. What is found beside them, such
 * as a header that is too large, signer.c says.
 */
#ifndef POSTSEAL_SIGNER_REASON_H
#define POSTSEAL_SIGNER_REASON_H

#include "signer/choose/choose.h"

enum reason {
	UNSIGNED_FROM_MISSING,
	UNSIGNED_FROM_REPEATED,
	UNSIGNED_FROM_EMPTY,
	UNSIGNED_FROM_SEVERAL,
	UNSIGNED_FROM_BAD,
	UNSIGNED_CLIENT_OUTSIDE, /* neither internal nor authenticated */
	UNSIGNED_CLIENT_IGNORED, /* ignore_hosts, external_ignore */
	UNSIGNED_DAEMON,         /* never_sign_daemons */
	UNSIGNED_LOGIN,          /* auth_table: may not use this From */
	UNSIGNED_ENVELOPE,       /* match_envelope */
	UNSIGNED_EXEMPT_DOMAIN,
	UNSIGNED_EXEMPT_RECIPIENT,
	UNSIGNED_CAME_IN,        /* checked by us as inbound mail before */
	UNSIGNED_SIGNED_ALREADY, /* our signature is there */
	UNSIGNED_DOMAIN_UNKNOWN, /* no section, no row of a table */
	UNSIGNED_NO_KEY,         /* no active key */
	UNSIGNED_BAD_KEY,
	UNSIGNED_KEY_MISMATCH, /* DNS has another key */
	UNSIGNED_AT_RISK,
	UNSIGNED_HEADERS_LARGE,
	UNSIGNED_FIELDS_MANY,
	UNSIGNED_FIELD_BROKEN, /* a field cannot arrive as it is */
	UNSIGNED_MTA,          /* does not let us add header fields */
	UNSIGNED_OTHER,
	UNSIGNED_REASONS /* how many */
};

/* The reason that a verdict is; of one that is none UNSIGNED_OTHER. */
enum reason reason_of(enum choose_verdict v);

/* The word of its counter. Static. */
const char *reason_word(unsigned reason);

/* What the log says of it. Static; NULL where that has names of the message in
 * it, or is one of several. */
const char *reason_sentence(enum reason r);

#endif

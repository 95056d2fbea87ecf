/*
 * attr.h - the bytes of one policy request -> its fields.
 *
 * Postfix's SMTPD_POLICY_README: lines "name=value", each ended by LF, the
 * request ended by an empty line. Attributes come in any order; those that are
 * not known here are passed over, and one that is missing is an empty span. A
 * value may hold '=' (the first one parts) and any byte but NUL and LF. Of an
 * attribute that comes twice the first counts. Lines may end in CR LF, as other
 * clients write them, if the first one does.
 *
 * Pure. What the fields mean is request.c's affair, the connection policy.c's.
 */
#ifndef POSTSEAL_POLICYD_ATTR_H
#define POSTSEAL_POLICYD_ATTR_H

#include "common/bytes/arena.h"
#include "common/bytes/span.h"

/* What we use of a request. The bytes are the sender's: clean them before they
 * are logged or sent. */
struct attr {
	struct span request;        /* "smtpd_access_policy" */
	struct span protocol_state; /* "RCPT" */
	struct span client_address; /* numeric; "unknown": the peer is gone */
	struct span server_address; /* where the MTA took the connection */
	struct span client_name;    /* looked up both ways; else "unknown" */
	struct span helo_name;
	struct span sender; /* without quotes and <>; empty: null sender */
	struct span recipient;
	struct span queue_id; /* empty at the first recipient of a message */
	struct span instance; /* one transaction; the same for its recipients */
	struct span sasl_username; /* empty: did not log in */

	/* "12:AB:...", of the TLS client certificate and of its public key;
	 * empty: there was none. */
	struct span ccert_fingerprint;
	struct span ccert_pubkey_fingerprint;
};

/*
 * Reads the request at the front of in. max: bytes that it may have, its empty
 * line counted.
 *
 * PARSE_OK: *ret_attr borrows from in, *ret_used is its length. PARSE_MORE: in
 * is the beginning of one. PARSE_BAD: *ret_why is a static reason (a NUL, a
 * line without '=', no line at all, longer than max). What is not named stays
 * untouched.
 */
enum parse attr_parse(struct span in, size_t max, struct attr *ret_attr,
    size_t *ret_used, const char **ret_why);

/* A copy whose bytes live in arena. 0, or -ENOMEM. */
int attr_keep(struct arena *arena, const struct attr *in, struct attr *ret);

#endif

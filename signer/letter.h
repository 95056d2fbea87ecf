/*
 * letter.h - the signer's own state of a message, beside what
 * common/mail/message.h keeps of any: what becomes of it, the running hash of
 * its body, what endangers it.
 *
 * One object serves a connection; the hash is made for the first message that
 * needs it. The engine gives it, all zero (struct milter_ops), and so does
 * `postseal sign`.
 */
#ifndef POSTSEAL_SIGNER_LETTER_H
#define POSTSEAL_SIGNER_LETTER_H

#include "common/dkim/bodyhash.h"
#include "common/mail/message.h"
#include "signer/choose/choose.h"
#include "signer/reason.h"
#include "signer/sign/risk.h"

enum outcome_kind {
	OUTCOME_SIGN,     /* so far: it will be; at the end: it is */
	OUTCOME_UNSIGNED, /* goes on as it is */
	OUTCOME_TEMPFAIL  /* is to come again */
};

enum { OUTCOME_REASON_MAX = 320 };

struct outcome {
	enum outcome_kind kind;
	char reason[OUTCOME_REASON_MAX]; /* why not OUTCOME_SIGN; may be cut */
	enum reason cause;               /* the same as a counter */
	struct choose choice;
	bool fault;          /* of the house, whatever becomes of the message */
	const char *bad_key; /* file of a key that turned out not to work */
	uint64_t ns;         /* that signing took */
};

struct letter {
	/* Of the connection */
	struct bodyhash *hash;    /* owned; NULL until a message needs it */
	const char *client_macro; /* of macros_find(), NULL: none */

	/* Of the message */
	const char *macro;  /* likewise */
	const char *exempt; /* of choose_recipient(), NULL: none */
	struct risk risk;   /* of what is hashed */
	bool hashing;
	struct outcome outcome; /* since the end of the header fields */
};

/* Forgets the message. */
void letter_reset(struct letter *l);

/* Frees everything; l is all zero again. */
void letter_free(struct letter *l);

/* The body is to be hashed, and watched for risks; the rules say which fields
 * will be signed. 0 or -ENOMEM. */
int letter_hash(struct letter *l, const struct message *m,
    enum canonicalization canon, const struct hdrsel_rules *rules);

/* The next bytes of the body: hashed, if it was asked for. */
void letter_body(struct letter *l, struct span in);

/* The body is complete. 0 and the hash in ret[BODYHASH_SIZE], or -EIO. Only
 * after letter_hash(). */
int letter_hash_end(struct letter *l, unsigned char *ret);

#endif

/*
 * outcome.h - what becomes of a message, and the one log line that says it.
 *
 * Decided twice: at the end of its header fields (sign it? then the body is
 * hashed), and at its end, when the signatures are made. A message that is not
 * signed goes on unsigned and says why; it is put off only when the house failed
 * it, by memory, by OpenSSL or by keys of which none is good, and on_bad_key says
 * so. It is never refused. Each is counted by its reason. A key that is bad does
 * not keep the others from signing; the line says which it is.
 *
 * Who may be signed is choose.c's affair, the order of packets and what is
 * answered that of session.c.
 */
#ifndef POSTSEAL_SIGNER_OUTCOME_H
#define POSTSEAL_SIGNER_OUTCOME_H

#include "common/bytes/buf.h"
#include "common/mail/message.h"
#include "common/milter/origin.h"
#include "common/stats/stats.h"
#include "signer/choose/choose.h"
#include "signer/choose/own.h"
#include "signer/keys/keyring.h"
#include "signer/sign/signing.h"

/* What the sessions of a worker share. */
struct signer {
	const struct settings *settings; /* borrows */
	const struct keyring *keys;      /* borrows */
	struct own own;                  /* owned; empty until own_read() */
	struct signing signing;          /* owned, scratch memory */
	struct buf reply;                /* owned, scratch memory: packets */
	struct buf macros;               /* owned: of outcome_macros() */
	struct stats_slot *stats;        /* borrows; NULL: nothing is counted */

	/* Of struct choose_input; NULL in the daemon. */
	void (*say)(void *arg, const char *fmt, va_list ap);
	void *say_arg;
};

/* Makes s ready; borrows settings and keys until signer_free(). 0, -ENOMEM, or
 * an error of signing_init(). */
int signer_init(struct signer *s, const struct settings *settings,
    const struct keyring *keys);
void signer_free(struct signer *s);

enum outcome_kind {
	OUTCOME_SIGN,     /* so far: it will be; at the end: it is */
	OUTCOME_UNSIGNED, /* goes on as it is */
	OUTCOME_TEMPFAIL  /* is to come again */
};

enum { OUTCOME_REASON_MAX = 320 };

struct outcome {
	enum outcome_kind kind;
	char reason[OUTCOME_REASON_MAX]; /* why not OUTCOME_SIGN; may be cut */
	enum stats_unsigned cause;       /* the same as a counter */
	struct choose choice;
	bool fault;          /* of the house, whatever becomes of the message */
	const char *bad_key; /* file of a key that turned out not to work */
	uint64_t ns;         /* that signing took */
};

/* The macros to ask the MTA for with MAIL: those of the house, and those of
 * sign_macros. Borrows from s. */
const char *outcome_macros(const struct signer *s);

/* A macro of that stage (a command byte) may be one of sign_macros: with CONNECT
 * and HELO for the connection, else for the message. */
void outcome_macro(const struct signer *s, struct origin *from,
    struct message *m, unsigned char stage, struct span name,
    struct span value);

/* A recipient as in RCPT may be one of exempt_recipients. */
void outcome_recipient(
    const struct signer *s, struct message *m, struct span address);

/* At the end of the header fields; for OUTCOME_SIGN m hashes the body from now
 * on. may_insert: the MTA lets us add header fields. */
void outcome_headers(const struct signer *s, struct message *m,
    const struct origin *from, bool may_insert, struct outcome *ret);

/*
 * At the end of the message: makes the signatures that outcome_headers() chose
 * and appends an INSHEADER packet for each to out, the first key's last, so
 * that it stands on top. one_space: the MTA puts a space behind the colon
 * itself (no SMFIP_HDR_LEADSPC). A key that fails is left out of o->choice and
 * counted there; if none is left out is as before and *o says what becomes of the
 * message instead.
 */
void outcome_end(struct signer *s, struct message *m, bool one_space,
    struct outcome *o, struct buf *out);

/* A message is through: its log line, and the counters. */
void outcome_log(const struct signer *s, const struct outcome *o,
    const struct message *m, const struct origin *from);

#endif

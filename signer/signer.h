/*
 * signer.h - the signing milter: what becomes of a message, and the one log
 * line that says it.
 *
 * Decided twice: at the end of its header fields (sign it? then the body is
 * hashed), and at its end, when the signatures are made. A message that is not
 * signed goes on unsigned and says why; it is put off only when the house
 * failed it, by memory, by OpenSSL or by keys of which none is good, and
 * on_bad_key says so. It is never refused. Each is counted by its reason. A key
 * that is bad does not keep the others from signing; the line says which it is.
 *
 * Who may be signed is choose.c's affair. The order of packets, and what is
 * answered, is that of common/milter/session.c, which calls signer_ops;
 * `postseal sign` and `postseal why` call the same functions by their names.
 */
#ifndef POSTSEAL_SIGNER_SIGNER_H
#define POSTSEAL_SIGNER_SIGNER_H

#include "common/bytes/buf.h"
#include "common/io/loop.h"
#include "common/milter/edits.h"
#include "common/milter/origin.h"
#include "common/stats/stats.h"
#include "common/io/own.h"
#include "signer/keys/keyring.h"
#include "signer/letter.h"
#include "signer/sign/signing.h"

struct milter_ops;

/* What the sessions of a worker share. */
struct signer {
	const struct settings *settings; /* borrows */
	const struct keyring *keys;      /* borrows */
	struct own own;                  /* owned; empty until own_read() */
	struct signing signing;          /* owned, scratch memory */
	struct buf macros;               /* owned: those of sign_macros */
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

/* The engine's way in; its wing is a struct signer, its letter a struct
 * letter. */
extern const struct milter_ops signer_ops;

/* A macro of that stage (a command byte) may be one of sign_macros: with
 * CONNECT and HELO for the connection, else for the message. */
void signer_macro(const struct signer *s, struct letter *l, unsigned char stage,
    struct span name, struct span value);

/* A recipient as in RCPT may be one of exempt_recipients. */
void signer_recipient(
    const struct signer *s, struct letter *l, struct span address);

/* At the end of the header fields; for OUTCOME_SIGN the letter hashes the body
 * from now on. may: the SMFIF_* that the MTA has agreed to. */
void signer_headers(const struct signer *s, struct letter *l, struct message *m,
    const struct origin *from, uint32_t may);

/*
 * At the end of the message: makes the signatures that signer_headers() chose,
 * each an edit, the first key's last, so that it stands on top. A key that
 * fails is left out of the outcome's choice and counted there; if none is left
 * e is empty and the outcome says what becomes of the message instead.
 */
void signer_end(
    struct signer *s, struct letter *l, struct message *m, struct edits *e);

/* A message is through: its log line, and the counters. */
void signer_log(const struct signer *s, const struct letter *l,
    const struct message *m, const struct origin *from);

#endif

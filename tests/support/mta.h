/*
 * mta.h - a scripted MTA: speaks the milter protocol to a session as Postfix's
 * milter8.c does, bytes to bytes, without a socket.
 *
 * It sends what was negotiated and no more, waits for exactly the answers that
 * it may expect, and checks (suite.h) that each is legal: one a command, none
 * where none was agreed on, edits only at the end of a message and only those
 * that were agreed on. Each input lies at the end of a guard page.
 */
#ifndef POSTSEAL_TESTS_MTA_H
#define POSTSEAL_TESTS_MTA_H

#include "common/bytes/buf.h"
#include "common/milter/command.h"
#include "common/milter/session.h"
#include "signer/signer.h"

enum { MTA_INSERTED_MAX = 4 };

struct mta_inserted {
	uint32_t index;
	char name[64];
	struct buf value; /* as relayed: from behind the colon */
};

struct mta {
	struct optneg offer; /* as Postfix offers; a test may change it */
	size_t cut;          /* bytes fed at a time; 0: packet by packet */
	bool abort_after;    /* ABORT after each message, as smtpd does */
	bool asks_again;    /* a wing that works in pieces is asked until it has
	                      * done; true */
	const char *client; /* its name */
	const char *helo;   /* what it says */
	const char *sender; /* "<a@b.example>" */
	void (*idle)(
	    void *arg); /* between the envelope and the message, which a
	                          * client sends later; or NULL */
	void *idle_arg;
	const char *macro; /* one more with MAIL, "{name}", or NULL */
	const char *macro_value;
	struct session *session;
	struct optneg agreed;
	struct buf lists; /* of the answer to OPTNEG: "2 i {auth_type}\n" */
	struct buf sent;  /* all packets so far */
	struct buf rest;  /* fed and not consumed */
	struct buf out;   /* answered */
	struct mta_inserted
	    inserted[MTA_INSERTED_MAX]; /* last message; top last */
	size_t ninserted;
	struct buf done;  /* all edits of the last message, a line each */
	size_t body_sent; /* bytes of the last message's body */
};

/* Where these protocol bits were agreed: is the command sent at all, and is it
 * answered? */
bool mta_is_sent(uint32_t protocol, char command);
bool mta_is_answered(uint32_t protocol, char command);

/* Appends a packet to out. */
void mta_packet(struct buf *out, char command, struct span payload);

/* An MTA that offers version 6 and all, over a new session of that wing, which
 * is borrowed. */
void mta_init(struct mta *m, const struct milter_ops *ops, void *wing);
void mta_free(struct mta *m);

/* Sends one packet and takes the answers. Returns the last: 'c', 'a', ... or 0
 * when there was none (not sent, no answer agreed, or the session is over). */
char mta_send(struct mta *m, char command, struct span payload);

/* Raw bytes, cut as m->cut says; answers gather in m->out. */
void mta_feed(struct mta *m, struct span bytes);

/* OPTNEG. True if the answer is one that the offer allows. */
bool mta_open(struct mta *m);

/* MACRO: pairs of name and value, ended by NULL. */
void mta_macros(struct mta *m, int stage, ...) __attribute__((sentinel));

/* CONNECT and HELO with their macros. address: "127.0.0.1" or with a ':'. */
void mta_connect(struct mta *m, const char *address);

/*
 * One message, from MAIL to its end, with the macros that Postfix sends. login:
 * the SASL name, or NULL. text: header and body, lines with CRLF. Returns the
 * last answer: 'a' or 'c' when the message goes on, 'y', or 0 when the session
 * ended.
 */
char mta_message(struct mta *m, const char *login, struct span text);

/* Asks a session that waits: what it answers, or 0 if it still waits; then it
 * gets what was sent behind the end of the message. */
char mta_answer(struct mta *m, bool late);

/*
 * Verifies the signature inserted as number i over the message, as a receiver
 * would see it. 0, or an error of sign_verify(). signer's settings say how the
 * body was canonicalized.
 */
int mta_verify(const struct mta *m, size_t i, struct key *key,
    struct signer *signer, struct span text);

#endif

/*
 * session.h - one MTA connection: which milter command may come when, what a
 * wing is told of it, and what is answered. Bytes in, bytes out.
 *
 * This is the one engine of all milters of the house. It owns the order of
 * commands, the negotiation, the limits, what is kept of a message, and every
 * packet that goes out. What a message means is its wing's affair: the
 * functions of struct milter_ops, whose answers are a word (enum milter_word)
 * and edits (edits.h).
 *
 * The story of one message:
 *
 *     bytes      service.c reads them and feeds them to session_feed().
 *     packets    frame.c cuts them out, a body in pieces as it arrives;
 *                command.c reads their payload.
 *     order      The order table of session.c says which command may come now.
 *                What is out of order, or cannot be read, ends the connection
 *                with one log line: nobody could say any more what the MTA
 *                means.
 *     CONNECT, HELO, MACRO   Who hands it in, kept in origin.h for the
 *                connection and in message.h for the message: login, queue id.
 *                Each macro goes to the wing, too: macro().
 *     MAIL, RCPT The sender is kept, recipients are not: recipient().
 *     HEADER     Kept in message.h as far as its limits go. field() sees each
 *                one, kept or not, so that what must be found is found in any
 *                message.
 *     EOH        headers(): the wing decides what it can, puts its questions,
 *                and may say the last word already.
 *     BODY       body(), in pieces of any size; nothing of them is kept.
 *     EOM        end(): the wing notes its edits and says the last word, or
 *                WAIT.
 *     answer     The engine writes the edits in the order that Postfix needs,
 *                then the word; through() is where the wing counts and logs;
 *                reset() where it forgets the message.
 *
 * When words are said. The MTA takes edits in answer to the end of a message
 * only, so an ACCEPT of headers() is said at once only when no edit was noted
 * until then; with one it waits for the end. So does every other word: all
 * recipients are known there, and a refusal is logged with the queue id. Where
 * the answer to EOH was agreed away (SMFIP_NR_EOH) the ACCEPT comes with the
 * next answer that is due. Once a word is kept the wing sees no more of the
 * message, and the MTA is spared the rest of the body where it can be
 * (SMFIP_SKIP, which needs an answer to BODY). At RCPT nothing is ever refused:
 * the MTA takes that from a non_smtpd_milter as an error of its configuration,
 * and the mail stays where it is.
 *
 * What cannot be done. When an edit could not be noted (memory), or was not
 * agreed on with the MTA (optneg), or a quarantine was not, or there is no
 * memory for the packets, the message is put off, and through() is told
 * TEMPFAIL, and why: to let it go as if all had been done would be a lie. So it
 * is where an answer before had no room: that costs the connection, and nothing
 * that was said reaches the MTA. With REJECT, TEMPFAIL and a reply no edits are
 * written.
 *
 * WAIT. The session is session_waiting(): it reads nothing more, and what the
 * MTA has sent behind the end of the message stays unread until the answer. The
 * wing calls session_resume() as soon as it knows more, and end() is asked
 * again, from the loop and never inside that call. When the time of the first
 * edits_wait() is over, end() is asked one last time, with `late`: it says what
 * it can, and a WAIT is a TEMPFAIL then. A wing with much to compute does it in
 * pieces, and after each calls session_resume() and says WAIT, late or not:
 * others have their turn, and then it is asked again. That holds for a daemon
 * that was told to end, too. If the MTA goes or the daemon dies meanwhile,
 * reset() tells it to the wing.
 *
 * Sockets, time and the number of connections are service.c's: nothing is read,
 * written or waited for here.
 */
#ifndef POSTSEAL_COMMON_SESSION_H
#define POSTSEAL_COMMON_SESSION_H

#include <stdint.h>

#include "common/bytes/buf.h"
#include "common/bytes/span.h"
#include "common/mail/message.h"
#include "common/milter/edits.h"
#include "common/milter/frame.h"
#include "common/milter/milter.h"
#include "common/milter/origin.h"

struct session;

/*
 * A wing: what it wants of the MTA, and what it does.
 *
 * `wing` is its own, one for all sessions of a worker. `letter` is its own
 * state of a connection and of the message under way on it: letter_size bytes
 * that the engine gives, zeroed, and frees. Everything else is borrowed for the
 * call. Functions that are marked so may be NULL.
 */
struct milter_ops {
	/*
	 * SMFIF_* that it needs; and SMFIP_* of what need not be sent or
	 * answered, each of which spares a round trip. SETSYMLIST and
	 * HDR_LEADSPC are the engine's own; CONNECT, MAIL, RCPT, HEADER, EOH
	 * and BODY are always wanted. NR_BODY excludes SKIP, NR_EOH an early
	 * ACCEPT: a wing that has work with most bodies asks for the first, one
	 * that lets most mail go does not ask for the second.
	 */
	uint32_t actions, steps;

	/* The macros that it wants with a stage beside those that the engine
	 * asks for, "{cert_subject} {cipher}", or NULL. May be NULL. */
	const char *(*macros)(const void *wing, enum milter_stage stage);

	/* A connection begins, or another SMTP client on it; it ends. May be
	 * NULL. open() may keep s for session_resume() until close(). */
	size_t letter_size;
	void (*open)(void *wing, void *letter, struct session *s);
	void (*close)(void *wing, void *letter);

	/* Something about the connection (stage SMFIC_CONNECT, SMFIC_HELO) or
	 * the message; a recipient as in RCPT; a field as in HEADER, without
	 * the space that the MTA may have cut off. May be NULL. */
	void (*macro)(void *wing, void *letter, unsigned char stage,
	    struct span name, struct span value);
	void (*recipient)(void *wing, void *letter, struct message *m,
	    const struct origin *from, struct span address);
	void (*field)(
	    void *wing, void *letter, struct span name, struct span value);

	/* The end of the header fields. may: the actions that were agreed on.
	 * m's arena is the wing's, too. ACCEPT is for a message that shall have
	 * no edits but those that are noted here. Not MILTER_WAIT. */
	enum milter_word (*headers)(void *wing, void *letter, struct message *m,
	    const struct origin *from, uint32_t may, struct edits *e);

	/* Bytes of the body. */
	void (*body)(void *wing, void *letter, struct span in);

	/* The end of the message, unless headers() has said the last word.
	 * late: there is no more time. */
	enum milter_word (*end)(void *wing, void *letter, struct message *m,
	    const struct origin *from, bool late, struct edits *e);

	/* The message is through; said: what the MTA was told. why, static:
	 * what of the wing's word could not be, which made a TEMPFAIL of it; or
	 * NULL. */
	void (*through)(void *wing, void *letter, const struct message *m,
	    const struct origin *from, enum milter_word said, const char *why);

	/* Forget the message, whatever became of it; what was asked is not
	 * wanted any more. Comes as often as anybody is unsure. */
	void (*reset)(void *wing, void *letter);

	/* Bytes that the letter holds beside itself. May be NULL. */
	size_t (*held)(const void *letter);

	/* The connection is closed for what came over it: a counter. */
	void (*error)(void *wing);
};

/*
 * A connection on which nothing has come yet. Borrows all. ready(arg), NULL or
 * called from session_resume(), tells that session_answer() has something to
 * do. 0 and *ret owned (session_free), or -ENOMEM.
 */
int session_new(const struct milter_ops *ops, void *wing,
    void (*ready)(void *arg), void *arg, struct session **ret);

/* NULL is allowed. */
void session_free(struct session *s);

/*
 * Reads what `in` holds, appends what is to be answered to out, and returns how
 * many bytes are done with; the rest (FRAME_KEEP bytes at the most, or all that
 * stands behind the end of a message that waits) comes again with what follows.
 * Reads nothing once session_over(), nor while session_waiting().
 */
size_t session_feed(struct session *s, struct span in, struct buf *out);

/* True when the connection is to be closed, after out has been written. */
bool session_over(const struct session *s);

/* True when no message is under way. */
bool session_idle(const struct session *s);

/* True when a first command has come, behind the negotiation. */
bool session_begun(const struct session *s);

/* Be over as soon as no message is under way. */
void session_finish(struct session *s);

/* Bytes that the message under way takes up. */
size_t session_held(const struct session *s);

/* How long to wait for the next byte, in ms; 0: not at all, as none is read.
 * May change with each session_feed(). */
uint64_t session_timeout(const struct session *s);

/* Ends the session for a reason that lies outside (it took too long): over,
 * with one log line. */
void session_break(struct session *s, const char *why);

/* The peer has gone: over. That is how MTAs may end a connection, and no more
 * is said, unless a message was under way, or a packet. */
void session_lost(struct session *s);

/* For a wing: end() is to be asked again. May be called at any time, from
 * inside end(), too; without a WAIT it has no effect. */
void session_resume(struct session *s);

/* True while a WAIT is not answered; how long it may last in all, in ms; true
 * if session_resume() was called since end() was asked last. */
bool session_waiting(const struct session *s);
uint64_t session_wait_ms(const struct session *s);
bool session_resumed(const struct session *s);

/* Asks the wing again, and appends what is to be answered to out. late: for the
 * last time, so that session_waiting() is over. */
void session_answer(struct session *s, bool late, struct buf *out);

#endif

/*
 * session.h - one MTA connection: which milter command may come when, and what
 * is answered. Bytes in, bytes out.
 *
 * The order of commands is that of Postfix's milter8.c and sendmail's
 * libmilter, as one table in session.c; what is out of order ends the
 * connection with one log line, and so does what cannot be read. A connection
 * carries many messages; ABORT forgets the message only.
 *
 * Answers are CONTINUE, ACCEPT, SKIP and TEMPFAIL (that only at the end of a
 * message), never a refusal: the MTA takes one at RCPT from a non_smtpd_milter
 * as an error of its configuration, and the mail stays where it is.
 *
 * What becomes of a message is outcome.c's affair. Sockets, time and the number
 * of connections are service.c's: nothing is read, written or waited for here.
 */
#ifndef POSTSEAL_SIGNER_SESSION_H
#define POSTSEAL_SIGNER_SESSION_H

#include <stdint.h>

#include "common/bytes/buf.h"
#include "common/bytes/span.h"
#include "common/milter/frame.h"
#include "signer/outcome.h"

struct session;

/* A connection on which nothing has come yet. Borrows signer. 0 and *ret owned
 * (session_free), or -ENOMEM. */
int session_new(struct signer *signer, struct session **ret);

/* NULL is allowed. */
void session_free(struct session *s);

/*
 * Reads what `in` holds, appends what is to be answered to out, and returns how
 * many bytes are done with; the rest (FRAME_KEEP bytes at the most) comes again
 * with what follows. Reads nothing once session_over().
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

/* How long to wait for the next byte, in ms. May change with each
 * session_feed(). */
uint64_t session_timeout(const struct session *s);

/* Ends the session for a reason that lies outside (it took too long): over,
 * with one log line. */
void session_break(struct session *s, const char *why);

/* The peer has gone: over. That is how MTAs may end a connection, and no more is
 * said, unless a message was under way, or a packet. */
void session_lost(struct session *s);

#endif

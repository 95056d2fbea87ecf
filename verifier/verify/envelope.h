/*
 * envelope.h - SPF of a message's envelope: MAIL FROM, and HELO beside it (RFC
 * 7208).
 *
 * MAIL FROM has the one result that counts. That of a null sender is
 * postmaster@HELO (section 2.4), and so the only case in which the HELO name
 * has a result that anybody but the log is told: a HELO that passes was taken
 * for a MAIL FROM that does (CVE-2019-20790). What is checked comes from the
 * SMTP session; no header field is read for it.
 *
 * When it is begun and how long it may take is verifier.c's affair.
 */
#ifndef POSTSEAL_VERIFIER_ENVELOPE_H
#define POSTSEAL_VERIFIER_ENVELOPE_H

#include "common/mail/authres.h"
#include "common/mail/message.h"
#include "common/milter/origin.h"
#include "common/spf/identity.h"

/* All zero: nothing is known yet. */
struct envelope {
	bool begun;
	bool null_sender;
	const char *unchecked; /* why MAIL FROM is not checked; static */
	struct identity_check mail_from;
	struct identity_check helo; /* not that of a null sender */
};

/* What a check needs. The texts are copied. */
struct envelope_input {
	const struct settings *settings;
	struct loop *loop;
	struct resolver *resolver;
	const struct origin *from;
	const struct message *m;
	uint64_t now; /* seconds since 1970; 0: nobody knows */

	/* Where the results live, until envelope_reset() */
	struct arena *arena;
	struct identity_witness witness;

	/* A result is there: called from the loop, never inside
	 * envelope_begin(). */
	void (*done)(void *arg);
	void *arg;
};

/* Begins both checks; that of HELO, which nobody but the log is told of, not
 * while DNS is busy (resolver_busy()). Without memory or an address there is a
 * result at once. */
void envelope_begin(struct envelope *e, const struct envelope_input *in);

/* In place of it: MAIL FROM is not checked, and that is why (static). */
void envelope_skip(struct envelope *e, const char *why);

/* The domain that MAIL FROM is checked of, result or not; NULL: there is no
 * check. Borrowed until the next call that changes e. */
const char *envelope_domain(const struct envelope *e);

/* True while MAIL FROM has no result yet. Nobody waits for HELO's. */
bool envelope_waits(const struct envelope *e);

/* There is no more time: MAIL FROM has its result, HELO perhaps none. */
void envelope_end(struct envelope *e);

/* Forgets all, and what is still asked. */
void envelope_reset(struct envelope *e);

/* Bytes that the checks hold beside the arena. */
size_t envelope_held(const struct envelope *e);

/* Appends the result of MAIL FROM: the one spf= of the field. */
void envelope_write(const struct envelope *e, struct authres *a);

#endif

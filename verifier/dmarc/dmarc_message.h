/*
 * dmarc_message.h - DMARC of a message under way: its questions, the result,
 * what is done for the policy, and the words that say it.
 *
 * evaluation.h knows what is to be asked and what it means, disposition.h what
 * comes of it; here are the questions to DNS, and the order. At the end of the
 * header the author's names are asked, side by side with the keys; those of an
 * identifier when an answer shows that they are needed. SPF and DKIM come from
 * who has evaluated them: verified() tells what each says. No field of the
 * message is read for that.
 *
 * Who has all that time, and when it is over, is verifier.c's affair.
 */
#ifndef POSTSEAL_VERIFIER_DMARC_MESSAGE_H
#define POSTSEAL_VERIFIER_DMARC_MESSAGE_H

#include "common/dns/resolver.h"
#include "common/mail/authres.h"
#include "common/milter/edits.h"
#include "verifier/dmarc/author.h"
#include "verifier/dmarc/disposition.h"
#include "verifier/verify/pick.h"

#define DMARC_MARK_NAME "X-Postseal-DMARC"

struct dmarc_work;

/* All zero: this message has no DMARC. */
struct dmarc_message {
	bool begun;
	bool over; /* result and disposition are there */

	/* The evaluation, in the message's arena; NULL: there is nothing to
	 * evaluate */
	struct dmarc_work *work;
	struct evaluation_result result;
	struct disposition disposition;
};

/* What is needed. All borrowed until dmarc_message_reset(). */
struct dmarc_input {
	struct resolver *resolver;
	unsigned turn; /* of resolver_turn() */
	const char *author;
	const struct picked *picked; /* in their order, the identifiers */
	const char *sender; /* the domain that SPF is asked of; NULL: none is */
	bool every;         /* as for evaluation_start() */
	struct arena *arena;

	/* An answer is there: called from the loop, never inside a call of this
	 * header. */
	void (*done)(void *arg);
	void *arg;
};

/* Begins, and puts the first questions. 0 or -ENOMEM. */
int dmarc_message_begin(struct dmarc_message *d, const struct dmarc_input *in);

/* In place of it: PERMERROR or TEMPERROR, and why (static). */
void dmarc_message_cannot(
    struct dmarc_message *d, enum dmarc_result result, const char *why);

/* What is known now of the signature number `which` of picked, and of SPF. */
void dmarc_message_signature(
    struct dmarc_message *d, size_t which, enum dkim_result result);
void dmarc_message_spf(struct dmarc_message *d, enum spf_result result);

/* True if all identifiers have been told, and an answer is missing. */
bool dmarc_message_waits(const struct dmarc_message *d);

/* True if the signature passes and is aligned with the author, as far as that
 * is known. */
bool dmarc_message_aligned(const struct dmarc_message *d, size_t which);

/* True if it passes, and DNS does not tell whether it is aligned. */
bool dmarc_message_undecided(const struct dmarc_message *d, size_t which);

/* No more time, or no more need of it: then d is over. in: its settings,
 * client, list and relayed count. Once. */
void dmarc_message_end(
    struct dmarc_message *d, const struct disposition_input *in);

/* The evaluation, for who explains it; NULL: there was nothing to evaluate.
 * Borrowed until dmarc_message_reset(). */
const struct evaluation *dmarc_message_evaluation(
    const struct dmarc_message *d);

/* Forgets all, and what is still asked. */
void dmarc_message_reset(struct dmarc_message *d);

/* What the author asks for and was done, "p=reject dis=none", or "" - as
 * disposition_comment(). */
const char *dmarc_message_comment(
    const struct dmarc_message *d, char ret[DISPOSITION_COMMENT_MAX]);

/* Appends the result: dmarc=, header.from and policy.dmarc (RFC 9989 section
 * 9.2). author "": there is none. */
void dmarc_message_write(
    const struct dmarc_message *d, const char *author, struct authres *a);

/* The text of the reply that the disposition asks for, of at most
 * EDITS_TEXT_MAX bytes; returns ret. */
const char *dmarc_message_reply(const struct dmarc_message *d,
    const char *author, char ret[EDITS_TEXT_MAX]);

#endif

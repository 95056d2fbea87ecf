/*
 * inbound.h - does the header say that this host took the message in from
 * outside? (pure)
 *
 * By a Received-SPF field (RFC 7208 section 9.1), unless every receiver= in it
 * is the name of a host elsewhere and there is one; or by an
 * Authentication-Results field (RFC 8601) with the authserv-id of this host or
 * of its organisation. "none" as its only result is what a policy service says
 * of mail of our own users, which it did not check, and no mark. Of mail from
 * relays outside, which it did not check either, it says "spf=policy", or
 * X-Comment with a receiver=, judged as that of a Received-SPF.
 *
 * Policy services differ in what they call the receiver: the host, its short
 * name, the domain of the recipient (pypolicyd-spf), "<UNKNOWN>" (its
 * Hide_Receiver), nothing (our hide_receiver). And some write the HELO name and
 * the sender as they came, with quotes and parentheses in them: so whatever a
 * sender makes of the text in front of receiver=, it still counts; in doubt the
 * field is ours.
 *
 * What a client that has logged in hands over passes filters of ours on its way
 * in, which write such fields, too: those that were written now are no marks
 * (inbound_new()).
 *
 * A sender can put in such a field, too: the message is unsigned then. So it is
 * with more than INBOUND_NAMES_MAX names.
 */
#ifndef POSTSEAL_SIGNER_INBOUND_H
#define POSTSEAL_SIGNER_INBOUND_H

#include "common/mail/field.h"

/* Which names are of this house. Borrowed for the call. */
struct inbound_us {
	const char *host;
	const char *other; /* one more name of the host, or "" */

	/* True if mail to that domain, which has no dot at its end, could be
	 * for us, or a host of that name is ours. */
	bool (*serves)(const void *arg, struct span domain);

	/* True if the domain, likewise, may be the organisation of the
	 * message's author or one that we sign for. Narrower, as authserv-ids
	 * of others stand in mail of our users, too. */
	bool (*is_home)(const void *arg, struct span domain);
	const void *arg;
};

/* The first field that is a mark, or NULL. Borrows from fields. */
const struct field *inbound_mark(
    const struct field_list *fields, const struct inbound_us *us);

/*
 * How many fields on top were written in this hand-over, if the client wrote
 * none of them: all above the first Received that the MTA shows (it hides its
 * own), or all where there is none.
 *
 * 0 for a message that was under way before and is sent on as it is: with a
 * Resent- field (RFC 5322 section 3.6.6), with what a delivery leaves behind
 * (Delivered-To, X-Original-To, Return-Path), or where that Received is of this
 * house and by SMTP without a login. For our marks stand above our own
 * Received, and so the first rule alone would sign forged mail that a user of
 * ours redirects.
 */
size_t inbound_new(
    const struct field_list *fields, const struct inbound_us *us);

/* The name of a field that inbound_mark() found. Static. */
const char *inbound_word(const struct field *f);

#endif

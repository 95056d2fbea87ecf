/*
 * address.h - the value of a From field -> the address in it.
 *
 * RFC 5322 sections 3.4 and 4.4 (mailbox-list, comments, quoted strings,
 * folding, obsolete routes and spaces), RFC 6854 (groups in From), RFC 6532
 * (UTF-8). Where mail in the wild is laxer than the grammar and there is still
 * only one reading, it is followed: dots anywhere in a local part (as Japanese
 * carriers give them out), dots and raw 8-bit text in display names, and an
 * address as unquoted display name if it has the same domain as the address
 * that follows. What is no address list ("Doe, John <u@b.example>") is read as
 * sloppy readers do, where all of them come to the same domain (address_loose).
 * A text with two readings is ADDRESS_BAD: a message must not be signed for a
 * domain that its reader does not see.
 *
 * One value only. How many From fields a message may have, and whether anybody
 * signs for the domain, is choose.c's affair; A-labels are made by its caller
 * with domain_to_ascii().
 */
#ifndef POSTSEAL_SIGNER_ADDRESS_H
#define POSTSEAL_SIGNER_ADDRESS_H

#include "common/limits.h" /* ADDRESS_MAX */
#include "common/bytes/span.h"

enum address_found {
	ADDRESS_ONE,
	ADDRESS_NONE, /* no address: empty, "<>", or a group without members */
	ADDRESS_SEVERAL, /* of more than one domain; the first is returned */
	ADDRESS_BAD      /* not an address list, or one with two readings */
};

struct address {
	/* Without quotes and comments: what is meant. Empty if there are
	 * several of one domain, or not all readers see the same: only rules
	 * for the whole domain fit. */
	struct span local;

	/* As written, without comments; a literal keeps its brackets; U-labels
	 * may be in it. */
	struct span domain;

	/* A space or a comment stands within the domain (4.4), which may look
	 * like its end. */
	bool apart;

	char text[ADDRESS_MAX]; /* what the two point into */
};

/*
 * Reads value, which is borrowed for the call; folds may be LF or CRLF. *ret is
 * set for ADDRESS_ONE and ADDRESS_SEVERAL and points into itself, so it must
 * not be copied. *ret_why is a static reason for ADDRESS_BAD.
 */
enum address_found address_parse(
    struct span value, struct address *ret, const char **ret_why);

/*
 * The same for a text that is no address list: true, and *ret, if each "@" in
 * it, quoted or not, has the same domain behind it, and no reader can see
 * another.
 */
bool address_loose(struct span value, struct address *ret);

#endif

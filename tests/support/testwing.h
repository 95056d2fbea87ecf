/*
 * testwing.h - a wing that does as it is told: for what the milter engine can
 * do and the signer does not use.
 *
 * It says the words and notes the edits that a test has set, and writes down
 * what the engine calls, a word each: "open mail:a@b rcpt:... field:From
 * headers body:2 end through reset close".
 */
#ifndef POSTSEAL_TESTS_TESTWING_H
#define POSTSEAL_TESTS_TESTWING_H

#include "common/milter/session.h"

/* One edit to note. */
struct testwing_edit {
	char kind; /* as on the wire: i h m, and d for a deletion */
	uint32_t index;
	const char *name, *value;
};

struct testwing {
	struct milter_ops ops; /* a test may change it before a session */

	/* What it says; text is a reply's or a reason's */
	enum milter_word at_headers, at_end;
	unsigned code;
	const char *status, *text;
	const struct testwing_edit *edit; /* up to one without a name */
	bool edit_at_headers;             /* noted there, else at the end */

	/* at_end is said after so many WAITs of wait_ms; never: WAIT for ever,
	 * which at_end MILTER_WAIT is, too. at_once: with a resume from inside,
	 * as who works in pieces, also when it is late. */
	unsigned waits;
	uint64_t wait_ms;
	bool at_once;

	/* What it saw */
	struct buf seen;
	struct session *session; /* opened last and not closed */
	unsigned errors;
	bool late;
	uint32_t may;
	enum milter_word said; /* to the last message */
	const char *why;       /* of what could not be; NULL */
	size_t held;           /* what it claims to hold */
};

void testwing_init(struct testwing *w);
void testwing_free(struct testwing *w);

/* What it saw since the last call; borrows until the next. */
const char *testwing_seen(struct testwing *w);

#endif

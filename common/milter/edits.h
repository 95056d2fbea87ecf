/*
 * edits.h - what a wing wants done to a message, and the word it says.
 *
 * A wing notes edits in any order, at the end of the header fields or of the
 * message, and says one word there; what was noted before a WAIT stays noted.
 * The packets are the engine's affair: which order Postfix needs, the space
 * behind the colon, what was agreed on with the MTA. `postseal sign` reads the
 * same list and puts the fields into a file.
 *
 * Names and values are copied into the message's arena. A value is what stands
 * behind the colon, its space included; folds are LF and white space. Postfix
 * would pass a CR on as content and put a TAB of its own behind a bare LF, so
 * both are refused here.
 */
#ifndef POSTSEAL_COMMON_EDITS_H
#define POSTSEAL_COMMON_EDITS_H

#include <stdint.h>

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"
#include "common/bytes/span.h"

/* Bytes of a reply's text, and of a reason for quarantine; the rest is cut off.
 * A line of SMTP has 512 (RFC 5321 section 4.5.3.1.5). */
enum { EDITS_TEXT_MAX = 400 };

/* What a wing says where the MTA waits. */
enum milter_word {
	MILTER_GO_ON,    /* no word yet; at the end of a message: it goes on */
	MILTER_ACCEPT,   /* it goes on, and nobody looks at it any more */
	MILTER_REJECT,   /* 550 5.7.1, in the MTA's own words */
	MILTER_TEMPFAIL, /* 451 4.3.0: a failure of ours */
	MILTER_REPLY,    /* that of edits_reply() */
	MILTER_QUARANTINE, /* it goes on, into the MTA's hold queue */
	MILTER_WAIT /* as long as edits_wait() says, for session_resume() */
};

enum edit_kind {
	EDIT_INSERT, /* above the field number index; 0: above all of them */
	EDIT_ADD,    /* below all fields */
	EDIT_CHANGE, /* the field number index of that name, counted from 1 */
	EDIT_DELETE  /* likewise */
};

struct edit {
	enum edit_kind kind;
	uint32_t index;
	struct span name;
	struct span value; /* empty: EDIT_DELETE */
	struct edit *next;
};

struct edits {
	struct arena *arena;       /* borrowed: the message's */
	struct edit *first, *last; /* in the order that Postfix needs */
	size_t n;
	uint32_t needs; /* SMFIF_* of all of them */
	int error;      /* 0, or of the first that could not be noted */

	uint64_t wait_ms; /* of edits_wait() */

	/* Of edits_reply() or edits_quarantine(): no memory of the arena's, as
	 * it may be the lack of that which is told. "550 5.7.20 text" */
	char text[sizeof "550 5.777.777 " + EDITS_TEXT_MAX];
};

/* No edits. Borrows arena; after arena_reset() this comes again. */
void edits_init(struct edits *e, struct arena *arena);

/*
 * Notes one; of several changes of one field the last counts. 0; -ENOMEM; or
 * -EINVAL for what cannot be: a name that is none, a value with CR, NUL or a
 * bare LF. A failure is remembered: the engine puts a message off when not all
 * that was wanted can be done, unless edits_clear() takes all of it back.
 * edits_fail() has it remember that a value could not even be made, and returns
 * rc.
 */
int edits_insert(
    struct edits *e, uint32_t index, struct span name, struct span value);
int edits_add(struct edits *e, struct span name, struct span value);
int edits_change(
    struct edits *e, struct span name, uint32_t index, struct span value);
int edits_delete(struct edits *e, struct span name, uint32_t index);
int edits_fail(struct edits *e, int rc);

/* Forgets all, failures too. */
void edits_clear(struct edits *e);

/*
 * The words that need more than themselves; return the word.
 *
 * edits_reply: code 400 to 599, but not 421, with which Postfix would hang up;
 * status "5.7.20", of the same class; one line of text, of which odd bytes
 * become '?'. What no MTA takes is MILTER_TEMPFAIL instead.
 */
enum milter_word edits_reply(
    struct edits *e, unsigned code, const char *status, struct span text);
enum milter_word edits_quarantine(struct edits *e, struct span reason);

/* ms from now on; of several WAITs of a message the first counts. A daemon that
 * was told to end waits so long, too, and service managers kill one that takes
 * over half a minute (TimeoutStopSec of the units): ask for less. */
enum milter_word edits_wait(struct edits *e, uint64_t ms);

/*
 * For the engine: the packets of all edits; that of edits_reply(); that of
 * edits_quarantine(). one_space: the MTA puts a space behind the colon itself.
 * Failures are told by buf_error(out).
 */
void edits_write(const struct edits *e, bool one_space, struct buf *out);
void edits_write_reply(const struct edits *e, struct buf *out);
void edits_write_quarantine(const struct edits *e, struct buf *out);

#endif

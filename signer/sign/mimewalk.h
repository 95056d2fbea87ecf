/*
 * mimewalk.h - whether Postfix would encode a message anew for a next hop that
 * does not take 8BITMIME (RFC 6152).
 *
 * smtp(8) does not look for 8-bit text: it believes what is declared. Every
 * Content-Transfer-Encoding of 8bit or binary, in the header, in that of a
 * part, or in that of a message within the message, is written anew, and the
 * text below it is encoded; where all bytes are ASCII, too. What is not
 * declared so goes out as it is, 8-bit or not. So the question is which lines
 * Postfix takes for a header: this walks over a message as mime_state(3) does,
 * which is not quite as RFC 2046 says (a boundary is any line that begins so;
 * of the message types rfc822 and global are entered). Also told is what it
 * changes in such a header anyway: a space in front of a colon.
 *
 * Ends early: nothing is read after the first thing that is changed, or where
 * no header can follow. What is larger than the limits below is not followed
 * and counts as changed. (pure)
 */
#ifndef POSTSEAL_SIGNER_MIMEWALK_H
#define POSTSEAL_SIGNER_MIMEWALK_H

#include <stdint.h>

#include "common/bytes/buf.h"
#include "common/mail/field.h"
#include "signer/limits.h"

enum mimewalk_type {
	MIMEWALK_LEAF,
	MIMEWALK_MESSAGE,  /* message/rfc822, message/global */
	MIMEWALK_MULTIPART /* any */
};

struct mimewalk {
	bool changed; /* the answer so far */

	/* private: */
	bool in_header; /* of a part, or of a message within the message */
	bool begun;     /* the message's own header is over */
	bool skip;      /* the rest of this line does not matter */
	bool cut;       /* the line was longer than what is kept */
	enum mimewalk_type type; /* of what the header stands for */
	size_t depth;            /* of bound */
	struct {
		uint32_t end; /* in bounds */
		bool digest;  /* its parts are messages unless they say else */
	} bound[MIMEWALK_DEPTH_MAX];
	struct buf bounds; /* the boundaries, the outermost first */
	struct buf line;   /* so far */
	struct buf field;  /* its name, and its value if that matters */
};

/* Begins a message; allocates nothing. Before the first time w must be all zero
 * or freed. */
void mimewalk_init(struct mimewalk *w);

/* Frees what was kept; w is as after mimewalk_init(). */
void mimewalk_free(struct mimewalk *w);

/* The next field of the message's own header; folds as LF. */
void mimewalk_field(struct mimewalk *w, const struct field *f);

/* The next bytes of the body, cut anywhere; borrowed for the call. */
void mimewalk_body(struct mimewalk *w, struct span in);

/* The body is complete: w->changed is the answer. */
void mimewalk_end(struct mimewalk *w);

/* Bytes that w keeps at the moment. */
size_t mimewalk_held(const struct mimewalk *w);

#endif

/*
 * dkcanon.h - the canonical form of a message for DomainKeys: RFC 4870 section
 * 3.4.2.
 *
 * "simple" leaves each line as it is; "nofws" takes white space and folds out
 * of all lines. Header and body are one text here: the empty line between them
 * is part of it, unless the body has nothing but empty lines, which both leave
 * out at the end.
 *
 * The body comes in chunks, cut anywhere, and is not held. Nothing is hashed,
 * and no field is chosen. Pure.
 */
#ifndef POSTSEAL_VERIFIER_DKCANON_H
#define POSTSEAL_VERIFIER_DKCANON_H

#include "common/dkim/canon.h"

struct dkcanon {
	bool nofws;
	bool cr;      /* nofws: a CR was the last byte */
	bool content; /* something was sent, and so the empty line before it */
	struct canon_body lines;
};

/* Appends the field with its CRLF; folds as canon_field() takes them. 0 or an
 * error of buf_add(). */
int dkcanon_field(struct buf *out, bool nofws, const struct field *f);

/* Begins a body. */
void dkcanon_init(struct dkcanon *c, bool nofws);

/* The next bytes of the body, as they stand on the wire without dot-stuffing;
 * borrowed for the call. Before the first that counts comes the empty line
 * above the body. */
void dkcanon_feed(
    struct dkcanon *c, struct span in, const struct canon_sink *sink);

/* The body is complete: sends what was still owed. */
void dkcanon_end(struct dkcanon *c, const struct canon_sink *sink);

#endif

/*
 * canon.h - DKIM canonicalization (RFC 6376 section 3.4) of header and body.
 *
 * The body arrives in chunks cut anywhere, so `struct canon_body` remembers
 * what it may not decide yet: an unfinished run of white space, a CR that may
 * be half a CRLF, and the empty lines that are content only if something
 * follows. The output of any cutting is the same bytes. Only CRLF ends a line:
 * a lone CR or LF is content.
 *
 * Output are runs: as long as canonical form and input agree, a run is a span
 * into the input, up to the whole chunk; no byte is copied here. Bytes are
 * looked at in blocks, because at a megabyte a loop over single bytes costs
 * more than the signature.
 *
 * Nothing is hashed here (bodyhash.c, sign.c) or chosen (hdrsel.c).
 */
#ifndef POSTSEAL_SIGNER_CANON_H
#define POSTSEAL_SIGNER_CANON_H

#include <stdint.h>

#include "common/bytes/buf.h"
#include "common/settings/settings.h" /* enum canonicalization */
#include "common/bytes/span.h"
#include "common/mail/field.h"

/* Where the runs go: run(arg, out), out borrowed for the call, never empty. */
struct canon_sink {
	void (*run)(void *arg, struct span out);
	void *arg;
};

struct canon_body {
	enum canonicalization canon;
	bool wsp;      /* relaxed: white space read, its fate open */
	bool cr;       /* a CR was the last byte */
	bool content;  /* something other than empty lines has been sent */
	uint64_t owed; /* line ends read behind the last content */
};

/* Begins a body. */
void canon_body_init(struct canon_body *c, enum canonicalization canon);

/* The next bytes of the body, as they stand on the wire without dot-stuffing;
 * borrowed for the call. */
void canon_body_feed(
    struct canon_body *c, struct span in, const struct canon_sink *sink);

/* The body is complete. Sends what was still owed: simple always ends in one
 * CRLF, relaxed too unless the canonical body is empty (3.4.3, 3.4.4). */
void canon_body_end(struct canon_body *c, const struct canon_sink *sink);

/*
 * Appends the field in canonical form with its CRLF (3.4.1, 3.4.2). Folds come
 * as LF (field.h) and leave as CRLF, as the MTA will write them; a CRLF is
 * taken for one line end, too. Simple takes the value as it stands behind the
 * colon. 0 or an error of buf_add().
 */
int canon_field(
    struct buf *out, enum canonicalization canon, const struct field *f);

/*
 * The word of the c= tag: "relaxed/simple". Static.
 */
const char *canon_words(
    enum canonicalization header, enum canonicalization body);

/*
 * True if the field will arrive as it is: a name of printable ASCII without
 * ':', each line end in the value followed by white space, no NUL, no CR but in
 * front of LF. A message that has another one among the signed fields is not
 * signed: what the MTA makes of it cannot be known.
 */
bool canon_field_sound(const struct field *f);

#endif

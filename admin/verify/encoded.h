/*
 * encoded.h - a body, or the parts of it, as it was before some server encoded
 * it for the next one (RFC 6152): quoted-printable or base64, RFC 2045 section
 * 6. Pure.
 */
#ifndef POSTSEAL_ADMIN_ENCODED_H
#define POSTSEAL_ADMIN_ENCODED_H

#include "common/bytes/buf.h"

enum encoding { ENCODED_QUOTED, ENCODED_BASE64, ENCODINGS };

/* "quoted-printable", "base64" */
const char *encoded_word(enum encoding e);

/* Appends the text without the encoding; what is none of it is left out, or
 * stays as it is. What fails is remembered in ret. */
void encoded_undo(struct span text, enum encoding e, struct buf *ret);

/*
 * Appends the body with each part decoded that says to be so encoded, and
 * "8bit" in the place of that word, as smtp(8) and cleanup(8) of Postfix found
 * it. 0; or -ENOENT where no part is.
 */
int encoded_undo_parts(struct span body, enum encoding e, struct buf *ret);

#endif

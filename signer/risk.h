/*
 * risk.h - what Postfix may do to a message after it was signed. (pure)
 *
 * smtp(8) breaks lines that are longer than smtp_line_length_limit, 998 bytes, and
 * encodes 8-bit bodies anew for a next hop that does not take 8BITMIME (RFC
 * 6152); either breaks the signature. Looked for in the body as it streams by,
 * in pieces cut anywhere, and for lines in the header fields, too. (8-bit text
 * in header fields is never encoded anew: such mail is refused or goes on.)
 *
 * What is done about it, at_risk, is outcome.c's affair; what makes Postfix do it
 * is told by `postseal check`.
 */
#ifndef POSTSEAL_SIGNER_RISK_H
#define POSTSEAL_SIGNER_RISK_H

#include "common/span.h"
#include "signer/field.h"

enum { RISK_LINE_MAX = 998 }; /* bytes before CRLF, RFC 5322 section 2.1.1 */

struct risk {
	bool eight_bit; /* in the body */
	bool long_line; /* in the body or the header */
	size_t line;    /* bytes of the body's line so far, CR included */
	bool cr;        /* the last of them is a CR */
};

/* Nothing has come yet. */
void risk_init(struct risk *r);

/* A header field, folds as LF. */
void risk_field(struct risk *r, const struct field *f);

/* The next bytes of the body. */
void risk_body(struct risk *r, struct span in);

/* The body is complete. */
void risk_end(struct risk *r);

/* For the log: "8bit", "long-line", "8bit,long-line", or NULL. Static. */
const char *risk_word(const struct risk *r);

#endif

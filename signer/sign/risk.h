/*
 * risk.h - what Postfix may do to a message after it was signed. (pure)
 *
 * smtp(8) breaks lines that are longer than smtp_line_length_limit, 998 bytes,
 * and encodes what is declared as 8-bit anew for a next hop that does not take
 * 8BITMIME (mimewalk.h); either breaks the signature. Looked for in the body as
 * it streams by, in pieces cut anywhere, and in the header: of long lines there
 * only those in fields that are signed count.
 *
 * What is done about it, at_risk, is signer.c's affair; what makes Postfix do
 * it is told by `postseal check`.
 */
#ifndef POSTSEAL_SIGNER_RISK_H
#define POSTSEAL_SIGNER_RISK_H

#include "common/bytes/span.h"
#include "common/mail/field.h"
#include "signer/sign/hdrsel.h"
#include "signer/sign/mimewalk.h"

enum { RISK_LINE_MAX = 998 }; /* bytes before CRLF, RFC 5322 section 2.1.1 */

struct risk {
	bool eight_bit; /* something is declared as such; after risk_end() */
	bool long_line; /* in the body or the header */
	size_t line;    /* bytes of the body's line so far, CR included */
	bool cr;        /* the last of them is a CR */
	struct mimewalk mime;
};

/* Nothing has come yet. Before the first time r must be all zero or freed. */
void risk_init(struct risk *r);

/* Frees what was kept; r is as after risk_init(). */
void risk_free(struct risk *r);

/* The header, folds as LF; the rules say which fields are signed. */
void risk_header(struct risk *r, const struct field_list *fields,
    const struct hdrsel_rules *rules);

/* The next bytes of the body. */
void risk_body(struct risk *r, struct span in);

/* The body is complete. */
void risk_end(struct risk *r);

/* For the log: "8bit", "long-line", "8bit,long-line", or NULL. Static. */
const char *risk_word(const struct risk *r);

#endif

/*
 * spf_text.h - what `postseal spf` prints for people.
 *
 * First the results of the identities, then, for --trace, each record with its
 * terms in the order in which it was published, and below each term what DNS
 * was asked for it. Below are the pieces that spf_json.c writes, too.
 */
#ifndef POSTSEAL_ADMIN_SPF_TEXT_H
#define POSTSEAL_ADMIN_SPF_TEXT_H

#include "common/bytes/buf.h"
#include "common/spf/explain.h"
#include "policyd/request.h"

/* Appends the result of one identity, "HELO" or "MAIL FROM"; e: and how it came
 * to it, or NULL. */
void spf_text_check(const char *what, const struct lookups *l,
    const struct check_result *result, const struct explain *e,
    struct buf *out);

/* Appends header, action and time of the whole. */
void spf_text_answer(
    const struct settings *s, const struct request_answer *a, struct buf *out);

/* --- pieces --------------------------------------------------------------- */

/* Appends s as printable ASCII: every other octet, and the backslash, as \DDD
 * (RFC 1035 section 5.1). */
void spf_text_clean(struct span s, struct buf *out);

/* "NXDOMAIN", "no data", the reason of an error; "" when there are records. */
const char *spf_text_status(const struct question *q);

/* "secure", "insecure" */
const char *spf_text_security(enum dns_security s);

/* One record of an answer: an address, "10 mx.example", a name, a text. */
void spf_text_record(
    const struct question *q, const struct dns_record *r, struct buf *out);

/* The header of the result that counts: that of MAIL FROM, else of HELO;
 * nothing where the config wants none. */
void spf_text_header(
    const struct settings *s, const struct request_answer *a, struct buf *out);

#endif

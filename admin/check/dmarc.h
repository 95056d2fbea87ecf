/*
 * dmarc.h - a DMARC record as who publishes it should have it: RFC 9989.
 *
 * Receivers read verifier/dmarc/dmarc_record.h, and pass over much that is
 * wrong: what they would pass over is told here. Pure.
 */
#ifndef POSTSEAL_ADMIN_DMARC_H
#define POSTSEAL_ADMIN_DMARC_H

#include "verifier/dmarc/dmarc_record.h"

/* True if the TXT record says that it is a DMARC record, good or not. */
bool dmarc_claims(struct span text);

/* Reads a record. PARSE_OK, or PARSE_BAD with *ret untouched and a static
 * reason. */
enum parse dmarc_parse(
    struct span text, struct dmarc_record *ret, const char **ret_why);

#endif

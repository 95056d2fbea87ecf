/*
 * dmarc.h - DMARC records as far as a sender must know: RFC 9989, RFC 7489.
 *
 * Is there one, is it valid, what does it ask for? Alignment and reports are the
 * receiver's affair. Pure.
 */
#ifndef POSTSEAL_ADMIN_DMARC_H
#define POSTSEAL_ADMIN_DMARC_H

#include "common/bytes/span.h"

enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

/* "none" */
const char *dmarc_word(enum dmarc_policy p);

struct dmarc {
	enum dmarc_policy policy;
	bool testing;    /* t=y: p= counts one step less */
	bool strict_spf; /* aspf=s */
	bool strict_dkim;
	bool reports; /* rua= */
};

/* True if the TXT record says that it is a DMARC record, good or not. */
bool dmarc_claims(struct span text);

/* Reads a record. PARSE_OK, or PARSE_BAD with *ret untouched and a static reason. */
enum parse dmarc_parse(
    struct span text, struct dmarc *ret, const char **ret_why);

#endif

/*
 * field.h - one header field as the milter protocol delivers it.
 *
 * The value is verbatim with SMFIP_HDR_LEADSPC: whatever stood behind the
 * colon, folds as LF and white space (notes of milter.h say what happens
 * without that bit). Canonicalization turns LF into CRLF (canon.h).
 */
#ifndef POSTSEAL_COMMON_FIELD_H
#define POSTSEAL_COMMON_FIELD_H

#include "common/bytes/span.h"

struct field {
	struct span name;  /* without the colon */
	struct span value; /* with its leading white space */
};

/* True if its name is that, in any case: also with white space before the
 * colon, the obsolete spelling (RFC 5322 section 4.5) that readers take for the
 * same. */
static inline bool
field_is(const struct field *f, const char *name)
{
	return span_ieqs(span_trim(f->name), name);
}

struct field_list {
	const struct field *v; /* top of the message first */
	size_t n;
};

#endif

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

/* The first field of that name, or NULL; *ret_n: how many there are. */
static inline const struct field *
field_find(const struct field_list *l, const char *name, size_t *ret_n)
{
	const struct field *first = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (!field_is(&l->v[i], name))
			continue;
		if ((*ret_n)++ == 0)
			first = &l->v[i];
	}
	return first;
}

#endif

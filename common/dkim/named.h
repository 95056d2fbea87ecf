/*
 * named.h - the fields that an h= names: RFC 6376 section 5.4.2.
 *
 * Of several fields with one name, the first mention takes the lowest, the next
 * one the field above it, and so on; a mention without a field stands for none.
 * The signature that is verified is never one of them (3.5). Goes over names
 * and fields once, in a sorted list. Pure.
 */
#ifndef POSTSEAL_COMMON_NAMED_H
#define POSTSEAL_COMMON_NAMED_H

#include "common/bytes/arena.h"
#include "common/bytes/span.h"
#include "common/mail/field.h"

/* One name of h=. */
struct named_field {
	struct span name;
	const struct field *field; /* NULL: there is none (any more) */
};

struct named_fields {
	const struct named_field *v; /* in the order of h= */
	size_t n;
};

/*
 * The fields that names, as for taglist_item(), picks of fields, but not
 * `except`, which points into fields or is NULL. *ret lives in the arena and
 * points into names and fields. 0; -E2BIG for more than SIGNATURE_NAMES_MAX
 * names; -ENOMEM.
 */
int named_pick(struct span names, const struct field_list *fields,
    const struct field *except, struct arena *arena, struct named_fields *ret);

/*
 * The same for DomainKeys (RFC 4870 section 3.3): only of the fields below
 * `own`, which is one of fields. A name stands for all fields that have it, in
 * their order; where it is mentioned again, the later mentions take the lowest,
 * one each, and the first takes what is left. Without names it is all fields.
 * What is in *ret has a field.
 */
int named_pick_below(struct span names, const struct field_list *fields,
    const struct field *own, struct arena *arena, struct named_fields *ret);

#endif

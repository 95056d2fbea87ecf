/*
 * types.h - the types of values: what each may be, how it is read and written.
 *
 * One row a type. Lists, defaults and what is said of a bad value are value.c's
 * affair, and types.h is for that file alone.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_TYPES_H
#define POSTSEAL_COMMON_SETTINGS_TYPES_H

#include "common/settings/rows.h"

/* Where a value goes. */
struct field {
	const struct row *row;
	struct arena *arena; /* for what the value points to */
	void *to;            /* the field, or the element of a list */
	const char *why; /* what is wrong, static; may be set with -EINVAL */
};

/* Bytes of the longest text that is written anew. */
enum { TYPE_ROOM = 128 };

struct type {
	/* 0; -EINVAL, *f->to untouched; -ENOMEM. */
	int (*parse)(struct span text, struct field *f);

	/* The field, or an element, as the config has it but for quotes; it
	 * lies in the settings, or in room[TYPE_ROOM]. */
	struct span (*text)(
	    const struct row *row, const void *from, char *room);

	const char *words; /* what a value may be; NULL: the row says it */
	size_t size;       /* of an element, where it is a list; else 0 */
	bool bare;         /* written without quotes */
};

extern const struct type settings_types[]; /* by enum row_type */

#endif

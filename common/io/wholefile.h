/*
 * wholefile.h - a regular file, read whole: key files and tables, which hold
 * secrets.
 *
 * Its bytes are in one place, and wiped when they are freed. What they are, and
 * who else may read the file, is the caller's affair; the mode is there for it.
 */
#ifndef POSTSEAL_COMMON_WHOLEFILE_H
#define POSTSEAL_COMMON_WHOLEFILE_H

#include <sys/types.h>

#include "common/bytes/span.h"

struct wholefile {
	char *p; /* owned */
	size_t n;
	size_t room; /* bytes at p */
	mode_t mode; /* its permissions */
};

/* Reads a file of at most max bytes. 0 and *ret for wholefile_free(), or
 * -errno: -EMEDIUMTYPE when it is no regular file, -EFBIG when it is larger. A
 * pipe or a device is not waited for. */
int wholefile_read(const char *path, size_t max, struct wholefile *ret);

/* Wipes and frees. */
void wholefile_free(struct wholefile *f);

static inline struct span
wholefile_view(const struct wholefile *f)
{
	return span_of(f->p, f->n);
}

/* What such an error means to the administrator, who reads "PATH" in front of
 * it; large is what to say of a file that is too large. */
const char *wholefile_problem(int error, const char *large);

#endif

/*
 * finding.h - what `postseal check` found: what it is, why it matters, what
 * mends it.
 *
 * A list, printed for people or as JSON. Who finds is in the other check*.c.
 */
#ifndef POSTSEAL_ADMIN_FINDING_H
#define POSTSEAL_ADMIN_FINDING_H

#include <jansson.h>

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"

enum finding_level {
	FINDING_OK,
	FINDING_NOTE,    /* worth to know; nothing is wrong */
	FINDING_UNKNOWN, /* could not be found out */
	FINDING_WARNING,
	FINDING_ERROR,
	FINDING_LEVELS
};

/* "ok", "warning" */
const char *finding_word(enum finding_level l);

struct finding {
	struct finding *next;
	enum finding_level level;
	const char *area; /* static: "config", "dns", "postfix", "daemons" */
	const char *what;
	const char *why;  /* static, or NULL: needs no reason */
	const char *mend; /* a command or what to publish; or NULL */
};

struct findings {
	struct arena arena; /* owns all texts */
	struct finding *first, **last;
	size_t count[FINDING_LEVELS];
	bool no_memory;
};

void findings_init(struct findings *f);
void findings_free(struct findings *f);

/* Adds one; what is made as by printf(3), mend is copied and may be NULL, area
 * and why are static. Bytes that are not printable ASCII become '?'. */
void findings_add(struct findings *f, enum finding_level level,
    const char *area, const char *why, const char *mend, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* One for each line of text, as it stands. */
void findings_lines(struct findings *f, enum finding_level level,
    const char *area, const struct buf *text);

/* For people; all: also what is well. */
void findings_print(
    const struct findings *f, bool all, bool colour, struct buf *out);

/* An array, or NULL when memory is out. */
json_t *findings_json(const struct findings *f);

#endif

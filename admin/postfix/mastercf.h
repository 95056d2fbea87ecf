/*
 * mastercf.h - entries of master.cf as `postconf -M` prints them, and times.
 *
 * "NAME TYPE private unpriv chroot wakeup maxproc COMMAND argument ...", a line
 * each, with a blank between two words. Pure: what Postfix does with an entry
 * is for the check*.c to know.
 */
#ifndef POSTSEAL_ADMIN_MASTERCF_H
#define POSTSEAL_ADMIN_MASTERCF_H

#include "common/bytes/span.h"

/* Columns of an entry. */
enum mastercf_column {
	MASTERCF_NAME,
	MASTERCF_TYPE,
	MASTERCF_PRIVATE,
	MASTERCF_UNPRIVILEGED,
	MASTERCF_CHROOT,
	MASTERCF_WAKEUP,
	MASTERCF_MAXPROC,
	MASTERCF_COMMAND
};

/* The next line of text; false at its end. Advances *text. */
bool mastercf_next(struct span *text, struct span *ret);

/* A column, empty where the line has not so many. */
struct span mastercf_word(struct span line, enum mastercf_column column);

/* The value of "-o NAME=value" or "-o { NAME = value }", of the last if there
 * are several. False when there is none. */
bool mastercf_option(struct span line, const char *name, struct span *ret);

/* True if text stands somewhere in the line. */
bool mastercf_has(struct span line, const char *text);

/* "3600", "100s", "1h" -> seconds: the unit, when there is none. 0, or
 * -EINVAL. */
int mastercf_seconds(struct span text, unsigned *ret);

#endif

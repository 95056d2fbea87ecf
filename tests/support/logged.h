/*
 * logged.h - the log of this very program, in a file of its own.
 */
#ifndef POSTSEAL_TESTS_LOGGED_H
#define POSTSEAL_TESTS_LOGGED_H

#include "common/bytes/buf.h"
#include "tests/support/tmpdir.h"

struct logged {
	struct tmpdir dir;
	char path[TMPDIR_PATH_MAX];
	struct buf text; /* of logged_text() */
	int syslogd;     /* of logged_levels(); -1: none */
};

/* From here to the end the log goes into a file, afterwards nowhere. Aborts the
 * test program when the file cannot be opened or read. */
void logged_begin(struct logged *l);
void logged_end(struct logged *l);

/* What was logged since the last call; borrows until the next. */
const char *logged_text(struct logged *l);

/* The first line of that; checks that there is one. */
const char *logged_line(struct logged *l);

/* From here to the end the log goes to a syslogd of ours, and not into the
 * file: logged_level() is the level of its next line, LOG_ERR or another; -1:
 * there is none. */
void logged_levels(struct logged *l);
int logged_level(struct logged *l);

/* A syslogd that listens at path: a socket that does not block. Aborts as
 * above. */
int logged_syslogd(const char *path);

#endif

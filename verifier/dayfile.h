/*
 * dayfile.h - lines in a file, a new one each day, for others who collect them.
 *
 * FOLDER/2026-11-30.3.jsonl: the day in UTC, and the number of the worker. A
 * line is one write(2) with O_APPEND, so lines of two daemons that take turns
 * never mix. Nobody is waited for: a line that cannot be written is dropped,
 * and so is what is over DAYFILE_MAX a day. A write goes into the page cache,
 * some 2 us; the kernel holds a writer up only where a disk takes nothing any
 * more, on which Postfix could not queue mail either. So the folder must be on
 * a disk of this host.
 *
 * Files are never removed here.
 */
#ifndef POSTSEAL_VERIFIER_DAYFILE_H
#define POSTSEAL_VERIFIER_DAYFILE_H

#include <stdint.h>

#include "common/bytes/span.h"

struct dayfile {
	const char *folder; /* borrowed; NULL: nothing is written */
	unsigned number;
	int fd;         /* -1: not open */
	uint64_t day;   /* since 1970, of fd */
	uint64_t bytes; /* in it, as far as is known here */
	bool cut;       /* its last line lacks an end */
	uint64_t again; /* when it may be opened again, in seconds since 1970 */
};

/* Makes f ready; opens nothing. */
void dayfile_init(struct dayfile *f, const char *folder, unsigned number);
void dayfile_free(struct dayfile *f);

/* Appends the line, to which the newline is added, at the time now (seconds
 * since 1970). 0; or -errno, and the line is lost: -EFBIG where the day's file
 * is full. */
int dayfile_append(struct dayfile *f, uint64_t now, struct span line);

#endif

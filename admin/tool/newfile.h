/*
 * newfile.h - a file that is written whole or not at all.
 *
 * Written under another name in the same directory, synced, and given its name
 * only if that is free (link(2), not rename(2), which would replace a file).
 * For what must not be lost by writing it again: private keys.
 * newfile_replace() is for what may be: a config, a state; it keeps owner and
 * mode.
 *
 * As root it refuses (-EPERM) to go where somebody else could lead it to
 * another file (owners.h). All append a line to why when they fail.
 */
#ifndef POSTSEAL_ADMIN_NEWFILE_H
#define POSTSEAL_ADMIN_NEWFILE_H

#include <limits.h>

#include "common/bytes/buf.h"

/* The path as an absolute one, from the current directory; it need not exist.
 * 0, or -errno without a line. */
int newfile_absolute(const char *path, char ret[PATH_MAX]);

/* Makes the directory, if there is none, with that mode. 0 and whether it was
 * made here, or -errno. */
int newfile_dir(
    const char *path, unsigned mode, bool *ret_made, struct buf *why);

/* Writes text to path, an absolute one; it has that mode from its beginning. 0;
 * -EEXIST, without a line, when there is such a file, which stays as it is; or
 * another -errno. On failure nothing is left behind. */
int newfile_write(
    const char *path, struct span text, unsigned mode, struct buf *why);

/* Puts text in the place of the file at path (its target, where it is a
 * symbolic link), with its owner and mode; a new file gets that mode. 0, or
 * -errno with the old file untouched and nothing left behind. */
int newfile_replace(
    const char *path, struct span text, unsigned mode, struct buf *why);

#endif

/*
 * newfile.h - a new file of mode 0600, whole or not at all.
 *
 * Written under another name in the same directory, synced, and given its name
 * only if that is free (link(2), not rename(2), which would replace a file).
 * For what must not be lost by writing it again: private keys.
 */
#ifndef POSTSEAL_ADMIN_NEWFILE_H
#define POSTSEAL_ADMIN_NEWFILE_H

#include "common/span.h"

/* Writes text to path, an absolute one. 0; -EEXIST when there is such a
 * file, which stays as it is; or another -errno. On failure nothing is left
 * behind. */
int newfile_write(const char *path, struct span text);

#endif

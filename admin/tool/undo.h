/*
 * undo.h - what Postfix' files were before `postseal setup`, and back again.
 *
 * In the directory postseal.undo beside main.cf: each file as it was before and
 * as setup left it, for root alone. A file that somebody has changed since is
 * not put back: that would lose the change.
 */
#ifndef POSTSEAL_ADMIN_UNDO_H
#define POSTSEAL_ADMIN_UNDO_H

#include "common/bytes/buf.h"

/* True if a run was cut off between undo_save() and undo_seal(), or in putting
 * back: what is kept stays as it is, the next undo_save() goes on from
 * there. */
bool undo_is_open(const char *dir);

/* Appends the paths of the originals that are kept, a line each. dir
 * is Postfix' configuration directory. */
void undo_list(const char *dir, struct buf *out);

/* Each function: dir is Postfix' configuration directory. 0, or -errno and a
 * sentence in why. */

/* Keeps main.cf and master.cf, before they are changed. What was kept before an
 * earlier setup stays, if nobody has changed the files in between. */
int undo_save(const char *dir, struct buf *why);

/* Remembers what the files have become. */
int undo_seal(const char *dir, struct buf *why);

/* Puts back what undo_save() found, for a setup that failed before undo_seal().
 * What an earlier setup can undo stays so. */
int undo_rollback(const char *dir, struct buf *why);

/* Puts both files back, or none, and forgets what was kept; goes on where it
 * was cut off. -ENOENT when there is nothing; -EBUSY when a file was changed
 * since. */
int undo_restore(const char *dir, struct buf *why);

#endif

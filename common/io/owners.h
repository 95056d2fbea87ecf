/*
 * owners.h - who else could change a file that root reads or writes.
 *
 * A config says what runs and which files are opened; a key signs as somebody.
 * Who may change such a file, or may put another in its place because a folder
 * or a link on the way to it is his, has a say in both. Where root writes, he
 * leads it to any other file. So the whole way is looked at, from / on and
 * through links: each step must belong to root, to who we are, or to the user
 * that the caller names, and not all may write there. In a folder that is
 * sticky (/tmp) all may, but none can touch what is another's.
 *
 * Groups are not looked at: no umask of root's gives them the right to write,
 * so somebody meant it.
 */
#ifndef POSTSEAL_COMMON_OWNERS_H
#define POSTSEAL_COMMON_OWNERS_H

#include <limits.h>

#include "common/bytes/buf.h"

struct owners {
	const char *user;    /* borrowed: he may own it, too; NULL: nobody */
	bool writing;        /* for who writes there: see below */
	char told[PATH_MAX]; /* the step that was told last; at first "" */
};

/*
 * Looks at the way to path (from here, if it is relative), as far as there is
 * one. True if somebody else could change something, after a sentence in why:
 * what it is, whose, and what mends it, to be read behind "PATH: " and without
 * a newline. False, too, when the same step was told by the call before: a
 * thousand keys lie in one folder.
 *
 * For who writes, who called sudo(8) may own the way, too, as it is he who
 * types; and anybody the file, which is replaced and not written into.
 */
bool owners_look(struct owners *o, const char *path, struct buf *why);

#endif

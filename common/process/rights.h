/*
 * rights.h - which user a worker becomes, and becoming it for good.
 *
 * A daemon that root has started changes its user; one that was started as
 * somebody else stays that. Either way no capability is left (a unit may give
 * some to any user, and so may the file system). The supervisor keeps what it
 * has: it reads keys, and it never reads from the network.
 */
#ifndef POSTSEAL_COMMON_RIGHTS_H
#define POSTSEAL_COMMON_RIGHTS_H

#include <sys/types.h>

#include "common/bytes/buf.h"

struct rights {
	bool drop; /* false: not root, stay as we are */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned */
	int ngroups;
};

/*
 * Looks the user and its groups up. 0 and *ret owned (rights_free), or -errno
 * with a sentence appended to why: there is no such user, or it is root itself.
 */
int rights_find(const char *user, struct rights *ret, struct buf *why);

/* Frees the list of groups. */
void rights_free(struct rights *r);

/*
 * Gives root up in this process, groups and user, and verifies that it cannot
 * come back (-EPERM if it could). Also, whoever started us: no capabilities, no
 * new privileges by execve(2), and no core file or ptrace(2), which would show
 * keys. 0 or -errno; after an error the process must not go on.
 */
int rights_drop(const struct rights *r);

/* What of it needs no other user, for who was started as the right one: no
 * capability, in all sets, also those that execve(2) would make new ones from;
 * no new privileges; no core file and no ptrace(2). rights_drop() does it, too.
 * 0 or -errno. */
int rights_confine(void);

#endif

/*
 * probe.h - tries out what Postfix will do: speaks to a listener as Postfix
 * does, and looks who it is that listens, and what a user may open.
 *
 * Nothing is judged here: `postseal check` does.
 */
#ifndef POSTSEAL_ADMIN_PROBE_H
#define POSTSEAL_ADMIN_PROBE_H

#include <sys/types.h>

#include "common/bytes/buf.h"
#include "common/bytes/endpoint.h"

/*
 * A milter's hand-shake (milter.h), as Postfix offers it, and good-bye. 0;
 * -EPROTO: what answers there is no milter; -ETIMEDOUT: nothing came in
 * CHECK_ANSWER_SECONDS; or the -errno of connecting.
 */
int probe_milter(const struct endpoint *at);

/*
 * One request of smtpd_access_policy, for mail from this host to nobody, which
 * needs no DNS. 0 with the action appended to ret_action ("DUNNO"); else as
 * probe_milter(): -EPROTO where no action was the answer.
 */
int probe_policy(const struct endpoint *at, struct buf *ret_action);

enum { PROBE_NAME_MAX = 16 }; /* what the kernel keeps of a program's name */

struct probe_holder {
	pid_t pid;
	char name[PROBE_NAME_MAX];
};

/*
 * The process that listens there: of a unix socket who called listen(2), else
 * who has the descriptor, `guess` if it does. 0; -ESRCH: it has ended, or is
 * none of those that can be seen; or the -errno of connecting.
 */
int probe_holder(
    const struct endpoint *at, pid_t guess, struct probe_holder *ret);

/* A user, as who a process runs. */
struct probe_user {
	uid_t uid;
	gid_t gid;
	const char *name; /* whose other groups it has, too; NULL: none */
};

/* The user of that name, which is borrowed. False: there is none. */
bool probe_user_named(const char *name, struct probe_user *ret);

/* Whether the user may do that (access(2): R_OK, W_OK, X_OK) with a file. 0, or
 * the -errno of access(2); -EPERM where only root can try. */
int probe_access(const struct probe_user *u, const char *path, int what);

#endif

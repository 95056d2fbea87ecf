/*
 * fdstore.h - listening sockets that the service manager keeps while the daemon
 * is restarted: systemd's file descriptor store (sd_pid_notify_with_fds(3),
 * sd_listen_fds(3)), the protocol alone.
 *
 * Who connects meanwhile waits in the backlog, and is served by the next
 * daemon. A socket is stored under its listen address, with the file that a
 * unix socket had: so it is taken again only where the config still names that
 * address, and nobody has put another socket in its place. listen.c shares,
 * opens and closes.
 */
#ifndef POSTSEAL_COMMON_FDSTORE_H
#define POSTSEAL_COMMON_FDSTORE_H

#include "common/process/listen_set.h"

/* Bytes of the name of a descriptor with a NUL: systemd takes 255. */
enum { FDSTORE_NAME_MAX = 256 };

/*
 * What the manager kept for us, as a set that listen_open() may share; empty
 * where there is no store, or nothing in it. Takes $LISTEN_* out of the
 * environment, and closes what is not ours. *ret owned, to be given to
 * listen_commit(); 0 or -ENOMEM.
 */
int fdstore_take(struct listen_set *ret);

/* Gives the manager what it does not have of the set. Nothing where $FDSTORE
 * does not say that there is a store. */
void fdstore_keep(struct listen_set *s);

/* The manager shall forget a socket. */
void fdstore_drop(const struct listen_socket *s);

#endif

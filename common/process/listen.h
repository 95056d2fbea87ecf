/*
 * listen.h - the sockets that a daemon listens on, and how a reload changes
 * them.
 *
 * Unix sockets are made with their mode and group before anybody can connect. A
 * file that a killed daemon left behind is removed, after a connect(2) to it
 * was refused; a file that is no socket never. Sockets of IPv6 take IPv6 only.
 *
 * With `replace`, a living daemon's unix socket is no obstacle: ours is made
 * beside it, and takes its name at listen_commit(), so that there is one at any
 * time.
 *
 * Nobody accepts here: supervisor.c does. endpoint.h knows how they are
 * written.
 */
#ifndef POSTSEAL_COMMON_LISTEN_H
#define POSTSEAL_COMMON_LISTEN_H

#include "common/bytes/buf.h"
#include "common/process/listen_set.h"
#include "common/settings/settings.h"

enum { LISTEN_BESIDE_MAX = 4 }; /* bytes of ".new" */

/*
 * Opens what d->listen names; a socket of old with an equal endpoint is shared,
 * not opened again, unless its file is gone or another one. old may be empty
 * ({0}) and stays as it is. 0 and *ret owned, to be given to listen_commit() or
 * listen_abandon(); or -errno, nothing changed, and one sentence with the
 * endpoint in it appended to why. Where the config has no listen key
 * (d->legacy), one socket of all is enough; then 0, and why may tell of the
 * others.
 */
int listen_open(const struct daemon_settings *d, const struct listen_set *old,
    bool replace, struct listen_set *ret, struct buf *why);

/*
 * *s becomes next, which is *taken*: what next does not share is closed and its
 * file removed, and shared unix sockets get their new mode and group. 0, or the
 * -errno of a mode or group that could not be set, with a sentence in why; then
 * everything else is done.
 */
int listen_commit(
    struct listen_set *s, struct listen_set next, struct buf *why);

/* Closes what next does not share, and its files; *takes* next. */
void listen_abandon(struct listen_set next);

/* Closes all and removes the files that are ours; s is empty then. */
void listen_close(struct listen_set *s);

/* The end, but the next daemon shall go on with those that the service manager
 * keeps: these are closed here, their files stay. The others as by
 * listen_close(). */
void listen_leave(struct listen_set *s);

/* True if nothing is lost when we end now: the manager keeps each socket, or
 * another daemon has taken its place. */
bool listen_goes_on(const struct listen_set *s);

/* Closes the descriptors, but those that are shared, and no file is removed:
 * for a child, whose parent goes on listening. s is empty then. */
void listen_forget(struct listen_set *s);

#endif

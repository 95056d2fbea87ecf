/*
 * A unix socket is a file, and the trap is everything that may happen to that
 * file. A dead daemon's is removed, a living one's never; on a take-over ours
 * is bound under a second name and renamed onto the old one, so that who
 * connects always finds one of the two; and it is our own only as long as
 * device and inode are the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/process/fdstore.h"
#include "common/process/listen.h"

static int
complain(struct buf *why, const struct endpoint *e, const char *what, int rc)
{
	char text[ENDPOINT_TEXT_MAX];

	buf_fmt(why, "%s: %s%s%s", endpoint_text(e, text), what,
	    rc == 0 ? "" : ": ", rc == 0 ? "" : strerror(-rc));
	return rc == 0 ? -EINVAL : rc;
}

static bool
is_unix(const struct endpoint *e)
{
	return e->addr.sa.sa_family == AF_UNIX;
}

/*
 * Gives our file, which fd names, to the group. Who makes a file may give it to
 * a group of his, so CAP_SETGID is enough, and the sandbox need not leave us
 * CAP_CHOWN.
 */
static int
give(int fd, gid_t group)
{
	gid_t was = getegid();
	int rc = 0;

	if (fchownat(fd, "", (uid_t)-1, group, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != EPERM || setegid(group) != 0)
		return -errno;
	if (fchownat(fd, "", (uid_t)-1, group, AT_EMPTY_PATH) != 0)
		rc = -errno;
	if (setegid(was) != 0)
		rc = -errno;
	return rc;
}

/*
 * Sets group and mode of the socket file at path, and says which file it is.
 * Through O_PATH, so that whoever may write in the directory cannot make us
 * change another file by a symbolic link. Group first: chown clears mode bits.
 */
static int
dress(const char *path, mode_t mode, gid_t group, struct stat *ret_st)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), rc = 0;
	char proc[64];

	if (fd < 0)
		return -errno;
	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	if (fstat(fd, ret_st) != 0)
		rc = -errno;
	else if (!S_ISSOCK(ret_st->st_mode))
		rc = -ENOTSOCK;
	else if (group != (gid_t)-1 && group != ret_st->st_gid)
		rc = give(fd, group);
	if (rc == 0 && chmod(proc, mode) != 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* True if a process listens at the path; -> *ret_rc: 0 or why that is not
 * known. */
static bool
is_alive(const struct endpoint *e, int *ret_rc)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0) {
		*ret_rc = -errno;
		return false;
	}
	rc = connect(fd, &e->addr.sa, e->len) == 0 ? 0 : -errno;
	close(fd);
	*ret_rc = rc == -ECONNREFUSED || rc == -EAGAIN ? 0 : rc;
	return rc == 0 || rc == -EAGAIN;
}

/* Removes what a dead daemon left at the path; not what lives, nor what is no
 * socket. With replace, what lives stays for now: *ret_beside. */
static int
clear_path(
    const struct endpoint *e, bool replace, bool *ret_beside, struct buf *why)
{
	const char *path = e->addr.un.sun_path;
	struct stat st;
	int rc;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : complain(why, e, "stat", -errno);
	if (!S_ISSOCK(st.st_mode))
		return complain(
		    why, e, "a file that is no socket is in the way", 0);
	*ret_beside = is_alive(e, &rc);
	if (*ret_beside && !replace)
		return complain(why, e, "another process listens there", 0);
	if (rc != 0)
		return complain(why, e, "trying the old socket", rc);
	if (!*ret_beside && unlink(path) != 0 && errno != ENOENT)
		return complain(why, e, "removing the old socket", -errno);
	return 0;
}

/* The name that the file has until it takes the place of the old one. */
static int
name_beside(const struct endpoint *e, struct endpoint *ret)
{
	size_t n = strlen(e->addr.un.sun_path);

	*ret = *e;
	if (n + LISTEN_BESIDE_MAX >= sizeof e->addr.un.sun_path)
		return -ENAMETOOLONG;
	memcpy(ret->addr.un.sun_path + n, ".new", LISTEN_BESIDE_MAX + 1);
	ret->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
	    LISTEN_BESIDE_MAX + 1);
	return 0;
}

/*
 * A folder named postseal is ours to make, in the queue directory of a Postfix:
 * for root and the group that may connect. Nothing else is: the path may be a
 * typo. Who may write beside it cannot make us give another folder away by a
 * symbolic link.
 */
static int
make_folder(const char *path, gid_t group)
{
	static const char ours[] = "/postseal";
	const char *slash = strrchr(path, '/');
	size_t n = (size_t)(slash - path);
	char dir[sizeof(struct sockaddr_un)];
	struct stat st;
	int fd, rc = 0;

	if (n < sizeof ours ||
	    memcmp(path + n + 1 - sizeof ours, ours, sizeof ours - 1) != 0)
		return -ENOENT;
	memcpy(dir, path, n);
	dir[n] = '\0';
	if (mkdir(dir, 0700) != 0)
		return -errno;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || st.st_uid != geteuid() ||
	    (group != (gid_t)-1 && give(fd, group) != 0) ||
	    fchmod(fd, 0710) != 0)
		rc = -EPERM;
	close(fd);
	return rc;
}

static int
bind_file(int fd, const struct endpoint *e)
{
	mode_t old = umask(0177);
	int rc = bind(fd, &e->addr.sa, e->len) == 0 ? 0 : -errno;

	umask(old);
	return rc;
}

/* Until listen(2) a connect(2) is refused: mode and group are set in time. */
static int
bind_unix(struct listen_socket *s, bool replace, mode_t mode, gid_t group,
    struct buf *why)
{
	const struct endpoint *e = &s->endpoint;
	struct endpoint at = *e;
	struct stat st;
	int rc = clear_path(e, replace, &s->beside, why);

	if (rc != 0)
		return rc;
	if (s->beside) {
		rc = name_beside(e, &at);
		if (rc == 0)
			unlink(at.addr.un.sun_path);
	}
	if (rc == 0)
		rc = bind_file(s->fd, &at);
	if (rc == -ENOENT && make_folder(at.addr.un.sun_path, group) == 0)
		rc = bind_file(s->fd, &at);
	if (rc != 0)
		return complain(why, e, "bind", rc);
	rc = dress(at.addr.un.sun_path, mode, group, &st);
	if (rc != 0) {
		unlink(at.addr.un.sun_path);
		return complain(why, e, "setting mode and group", rc);
	}
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

/* Accepted sockets inherit the options. Replies are small and must not wait for
 * an acknowledgement; a peer that vanished is noticed some day. */
static int
bind_inet(struct listen_socket *s, struct buf *why)
{
	const struct endpoint *e = &s->endpoint;
	const int on = 1;
	int rc;

	rc = setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (rc == 0)
		rc =
		    setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	if (rc == 0)
		rc =
		    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (rc == 0 && e->addr.sa.sa_family == AF_INET6)
		rc = setsockopt(
		    s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (rc != 0)
		return complain(why, e, "setsockopt", -errno);
	if (bind(s->fd, &e->addr.sa, e->len) != 0)
		return complain(why, e, "bind", -errno);
	return 0;
}

/* True if the file of a unix socket is still there, and no other one has its
 * name. */
static bool
has_file(const struct listen_socket *s)
{
	struct stat st;

	return lstat(s->endpoint.addr.un.sun_path, &st) == 0 &&
	    S_ISSOCK(st.st_mode) && st.st_dev == s->dev && st.st_ino == s->ino;
}

/* Closes one socket and removes its file, unless another one has its name. */
static void
close_one(struct listen_socket *s)
{
	struct endpoint at;

	close(s->fd);
	if (s->kept)
		fdstore_drop(s);
	if (!is_unix(&s->endpoint))
		return;
	if (s->beside && name_beside(&s->endpoint, &at) == 0)
		unlink(at.addr.un.sun_path);
	else if (has_file(s))
		unlink(s->endpoint.addr.un.sun_path);
}

static int
open_one(struct listen_socket *s, bool replace, mode_t mode, gid_t group,
    struct buf *why)
{
	const struct endpoint *e = &s->endpoint;
	int rc;

	s->fd = socket(e->addr.sa.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return complain(why, e, "socket", -errno);
	rc = is_unix(e) ? bind_unix(s, replace, mode, group, why)
	                : bind_inet(s, why);
	if (rc != 0) {
		close(s->fd);
		return rc;
	}
	if (listen(s->fd, SOMAXCONN) != 0) {
		rc = complain(why, e, "listen", -errno);
		close_one(s);
	}
	return rc;
}

static bool
twice(const struct endpoint_list *l, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (endpoint_equal(&l->v[k], &l->v[i]))
			return true;
	}
	return false;
}

static bool
share(struct listen_socket *s, const struct listen_set *old)
{
	for (size_t i = 0; i < old->n; i++) {
		const struct listen_socket *o = &old->v[i];

		if (!endpoint_equal(&s->endpoint, &o->endpoint))
			continue;
		if (is_unix(&o->endpoint) && !has_file(o))
			continue; /* nobody can connect to it */
		*s = *o;
		s->shared = true;
		return true;
	}
	return false;
}

static int
find_group(const char *name, gid_t *ret, struct buf *why)
{
	struct group *g;

	*ret = (gid_t)-1;
	if (name == NULL)
		return 0;
	g = getgrnam(name);
	if (g == NULL) {
		buf_fmt(why, "socket_group: there is no group '%s'", name);
		return -EINVAL;
	}
	*ret = g->gr_gid;
	return 0;
}

/* One socket more in next: shared with old, or opened. */
static int
add(struct listen_set *next, const struct endpoint *e,
    const struct listen_set *old, bool replace, struct buf *why)
{
	struct listen_socket *s = &next->v[next->n];
	int rc = 0;

	*s = (struct listen_socket){.endpoint = *e};
	if (!share(s, old))
		rc = open_one(s, replace, next->mode, next->group, why);
	if (rc == 0)
		next->n++;
	return rc;
}

/* Where no listen key says what must be, what can be is enough. */
static int
open_default(const struct daemon_settings *d, const struct listen_set *old,
    bool replace, struct listen_set *next, struct buf *why)
{
	const struct endpoint_list *const lists[] = {&d->listen, &d->legacy};
	int rc = 0;

	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < lists[i]->n; k++) {
			int one;

			if (rc != 0)
				buf_str(why, "; ");
			one = add(next, &lists[i]->v[k], old, replace, why);
			rc = one == 0 ? rc : one;
		}
	}
	return next->n > 0 ? 0 : rc;
}

static int
open_named(const struct daemon_settings *d, const struct listen_set *old,
    bool replace, struct listen_set *next, struct buf *why)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < d->listen.n; i++) {
		if (twice(&d->listen, i))
			return complain(
			    why, &d->listen.v[i], "is named twice", 0);
		rc = add(next, &d->listen.v[i], old, replace, why);
	}
	return rc;
}

int
listen_open(const struct daemon_settings *d, const struct listen_set *old,
    bool replace, struct listen_set *ret, struct buf *why)
{
	struct listen_set next = {.mode = d->socket_mode};
	int rc = find_group(d->socket_group, &next.group, why);

	if (rc != 0)
		return rc;
	if (d->listen.n == 0 || d->listen.n > LISTEN_MAX) {
		buf_fmt(why, "listen: %zu sockets, but 1 to %d can be",
		    d->listen.n, LISTEN_MAX);
		return -EINVAL;
	}
	next.v = calloc(d->listen.n + d->legacy.n, sizeof(*next.v));
	if (next.v == NULL) {
		buf_str(why, "listen: out of memory");
		return -ENOMEM;
	}
	rc = d->legacy.n > 0 ? open_default(d, old, replace, &next, why)
	                     : open_named(d, old, replace, &next, why);
	if (rc != 0)
		listen_abandon(next);
	else
		*ret = next;
	return rc;
}

static bool
holds(const struct listen_set *s, int fd)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].fd == fd)
			return true;
	}
	return false;
}

static int
redress(const struct listen_socket *s, const struct listen_set *set,
    struct buf *why)
{
	struct stat st;
	int rc;

	rc = dress(s->endpoint.addr.un.sun_path, set->mode, set->group, &st);
	return rc == 0
	    ? 0
	    : complain(why, &s->endpoint, "setting mode and group", rc);
}

/* The file that was made beside takes its place: who connects finds the old
 * socket or ours, and never none. */
static int
take_place(struct listen_socket *s, struct buf *why)
{
	struct endpoint at;

	s->beside = false;
	if (name_beside(&s->endpoint, &at) != 0 ||
	    rename(at.addr.un.sun_path, s->endpoint.addr.un.sun_path) != 0)
		return complain(why, &s->endpoint, "taking its place", -errno);
	return 0;
}

int
listen_commit(struct listen_set *s, struct listen_set next, struct buf *why)
{
	bool changed = s->mode != next.mode || s->group != next.group;
	int rc = 0, one;

	for (size_t i = 0; i < s->n; i++) {
		if (!holds(&next, s->v[i].fd))
			close_one(&s->v[i]);
	}
	for (size_t i = 0; i < next.n; i++) {
		struct listen_socket *n = &next.v[i];

		one = 0;
		if (n->beside)
			one = take_place(n, why);
		else if (changed && n->shared && is_unix(&n->endpoint))
			one = redress(n, &next, why);
		rc = rc == 0 ? one : rc;
		n->shared = false;
	}
	free(s->v);
	*s = next;
	return rc;
}

void
listen_abandon(struct listen_set next)
{
	for (size_t i = 0; i < next.n; i++) {
		if (!next.v[i].shared)
			close_one(&next.v[i]);
	}
	free(next.v);
}

void
listen_close(struct listen_set *s)
{
	listen_abandon(*s);
	*s = (struct listen_set){0};
}

void
listen_forget(struct listen_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i].shared)
			close(s->v[i].fd);
	}
	free(s->v);
	*s = (struct listen_set){0};
}

void
listen_leave(struct listen_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].kept)
			close(s->v[i].fd);
		else
			close_one(&s->v[i]);
	}
	free(s->v);
	*s = (struct listen_set){0};
}

/* A socket whose file is gone, or another one, gets no connection any more. */
static bool
is_replaced(const struct listen_socket *s)
{
	return is_unix(&s->endpoint) && !has_file(s);
}

bool
listen_goes_on(const struct listen_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!s->v[i].kept && !is_replaced(&s->v[i]))
			return false;
	}
	return s->n > 0;
}

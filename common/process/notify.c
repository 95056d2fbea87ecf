/*
 * sd_notify(3) is one datagram of "NAME=value" lines, so no library is needed
 * for it. Without $NOTIFY_SOCKET nobody wants to know.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/process/notify.h"

/* Where to, as a socket's address. 0 or -ENOENT. */
static int
manager(struct sockaddr_un *ret, socklen_t *ret_len)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path == NULL ? 0 : strlen(path);

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (n < 2 || n >= sizeof ret->sun_path ||
	    (path[0] != '/' && path[0] != '@'))
		return -ENOENT;
	memcpy(ret->sun_path, path, n);
	if (path[0] == '@')
		ret->sun_path[0] = '\0'; /* the abstract ones of Linux */
	return 0;
}

/* passed: a descriptor, or -1. */
static int
tell(const char *state, int passed)
{
	struct sockaddr_un to;
	socklen_t len;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec iov = {(char *)(uintptr_t)state, strlen(state)};
	struct msghdr msg = {.msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1};
	int rc = manager(&to, &len), fd;

	if (rc != 0)
		return rc;
	msg.msg_namelen = len;
	if (passed >= 0) {
		struct cmsghdr *c;

		msg.msg_control = &control;
		msg.msg_controllen = sizeof control;
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof passed);
		memcpy(CMSG_DATA(c), &passed, sizeof passed);
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rc = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

void
notify_send(const char *state)
{
	(void)tell(state, -1);
}

int
notify_fd(const char *state, int fd)
{
	return tell(state, fd);
}

void
notify_reloading(void)
{
	char text[80];
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	notify_send(text);
}

/*
 * unsent.h - packets that cannot be sent.
 *
 * Stands in for send(2) in the one program whose test includes this file (in
 * one .c file).
 */
#ifndef POSTSEAL_TESTS_UNSENT_H
#define POSTSEAL_TESTS_UNSENT_H

#include <errno.h>
#include <sys/socket.h>

/* While it is not 0, so many cannot be sent, for that reason. */
static unsigned unsent;
static int unsent_why = EINVAL;

/* Takes the place of libc's. */
ssize_t failing_send(int fd, const void *p, size_t n, int flags) __asm__(
    "send");

ssize_t
failing_send(int fd, const void *p, size_t n, int flags)
{
	if (unsent > 0) {
		unsent--;
		errno = unsent_why;
		return -1;
	}
	return sendto(fd, p, n, flags, NULL, 0);
}

#endif

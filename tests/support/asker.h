/*
 * asker.h - clients of a socket whose server answers once (common/io/askers.h),
 * with the loop and the listening socket for the server.
 *
 * The socket has no name in any directory; the loop is that of the tests.
 */
#ifndef POSTSEAL_TESTS_ASKER_H
#define POSTSEAL_TESTS_ASKER_H

#include <sys/socket.h>
#include <sys/un.h>

#include "common/io/loop.h"

struct asker {
	struct loop *loop;
	int fd; /* listening */
	struct sockaddr_un address;
	socklen_t len;
	char answer[512 * 1024]; /* of asker_say() */
};

/* Before the server is made, and when it is freed. */
void asker_begin(struct asker *a);
void asker_end(struct asker *a);

/* A connection, owned. */
int asker_dial(struct asker *a);

/* Sends text and reads what comes until the end: "" when nothing does, NULL
 * when the connection stays open. */
const char *asker_say(struct asker *a, int fd, const char *text);

#endif

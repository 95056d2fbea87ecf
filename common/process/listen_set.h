/*
 * listen_set.h - the sockets that a daemon listens on, as listen.h opens them
 * and fdstore.h keeps them.
 */
#ifndef POSTSEAL_COMMON_LISTEN_SET_H
#define POSTSEAL_COMMON_LISTEN_SET_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/bytes/endpoint.h"

struct listen_socket {
	struct endpoint endpoint;
	int fd;      /* non-blocking, close-on-exec */
	bool shared; /* with the set before, until listen_commit() */
	bool kept;   /* the service manager has it, too (fdstore.h) */
	bool beside; /* its file has another name until listen_commit() */
	dev_t dev;   /* the file that is ours, of a unix socket */
	ino_t ino;
};

struct listen_set {
	struct listen_socket *v;
	size_t n;
	mode_t mode; /* of the unix sockets */
	gid_t group; /* (gid_t)-1: as they were made */
};

#endif

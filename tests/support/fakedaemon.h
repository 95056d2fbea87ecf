/*
 * fakedaemon.h - stands for a program that listens: a child that answers
 * whatever it is sent with some bytes, and closes.
 */
#ifndef POSTSEAL_TESTS_FAKEDAEMON_H
#define POSTSEAL_TESTS_FAKEDAEMON_H

#include <sys/types.h>

#include "common/bytes/endpoint.h"
#include "common/bytes/span.h"

/* Listens at "unix:/path" or "inet:127.0.0.1:1", where a free port takes the
 * place of the 1, in *ret_at; and answers each connection until
 * fakedaemon_stop(). name: of the process, NULL: the test's. Aborts the test
 * program on error. */
pid_t fakedaemon_start(const char *name, const char *at, struct span answer,
    struct endpoint *ret_at);

/* Returns the signal that has ended it: SIGKILL, if it has lived until now. */
int fakedaemon_stop(pid_t pid);

#endif

/*
 * progress.h - says what is being done, where a person waits for it.
 *
 * One line on a terminal, from the second second on; it goes when the work is
 * done. Nothing is said where the output is no terminal.
 */
#ifndef POSTSEAL_ADMIN_PROGRESS_H
#define POSTSEAL_ADMIN_PROGRESS_H

#include <sys/types.h>

struct progress {
	int fd;    /* to the child that writes; -1: there is none */
	pid_t pid; /* of it */
};

/* Begins, on the terminal `to`, which is borrowed until progress_end(); what
 * cannot be begun is left out. */
void progress_begin(struct progress *p, int to);

/* What is done from now on: "3 of 10: example.jp". */
void progress_step(struct progress *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes the line away. */
void progress_end(struct progress *p);

#endif

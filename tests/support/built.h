/*
 * built.h - the programs that were just built. $BUILD, which
 * tests/run sets, is the folder they are in.
 */
#ifndef POSTSEAL_TESTS_BUILT_H
#define POSTSEAL_TESTS_BUILT_H

#include <sys/types.h>

enum { BUILT_PATH_MAX = 512 };

/* The path of a program into path[BUILT_PATH_MAX]; returns path. */
char *built_path(const char *program, char *path);

/* Waits for a child. Its exit code, or -1 when it was a signal; -2, and SIGKILL
 * for it, when it does not end (await.h). */
int built_end_of(pid_t pid);

#endif

/*
 * await.h - waits in a test until something has happened: a line in a log, a
 * question at a server, the end of a process.
 *
 *     struct await a = {0};
 *     while (!happened() && await_more(&a, "what shall happen"))
 *             ;
 *
 * The limit is far over what a busy machine needs, so that no test is about it.
 * Where only time passing is the subject, a test says so and sleeps.
 */
#ifndef POSTSEAL_TESTS_AWAIT_H
#define POSTSEAL_TESTS_AWAIT_H

#include <stdbool.h>
#include <stdint.h>

enum { AWAIT_SECONDS = 40 }; /* valgrind is slow */

/* One wait; all zero at its begin. */
struct await {
	uint64_t until;
};

/* Naps for 2 ms. False when the time is over: then the test has failed, and has
 * printed what did not happen. */
bool await_more(struct await *a, const char *what);

/* How many lines of the file at path have the text; none where there is no
 * file. */
unsigned await_lines(const char *path, const char *text);

/* Waits until n lines or more have it; false and a failed test as above. */
bool await_logged(const char *path, const char *text, unsigned n);

/* Of the monotonic clock. */
uint64_t await_now_ms(void);

#endif

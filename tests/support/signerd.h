/*
 * signerd.h - the real postseal-signer for tests: started on a config in a
 * directory of its own, and an MTA on its socket.
 *
 * One at a time. BUILD in the environment names the directory of the program.
 * What does not come within 20 seconds fails the test.
 */
#ifndef POSTSEAL_TESTS_SIGNERD_H
#define POSTSEAL_TESTS_SIGNERD_H

#include <sys/types.h>

#include "tests/support/tmpdir.h"

/* A literal with its inner NULs, without the last one. */
#define S(text) text, sizeof(text) - 1

extern struct signerd {
	struct tmpdir dir;
	char config[TMPDIR_PATH_MAX];
	char log[TMPDIR_PATH_MAX];
	char socket[TMPDIR_PATH_MAX];
	char good[TMPDIR_PATH_MAX];  /* a key file: Ed25519 */
	char other[TMPDIR_PATH_MAX]; /* one that is not there yet */
} signerd;

/* Makes the directory; removes it with all that is in it. */
void signerd_begin(void);
void signerd_finish(void);

void signerd_write_file(const char *path, const char *text, mode_t mode);

/* Writes the config, with `more` inside of signer {} and domains behind it. */
void signerd_configure(const char *more, const char *domains);

/* "domain { key }" with that selector and file, for signerd_configure().
 * Static, good for three calls more. */
const char *signerd_domain(
    const char *name, const char *selector, const char *file);

/* Starts the program with one more option, or none; what it prints, until
 * now. */
pid_t signerd_start(const char *option);
const char *signerd_printed(void);

/* Starts it and waits until it serves. */
pid_t signerd_start_serving(void);

/* Waits until the log has a line with it. */
int signerd_logged(const char *want);

/* --- an MTA -------------------------------------------------------------- */

/* Connects; sends a packet; the command of the next one, 0 at the end, with its
 * payload as text in ret[4096]. */
int signerd_dial(void);
void signerd_tell(int fd, char command, const char *p, size_t n);
char signerd_hear(int fd, char *ret);

/* Negotiates, and comes from 127.0.0.1. */
void signerd_greet(int fd);

/* A message from a@FROM up to the end of its header, and from there on to its
 * end: the commands of the answers must be `want`. Returns the first answer's
 * text: the signature on top. Static. */
void signerd_begin_message(int fd, const char *from);
const char *signerd_end_message(int fd, const char *want);

#endif

/*
 * tmpdir.h - a directory of a test's own, gone when the test is.
 */
#ifndef POSTSEAL_TESTS_TMPDIR_H
#define POSTSEAL_TESTS_TMPDIR_H

enum { TMPDIR_PATH_MAX = 100 }; /* so that a unix socket's path fits */

struct tmpdir {
	char path[64];
};

/* Makes it under $TMPDIR or /tmp, mode 0711. Aborts the test program on
 * error. */
void tmpdir_make(struct tmpdir *d);

/* Removes it with everything in it. */
void tmpdir_remove(struct tmpdir *d);

/* The path of a file in it, into path[TMPDIR_PATH_MAX]; returns path. */
char *tmpdir_file(const struct tmpdir *d, const char *name, char *path);

/* Makes a directory in it, mode 0755. Aborts the test program on error. */
void tmpdir_sub(const struct tmpdir *d, const char *name);

/* Writes a file in it, mode 0600; the same with another file's bytes. Aborts
 * the test program on error. */
void tmpdir_write(const struct tmpdir *d, const char *name, const char *text);
void tmpdir_copy(const struct tmpdir *d, const char *from, const char *to);

/* What is in the file at path, 64 KiB at the most; "" if it cannot be read.
 * Static, until the next call. */
const char *tmpdir_read(const char *path);

/* The text with the directory's path for each '@' that a '/' follows. Static,
 * until the fourth call from now. */
const char *tmpdir_placed(const struct tmpdir *d, const char *text);

#endif

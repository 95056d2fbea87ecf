/*
 * spfsuite.h - where the public SPF suites are, and how their lines are read.
 */
#ifndef POSTSEAL_TESTS_SPFSUITE_H
#define POSTSEAL_TESTS_SPFSUITE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The shell command that prints the lines of the suite in that file: see
 * spfsuite.py. Its folder is SPF_SUITE_DIR (tests/support/spf-suites finds it),
 * else that of Debian's python3-spf. Writes n bytes at most to ret. False if
 * the file, or Python with the module yaml, is not here: the test is skipped,
 * with the reason.
 */
bool spfsuite_command(const char *file, char *ret, size_t n);

enum { SPFSUITE_FIELDS = 7 };

/* What becomes of its lines. */
struct spfsuite_ops {
	void (*scenario)(void *arg); /* from here on the zone is another */
	void (*zone)(void *arg, const char *line); /* of zone.h */
	void (*check)(void *arg, char **f); /* a case: SPFSUITE_FIELDS words */
};

/* Runs that command, and ops on each line. Checks that all are understood;
 * returns how many cases there were. */
unsigned spfsuite_read(
    const char *command, const struct spfsuite_ops *ops, void *arg);

/* True if one of the words of a list ("pass,softfail") is that, of n bytes. */
bool spfsuite_allows(const char *list, const char *word, size_t n);

#endif

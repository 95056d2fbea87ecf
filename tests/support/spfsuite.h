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

/* True if one of the words of a list ("pass,softfail") is that, of n bytes. */
bool spfsuite_allows(const char *list, const char *word, size_t n);

#endif

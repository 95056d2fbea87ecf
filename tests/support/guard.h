/*
 * guard.h - input at the edge of a page that faults, and input cut in two.
 *
 * A parser that reads one byte past its span dies here, with no sanitizer.
 */
#ifndef POSTSEAL_TESTS_GUARD_H
#define POSTSEAL_TESTS_GUARD_H

#include "common/bytes/span.h"

/* A copy of s whose last byte is the last of a readable page; the byte behind
 * it faults. Freed by guard_free(). Aborts the test program when mmap fails. */
struct span guard_copy(struct span s);
void guard_free(struct span s);

/*
 * Calls feed(arg, head, tail) for every way to cut s in two (n + 1 ways), both
 * halves on guard pages; for inputs over 16 KiB only for 1,000 cuts drawn from
 * a fixed seed and those at both ends.
 */
void guard_splits(struct span s,
    void (*feed)(void *arg, struct span head, struct span tail), void *arg);

#endif

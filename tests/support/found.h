/*
 * found.h - the findings of `postseal check`, for its tests.
 */
#ifndef POSTSEAL_TESTS_FOUND_H
#define POSTSEAL_TESTS_FOUND_H

#include "admin/check/finding.h"

/* The first one with that in it, or NULL; borrows. */
const struct finding *found_first(const struct findings *f, const char *what);

#endif

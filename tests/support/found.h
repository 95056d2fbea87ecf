/*
 * found.h - the findings of `postseal check`, for its tests.
 */
#ifndef POSTSEAL_TESTS_FOUND_H
#define POSTSEAL_TESTS_FOUND_H

#include "admin/check/finding.h"
#include "admin/tool/tool.h"
#include "tests/support/tmpdir.h"

/* The first one with that in it, or NULL; borrows. */
const struct finding *found_first(const struct findings *f, const char *what);

/* Checks that it is there, its level, and that mend, or NULL for none, is a
 * part of what mends it. Returns it, or NULL. */
const struct finding *found_check(const struct findings *f, const char *what,
    enum finding_level level, const char *mend);

/* What looks at something, and where its findings go. */
struct found {
	struct tmpdir dir; /* with the config, "p.conf" */
	struct tool tool;
	struct findings f;
};

/* config: the whole text of the file. Leaves the test when it is wrong. */
void found_open(struct found *w, const char *config);
void found_close(struct found *w);

#endif

/*
 * parsed.h - a config text, read.
 */
#ifndef POSTSEAL_TESTS_PARSED_H
#define POSTSEAL_TESTS_PARSED_H

#include "common/settings/settings.h"

struct parsed {
	int rc;
	struct settings *s;
	struct buf why, warn, dump;
};

/* What settings_parse() makes of text as file "t.conf", which lies on a guard
 * page. Freed by parsed_free(). */
void parsed_text(struct parsed *p, struct span text, enum settings_scope scope);

void parsed_free(struct parsed *p);

/* The sentences as C strings, borrowed. */
const char *parsed_why(struct parsed *p);
const char *parsed_warn(struct parsed *p);

/* settings_dump() of all, borrowed until the next call; "" when refused. */
const char *parsed_dump(struct parsed *p);

#endif

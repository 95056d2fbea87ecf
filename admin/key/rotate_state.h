/*
 * rotate_state.h - how far the rotation of a domain's keys is, as text.
 *
 *     {"new": ["202701010000"], "old": ["202601010000"], "made": true,
 *      "activated": 1798761600, "in_force": 1798761601}
 *
 * Who reads and writes the file, and what follows from it: rotate.c.
 */
#ifndef POSTSEAL_ADMIN_ROTATE_STATE_H
#define POSTSEAL_ADMIN_ROTATE_STATE_H

#include <stdint.h>

#include "admin/limits.h" /* ROTATE_KEYS_MAX */
#include "common/bytes/buf.h"
#include "common/bytes/domain.h"

struct rotate_names {
	char v[ROTATE_KEYS_MAX][DOMAIN_MAX + 1]; /* selectors */
	size_t n;
};

struct rotate_state {
	struct rotate_names new, old;
	bool made;         /* all new keys are there */
	int64_t activated; /* when the config had them sign; 0: not yet */
	int64_t in_force;  /* when the running signer did so; 0: not yet */
};

/* True if the selector is one of them. */
bool rotate_names_have(const struct rotate_names *names, const char *selector);

/* Adds one that is not there yet. 0, or -EMSGSIZE. */
int rotate_names_add(struct rotate_names *names, const char *selector);

/* Takes one out. */
void rotate_names_remove(struct rotate_names *names, size_t at);

/* Reads the whole text. PARSE_OK, or PARSE_BAD with *ret untouched. */
enum parse rotate_state_parse(struct span text, struct rotate_state *ret);

/* Appends it. 0 or -ENOMEM. */
int rotate_state_print(const struct rotate_state *s, struct buf *out);

#endif

/*
 * globset.h - many patterns with a '*' (glob.h), in which the first that
 * matches is found without trying all.
 *
 * A pattern can only match what begins with its head, the bytes before its
 * first '*', and ends with its tail, those behind the last. The patterns are
 * sorted by tail, backwards, and then by head: a text walks through the sorted
 * list byte by byte, and only patterns whose tail and head fit are tried. Pure.
 */
#ifndef POSTSEAL_SIGNER_GLOBSET_H
#define POSTSEAL_SIGNER_GLOBSET_H

#include <stdint.h>

#include "common/bytes/arena.h"
#include "common/bytes/span.h"

enum globset_key { GLOBSET_TAIL, GLOBSET_HEAD, GLOBSET_KEYS };

struct globset_item {
	struct span pattern;           /* borrowed */
	struct span key[GLOBSET_KEYS]; /* in lower case; the tail backwards */
	size_t number;
};

struct globset {
	struct globset_item *item;
	size_t n;
};

/* Room in the arena for n patterns; there are none yet. 0 or -ENOMEM. */
int globset_init(struct globset *g, size_t n, struct arena *arena);

/* Adds a pattern, borrowed as long as the set is used, which has a '*' in it.
 * Numbers are unique. 0 or -ENOMEM. */
int globset_add(
    struct globset *g, struct span pattern, size_t number, struct arena *arena);

/* All are there: sorts them. */
void globset_sort(struct globset *g);

/* The least number, from `from` on, of a pattern that stands for the whole
 * text; SIZE_MAX when there is none. */
size_t globset_next(const struct globset *g, struct span text, size_t from);

#endif

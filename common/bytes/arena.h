/*
 * arena.h - one bump allocator for everything that dies together: a request, a
 * message, a generation of settings.
 *
 * Nothing is freed singly. arena_reset() keeps the first block, so a
 * connection that handles message after message allocates once.
 */
#ifndef POSTSEAL_COMMON_ARENA_H
#define POSTSEAL_COMMON_ARENA_H

#include "common/bytes/span.h"

struct arena_block;

struct arena {
	struct arena_block *first; /* kept by arena_reset() */
	struct arena_block *last;
	size_t used; /* bytes handed out since the last reset, with padding */
	size_t max;  /* of the same; more is refused */
};

/* Makes a empty; allocates nothing. */
void arena_init(struct arena *a, size_t max);

/* Forgets all that was handed out; keeps one block of ordinary size. */
void arena_reset(struct arena *a);

/* Frees everything; a is as after arena_init(). */
void arena_free(struct arena *a);

/* The same, and overwrites all that was handed out since the last reset: for
 * secrets. */
void arena_wipe(struct arena *a);

/*
 * n zeroed bytes, aligned for any type, valid until reset or free.
 * NULL when memory is out or max would be passed.
 */
void *arena_alloc(struct arena *a, size_t n);

/* A NUL-terminated copy of s (its own NULs are copied too), or NULL. */
char *arena_dup(struct arena *a, struct span s);

#endif

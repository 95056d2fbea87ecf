/*
 * Blocks are only ever added at the end, and nothing is given back before all
 * is. One block of the ordinary size outlives arena_reset(), so that message
 * after message takes no memory from malloc(3).
 *
 * The trap is in the sums: n is looked at before it is rounded up, and `max`
 * counts what was handed out, not what the blocks have.
 */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes/arena.h"

struct arena_block {
	struct arena_block *next;
	size_t size; /* bytes of data */
	size_t used;
	alignas(max_align_t) char data[];
};

enum {
	ALIGN = alignof(max_align_t),
	/* The header fields of an ordinary message fit into one block. */
	ORDINARY = 8192 - sizeof(struct arena_block)
};

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){.max = max};
}

/* Frees all blocks but keep (which may be NULL). */
static void
arena_drop(struct arena *a, struct arena_block *keep)
{
	struct arena_block *b = a->first, *next;

	for (; b != NULL; b = next) {
		next = b->next;
		if (b != keep)
			free(b);
	}
	a->first = a->last = keep;
	a->used = 0;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *keep = a->first;

	while (keep != NULL && keep->size != ORDINARY)
		keep = keep->next;
	arena_drop(a, keep);
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
	}
}

void
arena_free(struct arena *a)
{
	arena_drop(a, NULL);
}

void
arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a->first; b != NULL; b = b->next)
		explicit_bzero(b->data, b->used);
	arena_free(a);
}

/* A new last block with room for n bytes, or NULL. */
static struct arena_block *
arena_grow(struct arena *a, size_t n)
{
	size_t size = n > ORDINARY ? n : ORDINARY;
	struct arena_block *b = malloc(sizeof *b + size);

	if (b == NULL)
		return NULL;
	*b = (struct arena_block){.size = size};
	if (a->last == NULL)
		a->first = b;
	else
		a->last->next = b;
	a->last = b;
	return b;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->last;
	void *p;

	if (n == 0)
		n = 1;
	if (n > a->max || n > SIZE_MAX / 2)
		return NULL; /* before sums with it could overflow */
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (n > a->max - a->used)
		return NULL;
	if (b == NULL || n > b->size - b->used)
		b = arena_grow(a, n);
	if (b == NULL)
		return NULL;
	p = memset(b->data + b->used, 0, n);
	b->used += n;
	a->used += n;
	return p;
}

char *
arena_dup(struct arena *a, struct span s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (p != NULL && s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

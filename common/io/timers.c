/*
 * A binary heap. Room in it is made when a timer is made, not when it is set,
 * so that setting one cannot fail.
 *
 * The trap is a timer that sets itself to now: seq says which were set after a
 * turn began, and those wait for the next (timers_due).
 */
#include <errno.h>
#include <stdlib.h>

#include "common/io/timers.h"

void
timers_init(struct timers *t, struct loop *l)
{
	*t = (struct timers){.loop = l};
}

void
timers_free(struct timers *t)
{
	free(t->heap);
	timers_init(t, t->loop);
}

static bool
sooner(const struct timer *a, const struct timer *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void
put(struct timers *t, size_t i, struct timer *m)
{
	t->heap[i] = m;
	m->slot = i + 1;
}

static void
rise(struct timers *t, size_t i, struct timer *m)
{
	while (i > 0 && sooner(m, t->heap[(i - 1) / 2])) {
		put(t, i, t->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(t, i, m);
}

static void
sink(struct timers *t, size_t i, struct timer *m)
{
	for (size_t child; (child = 2 * i + 1) < t->n; i = child) {
		if (child + 1 < t->n &&
		    sooner(t->heap[child + 1], t->heap[child]))
			child++;
		if (!sooner(t->heap[child], m))
			break;
		put(t, i, t->heap[child]);
	}
	put(t, i, m);
}

int
timers_make(
    struct timers *t, void (*fire)(void *arg), void *arg, struct timer **ret)
{
	struct timer *m;

	if (t->count == t->cap) {
		size_t cap = t->cap == 0 ? 16 : t->cap * 2;
		struct timer **heap = reallocarray(t->heap, cap, sizeof(*heap));

		if (heap == NULL)
			return -ENOMEM;
		t->heap = heap;
		t->cap = cap;
	}
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return -ENOMEM;
	*m = (struct timer){.owner = t, .fire = fire, .arg = arg};
	t->count++;
	*ret = m;
	return 0;
}

void
timers_drop(struct timer *m)
{
	timers_clear(m);
	m->owner->count--;
	free(m);
}

void
timers_set(struct timer *m, uint64_t at)
{
	struct timers *t = m->owner;

	timers_clear(m);
	m->at = at;
	m->seq = t->seq++;
	rise(t, t->n++, m);
}

void
timers_clear(struct timer *m)
{
	struct timers *t = m->owner;
	size_t i = m->slot - 1;
	struct timer *last;

	if (m->slot == 0)
		return;
	m->slot = 0;
	last = t->heap[--t->n];
	if (last == m)
		return;
	if (i > 0 && sooner(last, t->heap[(i - 1) / 2]))
		rise(t, i, last);
	else
		sink(t, i, last);
}

bool
timers_next(const struct timers *t, uint64_t *ret_at)
{
	if (t->n == 0)
		return false;
	*ret_at = t->heap[0]->at;
	return true;
}

struct timer *
timers_due(struct timers *t, uint64_t now, uint64_t before)
{
	struct timer *m = t->n == 0 ? NULL : t->heap[0];

	if (m == NULL || m->at > now || m->seq >= before)
		return NULL;
	timers_clear(m);
	return m;
}

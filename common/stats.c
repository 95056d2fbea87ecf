#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/stats.h"

enum { CACHE_LINE = 64 };

struct stats_slot {
	alignas(CACHE_LINE) _Atomic uint64_t v[STATS_COUNTERS];
};

struct stats {
	size_t n;
	struct stats_slot *slot; /* shared; everything else is our own */
};

int
stats_new(size_t n, struct stats **ret)
{
	struct stats *s = calloc(1, sizeof(*s));
	void *p;

	if (s == NULL)
		return -ENOMEM;
	p = mmap(NULL, n * sizeof(*s->slot), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		int rc = -errno;

		free(s);
		return rc;
	}
	*s = (struct stats){.n = n, .slot = p};
	*ret = s;
	return 0;
}

void
stats_free(struct stats *s)
{
	if (s == NULL)
		return;
	munmap(s->slot, s->n * sizeof(*s->slot));
	free(s);
}

struct stats_slot *
stats_slot(struct stats *s, size_t i)
{
	return &s->slot[i];
}

void
stats_add(struct stats_slot *slot, enum stats_counter c, uint64_t n)
{
	atomic_fetch_add_explicit(&slot->v[c], n, memory_order_relaxed);
}

uint64_t
stats_get(const struct stats_slot *slot, enum stats_counter c)
{
	return atomic_load_explicit(&slot->v[c], memory_order_relaxed);
}

uint64_t
stats_sum(const struct stats *s, enum stats_counter c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += stats_get(&s->slot[i], c);
	return sum;
}

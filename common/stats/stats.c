#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/bytes/domain.h"
#include "common/limits.h"
#include "common/stats/stats.h"

enum { CACHE_LINE = 64 };

/* A place of the table of domains. */
enum place_state { PLACE_FREE, PLACE_TAKEN, PLACE_READY };

struct place {
	_Atomic int state; /* READY: the name will not change any more */
	uint32_t hash;     /* of the name; told first, when all are taken */
	char name[DOMAIN_MAX + 1];
	_Atomic uint64_t n[STATS_KINDS];
};

struct stats_slot {
	alignas(CACHE_LINE) _Atomic uint64_t v[STATS_COUNTERS_MAX];
	size_t index;
};

struct shared {
	struct place domain[STATS_DOMAINS_MAX + 1]; /* the last: all others */
	struct stats_slot slot[];
};

struct stats {
	size_t n;
	size_t bytes;
	struct shared *shared; /* everything else is our own */
};

int
stats_new(size_t n, struct stats **ret)
{
	struct stats *s = calloc(1, sizeof(*s));
	size_t bytes = sizeof(*s->shared) + n * sizeof(struct stats_slot);
	struct shared *p;

	if (s == NULL)
		return -ENOMEM;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		int rc = -errno;

		free(s);
		return rc;
	}
	for (size_t i = 0; i < n; i++)
		p->slot[i].index = i;
	atomic_store(&p->domain[STATS_DOMAINS_MAX].state, PLACE_READY);
	*s = (struct stats){.n = n, .bytes = bytes, .shared = p};
	*ret = s;
	return 0;
}

void
stats_free(struct stats *s)
{
	if (s == NULL)
		return;
	munmap(s->shared, s->bytes);
	free(s);
}

struct stats_slot *
stats_slot(struct stats *s, size_t i)
{
	return &s->shared->slot[i];
}

const struct stats_slot *
stats_look(const struct stats *s, size_t i)
{
	return &s->shared->slot[i];
}

void
stats_add(struct stats_slot *slot, unsigned counter, uint64_t n)
{
	if (slot != NULL)
		atomic_fetch_add_explicit(
		    &slot->v[counter], n, memory_order_relaxed);
}

void
stats_set(struct stats_slot *slot, unsigned counter, uint64_t value)
{
	atomic_store_explicit(&slot->v[counter], value, memory_order_relaxed);
}

uint64_t
stats_bucket_ms(size_t i)
{
	static const uint64_t ms[STATS_BUCKETS] = {
	    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, UINT64_MAX};

	return ms[i];
}

void
stats_add_time(struct stats_slot *slot, unsigned first, uint64_t ms)
{
	unsigned i = 0;

	while (ms > stats_bucket_ms(i))
		i++;
	stats_add(slot, first + i, 1);
	stats_add(slot, first + STATS_BUCKETS, ms);
}

uint64_t
stats_get(const struct stats_slot *slot, unsigned counter)
{
	return atomic_load_explicit(&slot->v[counter], memory_order_relaxed);
}

uint64_t
stats_sum(const struct stats *s, unsigned counter)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += stats_get(&s->shared->slot[i], counter);
	return sum;
}

/* --- counted by domain ---------------------------------------------------- */

/* True if the free place is the domain's from now on. */
static bool
take(struct place *p, struct span name, uint32_t h)
{
	int is_free = PLACE_FREE;

	if (!atomic_compare_exchange_strong(&p->state, &is_free, PLACE_TAKEN))
		return false;
	memcpy(p->name, name.p, name.n);
	p->hash = h;
	atomic_store(&p->state, PLACE_READY);
	return true;
}

/* The domain's place, or the others'. Where another worker writes just now, we
 * do not wait: it may be this very name, or the worker may be dead. */
static struct place *
place_of(struct shared *s, struct span name)
{
	struct place *others = &s->domain[STATS_DOMAINS_MAX];
	uint32_t h = span_hash(name);

	if (name.n > DOMAIN_MAX)
		return others;
	for (size_t i = 0; i < STATS_DOMAINS_MAX; i++) {
		struct place *p = &s->domain[(h + i) % STATS_DOMAINS_MAX];

		if (atomic_load(&p->state) == PLACE_FREE && take(p, name, h))
			return p;
		if (atomic_load(&p->state) != PLACE_READY)
			return others;
		if (p->hash == h && span_eq(span_str(p->name), name))
			return p;
	}
	return others;
}

void
stats_add_domain(struct stats_slot *slot, struct span domain, unsigned kind)
{
	struct stats_slot *first;
	struct shared *s;

	if (slot == NULL)
		return;
	first = slot - slot->index;
	s = (struct shared *)((char *)first - offsetof(struct shared, slot));
	atomic_fetch_add_explicit(
	    &place_of(s, domain)->n[kind], 1, memory_order_relaxed);
}

bool
stats_domain(const struct stats *s, size_t i, struct stats_domain *ret)
{
	const struct place *p = &s->shared->domain[i];

	if (atomic_load(&p->state) != PLACE_READY)
		return false;
	ret->name = p->name;
	for (size_t k = 0; k < STATS_KINDS; k++)
		ret->n[k] = p->n[k];
	return true;
}

/* --- how they are shown --------------------------------------------------- */

const struct stats_row stats_connections[] = {
    {.first = STATS_ACCEPTED,
        .family = "connections_total",
        .help = "Connections that came in."},
    {.first = STATS_CLOSED,
        .family = "connections_closed_total",
        .help = "Connections that ended."},
    {.family = NULL},
};

const struct stats_row stats_supervisor[] = {
    {.first = STATS_RELOADS,
        .family = "reloads_total",
        .help = "Settings that came into force."},
    {.first = STATS_RELOADS_FAILED,
        .family = "reload_failures_total",
        .help = "Settings that were refused."},
    {.first = STATS_WORKERS_DIED,
        .family = "workers_died_total",
        .help = "Workers that ended without being told to."},
    {.first = STATS_GENERATION,
        .family = "generation",
        .help = "Number of the settings in force.",
        .gauge = true},
    {.first = STATS_STARTED,
        .family = "start_time_seconds",
        .help = "When the daemon was started.",
        .gauge = true},
    {.first = STATS_LOADED,
        .family = "config_time_seconds",
        .help = "When the settings in force were read.",
        .gauge = true},
    {.family = NULL},
};

void
stats_walk(const struct stats_row *rows,
    void (*show)(void *arg, const struct stats_row *one), void *arg)
{
	for (; rows->rows != NULL || rows->family != NULL; rows++) {
		struct stats_row one = *rows;

		if (rows->rows != NULL) {
			stats_walk(rows->rows, show, arg);
			continue;
		}
		for (unsigned i = 0; i == 0 || i < rows->n; i++) {
			one.first = rows->first + i;
			if (rows->n > 0)
				one.value[rows->label[1] != NULL] =
				    rows->word(i);
			show(arg, &one);
		}
	}
}

/*
 * Trick: the names are sorted, equal ones by their place, so that a field finds
 * the first of its name by halving, and that one knows how many after it are
 * filled. Any order of names will do: by length first is the quickest. Of
 * DomainKeys a mention may have several fields: they are a list, each with the
 * number of the next.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/dkim/named.h"
#include "common/dkim/taglist.h"
#include "common/limits.h"

/* One name of the list. Sorted by name, then by place. */
struct mention {
	struct span name;
	size_t place;
	size_t filled; /* of the names that are equal, in the first of them */
	const struct field *field;
};

static int
compare(struct span a, struct span b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	for (size_t i = 0; i < a.n; i++) {
		int d = span_lower((unsigned char)a.p[i]) -
		    span_lower((unsigned char)b.p[i]);

		if (d != 0)
			return d;
	}
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	int order = compare(x->name, y->name);

	return order != 0 ? order
	                  : (x->place > y->place) - (x->place < y->place);
}

/* The first of that name, or n. */
static size_t
find(const struct mention *v, size_t n, struct span name)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (compare(v[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && compare(v[low].name, name) == 0 ? low : n;
}

/* The field goes to the first of its name that has none. */
static void
fill(struct mention *v, size_t n, const struct field *f)
{
	size_t first = find(v, n, f->name), i;

	if (first == n)
		return;
	i = first + v[first].filled;
	if (i < n && compare(v[i].name, f->name) == 0) {
		v[i].field = f;
		v[first].filled++;
	}
}

/* The names, sorted. 0, -E2BIG or -ENOMEM. */
static int
sort(
    struct span names, struct arena *arena, struct mention **ret, size_t *ret_n)
{
	struct span rest;
	struct mention *v;
	size_t n = 0;

	for (rest = names; rest.n > 0; n++)
		taglist_item(&rest);
	if (n > SIGNATURE_NAMES_MAX)
		return -E2BIG;
	v = arena_alloc(arena, (n + 1) * sizeof *v);
	if (v == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct mention){taglist_item(&names), i, 0, NULL};
	qsort(v, n, sizeof v[0], by_name);
	*ret = v;
	*ret_n = n;
	return 0;
}

int
named_pick(struct span names, const struct field_list *fields,
    const struct field *except, struct arena *arena, struct named_fields *ret)
{
	struct named_field *picked;
	struct mention *v;
	size_t n;
	int rc = sort(names, arena, &v, &n);

	if (rc != 0)
		return rc;
	picked = arena_alloc(arena, (n + 1) * sizeof picked[0]);
	if (picked == NULL)
		return -ENOMEM;
	for (size_t i = fields->n; i > 0; i--) {
		if (&fields->v[i - 1] != except)
			fill(v, n, &fields->v[i - 1]);
	}
	for (size_t i = 0; i < n; i++)
		picked[v[i].place] =
		    (struct named_field){v[i].name, v[i].field};
	*ret = (struct named_fields){picked, n};
	return 0;
}

/* --- DomainKeys ----------------------------------------------------------- */

/* How many of the names are that of v[first]. */
static size_t
count_equal(const struct mention *v, size_t n, size_t first)
{
	size_t i = first;

	while (i < n && compare(v[i].name, v[first].name) == 0)
		i++;
	return i - first;
}

/* Puts the field, above all that were before, into the list of a mention: the
 * last one that has none, or else the first of that name. */
static void
link_field(struct mention *v, size_t n, const struct field_list *fields,
    size_t which, const struct field **next)
{
	const struct field *f = &fields->v[which];
	size_t first = find(v, n, span_trim(f->name)), later;

	if (first == n)
		return;
	if (v[first].filled == 0)
		v[first].filled = count_equal(v, n, first);
	later = v[first].filled - 1;
	if (later > 0)
		v[first].filled--;
	next[which] = v[first + later].field;
	v[first + later].field = f;
}

/* The lists of all mentions, in the order of the names. */
static void
gather(const struct mention *v, const size_t *at, size_t n,
    const struct field_list *fields, const struct field *const *next,
    struct named_field *picked, size_t *ret_n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		const struct field *f = v[at[i]].field;

		for (; f != NULL; f = next[f - fields->v])
			picked[k++] = (struct named_field){f->name, f};
	}
	*ret_n = k;
}

int
named_pick_below(struct span names, const struct field_list *fields,
    const struct field *own, struct arena *arena, struct named_fields *ret)
{
	size_t top = (size_t)(own - fields->v) + 1, n, k = 0, *at;
	struct named_field *picked =
	    arena_alloc(arena, (fields->n + 1) * sizeof picked[0]);
	const struct field **next =
	    arena_alloc(arena, fields->n * sizeof next[0]);
	struct mention *v;
	int rc = sort(names, arena, &v, &n);

	if (rc != 0)
		return rc;
	at = arena_alloc(arena, (n + 1) * sizeof at[0]);
	if (picked == NULL || next == NULL || at == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		at[v[i].place] = i;
	for (size_t i = fields->n; i > top && n > 0; i--)
		link_field(v, n, fields, i - 1, next);
	gather(v, at, n, fields, next, picked, &k);
	for (size_t i = top; i < fields->n && n == 0; i++)
		picked[k++] =
		    (struct named_field){fields->v[i].name, &fields->v[i]};
	*ret = (struct named_fields){picked, k};
	return 0;
}

/*
 * Trick: the names are sorted, equal ones by their place, so that a field finds
 * the first of its name by halving, and that one knows how many after it are
 * filled. Any order of names will do: by length first is the quickest.
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

int
named_pick(struct span names, const struct field_list *fields,
    const struct field *except, struct arena *arena, struct named_fields *ret)
{
	struct named_field *picked;
	struct mention *v;
	struct span rest;
	size_t n = 0;

	for (rest = names; rest.n > 0; n++)
		taglist_item(&rest);
	if (n > SIGNATURE_NAMES_MAX)
		return -E2BIG;
	v = arena_alloc(arena, (n + 1) * sizeof *v);
	picked = arena_alloc(arena, (n + 1) * sizeof picked[0]);
	if (v == NULL || picked == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct mention){taglist_item(&names), i, 0, NULL};
	qsort(v, n, sizeof v[0], by_name);
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

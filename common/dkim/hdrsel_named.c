/* The fields that an h= names. */
#include <errno.h>
#include <stdlib.h>

#include "common/dkim/taglist.h"
#include "signer/sign/hdrsel.h"

/* One name of the list. Sorted by name, then by place. */
struct named {
	struct span name;
	size_t place;
	size_t filled; /* of the names that are equal, in the first of them */
	const struct field *field;
};

/* Any order of names will do: length first, it is the quickest. */
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
	const struct named *x = a, *y = b;
	int order = compare(x->name, y->name);

	return order != 0 ? order
	                  : (x->place > y->place) - (x->place < y->place);
}

/* The first of that name, or n. */
static size_t
find(const struct named *v, size_t n, struct span name)
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
fill(struct named *v, size_t n, const struct field *f)
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
hdrsel_named(struct span names, const struct field_list *fields,
    const struct field **ret, size_t *ret_n)
{
	struct named v[HDRSEL_MAX];
	size_t n = 0;

	while (names.n > 0) {
		if (n == HDRSEL_MAX)
			return -E2BIG;
		v[n] = (struct named){taglist_item(&names), n, 0, NULL};
		n++;
	}
	if (n > 0)
		qsort(v, n, sizeof v[0], by_name);
	for (size_t i = fields->n; i > 0; i--)
		fill(v, n, &fields->v[i - 1]);
	for (size_t i = 0; i < n; i++)
		ret[v[i].place] = v[i].field;
	*ret_n = n;
	return 0;
}

/*
 * Patterns are sorted by what stands behind their last '*', read backwards, and
 * then by what stands in front of the first. So an address is followed byte by
 * byte through one sorted list, from its end and then from its front, and only
 * patterns whose two ends fit are ever compared: ten thousand rows cost about
 * as much as ten.
 *
 * The answer is the first row in the order of the file, so every pattern that
 * fits has its number, and the least wins.
 */
#include "signer/tables/globset.h"

#include <errno.h>
#include <stdlib.h>

#include "signer/tables/glob.h"

/* --- making it ------------------------------------------------------------ */

int
globset_init(struct globset *g, size_t n, struct arena *arena)
{
	g->item = arena_alloc(arena, n * sizeof *g->item);
	g->n = 0;
	return g->item == NULL ? -ENOMEM : 0;
}

static void
lower_all(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)span_lower((unsigned char)p[i]);
}

int
globset_add(
    struct globset *g, struct span pattern, size_t number, struct arena *arena)
{
	struct globset_item *item = &g->item[g->n];
	size_t head = span_find(pattern, '*'), tail = 0;
	char *key = arena_dup(arena, span_of(pattern.p, head));
	char *back;

	while (pattern.p[pattern.n - 1 - tail] != '*')
		tail++;
	back = arena_alloc(arena, tail);
	if (key == NULL || back == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < tail; i++)
		back[i] = pattern.p[pattern.n - 1 - i];
	lower_all(key, head);
	lower_all(back, tail);
	*item = (struct globset_item){.pattern = pattern, .number = number};
	item->key[GLOBSET_HEAD] = span_of(key, head);
	item->key[GLOBSET_TAIL] = span_of(back, tail);
	g->n++;
	return 0;
}

/* A key that is the beginning of another comes before it. */
static int
compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int
by_keys(const void *a, const void *b)
{
	const struct globset_item *x = a, *y = b;
	int order = 0;

	for (int i = 0; i < GLOBSET_KEYS && order == 0; i++)
		order = compare(x->key[i], y->key[i]);
	return order != 0 ? order
	                  : (x->number > y->number) - (x->number < y->number);
}

void
globset_sort(struct globset *g)
{
	qsort(g->item, g->n, sizeof *g->item, by_keys);
}

/* --- finding -------------------------------------------------------------- */

/* A part of the sorted list. */
struct part {
	size_t low, high;
};

/* A byte of a key, or -1 behind its end. */
static int
byte_at(const struct globset_item *item, enum globset_key key, size_t i)
{
	struct span s = item->key[key];

	return i < s.n ? (unsigned char)s.p[i] : -1;
}

/* Where in the part, whose keys are alike before byte i, those begin that have
 * at least that value there. */
static size_t
first_from(const struct globset *g, struct part p, enum globset_key key,
    size_t i, int value)
{
	while (p.low < p.high) {
		size_t mid = (p.low + p.high) / 2;

		if (byte_at(&g->item[mid], key, i) < value)
			p.low = mid + 1;
		else
			p.high = mid;
	}
	return p.low;
}

/* Of a part with one tail and one head, sorted by number. Only what has more
 * than one '*' need not match. */
static size_t
try_all(const struct globset *g, struct part p, struct span text, size_t from)
{
	const struct globset_item *item = &g->item[p.low];
	size_t high = p.high;

	if (item->key[GLOBSET_TAIL].n + item->key[GLOBSET_HEAD].n > text.n)
		return SIZE_MAX;
	while (p.low < high) {
		size_t mid = (p.low + high) / 2;

		if (g->item[mid].number < from)
			p.low = mid + 1;
		else
			high = mid;
	}
	for (; p.low < p.high; p.low++) {
		if (glob_match(g->item[p.low].pattern, text))
			return g->item[p.low].number;
	}
	return SIZE_MAX;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Follows the text through the keys of the part: those that end on the way
 * fit. */
static size_t
follow(const struct globset *g, struct part p, enum globset_key key,
    struct span text, size_t from)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; p.low < p.high; i++) {
		struct part fit = {p.low, first_from(g, p, key, i, 0)};
		int c;

		if (fit.low < fit.high)
			best = least(best,
			    key == GLOBSET_TAIL
			        ? follow(g, fit, GLOBSET_HEAD, text, from)
			        : try_all(g, fit, text, from));
		if (i == text.n)
			break;
		c = span_lower(
		    (unsigned char)
		        text.p[key == GLOBSET_TAIL ? text.n - 1 - i : i]);
		p.low =
		    first_from(g, (struct part){fit.high, p.high}, key, i, c);
		p.high = first_from(g, p, key, i, c + 1);
	}
	return best;
}

size_t
globset_next(const struct globset *g, struct span text, size_t from)
{
	return follow(g, (struct part){0, g->n}, GLOBSET_TAIL, text, from);
}

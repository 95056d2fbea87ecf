#include <stdint.h>
#include <stdlib.h>

#include "signer/tables/authtable.h"
#include "signer/tables/signtable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every row that a search finds is of the table, and the search ends. */
static void
walk(const struct signtable *t, struct span address)
{
	size_t at = span_find(address, '@'), steps = 0, row;
	struct signtable_walk w;

	if (at == address.n || address.n > 300)
		return;
	signtable_begin(&w, address, at);
	do {
		row = signtable_next(t, &w);
		if (row > t->table.n || steps++ > t->table.n + 300)
			abort();
	} while (row < t->table.n);
}

static void
sign(const char *spec, struct span text, struct span keys, struct span address)
{
	struct keytable k = {.n = 0};
	struct signtable s;
	struct arena arena;
	struct buf why;
	int rc = 0;

	arena_init(&arena, 64 << 20);
	buf_init(&why, 1 << 20);
	if (spec[0] != 'k')
		rc = keytable_parse("/k", keys, &arena, &k, &why, &why);
	if (rc == 0 && signtable_parse(spec, text, &arena, &k, &s, &why) == 0)
		walk(&s, address);
	keytable_free(&k);
	buf_free(&why);
	arena_free(&arena);
}

static void
log_in(struct span text, struct span address)
{
	struct authtable t;
	struct arena arena;
	struct buf why;

	arena_init(&arena, 64 << 20);
	buf_init(&why, 1 << 20);
	if (authtable_parse("/a", text, &arena, &t, &why) == 0)
		(void)authtable_find(&t, address, address);
	buf_free(&why);
	arena_free(&arena);
}

/* An address, a KeyTable, a form feed, a SigningTable. A path
 * with '%' is not looked for on the disk here: glob(3) is not what is
 * tested. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size), address, keys;

	if (size > 20000)
		return 0;
	address = span_of(all.p, span_find(all, '\n'));
	all = span_skip(all, address.n + 1);
	keys = span_of(all.p, span_find(all, '\f'));
	all = span_skip(all, keys.n + 1);
	if (keys.n > 0 && memchr(keys.p, '%', keys.n) != NULL &&
	    memchr(keys.p, '/', keys.n) != NULL)
		return 0;
	sign("refile:/s", all, keys, address);
	sign("file:/s", all, keys, address);
	sign("keylist:/s", all, keys, address);
	log_in(all, address);
	return 0;
}

/* A KeyTable with keys in its rows, and the PEM that they become. */
#include <stdint.h>
#include <stdlib.h>

#include "signer/keys/keyfile.h"
#include "signer/tables/keyline.h"
#include "signer/tables/keytable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_at_key(struct span pem)
{
	unsigned char half[KEYFILE_PUBLIC_MAX];
	const char *why = NULL;
	struct keyfile f;

	if (keyfile_read(pem, &f, &why) != 0) {
		if (why == NULL)
			abort();
		return;
	}
	if (keyfile_rsa_public(&f, half) > sizeof half ||
	    (f.facts.algorithm == KEY_ED25519_SHA256) !=
	        (keyfile_ed25519_seed(&f) != NULL))
		abort();
	keyfile_free(&f);
}

/* Every entry belongs to one row, and no value is left. */
static void
look_at_table(const struct keytable *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->table.n; i++) {
		const struct keytable_row *r = &k->row[i];

		if (k->table.row[i].value[0] != '\0' || r->first != n ||
		    (r->wrong && r->count > 0))
			abort();
		n += r->count;
		(void)keytable_entry(k, i, "a.example");
	}
	if (n != k->n)
		abort();
	for (size_t i = 0; i < k->n; i++) {
		const struct key_settings *key = k->entry[i].domain.key;

		if (key->pem != NULL)
			look_at_key(span_str(key->pem));
	}
	(void)keytable_nearest(k, span_str("a.example"));
}

static void
look_at_line(struct span line)
{
	struct arena arena;
	char *pem;

	arena_init(&arena, 1 << 20);
	pem = keyline_pem(line, &arena);
	if (pem == NULL)
		abort();
	look_at_key(span_str(pem));
	arena_wipe(&arena);
}

/* A path with '%' is not looked for on the disk: glob(3) is not what is
 * tested. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data, size);
	struct arena arena;
	struct keytable k;
	struct buf why;

	if (size > 20000)
		return 0;
	look_at_line(text);
	if (span_find(text, '%') < text.n && span_find(text, '/') < text.n)
		return 0;
	arena_init(&arena, 64 << 20);
	buf_init(&why, 1 << 20);
	if (keytable_parse("/k", text, &arena, &k, &why, &why) == 0) {
		look_at_table(&k);
		keytable_free(&k);
	}
	buf_free(&why);
	arena_free(&arena);
	return 0;
}

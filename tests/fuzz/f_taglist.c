/* Tag lists and key records; what is read can be written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "common/dkim/keyrecord.h"
#include "common/dkim/taglist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again_list(const struct taglist *list)
{
	struct taglist again;
	const char *why;
	struct buf text;

	buf_init(&text, 1 << 22);
	for (size_t i = 0; i < list->n; i++) {
		buf_span(&text, list->v[i].name);
		buf_byte(&text, '=');
		buf_span(&text, list->v[i].value);
		buf_byte(&text, ';');
	}
	if (taglist_parse(buf_view(&text), &again, &why) != PARSE_OK ||
	    again.n != list->n)
		abort();
	for (size_t i = 0; i < list->n; i++) {
		if (!span_eq(again.v[i].name, list->v[i].name) ||
		    !span_eq(again.v[i].value, list->v[i].value))
			abort();
	}
	buf_free(&text);
}

static void
again_record(const struct keyrecord *k)
{
	struct keyrecord again;
	const char *why;
	struct buf text;

	buf_init(&text, 1 << 22);
	keyrecord_print(k, &text);
	if (keyrecord_parse(buf_view(&text), &again, &why) != PARSE_OK ||
	    again.algorithm != k->algorithm || !span_eq(again.key, k->key) ||
	    !span_eq(again.notes, k->notes) || again.testing != k->testing ||
	    again.exact_domain != k->exact_domain)
		abort();
	keyrecord_zone(k, span_str("s"), span_str("d.example"), &text);
	if (buf_error(&text) != 0)
		abort();
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct taglist list;
	struct keyrecord k;
	const char *why;

	if (taglist_parse(in, &list, &why) == PARSE_OK)
		again_list(&list);
	if (keyrecord_parse(in, &k, &why) == PARSE_OK)
		again_record(&k);
	return 0;
}

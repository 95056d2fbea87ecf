/*
 * A Content-Type and a body behind an LF: the answer does not depend on where
 * the body is cut, and little is kept.
 */
#include <stdint.h>
#include <stdlib.h>

#include "signer/sign/mimewalk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
walk(struct span type, struct span body, size_t step)
{
	struct mimewalk w = {.changed = false};
	bool changed;

	mimewalk_init(&w);
	mimewalk_field(&w, &(struct field){span_str("Content-Type"), type});
	for (; body.n > 0; body = span_skip(body, step))
		mimewalk_body(
		    &w, span_of(body.p, step < body.n ? step : body.n));
	mimewalk_end(&w);
	if (mimewalk_held(&w) > MIMEWALK_BOUNDS_MAX + 2 * MIMEWALK_LINE_MAX)
		abort();
	changed = w.changed;
	mimewalk_free(&w);
	return changed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size), body;
	size_t n = span_find(in, '\n');
	bool changed;

	body = span_skip(in, n + 1);
	in.n = n;
	changed = walk(in, body, size + 1);
	if (walk(in, body, 1) != changed || walk(in, body, 7) != changed)
		abort();
	return 0;
}

/* A body in chunks beside a plain canonicalizer, and header fields. */
#include <stdint.h>
#include <stdlib.h>

#include "common/dkim/canon.h"
#include "tests/support/plaincanon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
append(void *arg, struct span run)
{
	if (run.n == 0)
		abort();
	buf_span(arg, run);
}

/* Chunks of 1 to 256 bytes, drawn from seed; of the whole when it is 0. */
static void
body(enum canonicalization canon, struct span in, unsigned seed,
    const struct buf *want)
{
	struct canon_body c;
	struct buf got;
	struct canon_sink sink = {append, &got};

	buf_init(&got, 1 << 22);
	canon_body_init(&c, canon);
	while (in.n > 0) {
		size_t n = seed == 0 ? in.n : (size_t)rand_r(&seed) % 256 + 1;
		/* A copy, so that a byte too many is noticed. */
		char *chunk = malloc(n = n > in.n ? in.n : n);

		memcpy(chunk, in.p, n);
		canon_body_feed(&c, span_of(chunk, n), &sink);
		free(chunk);
		in = span_skip(in, n);
	}
	canon_body_end(&c, &sink);
	if (!span_eq(buf_view(&got), buf_view(want)))
		abort();
	buf_free(&got);
}

/* Relaxed is what relaxed makes of simple's lines; both end in one CRLF. */
static void
header(struct span in)
{
	size_t colon = span_find(in, ':');
	struct field f = {span_of(in.p, colon), span_skip(in, colon + 1)};
	struct buf simple, relaxed;

	buf_init(&simple, 1 << 22);
	buf_init(&relaxed, 1 << 22);
	if (canon_field(&simple, CANON_SIMPLE, &f) != 0 ||
	    canon_field(&relaxed, CANON_RELAXED, &f) != 0)
		abort();
	if (memcmp(simple.p + simple.n - 2, "\r\n", 2) != 0 ||
	    memcmp(relaxed.p + relaxed.n - 2, "\r\n", 2) != 0)
		abort();
	f.value = span_of(simple.p + colon + 1, simple.n - colon - 3);
	buf_clear(&relaxed);
	canon_field(&relaxed, CANON_RELAXED, &f);
	if (canon_field_sound(&f) &&
	    memchr(relaxed.p, '\n', relaxed.n - 1) != NULL)
		abort();
	buf_free(&simple);
	buf_free(&relaxed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum canonicalization both[] = {
	    CANON_SIMPLE, CANON_RELAXED};
	struct span in = span_of(data, size);

	for (size_t i = 0; i < 2; i++) {
		struct buf want;

		buf_init(&want, 1 << 22);
		plaincanon_body(both[i], in, &want);
		body(both[i], in, 0, &want);
		body(both[i], in, 1 + (unsigned)size, &want);
		buf_free(&want);
	}
	header(in);
	return 0;
}

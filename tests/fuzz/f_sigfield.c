/*
 * A DKIM-Signature value from outside, verified; and one written over fields
 * and names from outside, which must verify.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/dkim/bodyhash.h"
#include "common/dkim/sigfield.h"
#include "signer/sign/sign.h"
#include "tests/support/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct key *key;
static struct sign *sign;

static void
once(void)
{
	const char *why;

	if (key != NULL)
		return;
	if (key_new(span_str(pem_ed25519), &key, &why) != 0 ||
	    sign_new(&sign) != 0)
		abort();
}

/* Fields of a message: lines "name:value", taken off the input. */
static size_t
fields_of(struct span in, struct field *v, size_t max)
{
	size_t n = 0;

	v[n++] = (struct field){span_str("From"), span_str(" a@b.example")};
	while (in.n > 0 && n < max) {
		size_t end = span_find(in, '\0');
		struct span line = span_of(in.p, end);
		size_t colon = span_find(line, ':');

		v[n++] = (struct field){
		    span_of(line.p, colon), span_skip(line, colon + 1)};
		in = span_skip(in, end + 1);
	}
	return n;
}

static void
written(const struct sign_params *p, const struct field_list *fields,
    const unsigned char *hash)
{
	struct arena arena;
	struct named_fields sel;
	struct buf out;
	int error;

	arena_init(&arena, 1 << 20);
	buf_init(&out, SIGFIELD_MAX);
	error = hdrsel_pick(hdrsel_default(), fields, &arena, &sel);
	if (error == 0)
		error = sign_field(sign, key, p, &sel, hash, &out);
	if (error == 0 &&
	    sign_verify(sign, key, buf_view(&out), fields, hash) != 0)
		abort();
	buf_free(&out);
	arena_free(&arena);
}

/* A local part of any bytes but NUL, at the domain that signs. */
static struct span
identity_of(struct span in, char *text)
{
	static const char domain[] = "@b.example";
	size_t n = 0;

	for (size_t i = 0; i < in.n && n < 40; i++) {
		if (in.p[i] != '\0')
			text[n++] = in.p[i];
	}
	memcpy(text + n, domain, sizeof domain - 1);
	return span_of(text, n + sizeof domain - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char hash[BODYHASH_SIZE];
	struct span in = span_of(data, size);
	struct field v[40];
	struct field_list fields = {v, fields_of(in, v, 40)};
	struct sign_params p = {
	    .header_canon = size % 2 == 0 ? CANON_SIMPLE : CANON_RELAXED,
	    .domain = span_str("b.example"),
	    .selector = span_str("s"),
	    .now = size,
	};
	char identity[64];

	p.identity = identity_of(in, identity);
	once();
	if (sign_verify(sign, key, in, &fields, hash) == 0)
		abort();
	written(&p, &fields, hash);
	return 0;
}

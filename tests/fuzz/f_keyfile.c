/* Bytes of a key file, raw and as the DER of a PEM block. */
#include <stdint.h>
#include <stdlib.h>

#include "common/dkim/base64.h"
#include "signer/keys/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(struct span pem)
{
	const char *why = NULL;
	struct keyfile f;

	if (keyfile_read(pem, &f, &why) != 0) {
		if (why == NULL)
			abort();
		return;
	}
	if (f.n == 0 || f.facts.bits < 256 || f.facts.bits > KEY_RSA_BITS_MAX)
		abort();
	keyfile_free(&f);
}

static void
wrapped(const char *name, const uint8_t *der, size_t n)
{
	struct buf pem;

	buf_init(&pem, 1 << 22);
	buf_fmt(&pem, "-----BEGIN %s-----", name);
	for (size_t i = 0; i < n; i += 48) {
		buf_byte(&pem, '\n');
		base64_add(&pem, der + i, n - i < 48 ? n - i : 48);
	}
	buf_fmt(&pem, "\n-----END %s-----\n", name);
	look(buf_view(&pem));
	buf_free(&pem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look(span_of(data, size));
	wrapped("PRIVATE KEY", data, size);
	wrapped("RSA PRIVATE KEY", data, size);
	return 0;
}

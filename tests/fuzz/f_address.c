#include <stdint.h>
#include <stdlib.h>

#include "common/mail/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found is in the object and can be written as an address again. */
static void
check(const struct address *a)
{
	char text[2 * ADDRESS_MAX + 8];
	struct address again;
	const char *why;
	size_t n = 0;

	if (a->local.p != a->text || a->domain.p != a->text + a->local.n ||
	    a->domain.n == 0 || a->local.n + a->domain.n > ADDRESS_MAX)
		abort();
	text[n++] = '"';
	for (size_t i = 0; i < a->local.n; i++) {
		if (a->local.p[i] == '"' || a->local.p[i] == '\\')
			text[n++] = '\\';
		text[n++] = a->local.p[i];
	}
	text[n++] = '"';
	text[n++] = '@';
	memcpy(text + n, a->domain.p, a->domain.n);
	n += a->domain.n;
	if (address_parse(span_of(text, n), &again, &why) != ADDRESS_ONE ||
	    !span_eq(again.local, a->local) ||
	    !span_eq(again.domain, a->domain))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct address a;

	switch (address_parse(span_of(data, size), &a, &why)) {
	case ADDRESS_ONE:
	case ADDRESS_SEVERAL:
		check(&a);
		break;
	case ADDRESS_NONE:
		break;
	case ADDRESS_BAD:
		if (why == NULL)
			abort();
		break;
	}
	return 0;
}

/* Any From and List-Id: what is found is a clean name, which stands in the
 * field. */
#include <stdint.h>
#include <stdlib.h>

#include "verifier/dmarc/author.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	if (n == 0 || n > DOMAIN_MAX || name[n] != '\0' ||
	    !domain_is_name(span_str(name)))
		abort();
}

/* Of ASCII alone: the name stands there in one piece, behind an "@". */
static void
check_place(struct span value, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n <= value.n; i++) {
		if (span_ieqs(span_of(value.p + i, n), name))
			return;
	}
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span value = span_of(data, size);
	struct field f[] = {
	    {span_str("From"), value}, {span_str("List-Id"), value}};
	struct field_list fields = {f, 2};
	char name[DOMAIN_MAX + 1];
	const char *why = NULL;

	if (author_find(&fields, name, &why) == AUTHOR_ONE) {
		check_name(name);
		if (span_is_ascii(value))
			check_place(value, name);
	} else if (why == NULL || name[0] != '\0') {
		abort();
	}
	if (author_list(&fields, name)) {
		check_name(name);
		if (span_is_ascii(value))
			check_place(value, name);
	} else if (name[0] != '\0') {
		abort();
	}
	return 0;
}

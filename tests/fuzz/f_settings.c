/*
 * Any text as a config: it is taken or refused with sentences, never both; and
 * what is taken is the same again when its dump is read.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/settings/settings.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The dump of the settings in out; false when the text is refused. */
static bool
dump(struct span text, enum settings_scope scope, struct buf *out)
{
	struct settings *s = NULL;
	struct buf why, warn;
	int rc;

	buf_init(&why, 1 << 20);
	buf_init(&warn, 1 << 20);
	rc = settings_parse("f", text, scope, &s, &why, &warn);
	must(rc == 0 || rc == -EINVAL);
	must((rc == 0) == (why.n == 0));
	if (rc == 0)
		settings_dump(s, scope, out);
	settings_free(s);
	buf_free(&why);
	buf_free(&warn);
	return rc == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum settings_scope scope = size == 0 ? SETTINGS_ALL : data[0] % 3 + 1;
	struct buf first, second;

	buf_init(&first, 1 << 24);
	buf_init(&second, 1 << 24);
	if (size > 0 && dump(span_of(data + 1, size - 1), scope, &first)) {
		must(dump(buf_view(&first), scope, &second));
		must(buf_error(&first) == 0 && buf_error(&second) == 0);
		must(span_eq(buf_view(&first), buf_view(&second)));
	}
	buf_free(&first);
	buf_free(&second);
	return 0;
}

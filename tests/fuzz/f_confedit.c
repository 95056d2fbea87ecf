/*
 * One value in any text: what was set is there, the rest stands as it stood,
 * and to set it again changes nothing.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "admin/key/confedit.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct confedit_step path[] = {
    {"domain", "a.example"}, {"key", "s"}};

/* Sets it in text; false when that is no config. */
static bool
set(struct span text, size_t depth, struct buf *out)
{
	struct buf why;
	int rc;

	buf_init(out, 1 << 20);
	buf_init(&why, 1 << 20);
	rc = confedit_set("f", text, path, depth, "file", "\"/k\"", out, &why);
	must(rc == 0 || rc == -EINVAL);
	must((rc == 0) == (why.n == 0));
	buf_free(&why);
	return rc == 0;
}

static void
check_depth(struct span text, size_t depth)
{
	struct buf once, twice, gone;
	struct span value;
	bool there = confedit_get(text, path, depth, "file", &value) == 0;
	size_t old = there ? value.n : 0;
	int rc;

	if (!set(text, depth, &once)) {
		buf_free(&once);
		return;
	}
	must(confedit_get(buf_view(&once), path, depth, "file", &value) == 0);
	must(span_eq(value, span_str("\"/k\"")));
	must(once.n >= text.n - old);
	must(set(buf_view(&once), depth, &twice));
	must(span_eq(buf_view(&once), buf_view(&twice)));
	buf_init(&gone, 1 << 20);
	rc = confedit_remove("f", buf_view(&once), path, depth, &gone, NULL);
	must(rc == (depth == 0 ? -ENOENT : 0));
	must(gone.n <= once.n);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&gone);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t depth = 0; depth <= 2; depth++)
		check_depth(span_of(data, size), depth);
	return 0;
}

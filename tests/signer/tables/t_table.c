#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "signer/limits.h"
#include "signer/tables/table.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static struct arena arena;
static struct buf why;

static void
begin(void)
{
	arena_init(&arena, 256 << 20);
	buf_init(&why, 1 << 20);
}

static void
end(void)
{
	arena_free(&arena);
	buf_free(&why);
}

/* --- rows ----------------------------------------------------------------- */

static void
reads_rows(void)
{
	static const char text[] = "# comment\n\n  a  b c # d\r\n\tkey\tv \n"
	                           "alone\n#\nlast x";
	struct span guarded = guard_copy(span_str(text));
	bool globs;
	struct table t;

	CHECK(table_parse("refile:/t", guarded, &arena, &t, &why) == 0);
	CHECK(t.n == 4 && t.bad == 0 && t.globs);
	CHECK_STR(t.file, "/t");
	CHECK_STR(t.row[0].key, "a");
	CHECK_STR(t.row[0].value, "b c");
	CHECK(t.row[0].line == 3);
	CHECK_STR(t.row[1].value, "v");
	CHECK_STR(t.row[2].value, "");
	CHECK_STR(t.row[3].key, "last");
	CHECK(t.row[3].line == 7);
	CHECK(table_sort(&t, &arena) == 0);
	CHECK(table_find(&t, span_str("KEY"), 0) == 1);
	CHECK(table_find(&t, span_str("key"), 2) == 4);
	CHECK(table_find(&t, span_str("no"), 0) == 4);
	CHECK_STR(table_path("/a:b", &globs), "/a:b");
	CHECK(!globs);
	CHECK_STR(table_path("file:/x", &globs), "/x");
	CHECK(table_parse("/t", span_str(""), &arena, &t, &why) == 0);
	CHECK(t.n == 0 && why.n == 0);
	guard_free(guarded);
}

static void
limits(void)
{
	char *text = malloc(2 * TABLE_ROWS_MAX + 2);
	struct table t;

	memset(text, 'x', TABLE_LINE_MAX + 1);
	text[1] = ' ';
	CHECK(table_parse(
	          "/t", span_of(text, TABLE_LINE_MAX), &arena, &t, &why) == 0);
	CHECK(t.n == 1 && t.bad == 0);
	CHECK(table_parse("/t", span_of(text, TABLE_LINE_MAX + 1), &arena, &t,
	          &why) == 0);
	CHECK(t.n == 0 && t.bad == 1);
	CHECK_STR(buf_text(&why), "/t:1: the line is too long\n");
	buf_clear(&why);
	for (size_t i = 0; i < 2 * TABLE_ROWS_MAX + 2; i += 2)
		memcpy(text + i, "a\n", 2);
	CHECK(table_parse("/t", span_of(text, 2 * TABLE_ROWS_MAX), &arena, &t,
	          &why) == 0);
	CHECK(t.n == TABLE_ROWS_MAX);
	CHECK(table_parse("/t", span_of(text, 2 * TABLE_ROWS_MAX + 2), &arena,
	          &t, &why) == -EINVAL);
	CHECK_STR(buf_text(&why), "/t: more than 200000 rows\n");
	buf_clear(&why);
	free(text);
}

static void
files(void)
{
	char path[TMPDIR_PATH_MAX], want[200];
	struct tmpdir d;
	struct table t;

	tmpdir_make(&d);
	CHECK(table_open(d.path, &arena, &t, &why) == -EINVAL);
	snprintf(want, sizeof want, "%s: is not a regular file\n", d.path);
	CHECK_STR(buf_text(&why), want);
	buf_clear(&why);
	tmpdir_write(&d, "t", "a b\n");
	tmpdir_file(&d, "t", path);
	CHECK(table_open(path, &arena, &t, &why) == 0 && t.n == 1);
	CHECK(truncate(path, (off_t)TABLE_FILE_MAX + 1) == 0);
	CHECK(table_open(path, &arena, &t, &why) == -EINVAL);
	snprintf(want, sizeof want, "%s: is too large for a table\n", path);
	CHECK_STR(buf_text(&why), want);
	buf_clear(&why);
	tmpdir_remove(&d);
}

SUITE("table", T(begin), T(reads_rows), T(limits), T(files), T(end))

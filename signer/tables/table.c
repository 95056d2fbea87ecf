/*
 * Rows keep the order of the file; beside them stands an index by key, in which
 * equal keys stand in the order of their rows. So the first row of a name, and
 * the first from a given row on, are both one search.
 */
#include "signer/tables/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/wholefile.h"
#include "signer/limits.h"

void
table_tell(
    struct buf *why, const struct table *t, unsigned line, const char *fmt, ...)
{
	char text[4 * TABLE_TOLD_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_fmt(why, "%s:%u: %s\n", t->file, line, text);
}

const char *
table_path(const char *spec, bool *ret_globs)
{
	const char *colon = spec[0] == '/' ? NULL : strchr(spec, ':');

	*ret_globs = strncmp(spec, "refile:", 7) == 0;
	return colon == NULL ? spec : colon + 1;
}

/* --- rows ---------------------------------------------------------------- */

/* What no row may have: bytes that would end up in logs and in signatures. */
static bool
is_sound(struct span line)
{
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* The next line without its end and its comment. */
static struct span
next_line(struct span *rest)
{
	struct span line = span_of(rest->p, span_find(*rest, '\n'));

	*rest = span_skip(*rest, line.n + 1);
	line.n = span_find(line, '#');
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return span_trim(line);
}

/* Copies one row into the arena. */
static int
add_row(struct table *t, struct span line, unsigned number, struct arena *arena)
{
	struct table_row *row = &t->row[t->n];
	size_t n = 0;

	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	row->key = arena_dup(arena, span_of(line.p, n));
	row->value = arena_dup(arena, span_trim(span_skip(line, n)));
	row->line = number;
	if (row->key == NULL || row->value == NULL)
		return -ENOMEM;
	t->n++;
	return 0;
}

/* Lines that are rows. */
static size_t
count_rows(struct span text)
{
	size_t n = 0;

	while (text.n > 0)
		n += next_line(&text).n > 0;
	return n;
}

int
table_parse(const char *spec, struct span text, struct arena *arena,
    struct table *ret, struct buf *why)
{
	struct table t = {.n = 0};
	size_t rows = count_rows(text);
	unsigned number = 0;
	int rc = 0;

	t.file = table_path(spec, &t.globs);
	if (rows > TABLE_ROWS_MAX) {
		buf_fmt(why, "%s: more than %d rows\n", t.file, TABLE_ROWS_MAX);
		return -EINVAL;
	}
	t.row = arena_alloc(arena, rows * sizeof *t.row);
	if (t.row == NULL)
		return -ENOMEM;
	while (rc == 0 && text.n > 0) {
		struct span line = next_line(&text);
		const char *wrong = NULL;

		number++;
		if (line.n == 0)
			continue;
		if (line.n > TABLE_LINE_MAX)
			wrong = "the line is too long";
		else if (!is_sound(line))
			wrong = "there is a control character in it";
		if (wrong == NULL) {
			rc = add_row(&t, line, number, arena);
		} else {
			table_tell(why, &t, number, "%s", wrong);
			t.bad++;
		}
	}
	if (rc == 0)
		*ret = t;
	return rc;
}

/* --- lookup -------------------------------------------------------------- */

/* Order of two keys: bytes in lower case. */
static int
compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++) {
		int d = span_lower((unsigned char)a.p[i]) -
		    span_lower((unsigned char)b.p[i]);

		if (d != 0)
			return d;
	}
	return (a.n > b.n) - (a.n < b.n);
}

static int
by_key(const void *a, const void *b, void *arg)
{
	const size_t *x = a, *y = b;
	const struct table_row *row = arg;
	int order = compare(span_str(row[*x].key), span_str(row[*y].key));

	return order != 0 ? order : (*x > *y) - (*x < *y);
}

int
table_sort(struct table *t, struct arena *arena)
{
	t->sorted = arena_alloc(arena, t->n * sizeof *t->sorted);
	if (t->sorted == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++)
		t->sorted[i] = i;
	qsort_r(t->sorted, t->n, sizeof *t->sorted, by_key, t->row);
	return 0;
}

size_t
table_find(const struct table *t, struct span key, size_t from)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t mid = (low + high) / 2, i = t->sorted[mid];
		int order = compare(span_str(t->row[i].key), key);

		if (order < 0 || (order == 0 && i < from))
			low = mid + 1;
		else
			high = mid;
	}
	if (low < t->n &&
	    compare(span_str(t->row[t->sorted[low]].key), key) == 0)
		return t->sorted[low];
	return t->n;
}

/* --- files --------------------------------------------------------------- */

int
table_open(
    const char *spec, struct arena *arena, struct table *ret, struct buf *why)
{
	bool globs;
	const char *path = table_path(spec, &globs);
	struct wholefile f;
	int rc = wholefile_read(path, TABLE_FILE_MAX, &f);

	if (rc == -ENOMEM)
		return rc;
	if (rc != 0) {
		buf_fmt(why, "%s: %s\n", path,
		    wholefile_problem(rc, "is too large for a table"));
		return -EINVAL;
	}
	rc = table_parse(spec, wholefile_view(&f), arena, ret, why);
	if (rc == 0)
		ret->mode = f.mode;
	wholefile_free(&f);
	return rc;
}

/*
 * "%" in a pattern is the login. The trap is a login that is a pattern itself,
 * "*", or begins with '@': it may stand for itself only.
 */
#include "signer/tables/authtable.h"

#include <errno.h>

#include "common/limits.h"
#include "signer/tables/glob.h"

static int
take_table(struct authtable *t, struct arena *arena, struct buf *why)
{
	int rc = t->table.bad > 0 ? -EINVAL : 0;

	if (globset_init(&t->globs, t->table.n, arena) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < t->table.n; i++) {
		const struct table_row *row = &t->table.row[i];
		struct span login = span_str(row->key);

		if (glob_is(login) &&
		    globset_add(&t->globs, login, i, arena) != 0)
			return -ENOMEM;
		if (row->value[0] != '\0')
			continue;
		table_tell(why, &t->table, row->line,
		    "after the login must come the addresses it may use");
		rc = -EINVAL;
	}
	globset_sort(&t->globs);
	return rc == 0 ? table_sort(&t->table, arena) : rc;
}

/* Rows behind "inline:", with ';' for the ends of lines. */
static int
read_inline(
    const char *spec, struct arena *arena, struct table *ret, struct buf *why)
{
	char *text = arena_dup(arena, span_str(spec));

	if (text == NULL)
		return -ENOMEM;
	for (char *c = text; *c != '\0'; c++)
		*c = *c == ';' ? '\n' : *c;
	return table_parse("inline", span_str(text), arena, ret, why);
}

int
authtable_open(const char *spec, struct arena *arena, struct authtable *ret,
    struct buf *why)
{
	static const char in_line[] = "inline:";
	const size_t n = sizeof in_line - 1;
	struct authtable t = {.table = {.n = 0}};
	int rc = strncmp(spec, in_line, n) == 0
	    ? read_inline(spec + n, arena, &t.table, why)
	    : table_open(spec, arena, &t.table, why);

	if (rc == 0)
		rc = take_table(&t, arena, why);
	if (rc == 0)
		*ret = t;
	return rc;
}

int
authtable_parse(const char *spec, struct span text, struct arena *arena,
    struct authtable *ret, struct buf *why)
{
	struct authtable t = {.table = {.n = 0}};
	int rc = table_parse(spec, text, arena, &t.table, why);

	if (rc == 0)
		rc = take_table(&t, arena, why);
	if (rc == 0)
		*ret = t;
	return rc;
}

/* The pattern with the login for each '%' matches. A login with a '*' in it
 * must not become a pattern. */
static bool
pattern_allows(struct span pattern, struct span login, struct span address)
{
	char text[2 * ADDRESS_MAX] = "";
	size_t n = 0;

	if (span_find(pattern, '%') == pattern.n)
		return glob_address(pattern, address);
	/* Nor may "@example.com", which would be any address there. */
	if (glob_is(login) || login.n == 0 || login.p[0] == '@' ||
	    (pattern.n == 1 && span_find(login, '@') == login.n))
		return false;
	for (size_t i = 0; i < pattern.n; i++) {
		struct span piece = span_of(pattern.p + i, 1);

		if (pattern.p[i] == '%')
			piece = login;
		if (piece.n > sizeof text - n)
			return false;
		memcpy(text + n, piece.p, piece.n);
		n += piece.n;
	}
	return glob_address(span_of(text, n), address);
}

static bool
row_allows(const struct table_row *row, struct span login, struct span address)
{
	struct span rest = span_str(row->value);

	while (rest.n > 0) {
		size_t n = 0;

		while (n < rest.n && strchr(" \t,", rest.p[n]) == NULL)
			n++;
		if (n > 0 && pattern_allows(span_of(rest.p, n), login, address))
			return true;
		rest = span_skip(rest, n + 1);
	}
	return false;
}

const struct table_row *
authtable_find(
    const struct authtable *t, struct span login, struct span address)
{
	const struct table *rows = &t->table;

	if (login.n == 0)
		return NULL;
	for (size_t i = table_find(rows, login, 0); i < rows->n;
	     i = table_find(rows, login, i + 1)) {
		if (row_allows(&rows->row[i], login, address))
			return &rows->row[i];
	}
	for (size_t i = globset_next(&t->globs, login, 0); i != SIZE_MAX;
	     i = globset_next(&t->globs, login, i + 1)) {
		if (row_allows(&rows->row[i], login, address))
			return &rows->row[i];
	}
	return NULL;
}

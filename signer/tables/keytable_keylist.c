/* The keys of dkim-milter's keylist; keytable.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "signer/tables/keytable_row.h"

/* The file that there is: as named, or with one of the two endings. */
static const char *
existing(const char *path, struct arena *arena)
{
	static const char *const endings[] = {"", ".pem", ".private"};
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		char *file = arena_alloc(arena, n + sizeof ".private");

		if (file == NULL)
			return NULL;
		snprintf(file, n + sizeof ".private", "%s%s", path, endings[i]);
		if (access(file, F_OK) == 0)
			return file;
	}
	return path;
}

static int
read_keylist_row(
    struct keytable *k, size_t row, struct arena *arena, struct buf *why)
{
	struct span rest = span_str(k->table.row[row].key), domain;
	struct keytable_value v = {.domain = NULL};
	const char *path, *file;
	int rc;

	rest = span_skip(rest, span_find(rest, ':') + 1);
	domain = span_of(rest.p, span_find(rest, ':'));
	v.key = span_skip(rest, domain.n + 1);
	if (!keytable_is_path(v.key) || v.key.p[v.key.n - 1] == '/') {
		keytable_blame(
		    k, row, why, "a row must be pattern:domain:/path");
		return 0;
	}
	path = keytable_path(k, v.key, arena);
	if (path == NULL)
		return -ENOMEM;
	rc = keytable_take_names(
	    k, row, domain, span_str(strrchr(path, '/') + 1), arena, &v, why);
	if (rc != 0)
		return rc == -EINVAL ? 0 : rc;
	k->row[row].path = file = existing(path, arena);
	return file == NULL ? -ENOMEM
	                    : keytable_add(k, row, NULL, &v, file, NULL, arena);
}

int
keytable_from_keylist(const struct table *t, struct arena *arena,
    struct keytable *ret, struct buf *why)
{
	struct keytable k = {.table = *t};
	int rc;

	k.table.bad = 0; /* signtable.c counts them */
	rc = keytable_read_rows(&k, arena, why, read_keylist_row);

	if (rc == 0)
		*ret = k;
	else
		keytable_free(&k);
	return rc;
}

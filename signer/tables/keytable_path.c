#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <string.h>

#include "common/bytes/domain.h"
#include "signer/tables/keytable_row.h"

bool
keytable_is_path(struct span s)
{
	return (s.n > 0 && s.p[0] == '/') ||
	    (s.n > 1 && memcmp(s.p, "./", 2) == 0) ||
	    (s.n > 2 && memcmp(s.p, "../", 3) == 0);
}

char *
keytable_path(const struct keytable *k, struct span path, struct arena *arena)
{
	const char *slash = strrchr(k->table.file, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - k->table.file) + 1;
	char *copy;

	if (path.p[0] == '/')
		n = 0;
	copy = arena_alloc(arena, n + path.n + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, k->table.file, n);
	memcpy(copy + n, path.p, path.n);
	return copy;
}

/* path with the domain for each '%', into out. */
static void
put_path(const char *path, struct span domain, struct buf *out)
{
	for (; *path != '\0'; path++) {
		if (*path == '%')
			buf_span(out, domain);
		else
			buf_byte(out, *path);
	}
}

/* The same as a pattern of glob(7), '*' for each '%'. */
static void
put_glob(const char *path, struct buf *out)
{
	for (; *path != '\0'; path++) {
		if (strchr("*?[\\", *path) != NULL)
			buf_byte(out, '\\');
		buf_byte(out, *path == '%' ? '*' : *path);
	}
}

/* The domain that makes path out of the row's, as A-labels in the arena. 0;
 * -EINVAL when it is none; -ENOMEM. */
static int
domain_of(
    const char *row, const char *path, struct arena *arena, const char **ret)
{
	size_t at = strcspn(row, "%");
	struct span text = span_of(path + at, strcspn(path + at, "/"));
	char name[DOMAIN_MAX + 1];
	struct buf again;
	int rc;

	/* behind the '%' may stand ".private" */
	buf_init(&again, 2 * PATH_MAX);
	for (rc = -EINVAL; rc == -EINVAL && text.n > 0; text.n--) {
		buf_clear(&again);
		put_path(row, text, &again);
		if (!span_eq(buf_view(&again), span_str(path)))
			continue;
		rc = domain_to_ascii(text, name);
		break;
	}
	if (rc == 0 && !domain_is_mail(span_str(name)))
		rc = -EINVAL;
	if (rc == 0) {
		*ret = arena_dup(arena, span_str(name));
		rc = *ret == NULL ? -ENOMEM : 0;
	}
	buf_free(&again);
	return rc;
}

/* The entry of a file that glob(3) has found. 0, also when it is another's, or
 * -ENOMEM. */
static int
add_found(struct keytable *k, size_t row, const struct keytable_value *v,
    const char *path, const char *found, struct arena *arena)
{
	const char *of, *file;
	int rc = domain_of(path, found, arena, &of);

	if (rc != 0)
		return rc == -EINVAL ? 0 : rc;
	file = arena_dup(arena, span_str(found));
	return file == NULL ? -ENOMEM
	                    : keytable_add(k, row, of, v, file, NULL, arena);
}

/* An entry for each file that matches. */
static int
add_matches(struct keytable *k, size_t row, const struct keytable_value *v,
    const char *path, const char *pattern, struct arena *arena)
{
	glob_t found;
	int rc = 0;

	switch (glob(pattern, GLOB_NOSORT, NULL, &found)) {
	case 0:
	case GLOB_NOMATCH:
		break;
	default:
		globfree(&found);
		return -ENOMEM;
	}
	for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++)
		rc = add_found(k, row, v, path, found.gl_pathv[i], arena);
	globfree(&found);
	return rc;
}

int
keytable_add_files(struct keytable *k, size_t row,
    const struct keytable_value *v, const char *path, struct arena *arena)
{
	struct buf pattern;
	int rc;

	buf_init(&pattern, 2 * PATH_MAX);
	put_glob(path, &pattern);
	rc = buf_text(&pattern) == NULL
	    ? -ENOMEM
	    : add_matches(k, row, v, path, buf_text(&pattern), arena);
	buf_free(&pattern);
	return rc;
}

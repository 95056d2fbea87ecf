/*
 * Rows are kept as the table has them, entries (one file each) in an array of
 * their own: a row with "%" has as many as there are files, sorted by domain,
 * so that a message finds its own by bsearch. The trap: what is no path is a
 * private key in the table itself, and must be wiped from there when it has
 * been taken.
 */
#include "signer/tables/keytable.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bytes/domain.h"
#include "signer/limits.h"
#include "signer/tables/keyline.h"

/* What the value of a row says. */
struct keytable_value {
	const char *domain; /* A-labels, or "%" */
	const char *selector;
	struct span key; /* a path or a key */
};

/* Says what is wrong with the row; it signs nothing. */
static void __attribute__((format(printf, 4, 5)))
blame(struct keytable *k, size_t row, struct buf *why, const char *fmt, ...)
{
	char text[4 * TABLE_TOLD_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	table_tell(why, &k->table, k->table.row[row].line, "%s", text);
	k->row[row].wrong = true;
	k->bad++;
}

/* --- entries ------------------------------------------------------------- */

static int
grow(struct keytable *k)
{
	size_t room = k->room == 0 ? 64 : 2 * k->room;
	struct keytable_entry *e;

	if (k->n < k->room)
		return 0;
	e = reallocarray(k->entry, room, sizeof *e);
	if (e == NULL)
		return -ENOMEM;
	k->entry = e;
	k->room = room;
	return 0;
}

/* Adds the entry of a key for the From domain `of`, or all when that is NULL.
 * The texts are in the arena. 0 or -ENOMEM. */
static int
add_entry(struct keytable *k, size_t row, const char *of,
    const struct keytable_value *v, const char *file, char *pem,
    struct arena *arena)
{
	struct key_settings *key = arena_alloc(arena, sizeof *key);
	struct keytable_entry *e;

	if (key == NULL || grow(k) != 0)
		return -ENOMEM;
	*key = (struct key_settings){.selector = v->selector,
	    .file = file,
	    .pem = pem,
	    .active = true,
	    .origin = k->table.file,
	    .line = k->table.row[row].line};
	e = &k->entry[k->n++];
	*e = (struct keytable_entry){.of = of};
	e->domain = (struct domain_settings){
	    .name = of != NULL && v->domain[0] == '%' ? of : v->domain,
	    .key = key,
	    .nkeys = 1,
	    .origin = key->origin,
	    .line = key->line};
	k->row[row].count++;
	return 0;
}

/* --- paths ---------------------------------------------------------------- */

/* "/x", "./x" or "../x". */
static bool
is_path(struct span s)
{
	return (s.n > 0 && s.p[0] == '/') ||
	    (s.n > 1 && memcmp(s.p, "./", 2) == 0) ||
	    (s.n > 2 && memcmp(s.p, "../", 3) == 0);
}

/* The path as an absolute one in the arena; NULL when memory is out. */
static char *
full_path(const struct keytable *k, struct span path, struct arena *arena)
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
	                    : add_entry(k, row, of, v, file, NULL, arena);
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

/* Adds an entry for each file that a path with '%' names. 0 or -ENOMEM. */
static int
add_files(struct keytable *k, size_t row, const struct keytable_value *v,
    const char *path, struct arena *arena)
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

/* --- rows ----------------------------------------------------------------- */

static int
by_domain(const void *a, const void *b)
{
	const struct keytable_entry *x = a, *y = b;

	return strcmp(x->of, y->of);
}

/* The key of a row: its path, or itself. */
static int
add_key(struct keytable *k, size_t row, const struct keytable_value *v,
    struct arena *arena)
{
	struct keytable_row *r = &k->row[row];
	char *text;
	int rc;

	if (!is_path(v->key)) {
		text = keyline_pem(v->key, arena);
		return text == NULL
		    ? -ENOMEM
		    : add_entry(k, row, NULL, v, k->table.file, text, arena);
	}
	r->path = text = full_path(k, v->key, arena);
	if (text == NULL)
		return -ENOMEM;
	if (strchr(text, '%') == NULL)
		return add_entry(k, row, NULL, v, text, NULL, arena);
	rc = add_files(k, row, v, text, arena);
	if (rc == 0)
		qsort(
		    k->entry + r->first, r->count, sizeof *k->entry, by_domain);
	return rc;
}

/* A name for d= or s= in the arena. 0, -EINVAL, -ENOMEM. */
static int
take_name(struct span text, bool mail, struct arena *arena, const char **ret)
{
	char name[DOMAIN_MAX + 1];
	int rc = domain_to_ascii(text, name);

	for (size_t i = 0; rc == 0 && name[i] != '\0'; i++) {
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.",
		        name[i]) == NULL)
			rc = -EINVAL;
	}
	if (rc == 0 && mail && !domain_is_mail(span_str(name)))
		rc = -EINVAL;
	if (rc != 0)
		return rc;
	*ret = arena_dup(arena, span_str(name));
	return *ret == NULL ? -ENOMEM : 0;
}

/* d= and s= of a row, which is blamed when they are none: -EINVAL then. */
static int
take_names(struct keytable *k, size_t row, struct span domain,
    struct span selector, struct arena *arena, struct keytable_value *v,
    struct buf *why)
{
	int rc = 0;

	if (span_eq(domain, span_str("%")))
		v->domain = "%";
	else
		rc = take_name(domain, true, arena, &v->domain);
	if (rc == -EINVAL)
		blame(k, row, why, "\"%.*s\" is not a domain",
		    (int)(domain.n < TABLE_TOLD_MAX ? domain.n
		                                    : TABLE_TOLD_MAX),
		    domain.p);
	if (rc != 0)
		return rc;
	rc = take_name(selector, false, arena, &v->selector);
	if (rc == -EINVAL)
		blame(k, row, why, "\"%.*s\" is not a selector",
		    (int)(selector.n < TABLE_TOLD_MAX ? selector.n
		                                      : TABLE_TOLD_MAX),
		    selector.p);
	return rc;
}

/* 0 (the row may be wrong then) or -ENOMEM. */
static int
read_row(struct keytable *k, size_t row, struct arena *arena, struct buf *why)
{
	struct span rest = span_str(k->table.row[row].value);
	size_t first = span_find(rest, ':'), second;
	struct keytable_value v = {.key = span_skip(rest, first + 1)};
	int rc;

	second = span_find(v.key, ':');
	if (second >= v.key.n || v.key.n - second < 2) {
		blame(k, row, why,
		    "after the name must come domain:selector:path");
		return 0;
	}
	rc = take_names(k, row, span_trim(span_of(rest.p, first)),
	    span_trim(span_of(v.key.p, second)), arena, &v, why);
	v.key = span_trim(span_skip(v.key, second + 1));
	if (rc == 0)
		rc = add_key(k, row, &v, arena);
	return rc == -EINVAL ? 0 : rc;
}

static void
find_doubles(struct keytable *k, struct buf *warn)
{
	const struct table *t = &k->table;

	for (size_t i = 0; i < t->n; i++) {
		size_t first = table_find(t, span_str(t->row[i].key), 0);

		if (first < i)
			table_tell(warn, t, t->row[i].line,
			    "the name \"%.*s\" stands in line %u, too, and "
			    "only that counts",
			    TABLE_TOLD_MAX, t->row[i].key, t->row[first].line);
	}
}

/* Reads the rows of k->table, one after the other; read() answers 0, for a row
 * that it has blamed, too, or -ENOMEM. */
static int
read_rows(struct keytable *k, struct arena *arena, struct buf *why,
    int (*read)(
        struct keytable *k, size_t row, struct arena *arena, struct buf *why))
{
	int rc = 0;

	k->bad = k->table.bad;
	k->row = arena_alloc(arena, k->table.n * sizeof *k->row);
	if (k->row == NULL)
		return -ENOMEM;
	for (size_t i = 0; rc == 0 && i < k->table.n; i++) {
		k->row[i].first = k->n;
		rc = read(k, i, arena, why);
	}
	return rc;
}

/* --- a KeyTable ----------------------------------------------------------- */

/* A key must not stay where it is not looked for. */
static void
wipe_values(struct keytable *k)
{
	for (size_t i = 0; i < k->table.n; i++) {
		char *value = k->table.row[i].value;

		explicit_bzero(value, strlen(value));
	}
}

static int
take_table(struct keytable *k, struct arena *arena, struct keytable *ret,
    struct buf *why, struct buf *warn)
{
	int rc = read_rows(k, arena, why, read_row);

	wipe_values(k);
	if (rc == 0)
		rc = table_sort(&k->table, arena);
	if (rc != 0) {
		keytable_free(k);
		return rc;
	}
	find_doubles(k, warn);
	*ret = *k;
	return 0;
}

int
keytable_open(const char *spec, struct arena *arena, struct keytable *ret,
    struct buf *why, struct buf *warn)
{
	struct keytable k = {.n = 0};
	int rc = table_open(spec, arena, &k.table, why);

	return rc != 0 ? rc : take_table(&k, arena, ret, why, warn);
}

int
keytable_parse(const char *spec, struct span text, struct arena *arena,
    struct keytable *ret, struct buf *why, struct buf *warn)
{
	struct keytable k = {.n = 0};
	int rc = table_parse(spec, text, arena, &k.table, why);

	return rc != 0 ? rc : take_table(&k, arena, ret, why, warn);
}

void
keytable_free(struct keytable *k)
{
	free(k->entry);
	k->entry = NULL;
	k->n = k->room = 0;
}

/* --- a keylist of dkim-milter --------------------------------------------- */

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
	if (!is_path(v.key) || v.key.p[v.key.n - 1] == '/') {
		blame(k, row, why, "a row must be pattern:domain:/path");
		return 0;
	}
	path = full_path(k, v.key, arena);
	if (path == NULL)
		return -ENOMEM;
	rc = take_names(
	    k, row, domain, span_str(strrchr(path, '/') + 1), arena, &v, why);
	if (rc != 0)
		return rc == -EINVAL ? 0 : rc;
	k->row[row].path = file = existing(path, arena);
	return file == NULL ? -ENOMEM
	                    : add_entry(k, row, NULL, &v, file, NULL, arena);
}

int
keytable_from_keylist(const struct table *t, struct arena *arena,
    struct keytable *ret, struct buf *why)
{
	struct keytable k = {.table = *t};
	int rc;

	k.table.bad = 0; /* signtable.c counts them */
	rc = read_rows(&k, arena, why, read_keylist_row);

	if (rc == 0)
		*ret = k;
	else
		keytable_free(&k);
	return rc;
}

/* --- lookup --------------------------------------------------------------- */

const struct keytable_entry *
keytable_entry(const struct keytable *k, size_t row, const char *from)
{
	const struct keytable_row *r = &k->row[row];
	struct keytable_entry wanted = {.of = from};

	if (r->count == 0)
		return NULL;
	if (k->entry[r->first].of == NULL)
		return &k->entry[r->first];
	return bsearch(&wanted, k->entry + r->first, r->count, sizeof *k->entry,
	    by_domain);
}

/* Bytes that two names have alike at their ends. */
static size_t
alike(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n, front = 0, back = 0;

	while (front < n && a.p[front] == b.p[front])
		front++;
	while (back < n - front && a.p[a.n - 1 - back] == b.p[b.n - 1 - back])
		back++;
	return front + back;
}

size_t
keytable_nearest(const struct keytable *k, struct span name)
{
	size_t best = k->table.n, most = name.n / 2;

	for (size_t i = 0; i < k->table.n; i++) {
		size_t n = alike(span_str(k->table.row[i].key), name);

		if (n > most) {
			most = n;
			best = i;
		}
	}
	return best;
}

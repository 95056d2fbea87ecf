#include "signer/keytable.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/domain.h"
#include "common/limits.h"
#include "signer/base64.h"

enum { PEM_LINE = 64 };

/* What the value of a row says. */
struct value {
	const char *domain; /* A-labels, or "%" */
	const char *selector;
	struct span key; /* a path or a key */
};

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

/* Adds the entry of a key for the From domain `of`, or all. file and pem are in
 * the arena. */
static int
add_entry(struct keytable *k, size_t row, const char *of, const struct value *v,
    const char *file, char *pem, struct arena *arena)
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

/* --- keys in the table ---------------------------------------------------- */

/* "\n" in front of rest, as two letters, or white space: what stands for a line
 * end of a PEM file on one line. How many bytes. */
static size_t
line_end(struct span rest)
{
	if (rest.n > 1 && rest.p[0] == '\\' && rest.p[1] == 'n')
		return 2;
	return rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

/* Appends base64 in lines. */
static void
put_lines(struct span text, struct buf *out)
{
	size_t column = 0;

	while (text.n > 0) {
		size_t skip = line_end(text);

		if (skip == 0) {
			buf_byte(out, text.p[0]);
			if (++column % PEM_LINE == 0)
				buf_byte(out, '\n');
		}
		text = span_skip(text, skip == 0 ? 1 : skip);
	}
	if (column % PEM_LINE != 0)
		buf_byte(out, '\n');
}

/* The length of "-----BEGIN X-----" at the front of s, or 0. */
static size_t
dashes(struct span s)
{
	static const char mark[] = "-----";
	const char *end;

	if (s.n < 10 || memcmp(s.p, mark, 5) != 0)
		return 0;
	end = memmem(s.p + 5, s.n - 5, mark, 5);
	return end == NULL ? 0 : (size_t)(end - s.p) + 5;
}

/* PKCS#8 has the algorithm behind its version, PKCS#1 the modulus: a SEQUENCE of
 * some length, INTEGER 0 or 1, and then a SEQUENCE or an INTEGER. */
static bool
is_pkcs1(struct span base64)
{
	unsigned char der[12];
	size_t n, at;

	if (base64.n < 16 ||
	    base64_read(span_of(base64.p, 16), der, sizeof der, &n) != 0)
		return false;
	at = der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7fU);
	return at + 3 < n && der[at] == 2 && der[at + 1] == 1 &&
	    der[at + 3] == 2;
}

/* A key on one line -> a PEM file's bytes in the arena. */
static char *
make_pem(struct span key, struct arena *arena)
{
	size_t begin = dashes(key);
	char *copy = NULL;
	struct buf pem;

	buf_init(&pem, 2 * TABLE_LINE_MAX);
	if (begin > 0) {
		const char *end =
		    memmem(key.p + begin, key.n - begin, "-----END", 8);
		size_t n = end == NULL ? key.n : (size_t)(end - key.p);

		buf_add(&pem, key.p, begin);
		buf_byte(&pem, '\n');
		put_lines(span_of(key.p + begin, n - begin), &pem);
		key = span_skip(key, n);
		buf_add(&pem, key.p, dashes(key));
		buf_byte(&pem, '\n');
	} else {
		const char *label = is_pkcs1(key) ? "RSA " : "";

		buf_fmt(&pem, "-----BEGIN %sPRIVATE KEY-----\n", label);
		put_lines(key, &pem);
		buf_fmt(&pem, "-----END %sPRIVATE KEY-----\n", label);
	}
	if (buf_error(&pem) == 0)
		copy = arena_dup(arena, buf_view(&pem));
	if (pem.p != NULL)
		explicit_bzero(pem.p, pem.cap);
	buf_free(&pem);
	return copy;
}

/* --- paths ---------------------------------------------------------------- */

static bool
is_path(struct span s)
{
	return (s.n > 0 && s.p[0] == '/') ||
	    (s.n > 1 && memcmp(s.p, "./", 2) == 0) ||
	    (s.n > 2 && memcmp(s.p, "../", 3) == 0);
}

/* The path as an absolute one in the arena; NULL when memory is out. */
static char *
make_path(const struct keytable *k, struct span path, struct arena *arena)
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

/* An entry for each file that a path with '%' names. */
static int
add_files(struct keytable *k, size_t row, const struct value *v,
    const char *path, struct arena *arena)
{
	struct buf pattern;
	glob_t found;
	int rc = 0;

	buf_init(&pattern, 2 * PATH_MAX);
	put_glob(path, &pattern);
	if (buf_text(&pattern) == NULL) {
		buf_free(&pattern);
		return -ENOMEM;
	}
	switch (glob(buf_text(&pattern), GLOB_NOSORT, NULL, &found)) {
	case 0:
	case GLOB_NOMATCH:
		break;
	default:
		rc = -ENOMEM;
	}
	for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++) {
		const char *of, *file = found.gl_pathv[i];
		int named = domain_of(path, file, arena, &of);

		if (named == -EINVAL)
			continue;
		file = arena_dup(arena, span_str(file));
		rc = named != 0 || file == NULL
		    ? -ENOMEM
		    : add_entry(k, row, of, v, file, NULL, arena);
	}
	if (rc == 0)
		globfree(&found);
	buf_free(&pattern);
	return rc;
}

static int
by_domain(const void *a, const void *b)
{
	const struct keytable_entry *x = a, *y = b;

	return strcmp(x->of, y->of);
}

/* The key of a row: its path, or itself. */
static int
add_key(
    struct keytable *k, size_t row, const struct value *v, struct arena *arena)
{
	struct keytable_row *r = &k->row[row];
	char *text;
	int rc;

	if (!is_path(v->key)) {
		text = make_pem(v->key, arena);
		return text == NULL
		    ? -ENOMEM
		    : add_entry(k, row, NULL, v, k->table.file, text, arena);
	}
	r->path = text = make_path(k, v->key, arena);
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

/* --- rows ----------------------------------------------------------------- */

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

/* d= and s= of a row, which is blamed when they are none. */
static int
take_names(struct keytable *k, size_t row, struct span domain,
    struct span selector, struct arena *arena, struct value *v, struct buf *why)
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
	struct value v = {.key = span_skip(rest, first + 1)};
	int rc;

	second = span_find(v.key, ':');
	if (second >= v.key.n || v.key.n - second < 2) {
		blame(k, row, why,
		    "behind the name must stand domain:selector:path");
		return 0;
	}
	rc = take_names(k, row, span_trim(span_of(rest.p, first)),
	    span_trim(span_of(v.key.p, second)), arena, &v, why);
	v.key = span_trim(span_skip(v.key, second + 1));
	if (rc == 0)
		rc = add_key(k, row, &v, arena);
	/* a key must not stay where it is not looked for */
	explicit_bzero(
	    k->table.row[row].value, strlen(k->table.row[row].value));
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

/* Rows of k->table, one after the other. */
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

static int
take_table(struct keytable *k, struct arena *arena, struct keytable *ret,
    struct buf *why, struct buf *warn)
{
	int rc = read_rows(k, arena, why, read_row);

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

/* --- dkim-milter's keylist ------------------------------------------------ */

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
	struct value v = {.domain = NULL};
	const char *path, *file;
	int rc;

	rest = span_skip(rest, span_find(rest, ':') + 1);
	domain = span_of(rest.p, span_find(rest, ':'));
	v.key = span_skip(rest, domain.n + 1);
	if (!is_path(v.key) || v.key.p[v.key.n - 1] == '/') {
		blame(k, row, why, "a row must be pattern:domain:/path");
		return 0;
	}
	path = make_path(k, v.key, arena);
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

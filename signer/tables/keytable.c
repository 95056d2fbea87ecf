#include "signer/tables/keytable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/bytes/domain.h"
#include "signer/limits.h"
#include "signer/tables/keyline.h"
#include "signer/tables/keytable_row.h"

void
keytable_blame(
    struct keytable *k, size_t row, struct buf *why, const char *fmt, ...)
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

int
keytable_add(struct keytable *k, size_t row, const char *of,
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

	if (!keytable_is_path(v->key)) {
		text = keyline_pem(v->key, arena);
		return text == NULL
		    ? -ENOMEM
		    : keytable_add(k, row, NULL, v, k->table.file, text, arena);
	}
	r->path = text = keytable_path(k, v->key, arena);
	if (text == NULL)
		return -ENOMEM;
	if (strchr(text, '%') == NULL)
		return keytable_add(k, row, NULL, v, text, NULL, arena);
	rc = keytable_add_files(k, row, v, text, arena);
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

int
keytable_take_names(struct keytable *k, size_t row, struct span domain,
    struct span selector, struct arena *arena, struct keytable_value *v,
    struct buf *why)
{
	int rc = 0;

	if (span_eq(domain, span_str("%")))
		v->domain = "%";
	else
		rc = take_name(domain, true, arena, &v->domain);
	if (rc == -EINVAL)
		keytable_blame(k, row, why, "\"%.*s\" is not a domain",
		    (int)(domain.n < TABLE_TOLD_MAX ? domain.n
		                                    : TABLE_TOLD_MAX),
		    domain.p);
	if (rc != 0)
		return rc;
	rc = take_name(selector, false, arena, &v->selector);
	if (rc == -EINVAL)
		keytable_blame(k, row, why, "\"%.*s\" is not a selector",
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
		keytable_blame(k, row, why,
		    "behind the name must stand domain:selector:path");
		return 0;
	}
	rc = keytable_take_names(k, row, span_trim(span_of(rest.p, first)),
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

int
keytable_read_rows(struct keytable *k, struct arena *arena, struct buf *why,
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
	int rc = keytable_read_rows(k, arena, why, read_row);

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

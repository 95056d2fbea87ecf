/*
 * In the order of a file, plain rows and rows with a '*' have an index each,
 * and the lower number wins: the walk goes on behind it for the next
 * (signtable_next). A file: has an order of its own instead, in steps:
 *
 *     STEP_ADDRESS      info@mail.example.com
 *     STEP_HOST         mail.example.com
 *     STEP_USER_DOMAIN  info@.example.com, then info@.com
 *     STEP_DOMAIN       .example.com, then .com
 *     STEP_USER         info@*
 *     STEP_ALL          *
 *
 * `dot` is where the next domain is looked for, so that a step with several of
 * them goes on where it was; `next` is the step, or with an order the row.
 */
#include "signer/tables/signtable.h"

#include <errno.h>
#include <stdio.h>

#include "common/bytes/domain.h"
#include "common/limits.h"
#include "signer/limits.h"
#include "signer/tables/glob.h"

/* --- reading -------------------------------------------------------------- */

static bool
is_keylist(const char *spec)
{
	return strncmp(spec, "keylist:", 8) == 0;
}

/* U-labels in the domain become A-labels, as they are in the address that is
 * looked up. */
static int
fold_key(struct table_row *row, struct arena *arena)
{
	struct span key = span_str(row->key), domain;
	size_t at = span_behind_last(key, '@');
	char name[DOMAIN_MAX + 1], *copy;

	domain = span_skip(key, at);
	if (span_is_ascii(domain) || domain_to_ascii(domain, name) != 0)
		return 0;
	copy = arena_alloc(arena, at + strlen(name) + 1);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, key.p, at);
	memcpy(copy + at, name, strlen(name));
	row->key = copy;
	return 0;
}

static void
tell_missing(const struct signtable *t, size_t i, struct span name,
    const struct keytable *k, struct buf *why)
{
	size_t nearest = keytable_nearest(k, name);
	const struct table_row *row = &t->table.row[i];
	int n = (int)(name.n < TABLE_TOLD_MAX ? name.n : TABLE_TOLD_MAX);

	if (k->table.file == NULL)
		table_tell(why, &t->table, row->line,
		    "%.*s names the key \"%.*s\", but there is no key_table",
		    TABLE_TOLD_MAX, row->key, n, name.p);
	else if (nearest == k->table.n)
		table_tell(why, &t->table, row->line,
		    "%.*s names the key \"%.*s\", which %s does not have",
		    TABLE_TOLD_MAX, row->key, n, name.p, k->table.file);
	else
		table_tell(why, &t->table, row->line,
		    "%.*s names the key \"%.*s\", which %s does not have; "
		    "%s:%u has \"%.*s\"",
		    TABLE_TOLD_MAX, row->key, n, name.p, k->table.file,
		    k->table.file, k->table.row[nearest].line, TABLE_TOLD_MAX,
		    k->table.row[nearest].key);
}

/* True for a pattern that a lookup can find. */
static bool
is_looked_up(struct span key)
{
	size_t at = span_behind_last(key, '@');

	if (!glob_is(key) || span_eq(key, span_str("*")))
		return true;
	return at > 0 && !glob_is(span_of(key.p, at)) &&
	    span_eq(span_skip(key, at), span_str("*"));
}

/* Parts "name:identity" at the first ':', as OpenDKIM does; white space may
 * stand behind that alone. False when some stands elsewhere. */
static bool
read_value(const char *value, struct span *ret_name, const char **ret_identity)
{
	size_t n = strcspn(value, ":");
	const char *identity = value + n + (value[n] == ':');

	identity += strspn(identity, " \t");
	*ret_name = span_of(value, n);
	*ret_identity = identity[0] == '\0' ? NULL : identity;
	return strcspn(value, " \t") >= n &&
	    identity[strcspn(identity, " \t")] == '\0';
}

/* One mistake a row is told, the first; the row stays, as what it matches must
 * not fall to the next one. */
static void
read_row(struct signtable *t, size_t i, const struct keytable *k,
    struct arena *arena, struct buf *why)
{
	struct table_row *row = &t->table.row[i];
	struct signtable_row *r = &t->row[i];
	struct span name;
	bool whole = read_value(row->value, &name, &r->identity);

	r->by_domain = span_eq(name, span_str("%"));
	r->key = name.n == 0 || r->by_domain || k->table.n == 0
	    ? k->table.n
	    : table_find(&k->table, name, 0);
	r->wrong = true;
	if (name.n == 0)
		table_tell(why, &t->table, row->line,
		    "after the pattern must come the name of a key");
	else if (!whole)
		table_tell(why, &t->table, row->line,
		    "no white space may stand in \"%.*s\": an identity is "
		    "written name:identity, as in k:@example.com",
		    TABLE_TOLD_MAX, row->value);
	else if (!t->in_order && !is_looked_up(span_str(row->key)))
		table_tell(why, &t->table, row->line,
		    "%.*s can never match: such patterns need \"refile:%s\"",
		    TABLE_TOLD_MAX, row->key, t->table.file);
	else if (!r->by_domain && r->key == k->table.n)
		tell_missing(t, i, name, k, why);
	else
		r->wrong = false;
	t->bad += r->wrong;
}

/* The pattern of a row of a keylist; what is wrong was told by keytable.c. */
static void
read_keylist_row(struct signtable *t, size_t i, const struct keytable *k)
{
	char *key = t->table.row[i].key;

	key[strcspn(key, ":")] = '\0';
	t->row[i] = (struct signtable_row){.key = i, .wrong = k->row[i].wrong};
}

/* Rows without a '*' are found by the sorted table. */
static int
make_index(struct signtable *t, struct arena *arena)
{
	int rc = globset_init(&t->globs, t->table.n, arena);

	for (size_t i = 0; rc == 0 && i < t->table.n; i++) {
		rc = fold_key(&t->table.row[i], arena);
		if (rc == 0 && glob_is(span_str(t->table.row[i].key)))
			rc = globset_add(
			    &t->globs, span_str(t->table.row[i].key), i, arena);
	}
	if (rc != 0)
		return rc;
	globset_sort(&t->globs);
	return table_sort(&t->table, arena);
}

static int
take_table(const char *spec, struct arena *arena, struct keytable *k,
    struct signtable *t, struct buf *why)
{
	bool keylist = is_keylist(spec);
	int rc = 0;

	t->bad = t->table.bad;
	t->in_order = t->table.globs || keylist;
	t->row = arena_alloc(arena, t->table.n * sizeof *t->row);
	if (t->row == NULL)
		return -ENOMEM;
	if (keylist)
		rc = keytable_from_keylist(&t->table, arena, k, why);
	for (size_t i = 0; rc == 0 && i < t->table.n; i++) {
		if (keylist)
			read_keylist_row(t, i, k);
		else
			read_row(t, i, k, arena, why);
	}
	return rc == 0 ? make_index(t, arena) : rc;
}

int
signtable_open(const char *spec, struct arena *arena, struct keytable *k,
    struct signtable *ret, struct buf *why)
{
	struct signtable t = {.bad = 0};
	int rc = table_open(spec, arena, &t.table, why);

	if (rc == 0)
		rc = take_table(spec, arena, k, &t, why);
	if (rc == 0)
		*ret = t;
	return rc;
}

int
signtable_parse(const char *spec, struct span text, struct arena *arena,
    struct keytable *k, struct signtable *ret, struct buf *why)
{
	struct signtable t = {.bad = 0};
	int rc = table_parse(spec, text, arena, &t.table, why);

	if (rc == 0)
		rc = take_table(spec, arena, k, &t, why);
	if (rc == 0)
		*ret = t;
	return rc;
}

/* --- lookup --------------------------------------------------------------- */

/* Steps of the lookup in a file. */
enum {
	STEP_ADDRESS,
	STEP_HOST,
	STEP_USER_DOMAIN,
	STEP_DOMAIN,
	STEP_USER,
	STEP_ALL,
	STEPS
};

enum { KEY_MAX = ADDRESS_MAX + DOMAIN_MAX + 4 };

void
signtable_begin(struct signtable_walk *w, struct span address, size_t at)
{
	*w = (struct signtable_walk){.address = address, .at = at};
}

/* "user" + tail, as a row's key. */
static size_t
find_joined(const struct table *t, struct span front, struct span tail)
{
	char key[KEY_MAX];

	if (front.n + tail.n > sizeof key)
		return t->n;
	memcpy(key, front.p, front.n);
	if (tail.n > 0)
		memcpy(key + front.n, tail.p, tail.n);
	return table_find(t, span_of(key, front.n + tail.n), 0);
}

/* The next ".domain" of the address into *ret; false at the end. */
static bool
next_domain(struct signtable_walk *w, struct span *ret)
{
	struct span rest = span_skip(w->address, w->dot);

	rest = span_skip(rest, span_find(rest, '.'));
	if (rest.n < 2)
		return false;
	*ret = rest;
	w->dot = w->address.n - rest.n + 1;
	return true;
}

/* The row of one step; a step with domains is taken for each. */
static size_t
look_up(const struct table *t, struct signtable_walk *w)
{
	struct span user = span_of(w->address.p, w->at + 1); /* '@' included */
	struct span host = span_skip(w->address, w->at + 1), domain;

	switch (w->next) {
	case STEP_ADDRESS:
		w->next++;
		return table_find(t, w->address, 0);
	case STEP_HOST:
		w->next++;
		w->dot = w->at + 1;
		return table_find(t, host, 0);
	case STEP_USER_DOMAIN:
		if (next_domain(w, &domain))
			return find_joined(t, user, domain);
		w->next++;
		w->dot = w->at + 1;
		return t->n;
	case STEP_DOMAIN:
		if (next_domain(w, &domain))
			return table_find(t, domain, 0);
		w->next++;
		return t->n;
	case STEP_USER:
		w->next++;
		return find_joined(t, user, span_str("*"));
	default:
		w->next++;
		return table_find(t, span_str("*"), 0);
	}
}

size_t
signtable_next(const struct signtable *t, struct signtable_walk *w)
{
	size_t row = t->table.n, glob;

	if (!t->in_order) {
		while (w->next < STEPS && row == t->table.n)
			row = look_up(&t->table, w);
		return row;
	}
	if (w->next >= t->table.n)
		return row;
	row = table_find(&t->table, w->address, w->next);
	glob = globset_next(&t->globs, w->address, w->next);
	if (glob < row)
		row = glob;
	w->next = row + 1;
	return row;
}

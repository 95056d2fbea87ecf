/*
 * The order of OpenDKIM: the name decides if any entry knows it, else the
 * address; of several the most precise one, and of two alike the one with '!'.
 * The order in the list does not matter. The trap is "unknown", which Postfix
 * says where there is no name.
 */
#include "signer/tables/hosts.h"

#include <errno.h>
#include <stdint.h>

#include "signer/limits.h"
#include "signer/tables/glob.h"
#include "signer/tables/table.h"

/* --- entries ------------------------------------------------------------- */

/* "[192.0.2.1]" and "[2001:db8::1]/64", which OpenDKIM takes, too. */
static struct span
without_brackets(struct span text, char *room, size_t size)
{
	size_t end = span_find(text, ']'), n = 0;

	if (text.n < 2 || text.p[0] != '[' || end == text.n || text.n > size)
		return text;
	for (size_t i = 1; i < text.n; i++) {
		if (i != end)
			room[n++] = text.p[i];
	}
	return span_of(room, n);
}

static bool
is_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = span_lower((unsigned char)s.p[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') &&
		    strchr("-_.*", c) == NULL)
			return false;
	}
	return s.n > 0;
}

/* NULL, or why the entry is none. globs: '*' may stand in it. */
static const char *
read_entry(const char *text, bool globs, struct hosts_entry *ret)
{
	char room[IP_TEXT_MAX + 8];
	struct span s = span_str(text);

	if (s.n > 0 && s.p[0] == '!') {
		ret->not = true;
		s = span_trim(span_skip(s, 1));
	}
	ret->text = s.p;
	if (cidr_parse(without_brackets(s, room, sizeof room), &ret->net) ==
	    0) {
		ret->kind = HOSTS_NET;
		return NULL;
	}
	if (span_ieqs(s, SETTINGS_THIS_HOST)) {
		ret->kind = HOSTS_OWN;
		return NULL;
	}
	if (!is_name(s))
		return "is neither an address, nor a network, nor a name";
	if (globs && glob_is(s))
		ret->kind = HOSTS_GLOB;
	else
		ret->kind = s.p[0] == '.' ? HOSTS_DOMAIN : HOSTS_NAME;
	return NULL;
}

/* Rows of a file. */
static int
read_rows(
    const struct table *t, struct hosts *h, struct buf *why, struct buf *warn)
{
	int rc = t->bad > 0 ? -EINVAL : 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct table_row *row = &t->row[i];
		struct hosts_entry *e = &h->v[h->n];
		const char *wrong;

		*e = (struct hosts_entry){.file = t->file, .line = row->line};
		wrong = read_entry(row->key, t->globs, e);
		if (wrong != NULL) {
			table_tell(why, t, row->line, "\"%.*s\" %s",
			    TABLE_TOLD_MAX, row->key, wrong);
			rc = -EINVAL;
			continue;
		}
		if (e->kind != HOSTS_NET && e->kind != HOSTS_GLOB &&
		    glob_is(span_str(e->text)))
			table_tell(warn, t, row->line,
			    "%.*s matches nothing: '*' stands for names in a "
			    "refile: only",
			    TABLE_TOLD_MAX, e->text);
		h->n++;
	}
	return rc;
}

/* Room for n more. */
static int
grow(struct hosts *h, size_t n, struct arena *arena)
{
	struct hosts_entry *v = arena_alloc(arena, (h->n + n) * sizeof *v);

	if (v == NULL)
		return -ENOMEM;
	if (h->n > 0)
		memcpy(v, h->v, h->n * sizeof *v);
	h->v = v;
	return 0;
}

static bool
is_file(const char *text)
{
	return text[0] == '/' || strncmp(text, "file:/", 6) == 0 ||
	    strncmp(text, "refile:/", 8) == 0;
}

/* Adds the rows of a table, which was read with that answer. */
static int
add_table(const struct table *t, int read, struct arena *arena, struct hosts *h,
    struct buf *why, struct buf *warn)
{
	int rc = read;

	if (rc == 0)
		rc = grow(h, t->n, arena);
	return rc == 0 ? read_rows(t, h, why, warn) : rc;
}

/* Adds an entry of the config, which has judged it. */
static int
add_entry(const char *text, struct arena *arena, struct hosts *h)
{
	int rc = grow(h, 1, arena);

	if (rc != 0)
		return rc;
	h->v[h->n] = (struct hosts_entry){.line = 0};
	if (read_entry(text, true, &h->v[h->n]) == NULL)
		h->n++;
	return 0;
}

int
hosts_open(const struct text_list *list, struct arena *arena, struct hosts *ret,
    struct buf *why, struct buf *warn)
{
	struct hosts h = {NULL, 0};
	int rc = 0, wrong = 0;

	for (size_t i = 0; rc == 0 && i < list->n; i++) {
		const char *text = list->v[i];
		struct table t;

		if (is_file(text)) {
			rc = table_open(text, arena, &t, why);
			rc = add_table(&t, rc, arena, &h, why, warn);
		} else {
			rc = add_entry(text, arena, &h);
		}
		if (rc == -EINVAL) {
			wrong = rc;
			rc = 0;
		}
	}
	if (rc == 0)
		rc = wrong;
	if (rc == 0)
		*ret = h;
	return rc;
}

int
hosts_parse(const char *spec, struct span text, struct arena *arena,
    struct hosts *ret, struct buf *why, struct buf *warn)
{
	struct hosts h = {NULL, 0};
	struct table t;
	int rc = table_parse(spec, text, arena, &t, why);

	rc = add_table(&t, rc, arena, &h, why, warn);
	if (rc == 0)
		*ret = h;
	return rc;
}

/* --- lookup -------------------------------------------------------------- */

/* How precise e is about the name; 0: not at all. */
static size_t
name_rank(const struct hosts_entry *e, struct span name)
{
	struct span text = span_str(e->text);

	switch (e->kind) {
	case HOSTS_NET:
	case HOSTS_OWN:
		return 0;
	case HOSTS_NAME:
		return span_ieq(text, name) ? SIZE_MAX : 0;
	case HOSTS_GLOB:
		return glob_match(text, name) ? text.n : 0;
	case HOSTS_DOMAIN:
		return name.n > text.n &&
		        span_ieq(text, span_skip(name, name.n - text.n))
		    ? text.n
		    : 0;
	}
	return 0;
}

/* "this-host" is as precise as the address itself. */
static size_t
ip_rank(const struct hosts_entry *e, const struct ip *ip, bool own)
{
	if (e->kind == HOSTS_OWN)
		return own ? ip_width(ip) + 1 : 0;
	if (e->kind != HOSTS_NET || !cidr_contains(&e->net, ip))
		return 0;
	return e->net.bits + 1;
}

const struct hosts_entry *
hosts_find(
    const struct hosts *h, const char *name, const struct ip *ip, bool own)
{
	const struct hosts_entry *best = NULL;
	struct span s = span_str(name);
	size_t rank = 0;

	if (s.n > 0 && s.p[s.n - 1] == '.')
		s.n--;
	if (span_ieqs(s, "unknown"))
		s.n = 0;
	for (int step = 0; step < 2 && best == NULL; step++) {
		if (step == 0 ? s.n == 0 : ip == NULL)
			continue;
		for (size_t i = 0; i < h->n; i++) {
			const struct hosts_entry *e = &h->v[i];
			size_t r =
			    step == 0 ? name_rank(e, s) : ip_rank(e, ip, own);

			if (r > rank || (r > 0 && r == rank && e->not )) {
				best = e;
				rank = r;
			}
		}
	}
	return best;
}

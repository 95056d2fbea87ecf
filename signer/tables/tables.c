/*
 * All files are looked at before a mistake in one of them counts, so that the
 * administrator sees all mistakes at once. Each sentence has the file and
 * behind it the key of the config that names it.
 */
#include "signer/tables/tables.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/io/owners.h"

/* -EINVAL waits until all files were looked at. */
static int
both(int a, int b)
{
	if (a == -ENOMEM || b == -ENOMEM)
		return -ENOMEM;
	return a != 0 ? a : b;
}

/* Says behind what is wrong with a table where the config names it. */
static int
named(const struct settings *s, const char *key, int rc, struct buf *why)
{
	if (rc == -EINVAL) {
		settings_where(s, key, why);
		buf_str(why, ": this table cannot be used\n");
	}
	return rc;
}

static int
open_hosts(const struct settings *s, struct tables *t, struct buf *why,
    struct buf *warn)
{
	const struct signer_settings *g = &s->signer;
	const struct {
		const char *key;
		const struct text_list *list;
		struct hosts *to;
	} all[] = {{"signer.internal_hosts", &g->internal_hosts, &t->internal},
	    {"signer.ignore_hosts", &g->ignore_hosts, &t->ignore},
	    {"signer.external_ignore", &g->external_ignore, &t->external},
	    {"signer.list_hosts", &g->list_hosts, &t->lists}};
	int rc = 0;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		rc = both(rc,
		    named(s, all[i].key,
		        hosts_open(
		            all[i].list, &t->arena, all[i].to, why, warn),
		        why));
	return rc;
}

/* 0, -EINVAL or -ENOMEM. */
static int
open_keys(const struct settings *s, struct tables *t, struct buf *why,
    struct buf *warn)
{
	const char *keys = s->signer.key_table, *rows = s->signer.signing_table;

	if (keys == NULL)
		return 0;
	if (rows != NULL && strncmp(rows, "keylist:", 8) == 0) {
		settings_where(s, "signer.key_table", why);
		buf_str(why,
		    ": the keylist of signing_table names its keys itself\n");
		return -EINVAL;
	}
	return named(s, "signer.key_table",
	    keytable_open(keys, &t->arena, &t->keys, why, warn), why);
}

static int
open_tables(const struct settings *s, struct tables *t, struct buf *why,
    struct buf *warn)
{
	struct arena *a = &t->arena;
	int rc = open_keys(s, t, why, warn);

	t->has_signing = s->signer.signing_table != NULL;
	t->has_auth = s->signer.auth_table != NULL;
	/* without its keys each row of a signing table would be told */
	if (rc == 0 && t->has_signing)
		rc = named(s, "signer.signing_table",
		    signtable_open(
		        s->signer.signing_table, a, &t->keys, &t->signing, why),
		    why);
	if (t->has_auth)
		rc = both(rc,
		    named(s, "signer.auth_table",
		        authtable_open(s->signer.auth_table, a, &t->auth, why),
		        why));
	t->bad = t->keys.bad + t->signing.bad;
	return rc;
}

/* --- who else could change them ------------------------------------------- */

static void
look_at_file(struct owners *o, const char *spec, struct buf *warn)
{
	struct buf note;
	const char *path, *text = NULL;
	bool globs;

	if (spec == NULL)
		return;
	path = table_path(spec, &globs);
	buf_init(&note, 2 * PATH_MAX + 256);
	if (path[0] == '/' && owners_look(o, path, &note))
		text = buf_text(&note);
	if (text != NULL)
		buf_fmt(warn, "%s: %s\n", path, text);
	buf_free(&note);
}

static void
look_at_owners(const struct settings *s, struct buf *warn)
{
	const struct signer_settings *g = &s->signer;
	const char *const table[] = {
	    g->key_table, g->signing_table, g->auth_table};
	const struct text_list *const list[] = {&g->internal_hosts,
	    &g->ignore_hosts, &g->external_ignore, &g->list_hosts};
	struct owners o = {.user = g->daemon.user};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		look_at_file(&o, table[i], warn);
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		for (size_t j = 0; j < list[i]->n; j++)
			look_at_file(&o, list[i]->v[j], warn);
	}
}

/* --- the whole ------------------------------------------------------------ */

int
tables_open(const struct settings *s, struct tables **ret, struct buf *why,
    struct buf *warn)
{
	struct tables *t = calloc(1, sizeof *t);
	int rc;

	if (t == NULL)
		return -ENOMEM;
	arena_init(&t->arena, SIZE_MAX); /* the files are limited */
	rc = open_hosts(s, t, why, warn);
	rc = both(rc, open_tables(s, t, why, warn));
	if (rc != 0) {
		tables_free(t);
		return rc;
	}
	look_at_owners(s, warn);
	*ret = t;
	return 0;
}

void
tables_free(struct tables *t)
{
	if (t == NULL)
		return;
	keytable_free(&t->keys);
	arena_wipe(&t->arena); /* a key may be left, where memory was out */
	free(t);
}

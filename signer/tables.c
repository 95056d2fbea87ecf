#include "signer/tables.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* -EINVAL waits until all files were looked at. */
static int
both(int a, int b)
{
	if (a == -ENOMEM || b == -ENOMEM)
		return -ENOMEM;
	return a != 0 ? a : b;
}

static int
open_hosts(const struct signer_settings *s, struct tables *t, struct buf *why,
    struct buf *warn)
{
	struct arena *a = &t->arena;
	int rc = hosts_open(&s->internal_hosts, a, &t->internal, why, warn);

	rc = both(rc, hosts_open(&s->ignore_hosts, a, &t->ignore, why, warn));
	return both(
	    rc, hosts_open(&s->external_ignore, a, &t->external, why, warn));
}

static int
open_tables(const struct signer_settings *s, struct tables *t, struct buf *why,
    struct buf *warn)
{
	struct arena *a = &t->arena;
	int rc = 0;

	t->has_signing = s->signing_table != NULL;
	t->has_auth = s->auth_table != NULL;
	if (s->key_table != NULL)
		rc = keytable_open(s->key_table, a, &t->keys, why, warn);
	if (t->has_signing && s->key_table != NULL &&
	    strncmp(s->signing_table, "keylist:", 8) == 0) {
		buf_str(why,
		    "signing_table: a keylist names its keys itself, so there "
		    "can be no key_table beside it\n");
		rc = both(rc, -EINVAL);
	}
	/* without its keys each row of a signing table would be told */
	if (rc == 0 && t->has_signing)
		rc = signtable_open(
		    s->signing_table, a, &t->keys, &t->signing, why);
	if (t->has_auth)
		rc = both(rc, authtable_open(s->auth_table, a, &t->auth, why));
	t->bad = t->keys.bad + t->signing.bad;
	return rc;
}

int
tables_open(const struct settings *s, struct tables **ret, struct buf *why,
    struct buf *warn)
{
	struct tables *t = calloc(1, sizeof *t);
	int rc;

	if (t == NULL)
		return -ENOMEM;
	arena_init(&t->arena, SIZE_MAX); /* the files are limited */
	rc = open_hosts(&s->signer, t, why, warn);
	rc = both(rc, open_tables(&s->signer, t, why, warn));
	if (rc == 0)
		*ret = t;
	else
		tables_free(t);
	return rc;
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

/*
 * One bad key must not stop the others: a domain notes the first that cannot be
 * used, and says where it stands. The trap is advice: how to mend a file's mode
 * is only said of a file that has been seen to hold a key, as a wrong path may
 * name anybody's.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/io/owners.h"
#include "common/io/wholefile.h"
#include "signer/keys/keyring.h"
#include "signer/limits.h"

/* One sentence about a key, with where it stands in the config. */
static void __attribute__((format(printf, 4, 5)))
tell(struct buf *out, const struct domain_settings *d,
    const struct key_settings *k, const char *fmt, ...)
{
	char text[2 * PATH_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_fmt(out, "%s:%u: domain %s: key %s: %s\n", k->origin, k->line,
	    d->name, k->file, text);
}

/* What the keys of one generation are opened with. */
struct opening {
	const struct settings *s;
	mode_t table_mode; /* of the KeyTable */
	struct owners owners;
	struct buf *why, *warn;
};

/* One key: where it stands, and who hears that it cannot be used. */
struct candidate {
	const struct domain_settings *d;
	const struct key_settings *k;
	struct buf *bad;
};

/* Others than the owner must not use the file that the key is in. 0, or -EINVAL
 * when that is refused. */
static int
check_mode(struct opening *o, const struct candidate *c, mode_t mode)
{
	bool refuse = o->s->signer.key_permissions_refuse;

	if ((mode & (S_IRWXG | S_IRWXO)) == 0)
		return 0;
	tell(refuse ? c->bad : o->warn, c->d, c->k,
	    "mode %04o lets others than its owner use it; run: chmod 0600 %s",
	    (unsigned)mode, c->k->file);
	return refuse ? -EINVAL : 0;
}

/* Who else could put another key there; a warning that has no room is left
 * out. */
static void
check_owners(struct opening *o, const struct candidate *c)
{
	const char *text = NULL;
	struct buf note;

	buf_init(&note, 2 * PATH_MAX + 256);
	if (owners_look(&o->owners, c->k->file, &note))
		text = buf_text(&note);
	if (text != NULL)
		tell(o->warn, c->d, c->k, "%s", text);
	buf_free(&note);
}

/* The key in those bytes, of a file with that mode. What to do with the file is
 * only said of one that holds a key: it could be anybody's else. 0 and *ret
 * owned; -EINVAL after a sentence; -ENOMEM. */
static int
make_key(struct opening *o, const struct candidate *c, struct span pem,
    mode_t mode, struct key **ret)
{
	const char *reason = NULL;
	struct key *key;
	int rc = key_new(pem, &key, &reason);

	if (rc == -EINVAL)
		tell(c->bad, c->d, c->k, "%s", reason);
	if (rc != 0)
		return rc;
	rc = check_mode(o, c, mode);
	if (rc != 0) {
		key_free(key);
		return rc;
	}
	check_owners(o, c);
	if (key_facts(key)->warning != NULL)
		tell(o->warn, c->d, c->k, "%s", key_facts(key)->warning);
	*ret = key;
	return 0;
}

/* From a file of its own. */
static int
read_key(struct opening *o, const struct candidate *c, struct key **ret)
{
	struct wholefile f;
	int rc = wholefile_read(c->k->file, KEY_FILE_MAX, &f);

	if (rc == -ENOMEM)
		return rc;
	if (rc != 0) {
		tell(c->bad, c->d, c->k, "%s",
		    wholefile_problem(rc, "is larger than any key"));
		return -EINVAL;
	}
	rc = make_key(o, c, wholefile_view(&f), f.mode, ret);
	wholefile_free(&f);
	return rc;
}

/* From a row of the table; then it is nowhere else. */
static int
take_key(struct opening *o, const struct candidate *c, struct key **ret)
{
	size_t n = strlen(c->k->pem);
	int rc = make_key(o, c, span_of(c->k->pem, n), o->table_mode, ret);

	explicit_bzero(c->k->pem, n);
	return rc;
}

static void
free_keys(struct keyring_domain *d)
{
	for (size_t i = 0; i < d->nkeys; i++)
		key_free(d->key[i].key);
	free(d->key);
	d->key = NULL;
	d->nkeys = 0;
}

/* Opens the keys of one domain. 0 (it may be bad then) or -ENOMEM. */
static int
open_domain(struct opening *o, const struct domain_settings *settings,
    struct keyring_domain *d)
{
	struct key *key;
	int rc;

	d->settings = settings;
	if (settings->nkeys == 0)
		return 0;
	d->key = calloc(settings->nkeys, sizeof *d->key);
	if (d->key == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < settings->nkeys; i++) {
		const struct key_settings *k = &settings->key[i];
		const struct candidate c = {
		    settings, k, k->active ? o->why : o->warn};

		rc = k->pem != NULL ? take_key(o, &c, &key)
		                    : read_key(o, &c, &key);
		if (rc == -ENOMEM)
			return rc;
		if (rc == 0 && k->active)
			d->key[d->nkeys++] = (struct keyring_key){k, key, 0};
		else if (rc == 0)
			key_free(key);
		else if (k->active && d->nbad++ == 0)
			d->bad = k;
	}
	return 0;
}

/* Numbers the keys and makes their marks. */
static int
make_marks(struct keyring *k)
{
	void *p;

	for (size_t i = 0; i < k->ndomains; i++) {
		for (size_t j = 0; j < k->domain[i].nkeys; j++)
			k->domain[i].key[j].index = k->nkeys++;
	}
	if (k->nkeys == 0)
		return 0;
	p = mmap(NULL, k->nkeys * sizeof *k->mark, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	k->mark = p;
	return 0;
}

/* Pieces of a key are left below us, where the dynamic linker saves the
 * registers at the first call of a function; the helper would be forked with
 * them. Reading a key goes no deeper than this. */
static __attribute__((noinline)) void
wipe_stack(void)
{
	enum { DEPTH = 64 * 1024 };
	char below[DEPTH];

	explicit_bzero(below, sizeof below);
}

int
keyring_open(const struct settings *s, struct keyring **ret, struct buf *why,
    struct buf *warn)
{
	struct opening o = {.s = s, .why = why, .warn = warn};
	struct keyring *k = calloc(1, sizeof *k);
	size_t n = 0;
	int rc;

	if (k == NULL)
		return -ENOMEM;
	k->settings = s;
	o.owners.user = s->signer.daemon.user;
	rc = tables_open(s, &k->tables, why, warn);
	if (rc == 0) {
		n = s->ndomains + k->tables->keys.n;
		k->bad = k->tables->bad;
		o.table_mode = k->tables->keys.table.mode;
		k->domain = calloc(n > 0 ? n : 1, sizeof *k->domain);
		rc = k->domain == NULL ? -ENOMEM : 0;
	}
	while (rc == 0 && k->ndomains < n) {
		struct keyring_domain *d = &k->domain[k->ndomains];
		size_t i = k->ndomains++;

		rc = open_domain(&o,
		    i < s->ndomains
		        ? &s->domain[i]
		        : &k->tables->keys.entry[i - s->ndomains].domain,
		    d);
		k->bad += d->bad != NULL;
	}
	wipe_stack();
	if (rc == 0)
		rc = make_marks(k);
	if (rc != 0) {
		keyring_free(k);
		return rc;
	}
	*ret = k;
	return 0;
}

void
keyring_free(struct keyring *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->ndomains; i++)
		free_keys(&k->domain[i]);
	if (k->mark != NULL)
		munmap(k->mark, k->nkeys * sizeof *k->mark);
	free(k->domain);
	tables_free(k->tables);
	free(k);
}

const struct keyring_domain *
keyring_find(const struct keyring *k, struct span name)
{
	const struct domain_settings *d = settings_domain(k->settings, name);

	return d == NULL ? NULL : &k->domain[d - k->settings->domain];
}

const struct keyring_domain *
keyring_entry(const struct keyring *k, const struct keytable_entry *e)
{
	return &k->domain[k->settings->ndomains +
	    (size_t)(e - k->tables->keys.entry)];
}

void
keyring_wipe(struct keyring *k)
{
	for (size_t i = 0; i < k->ndomains; i++) {
		struct keyring_domain *d = &k->domain[i];

		for (size_t j = 0; j < d->nkeys; j++) {
			key_free(d->key[j].key);
			d->key[j].key = NULL;
		}
	}
}

void
keyring_mark(struct keyring *k, const struct keyring_key *key, bool mismatch)
{
	k->mark[key->index].mismatch = mismatch;
}

bool
keyring_mismatch(const struct keyring *k, const struct keyring_key *key)
{
	return k->mark[key->index].mismatch;
}

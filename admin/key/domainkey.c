/*
 * One list of keys for testkey, rotate and check, whether they stand in
 * sections or in OpenDKIM's tables. The trap is a row of the table that is for
 * any domain: its key has as many records as there are domains known to use it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/key/domainkey.h"
#include "admin/key/genkey.h"
#include "admin/tool/dnswait.h"
#include "admin/tool/invocation.h"
#include "admin/tool/subcommand.h"
#include "common/bytes/domain.h"
#include "common/io/wholefile.h"
#include "signer/keys/keys.h"
#include "signer/limits.h"
#include "signer/tables/glob.h"

enum { KEY_TEXT_MAX = 4096 };

static const char denied[] = "Permission denied; run this as root";

bool
domainkey_good(const struct domainkey *k)
{
	return k->problem == NULL && keydiff_good(k->diff);
}

const struct domainkey *
domainkey_find(const struct domainkey *k, size_t n, const char *selector)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(k[i].settings->selector, selector) == 0)
			return &k[i];
	}
	return NULL;
}

void
domainkey_record(const struct domainkey *k, struct buf *out)
{
	if (k->problem == NULL)
		genkey_record(k->domain->name, k->settings->selector,
		    k->facts.algorithm, buf_view(&k->half), out);
}

void
domainkey_unusable_next(const struct domainkey *k, struct buf *out)
{
	if (k->problem == denied)
		return; /* which says it */
	buf_fmt(out,
	    "Fix this, or take it out of %s and make another key: %s\n",
	    k->settings->origin,
	    invocation("genkey %s --add", k->domain->name));
}

void
domainkey_next(const struct domainkey *k, struct buf *out)
{
	if (k->settings->active)
		buf_fmt(out, "When DNS has the record: %s\n",
		    invocation("testkey %s", k->domain->name));
	else
		genkey_next(k->domain->name, false, out);
}

void
domainkey_tell_unusable(const struct domainkey *k, struct buf *why)
{
	buf_fmt(why, "%s: %s\n", k->settings->file, k->problem);
	domainkey_unusable_next(k, why);
}

json_t *
domainkey_json(const struct domainkey *k)
{
	json_t *o = genkey_record_json(k->domain->name, k->settings->selector,
	    k->facts.algorithm, buf_view(&k->half));

	if (json_object_set_new(
	        o, "active", json_boolean(k->settings->active)) == 0)
		return o;
	json_decref(o);
	return NULL;
}

bool
domainkey_lacks(const struct domainkey *k)
{
	return k->problem == NULL && !domainkey_good(k) &&
	    k->diff != KEYDIFF_NODNS;
}

/* true, false, or null where DNS does not say. */
static json_t *
published_json(const struct domainkey *k)
{
	if (domainkey_good(k))
		return json_true();
	return domainkey_lacks(k) ? json_false() : json_null();
}

json_t *
domainkey_looked_json(const struct domainkey *k)
{
	bool usable = k->problem == NULL;
	json_t *o = usable ? domainkey_json(k)
	                   : json_pack("{s:s, s:s}", "name", k->name,
	                         "selector", k->settings->selector);

	if (json_object_set_new(o, "published", published_json(k)) == 0 &&
	    json_object_set_new(o, "text",
	        subcommand_clean_json(
	            usable ? buf_view(&k->text) : span_str(k->problem))) == 0)
		return o;
	json_decref(o);
	return NULL;
}

/* --- the private key ------------------------------------------------------ */

/* Looks at the private key. */
static int
take_pem(struct domainkey *k, struct span pem)
{
	struct key *key = NULL;
	int rc = key_new(pem, &key, &k->problem);

	if (rc == 0) {
		k->facts = *key_facts(key);
		if (key_public(key, &k->half) != 0)
			k->problem = "OpenSSL cannot use the key";
	}
	key_free(key);
	return rc == -ENOMEM ? rc : 0;
}

static int
read_key(struct domainkey *k)
{
	struct wholefile f;
	int rc;

	if (k->settings->pem != NULL)
		return take_pem(k, span_str(k->settings->pem));
	rc = wholefile_read(k->settings->file, KEY_FILE_MAX, &f);
	if (rc != 0) {
		k->problem = rc == -EACCES && geteuid() != 0
		    ? denied
		    : wholefile_problem(rc, "is larger than any key");
		return rc == -ENOMEM ? rc : 0;
	}
	rc = take_pem(k, wholefile_view(&f));
	wholefile_free(&f);
	return rc;
}

static int
fill(struct domainkey *k, const struct domain_settings *d,
    const struct key_settings *key)
{
	*k = (struct domainkey){.domain = d, .settings = key};
	buf_init(&k->half, KEY_TEXT_MAX);
	buf_init(&k->text, KEY_TEXT_MAX);
	if (asprintf(&k->name, "%s._domainkey.%s", key->selector, d->name) <
	    0) {
		k->name = NULL;
		return -ENOMEM;
	}
	return read_key(k);
}

/* --- DNS ------------------------------------------------------------------ */

/* All keys in one go: a thousand questions one by one would take minutes. */
static int
compare_all(struct tool *t, struct domainkey *k, size_t n)
{
	struct dnswait *q = calloc(n, sizeof *q);
	int rc;

	if (q == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		q[i] = (struct dnswait){.name = k[i].name, .type = DNS_TXT};
	rc = dnswait_all(t->loop, t->resolver, q, n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (k[i].problem != NULL)
			continue;
		k[i].security = q[i].answer->security;
		k[i].diff = keydiff_compare(q[i].answer, k[i].facts.algorithm,
		    buf_view(&k[i].half), &k[i].text);
	}
	dnswait_free(q, n);
	free(q);
	return rc;
}

/* A form that adds the domain by itself makes
 * "s._domainkey.a.example.a.example" of a whole name: looked for where a record
 * lacks. */
static int
look_for_doubles(struct tool *t, struct domainkey *k, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct dnswait q = {.type = DNS_TXT};
		char *name;
		int rc;

		if (k[i].problem != NULL || k[i].diff != KEYDIFF_MISSING)
			continue;
		if (asprintf(&name, "%s.%s", k[i].name, k[i].domain->name) < 0)
			return -ENOMEM;
		q.name = name;
		rc = dnswait_all(t->loop, t->resolver, &q, 1);
		if (rc == 0 && q.answer->status == DNS_FOUND)
			buf_fmt(&k[i].text,
			    ", but there is %s: the form adds the domain by "
			    "itself, enter only %s._domainkey",
			    name, k[i].settings->selector);
		dnswait_free(&q, 1);
		free(name);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- sections ------------------------------------------------------------- */

static bool
is_wanted(const char *want, const char *name)
{
	return want == NULL || strcmp(want, name) == 0;
}

/* What is to be looked at, in growing room. */
struct list {
	const char *domain, *selector; /* wanted; NULL: any */
	struct domainkey *key;
	size_t n, room;
};

/* Adds the keys of d that are wanted. */
static int
add_domain(struct list *l, const struct domain_settings *d)
{
	int rc = 0;

	if (!is_wanted(l->domain, d->name))
		return 0;
	for (size_t j = 0; j < d->nkeys && rc == 0; j++) {
		if (!is_wanted(l->selector, d->key[j].selector))
			continue;
		if (l->n == l->room) {
			size_t room = 2 * l->room + 16;
			struct domainkey *more =
			    reallocarray(l->key, room, sizeof *more);

			if (more == NULL)
				return -ENOMEM;
			l->key = more;
			l->room = room;
		}
		rc = fill(&l->key[l->n++], d, &d->key[j]);
	}
	return rc;
}

static int
add_sections(struct list *l, const struct settings *s)
{
	int rc = 0;

	for (size_t i = 0; i < s->ndomains && rc == 0; i++)
		rc = add_domain(l, &s->domain[i]);
	return rc;
}

/* Asks DNS about all, which are freed on failure. */
static int
look(struct tool *t, struct list *l, int rc)
{
	if (rc == 0 && l->n > 0)
		rc = compare_all(t, l->key, l->n);
	if (rc == 0)
		rc = look_for_doubles(t, l->key, l->n);
	if (rc != 0)
		domainkey_free(l->key, l->n);
	return rc;
}

int
domainkey_look(struct tool *t, const char *domain, const char *selector,
    struct domainkey **ret, size_t *ret_n)
{
	struct list l = {.domain = domain, .selector = selector};
	int rc = look(t, &l, add_sections(&l, t->settings));

	if (rc == 0) {
		*ret = l.key;
		*ret_n = l.n;
	}
	return rc;
}

void
domainkey_free(struct domainkey *k, size_t n)
{
	for (size_t i = 0; k != NULL && i < n; i++) {
		free(k[i].name);
		buf_free(&k[i].half);
		buf_free(&k[i].text);
	}
	free(k);
}

/* --- tables --------------------------------------------------------------- */

static bool
is_for_any(const struct keytable_entry *e)
{
	return e->of == NULL && strcmp(e->domain.name, "%") == 0;
}

/* Adds the key of e as that of one domain, if it is not there yet. */
static int
add_as(struct list *l, struct tables *t, const struct keytable_entry *e,
    struct span domain)
{
	struct domain_settings *d;

	for (size_t i = 0; i < l->n; i++) {
		if (l->key[i].settings == e->domain.key &&
		    domain_equal(span_str(l->key[i].domain->name), domain))
			return 0;
	}
	d = arena_alloc(&t->arena, sizeof *d);
	if (d == NULL)
		return -ENOMEM;
	*d = e->domain;
	d->name = arena_dup(&t->arena, domain);
	return d->name == NULL ? -ENOMEM : add_domain(l, d);
}

/* True if mail from the domain is signed with the key of that row of the key
 * table. */
static bool
signs_for(const struct tables *t, size_t key, const char *domain)
{
	char address[sizeof "postmaster@" + DOMAIN_MAX];
	struct signtable_walk w;
	size_t row;

	snprintf(address, sizeof address, "postmaster@%s", domain);
	signtable_begin(&w, span_str(address), sizeof "postmaster" - 1);
	while ((row = signtable_next(&t->signing, &w)) < t->signing.table.n) {
		if (!t->signing.row[row].by_domain &&
		    t->signing.row[row].key == key)
			return true;
	}
	return false;
}

/* The domain that a pattern of the signing table names: "*@a.example",
 * "x@a.example", "a.example"; or an empty span. */
static struct span
domain_of(const char *pattern)
{
	struct span s = span_str(pattern);

	s = span_skip(s, span_find(s, '@') < s.n ? span_find(s, '@') + 1 : 0);
	return glob_is(s) || !domain_is_mail(s) ? span_of(s.p, 0) : s;
}

/* A key for any domain, as that of each domain that is known to use it. */
static int
add_for_any(struct list *l, struct tables *t, size_t key,
    const struct keytable_entry *e, struct buf *why)
{
	const struct signtable *s = &t->signing;
	size_t before = l->n;
	int rc = 0;

	for (size_t i = 0; t->has_signing && i < s->table.n && rc == 0; i++) {
		struct span domain = domain_of(s->table.row[i].key);

		if (domain.n > 0 && !s->row[i].by_domain &&
		    s->row[i].key == key)
			rc = add_as(l, t, e, domain);
	}
	if (rc == 0 && t->has_signing && l->domain != NULL &&
	    signs_for(t, key, l->domain))
		rc = add_as(l, t, e, span_str(l->domain));
	if (rc == 0 && l->n == before && l->domain == NULL)
		buf_fmt(why,
		    "%s:%u: this key signs for any domain; to look at one: "
		    "%s\n",
		    e->domain.origin, e->domain.line,
		    invocation("testkey DOMAIN"));
	return rc;
}

static int
add_tables(struct list *l, struct tables *t, struct buf *why)
{
	int rc = 0;

	for (size_t i = 0; i < t->keys.table.n && rc == 0; i++) {
		const struct keytable_row *r = &t->keys.row[i];

		for (size_t j = 0; j < r->count && rc == 0; j++) {
			const struct keytable_entry *e =
			    &t->keys.entry[r->first + j];

			rc = is_for_any(e) ? add_for_any(l, t, i, e, why)
			                   : add_domain(l, &e->domain);
		}
	}
	return rc;
}

/* The keys are owned by *l, the tables by the caller, on failure too. */
static int
add_all(struct list *l, const struct settings *s, struct tables **ret_tables,
    struct buf *why)
{
	int rc = tables_open(s, ret_tables, why, why);

	if (rc == -EINVAL)
		rc = 0; /* told; there are the sections */
	if (rc == 0)
		rc = add_sections(l, s);
	if (rc == 0 && *ret_tables != NULL)
		rc = add_tables(l, *ret_tables, why);
	return rc;
}

int
domainkeys_read(const struct settings *s, const char *domain,
    const char *selector, struct domainkeys *ret, struct buf *why)
{
	struct list l = {.domain = domain, .selector = selector};
	struct domainkeys keys = {.n = 0};
	int rc = add_all(&l, s, &keys.tables, why);

	keys.key = l.key;
	keys.n = l.n;
	if (rc == 0)
		*ret = keys;
	else
		domainkeys_free(&keys);
	return rc;
}

int
domainkeys_look(struct tool *t, const char *domain, const char *selector,
    struct domainkeys *ret, struct buf *why)
{
	struct list l = {.domain = domain, .selector = selector};
	struct tables *tables = NULL;
	int rc = add_all(&l, t->settings, &tables, why);

	rc = look(t, &l, rc);
	if (rc != 0)
		tables_free(tables);
	else
		*ret = (struct domainkeys){l.key, l.n, tables};
	return rc;
}

void
domainkeys_free(struct domainkeys *k)
{
	domainkey_free(k->key, k->n);
	tables_free(k->tables);
	*k = (struct domainkeys){.n = 0};
}

int
domainkeys_tell_none(const char *config, const char *domain, struct buf *why)
{
	buf_fmt(why, "%s has no such key; to make one: %s\n", config,
	    invocation("genkey %s --add", *domain == '\0' ? "DOMAIN" : domain));
	return -ENOENT;
}

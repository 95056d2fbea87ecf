/*
 * A section comes before the tables, and ends the search. What cannot sign does
 * not keep others from it: it is counted (bad, missing), and `because` speaks
 * of the first bad one, or else of the first missing one.
 */
#include "signer/choose/choose_keys.h"

#include <errno.h>

/* Something that should sign cannot: what is told is the first. */
static void
bad_key(struct choose_path *p, const char *file, unsigned line)
{
	choose_say(p, "bad_key: %s:%u", file, line);
	if (p->ret->bad++ == 0)
		choose_because(
		    p, CHOOSE_DOMAIN_BAD_KEY, p->ret->from, file, line);
}

/* The key that a row wants does not exist: the same, if none is bad. */
static void
missing_key(struct choose_path *p, const char *file, unsigned line)
{
	if (p->ret->missing++ == 0 && p->ret->bad == 0)
		choose_because(
		    p, CHOOSE_DOMAIN_NO_KEY, p->ret->from, file, line);
}

/* Adds the keys of d. */
static void
add_keys(struct choose_path *p, const struct keyring_domain *d,
    const char *domain, const char *identity)
{
	struct choose *c = p->ret;

	if (d->nbad > 0) {
		bad_key(p, d->bad->origin, d->bad->line);
		c->bad += d->nbad - 1; /* each costs a signature */
	}
	for (size_t i = 0; i < d->nkeys; i++) {
		if (c->nsign == SIGNATURES_MAX) {
			choose_say(
			    p, "no more than %d signatures", SIGNATURES_MAX);
			break;
		}
		c->sign[c->nsign++] =
		    (struct choose_signature){&d->key[i], domain, identity};
		choose_say(p, "key: selector %s, %s",
		    d->key[i].settings->selector, d->key[i].settings->file);
	}
}

const struct keyring_domain *
choose_section(const struct choose_path *p, struct span name)
{
	const struct keyring_domain *d = keyring_find(p->keys, name);

	while (d == NULL && p->keys->settings->ndomains > 0) {
		name = span_skip(name, span_find(name, '.') + 1);
		if (name.n == 0)
			return NULL;
		d = keyring_find(p->keys, name);
		if (d != NULL && !d->settings->subdomains)
			d = NULL;
	}
	return d;
}

/* "%" in an identity is the From domain. One that is not at or under d= would
 * spoil the signature (RFC 6376 section 3.5) and is left out. 0 or -ENOMEM. */
static int
make_identity(struct choose_path *p, const char *text, const char *domain,
    const char **ret)
{
	struct span from = span_str(p->ret->from), at;
	size_t n = 0, size = 1;
	char *copy;

	*ret = NULL;
	if (text == NULL)
		return 0;
	for (const char *c = text; *c != '\0'; c++)
		size += *c == '%' ? from.n : 1;
	copy = arena_alloc(p->in->arena, size);
	if (copy == NULL)
		return -ENOMEM;
	for (; *text != '\0'; text++) {
		struct span piece = *text == '%' ? from : span_of(text, 1);

		memcpy(copy + n, piece.p, piece.n);
		n += piece.n;
	}
	at = span_skip(span_of(copy, n), span_find(span_of(copy, n), '@') + 1);
	if (at.n > 0 && domain_within(at, span_str(domain)))
		*ret = copy;
	else
		choose_say(p, "identity: %s is not under %s and left out", copy,
		    domain);
	return 0;
}

/* The row of the KeyTable that a row of the signing table means. */
static size_t
key_row(const struct choose_path *p, const struct signtable_row *row)
{
	if (!row->by_domain)
		return row->key;
	return table_find(&p->tables->keys.table, span_str(p->ret->from), 0);
}

/* Adds the keys of one row that matches. 0 or -ENOMEM. */
static int
add_row(struct choose_path *p, size_t i)
{
	const struct tables *t = p->tables;
	const struct signtable_row *row = &t->signing.row[i];
	const struct table_row *text = &t->signing.table.row[i];
	const char *file = t->signing.table.file, *identity, *domain;
	const struct keytable_entry *e;
	size_t key;

	choose_say(p, "signing_table: %s:%u: %s %s", file, text->line,
	    text->key, text->value);
	if (row->wrong) {
		bad_key(p, file, text->line);
		return 0;
	}
	key = key_row(p, row);
	if (key == t->keys.table.n) {
		choose_say(p, "key_table: %s has no key \"%s\"",
		    t->keys.table.file, p->ret->from);
		missing_key(p, file, text->line);
		return 0;
	}
	file = t->keys.table.file;
	text = &t->keys.table.row[key];
	if (t->keys.row[key].wrong) {
		bad_key(p, file, text->line);
		return 0;
	}
	e = keytable_entry(&t->keys, key, p->ret->from);
	choose_say(p, "key_table: %s:%u: %s%s", file, text->line, text->key,
	    e == NULL ? ": no file for this domain" : "");
	if (e == NULL) {
		missing_key(p, file, text->line);
		return 0;
	}
	domain = e->domain.name[0] == '%' ? p->ret->from : e->domain.name;
	if (make_identity(p, row->identity, domain, &identity) != 0)
		return -ENOMEM;
	add_keys(p, keyring_entry(p->keys, e), domain, identity);
	return 0;
}

/* What came together. */
static enum choose_verdict
verdict_of(const struct choose *c)
{
	if (c->nsign > 0)
		return CHOOSE_SIGN;
	return c->bad > 0 ? CHOOSE_DOMAIN_BAD_KEY : CHOOSE_DOMAIN_NO_KEY;
}

/* Rows of the signing table that match: the first, or all. Of all, one without
 * a good key does not keep the others from signing. */
static enum choose_verdict
judge_rows(struct choose_path *p)
{
	const struct signtable *t = &p->tables->signing;
	bool matched = false;
	struct signtable_walk w;
	size_t row;

	signtable_begin(&w, p->address, p->at);
	while ((row = signtable_next(t, &w)) < t->table.n) {
		matched = true;
		if (add_row(p, row) != 0)
			return CHOOSE_NO_MEMORY;
		if (!p->settings->sign_all)
			break;
	}
	if (matched)
		return verdict_of(p->ret);
	choose_say(p, "signing_table: no row of %s matches %.*s", t->table.file,
	    (int)p->address.n, p->address.p);
	return CHOOSE_DOMAIN_UNKNOWN;
}

enum choose_verdict
choose_keys(struct choose_path *p)
{
	const struct keyring_domain *d =
	    choose_section(p, span_str(p->ret->from));
	enum choose_verdict v = CHOOSE_DOMAIN_UNKNOWN;

	if (d != NULL) {
		choose_say(p, "domain: %s:%u: %s", d->settings->origin,
		    d->settings->line, d->settings->name);
		add_keys(p, d, d->settings->name, NULL);
		return verdict_of(p->ret);
	}
	choose_say(p, "domain: no section for %s", p->ret->from);
	if (p->tables->has_signing)
		v = judge_rows(p);
	if (v != CHOOSE_SIGN)
		p->ret->nsign = 0;
	return v;
}

/* --- one key, one signature ----------------------------------------------- */

static bool
is_among(const struct choose_signature *s, const struct choose_signature *v,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].key == s->key && strcmp(v[i].domain, s->domain) == 0)
			return true;
	}
	return false;
}

enum choose_verdict
choose_once(struct choose_path *p)
{
	struct choose *c = p->ret;
	size_t kept = 0;

	for (size_t i = 0; i < c->nsign; i++) {
		const struct choose_signature *s = &c->sign[i];

		if (is_among(s, c->sign, kept))
			choose_say(p, "keys: once with d=%s s=%s", s->domain,
			    s->key->settings->selector);
		else
			c->sign[kept++] = *s;
	}
	c->nsign = kept;
	return CHOOSE_SIGN;
}

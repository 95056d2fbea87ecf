#include <errno.h>
#include <stdlib.h>

#include "admin/dnswait.h"
#include "admin/domainkey.h"
#include "common/limits.h"
#include "signer/keys.h"

enum { KEY_TEXT_MAX = 4096 };

bool
domainkey_good(const struct domainkey *k)
{
	return k->problem == NULL && keydiff_good(k->diff);
}

/* --- the private key ------------------------------------------------------ */

static int
read_key(struct domainkey *k)
{
	struct key *key = NULL;
	struct buf pem;
	int rc = tool_read_file(k->settings->file, KEY_FILE_MAX, &pem);

	if (rc != 0) {
		k->problem = strerror(-rc);
		return rc == -ENOMEM ? rc : 0;
	}
	rc = key_new(buf_view(&pem), &key, &k->problem);
	key_wipe(&pem);
	if (rc == 0) {
		k->facts = *key_facts(key);
		if (key_public(key, &k->half) != 0)
			k->problem = "OpenSSL cannot use the key";
	}
	key_free(key);
	return rc == -ENOMEM ? rc : 0;
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

/* A form that adds the domain by itself makes "s._domainkey.a.example.a.example" of
 * a whole name: looked for where a record lacks. */
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

/* --- all ------------------------------------------------------------------ */

static bool
is_wanted(const char *want, const char *name)
{
	return want == NULL || strcmp(want, name) == 0;
}

static size_t
count(const struct settings *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->ndomains; i++)
		n += s->domain[i].nkeys;
	return n;
}

static int
fill_all(const struct settings *s, const char *domain, const char *selector,
    struct domainkey *k, size_t *ret_n)
{
	int rc = 0;

	for (size_t i = 0; i < s->ndomains; i++) {
		const struct domain_settings *d = &s->domain[i];

		for (size_t j = 0; j < d->nkeys && rc == 0; j++) {
			if (is_wanted(domain, d->name) &&
			    is_wanted(selector, d->key[j].selector))
				rc = fill(&k[(*ret_n)++], d, &d->key[j]);
		}
	}
	return rc;
}

int
domainkey_look(struct tool *t, const char *domain, const char *selector,
    struct domainkey **ret, size_t *ret_n)
{
	size_t max = count(t->settings), n = 0;
	struct domainkey *k = calloc(max + 1, sizeof *k);
	int rc;

	if (k == NULL)
		return -ENOMEM;
	rc = fill_all(t->settings, domain, selector, k, &n);
	if (rc == 0 && n > 0)
		rc = compare_all(t, k, n);
	if (rc == 0)
		rc = look_for_doubles(t, k, n);
	if (rc != 0) {
		domainkey_free(k, n);
		return rc;
	}
	*ret = k;
	*ret_n = n;
	return 0;
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

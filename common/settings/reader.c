/*
 * The trick: domains and recipients of all files lie in arrays that grow, in
 * the order in which they were read, and go into the settings sorted, when the
 * last file is read.
 *
 * The trap: until then the keys of a domain are found by counting, as
 * domain.key would point into an array that moves.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/bytes/domain.h"
#include "common/settings/known.h"
#include "common/settings/lex.h"
#include "common/settings/reader.h"
#include "common/settings/value.h"

/* One reason with the texts it quotes. */
enum { NOTE_MAX = 4096 };

/* --- what is wrong ------------------------------------------------------- */

/* One line; what is too long is cut. */
static void __attribute__((format(printf, 5, 0)))
say(struct buf *out, const char *file, unsigned line, const char *key,
    const char *fmt, va_list ap)
{
	char text[NOTE_MAX];

	vsnprintf(text, sizeof text, fmt, ap);
	buf_str(out, file);
	if (line > 0)
		buf_fmt(out, ":%u", line);
	buf_str(out, ": ");
	if (key[0] != '\0')
		buf_fmt(out, "%s: ", key);
	buf_fmt(out, "%s\n", text);
}

void
settings_reader_complain(
    struct reader *r, unsigned line, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r->why, r->file, line, key, fmt, ap);
	va_end(ap);
	if (r->error == 0)
		r->error = -EINVAL;
}

void
settings_reader_warn(
    struct reader *r, unsigned line, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r->warn, r->file, line, key, fmt, ap);
	va_end(ap);
}

void
settings_reader_nomem(struct reader *r)
{
	if (r->error != -ENOMEM)
		buf_fmt(r->why, "%s: out of memory\n", r->file);
	r->error = -ENOMEM;
}

bool
settings_reader_grow(
    struct reader *r, void **v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? 16 : *cap * 2;
	void *p;

	if (n < *cap)
		return true;
	p = reallocarray(*v, more, size);
	if (p == NULL) {
		settings_reader_nomem(r);
		return false;
	}
	*v = p;
	*cap = more;
	return true;
}

/* --- begin and end ------------------------------------------------------- */

/* The sections whose rows name fields of a struct of their own. */
static bool
is_apart(const char *section)
{
	const struct section *s = settings_known_section(section);

	return s != NULL && s->owner != OF_ALL;
}

/* The defaults of the keys of one section that stands apart, or (NULL) of all
 * that do not. */
static void
set_defaults(struct reader *r, const char *section, void *base)
{
	for (size_t i = 0; i < settings_nrows; i++) {
		const struct row *row = &settings_rows[i];
		bool meant = section == NULL
		    ? !is_apart(row->section)
		    : strcmp(row->section, section) == 0;

		if (!meant || row->value == NULL)
			continue;
		if (settings_value_default(row, &r->s->arena,
		        (char *)base + row->at, &r->note) != 0)
			settings_reader_nomem(r); /* nothing else can fail */
	}
}

int
settings_reader_init(struct reader *r, const char *file,
    enum settings_scope scope, struct buf *why, struct buf *warn)
{
	*r = (struct reader){.scope = scope, .why = why, .warn = warn};
	r->file = file;
	buf_init(&r->note, NOTE_MAX);
	r->s = calloc(1, sizeof *r->s);
	if (r->s == NULL) {
		settings_reader_nomem(r);
		return r->error;
	}
	arena_init(&r->s->arena, SIZE_MAX); /* the files are limited */
	r->s->file = r->file = arena_dup(&r->s->arena, span_str(file));
	r->s->line =
	    arena_alloc(&r->s->arena, settings_nrows * sizeof *r->s->line);
	if (r->file == NULL || r->s->line == NULL) {
		r->file = file;
		settings_reader_nomem(r);
		return r->error;
	}
	set_defaults(r, NULL, r->s);
	return r->error;
}

void
settings_reader_free(struct reader *r)
{
	settings_free(r->s);
	free(r->domain);
	free(r->key);
	free(r->recipient);
	free(r->given);
	free(r->value);
	buf_free(&r->note);
}

/* --- domains and keys ---------------------------------------------------- */

/* The title as A-labels in the arena; "" with a complaint when it is none. */
static const char *
take_title(struct reader *r, struct span title, unsigned line, const char *key,
    bool mail)
{
	char name[DOMAIN_MAX + 1];
	const char *copy;
	int rc;

	title = settings_lex_inner(title);
	rc = domain_to_ascii(title, name);
	if (rc == 0 && mail && !domain_is_mail(span_str(name)))
		rc = -EINVAL;
	for (size_t i = 0; rc == 0 && name[i] != '\0'; i++) {
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.",
		        name[i]) == NULL)
			rc = -EINVAL;
	}
	if (rc == -EINVAL)
		settings_reader_complain(r, line, key,
		    "\"%.*s\" is not a name that DNS can have",
		    (int)(title.n > DOMAIN_MAX ? DOMAIN_MAX : title.n),
		    title.p);
	copy = arena_dup(&r->s->arena, span_str(rc == 0 ? name : ""));
	if (copy == NULL || rc == -ENOMEM)
		settings_reader_nomem(r);
	return copy;
}

void
settings_reader_domain(struct reader *r, struct span title, unsigned line)
{
	struct domain_settings *d;
	void *v = r->domain;

	if (!settings_reader_grow(
	        r, &v, r->ndomains, &r->domain_cap, sizeof *d))
		return;
	r->domain = v;
	d = &r->domain[r->ndomains++];
	*d = (struct domain_settings){.origin = r->file, .line = line};
	d->name = take_title(r, title, line, "domain", true);
	set_defaults(r, "domain", d);
}

void
settings_reader_key(struct reader *r, struct span title, unsigned line)
{
	struct key_settings *k;
	void *v = r->key;

	if (r->ndomains == 0) /* the domain was refused */
		return;
	if (!settings_reader_grow(r, &v, r->nkeys, &r->key_cap, sizeof *k))
		return;
	r->key = v;
	k = &r->key[r->nkeys++];
	r->domain[r->ndomains - 1].nkeys++;
	*k = (struct key_settings){.origin = r->file, .line = line};
	k->selector = take_title(r, title, line, "domain.key", false);
	set_defaults(r, "domain.key", k);
}

void
settings_reader_recipient(struct reader *r, struct span title, unsigned line)
{
	char key[SETTINGS_RECIPIENT_MAX + 1];
	struct recipient_settings *to;
	void *v = r->recipient;
	struct span plain = settings_lex_plain(title, &r->s->arena);
	int rc = settings_recipient_key(plain, key);

	if (plain.p == NULL) {
		settings_reader_nomem(r);
		return;
	}
	if (!settings_reader_grow(
	        r, &v, r->nrecipients, &r->recipient_cap, sizeof *to))
		return;
	r->recipient = v;
	to = &r->recipient[r->nrecipients++];
	*to = (struct recipient_settings){.line = line};
	if (rc != 0)
		settings_reader_complain(r, line, "policyd.recipient",
		    "the title is neither an address nor \"@\" and a domain");
	to->address = arena_dup(&r->s->arena, span_str(rc == 0 ? key : ""));
	if (to->address == NULL)
		settings_reader_nomem(r);
}

/* --- the whole ----------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const struct domain_settings *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order != 0)
		return order;
	order = strcmp(x->origin, y->origin);
	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* Moves the domains into the settings, sorted. */
static void
store_domains(struct reader *r)
{
	struct settings *s = r->s;
	struct key_settings *key =
	    arena_alloc(&s->arena, r->nkeys * sizeof *key);

	s->domain = arena_alloc(&s->arena, r->ndomains * sizeof *s->domain);
	if (key == NULL || s->domain == NULL) {
		settings_reader_nomem(r);
		return;
	}
	s->ndomains = r->ndomains;
	if (r->nkeys > 0)
		memcpy(key, r->key, r->nkeys * sizeof *key);
	if (r->ndomains == 0)
		return;
	memcpy(s->domain, r->domain, r->ndomains * sizeof *s->domain);
	for (size_t i = 0; i < s->ndomains; i++) {
		s->domain[i].key = key;
		key += s->domain[i].nkeys;
	}
	qsort(s->domain, s->ndomains, sizeof *s->domain, by_name);
}

static int
by_address(const void *a, const void *b)
{
	const struct recipient_settings *x = a, *y = b;
	int order = strcmp(x->address, y->address);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* Moves the recipients into the settings, sorted; none may stand twice. */
static void
store_recipients(struct reader *r)
{
	size_t n = r->nrecipients;
	struct recipient_settings *to;

	if (n == 0)
		return;
	to = arena_alloc(&r->s->arena, n * sizeof *to);
	if (to == NULL) {
		settings_reader_nomem(r);
		return;
	}
	memcpy(to, r->recipient, n * sizeof *to);
	qsort(to, n, sizeof *to, by_address);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(to[i].address, to[i - 1].address) == 0)
			settings_reader_complain(r, to[i].line,
			    "policyd.recipient",
			    "%s stands in the config twice, first in line %u",
			    to[i].address, to[i - 1].line);
	}
	r->s->recipient = to;
	r->s->nrecipients = n;
}

/* The same selector for one domain twice. */
static void
check_selectors(struct reader *r, const struct domain_settings *d)
{
	for (size_t i = 0; i < d->nkeys; i++) {
		const struct key_settings *k = &d->key[i], *first = d->key;

		while (strcmp(first->selector, k->selector) != 0)
			first++;
		if (first == k)
			continue;
		r->file = k->origin;
		settings_reader_complain(r, k->line, "domain.key",
		    "%s has the selector \"%s\" twice, first in %s:%u", d->name,
		    k->selector, first->origin, first->line);
	}
}

/* What stands twice. */
static void
check_doubles(struct reader *r)
{
	const struct domain_settings *d = r->s->domain;

	for (size_t i = 0; i < r->s->ndomains; i++, d++) {
		check_selectors(r, d);
		if (i == 0 || strcmp(d->name, d[-1].name) != 0)
			continue;
		r->file = d->origin;
		settings_reader_complain(r, d->line, "domain",
		    "%s stands in the config twice, first in %s:%u", d->name,
		    d[-1].origin, d[-1].line);
	}
}

static void
check_key(struct reader *r, const struct domain_settings *d,
    const struct key_settings *k)
{
	size_t record =
	    strlen(k->selector) + strlen("._domainkey.") + strlen(d->name);

	if (k->file == NULL)
		settings_reader_complain(r, k->line, "domain.key.file",
		    "the key \"%s\" of %s has no file", k->selector, d->name);
	if (record > DOMAIN_MAX)
		settings_reader_complain(r, k->line, "domain.key",
		    "the name of its record in DNS is over %d bytes long",
		    DOMAIN_MAX);
}

/* What is missing or too long. */
static void
check_domains(struct reader *r)
{
	const struct domain_settings *d = r->s->domain;

	for (size_t i = 0; i < r->s->ndomains; i++, d++) {
		r->file = d->origin;
		if (d->nkeys == 0)
			settings_reader_complain(
			    r, d->line, "domain", "%s has no key", d->name);
		for (size_t j = 0; j < d->nkeys; j++)
			check_key(r, d, &d->key[j]);
	}
	r->file = r->s->file;
}

static int
set_hostname(struct reader *r, const char *name)
{
	struct span text = span_str(name);

	buf_clear(&r->note);
	return settings_value_set(settings_known_row("hostname"), &text, 1,
	    &r->s->arena, &r->s->hostname, &r->note);
}

static void
default_hostname(struct reader *r)
{
	char name[256] = "";
	int rc;

	(void)gethostname(name, sizeof name - 1);
	rc = set_hostname(r, name);
	if (rc == -EINVAL) {
		settings_reader_warn(r, 0, "hostname",
		    "this host's own name \"%s\" cannot be used, so localhost "
		    "is",
		    name);
		rc = set_hostname(r, "localhost");
	}
	if (rc != 0)
		settings_reader_nomem(r);
}

/* A config from before keeps the mail flowing: main.cf may still name this
 * address. */
static void
set_legacy(struct reader *r, const char *key, const char *was,
    struct daemon_settings *d)
{
	const struct row *row = settings_known_row(key);
	struct endpoint *e;
	const char *why;

	if (r->s->line[row - settings_rows] != 0)
		return;
	e = arena_alloc(&r->s->arena, sizeof *e);
	if (e == NULL || endpoint_parse(span_str(was), e, &why) != 0) {
		settings_reader_nomem(r);
		return;
	}
	d->legacy = (struct endpoint_list){e, 1};
}

int
settings_reader_finish(struct reader *r, struct settings **ret)
{
	if (r->error == 0)
		store_domains(r);
	if (r->error == 0)
		store_recipients(r);
	if (r->error == 0) {
		check_doubles(r);
		check_domains(r);
	}
	if (r->error == 0 && r->s->hostname == NULL)
		default_hostname(r);
	if (r->error == 0) {
		set_legacy(r, "policyd.listen", SETTINGS_LEGACY_POLICYD,
		    &r->s->policyd.daemon);
		set_legacy(r, "signer.listen", SETTINGS_LEGACY_SIGNER,
		    &r->s->signer.daemon);
	}
	if (r->error == 0) {
		*ret = r->s;
		r->s = NULL;
	}
	return r->error;
}

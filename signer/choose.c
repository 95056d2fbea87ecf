#include "signer/choose.h"

#include <errno.h>
#include <stdio.h>

#include "signer/address.h"
#include "signer/glob.h"
#include "signer/inbound.h"
#include "signer/sigfield.h"
#include "signer/taglist.h"

/* The way through all rules; each answers CHOOSE_SIGN to go on. */
struct path {
	const struct keyring *keys;
	const struct signer_settings *settings;
	const struct tables *tables;
	const struct choose_input *in;
	struct choose *ret;
	struct span address; /* of From: local@domain, A-labels, in the arena */
	size_t at;           /* its last '@' */
};

static void __attribute__((format(printf, 2, 3)))
say(const struct path *p, const char *fmt, ...)
{
	va_list ap;

	if (p->in->say == NULL)
		return;
	va_start(ap, fmt);
	p->in->say(p->in->arg, fmt, ap);
	va_end(ap);
}

/* Notes what a verdict speaks of. */
static enum choose_verdict
because(struct path *p, enum choose_verdict v, const char *what,
    const char *file, unsigned line)
{
	p->ret->what = what;
	p->ret->file = file;
	p->ret->line = line;
	return v;
}

/* --- From ------------------------------------------------------------------ */

/* "From" as the reader's program may read it: with white space before the colon
 * it is an obsolete spelling (RFC 5322 section 4.5) of the same field. */
static bool
is_from(struct span name)
{
	return span_ieqs(span_trim(name), "From");
}

/* Keeps "local@domain" for the tables. */
static enum choose_verdict
keep_address(struct path *p, struct span local)
{
	size_t n = strlen(p->ret->from);
	char *text = arena_alloc(p->in->arena, local.n + n + 1);

	if (text == NULL)
		return CHOOSE_NO_MEMORY;
	if (local.n > 0)
		memcpy(text, local.p, local.n);
	text[local.n] = '@';
	memcpy(text + local.n + 1, p->ret->from, n);
	p->address = span_of(text, local.n + 1 + n);
	p->at = local.n;
	return CHOOSE_SIGN;
}

/* The one From address into p->address, its domain into ret->from. */
static enum choose_verdict
judge_from(struct path *p)
{
	const struct field_list *fields = &p->in->fields;
	const struct field *from = NULL;
	struct address address;
	const char *why;
	int rc;

	for (size_t i = 0; i < fields->n; i++) {
		if (!is_from(fields->v[i].name))
			continue;
		if (from != NULL)
			return CHOOSE_FROM_REPEATED;
		from = &fields->v[i];
	}
	if (from == NULL)
		return CHOOSE_FROM_MISSING;
	switch (address_parse(from->value, &address, &why)) {
	case ADDRESS_ONE:
		break;
	case ADDRESS_NONE:
		return CHOOSE_FROM_EMPTY;
	case ADDRESS_SEVERAL:
		return CHOOSE_FROM_SEVERAL;
	case ADDRESS_BAD:
		return because(p, CHOOSE_FROM_BAD, why, NULL, 0);
	}
	rc = domain_to_ascii(address.domain, p->ret->from);
	if (rc != 0)
		return rc == -ENOMEM ? CHOOSE_NO_MEMORY : CHOOSE_FROM_BAD;
	return keep_address(p, address.local);
}

/* --- the way it came -------------------------------------------------------- */

/* The entry that is this word, or NULL. */
static const char *
listed(const struct text_list *list, const char *word)
{
	for (size_t i = 0; i < list->n && word[0] != '\0'; i++) {
		if (strcasecmp(list->v[i], word) == 0)
			return list->v[i];
	}
	return NULL;
}

/* Says what a list of clients found; true if the client is in it. */
static bool
in_hosts(const struct path *p, const char *key, const struct hosts *h,
    const struct hosts_entry **ret)
{
	const struct hosts_entry *e =
	    hosts_find(h, p->in->client_name, p->in->client);

	if (e == NULL)
		say(p, "%s: no entry for the client", key);
	else if (e->file == NULL)
		say(p, "%s: %s%s", key, e->not ? "!" : "", e->text);
	else
		say(p, "%s: %s:%u: %s%s", key, e->file, e->line,
		    e->not ? "!" : "", e->text);
	*ret = e;
	return e != NULL && !e->not ;
}

/* A row of the signing table for some address of the domain. */
static bool
has_row(const struct path *p, struct span domain)
{
	char address[sizeof "postmaster@" + DOMAIN_MAX + 1];
	const size_t at = sizeof "postmaster" - 1;
	const struct signtable *t = &p->tables->signing;
	struct signtable_walk w;

	if (!p->tables->has_signing)
		return false;
	snprintf(address, sizeof address, "postmaster@%.*s", (int)domain.n,
	    domain.p);
	signtable_begin(&w, span_str(address), at);
	return signtable_next(t, &w) < t->table.n;
}

/* True if mail to the domain could be for us, or a host of that name is ours: it is
 * that of the message, or one that we sign for, or below one. */
static bool
serves(const void *arg, struct span domain)
{
	const struct path *p = arg;

	if (has_row(p, domain) || domain_within(domain, span_str(p->ret->from)))
		return true;
	for (; domain.n > 0;
	     domain = span_skip(domain, span_find(domain, '.') + 1)) {
		if (keyring_find(p->keys, domain) != NULL)
			return true;
	}
	return false;
}

/* What is left alone, whoever hands it in. */
static enum choose_verdict
judge_way(struct path *p)
{
	const struct choose_input *in = p->in;
	const struct hosts_entry *e;
	const char *daemon =
	    listed(&p->settings->never_sign_daemons, in->daemon);
	const struct inbound_us us = {
	    p->keys->settings->hostname, in->host, serves, p};
	const struct field *mark;

	if (daemon != NULL) {
		say(p, "never_sign_daemons: %s", daemon);
		return because(p, CHOOSE_DAEMON_NEVER, daemon, NULL, 0);
	}
	if (p->tables->ignore.n > 0 &&
	    in_hosts(p, "ignore_hosts", &p->tables->ignore, &e))
		return because(
		    p, CHOOSE_CLIENT_IGNORED, e->text, e->file, e->line);
	mark = inbound_mark(&in->fields, &us);
	if (mark == NULL)
		return CHOOSE_SIGN;
	say(p, "header: %.*s of this host", (int)mark->name.n, mark->name.p);
	return because(p, CHOOSE_CAME_IN, inbound_word(mark), NULL, 0);
}

/* Who may have mail signed; what each list says is asked in this order. */
static bool
may_send(struct path *p)
{
	const struct choose_input *in = p->in;
	const struct hosts_entry *e;
	const char *daemon = listed(&p->settings->sign_daemons, in->daemon);

	if (in->authenticated) {
		say(p, "client: authenticated as \"%.*s\"", (int)in->login.n,
		    in->login.p);
		return true;
	}
	say(p, "client: not authenticated");
	if (daemon != NULL) {
		say(p, "sign_daemons: %s", daemon);
		return true;
	}
	if (in->macro != NULL) {
		say(p, "sign_macros: %s", in->macro);
		return true;
	}
	return in_hosts(p, "internal_hosts", &p->tables->internal, &e);
}

/* True if the client is one of ours that is not worth a notice. */
static bool
is_expected(struct path *p)
{
	const struct hosts_entry *e;

	return p->tables->external.n > 0 &&
	    in_hosts(p, "external_ignore", &p->tables->external, &e);
}

/* --- whom it is from --------------------------------------------------------- */

/* The domain of an envelope address, "<a@b>" or "a@b", as A-labels; "" when it
 * has none. */
static void
envelope_domain(struct span address, char *ret)
{
	size_t at = address.n;

	ret[0] = '\0';
	if (at > 0 && address.p[at - 1] == '>')
		address.n = --at;
	while (at > 0 && address.p[at - 1] != '@')
		at--;
	if (at > 0)
		(void)domain_to_ascii(span_skip(address, at), ret);
}

static enum choose_verdict
judge_envelope(struct path *p)
{
	struct span sender = p->in->sender, from = span_str(p->ret->from);
	char domain[DOMAIN_MAX + 1];

	if (!p->settings->match_envelope)
		return CHOOSE_SIGN;
	if (sender.n == 0 || span_eq(sender, span_str("<>"))) {
		say(p, "match_envelope: a bounce has no sender");
		return CHOOSE_SIGN;
	}
	envelope_domain(sender, domain);
	say(p, "match_envelope: sender's domain \"%s\", From \"%s\"", domain,
	    p->ret->from);
	if (domain[0] != '\0' &&
	    (domain_within(span_str(domain), from) ||
	        domain_within(from, span_str(domain))))
		return CHOOSE_SIGN;
	return CHOOSE_ENVELOPE_OTHER;
}

static enum choose_verdict
judge_login(struct path *p)
{
	const struct authtable *t = &p->tables->auth;
	const struct table_row *row;

	if (!p->in->authenticated || !p->tables->has_auth)
		return CHOOSE_SIGN;
	row = authtable_find(t, p->in->login, p->address);
	if (row == NULL) {
		say(p, "auth_table: no row of %s lets the login use %.*s",
		    t->table.file, (int)p->address.n, p->address.p);
		return because(p, CHOOSE_LOGIN_OTHER, NULL, t->table.file, 0);
	}
	say(p, "auth_table: %s:%u: %s %s", t->table.file, row->line, row->key,
	    row->value);
	return CHOOSE_SIGN;
}

static enum choose_verdict
judge_exempt(struct path *p)
{
	const char *domain = listed(&p->settings->exempt_domains, p->ret->from);

	if (domain != NULL) {
		say(p, "exempt_domains: %s", domain);
		return because(p, CHOOSE_DOMAIN_EXEMPT, domain, NULL, 0);
	}
	if (p->in->exempt == NULL)
		return CHOOSE_SIGN;
	say(p, "exempt_recipients: %s", p->in->exempt);
	return because(p, CHOOSE_RECIPIENT_EXEMPT, p->in->exempt, NULL, 0);
}

/* --- who signs -------------------------------------------------------------- */

/* Adds the keys of d. */
static enum choose_verdict
add_keys(struct path *p, const struct keyring_domain *d, const char *domain,
    const char *identity)
{
	struct choose *c = p->ret;

	if (d->bad)
		return because(p, CHOOSE_DOMAIN_BAD_KEY, domain,
		    d->settings->origin, d->settings->line);
	for (size_t i = 0; i < d->nkeys; i++) {
		if (c->nsign == SIGNATURES_MAX) {
			say(p, "no more than %d signatures", SIGNATURES_MAX);
			break;
		}
		c->sign[c->nsign++] =
		    (struct choose_signature){&d->key[i], domain, identity};
		say(p, "key: selector %s, %s", d->key[i].settings->selector,
		    d->key[i].settings->file);
	}
	return CHOOSE_SIGN;
}

/* The section for the From domain, or the nearest above it that speaks for its
 * subdomains. */
static const struct keyring_domain *
find_section(const struct path *p)
{
	struct span name = span_str(p->ret->from);
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
make_identity(
    struct path *p, const char *text, const char *domain, const char **ret)
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
		say(p, "identity: %s is not under %s and left out", copy,
		    domain);
	return 0;
}

/* The row of the KeyTable that a row of the signing table means. */
static size_t
key_row(const struct path *p, const struct signtable_row *row)
{
	if (!row->by_domain)
		return row->key;
	return table_find(&p->tables->keys.table, span_str(p->ret->from), 0);
}

/* Adds the keys of one row that matches. */
static enum choose_verdict
add_row(struct path *p, size_t i)
{
	const struct tables *t = p->tables;
	const struct signtable_row *row = &t->signing.row[i];
	const struct table_row *text = &t->signing.table.row[i];
	const char *file = t->signing.table.file, *identity, *domain;
	const struct keytable_entry *e;
	size_t key;

	say(p, "signing_table: %s:%u: %s %s", file, text->line, text->key,
	    text->value);
	if (row->wrong)
		return because(
		    p, CHOOSE_DOMAIN_BAD_KEY, p->ret->from, file, text->line);
	key = key_row(p, row);
	if (key == t->keys.table.n) {
		say(p, "key_table: %s has no key \"%s\"", t->keys.table.file,
		    p->ret->from);
		return because(
		    p, CHOOSE_DOMAIN_NO_KEY, p->ret->from, file, text->line);
	}
	file = t->keys.table.file;
	if (t->keys.row[key].wrong)
		return because(p, CHOOSE_DOMAIN_BAD_KEY, p->ret->from, file,
		    t->keys.table.row[key].line);
	e = keytable_entry(&t->keys, key, p->ret->from);
	say(p, "key_table: %s:%u: %s%s", file, t->keys.table.row[key].line,
	    t->keys.table.row[key].key,
	    e == NULL ? ": no file for this domain" : "");
	if (e == NULL)
		return because(p, CHOOSE_DOMAIN_NO_KEY, p->ret->from, file,
		    t->keys.table.row[key].line);
	domain = e->domain.name[0] == '%' ? p->ret->from : e->domain.name;
	if (make_identity(p, row->identity, domain, &identity) != 0)
		return CHOOSE_NO_MEMORY;
	return add_keys(p, keyring_entry(p->keys, e), domain, identity);
}

/* Rows of the signing table that match: the first, or all. */
static enum choose_verdict
judge_rows(struct path *p)
{
	const struct signtable *t = &p->tables->signing;
	enum choose_verdict v = CHOOSE_DOMAIN_UNKNOWN;
	struct signtable_walk w;
	size_t row;

	signtable_begin(&w, p->address, p->at);
	do {
		row = signtable_next(t, &w);
		if (row == t->table.n)
			break;
		v = add_row(p, row);
	} while (v == CHOOSE_SIGN && p->settings->sign_all);
	if (v == CHOOSE_DOMAIN_UNKNOWN)
		say(p, "signing_table: no row of %s matches %.*s",
		    t->table.file, (int)p->address.n, p->address.p);
	return v;
}

/* Who signs for the address. */
static enum choose_verdict
judge_keys(struct path *p)
{
	const struct keyring_domain *d = find_section(p);
	enum choose_verdict v;

	if (d != NULL) {
		say(p, "domain: %s:%u: %s", d->settings->origin,
		    d->settings->line, d->settings->name);
		v = add_keys(p, d, d->settings->name, NULL);
	} else {
		say(p, "domain: no section for %s", p->ret->from);
		v = p->tables->has_signing ? judge_rows(p)
		                           : CHOOSE_DOMAIN_UNKNOWN;
	}
	if (v != CHOOSE_SIGN)
		p->ret->nsign = 0;
	else if (p->ret->nsign == 0)
		v = CHOOSE_DOMAIN_NO_KEY;
	return v;
}

/* --- signed before ----------------------------------------------------------- */

static bool
is_signature(struct span value, const struct choose_signature *s)
{
	const struct tag *domain, *selector;
	struct taglist tags;
	const char *why;

	if (taglist_parse(value, &tags, &why) != PARSE_OK)
		return false;
	domain = taglist_find(&tags, "d");
	selector = taglist_find(&tags, "s");
	return domain != NULL && selector != NULL &&
	    domain_equal(domain->value, span_str(s->domain)) &&
	    domain_equal(selector->value, span_str(s->key->settings->selector));
}

/* True if a signature with that d= and s= is there, as when a content filter
 * hands the message in again. */
static bool
is_signed(const struct field_list *fields, const struct choose_signature *s)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = &fields->v[i];

		if (span_ieqs(span_trim(f->name), SIGFIELD_NAME) &&
		    is_signature(f->value, s))
			return true;
	}
	return false;
}

/* Leaves out the signatures that are there; one key is used once. */
static enum choose_verdict
judge_signed(struct path *p)
{
	struct choose *c = p->ret;
	size_t kept = 0;

	for (size_t i = 0; i < c->nsign; i++) {
		const struct choose_signature *s = &c->sign[i];
		bool again = false;

		for (size_t j = 0; j < kept; j++)
			again = again ||
			    (c->sign[j].key == s->key &&
			        strcmp(c->sign[j].domain, s->domain) == 0);
		if (again || is_signed(&p->in->fields, s))
			say(p, "header: signed already with d=%s s=%s",
			    s->domain, s->key->settings->selector);
		else
			c->sign[kept++] = *s;
	}
	c->nsign = kept;
	return kept > 0 ? CHOOSE_SIGN : CHOOSE_SIGNED_ALREADY;
}

/* --- all rules ---------------------------------------------------------------- */

/* A stranger: is it in our name? */
static enum choose_verdict
turn_away(struct path *p, enum choose_verdict from)
{
	p->ret->outside = from == CHOOSE_SIGN &&
	    judge_keys(p) != CHOOSE_DOMAIN_UNKNOWN && !is_expected(p);
	p->ret->nsign = 0;
	return because(p, CHOOSE_CLIENT_OUTSIDE, NULL, NULL, 0);
}

static enum choose_verdict
judge(struct path *p)
{
	static enum choose_verdict (*const rules[])(struct path * p) = {
	    judge_login, judge_envelope, judge_exempt, judge_keys,
	    judge_signed};
	enum choose_verdict from = judge_from(p), v;

	if (from == CHOOSE_SIGN)
		say(p, "From: %.*s", (int)p->address.n, p->address.p);
	if (from == CHOOSE_NO_MEMORY)
		return from;
	v = judge_way(p);
	if (v != CHOOSE_SIGN)
		return v;
	if (!may_send(p))
		return turn_away(p, from);
	v = from;
	for (size_t i = 0;
	     v == CHOOSE_SIGN && i < sizeof rules / sizeof rules[0]; i++)
		v = rules[i](p);
	return v;
}

void
choose_message(const struct keyring *keys, const struct choose_input *in,
    struct choose *ret)
{
	struct path p = {.keys = keys,
	    .settings = &keys->settings->signer,
	    .tables = keys->tables,
	    .in = in,
	    .ret = ret};

	ret->nsign = 0;
	ret->outside = false;
	ret->from[0] = '\0';
	ret->what = ret->file = NULL;
	ret->line = 0;
	ret->verdict = judge(&p);
}

const char *
choose_recipient(const struct signer_settings *s, struct span recipient)
{
	const struct text_list *l = &s->exempt_recipients;

	if (recipient.n > 1 && recipient.p[0] == '<' &&
	    recipient.p[recipient.n - 1] == '>')
		recipient = span_of(recipient.p + 1, recipient.n - 2);
	for (size_t i = 0; i < l->n; i++) {
		if (glob_address(span_str(l->v[i]), recipient))
			return l->v[i];
	}
	return NULL;
}

static struct span
without_braces(struct span name)
{
	if (name.n > 2 && name.p[0] == '{' && name.p[name.n - 1] == '}')
		return span_of(name.p + 1, name.n - 2);
	return name;
}

const char *
choose_macro(
    const struct signer_settings *s, struct span name, struct span value)
{
	for (size_t i = 0; i < s->sign_macros.n; i++) {
		const char *entry = s->sign_macros.v[i];
		struct span e = span_str(entry), rest;

		rest = span_skip(e, span_find(e, '='));
		e.n -= rest.n;
		if (!span_eq(without_braces(e), without_braces(name)))
			continue;
		if (rest.n == 0)
			return entry;
		while (rest.n > 0) {
			struct span v = span_skip(rest, 1);

			v.n = span_find(v, '|');
			if (span_eq(v, value))
				return entry;
			rest = span_skip(rest, v.n + 1);
		}
	}
	return NULL;
}

/* --- in words ----------------------------------------------------------------- */

static void
put_place(const struct choose *c, struct buf *out)
{
	if (c->file != NULL && c->line > 0)
		buf_fmt(out, " (%s:%u)", c->file, c->line);
	else if (c->file != NULL)
		buf_fmt(out, " (%s)", c->file);
}

/* As much of a text as shows which one it is, for "%.*s". */
static int
shown(struct span s)
{
	return (int)(s.n < TABLE_TOLD_MAX ? s.n : TABLE_TOLD_MAX);
}

static const char *
or_nothing(const char *text)
{
	return text == NULL ? "" : text;
}

void
choose_explain(
    const struct choose *c, const struct choose_input *in, struct buf *out)
{
	const char *what = or_nothing(c->what);
	char ip[IP_TEXT_MAX];

	if (in->client == NULL)
		strncpy(ip, "unknown", sizeof ip);
	else
		ip_text(in->client, ip);
	switch (c->verdict) {
	case CHOOSE_SIGN:
		buf_fmt(out, "signed for %s", c->from);
		return;
	case CHOOSE_FROM_MISSING:
		buf_str(out, "no From field");
		return;
	case CHOOSE_FROM_REPEATED:
		buf_str(out, "several From fields");
		return;
	case CHOOSE_FROM_EMPTY:
		buf_str(out, "no address in the From field");
		return;
	case CHOOSE_FROM_SEVERAL:
		buf_str(out, "several addresses in the From field");
		return;
	case CHOOSE_FROM_BAD:
		buf_fmt(out, "the From field cannot be read%s%s",
		    what[0] == '\0' ? "" : ": ", what);
		return;
	case CHOOSE_CLIENT_IGNORED:
		buf_fmt(out, "client %s is in ignore_hosts: %s", ip, what);
		break;
	case CHOOSE_DAEMON_NEVER:
		buf_fmt(out, "%s is one of never_sign_daemons", what);
		break;
	case CHOOSE_CAME_IN:
		buf_fmt(
		    out, "it came from outside: it has %s of this host", what);
		break;
	case CHOOSE_CLIENT_OUTSIDE:
		buf_fmt(
		    out, "client %s is not internal and not authenticated", ip);
		break;
	case CHOOSE_LOGIN_OTHER:
		buf_fmt(out, "login \"%.*s\" may not use this From address",
		    shown(in->login), in->login.p);
		break;
	case CHOOSE_ENVELOPE_OTHER:
		buf_fmt(out,
		    "the envelope sender %.*s is not of the From domain %s",
		    shown(in->sender), in->sender.p, c->from);
		break;
	case CHOOSE_DOMAIN_EXEMPT:
		buf_fmt(out, "%s is one of exempt_domains", what);
		break;
	case CHOOSE_RECIPIENT_EXEMPT:
		buf_fmt(out, "a recipient is in exempt_recipients: %s", what);
		break;
	case CHOOSE_DOMAIN_UNKNOWN:
		buf_fmt(out, "no key for %s", c->from);
		break;
	case CHOOSE_DOMAIN_NO_KEY:
		buf_fmt(out, "no active key for %s", c->from);
		break;
	case CHOOSE_DOMAIN_BAD_KEY:
		buf_fmt(out, "a key for %s cannot be used", c->from);
		break;
	case CHOOSE_SIGNED_ALREADY:
		buf_str(out, "our signature is there already");
		break;
	case CHOOSE_NO_MEMORY:
		buf_str(out, "out of memory");
		return;
	case CHOOSE_VERDICTS:
		return;
	}
	put_place(c, out);
}

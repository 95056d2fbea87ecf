/*
 * The order of the rules is not the order in which they are asked: From is read
 * first, because the log and the other rules speak of its address, but what is
 * wrong with it counts only once the client may have mail signed. So a
 * stranger's message is always "not internal", and never makes us read long
 * fields: judge().
 */
#include "signer/choose/choose.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "common/mail/address.h"
#include "signer/choose/choose_keys.h"
#include "signer/choose/inbound.h"
#include "signer/tables/glob.h"

/* The entry of a list that is this word, in any case, or NULL. */
static const char *
listed(const struct text_list *list, const char *word)
{
	for (size_t i = 0; i < list->n && word[0] != '\0'; i++) {
		if (strcasecmp(list->v[i], word) == 0)
			return list->v[i];
	}
	return NULL;
}

/* --- whose message it says that it is: From ------------------------------- */

/* Keeps "local@domain" for the tables. */
static enum choose_verdict
keep_address(struct choose_path *p, struct span local)
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

/* The one From address into p->address, its domain into p->ret->from. */
static enum choose_verdict
judge_from(struct choose_path *p)
{
	const struct field_list *fields = &p->in->fields;
	struct address address;
	const char *why;
	size_t n;
	const struct field *from = field_find(fields, "From", &n);
	int rc;

	if (n > 1)
		return CHOOSE_FROM_REPEATED;
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
		return choose_because(p, CHOOSE_FROM_BAD, why, NULL, 0);
	}
	rc = domain_to_ascii(address.domain, p->ret->from);
	if (rc != 0)
		return rc == -ENOMEM ? CHOOSE_NO_MEMORY : CHOOSE_FROM_BAD;
	return keep_address(p, address.local);
}

/* --- the way it came: who hands it in, and where it was before ------------ */

/* Says what a list of clients found; true if the client is in it. */
static bool
in_hosts(const struct choose_path *p, const char *key, const struct hosts *h,
    const struct hosts_entry **ret)
{
	const struct hosts_entry *e =
	    hosts_find(h, p->in->client_name, p->in->client, p->in->own);

	if (e == NULL)
		choose_say(p, "%s: no entry for the client", key);
	else if (e->file == NULL)
		choose_say(p, "%s: %s%s", key, e->not ? "!" : "", e->text);
	else
		choose_say(p, "%s: %s:%u: %s%s", key, e->file, e->line,
		    e->not ? "!" : "", e->text);
	*ret = e;
	return e != NULL && !e->not ;
}

/* A row of the signing table for some address of the domain. */
static bool
has_row(const struct choose_path *p, struct span domain)
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

/* A section for the domain or one above it. */
static bool
has_section(const struct choose_path *p, struct span domain)
{
	for (; domain.n > 0 && p->keys->settings->ndomains > 0;
	     domain = span_skip(domain, span_find(domain, '.') + 1)) {
		if (keyring_find(p->keys, domain) != NULL)
			return true;
	}
	return false;
}

/* True if mail to the domain could be for us, or a host of that name is ours:
 * it is that of the message, or one that we sign for, or below one. */
static bool
serves(const void *arg, struct span domain)
{
	const struct choose_path *p = arg;

	return domain_within(domain, span_str(p->ret->from)) ||
	    has_section(p, domain) || has_row(p, domain);
}

/* True if it is of the author's organisation, or one that we sign for. A row
 * that matches every domain says nothing of any. */
static bool
is_home(const void *arg, struct span domain)
{
	const struct choose_path *p = arg;
	struct span from = span_str(p->ret->from);

	return domain_within(domain, from) || domain_within(from, domain) ||
	    has_section(p, domain);
}

/* What is left alone, whoever hands it in. */
static enum choose_verdict
judge_way(struct choose_path *p)
{
	const struct choose_input *in = p->in;
	const struct hosts_entry *e;
	const char *daemon =
	    listed(&p->settings->never_sign_daemons, in->daemon);

	if (daemon != NULL) {
		choose_say(p, "never_sign_daemons: %s", daemon);
		return choose_because(p, CHOOSE_DAEMON_NEVER, daemon, NULL, 0);
	}
	if (p->tables->ignore.n > 0 &&
	    in_hosts(p, "ignore_hosts", &p->tables->ignore, &e))
		return choose_because(
		    p, CHOOSE_CLIENT_IGNORED, e->text, e->file, e->line);
	return CHOOSE_SIGN;
}

/* A row of auth_table lets the login use this From: whose mail it is was
 * settled by who sends it, and not by where it was before. */
static bool
is_allowed(const struct choose_path *p)
{
	if (!p->in->authenticated || !p->tables->has_auth ||
	    p->address.n == 0 ||
	    authtable_find(&p->tables->auth, p->in->login, p->address) == NULL)
		return false;
	choose_say(p, "auth_table: the login may use this From all the same");
	return true;
}

/* Content filters hand in from this host, too, what strangers sent. */
static bool
is_this_host(const struct choose_input *in)
{
	if (in->own || in->client == NULL)
		return true;
	if (in->client->family == AF_INET)
		return in->client->b[0] == 127;
	return memcmp(in->client->b, &in6addr_loopback, 16) == 0;
}

/* A service has the MTA's own name when nobody gave it one. */
static const char *
list_daemon(const struct choose_path *p)
{
	const char *name = p->in->daemon;

	if (strcasecmp(name, p->in->host) == 0 ||
	    strcasecmp(name, p->keys->settings->hostname) == 0)
		return NULL;
	return listed(&p->settings->list_daemons, name);
}

/*
 * What a mailing list of ours sends: by its domain in From, and by the way it
 * comes. A stranger can write the one, and a content filter may go the other: a
 * post with another From of ours that the list sends on as it came, and mail
 * from the list's domain that comes another way, stay what they are.
 */
static bool
is_list_post(struct choose_path *p)
{
	const char *domain = listed(&p->settings->list_domains, p->ret->from);
	const char *daemon = list_daemon(p);
	const struct hosts_entry *e;

	if (domain == NULL)
		return false;
	choose_say(p, "list_domains: %s", domain);
	if (daemon != NULL) {
		choose_say(p, "list_daemons: %s", daemon);
		return true;
	}
	if (!is_this_host(p->in))
		return in_hosts(p, "list_hosts", &p->tables->lists, &e);
	choose_say(p, "list_daemons: not through one of them");
	return false;
}

/* What came from outside before. This may read long fields, and is for clients
 * who may have mail signed: a stranger's is unsigned without it. */
static enum choose_verdict
judge_came_in(struct choose_path *p)
{
	const struct inbound_us us = {
	    p->keys->settings->hostname, p->in->host, serves, is_home, p};
	const struct field_list *all = &p->in->fields;
	size_t n = p->in->authenticated ? inbound_new(all, &us) : 0;
	const struct field_list old = {
	    n == 0 ? all->v : all->v + n, all->n - n}; /* v may be NULL */
	const struct field *mark = inbound_mark(&old, &us);

	if (mark == NULL && n > 0 && p->in->say != NULL &&
	    inbound_mark(all, &us) != NULL)
		choose_say(p,
		    "header: what this host wrote was written for this login");
	if (mark == NULL)
		return CHOOSE_SIGN;
	choose_say(
	    p, "header: %.*s of this host", (int)mark->name.n, mark->name.p);
	if (is_allowed(p) || is_list_post(p))
		return CHOOSE_SIGN;
	return choose_because(p, CHOOSE_CAME_IN, inbound_word(mark), NULL, 0);
}

/* Who may have mail signed; what each list says is asked in this order. */
static bool
may_send(struct choose_path *p)
{
	const struct choose_input *in = p->in;
	const struct hosts_entry *e;
	const char *daemon = listed(&p->settings->sign_daemons, in->daemon);

	if (in->authenticated) {
		choose_say(p, "client: authenticated as \"%.*s\"",
		    (int)in->login.n, in->login.p);
		return true;
	}
	choose_say(p, "client: not authenticated");
	if (daemon != NULL) {
		choose_say(p, "sign_daemons: %s", daemon);
		return true;
	}
	if (in->macro != NULL) {
		choose_say(p, "sign_macros: %s", in->macro);
		return true;
	}
	return in_hosts(p, "internal_hosts", &p->tables->internal, &e);
}

/* True if a client who may not is one of ours that is not worth a notice. */
static bool
is_expected(struct choose_path *p)
{
	const struct hosts_entry *e;

	return p->tables->external.n > 0 &&
	    in_hosts(p, "external_ignore", &p->tables->external, &e);
}

/* --- login, envelope, exemptions ------------------------------------------ */

/* The domain of an envelope address, "<a@b>" or "a@b", as A-labels; "" when it
 * has none. */
static void
envelope_domain(struct span address, char *ret)
{
	size_t at;

	ret[0] = '\0';
	if (address.n > 0 && address.p[address.n - 1] == '>')
		address.n--;
	at = span_behind_last(address, '@');
	if (at > 0)
		(void)domain_to_ascii(span_skip(address, at), ret);
}

/* Without a login anybody can choose the sender anyway. A login could leave it
 * out to be let through, so a table must let it use this From, which
 * judge_login() saw. */
static enum choose_verdict
judge_bounce(const struct choose_path *p)
{
	if (p->in->authenticated && !p->tables->has_auth) {
		choose_say(p,
		    "match_envelope: no sender, and no auth_table lets the "
		    "login use this From");
		return CHOOSE_ENVELOPE_OTHER;
	}
	choose_say(p, "match_envelope: a bounce has no sender");
	return CHOOSE_SIGN;
}

/* A sender below From's domain, or above it, is its owner's only where one
 * section says so: else "MAIL FROM:<x@example>" would do for victim.example,
 * and <x@mine.hoster.example> for the hoster. */
static bool
is_kin(const struct choose_path *p, struct span sender, struct span from)
{
	const struct keyring_domain *d = choose_section(p, from);

	return d != NULL && d == choose_section(p, sender) &&
	    (domain_within(sender, from) || domain_within(from, sender));
}

static enum choose_verdict
judge_envelope(struct choose_path *p)
{
	struct span sender = p->in->sender, from = span_str(p->ret->from);
	char domain[DOMAIN_MAX + 1];

	if (!p->settings->match_envelope)
		return CHOOSE_SIGN;
	if (sender.n == 0 || span_eq(sender, span_str("<>")))
		return judge_bounce(p);
	envelope_domain(sender, domain);
	choose_say(p, "match_envelope: sender's domain \"%s\", From \"%s\"",
	    domain, p->ret->from);
	sender = span_str(domain);
	if (sender.n > 0 &&
	    (domain_equal(sender, from) || is_kin(p, sender, from)))
		return CHOOSE_SIGN;
	return CHOOSE_ENVELOPE_OTHER;
}

static enum choose_verdict
judge_login(struct choose_path *p)
{
	const struct authtable *t = &p->tables->auth;
	const struct table_row *row;

	if (!p->in->authenticated || !p->tables->has_auth)
		return CHOOSE_SIGN;
	row = authtable_find(t, p->in->login, p->address);
	if (row == NULL) {
		choose_say(p,
		    "auth_table: no row of %s lets the login use %.*s",
		    t->table.file, (int)p->address.n, p->address.p);
		return choose_because(
		    p, CHOOSE_LOGIN_OTHER, NULL, t->table.file, 0);
	}
	choose_say(p, "auth_table: %s:%u: %s %s", t->table.file, row->line,
	    row->key, row->value);
	return CHOOSE_SIGN;
}

static enum choose_verdict
judge_exempt(struct choose_path *p)
{
	const char *domain = listed(&p->settings->exempt_domains, p->ret->from);

	if (domain != NULL) {
		choose_say(p, "exempt_domains: %s", domain);
		return choose_because(p, CHOOSE_DOMAIN_EXEMPT, domain, NULL, 0);
	}
	if (p->in->exempt == NULL)
		return CHOOSE_SIGN;
	choose_say(p, "exempt_recipients: %s", p->in->exempt);
	return choose_because(
	    p, CHOOSE_RECIPIENT_EXEMPT, p->in->exempt, NULL, 0);
}

/* --- all rules ------------------------------------------------------------ */

/* A stranger: is it in our name? Then it is worth a notice. So keys are looked
 * for here, too, but only to see whether somebody would sign for that From:
 * what was found is dropped again. */
static enum choose_verdict
turn_away(struct choose_path *p, enum choose_verdict from)
{
	p->ret->outside = from == CHOOSE_SIGN &&
	    choose_keys(p) != CHOOSE_DOMAIN_UNKNOWN && !is_expected(p);
	p->ret->nsign = p->ret->bad = p->ret->missing = 0;
	return choose_because(p, CHOOSE_CLIENT_OUTSIDE, NULL, NULL, 0);
}

static enum choose_verdict
judge(struct choose_path *p)
{
	static enum choose_verdict (*const rules[])(struct choose_path * p) = {
	    judge_login, judge_envelope, judge_exempt, choose_keys,
	    choose_once};
	enum choose_verdict from = judge_from(p), v;

	if (from == CHOOSE_SIGN)
		choose_say(p, "From: %.*s", (int)p->address.n, p->address.p);
	if (from == CHOOSE_NO_MEMORY)
		return from;
	v = judge_way(p);
	if (v != CHOOSE_SIGN)
		return v;
	if (!may_send(p))
		return turn_away(p, from);
	v = judge_came_in(p);
	if (v == CHOOSE_SIGN)
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
	struct choose_path p = {.keys = keys,
	    .settings = &keys->settings->signer,
	    .tables = keys->tables,
	    .in = in,
	    .ret = ret};

	ret->nsign = ret->bad = ret->missing = 0;
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

/* The way a message came: who hands it in, and where it was before. */
#include <netinet/in.h>
#include <stdio.h>

#include "signer/choose/choose_rule.h"
#include "signer/choose/inbound.h"

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

/* True if mail to the domain could be for us, or a host of that name is ours: it is
 * that of the message, or one that we sign for, or below one. */
static bool
serves(const void *arg, struct span domain)
{
	const struct choose_path *p = arg;

	return domain_within(domain, span_str(p->ret->from)) ||
	    has_section(p, domain) || has_row(p, domain);
}

/* True if it is of the author's organisation, or one that we sign for. A row that
 * matches every domain says nothing of any. */
static bool
is_home(const void *arg, struct span domain)
{
	const struct choose_path *p = arg;
	struct span from = span_str(p->ret->from);

	return domain_within(domain, from) || domain_within(from, domain) ||
	    has_section(p, domain);
}

enum choose_verdict
choose_way(struct choose_path *p)
{
	const struct choose_input *in = p->in;
	const struct hosts_entry *e;
	const char *daemon =
	    choose_listed(&p->settings->never_sign_daemons, in->daemon);

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

/* A row of auth_table lets the login use this From: whose mail it is was settled by
 * who sends it, and not by where it was before. */
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
	return choose_listed(&p->settings->list_daemons, name);
}

/*
 * What a mailing list of ours sends: by its domain in From, and by the way it comes.
 * A stranger can write the one, and a content filter may go the other: a post with
 * another From of ours that the list sends on as it came, and mail from the list's
 * domain that comes another way, stay what they are.
 */
static bool
is_list_post(struct choose_path *p)
{
	const char *domain =
	    choose_listed(&p->settings->list_domains, p->ret->from);
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

enum choose_verdict
choose_came_in(struct choose_path *p)
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
bool
choose_may_send(struct choose_path *p)
{
	const struct choose_input *in = p->in;
	const struct hosts_entry *e;
	const char *daemon =
	    choose_listed(&p->settings->sign_daemons, in->daemon);

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

bool
choose_is_expected(struct choose_path *p)
{
	const struct hosts_entry *e;

	return p->tables->external.n > 0 &&
	    in_hosts(p, "external_ignore", &p->tables->external, &e);
}

#include "signer/choose/choose.h"

#include "signer/choose/choose_rule.h"
#include "signer/tables/glob.h"

void
choose_say(const struct choose_path *p, const char *fmt, ...)
{
	va_list ap;

	if (p->in->say == NULL)
		return;
	va_start(ap, fmt);
	p->in->say(p->in->arg, fmt, ap);
	va_end(ap);
}

enum choose_verdict
choose_because(struct choose_path *p, enum choose_verdict v, const char *what,
    const char *file, unsigned line)
{
	p->ret->what = what;
	p->ret->file = file;
	p->ret->line = line;
	return v;
}

const char *
choose_listed(const struct text_list *list, const char *word)
{
	for (size_t i = 0; i < list->n && word[0] != '\0'; i++) {
		if (strcasecmp(list->v[i], word) == 0)
			return list->v[i];
	}
	return NULL;
}

/* --- whom it is from --------------------------------------------------------- */

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

/* Without a login anybody can choose the sender anyway. A login could leave it out to
 * be let through, so a table must let it use this From, which judge_login() saw. */
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

/* A sender below From's domain, or above it, is its owner's only where one section
 * says so: else "MAIL FROM:<x@example>" would do for victim.example, and
 * <x@mine.hoster.example> for the hoster. */
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
	const char *domain =
	    choose_listed(&p->settings->exempt_domains, p->ret->from);

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

/* --- all rules ---------------------------------------------------------------- */

/* A stranger: is it in our name? */
static enum choose_verdict
turn_away(struct choose_path *p, enum choose_verdict from)
{
	p->ret->outside = from == CHOOSE_SIGN &&
	    choose_keys(p) != CHOOSE_DOMAIN_UNKNOWN && !choose_is_expected(p);
	p->ret->nsign = p->ret->bad = p->ret->missing = 0;
	return choose_because(p, CHOOSE_CLIENT_OUTSIDE, NULL, NULL, 0);
}

static enum choose_verdict
judge(struct choose_path *p)
{
	static enum choose_verdict (*const rules[])(struct choose_path * p) = {
	    judge_login, judge_envelope, judge_exempt, choose_keys,
	    choose_once};
	enum choose_verdict from = choose_from(p), v;

	if (from == CHOOSE_SIGN)
		choose_say(p, "From: %.*s", (int)p->address.n, p->address.p);
	if (from == CHOOSE_NO_MEMORY)
		return from;
	v = choose_way(p);
	if (v != CHOOSE_SIGN)
		return v;
	if (!choose_may_send(p))
		return turn_away(p, from);
	v = choose_came_in(p);
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

/*
 * The trap: the order of the rules is that of enum skip, and it decides who
 * counts as our own: whoever is in trusted_networks and trusted_relays is no
 * relay.
 */
#include "common/bytes/domain.h"
#include "policyd/decide/skip.h"

/* The listed fingerprint that it is, or NULL. */
static const char *
find_print(const struct text_list *l, struct span print)
{
	for (size_t i = 0; print.n > 0 && i < l->n; i++) {
		if (span_ieqs(print, l->v[i]))
			return l->v[i];
	}
	return NULL;
}

/* The listed domain that the name is or lies in, or NULL. */
static const char *
find_parent(const struct text_list *l, struct span name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (domain_within(name, span_str(l->v[i])))
			return l->v[i];
	}
	return NULL;
}

enum skip
skip_client(const struct policyd_settings *p, const struct subject *s,
    const char **ret_by)
{
	const char *by;

	if (settings_in_networks(&p->trusted_networks, &s->client, s->own))
		return SKIP_NETWORK;
	if (p->trust_authenticated && s->login.n > 0)
		return SKIP_AUTHENTICATED;
	if (settings_in_networks(&p->trusted_relays, &s->client, false))
		return SKIP_RELAY;
	by = find_print(&p->trusted_certificates, s->certificate);
	if (by == NULL)
		by = find_print(&p->trusted_certificates, s->public_key);
	if (by != NULL) {
		*ret_by = by;
		return SKIP_CERTIFICATE;
	}
	by = find_parent(&p->trusted_clients, s->client_name);
	if (by != NULL) {
		*ret_by = by;
		return SKIP_CLIENT;
	}
	return SKIP_NO;
}

enum skip
skip_sender(
    const struct policyd_settings *p, struct span sender, const char **ret_by)
{
	size_t at = span_behind_last(sender, '@');
	char ascii[DOMAIN_MAX + 1];
	const char *by;

	if (at == 0 || domain_to_ascii(span_skip(sender, at), ascii) != 0)
		return SKIP_NO;
	by = settings_find_domain(&p->exempt_domains, span_str(ascii));
	if (by == NULL)
		return SKIP_NO;
	*ret_by = by;
	return SKIP_SENDER;
}

bool
skip_is_own(enum skip s)
{
	switch (s) {
	case SKIP_NETWORK:
	case SKIP_AUTHENTICATED:
		return true;
	case SKIP_NO:
	case SKIP_RELAY:
	case SKIP_CERTIFICATE:
	case SKIP_CLIENT:
	case SKIP_SENDER:
	case SKIP_HELO:
	case SKIP_FORWARDER:
		break;
	}
	return false;
}

const char *
skip_word(enum skip s)
{
	switch (s) {
	case SKIP_NO:
		break;
	case SKIP_NETWORK:
		return "trusted_networks";
	case SKIP_AUTHENTICATED:
		return "trust_authenticated";
	case SKIP_RELAY:
		return "trusted_relays";
	case SKIP_CERTIFICATE:
		return "trusted_certificates";
	case SKIP_CLIENT:
		return "trusted_clients";
	case SKIP_SENDER:
		return "exempt_domains";
	case SKIP_HELO:
		return "trusted_helo";
	case SKIP_FORWARDER:
		return "trusted_forwarders";
	}
	return NULL;
}

const char *
skip_phrase(enum skip s)
{
	switch (s) {
	case SKIP_NO:
		break;
	case SKIP_NETWORK:
		return "trusted network";
	case SKIP_AUTHENTICATED:
		return "authenticated client";
	case SKIP_RELAY:
		return "trusted relay";
	case SKIP_CERTIFICATE:
		return "trusted client certificate";
	case SKIP_CLIENT:
		return "trusted client name";
	case SKIP_SENDER:
		return "exempt sender domain";
	case SKIP_HELO:
		return "trusted HELO name";
	case SKIP_FORWARDER:
		return "trusted forwarder";
	}
	return NULL;
}

/*
 * The trick: recipients and domains are sorted once, when the config is read,
 * so that a mail finds its own by halving.
 *
 * The trap: what is looked for must be written as the titles were when they
 * were sorted, in lower case and A-labels: settings_recipient_key() makes both.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/bytes/domain.h"
#include "common/settings/settings.h"

const char *
spf_result_word(enum spf_result r)
{
	static const char *const words[SPF_RESULTS] = {"fail", "softfail",
	    "temperror", "permerror", "neutral", "none", "pass"};

	return words[r];
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	arena_free(&s->arena);
	free(s);
}

static int
by_key(const void *key, const void *domain)
{
	const struct domain_settings *d = domain;

	return strcmp(key, d->name);
}

/* The policy for exactly this address. */
static const struct policyd_settings *
find_recipient(const struct settings *s, const char *address)
{
	size_t low = 0, high = s->nrecipients;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(address, s->recipient[mid].address);

		if (order == 0)
			return &s->recipient[mid].policyd;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct policyd_settings *
settings_recipient(const struct settings *s, struct span address)
{
	char key[SETTINGS_RECIPIENT_MAX + 1];
	const struct policyd_settings *p;

	if (s->nrecipients == 0 || settings_recipient_key(address, key) != 0)
		return &s->policyd;
	p = find_recipient(s, key);
	if (p == NULL)
		p = find_recipient(s, strrchr(key, '@'));
	return p == NULL ? &s->policyd : p;
}

bool
settings_is_this_host(const struct cidr *net)
{
	return net->ip.family == 0;
}

const char *
settings_find_domain(const struct text_list *list, struct span name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (domain_equal(name, span_str(list->v[i])))
			return list->v[i];
	}
	return NULL;
}

bool
settings_in_networks(
    const struct cidr_list *list, const struct ip *ip, bool own)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct cidr *net = &list->v[i];

		if (settings_is_this_host(net) ? own : cidr_contains(net, ip))
			return true;
	}
	return false;
}

int
settings_recipient_key(struct span address, char *ret)
{
	char domain[DOMAIN_MAX + 1];
	size_t at = span_behind_last(address, '@');

	if (at == 0 || at > SETTINGS_RECIPIENT_MAX - DOMAIN_MAX ||
	    span_find(address, '\0') < address.n ||
	    domain_to_ascii(span_skip(address, at), domain) != 0)
		return -EINVAL;
	for (size_t i = 0; i < at; i++)
		ret[i] = (char)span_lower((unsigned char)address.p[i]);
	memcpy(ret + at, domain, strlen(domain) + 1);
	return 0;
}

const struct domain_settings *
settings_domain(const struct settings *s, struct span name)
{
	char key[DOMAIN_MAX + 1];

	if (name.n > DOMAIN_MAX || s->ndomains == 0 ||
	    span_find(name, '\0') < name.n)
		return NULL;
	for (size_t i = 0; i < name.n; i++)
		key[i] = (char)span_lower((unsigned char)name.p[i]);
	key[name.n] = '\0';
	return bsearch(key, s->domain, s->ndomains, sizeof *s->domain, by_key);
}

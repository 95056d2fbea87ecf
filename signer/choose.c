#include "signer/choose.h"

#include "signer/address.h"

/* "From" as the reader's program may read it: with white space before the colon
 * it is an obsolete spelling (RFC 5322 section 4.5) of the same field. */
static bool
is_from(struct span name)
{
	return span_ieqs(span_trim(name), "From");
}

/* The domain of the one From address into ret->from; CHOOSE_SIGN, or why there
 * is none. */
static enum choose_verdict
judge_from(const struct field_list *fields, struct choose *ret)
{
	const struct field *from = NULL;
	struct address address;
	const char *why;

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
		return CHOOSE_FROM_BAD;
	}
	if (domain_to_ascii(address.domain, ret->from) != 0)
		return CHOOSE_FROM_BAD;
	return CHOOSE_SIGN;
}

static bool
internal(const struct text_list *hosts, const struct ip *client)
{
	struct cidr net;

	for (size_t i = 0; client != NULL && i < hosts->n; i++) {
		if (cidr_parse(span_str(hosts->v[i]), &net) == 0 &&
		    cidr_contains(&net, client))
			return true;
	}
	return false;
}

/* Who signs for ret->from. */
static enum choose_verdict
judge_domain(const struct keyring *keys, struct choose *ret)
{
	const struct keyring_domain *d =
	    keyring_find(keys, span_str(ret->from));

	if (d == NULL)
		return CHOOSE_DOMAIN_UNKNOWN;
	ret->domain = d;
	if (d->bad)
		return CHOOSE_DOMAIN_BAD_KEY;
	return d->nkeys == 0 ? CHOOSE_DOMAIN_NO_KEY : CHOOSE_SIGN;
}

void
choose_message(const struct keyring *keys, const struct choose_input *in,
    struct choose *ret)
{
	const struct text_list *hosts = &keys->settings->signer.internal_hosts;

	ret->domain = NULL;
	ret->from[0] = '\0';
	ret->verdict = judge_from(&in->fields, ret);
	if (!in->authenticated && !internal(hosts, in->client))
		ret->verdict = CHOOSE_CLIENT_OUTSIDE;
	if (ret->verdict == CHOOSE_SIGN)
		ret->verdict = judge_domain(keys, ret);
}

const char *
choose_reason(enum choose_verdict v)
{
	switch (v) {
	case CHOOSE_SIGN:
		return "internal or authenticated, and the domain has keys";
	case CHOOSE_FROM_MISSING:
		return "no From field";
	case CHOOSE_FROM_REPEATED:
		return "several From fields";
	case CHOOSE_FROM_EMPTY:
		return "no address in the From field";
	case CHOOSE_FROM_SEVERAL:
		return "several addresses in the From field";
	case CHOOSE_FROM_BAD:
		return "the From field cannot be read";
	case CHOOSE_CLIENT_OUTSIDE:
		return "client is neither internal nor authenticated";
	case CHOOSE_DOMAIN_UNKNOWN:
		return "no domain section for the From domain";
	case CHOOSE_DOMAIN_NO_KEY:
		return "the From domain has no active key";
	case CHOOSE_DOMAIN_BAD_KEY:
		return "a key of the From domain cannot be used";
	}
	return "unknown";
}

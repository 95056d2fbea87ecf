/* Whose message it says that it is: the From field. */
#include <errno.h>

#include "common/mail/address.h"
#include "signer/choose/choose_rule.h"

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

enum choose_verdict
choose_from(struct choose_path *p)
{
	const struct field_list *fields = &p->in->fields;
	const struct field *from = NULL;
	struct address address;
	const char *why;
	int rc;

	for (size_t i = 0; i < fields->n; i++) {
		if (!field_is(&fields->v[i], "From"))
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
		return choose_because(p, CHOOSE_FROM_BAD, why, NULL, 0);
	}
	rc = domain_to_ascii(address.domain, p->ret->from);
	if (rc != 0)
		return rc == -ENOMEM ? CHOOSE_NO_MEMORY : CHOOSE_FROM_BAD;
	return keep_address(p, address.local);
}

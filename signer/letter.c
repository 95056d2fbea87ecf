/*
 * The trap: what is of the connection outlives letter_reset(), what is of the
 * message must not: who was exempt, or had a macro, says nothing of the next
 * message.
 */
#include "signer/letter.h"

void
letter_reset(struct letter *l)
{
	risk_free(&l->risk);
	*l = (struct letter){.hash = l->hash, .client_macro = l->client_macro};
}

void
letter_free(struct letter *l)
{
	risk_free(&l->risk);
	bodyhash_free(l->hash);
	*l = (struct letter){.hash = NULL};
}

int
letter_hash(struct letter *l, const struct message *m,
    enum canonicalization canon, const struct hdrsel_rules *rules)
{
	struct field_list fields = message_fields(m);
	int rc = l->hash == NULL ? bodyhash_new(&l->hash) : 0;

	if (rc != 0)
		return rc;
	bodyhash_begin(l->hash, canon);
	risk_init(&l->risk);
	risk_header(&l->risk, &fields, rules);
	l->hashing = true;
	return 0;
}

void
letter_body(struct letter *l, struct span in)
{
	if (!l->hashing || in.n == 0)
		return;
	bodyhash_feed(l->hash, in);
	risk_body(&l->risk, in);
}

int
letter_hash_end(struct letter *l, unsigned char *ret)
{
	l->hashing = false;
	return bodyhash_end(l->hash, ret);
}

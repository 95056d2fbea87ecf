/*
 * The field is written with an empty b=, hashed behind the fields that it
 * names, and then sealed. What Postfix may change on the way is no matter of
 * canonical forms: a field that cannot arrive as it is is refused before
 * (canon_field_sound).
 */
#include <errno.h>
#include <stdlib.h>

#include "common/dkim/canon.h"
#include "common/dkim/headerhash.h"
#include "common/dkim/sigfield.h"
#include "common/dkim/verify.h"
#include "signer/sign/sign.h"

struct sign {
	struct headerhash *header;
	struct verify *verify;
};

int
sign_new(struct sign **ret)
{
	struct sign *s = calloc(1, sizeof *s);

	if (s == NULL)
		return -ENOMEM;
	if (headerhash_new(&s->header) != 0 || verify_new(&s->verify) != 0) {
		sign_free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void
sign_free(struct sign *s)
{
	if (s == NULL)
		return;
	headerhash_free(s->header);
	verify_free(s->verify);
	free(s);
}

static bool
all_sound(const struct named_fields *fields)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = fields->v[i].field;

		if (f != NULL && !canon_field_sound(f))
			return false;
	}
	return true;
}

int
sign_field(struct sign *s, struct key *key, const struct sign_params *p,
    const struct named_fields *fields, const unsigned char *bodyhash,
    struct buf *out)
{
	const struct sigfield tags = {key_facts(key)->algorithm,
	    p->header_canon, p->body_canon, p->domain, p->selector, p->identity,
	    p->now, p->expire, fields, bodyhash};
	unsigned char digest[DIGEST_SIZE], signature[KEY_SIGNATURE_MAX];
	size_t n, start = out->n;
	int error;

	if (!all_sound(fields))
		return -EBADMSG;
	headerhash_begin(s->header, p->header_canon);
	headerhash_add(s->header, fields);
	error = sigfield_write(&tags, out);
	if (error == 0) {
		const struct field own = {
		    span_str(SIGFIELD_NAME), span_skip(buf_view(out), start)};

		error =
		    headerhash_end(s->header, &own, span_of(NULL, 0), digest);
	}
	if (error == 0)
		error = key_sign(key, digest, signature, &n);
	return error != 0 ? error : sigfield_seal(signature, n, out);
}

/* Reads it as a stranger would; what signs less than the whole body is none of
 * ours. */
int
sign_verify(struct sign *s, struct key *key, struct span value,
    const struct field_list *fields, const unsigned char *bodyhash)
{
	const struct field field = {span_str(SIGFIELD_NAME), value};
	struct verify_header header = {.known = false};
	struct pubkey *public;
	struct signature read;
	const char *why;
	int rc;

	if (signature_read(value, &read, &why) != DKIM_PASS ||
	    read.has_length || read.algorithm != key_facts(key)->algorithm)
		return -EINVAL;
	rc = key_pubkey(key, &public);
	if (rc != 0)
		return rc;
	switch (verify_signature(s->verify, &read, &field, fields, bodyhash,
	    public, &header, &why)) {
	case DKIM_PASS:
		return 0;
	case DKIM_TEMPERROR:
		return -ENOMEM;
	case DKIM_NONE:
	case DKIM_FAIL:
	case DKIM_POLICY:
	case DKIM_NEUTRAL:
	case DKIM_PERMERROR:
		break;
	}
	return -EKEYREJECTED;
}

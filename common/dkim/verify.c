/*
 * Trick: the hash of the body is compared first, so that a body which was
 * changed costs no hash of the header and no RSA. Trap: the signature under
 * test is found by where it stands: another one may have the same text.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/bytes/arena.h"
#include "common/dkim/headerhash.h"
#include "common/dkim/named.h"
#include "common/dkim/verify.h"

enum { ARENA_MAX = 128 * 1024 }; /* SIGNATURE_NAMES_MAX names, twice */

struct verify {
	struct headerhash *header;
	struct arena arena; /* of one signature */
};

int
verify_new(struct verify **ret)
{
	struct verify *v = calloc(1, sizeof *v);

	if (v == NULL)
		return -ENOMEM;
	arena_init(&v->arena, ARENA_MAX);
	if (headerhash_new(&v->header) != 0) {
		verify_free(v);
		return -ENOMEM;
	}
	*ret = v;
	return 0;
}

void
verify_free(struct verify *v)
{
	if (v == NULL)
		return;
	headerhash_free(v->header);
	arena_free(&v->arena);
	free(v);
}

static int
hash_header(struct verify *v, const struct signature *s,
    const struct field *field, const struct field_list *fields,
    unsigned char *digest)
{
	struct named_fields named;
	int rc;

	arena_reset(&v->arena);
	rc = named_pick(s->headers, fields, field, &v->arena, &named);
	if (rc != 0)
		return rc;
	headerhash_begin(v->header, s->header_canon);
	headerhash_add(v->header, &named);
	return headerhash_end(v->header, field, s->b, digest);
}

enum dkim_result
verify_signature(struct verify *v, const struct signature *s,
    const struct field *field, const struct field_list *fields,
    const unsigned char *bodyhash, struct pubkey *key,
    struct verify_header *header, const char **ret_reason)
{
	int rc = 0;

	if (pubkey_algorithm(key) != s->algorithm) {
		*ret_reason = "the key is not of the kind in a=";
		return DKIM_PERMERROR;
	}
	if (memcmp(s->bodyhash, bodyhash, BODYHASH_SIZE) != 0) {
		*ret_reason = "body hash did not verify";
		return DKIM_FAIL;
	}
	if (s->signature_n != pubkey_signature_size(key))
		rc = -EKEYREJECTED;
	else if (!header->known)
		rc = hash_header(v, s, field, fields, header->digest);
	header->known = header->known || rc == 0;
	if (rc == 0)
		rc = pubkey_verify(
		    key, header->digest, span_of(s->signature, s->signature_n));
	if (rc == 0)
		return DKIM_PASS;
	*ret_reason =
	    rc == -EKEYREJECTED ? "signature did not verify" : "out of memory";
	return rc == -EKEYREJECTED ? DKIM_FAIL : DKIM_TEMPERROR;
}

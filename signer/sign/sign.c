#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "common/dkim/base64.h"
#include "common/dkim/bodyhash.h"
#include "common/dkim/canon.h"
#include "common/dkim/sigfield.h"
#include "common/dkim/taglist.h"
#include "signer/sign/sign.h"

enum {
	/* Folds and line ends cannot double the fields of a message. */
	INPUT_MAX = 2 * MESSAGE_HEADERS_MAX + SIGFIELD_MAX,
	INPUT_KEPT = 64 * 1024 /* for the next message */
};

struct sign {
	EVP_MD_CTX *md;
	struct buf input; /* the canonical fields */
	struct buf bare;  /* a signature's value without that of its b= */
};

int
sign_new(struct sign **ret)
{
	struct sign *s = calloc(1, sizeof *s);

	if (s == NULL)
		return -ENOMEM;
	buf_init(&s->input, INPUT_MAX);
	buf_init(&s->bare, SIGFIELD_MAX);
	s->md = EVP_MD_CTX_new();
	if (s->md == NULL ||
	    EVP_DigestInit_ex(s->md, EVP_sha256(), NULL) != 1) {
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
	EVP_MD_CTX_free(s->md);
	buf_free(&s->input);
	buf_free(&s->bare);
	free(s);
}

/* Begins the input of the next signature. */
static void
begin(struct sign *s)
{
	if (s->input.cap > INPUT_KEPT)
		buf_free(&s->input);
	buf_clear(&s->input);
}

/*
 * Adds the new signature field itself, its b= empty and without a line end
 * behind it (3.7), and hashes the input into digest[KEY_DIGEST_SIZE].
 */
static int
finish(struct sign *s, enum canonicalization canon, struct span value,
    unsigned char *digest)
{
	const struct field f = {span_str(SIGFIELD_NAME), value};
	unsigned char md[EVP_MAX_MD_SIZE];
	int error = canon_field(&s->input, canon, &f);

	if (error != 0)
		return error;
	/* No type: the context keeps SHA-256 and its memory. */
	if (EVP_DigestInit_ex(s->md, NULL, NULL) != 1 ||
	    EVP_DigestUpdate(s->md, s->input.p, s->input.n - 2) != 1 ||
	    EVP_DigestFinal_ex(s->md, md, NULL) != 1)
		return -EIO;
	memcpy(digest, md, KEY_DIGEST_SIZE);
	return 0;
}

static int
add_chosen(
    struct sign *s, enum canonicalization canon, const struct hdrsel *sel)
{
	int error = 0;

	for (size_t i = 0; i < sel->n && error == 0; i++) {
		const struct field *f = sel->v[i].field;

		if (f == NULL)
			continue;
		if (!canon_field_sound(f))
			return -EBADMSG;
		error = canon_field(&s->input, canon, f);
	}
	return error;
}

int
sign_field(struct sign *s, struct key *key, const struct sign_params *p,
    const struct hdrsel *fields, const unsigned char *bodyhash, struct buf *out)
{
	const struct sigfield tags = {key_facts(key)->algorithm,
	    p->header_canon, p->body_canon, p->domain, p->selector, p->identity,
	    p->now, p->expire, fields, bodyhash};
	unsigned char digest[KEY_DIGEST_SIZE], signature[KEY_SIGNATURE_MAX];
	size_t n, start = out->n;
	int error;

	begin(s);
	error = add_chosen(s, p->header_canon, fields);
	if (error == 0)
		error = sigfield_write(&tags, out);
	if (error == 0)
		error = finish(s, p->header_canon,
		    span_skip(buf_view(out), start), digest);
	if (error == 0)
		error = key_sign(key, digest, signature, &n);
	return error != 0 ? error : sigfield_seal(signature, n, out);
}

/* --- verifying ------------------------------------------------------------ */

static int
add_named(struct sign *s, enum canonicalization canon, struct span names,
    const struct field_list *fields)
{
	const struct field *named[HDRSEL_MAX];
	size_t n;
	int error = hdrsel_named(names, fields, named, &n);

	if (error != 0)
		return -EINVAL;
	for (size_t i = 0; i < n && error == 0; i++) {
		if (named[i] != NULL)
			error = canon_field(&s->input, canon, named[i]);
	}
	return error;
}

/* The value without what stands between "b=" and the next ';' (3.7). */
static int
strip(struct sign *s, struct span value, struct span signature)
{
	const char *head = signature.p;
	size_t tail;

	while (head[-1] != '=')
		head--;
	tail = (size_t)(signature.p - value.p) + signature.n;
	tail += span_find(span_skip(value, tail), ';');
	buf_clear(&s->bare);
	buf_add(&s->bare, value.p, (size_t)(head - value.p));
	return buf_span(&s->bare, span_skip(value, tail));
}

static bool
same_hash(struct span text, const unsigned char *bodyhash)
{
	unsigned char got[BODYHASH_SIZE];
	size_t n;

	return base64_read(text, got, sizeof got, &n) == 0 &&
	    n == BODYHASH_SIZE && memcmp(got, bodyhash, n) == 0;
}

/* Bytes of a signature by such a key. */
static size_t
signature_size(const struct key_facts *f)
{
	switch (f->algorithm) {
	case KEY_RSA_SHA256:
		return (f->bits + 7) / 8;
	case KEY_ED25519_SHA256:
		return 2 * KEY_ED25519_SIZE;
	}
	return 0;
}

int
sign_verify(struct sign *s, struct key *key, struct span value,
    const struct field_list *fields, const unsigned char *bodyhash)
{
	unsigned char digest[KEY_DIGEST_SIZE], signature[KEY_SIGNATURE_MAX];
	struct sigfield_read r;
	const char *why;
	size_t n;
	int error;

	if (sigfield_parse(value, &r, &why) != PARSE_OK ||
	    r.algorithm != key_facts(key)->algorithm)
		return -EINVAL;
	if (!same_hash(r.bodyhash, bodyhash) ||
	    base64_read(r.signature, signature, sizeof signature, &n) != 0 ||
	    n != signature_size(key_facts(key)))
		return -EKEYREJECTED;
	begin(s);
	error = add_named(s, r.header_canon, r.headers, fields);
	if (error == 0)
		error = strip(s, value, r.signature);
	if (error == 0)
		error = finish(s, r.header_canon, buf_view(&s->bare), digest);
	if (error == 0)
		error = key_verify(key, digest, span_of(signature, n));
	return error;
}

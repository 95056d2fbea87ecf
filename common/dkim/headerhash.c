/*
 * Trick: canonical fields are collected and hashed some KiB at a time, as a
 * call of the hash function costs as much as a hundred bytes. Trap: what is
 * left out of the signature's own field is found by parsing, not by looking for
 * "b=", which may stand in any other tag.
 */
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "common/bytes/buf.h"
#include "common/dkim/canon.h"
#include "common/dkim/headerhash.h"
#include "common/dkim/pubkey.h" /* DIGEST_SIZE */

#include "common/limits.h"

enum {
	/* One field at least; folds and line ends cannot double it. */
	STAGE_MAX = 2 * MESSAGE_HEADERS_MAX + 64 * 1024,
	STAGE = 16 * 1024,     /* hashed when so much is there */
	STAGE_KEPT = 64 * 1024 /* for the next header */
};

struct headerhash {
	EVP_MD_CTX *md;
	enum canonicalization canon;
	int error;
	struct buf stage; /* canonical, not hashed yet */
	struct buf bare;  /* a value without that of its b= */
};

int
headerhash_new(struct headerhash **ret)
{
	struct headerhash *h = calloc(1, sizeof *h);

	if (h == NULL)
		return -ENOMEM;
	buf_init(&h->stage, STAGE_MAX);
	buf_init(&h->bare, MESSAGE_HEADERS_MAX);
	h->md = EVP_MD_CTX_new();
	if (h->md == NULL ||
	    EVP_DigestInit_ex(h->md, EVP_sha256(), NULL) != 1) {
		headerhash_free(h);
		return -ENOMEM;
	}
	*ret = h;
	return 0;
}

void
headerhash_free(struct headerhash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->md);
	buf_free(&h->stage);
	buf_free(&h->bare);
	free(h);
}

static void
clear(struct buf *b)
{
	if (b->cap > STAGE_KEPT)
		buf_free(b);
	buf_clear(b);
}

void
headerhash_begin(struct headerhash *h, enum canonicalization canon)
{
	h->canon = canon;
	clear(&h->stage);
	clear(&h->bare);
	/* No type: the context keeps SHA-256 and its memory. */
	h->error = EVP_DigestInit_ex(h->md, NULL, NULL) == 1 ? 0 : -EIO;
}

/* All of the stage but its last `kept` bytes. */
static void
hash(struct headerhash *h, size_t kept)
{
	if (h->error == 0 &&
	    EVP_DigestUpdate(h->md, h->stage.p, h->stage.n - kept) != 1)
		h->error = -EIO;
	clear(&h->stage);
}

void
headerhash_add(struct headerhash *h, const struct named_fields *fields)
{
	for (size_t i = 0; i < fields->n && h->error == 0; i++) {
		if (fields->v[i].field != NULL)
			h->error = canon_field(
			    &h->stage, h->canon, fields->v[i].field);
		if (h->stage.n >= STAGE)
			hash(h, 0);
	}
}

/* The value without what stands between "b=" and the next ';', made in bare. */
static struct span
leave_out(struct span value, struct span b, struct buf *bare)
{
	const char *head = b.p;
	size_t tail;

	if (b.n == 0)
		return value;
	while (head[-1] != '=')
		head--;
	tail = (size_t)(b.p - value.p) + b.n;
	tail += span_find(span_skip(value, tail), ';');
	buf_add(bare, value.p, (size_t)(head - value.p));
	buf_span(bare, span_skip(value, tail));
	return buf_view(bare);
}

int
headerhash_end(struct headerhash *h, const struct field *own, struct span b,
    unsigned char *ret)
{
	const struct field f = {own->name, leave_out(own->value, b, &h->bare)};
	unsigned char md[EVP_MAX_MD_SIZE];

	if (h->error == 0)
		h->error = buf_error(&h->bare);
	if (h->error == 0)
		h->error = canon_field(&h->stage, h->canon, &f);
	if (h->error == 0)
		hash(h, 2); /* its line end */
	if (h->error == 0 && EVP_DigestFinal_ex(h->md, md, NULL) != 1)
		h->error = -EIO;
	if (h->error == 0)
		memcpy(ret, md, DIGEST_SIZE);
	return h->error;
}

int
headerhash_text(enum canonicalization canon, const struct named_fields *fields,
    const struct field *own, struct span b, struct buf *out)
{
	struct field f = {.name = own->name};
	struct buf bare;
	int rc;

	buf_init(&bare, MESSAGE_HEADERS_MAX);
	for (size_t i = 0; i < fields->n; i++) {
		if (fields->v[i].field != NULL)
			canon_field(out, canon, fields->v[i].field);
	}
	f.value = leave_out(own->value, b, &bare);
	rc = buf_error(&bare);
	if (rc == 0)
		rc = canon_field(out, canon, &f);
	if (rc == 0)
		out->n -= 2; /* its line end */
	buf_free(&bare);
	return rc;
}

/* --- SHA-1 ---------------------------------------------------------------- */

struct headerhash_sha1 {
	EVP_MD_CTX *md;
	int error;
};

int
headerhash_sha1_new(struct headerhash_sha1 **ret)
{
	struct headerhash_sha1 *h = calloc(1, sizeof *h);
	int rc = -ENOMEM;

	if (h == NULL)
		return -ENOMEM;
	ERR_clear_error();
	h->md = EVP_MD_CTX_new();
	if (h->md != NULL)
		rc = EVP_DigestInit_ex(h->md, EVP_sha1(), NULL) == 1
		    ? 0
		    : pubkey_error(-ENOTSUP);
	if (rc != 0)
		headerhash_sha1_free(h);
	else
		*ret = h;
	return rc;
}

void
headerhash_sha1_free(struct headerhash_sha1 *h)
{
	if (h != NULL)
		EVP_MD_CTX_free(h->md);
	free(h);
}

void
headerhash_sha1_add(struct headerhash_sha1 *h, struct span bytes)
{
	if (h->error == 0 && EVP_DigestUpdate(h->md, bytes.p, bytes.n) != 1)
		h->error = -EIO;
}

int
headerhash_sha1_end(struct headerhash_sha1 *h, unsigned char *ret)
{
	unsigned char md[EVP_MAX_MD_SIZE];

	if (h->error == 0 && EVP_DigestFinal_ex(h->md, md, NULL) != 1)
		h->error = -EIO;
	if (h->error == 0)
		memcpy(ret, md, SHA1_SIZE);
	return h->error;
}

/*
 * OpenSSL's key is made by the worker that first signs with it, and its
 * contexts stay for the next signature: setting one up costs more than the
 * signature of Ed25519.
 *
 * The trap: a context that failed may be half set up, and is thrown away rather
 * than used again.
 */
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "common/dkim/base64.h"
#include "signer/keys/keys.h"

struct key {
	struct keyfile file;
	EVP_PKEY *pkey;    /* NULL until it is needed */
	EVP_PKEY_CTX *rsa; /* set up to sign, or NULL */
	EVP_MD_CTX *ed25519;
	struct pubkey *public; /* NULL until it is needed */
	bool proved;           /* a signature of it was verified */
};

int
key_new(struct span pem, struct key **ret, const char **ret_why)
{
	struct keyfile file;
	struct key *k;
	int error = keyfile_read(pem, &file, ret_why);

	if (error != 0)
		return error;
	k = calloc(1, sizeof *k);
	if (k == NULL) {
		keyfile_free(&file);
		*ret_why = "out of memory";
		return -ENOMEM;
	}
	k->file = file;
	*ret = k;
	return 0;
}

void
key_free(struct key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_CTX_free(k->rsa);
	EVP_MD_CTX_free(k->ed25519);
	pubkey_free(k->public);
	EVP_PKEY_free(k->pkey); /* wipes, too */
	keyfile_free(&k->file);
	free(k);
}

const struct key_facts *
key_facts(const struct key *k)
{
	return &k->file.facts;
}

/* --- OpenSSL's key, when it is needed ------------------------------------- */

static EVP_PKEY *
make_rsa(const struct keyfile *f)
{
	const unsigned char *p = f->der;

	return d2i_PrivateKey(EVP_PKEY_RSA, NULL, &p, (long)f->n);
}

static EVP_PKEY *
make_ed25519(const struct keyfile *f)
{
	const unsigned char *seed = keyfile_ed25519_seed(f);

	return seed == NULL ? NULL
	                    : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519,
	                          NULL, seed, KEY_ED25519_SIZE);
}

static int
make_pkey(struct key *k)
{
	if (k->pkey != NULL)
		return 0;
	ERR_clear_error();
	switch (k->file.facts.algorithm) {
	case KEY_RSA_SHA256:
		k->pkey = make_rsa(&k->file);
		break;
	case KEY_ED25519_SHA256:
		k->pkey = make_ed25519(&k->file);
		break;
	}
	return k->pkey != NULL ? 0 : pubkey_error(-EINVAL);
}

/* Sets up c, of the key's own, for PKCS#1 v1.5 of a SHA-256. */
static bool
set_rsa(EVP_PKEY_CTX *c, int (*init)(EVP_PKEY_CTX *))
{
	return c != NULL && init(c) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1;
}

static int
sign_rsa(struct key *k, const unsigned char *digest, unsigned char *ret,
    size_t *ret_n)
{
	size_t n = KEY_SIGNATURE_MAX;

	if (k->rsa == NULL) {
		EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->pkey, NULL);

		if (!set_rsa(c, EVP_PKEY_sign_init)) {
			EVP_PKEY_CTX_free(c);
			return pubkey_error(-EIO);
		}
		k->rsa = c;
	}
	if (EVP_PKEY_sign(k->rsa, ret, &n, digest, DIGEST_SIZE) != 1)
		return pubkey_error(-EIO);
	*ret_n = n;
	return 0;
}

static int
sign_ed25519(struct key *k, const unsigned char *digest, unsigned char *ret,
    size_t *ret_n)
{
	EVP_PKEY *pkey = NULL; /* none: the context goes on with its own */
	size_t n = KEY_SIGNATURE_MAX;

	if (k->ed25519 == NULL) {
		k->ed25519 = EVP_MD_CTX_new();
		pkey = k->pkey;
	}
	if (k->ed25519 == NULL ||
	    EVP_DigestSignInit(k->ed25519, NULL, NULL, NULL, pkey) != 1 ||
	    EVP_DigestSign(k->ed25519, ret, &n, digest, DIGEST_SIZE) != 1) {
		EVP_MD_CTX_free(k->ed25519);
		k->ed25519 = NULL;
		return pubkey_error(-EIO);
	}
	*ret_n = n;
	return 0;
}

static int
sign_raw(struct key *k, const unsigned char *digest, unsigned char *ret,
    size_t *ret_n)
{
	switch (k->file.facts.algorithm) {
	case KEY_RSA_SHA256:
		return sign_rsa(k, digest, ret, ret_n);
	case KEY_ED25519_SHA256:
		return sign_ed25519(k, digest, ret, ret_n);
	}
	return -EINVAL;
}

/* --- halves --------------------------------------------------------------- */

/* Of an RSA key it stands in the file; no key of OpenSSL's is made, which
 * leaves copies of its numbers behind. */
static int
public_bytes(struct key *k, unsigned char *ret, size_t *ret_n)
{
	size_t n = KEYFILE_PUBLIC_MAX;
	int error;

	switch (k->file.facts.algorithm) {
	case KEY_RSA_SHA256:
		*ret_n = keyfile_rsa_public(&k->file, ret);
		return *ret_n > 0 ? 0 : -EINVAL;
	case KEY_ED25519_SHA256:
		error = make_pkey(k);
		if (error == 0 &&
		    EVP_PKEY_get_raw_public_key(k->pkey, ret, &n) != 1)
			error = pubkey_error(-EIO);
		*ret_n = n;
		return error;
	}
	return -EINVAL;
}

int
key_public(struct key *k, struct buf *out)
{
	unsigned char bytes[KEYFILE_PUBLIC_MAX];
	size_t n;
	int error = public_bytes(k, bytes, &n);

	return error != 0 ? error : base64_add(out, bytes, n);
}

int
key_pubkey(struct key *k, struct pubkey **ret)
{
	int error = make_pkey(k);

	if (error == 0 && k->public == NULL)
		error =
		    pubkey_share(k->file.facts.algorithm, k->pkey, &k->public);
	if (error == 0)
		*ret = k->public;
	return error;
}

int
key_sign(struct key *k, const unsigned char *digest, unsigned char *ret,
    size_t *ret_n)
{
	struct pubkey *public;
	int error = make_pkey(k);

	if (error == 0)
		error = sign_raw(k, digest, ret, ret_n);
	if (error != 0 || k->proved)
		return error;
	error = key_pubkey(k, &public);
	if (error == 0)
		error = pubkey_verify(public, digest, span_of(ret, *ret_n));
	k->proved = error == 0;
	return error == -EKEYREJECTED ? -EINVAL : error;
}

static EVP_PKEY *
generate(enum key_algorithm a, unsigned bits)
{
	switch (a) {
	case KEY_RSA_SHA256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	case KEY_ED25519_SHA256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
	return NULL;
}

int
key_generate(enum key_algorithm a, unsigned bits, struct buf *out)
{
	EVP_PKEY *pkey;
	BIO *bio;
	char *pem;
	long n;
	int error = 0;

	if (a == KEY_RSA_SHA256 &&
	    (bits < KEY_RSA_BITS_MIN || bits > KEY_RSA_BITS_MAX))
		return -EINVAL;
	pkey = generate(a, bits);
	bio = BIO_new(BIO_s_secmem());
	if (pkey == NULL || bio == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(
	        bio, pkey, NULL, NULL, 0, NULL, NULL) != 1)
		error = pubkey_error(-EIO);
	if (error == 0) {
		n = BIO_get_mem_data(bio, &pem);
		error = buf_add(out, pem, (size_t)n);
	}
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return error;
}

void
key_wipe(struct buf *b)
{
	if (b->p != NULL)
		OPENSSL_cleanse(b->p, b->cap);
	buf_free(b);
}

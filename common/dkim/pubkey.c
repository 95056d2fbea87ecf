/*
 * Trick: the context that verifies is set up once and kept. Trap:
 * d2i_PublicKey() and d2i_PUBKEY() stop at the end of the first value and are
 * glad; p= must be that value and nothing behind it, else two readers could see
 * two keys. And where SHA-1 is forbidden in signatures, OpenSSL refuses to be
 * told that one is in: it is asked for the signed block alone, and we compare.
 */
#include <errno.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "common/dkim/pubkey.h"

enum {
	ED25519_SIZE = 32,
	ED25519_SIGNATURE = 64,
	EXPONENT_BITS_MAX = 32 /* RFC 6376 section 8.13 */
};

struct pubkey {
	enum key_algorithm algorithm;
	unsigned bits;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *rsa;   /* set up to verify, or NULL */
	EVP_MD_CTX *ed25519; /* or NULL */
};

int
pubkey_error(int other)
{
	unsigned long e;

	while ((e = ERR_get_error()) != 0) {
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			other = -ENOMEM;
	}
	return other;
}

/* As SubjectPublicKeyInfo, or bare. NULL if it is neither. */
static EVP_PKEY *
read_rsa(struct span bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	const unsigned char *end = p + bytes.n;
	EVP_PKEY *k = d2i_PUBKEY(NULL, &p, (long)bytes.n);

	if (k == NULL) {
		p = (const unsigned char *)bytes.p;
		k = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)bytes.n);
	}
	if (k != NULL && (p != end || EVP_PKEY_get_id(k) != EVP_PKEY_RSA)) {
		EVP_PKEY_free(k);
		return NULL;
	}
	return k;
}

/* Odd, at least 3, and short. */
static bool
sound_exponent(const EVP_PKEY *k)
{
	BIGNUM *e = NULL;
	bool sound = EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
	    BN_is_odd(e) && !BN_is_one(e) &&
	    BN_num_bits(e) <= EXPONENT_BITS_MAX;

	BN_free(e);
	return sound;
}

static const char *
judge_rsa(const struct pubkey *k)
{
	if (k->bits > PUBKEY_RSA_BITS_MAX)
		return "the key is too long";
	return sound_exponent(k->pkey) ? NULL : "the key has a bad exponent";
}

static bool
set_rsa(EVP_PKEY_CTX *c)
{
	return c != NULL && EVP_PKEY_verify_init(c) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1;
}

/* Reads and judges. NULL, or why it is no key for us; memory is told by
 * pubkey_error(). */
static const char *
fill(struct pubkey *k, struct span bytes)
{
	switch (k->algorithm) {
	case KEY_RSA_SHA256:
		k->pkey = read_rsa(bytes);
		if (k->pkey == NULL)
			return "p= is no RSA key";
		k->bits = (unsigned)EVP_PKEY_get_bits(k->pkey);
		return judge_rsa(k);
	case KEY_ED25519_SHA256:
		if (bytes.n == ED25519_SIZE)
			k->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519,
			    NULL, (const unsigned char *)bytes.p, bytes.n);
		k->bits = 8 * ED25519_SIZE;
		return k->pkey != NULL ? NULL : "p= is no Ed25519 key";
	}
	return "p= is no key";
}

int
pubkey_new(enum key_algorithm a, struct span bytes, struct pubkey **ret,
    const char **ret_why)
{
	struct pubkey *k = calloc(1, sizeof *k);
	const char *why;
	int rc;

	if (k == NULL) {
		*ret_why = "out of memory";
		return -ENOMEM;
	}
	ERR_clear_error();
	k->algorithm = a;
	why = fill(k, bytes);
	rc = pubkey_error(why == NULL ? 0 : -EINVAL);
	if (rc == 0 || why == NULL) {
		*ret = k;
		return 0;
	}
	pubkey_free(k);
	*ret_why = rc == -ENOMEM ? "out of memory" : why;
	return rc;
}

int
pubkey_share(
    enum key_algorithm a, struct evp_pkey_st *pkey, struct pubkey **ret)
{
	struct pubkey *k = calloc(1, sizeof *k);

	if (k == NULL || EVP_PKEY_up_ref(pkey) != 1) {
		free(k);
		return -ENOMEM;
	}
	k->algorithm = a;
	k->pkey = pkey;
	k->bits = a == KEY_RSA_SHA256 ? (unsigned)EVP_PKEY_get_bits(pkey)
	                              : 8 * ED25519_SIZE;
	*ret = k;
	return 0;
}

void
pubkey_free(struct pubkey *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_CTX_free(k->rsa);
	EVP_MD_CTX_free(k->ed25519);
	EVP_PKEY_free(k->pkey);
	free(k);
}

enum key_algorithm
pubkey_algorithm(const struct pubkey *k)
{
	return k->algorithm;
}

unsigned
pubkey_bits(const struct pubkey *k)
{
	return k->bits;
}

/* 1: right; 0 or below: not. */
static int
verify_rsa(struct pubkey *k, const unsigned char *digest, struct span sig)
{
	if (k->rsa == NULL) {
		EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->pkey, NULL);

		if (!set_rsa(c)) {
			EVP_PKEY_CTX_free(c);
			return -1;
		}
		k->rsa = c;
	}
	return EVP_PKEY_verify(
	    k->rsa, (const unsigned char *)sig.p, sig.n, digest, DIGEST_SIZE);
}

static int
verify_ed25519(struct pubkey *k, const unsigned char *digest, struct span sig)
{
	if (k->ed25519 == NULL)
		k->ed25519 = EVP_MD_CTX_new();
	if (k->ed25519 == NULL ||
	    EVP_DigestVerifyInit(k->ed25519, NULL, NULL, NULL, k->pkey) != 1)
		return -1;
	return EVP_DigestVerify(k->ed25519, (const unsigned char *)sig.p, sig.n,
	    digest, DIGEST_SIZE);
}

size_t
pubkey_signature_size(const struct pubkey *k)
{
	switch (k->algorithm) {
	case KEY_RSA_SHA256:
		return (k->bits + 7) / 8;
	case KEY_ED25519_SHA256:
		return ED25519_SIGNATURE;
	}
	return 0;
}

int
pubkey_verify(
    struct pubkey *k, const unsigned char *digest, struct span signature)
{
	int got = -1;

	if (signature.n != pubkey_signature_size(k))
		return -EKEYREJECTED;
	ERR_clear_error();
	switch (k->algorithm) {
	case KEY_RSA_SHA256:
		got = verify_rsa(k, digest, signature);
		break;
	case KEY_ED25519_SHA256:
		got = verify_ed25519(k, digest, signature);
		break;
	}
	/* OpenSSL says "below 0" of a number over the modulus, too. */
	return got == 1 ? 0 : pubkey_error(-EKEYREJECTED);
}

/* The block that a signature of it has: DigestInfo, RFC 8017 section 9.2. */
static bool
is_sha1(const unsigned char *block, size_t n, const unsigned char *sha1)
{
	static const unsigned char head[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05,
	    0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};

	return n == sizeof head + SHA1_SIZE &&
	    memcmp(block, head, sizeof head) == 0 &&
	    memcmp(block + sizeof head, sha1, SHA1_SIZE) == 0;
}

int
pubkey_verify_sha1(
    struct pubkey *k, const unsigned char *sha1, struct span signature)
{
	unsigned char block[PUBKEY_RSA_BITS_MAX / 8];
	size_t n = sizeof block;
	EVP_PKEY_CTX *c;
	bool good;

	if (k->algorithm != KEY_RSA_SHA256 ||
	    signature.n != pubkey_signature_size(k))
		return -EKEYREJECTED;
	ERR_clear_error();
	c = EVP_PKEY_CTX_new(k->pkey, NULL);
	good = c != NULL && EVP_PKEY_verify_recover_init(c) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_verify_recover(c, block, &n,
	        (const unsigned char *)signature.p, signature.n) == 1 &&
	    is_sha1(block, n, sha1);
	EVP_PKEY_CTX_free(c);
	return good ? 0 : pubkey_error(-EKEYREJECTED);
}

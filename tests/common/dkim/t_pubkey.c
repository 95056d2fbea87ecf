#include <dlfcn.h>
#include <errno.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/dkim/headerhash.h"
#include "signer/keys/keys.h"
#include "tests/support/pem.h"
#include "tests/support/rsader.h"
#include "tests/support/suite.h"

/*
 * The crypto policy of EL9, as its OpenSSL has it: no SHA-1 in signatures, for
 * those who say that one is in. Debian's knows no such thing.
 */
static bool forbidden;

int
EVP_PKEY_CTX_set_signature_md(EVP_PKEY_CTX *c, const EVP_MD *md)
{
	int (*real)(EVP_PKEY_CTX *, const EVP_MD *);

	*(void **)&real = dlsym(RTLD_NEXT, "EVP_PKEY_CTX_set_signature_md");
	return forbidden && EVP_MD_is_a(md, "SHA1") ? -1 : real(c, md);
}

int
EVP_DigestVerifyInit(
    EVP_MD_CTX *c, EVP_PKEY_CTX **p, const EVP_MD *md, ENGINE *e, EVP_PKEY *k)
{
	int (*real)(EVP_MD_CTX *, EVP_PKEY_CTX **, const EVP_MD *, ENGINE *,
	    EVP_PKEY *);

	*(void **)&real = dlsym(RTLD_NEXT, "EVP_DigestVerifyInit");
	return forbidden && md != NULL && EVP_MD_is_a(md, "SHA1")
	    ? 0
	    : real(c, p, md, e, k);
}

static int
taken(enum key_algorithm a, const unsigned char *p, size_t n, unsigned bits,
    const char **ret_why)
{
	struct pubkey *k = NULL;
	int rc = pubkey_new(a, span_of(p, n), &k, ret_why);

	if (rc == 0) {
		CHECK(pubkey_bits(k) == bits && pubkey_algorithm(k) == a);
		pubkey_free(k);
	} else {
		CHECK(k == NULL);
	}
	CHECK(ERR_peek_error() == 0);
	return rc;
}

static void
rsa_keys(void)
{
	static const struct {
		int bits;
		BN_ULONG e;
		const char *why; /* NULL: taken */
	} row[] = {
	    {512, 65537, NULL},
	    {1023, 65537, NULL},
	    {1024, 3, NULL},
	    {2048, 65537, NULL},
	    {2048, 0xffffffff, NULL},
	    {4096, 65537, NULL},
	    {PUBKEY_RSA_BITS_MAX, 65537, NULL},
	    {PUBKEY_RSA_BITS_MAX + 1, 65537, "the key is too long"},
	    {2048, 1, "the key has a bad exponent"},
	    {2048, 4, "the key has a bad exponent"},
	    {2048, 0x100000001, "the key has a bad exponent"},
	};
	unsigned char der[RSADER_MAX];
	const char *why;

	for (size_t i = 0; i < 2 * sizeof row / sizeof row[0]; i++) {
		bool bare = i % 2 == 1;
		size_t n = rsader(row[i / 2].bits, row[i / 2].e, bare, der);
		int rc;

		why = NULL;
		suite_row(row[i / 2].why);
		rc = taken(
		    KEY_RSA_SHA256, der, n, (unsigned)row[i / 2].bits, &why);
		CHECK(rc == (row[i / 2].why == NULL ? 0 : -EINVAL));
		CHECK_STR(why, row[i / 2].why);
	}
	suite_row(NULL);
}

/* Neither a byte less nor one more, and no key of another kind. */
static void
other_bytes(void)
{
	unsigned char der[RSADER_MAX] = {0};
	const char *why;
	size_t n = rsader(1024, 65537, false, der);

	for (size_t cut = 0; cut < n; cut++)
		CHECK(taken(KEY_RSA_SHA256, der, cut, 0, &why) == -EINVAL);
	der[n] = 0;
	CHECK(taken(KEY_RSA_SHA256, der, n + 1, 0, &why) == -EINVAL);
	CHECK_STR(why, "p= is no RSA key");
	CHECK(taken(KEY_ED25519_SHA256, der, n, 0, &why) == -EINVAL);
	CHECK_STR(why, "p= is no Ed25519 key");
	CHECK(taken(KEY_ED25519_SHA256, der, 31, 0, &why) == -EINVAL);
	CHECK(taken(KEY_ED25519_SHA256, der, 33, 0, &why) == -EINVAL);
	CHECK(taken(KEY_ED25519_SHA256, der, 32, 256, &why) == 0);
}

/* A SubjectPublicKeyInfo of Ed25519 or of P-256 is no key for k=rsa or
 * k=ed25519 (RFC 8463 section 4.2 wants the 32 bytes). */
static void
other_kinds(void)
{
	static const char *const types[] = {"ED25519", "EC"};
	const char *why;

	for (size_t i = 0; i < 2; i++) {
		unsigned char der[RSADER_MAX], *p = der;
		EVP_PKEY *k = i == 0
		    ? EVP_PKEY_Q_keygen(NULL, NULL, types[i])
		    : EVP_PKEY_Q_keygen(NULL, NULL, types[i], "P-256");
		int n = i2d_PUBKEY(k, &p);

		CU_ASSERT_FATAL(n > 0);
		suite_row(types[i]);
		CHECK(
		    taken(KEY_RSA_SHA256, der, (size_t)n, 0, &why) == -EINVAL);
		CHECK(taken(KEY_ED25519_SHA256, der, (size_t)n, 0, &why) ==
		    -EINVAL);
		EVP_PKEY_free(k);
	}
	suite_row(NULL);
}

/* One key for one signature after the other; a wrong one between does no
 * harm. */
static void
signatures(void)
{
	static const char *const pems[] = {pem_rsa1024, pem_ed25519};

	for (size_t i = 0; i < 2; i++) {
		unsigned char sig[KEY_SIGNATURE_MAX], digest[DIGEST_SIZE] = {0};
		struct pubkey *public;
		struct key *k;
		const char *why;
		size_t n;

		CU_ASSERT_FATAL(key_new(span_str(pems[i]), &k, &why) == 0);
		CU_ASSERT_FATAL(key_pubkey(k, &public) == 0);
		for (unsigned char t = 0; t < 3; t++) {
			digest[0] = t;
			CHECK(key_sign(k, digest, sig, &n) == 0);
			CHECK(pubkey_verify(public, digest, span_of(sig, n)) ==
			    0);
			digest[31] ^= 1;
			CHECK(pubkey_verify(public, digest, span_of(sig, n)) ==
			    -EKEYREJECTED);
			digest[31] ^= 1;
			CHECK(pubkey_verify(public, digest,
			          span_of(sig, n - 1)) == -EKEYREJECTED);
			memset(sig, 0xff, n); /* over the modulus */
			CHECK(pubkey_verify(public, digest, span_of(sig, n)) ==
			    -EKEYREJECTED);
			CHECK(ERR_peek_error() == 0);
		}
		key_free(k);
	}
}

/* --- SHA-1 ---------------------------------------------------------------- */

static EVP_PKEY *
private_from(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *k = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);

	BIO_free(in);
	CU_ASSERT_FATAL(k != NULL);
	return k;
}

/* Of that text, with its SHA-1 or another hash. Bytes of it. */
static size_t
sign_as(EVP_PKEY *k, const EVP_MD *md, const char *text, unsigned char *sig)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t n = KEY_SIGNATURE_MAX;

	CU_ASSERT_FATAL(EVP_DigestSignInit(c, NULL, md, NULL, k) == 1 &&
	    EVP_DigestSign(
	        c, sig, &n, (const unsigned char *)text, strlen(text)) == 1);
	EVP_MD_CTX_free(c);
	return n;
}

/* Signs those bytes as they are, with padding of that kind. */
static size_t
sign_block(
    EVP_PKEY *k, const unsigned char *block, size_t bytes, unsigned char *sig)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k, NULL);
	size_t n = KEY_SIGNATURE_MAX;

	CU_ASSERT_FATAL(EVP_PKEY_sign_init(c) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_sign(c, sig, &n, block, bytes) == 1);
	EVP_PKEY_CTX_free(c);
	return n;
}

static void
hash_text(const char *text, unsigned char *sha1)
{
	struct headerhash_sha1 *h;

	CU_ASSERT_FATAL(headerhash_sha1_new(&h) == 0);
	headerhash_sha1_add(h, span_of(text, 1));
	headerhash_sha1_add(h, span_str(text + 1));
	CHECK(headerhash_sha1_end(h, sha1) == 0);
	headerhash_sha1_free(h);
}

static void
sha1_signatures(void)
{
	static const unsigned char abc[] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06,
	    0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c,
	    0xd0, 0xd8, 0x9d}; /* FIPS 180-2 A.1 */
	unsigned char sig[KEY_SIGNATURE_MAX], sha1[DIGEST_SIZE] = {0};
	EVP_PKEY *k = private_from(pem_rsa1024);
	struct pubkey *public;
	size_t n;

	CU_ASSERT_FATAL(pubkey_share(KEY_RSA_SHA256, k, &public) == 0);
	hash_text("abc", sha1);
	CHECK(memcmp(sha1, abc, sizeof abc) == 0);
	n = sign_as(k, EVP_sha1(), "abc", sig);
	for (int i = 0; i < 2; i++) {
		CHECK(pubkey_verify_sha1(public, abc, span_of(sig, n)) == 0);
		sha1[19] ^= 1;
		CHECK(pubkey_verify_sha1(public, sha1, span_of(sig, n)) ==
		    -EKEYREJECTED);
		sha1[19] ^= 1;
		CHECK(pubkey_verify_sha1(public, abc, span_of(sig, n - 1)) ==
		    -EKEYREJECTED);
	}
	/* of DKIM it is none */
	CHECK(pubkey_verify(public, sha1, span_of(sig, n)) == -EKEYREJECTED);
	sig[0] ^= 1;
	CHECK(
	    pubkey_verify_sha1(public, abc, span_of(sig, n)) == -EKEYREJECTED);
	memset(sig, 0xff, n); /* over the modulus */
	CHECK(
	    pubkey_verify_sha1(public, abc, span_of(sig, n)) == -EKEYREJECTED);
	CHECK(ERR_peek_error() == 0);
	pubkey_free(public);
	EVP_PKEY_free(k);
}

/* A block that is signed, but is none of a SHA-1: of another hash, bare, with a
 * byte more, a byte less, another head. */
static void
other_blocks(void)
{
	static const unsigned char head[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05,
	    0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
	unsigned char sig[KEY_SIGNATURE_MAX], block[64] = {0};
	const unsigned char *sha1 = block + sizeof head;
	EVP_PKEY *k = private_from(pem_rsa1024);
	struct pubkey *public;
	size_t n, whole = sizeof head + SHA1_SIZE;

	CU_ASSERT_FATAL(pubkey_share(KEY_RSA_SHA256, k, &public) == 0);
	memcpy(block, head, sizeof head);
	hash_text("abc", block + sizeof head);
	n = sign_block(k, block, whole, sig);
	CHECK(pubkey_verify_sha1(public, sha1, span_of(sig, n)) == 0);
	for (size_t i = 0; i < 2; i++) {
		n = sign_block(k, block, whole - 1 + 2 * i, sig);
		CHECK(pubkey_verify_sha1(public, sha1, span_of(sig, n)) ==
		    -EKEYREJECTED);
	}
	for (size_t i = 0; i < sizeof head; i++) {
		block[i] ^= 1;
		n = sign_block(k, block, whole, sig);
		CHECK(pubkey_verify_sha1(public, sha1, span_of(sig, n)) ==
		    -EKEYREJECTED);
		block[i] ^= 1;
	}
	n = sign_block(k, sha1, SHA1_SIZE, sig);
	CHECK(
	    pubkey_verify_sha1(public, sha1, span_of(sig, n)) == -EKEYREJECTED);
	n = sign_as(k, EVP_sha256(), "abc", sig);
	CHECK(
	    pubkey_verify_sha1(public, sha1, span_of(sig, n)) == -EKEYREJECTED);
	pubkey_free(public);
	EVP_PKEY_free(k);
}

/* Where the system forbids it, it verifies all the same. */
static void
sha1_forbidden(void)
{
	unsigned char sig[KEY_SIGNATURE_MAX], sha1[SHA1_SIZE];
	EVP_PKEY *k = private_from(pem_rsa1024);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p = EVP_PKEY_CTX_new(k, NULL);
	struct pubkey *public;
	size_t n = sign_as(k, EVP_sha1(), "abc", sig);

	CU_ASSERT_FATAL(pubkey_share(KEY_RSA_SHA256, k, &public) == 0);
	forbidden = true;
	CHECK(EVP_DigestVerifyInit(c, NULL, EVP_sha1(), NULL, k) != 1);
	CHECK(EVP_PKEY_verify_init(p) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(p, EVP_sha1()) != 1);
	hash_text("abc", sha1);
	CHECK(pubkey_verify_sha1(public, sha1, span_of(sig, n)) == 0);
	sha1[0] ^= 1;
	CHECK(
	    pubkey_verify_sha1(public, sha1, span_of(sig, n)) == -EKEYREJECTED);
	forbidden = false;
	pubkey_free(public);
	EVP_MD_CTX_free(c);
	EVP_PKEY_CTX_free(p);
	EVP_PKEY_free(k);
}

/* Ed25519 has no SHA-1. */
static void
sha1_of_another_kind(void)
{
	unsigned char sig[64] = {0}, sha1[SHA1_SIZE] = {0};
	EVP_PKEY *k = private_from(pem_ed25519);
	struct pubkey *public;

	CU_ASSERT_FATAL(pubkey_share(KEY_ED25519_SHA256, k, &public) == 0);
	CHECK(pubkey_verify_sha1(public, sha1, span_of(sig, sizeof sig)) ==
	    -EKEYREJECTED);
	pubkey_free(public);
	EVP_PKEY_free(k);
}

SUITE("pubkey", T(rsa_keys), T(other_bytes), T(other_kinds), T(signatures),
    T(sha1_signatures), T(other_blocks), T(sha1_forbidden),
    T(sha1_of_another_kind))

#include <errno.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "common/dkim/base64.h"
#include "signer/keys/keys.h"
#include "tests/support/pem.h"
#include "tests/support/rsader.h"
#include "tests/support/suite.h"

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

SUITE("pubkey", T(rsa_keys), T(other_bytes), T(other_kinds), T(signatures))

#include <errno.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/dkim/base64.h"
#include "signer/keys/keys.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

static const char *const pems[] = {pem_rsa2048, pem_rsa1024, pem_ed25519};

/* --- OpenSSL's memory, of which one allocation can fail ------------------- */

static long until_failure = -1; /* allocations; below zero: never */

static bool
fails_now(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

static void *
test_malloc(size_t n, const char *file, int line)
{
	return fails_now() ? NULL : malloc(n);
}

static void *
test_realloc(void *p, size_t n, const char *file, int line)
{
	return fails_now() ? NULL : realloc(p, n);
}

static void
test_free(void *p, const char *file, int line)
{
	free(p);
}

/* Before OpenSSL's first allocation, or it refuses. */
__attribute__((constructor)) static void
take_memory(void)
{
	if (CRYPTO_set_mem_functions(test_malloc, test_realloc, test_free) != 1)
		abort();
}

/* --- signing -------------------------------------------------------------- */

static struct key *
key_of(const char *pem)
{
	const char *why;
	struct key *k = NULL;

	CU_ASSERT_FATAL(key_new(span_str(pem), &k, &why) == 0);
	return k;
}

static void
digest_of(const char *text, unsigned char *ret)
{
	CU_ASSERT_FATAL(
	    EVP_Digest(text, strlen(text), ret, NULL, EVP_sha256(), NULL) == 1);
}

/* The public key that a verifier makes of p=. */
static EVP_PKEY *
public_of(struct key *k)
{
	unsigned char bytes[1000];
	const unsigned char *p = bytes;
	struct buf text;
	size_t n;

	buf_init(&text, 2000);
	CU_ASSERT_FATAL(key_public(k, &text) == 0);
	CU_ASSERT_FATAL(
	    base64_read(buf_view(&text), bytes, sizeof bytes, &n) == 0);
	buf_free(&text);
	if (key_facts(k)->algorithm == KEY_RSA_SHA256)
		return d2i_PUBKEY(NULL, &p, (long)n);
	CHECK(n == 32);
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, n);
}

/* Verifies as the RFCs say it, not as keys.c does: RSA over the text itself. */
static bool
verifies(struct key *k, const char *text, const unsigned char *sig, size_t n)
{
	bool rsa = key_facts(k)->algorithm == KEY_RSA_SHA256;
	unsigned char digest[DIGEST_SIZE];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY *pub = public_of(k);
	int got;

	CU_ASSERT_FATAL(pub != NULL && c != NULL);
	digest_of(text, digest);
	CU_ASSERT_FATAL(EVP_DigestVerifyInit(c, NULL, rsa ? EVP_sha256() : NULL,
	                    NULL, pub) == 1);
	got = rsa ? EVP_DigestVerify(
	                c, sig, n, (const unsigned char *)text, strlen(text))
	          : EVP_DigestVerify(c, sig, n, digest, sizeof digest);
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(pub);
	return got == 1;
}

/* By the public half that it gives. */
static int
verified(struct key *k, const unsigned char *digest, struct span sig)
{
	struct pubkey *public;
	int rc = key_pubkey(k, &public);

	return rc != 0 ? rc : pubkey_verify(public, digest, sig);
}

static void
signatures(void)
{
	static const char *const texts[] = {"", "a", "another text"};

	for (size_t i = 0; i < 3; i++) {
		struct key *k = key_of(pems[i]);
		const struct key_facts *f = key_facts(k);

		for (size_t t = 0; t < 3; t++) {
			unsigned char digest[DIGEST_SIZE];
			unsigned char sig[KEY_SIGNATURE_MAX];
			size_t n = 0;

			digest_of(texts[t], digest);
			CHECK(key_sign(k, digest, sig, &n) == 0);
			CHECK(n ==
			    (f->algorithm == KEY_RSA_SHA256 ? f->bits / 8
			                                    : 64));
			CHECK(verifies(k, texts[t], sig, n));
			CHECK(verified(k, digest, span_of(sig, n)) == 0);
		}
		CHECK(ERR_peek_error() == 0);
		key_free(k);
	}
}

static void
wrong_signatures(void)
{
	for (size_t i = 0; i < 3; i++) {
		struct key *k = key_of(pems[i]);
		struct key *other = key_of(i == 2 ? pem_rsa1024 : pem_ed25519);
		unsigned char digest[DIGEST_SIZE] = {1};
		unsigned char sig[KEY_SIGNATURE_MAX];
		size_t n = 0;

		CHECK(key_sign(k, digest, sig, &n) == 0);
		CHECK(
		    verified(other, digest, span_of(sig, n)) == -EKEYREJECTED);
		CHECK(
		    verified(k, digest, span_of(sig, n - 1)) == -EKEYREJECTED);
		CHECK(verified(k, digest, span_of(sig, 0)) == -EKEYREJECTED);
		digest[0] = 2;
		CHECK(verified(k, digest, span_of(sig, n)) == -EKEYREJECTED);
		digest[0] = 1;
		sig[n / 2] ^= 1;
		CHECK(verified(k, digest, span_of(sig, n)) == -EKEYREJECTED);
		CHECK(ERR_peek_error() == 0);
		key_free(k);
		key_free(other);
	}
}

static void
not_a_key(void)
{
	struct key *k = NULL;
	const char *why = NULL;

	CHECK(key_new(span_str("x"), &k, &why) == -EINVAL);
	CHECK(k == NULL);
	CHECK_STR(why, "there is no key in PEM form in it");
	key_free(NULL);
}

/* --- damage that only a signature shows ----------------------------------- */

static size_t
der_of(const char *pem, unsigned char *ret, size_t max)
{
	const char *p = strchr(pem, '\n') + 1, *end = strstr(p, "-----END");
	size_t n = 0;

	CU_ASSERT_FATAL(
	    base64_read(span_of(p, (size_t)(end - p)), ret, max, &n) == 0);
	return n;
}

static void
pem_of(const unsigned char *der, size_t n, struct buf *out)
{
	buf_clear(out);
	buf_str(out, "-----BEGIN PRIVATE KEY-----");
	for (size_t i = 0; i < n; i += 48) {
		buf_byte(out, '\n');
		base64_add(out, der + i, n - i < 48 ? n - i : 48);
	}
	buf_str(out, "\n-----END PRIVATE KEY-----\n");
}

/*
 * Every third byte of a key changed: it is refused, or fails at its first
 * signature and ever after, or its signatures are right. Never a wrong one.
 */
static void
bytes_changed(void)
{
	unsigned char der[1300], digest[DIGEST_SIZE] = {7};
	unsigned char sig[KEY_SIGNATURE_MAX];
	size_t n = der_of(pem_rsa1024, der, sizeof der), len;
	unsigned refused = 0, broken = 0, right = 0;
	struct buf pem;

	buf_init(&pem, 5000);
	for (size_t i = 0; i < n; i += 3) {
		struct key *k = NULL;
		const char *why;

		der[i] ^= 0x10;
		pem_of(der, n, &pem);
		der[i] ^= 0x10;
		if (key_new(buf_view(&pem), &k, &why) != 0) {
			refused++;
			continue;
		}
		if (key_sign(k, digest, sig, &len) == 0) {
			right++;
			CHECK(verified(k, digest, span_of(sig, len)) == 0);
		} else {
			broken++;
			CHECK(key_sign(k, digest, sig, &len) != 0);
		}
		key_free(k);
	}
	buf_free(&pem);
	CHECK(refused > 5 && broken > 30);
	CHECK(refused + broken + right == (n + 2) / 3);
	CHECK(ERR_peek_error() == 0);
}

/* The modulus of a key changed: its halves do not fit. */
static void
broken_for_good(void)
{
	unsigned char der[1300], digest[DIGEST_SIZE] = {7};
	unsigned char sig[KEY_SIGNATURE_MAX];
	size_t n = der_of(pem_rsa1024, der, sizeof der), len;
	struct buf pem;
	struct key *k;

	buf_init(&pem, 5000);
	der[60] ^= 0x10;
	pem_of(der, n, &pem);
	k = key_of(buf_text(&pem));
	for (int i = 0; i < 3; i++)
		CHECK(key_sign(k, digest, sig, &len) == -EINVAL);
	CHECK(verified(k, digest, span_of(sig, 128)) == -EKEYREJECTED);
	key_free(k);
	buf_free(&pem);
}

/* --- new keys ------------------------------------------------------------- */

static void
generated(void)
{
	static const struct {
		enum key_algorithm a;
		unsigned bits, want;
	} rows[] = {{KEY_RSA_SHA256, 1024, 1024}, {KEY_RSA_SHA256, 1032, 1032},
	    {KEY_ED25519_SHA256, 0, 256}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned char digest[DIGEST_SIZE] = {7};
		unsigned char sig[KEY_SIGNATURE_MAX];
		struct buf pem;
		struct key *k;
		size_t n;

		buf_init(&pem, 10000);
		CU_ASSERT_FATAL(
		    key_generate(rows[i].a, rows[i].bits, &pem) == 0);
		k = key_of(buf_text(&pem));
		CHECK(key_facts(k)->algorithm == rows[i].a);
		CHECK(key_facts(k)->bits == rows[i].want);
		CHECK(key_sign(k, digest, sig, &n) == 0);
		key_free(k);
		key_wipe(&pem);
		CHECK(pem.p == NULL && pem.n == 0);
	}
}

static void
not_generated(void)
{
	struct buf pem;

	buf_init(&pem, 10000);
	CHECK(key_generate(KEY_RSA_SHA256, 1023, &pem) == -EINVAL);
	CHECK(key_generate(KEY_RSA_SHA256, 4097, &pem) == -EINVAL);
	CHECK(pem.n == 0);
	key_wipe(&pem);
	buf_init(&pem, 10);
	CHECK(key_generate(KEY_ED25519_SHA256, 0, &pem) == -EMSGSIZE);
	key_wipe(&pem);
}

static void
public_halves(void)
{
	struct buf text;
	struct key *k = key_of(pem_rsa2048);

	buf_init(&text, 1000);
	CHECK(key_public(k, &text) == 0);
	CHECK(text.n == 392 && strncmp(text.p, "MIIBIjANBgkqhkiG", 16) == 0);
	key_free(k);
	buf_free(&text);
	k = key_of(pem_ed25519);
	for (size_t room = 0; room < 45; room++) {
		buf_init(&text, room);
		CHECK(key_public(k, &text) == (room < 44 ? -EMSGSIZE : 0));
		buf_free(&text);
	}
	key_free(k);
}

/* --- allocations of OpenSSL's failing, the early ones one by one ---------- */

/* A whole life of a key; 0 or what failed. *ret_key stays when it was made. */
static int
live(const char *pem, struct key **ret_key)
{
	unsigned char digest[DIGEST_SIZE] = {7};
	unsigned char sig[KEY_SIGNATURE_MAX];
	const char *why = NULL;
	struct buf text;
	size_t n;
	int error = key_new(span_str(pem), ret_key, &why);

	if (error != 0) {
		CHECK(why != NULL);
		return error;
	}
	buf_init(&text, 1000);
	error = key_sign(*ret_key, digest, sig, &n);
	if (error == 0)
		error = key_public(*ret_key, &text);
	if (error == 0)
		CHECK(verified(*ret_key, digest, span_of(sig, n)) == 0 ||
		    until_failure < 0);
	buf_free(&text);
	return error;
}

static void
no_memory(void)
{
	for (size_t i = 1; i < 3; i++) { /* a key of 2,048 bits takes longer */
		unsigned failed = 0;
		struct key *k = NULL;

		CHECK(live(pems[i], &k) == 0); /* what is made only once */
		key_free(k);
		for (long n = 0; n < 5000; n += 1 + n / 8) {
			bool failing;
			int error;

			k = NULL;
			until_failure = n;
			error = live(pems[i], &k);
			failing = until_failure < 0;
			until_failure = -1;
			failed += error != 0;
			/* Once there is memory again, the key works. */
			if (error != 0 && k != NULL) {
				unsigned char digest[DIGEST_SIZE] = {8};
				unsigned char sig[KEY_SIGNATURE_MAX];
				size_t len;

				CHECK(key_sign(k, digest, sig, &len) == 0);
			}
			key_free(k);
			ERR_clear_error();
			if (!failing)
				break;
		}
		/* an Ed25519 key is made with few */
		CHECK(failed > 5);
	}
}

SUITE("keys", T(signatures), T(wrong_signatures), T(not_a_key),
    T(bytes_changed), T(broken_for_good), T(generated), T(not_generated),
    T(public_halves), T(no_memory))

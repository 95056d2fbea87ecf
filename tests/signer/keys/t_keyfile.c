/* Key files: what is one, and the plain words for what is not. */
#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "common/bytes/buf.h"
#include "common/dkim/base64.h"
#include "signer/keys/keyfile.h"
#include "signer/limits.h"
#include "tests/support/guard.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

static void
check_good(struct span pem, enum key_algorithm a, unsigned bits)
{
	struct span in = guard_copy(pem);
	const char *why = NULL;
	struct keyfile f;
	int got = keyfile_read(in, &f, &why);

	CHECK(got == 0);
	CHECK_STR(why, NULL);
	if (got == 0) {
		CHECK(f.facts.algorithm == a && f.facts.bits == bits);
		CHECK((f.facts.warning != NULL) ==
		    (a == KEY_RSA_SHA256 && bits < 2048));
		keyfile_free(&f);
	}
	guard_free(in);
}

static void
check_bad(struct span pem, const char *want)
{
	struct span in = guard_copy(pem);
	const char *why = NULL;
	struct keyfile f = {.n = 77};

	CHECK(keyfile_read(in, &f, &why) == -EINVAL);
	CHECK_STR(why, want);
	CHECK(f.n == 77);
	guard_free(in);
}

/* --- what OpenSSL writes -------------------------------------------------- */

static EVP_PKEY *
pkey_of(const char *pem)
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *k = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);

	BIO_free(b);
	CU_ASSERT_FATAL(k != NULL);
	return k;
}

static struct span
view(BIO *b)
{
	char *p;
	long n = BIO_get_mem_data(b, &p);

	return span_of(p, (size_t)n);
}

static void
good_forms(void)
{
	EVP_PKEY *rsa = pkey_of(pem_rsa2048);
	BIO *b = BIO_new(BIO_s_mem());
	struct buf crlf;

	check_good(span_str(pem_rsa2048), KEY_RSA_SHA256, 2048);
	check_good(span_str(pem_rsa1024), KEY_RSA_SHA256, 1024);
	check_good(span_str(pem_ed25519), KEY_ED25519_SHA256, 256);
	suite_row("PKCS#1, as opendkim-genkey and older OpenSSL wrote it");
	CU_ASSERT_FATAL(PEM_write_bio_PrivateKey_traditional(
	                    b, rsa, NULL, NULL, 0, NULL, NULL) == 1);
	CHECK(strncmp(view(b).p, "-----BEGIN RSA PRIVATE KEY-----", 31) == 0);
	check_good(view(b), KEY_RSA_SHA256, 2048);
	suite_row("CRLF line ends, text in front and behind, no last newline");
	buf_init(&crlf, 10000);
	buf_str(&crlf, "selector 2026a\r\n\r\n");
	for (const char *p = pem_ed25519; *p != '\0'; p++)
		buf_str(&crlf, *p == '\n' ? "\r\n" : (char[]){*p, '\0'});
	check_good(buf_view(&crlf), KEY_ED25519_SHA256, 256);
	buf_str(&crlf, "-----BEGIN something");
	check_good(buf_view(&crlf), KEY_ED25519_SHA256, 256);
	check_good(span_of(pem_ed25519, strlen(pem_ed25519) - 1),
	    KEY_ED25519_SHA256, 256);
	buf_free(&crlf);
	BIO_free(b);
	EVP_PKEY_free(rsa);
}

/* As `cat cert.pem key.pem` and `openssl rsa -pubout` leave them, and with
 * three primes. */
static void
bundles(void)
{
	EVP_PKEY *rsa = pkey_of(pem_rsa2048), *three = NULL;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIO *b = BIO_new(BIO_s_mem());

	suite_row("the public half in front");
	CU_ASSERT_FATAL(PEM_write_bio_PUBKEY(b, rsa) == 1);
	check_bad(view(b), "it is the public half of a key, not the private");
	BIO_puts(b, pem_rsa2048);
	check_good(view(b), KEY_RSA_SHA256, 2048);
	(void)BIO_reset(b);
	suite_row("three primes");
	CU_ASSERT_FATAL(EVP_PKEY_keygen_init(c) == 1 &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(c, 2048) == 1 &&
	    EVP_PKEY_CTX_set_rsa_keygen_primes(c, 3) == 1 &&
	    EVP_PKEY_generate(c, &three) == 1);
	CU_ASSERT_FATAL(PEM_write_bio_PKCS8PrivateKey(
	                    b, three, NULL, NULL, 0, NULL, NULL) == 1);
	check_good(view(b), KEY_RSA_SHA256, 2048);
	(void)BIO_reset(b);
	CU_ASSERT_FATAL(PEM_write_bio_PrivateKey_traditional(
	                    b, three, NULL, NULL, 0, NULL, NULL) == 1);
	check_good(view(b), KEY_RSA_SHA256, 2048);
	EVP_PKEY_CTX_free(c);
	BIO_free(b);
	EVP_PKEY_free(three);
	EVP_PKEY_free(rsa);
}

static void
encrypted(void)
{
	static const char want[] = "the key is encrypted, and a daemon has "
	                           "nobody to ask for the password";
	EVP_PKEY *rsa = pkey_of(pem_rsa1024);
	BIO *b = BIO_new(BIO_s_mem());
	char word[] = "secret";

	CU_ASSERT_FATAL(PEM_write_bio_PKCS8PrivateKey(b, rsa, EVP_aes_128_cbc(),
	                    word, 6, NULL, NULL) == 1);
	suite_row("PKCS#8");
	check_bad(view(b), want);
	(void)BIO_reset(b);
	CU_ASSERT_FATAL(
	    PEM_write_bio_PrivateKey_traditional(b, rsa, EVP_aes_128_cbc(),
	        (unsigned char *)word, 6, NULL, NULL) == 1);
	suite_row("PKCS#1");
	check_bad(view(b), want);
	BIO_free(b);
	EVP_PKEY_free(rsa);
}

static void
another_kind(const char *type, const char *want)
{
	EVP_PKEY *k = strcmp(type, "EC") == 0
	    ? EVP_EC_gen("P-256")
	    : EVP_PKEY_Q_keygen(NULL, NULL, type);
	BIO *b = BIO_new(BIO_s_mem());

	suite_row(type);
	CU_ASSERT_FATAL(k != NULL);
	CU_ASSERT_FATAL(PEM_write_bio_PKCS8PrivateKey(
	                    b, k, NULL, NULL, 0, NULL, NULL) == 1);
	check_bad(view(b), want);
	BIO_free(b);
	EVP_PKEY_free(k);
}

static void
other_kinds(void)
{
	static const char want[] = "the key is neither RSA nor Ed25519";
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	EVP_PKEY *rsa = pkey_of(pem_rsa1024);
	BIO *b = BIO_new(BIO_s_mem());

	another_kind("EC", want);
	another_kind("X25519", want);
	another_kind("ED448", want);
	suite_row("EC PRIVATE KEY");
	CU_ASSERT_FATAL(PEM_write_bio_PrivateKey_traditional(
	                    b, ec, NULL, NULL, 0, NULL, NULL) == 1);
	check_bad(view(b), want);
	(void)BIO_reset(b);
	suite_row("PUBLIC KEY");
	CU_ASSERT_FATAL(PEM_write_bio_PUBKEY(b, rsa) == 1);
	check_bad(view(b), "it is the public half of a key, not the private");
	BIO_free(b);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
}

/* --- other bytes ---------------------------------------------------------- */

#define BLOCK(name) "-----BEGIN " name "-----\nQUJD\n-----END " name "-----\n"

static void
other_blocks(void)
{
	static const char *const rows[][2] = {
	    {"", "there is no key in PEM form in it"},
	    {"hello\n", "there is no key in PEM form in it"},
	    {"-----BEGIN PRIVATE KEY-----\n",
	        "there is no key in PEM form in it"},
	    {"-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----\n",
	        "there is no key in PEM form in it"},
	    {"-----BEGIN PRIVATE KEY-----\nQUJD\n-----END RSA KEY-----\n",
	        "there is no key in PEM form in it"},
	    {BLOCK("PRIVATE KEY"), "the key is damaged"},
	    {BLOCK("RSA PRIVATE KEY"), "the RSA key is damaged"},
	    {BLOCK("CERTIFICATE"), "it is a certificate, not a private key"},
	    {BLOCK("OPENSSH PRIVATE KEY"),
	        "the key has the form of OpenSSH, not PKCS#8 or PKCS#1"},
	    {BLOCK("RSA PUBLIC KEY"),
	        "it is the public half of a key, not the private"},
	    {BLOCK("DSA PRIVATE KEY"), "the key is neither RSA nor Ed25519"},
	    {BLOCK("PGP MESSAGE"), "there is no private key in it"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i][0]);
		check_bad(span_str(rows[i][0]), rows[i][1]);
	}
	suite_row("NUL");
	check_bad(span_of("\0-----BEGIN", 11), rows[0][1]);
}

static void
at_the_limit(void)
{
	struct buf pem;

	buf_init(&pem, KEY_FILE_MAX + 1);
	buf_str(&pem, pem_ed25519);
	while (pem.n < KEY_FILE_MAX)
		buf_byte(&pem, '\n');
	check_good(buf_view(&pem), KEY_ED25519_SHA256, 256);
	buf_byte(&pem, '\n');
	check_bad(buf_view(&pem), "there is no key in PEM form in it");
	buf_free(&pem);
}

/* --- structures made here ------------------------------------------------- */

static void
put_head(struct buf *out, unsigned char tag, size_t n)
{
	buf_byte(out, (char)tag);
	buf_byte(out, (char)0x82);
	buf_byte(out, (char)(n >> 8));
	buf_byte(out, (char)n);
}

/* An INTEGER of so many bits, none of them known to be useful. */
static void
put_integer(struct buf *out, unsigned bits)
{
	size_t n = bits / 8 + 1; /* a zero in front when bits is a multiple */

	put_head(out, 2, n);
	buf_byte(out, (char)(bits % 8 == 0 ? 0 : 1 << (bits % 8 - 1)));
	for (size_t i = 1; i < n; i++)
		buf_byte(out, (char)0xff);
}

/* An RSAPrivateKey of the right shape, as PEM. */
static void
make_rsa(struct buf *out, unsigned version, unsigned bits, size_t numbers)
{
	struct buf seq, der;

	buf_init(&seq, 10000);
	buf_init(&der, 10000);
	put_integer(&seq, version); /* 0 bits: zero, 1 bit: one */
	put_integer(&seq, bits);
	for (size_t i = 2; i < numbers; i++)
		put_integer(&seq, 17);
	put_head(&der, 0x30, seq.n);
	buf_span(&der, buf_view(&seq));
	buf_str(out, "-----BEGIN RSA PRIVATE KEY-----");
	for (size_t i = 0; i < der.n; i += 48) {
		buf_byte(out, '\n');
		base64_add(out, der.p + i, der.n - i < 48 ? der.n - i : 48);
	}
	buf_str(out, "\n-----END RSA PRIVATE KEY-----\n");
	buf_free(&seq);
	buf_free(&der);
}

static void
sizes(void)
{
	static const char few[] = "the RSA key has under 1024 bits, which no "
	                          "verifier may accept (RFC 8301)";
	static const char many[] = "the RSA key has over 4096 bits, which few "
	                           "verifiers accept (RFC 8301)";
	static const struct {
		unsigned bits;
		const char *why;
	} rows[] = {{1, few}, {512, few}, {1023, few}, {1024, NULL},
	    {1025, NULL}, {1031, NULL}, {1032, NULL}, {2047, NULL},
	    {2048, NULL}, {4095, NULL}, {4096, NULL}, {4097, many},
	    {8192, many}, {16384, many}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf pem;

		buf_init(&pem, 10000);
		make_rsa(&pem, 0, rows[i].bits, 9);
		if (rows[i].why == NULL)
			check_good(
			    buf_view(&pem), KEY_RSA_SHA256, rows[i].bits);
		else
			check_bad(buf_view(&pem), rows[i].why);
		buf_free(&pem);
	}
}

static void
shapes(void)
{
	static const struct {
		unsigned version;
		size_t numbers;
	} rows[] = {{0, 2}, {0, 8}, {0, 10}, {1, 9}, {1, 10}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf pem;

		buf_init(&pem, 10000);
		make_rsa(&pem, rows[i].version, 2048, rows[i].numbers);
		check_bad(buf_view(&pem), "the RSA key is damaged");
		buf_free(&pem);
	}
}

/* --- public halves -------------------------------------------------------- */

/* As OpenSSL writes it. */
static void
check_half(struct span pem, EVP_PKEY *pkey)
{
	unsigned char got[KEYFILE_PUBLIC_MAX], *want = NULL;
	const char *why;
	struct keyfile f;
	size_t n = (size_t)i2d_PUBKEY(pkey, &want);

	CU_ASSERT_FATAL(keyfile_read(pem, &f, &why) == 0);
	CHECK(keyfile_rsa_public(&f, got) == n && memcmp(got, want, n) == 0);
	CHECK(keyfile_ed25519_seed(&f) == NULL);
	keyfile_free(&f);
	OPENSSL_free(want);
}

static void
public_halves(void)
{
	static const char *const pem[] = {pem_rsa1024, pem_rsa2048};
	unsigned char raw[KEY_ED25519_SIZE], none[KEYFILE_PUBLIC_MAX];
	size_t n = sizeof raw;
	EVP_PKEY *pkey;
	const char *why;
	struct keyfile f;

	for (size_t i = 0; i < 2; i++) {
		BIO *b = BIO_new(BIO_s_mem());

		pkey = pkey_of(pem[i]);
		check_half(span_str(pem[i]), pkey);
		CU_ASSERT_FATAL(PEM_write_bio_PrivateKey_traditional(
		                    b, pkey, NULL, NULL, 0, NULL, NULL) == 1);
		check_half(view(b), pkey);
		BIO_free(b);
		EVP_PKEY_free(pkey);
	}
	pkey = pkey_of(pem_ed25519);
	CU_ASSERT_FATAL(keyfile_read(span_str(pem_ed25519), &f, &why) == 0);
	CHECK(EVP_PKEY_get_raw_private_key(pkey, raw, &n) == 1);
	CHECK(memcmp(keyfile_ed25519_seed(&f), raw, sizeof raw) == 0);
	CHECK(keyfile_rsa_public(&f, none) == 0);
	keyfile_free(&f);
	EVP_PKEY_free(pkey);
}

/* dkimpy writes the seed of an Ed25519 key as base64, with or without a
 * newline. */
static void
seeds(void)
{
	static const char *const bad[] = {
	    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",  /* no '=' */
	    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyufw==", /* 31 bytes */
	    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=x", "", "\n"};
	/* RFC 8032 section 7.1, test 1 */
	static const char text[] =
	    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\r\n";
	static const unsigned char begin[] = {0x9d, 0x61, 0xb1, 0x9d};

	for (size_t n = strlen(text) - 2; n <= strlen(text); n++) {
		struct span in = guard_copy(span_of(text, n));
		struct keyfile f;
		const char *why;

		CU_ASSERT_FATAL(keyfile_read(in, &f, &why) == 0);
		CHECK(f.facts.algorithm == KEY_ED25519_SHA256);
		CHECK(
		    memcmp(keyfile_ed25519_seed(&f), begin, sizeof begin) == 0);
		keyfile_free(&f);
		guard_free(in);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		check_bad(
		    span_str(bad[i]), "there is no key in PEM form in it");
}

/* An exponent as large as the modulus is odd, and has no room. */
static void
odd_halves(void)
{
	unsigned char half[KEYFILE_PUBLIC_MAX];
	struct buf seq, der, pem;
	const char *why;
	struct keyfile f;

	buf_init(&seq, 10000);
	buf_init(&der, 10000);
	buf_init(&pem, 10000);
	for (size_t i = 0; i < 9; i++)
		put_integer(&seq, i == 1 || i == 2 ? 4096 : i == 0 ? 0 : 17);
	put_head(&der, 0x30, seq.n);
	buf_span(&der, buf_view(&seq));
	buf_str(&pem, "-----BEGIN RSA PRIVATE KEY-----\n");
	base64_add(&pem, der.p, der.n);
	buf_str(&pem, "\n-----END RSA PRIVATE KEY-----\n");
	CU_ASSERT_FATAL(keyfile_read(buf_view(&pem), &f, &why) == 0);
	CHECK(keyfile_rsa_public(&f, half) == 0);
	keyfile_free(&f);
	buf_free(&seq);
	buf_free(&der);
	buf_free(&pem);
}

SUITE("keyfile", T(good_forms), T(bundles), T(encrypted), T(other_kinds),
    T(other_blocks), T(at_the_limit), T(sizes), T(shapes), T(public_halves),
    T(odd_halves), T(seeds))

/*
 * Judges a key by its bytes alone, without making a key of OpenSSL's: ten
 * thousand are read in moments.
 *
 * The public half of an RSA key stands in its file, so SubjectPublicKeyInfo is
 * put around it by hand, last part first (der_put_head): exponent, modulus,
 * their SEQUENCE, BIT STRING, algorithm, the outer SEQUENCE.
 */
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "common/dkim/base64.h"
#include "signer/keys/der.h"
#include "signer/keys/keyfile.h"
#include "signer/keys/pemblock.h"
#include "signer/limits.h"

enum {
	RSA_NUMBERS = 9, /* version, n, e, d, p, q, dP, dQ, qInv */
	RSA_FRAME = 48   /* bytes around n and e in a SubjectPublicKeyInfo */
};

static const char pkcs8[] = "PRIVATE KEY";

/* --- looking at bytes ----------------------------------------------------- */

/* RSAPrivateKey of RFC 8017 appendix A.1.2: version 0 has two primes, 1 has
 * more of them behind. */
static bool
read_rsa(struct der d, struct der *ret)
{
	struct der seq, others;

	if (!der_take(&d, DER_SEQUENCE, &seq))
		return false;
	for (size_t i = 0; i < RSA_NUMBERS; i++) {
		if (!der_take_number(&seq, &ret[i]))
			return false;
	}
	if (der_bits(ret[0]) == 1 && !der_take(&seq, DER_SEQUENCE, &others))
		return false;
	return seq.n == 0;
}

/* Two primes, an exponent that is none of 0 and 1, and a length that receivers
 * accept. */
static const char *
look_at_rsa(struct der d, struct key_facts *f)
{
	struct der number[RSA_NUMBERS];
	unsigned bits;

	if (!read_rsa(d, number) || der_bits(number[0]) > 1 ||
	    der_bits(number[2]) < 2)
		return "the RSA key is damaged";
	bits = der_bits(number[1]);
	if (bits < KEY_RSA_BITS_MIN)
		return "the RSA key has under 1024 bits, which no verifier may "
		       "accept (RFC 8301)";
	if (bits > KEY_RSA_BITS_MAX)
		return "the RSA key has over 4096 bits, which few verifiers "
		       "accept (RFC 8301)";
	*f = (struct key_facts){KEY_RSA_SHA256, bits, NULL};
	if (bits < KEY_RSA_BITS_GOOD)
		f->warning =
		    "the RSA key has under 2048 bits; a new one should "
		    "have them (RFC 8301)";
	return NULL;
}

/* CurvePrivateKey of RFC 8410 section 7. */
static const char *
look_at_ed25519(struct der d, struct key_facts *f)
{
	struct der seed;

	if (!der_take(&d, DER_OCTET_STRING, &seed) || d.n != 0 ||
	    seed.n != KEY_ED25519_SIZE)
		return "the Ed25519 key is damaged";
	*f = (struct key_facts){KEY_ED25519_SHA256, KEY_ED25519_SIZE * 8, NULL};
	return NULL;
}

static const char *
look_at_pkcs8(struct der d, struct key_facts *f)
{
	const unsigned char *p = d.p;
	PKCS8_PRIV_KEY_INFO *info =
	    d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)d.n);
	const char *why = "the key is neither RSA nor Ed25519";
	const ASN1_OBJECT *type;
	struct der inner;
	int n;

	if (info == NULL || p != d.p + d.n ||
	    PKCS8_pkey_get0(&type, &inner.p, &n, NULL, info) != 1) {
		PKCS8_PRIV_KEY_INFO_free(info);
		return "the key is damaged";
	}
	inner.n = (size_t)n;
	if (OBJ_obj2nid(type) == NID_rsaEncryption)
		why = look_at_rsa(inner, f);
	else if (OBJ_obj2nid(type) == NID_ED25519)
		why = look_at_ed25519(inner, f);
	PKCS8_PRIV_KEY_INFO_free(info);
	return why;
}

/* --- the file ------------------------------------------------------------- */

/* Why a block of that name is no key of ours, or NULL. */
static const char *
refuse_block(const struct pemblock *b)
{
	static const char *const reason[][2] = {
	    {"ENCRYPTED PRIVATE KEY",
	        "the key is encrypted, and a daemon has "
	        "nobody to ask for the password"},
	    {"OPENSSH PRIVATE KEY",
	        "the key has the form of OpenSSH, not "
	        "PKCS#8 or PKCS#1"},
	    {"EC PRIVATE KEY", "the key is neither RSA nor Ed25519"},
	    {"DSA PRIVATE KEY", "the key is neither RSA nor Ed25519"},
	    {"PUBLIC KEY", "it is the public half of a key, not the private"},
	    {"RSA PUBLIC KEY",
	        "it is the public half of a key, not the "
	        "private"},
	    {"CERTIFICATE", "it is a certificate, not a private key"},
	};

	if (b->header.n > 0 &&
	    memmem(b->header.p, b->header.n, "ENCRYPTED", 9) != NULL)
		return reason[0][1];
	for (size_t i = 0; i < sizeof reason / sizeof reason[0]; i++) {
		if (span_eq(b->label, span_str(reason[i][0])))
			return reason[i][1];
	}
	return "there is no private key in it";
}

static const char *
look_at_block(const struct pemblock *b, struct key_facts *f)
{
	struct der d = {b->data, b->n};

	if (b->header.n == 0 && span_eq(b->label, span_str(pkcs8)))
		return look_at_pkcs8(d, f);
	if (b->header.n == 0 && span_eq(b->label, span_str("RSA PRIVATE KEY")))
		return look_at_rsa(d, f);
	return refuse_block(b);
}

/* A key of dkimpy is the base64 of an Ed25519 seed, and nothing else: in the
 * PKCS#8 of RFC 8410 section 7, as if a PEM had it. 0, -EINVAL or -ENOMEM. */
static int
read_seed(struct span text, struct pemblock *ret)
{
	static const unsigned char front[] = {0x30, 0x2e, 0x02, 0x01, 0x00,
	    0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
	unsigned char seed[KEY_ED25519_SIZE];
	struct pemblock b = {.label = span_of(pkcs8, sizeof pkcs8 - 1)};
	size_t n;

	while (text.n > 0 && strchr(" \t\r\n", text.p[text.n - 1]) != NULL)
		text.n--;
	if (base64_read(text, seed, sizeof seed, &n) != 0 || n != sizeof seed)
		return -EINVAL;
	b.n = sizeof front + sizeof seed;
	b.data = malloc(b.n);
	if (b.data != NULL) {
		memcpy(b.data, front, sizeof front);
		memcpy(b.data + sizeof front, seed, sizeof seed);
		*ret = b;
	}
	explicit_bzero(seed, sizeof seed);
	return b.data == NULL ? -ENOMEM : 0;
}

/* The one block that counts. 0, -EINVAL or -ENOMEM. */
static int
read_block(struct span text, struct pemblock *ret)
{
	int rc;

	if (text.n > KEY_FILE_MAX)
		return -EINVAL;
	rc = pemblock_read(text, ret);
	return rc == -EINVAL ? read_seed(text, ret) : rc;
}

int
keyfile_read(struct span pem, struct keyfile *ret, const char **ret_why)
{
	struct key_facts f;
	struct pemblock b;
	const char *why;
	int error = read_block(pem, &b);

	if (error != 0) {
		*ret_why = error == -ENOMEM
		    ? "out of memory"
		    : "there is no key in PEM form in it";
		return error;
	}
	why = look_at_block(&b, &f);
	ERR_clear_error();
	if (why != NULL) {
		pemblock_free(&b);
		*ret_why = why;
		return -EINVAL;
	}
	*ret = (struct keyfile){.facts = f,
	    .pkcs8 = span_eq(b.label, span_str(pkcs8)),
	    .der = b.data,
	    .n = b.n};
	return 0;
}

void
keyfile_free(struct keyfile *f)
{
	struct pemblock b = {.data = f->der, .n = f->n};

	pemblock_free(&b);
	f->der = NULL;
}

/* --- what is in it -------------------------------------------------------- */

/* The bytes of PKCS#1 or of CurvePrivateKey, which PKCS#8 has behind version
 * and algorithm. */
static struct der
inner_of(const struct keyfile *f)
{
	struct der all = {f->der, f->n}, seq = {NULL, 0}, inner = all;

	if (f->pkcs8 && der_take(&all, DER_SEQUENCE, &seq) &&
	    der_take(&seq, DER_INTEGER, &inner) &&
	    der_take(&seq, DER_SEQUENCE, &inner))
		(void)der_take(&seq, DER_OCTET_STRING, &inner);
	return inner;
}

/* In front of `at`. Returns where it begins. */
static unsigned char *
put_number(unsigned char *at, struct der number)
{
	size_t n = number.n;

	at = memcpy(at - n, number.p, n);
	if (number.p[0] >= 0x80) {
		*--at = 0;
		n++;
	}
	return der_put_head(at, DER_INTEGER, n);
}

size_t
keyfile_rsa_public(const struct keyfile *f, unsigned char *ret)
{
	/* rsaEncryption and its NULL, RFC 8017 appendix A.1 */
	static const unsigned char algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a,
	    0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
	unsigned char text[KEYFILE_PUBLIC_MAX];
	unsigned char *end = text + sizeof text, *at = end;
	struct der number[RSA_NUMBERS];

	if (f->facts.algorithm != KEY_RSA_SHA256 ||
	    !read_rsa(inner_of(f), number) ||
	    number[1].n + number[2].n > sizeof text - RSA_FRAME)
		return 0;
	at = put_number(at, number[2]);
	at = put_number(at, number[1]);
	at = der_put_head(at, DER_SEQUENCE, (size_t)(end - at));
	*--at = 0; /* no bits are left over */
	at = der_put_head(at, DER_BIT_STRING, (size_t)(end - at));
	at = memcpy(at - sizeof algorithm, algorithm, sizeof algorithm);
	at = der_put_head(at, DER_SEQUENCE, (size_t)(end - at));
	memcpy(ret, at, (size_t)(end - at));
	return (size_t)(end - at);
}

const unsigned char *
keyfile_ed25519_seed(const struct keyfile *f)
{
	struct der d = inner_of(f), seed;

	if (f->facts.algorithm != KEY_ED25519_SHA256 ||
	    !der_take(&d, DER_OCTET_STRING, &seed) ||
	    seed.n != KEY_ED25519_SIZE)
		return NULL;
	return seed.p;
}

#include <errno.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/limits.h"
#include "signer/keyfile.h"

/* --- looking at bytes ----------------------------------------------------- */

struct der {
	const unsigned char *p;
	size_t n;
};

/* Takes one element of that tag off d (X.690, definite lengths). */
static bool
der_take(struct der *d, unsigned char tag, struct der *ret)
{
	size_t n, head = 2;

	if (d->n < 2 || d->p[0] != tag)
		return false;
	n = d->p[1];
	if (n >= 0x80) {
		size_t bytes = n - 0x80;

		if (bytes == 0 || bytes > 2 || d->n < 2 + bytes)
			return false;
		n = bytes == 1 ? d->p[2] : (size_t)d->p[2] << 8 | d->p[3];
		head += bytes;
	}
	if (n > d->n - head)
		return false;
	*ret = (struct der){d->p + head, n};
	d->p += head + n;
	d->n -= head + n;
	return true;
}

/* Takes a positive INTEGER off d; *ret_bits is its size. */
static bool
der_take_bits(struct der *d, unsigned *ret_bits)
{
	struct der i;
	unsigned bits;

	if (!der_take(d, V_ASN1_INTEGER, &i) || i.n == 0 || i.p[0] >= 0x80)
		return false;
	for (; i.n > 0 && i.p[0] == 0; i.n--)
		i.p++;
	bits = (unsigned)i.n * 8;
	for (unsigned top = i.n > 0 ? i.p[0] : 0xff; top < 0x80; top <<= 1)
		bits--;
	*ret_bits = bits;
	return true;
}

/* RSAPrivateKey of RFC 8017 appendix A.1.2, two primes. */
static const char *
look_at_rsa(struct der d, struct key_facts *f)
{
	static const char damaged[] = "the RSA key is damaged";
	unsigned bits[9]; /* version, n, e, d, p, q, dP, dQ, qInv */
	struct der seq;

	if (!der_take(&d, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, &seq))
		return damaged;
	for (size_t i = 0; i < 9; i++) {
		if (!der_take_bits(&seq, &bits[i]))
			return damaged;
	}
	if (bits[0] != 0 || seq.n != 0 || bits[2] < 2)
		return damaged;
	if (bits[1] < KEY_RSA_BITS_MIN)
		return "the RSA key has under 1024 bits, which no verifier may "
		       "accept (RFC 8301)";
	if (bits[1] > KEY_RSA_BITS_MAX)
		return "the RSA key has over 4096 bits, which few verifiers "
		       "accept (RFC 8301)";
	*f = (struct key_facts){KEY_RSA_SHA256, bits[1], NULL};
	if (bits[1] < KEY_RSA_BITS_GOOD)
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

	if (!der_take(&d, V_ASN1_OCTET_STRING, &seed) || d.n != 0 ||
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

/* --- PEM ------------------------------------------------------------------ */

struct pem_block {
	char *name;
	char *header;
	unsigned char *data;
	long n;
};

static void
pem_free(struct pem_block *b)
{
	OPENSSL_secure_free(b->name);
	OPENSSL_secure_free(b->header);
	OPENSSL_secure_clear_free(b->data, (size_t)b->n);
}

/* Why a block of that name is no key of ours, or NULL. */
static const char *
refuse_block(const struct pem_block *b)
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

	if (strstr(b->header, "ENCRYPTED") != NULL)
		return reason[0][1];
	for (size_t i = 0; i < sizeof reason / sizeof reason[0]; i++) {
		if (strcmp(b->name, reason[i][0]) == 0)
			return reason[i][1];
	}
	return "there is no private key in it";
}

static const char *
look_at_block(const struct pem_block *b, struct key_facts *f)
{
	struct der d = {b->data, (size_t)b->n};

	if (b->header[0] == '\0' && strcmp(b->name, "PRIVATE KEY") == 0)
		return look_at_pkcs8(d, f);
	if (b->header[0] == '\0' && strcmp(b->name, "RSA PRIVATE KEY") == 0)
		return look_at_rsa(d, f);
	return refuse_block(b);
}

/*
 * Finds the first PEM block; nothing is decrypted here, so nobody is asked for
 * a password. 0 and *ret for pem_free(), -EINVAL, -ENOMEM.
 */
static int
pem_first(struct span pem, struct pem_block *ret)
{
	BIO *bio = BIO_new_mem_buf(pem.n == 0 ? "" : pem.p, (int)pem.n);
	unsigned long error;
	int ok;

	if (bio == NULL) {
		ERR_clear_error();
		return -ENOMEM;
	}
	ok = PEM_read_bio_ex(bio, &ret->name, &ret->header, &ret->data, &ret->n,
	    PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE);
	BIO_free(bio);
	if (ok == 1)
		return 0;
	error = ERR_peek_last_error();
	ERR_clear_error();
	return ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE ? -ENOMEM
	                                                     : -EINVAL;
}

int
keyfile_read(struct span pem, struct keyfile *ret, const char **ret_why)
{
	struct key_facts f;
	struct pem_block b;
	const char *why;
	int error = pem.n > KEY_FILE_MAX ? -EINVAL : pem_first(pem, &b);

	if (error != 0) {
		*ret_why = error == -ENOMEM
		    ? "out of memory"
		    : "there is no key in PEM form in it";
		return error;
	}
	why = look_at_block(&b, &f);
	ERR_clear_error();
	if (why != NULL) {
		pem_free(&b);
		*ret_why = why;
		return -EINVAL;
	}
	OPENSSL_secure_free(b.name);
	OPENSSL_secure_free(b.header);
	*ret = (struct keyfile){f, b.data, (size_t)b.n};
	return 0;
}

void
keyfile_free(struct keyfile *f)
{
	OPENSSL_secure_clear_free(f->der, f->n);
}

/*
 * keyfile.h - what stands in a key file: PEM -> kind of key, its size, its DER.
 *
 * PKCS#8 ("PRIVATE KEY", RFC 5958, RFC 8410) and PKCS#1 ("RSA PRIVATE KEY", RFC
 * 8017) in PEM (pemblock.h); and dkimpy's file of the base64 of an Ed25519
 * seed. Only the structure is looked at: OpenSSL's key, which takes it a
 * hundred times as long to make, is made by keys.c when it signs first. No file
 * is opened here, and nobody is asked for a password.
 *
 * Of the secret there is one copy, which keyfile_free() wipes: none is left
 * behind in freed memory, which a child of this process would inherit.
 */
#ifndef POSTSEAL_SIGNER_KEYFILE_H
#define POSTSEAL_SIGNER_KEYFILE_H

#include "common/bytes/span.h"
#include "common/dkim/keyrecord.h" /* enum key_algorithm */

enum {
	KEY_RSA_BITS_MIN = 1024,  /* RFC 8301 section 3.2: refused below */
	KEY_RSA_BITS_GOOD = 2048, /* ibid.: warned of below */
	KEY_RSA_BITS_MAX = 4096,  /* ibid.: no verifier must take more */
	KEY_ED25519_SIZE = 32 /* bytes of either half, RFC 8032 section 5.1.5 */
};

struct key_facts {
	enum key_algorithm algorithm;
	unsigned bits;       /* of the modulus; 256 for Ed25519 */
	const char *warning; /* a static clause, or NULL */
};

/* Bytes of the largest public half. */
enum { KEYFILE_PUBLIC_MAX = KEY_RSA_BITS_MAX / 8 + 64 };

struct keyfile {
	struct key_facts facts;
	bool pkcs8;         /* else PKCS#1 */
	unsigned char *der; /* owned; a secret */
	size_t n;
};

/*
 * Reads the first PEM block in pem. 0 and *ret for keyfile_free(); or -EINVAL
 * with *ret untouched and one static clause in *ret_why ("the key is encrypted,
 * ..."), or -ENOMEM (*ret_why is set, too). More than KEY_FILE_MAX bytes are
 * -EINVAL.
 */
int keyfile_read(struct span pem, struct keyfile *ret, const char **ret_why);

/* Wipes and frees the secret. */
void keyfile_free(struct keyfile *f);

/* The public half of an RSA key as SubjectPublicKeyInfo (RFC 5280 section
 * 4.1.2.7), out of the file's own numbers, into ret[KEYFILE_PUBLIC_MAX]. How
 * many bytes, or 0 when it is no RSA key or an odd one. */
size_t keyfile_rsa_public(const struct keyfile *f, unsigned char *ret);

/* The secret KEY_ED25519_SIZE bytes of an Ed25519 key, or NULL. Borrows. */
const unsigned char *keyfile_ed25519_seed(const struct keyfile *f);

#endif

/*
 * keys.h - private keys: bytes of a PEM file -> something that signs.
 *
 * RSA and Ed25519 (RFC 8410). What a key file must be, and the plain words for
 * one that is not, are keyfile.c's affair; OpenSSL never asks anybody for a
 * password.
 *
 * The supervisor makes `struct key` from the bytes it read: that only looks at
 * the structure, in some microseconds, because ten thousand keys must be looked
 * at before the daemon serves. OpenSSL's key and its signing context are made
 * by the process that signs, at the first signature, and kept: making them
 * costs more than a signature. That first signature is verified with the public
 * half; a key whose halves do not fit never signs.
 *
 * No file is opened here (who may read it is checked where it is read), and no
 * DNS is asked (keycheck.c). One thread for one key.
 */
#ifndef POSTSEAL_SIGNER_KEYS_H
#define POSTSEAL_SIGNER_KEYS_H

#include "common/bytes/buf.h"
#include "common/bytes/span.h"
#include "common/dkim/pubkey.h"
#include "signer/keys/keyfile.h"

enum { KEY_SIGNATURE_MAX = KEY_RSA_BITS_MAX / 8 }; /* bytes */

struct key;

/*
 * Reads a key file's bytes (keyfile.h) and keeps the secret. 0 and *ret
 * returned owned (key_free); or -EINVAL with *ret untouched and one static
 * clause in *ret_why ("the key is encrypted, ..."), or -ENOMEM (*ret_why is
 * set, too).
 */
int key_new(struct span pem, struct key **ret, const char **ret_why);

/* Wipes the secret and frees; NULL is allowed. */
void key_free(struct key *k);

/* Algorithm, size, warning. Borrows from k. */
const struct key_facts *key_facts(const struct key *k);

/*
 * Signs a SHA-256: RSASSA-PKCS1-v1_5 of it (RFC 6376 section 3.3.2), or
 * PureEdDSA over its 32 bytes (RFC 8463 section 3). The signature goes into
 * ret[KEY_SIGNATURE_MAX], its length into *ret_n. 0; -EINVAL when the bytes are
 * no working key after all; -ENOMEM; -EIO. After a failure the next call tries
 * again from where it was.
 */
int key_sign(struct key *k, const unsigned char *digest, unsigned char *ret,
    size_t *ret_n);

/*
 * The public half, made at the first call and kept: *ret borrows from k. 0; as
 * key_sign(). It verifies the first signature of k, and those that k's owner
 * finds on a message.
 */
int key_pubkey(struct key *k, struct pubkey **ret);

/*
 * Appends the public half in base64 as p= wants it: SubjectPublicKeyInfo for
 * RSA (RFC 6376 section 3.6.1), the 32 bytes for Ed25519 (RFC 8463 section
 * 4.2). 0, or as key_sign(), or an error of buf_add().
 */
int key_public(struct key *k, struct buf *out);

/*
 * Makes a new key and appends it as PEM (PKCS#8); bits counts for RSA only.
 * 0, -EINVAL (bits out of range), -EIO, or an error of buf_add(). The caller
 * wipes the buffer with key_wipe() when it is written.
 */
int key_generate(enum key_algorithm a, unsigned bits, struct buf *out);

/* Overwrites the content of a buffer that held a secret, and frees it. */
void key_wipe(struct buf *b);

#endif

/*
 * pubkey.h - public keys: the bytes of p= -> something that verifies.
 *
 * RSA as SubjectPublicKeyInfo or as a bare RSAPublicKey (RFC 6376 section 3.6.1
 * and its erratum 3017), Ed25519 as 32 bytes (RFC 8463 section 4.2). What the
 * record around p= says is keyrecord.c's affair; whether so many bits are
 * enough is judged by who verifies, before anything is computed with the key.
 *
 * OpenSSL's key and its context are made once and used for one signature after
 * the other: that costs as much as a verification. One thread for one key.
 */
#ifndef POSTSEAL_COMMON_PUBKEY_H
#define POSTSEAL_COMMON_PUBKEY_H

#include "common/bytes/span.h"
#include "common/dkim/keyrecord.h" /* enum key_algorithm */
#include "common/limits.h"         /* PUBKEY_RSA_BITS_MAX */

enum {
	DIGEST_SIZE = 32, /* bytes of a SHA-256 */
	SHA1_SIZE = 20,
	PUBKEY_RSA_BITS_LEAST = 1024 /* RFC 8301 section 3.2: refused below */
};

struct pubkey;
struct evp_pkey_st; /* EVP_PKEY */

/*
 * Makes a key of what p= holds, decoded. 0 and *ret returned owned
 * (pubkey_free); -EINVAL with *ret untouched and a static clause in *ret_why:
 * no such key, an exponent that is even, below 3 or over 32 bits (a signature
 * would cost as much as the sender likes), more than PUBKEY_RSA_BITS_MAX bits;
 * -ENOMEM (*ret_why is set, too).
 */
int pubkey_new(enum key_algorithm a, struct span bytes, struct pubkey **ret,
    const char **ret_why);

/* The public half of a key of OpenSSL's, which is shared, not copied: no reader
 * of keys is needed that could fail. 0 and *ret returned owned, or -ENOMEM. */
int pubkey_share(
    enum key_algorithm a, struct evp_pkey_st *pkey, struct pubkey **ret);

/* OpenSSL's errors, taken off its queue, as ours: -ENOMEM if memory is among
 * them, else other. */
int pubkey_error(int other);

/* NULL is allowed. */
void pubkey_free(struct pubkey *k);

enum key_algorithm pubkey_algorithm(const struct pubkey *k);

/* Of the modulus; 256 for Ed25519. */
unsigned pubkey_bits(const struct pubkey *k);

/* Bytes that a signature by it has. */
size_t pubkey_signature_size(const struct pubkey *k);

/*
 * Verifies a signature of digest[DIGEST_SIZE]: RSASSA-PKCS1-v1_5 over the
 * SHA-256 (RFC 6376 section 3.3.2), PureEdDSA over its 32 bytes (RFC 8463
 * section 3). 0; -EKEYREJECTED when it is not one of this key, also when it has
 * another length than the key gives; -ENOMEM.
 */
int pubkey_verify(
    struct pubkey *k, const unsigned char *digest, struct span signature);

/*
 * The same for RSASSA-PKCS1-v1_5 over a SHA-1, sha1[SHA1_SIZE]: DomainKeys (RFC
 * 4870) has no other, DKIM never has it (RFC 8301). A crypto policy of the
 * system that forbids SHA-1 in signatures, as that of EL9 does, has no say in
 * it.
 */
int pubkey_verify_sha1(
    struct pubkey *k, const unsigned char *sha1, struct span signature);

#endif

/*
 * der.h - DER (X.690), as much of it as private keys need: elements of definite
 * length, up to 64 KiB.
 *
 * Looks at bytes in place and copies none: they are secrets. What the elements
 * of a key are is keyfile.c's affair.
 */
#ifndef POSTSEAL_SIGNER_DER_H
#define POSTSEAL_SIGNER_DER_H

#include <stdbool.h>
#include <stddef.h>

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OBJECT = 0x06,
	DER_SEQUENCE = 0x30
};

enum { DER_HEAD_MAX = 4 }; /* bytes of a tag and a length */

/* Borrowed bytes. */
struct der {
	const unsigned char *p;
	size_t n;
};

/* Takes one element of that tag off d; *ret is what is in it. */
bool der_take(struct der *d, unsigned char tag, struct der *ret);

/* Takes a positive INTEGER off d; *ret are its bytes, without zeros in
 * front. */
bool der_take_number(struct der *d, struct der *ret);

/* The bits of such a number. */
unsigned der_bits(struct der number);

/* Writes tag and length in front of `end`, of which n bytes follow, n under 64
 * KiB. Returns where they begin, DER_HEAD_MAX bytes at the most before it. */
unsigned char *der_put_head(unsigned char *end, unsigned char tag, size_t n);

#endif

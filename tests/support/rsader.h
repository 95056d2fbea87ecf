/*
 * rsader.h - RSA public keys of any size and exponent, as a stranger may
 * publish them.
 */
#ifndef POSTSEAL_TESTS_RSADER_H
#define POSTSEAL_TESTS_RSADER_H

#include <stdbool.h>
#include <stddef.h>

enum { RSADER_MAX = 4096 };

/* A modulus of so many bits, the lowest and highest set: nobody has its private
 * half. As SubjectPublicKeyInfo, or bare as RSAPublicKey, into ret[RSADER_MAX];
 * its length. */
size_t rsader(int bits, unsigned long e, bool bare, unsigned char *ret);

#endif

/*
 * hashed.h - how many bytes a program hashes.
 *
 * Stands between our code and OpenSSL's EVP_DigestUpdate() in the one program
 * whose test includes this file (in one .c file).
 */
#ifndef POSTSEAL_TESTS_HASHED_H
#define POSTSEAL_TESTS_HASHED_H

#include <dlfcn.h>

#include <openssl/evp.h>

/* Bytes that were given to the hash function, by everybody. */
static size_t hashed;

int
EVP_DigestUpdate(EVP_MD_CTX *c, const void *p, size_t n)
{
	static int (*next)(EVP_MD_CTX *, const void *, size_t);

	if (next == NULL)
		next = (__typeof__(next))dlsym(RTLD_NEXT, "EVP_DigestUpdate");
	hashed += n;
	return next(c, p, n);
}

#endif

/*
 * base64.h - base64 (RFC 4648 section 4), for b=, bh= and p=.
 *
 * OpenSSL's, block by block: private keys are read with it, and its reader of
 * whole texts leaves copies of them in memory. Reading skips white space and
 * line ends, which RFC 6376 allows anywhere in these values, and takes nothing
 * else that is not of the one encoding that the bytes have.
 */
#ifndef POSTSEAL_SIGNER_BASE64_H
#define POSTSEAL_SIGNER_BASE64_H

#include "common/bytes/buf.h"
#include "common/bytes/span.h"

/* Characters that n bytes become. */
static inline size_t
base64_size(size_t n)
{
	return (n + 2) / 3 * 4;
}

/* Appends n bytes as base64, on one line. 0 or an error of buf_add(). */
int base64_add(struct buf *out, const void *p, size_t n);

/*
 * Reads base64 into ret[max]; *ret_n is how many bytes. 0; -EINVAL when another
 * character, a wrong length or a bit behind the end is in it; -EMSGSIZE when
 * there are more than max bytes.
 */
int base64_read(
    struct span text, unsigned char *ret, size_t max, size_t *ret_n);

/* The same for b=, bh= and p= as strangers write them: the '=' at the end may
 * be left out, which every verifier takes. */
int base64_read_tag(
    struct span text, unsigned char *ret, size_t max, size_t *ret_n);

#endif

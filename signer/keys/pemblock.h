/*
 * pemblock.h - the first private key of a PEM file (RFC 7468 section 2, and the
 * headers of RFC 1421 that old OpenSSL wrote), whatever stands in front of it:
 * a certificate, the public half. Without one it is the first block.
 *
 * Its bytes are a secret: they are decoded into one piece of memory, which is
 * wiped when it is freed, and no copy of a part of them is left anywhere. What
 * the block is, is keyfile.c's affair; nothing is decrypted.
 */
#ifndef POSTSEAL_SIGNER_PEMBLOCK_H
#define POSTSEAL_SIGNER_PEMBLOCK_H

#include "common/bytes/span.h"

struct pemblock {
	struct span label;   /* "PRIVATE KEY"; borrows from the text */
	struct span header;  /* lines before the base64, or empty; borrows */
	unsigned char *data; /* owned */
	size_t n;
};

/* 0 and *ret for pemblock_free(); -EINVAL when there is no whole block; or
 * -ENOMEM. */
int pemblock_read(struct span text, struct pemblock *ret);

/* Wipes and frees the bytes. */
void pemblock_free(struct pemblock *b);

#endif

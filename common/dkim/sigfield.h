/*
 * sigfield.h - the text of a DKIM-Signature field: RFC 6376 section 3.5.
 *
 * Writes the value, folded with LF and a TAB as milters send it (the MTA makes
 * CRLF of them), no line over 78 bytes, the field's name included, unless a
 * single domain name or identity is longer. Never l=, never rsa-sha1. b= is
 * last and its value begins right behind it, so that the hashed text is the
 * final one up to there. Reading one is signature.c's affair.
 *
 * Nothing is hashed or signed here (sign.c); h= was chosen by hdrsel.c.
 */
#ifndef POSTSEAL_SIGNER_SIGFIELD_H
#define POSTSEAL_SIGNER_SIGFIELD_H

#include <stdint.h>

#include "common/bytes/buf.h"
#include "common/settings/settings.h" /* enum canonicalization */
#include "common/bytes/span.h"
#include "common/dkim/keyrecord.h" /* enum key_algorithm */
#include "common/dkim/named.h"

#define SIGFIELD_NAME "DKIM-Signature"

struct sigfield {
	enum key_algorithm algorithm;       /* a= */
	enum canonicalization header_canon; /* c= */
	enum canonicalization body_canon;
	struct span domain;   /* d=, A-labels */
	struct span selector; /* s=, A-labels */
	struct span identity; /* i=, local@domain or @domain; empty: no tag */
	uint64_t time;        /* t=, seconds since 1970; 0: no tag */
	uint64_t expire;      /* x=; 0: no tag */
	const struct named_fields *headers; /* h= */
	const unsigned char *bodyhash;      /* bh=, BODYHASH_SIZE bytes */
};

/*
 * Appends the value, from the space behind the colon up to and with "b=". With
 * that end it is what the signature covers. 0 or an error of buf_add().
 */
int sigfield_write(const struct sigfield *s, struct buf *out);

/* Appends the signature of n bytes in folded base64 behind sigfield_write()'s
 * text. 0 or an error of buf_add(). */
int sigfield_seal(const unsigned char *signature, size_t n, struct buf *out);

#endif

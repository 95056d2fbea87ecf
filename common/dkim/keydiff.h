/*
 * keydiff.h - is this private key's record in DNS, and what differs if not?
 *
 * RFC 6376 section 3.6.1 and 3.6.2.2, with what web forms and long strings make
 * of a record in practice: quotes and backslashes that became part of it, one
 * record that became several, a key that was cut. Pure but for the types of the
 * answer; DNS is asked by testkey.c and keycheck.c.
 */
#ifndef POSTSEAL_ADMIN_KEYDIFF_H
#define POSTSEAL_ADMIN_KEYDIFF_H

#include "common/bytes/buf.h"
#include "common/dkim/keyrecord.h"
#include "common/dns/dnsanswer.h"

enum keydiff {
	KEYDIFF_OK,
	KEYDIFF_TESTING, /* it is the key, but with t=y */
	KEYDIFF_SPACES,  /* it is the key, but with blanks in p= */
	KEYDIFF_NODNS,   /* DNS gives no answer: nothing is known */
	KEYDIFF_MISSING, /* no TXT record */
	KEYDIFF_NOKEY,   /* TXT records, none is a key record */
	KEYDIFF_SEVERAL, /* several key records */
	KEYDIFF_QUOTES,  /* quotes or backslashes are part of the record */
	KEYDIFF_SPLIT,   /* its strings are records of their own */
	KEYDIFF_CUT,     /* only the beginning of the key is there */
	KEYDIFF_SYNTAX,  /* not a key record */
	KEYDIFF_REVOKED, /* p= is empty */
	KEYDIFF_TYPE,    /* the wrong k= */
	KEYDIFF_OTHER,   /* another key */
	KEYDIFF_NARROWED /* h= or s= keeps it from signing mail */
};

/* "ok", "other-key": for machines. */
const char *keydiff_word(enum keydiff d);

/* True if verifiers will take signatures of the key. */
bool keydiff_good(enum keydiff d);

/* What one key record is to the key: its algorithm and its public half in
 * base64 (key_public). Of what a form may have done to it only KEYDIFF_CUT and
 * _SPACES can be seen here. */
enum keydiff keydiff_record(
    const struct keyrecord *k, enum key_algorithm algorithm, struct span half);

/*
 * Compares the answer to SELECTOR._domainkey.DOMAIN TXT with the key, likewise.
 * One sentence or two, of what is so and what to do, are appended to text.
 */
enum keydiff keydiff_compare(const struct dns_answer *answer,
    enum key_algorithm algorithm, struct span half, struct buf *text);

#endif

/*
 * keyrecord.h - DKIM key records, SELECTOR._domainkey.DOMAIN TXT: RFC 6376
 * section 3.6.1, RFC 8301, RFC 8463.
 *
 * Text <-> struct, and the two forms in which people publish one: as lines of a
 * zone file with strings of at most 255 octets (RFC 1035 section 3.3), and as
 * the one value that a provider's web form wants. Asking DNS is keycheck.c's
 * affair, making p= out of a private key that of keys.c.
 */
#ifndef POSTSEAL_SIGNER_KEYRECORD_H
#define POSTSEAL_SIGNER_KEYRECORD_H

#include "common/bytes/buf.h"
#include "common/bytes/span.h"

/* The signature algorithms of the house; rsa-sha1 is not one (RFC 8301). */
enum key_algorithm { KEY_RSA_SHA256, KEY_ED25519_SHA256 };

/* For a=: "rsa-sha256". Static. */
const char *key_algorithm_word(enum key_algorithm a);

/* For k=: "rsa", "ed25519". Static. */
const char *key_type_word(enum key_algorithm a);

struct keyrecord {
	enum key_algorithm algorithm; /* k=, "rsa" when absent */
	struct span
	    key; /* p=, base64, white space may be in it; empty: revoked */
	struct span notes;       /* n=, quoted-printable; empty: none */
	struct span granularity; /* g=, of DomainKeys alone (RFC 6376 C.1) */
	bool testing;            /* t= has y */
	bool exact_domain;       /* t= has s: i= must have the domain of d= */
	bool no_sha256;          /* h= is there and does not list sha256 */
	bool no_sha1;            /* nor sha1 */
	bool no_email; /* s= is there and lists neither "*" nor email */
};

/*
 * Reads the strings of a TXT record, joined without a space (3.6.2.2). The
 * spans point into text. PARSE_OK, or PARSE_BAD with *ret untouched and a
 * static reason: not a tag list, v= not first or not DKIM1, no p=, an unknown
 * k=. Never PARSE_MORE.
 */
enum parse keyrecord_parse(
    struct span text, struct keyrecord *ret, const char **ret_why);

/* Appends the record as one value: "v=DKIM1; k=rsa; p=MIIB...". Only tags that
 * say more than the defaults are written, but v, k and p always; h= and s=,
 * which could only narrow a key of ours, never. */
void keyrecord_print(const struct keyrecord *k, struct buf *out);

/*
 * Appends the record as lines of a zone file, each with its newline:
 *     2026a._domainkey.example.jp. IN TXT ( "v=DKIM1; k=rsa; "
 *         "p=MIIB..." )
 * strings of at most 255 octets, split before p= first. selector and domain are
 * A-labels without a trailing dot.
 */
void keyrecord_zone(const struct keyrecord *k, struct span selector,
    struct span domain, struct buf *out);

#endif

/*
 * signature.h - reads a DKIM-Signature as a verifier must: RFC 6376 sections
 * 3.5 and 6.1.1, RFC 8301, RFC 8616.
 *
 * Which mistake has which result (RFC 8601 section 2.7.1) is decided here: what
 * cannot be processed is neutral, what is known and can never verify is
 * permerror. Nothing depends on the time, on the message or on DNS: those are
 * judged by who verifies. Writing a field is sigfield.c's affair.
 *
 * Pure: no key, no hash.
 */
#ifndef POSTSEAL_COMMON_SIGNATURE_H
#define POSTSEAL_COMMON_SIGNATURE_H

#include <stdint.h>

#include "common/bytes/domain.h"
#include "common/bytes/span.h"
#include "common/dkim/bodyhash.h"
#include "common/dkim/keyrecord.h" /* enum key_algorithm */
#include "common/limits.h"
#include "common/settings/settings.h" /* enum canonicalization */

/* The results of RFC 8601 section 2.7.1. */
enum dkim_result {
	DKIM_NONE, /* no signature */
	DKIM_PASS,
	DKIM_FAIL,      /* it does not verify */
	DKIM_POLICY,    /* not acceptable here */
	DKIM_NEUTRAL,   /* cannot be read */
	DKIM_TEMPERROR, /* a later try may have a result */
	DKIM_PERMERROR  /* it can never have one */
};

/* "pass", as it stands in Authentication-Results. Static. */
const char *dkim_result_word(enum dkim_result r);

/*
 * What a field says. Spans point into its value; white space and folds may
 * stand inside headers and value_of_b. What could not be read is empty.
 */
struct signature {
	struct span algorithm_word; /* a=, also one that is not ours */
	enum key_algorithm algorithm;
	enum canonicalization header_canon, body_canon;
	struct span domain;            /* d= as written */
	char domain_a[DOMAIN_MAX + 1]; /* in A-labels, lower case */
	char selector[DOMAIN_MAX + 1]; /* s=, likewise */
	char name[DOMAIN_MAX + 1]; /* SELECTOR._domainkey.DOMAIN, A-labels */
	struct span headers;       /* h=: taglist_item() takes the names */
	struct span b;             /* b= as written */
	size_t signature_n;
	unsigned char signature[SIGNATURE_BYTES_MAX];
	unsigned char bodyhash[BODYHASH_SIZE];

	/* i= without its quoting: "local@domain", the domain in A-labels;
	 * "@domain" when it is absent. */
	char identity[SIGNATURE_IDENTITY_MAX + 1 + DOMAIN_MAX];
	bool exact_identity; /* its domain is d=, as t=s of the key demands */

	bool has_length;
	uint64_t length; /* l=: canonical bytes; more digits: UINT64_MAX */
	uint64_t time;   /* t=, seconds since 1970; 0: no tag */
	uint64_t expire; /* x=; UINT64_MAX: no tag */
};

/*
 * Reads the value of a field, folds as LF or CRLF. DKIM_PASS: it can be
 * verified. Otherwise DKIM_NEUTRAL or DKIM_PERMERROR and a static reason in
 * *ret_reason, and *ret has what was read before the mistake, for the result's
 * properties. Borrows value as long as *ret is used.
 */
enum dkim_result signature_read(
    struct span value, struct signature *ret, const char **ret_reason);

/*
 * The same for the value of one tag that DomainKey-Signature has, too: NULL and
 * what it says in *ret, or a static reason. The domain goes before the
 * selector. The names are those of h=, From or not.
 */
const char *signature_read_domain(struct span value, struct signature *ret);
const char *signature_read_selector(struct span value, struct signature *ret);
const char *signature_read_b(struct span value, struct signature *ret);
const char *signature_read_names(struct span value, struct signature *ret);

/* How often h= names that field; any case. */
size_t signature_names(const struct signature *s, const char *name);

#endif

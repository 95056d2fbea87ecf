/*
 * macro.h - the macros of RFC 7208 section 7: their syntax and their expansion.
 *
 * A domain-spec and an explain-string are checked when they are read and
 * expanded, maybe, much later. Nothing is looked up here: who expands %{p} must
 * know the validated name first (lookups.c), and asks macro_uses() for that.
 *
 * Pure; allocates nothing but in the buffer given for an explanation.
 */
#ifndef POSTSEAL_SPF_MACRO_H
#define POSTSEAL_SPF_MACRO_H

#include <stdint.h>

#include "common/bytes/buf.h"
#include "common/bytes/domain.h"
#include "common/bytes/ip.h"

/* What the letters stand for (section 7.2). Filled by check.c, but for domain
 * and name, which change from term to term (lookups.c, exptext.c). Borrows
 * everything. */
struct macro_vars {
	struct span sender;   /* s: local@domain */
	struct span local;    /* l */
	struct span origin;   /* o: the sender's domain, A-labels */
	struct span domain;   /* d: of the record that it stands in or led to */
	struct span helo;     /* h */
	struct span name;     /* p: the client's validated name, or "unknown" */
	struct ip client;     /* i, c, v */
	const char *receiver; /* r */
	uint64_t now;         /* t: seconds since 1970 */
};

/* Checks an explain-string, or the macro-string of an unknown modifier, which
 * may have no spaces; any letter may stand in both. 0, or -EINVAL with a static
 * reason. */
int macro_check_explain(struct span text, const char **ret_why);
int macro_check_unknown(struct span text, const char **ret_why);

/*
 * Checks a domain-spec: a macro-string without the letters c, r and t that ends
 * in a macro or in "." toplabel (a dot may follow). As above.
 */
int macro_check_domain(struct span text, const char **ret_why);

/* True if one of these letters (lower case) stands in the checked text. */
bool macro_uses(struct span text, const char *letters);

/*
 * Expands a checked domain-spec to the target-name in ret[DOMAIN_MAX + 1]: no
 * trailing dot, labels dropped on the left until it has at most 253 octets.
 * Returns its length. It may still be no name that DNS can hold; what has one
 * label of more than 253 octets becomes "".
 */
size_t macro_domain(struct span text, const struct macro_vars *v, char *ret);

/* Appends the expansion of a checked explain-string; what is more than out can
 * hold marks it (buf.h). */
void macro_explain(
    struct span text, const struct macro_vars *v, struct buf *out);

#endif

/*
 * domain.h - domain names as text: well-formedness, A-labels, subdomains.
 *
 * Names are without the trailing dot. U-labels become A-labels with libidn2
 * (RFC 5891, RFC 8616 section 4); comparison is ASCII case-insensitive on
 * A-labels and on label boundaries. Nothing is looked up.
 */
#ifndef POSTSEAL_COMMON_DOMAIN_H
#define POSTSEAL_COMMON_DOMAIN_H

#include "common/bytes/span.h"

enum {
	DOMAIN_MAX = 253, /* octets of a name as text, RFC 1035 2.3.4 */
	DOMAIN_LABEL_MAX = 63
};

/*
 * True if the name can be asked in DNS: 1..253 octets, labels of 1..63.
 * One trailing dot is allowed. Any octet but '.' may stand in a label.
 */
bool domain_is_name(struct span name);

/* True if it is a name of letters, digits, '-' and '_' with two or more labels
 * of which the last is not all digits: what a mail domain looks like. One
 * trailing dot is allowed. */
bool domain_is_mail(struct span name);

/*
 * Writes the name in A-labels and lower case, without a trailing dot, and a
 * NUL into ret[DOMAIN_MAX + 1]. Pure ASCII labels only change case.
 * 0, or with ret untouched -EINVAL (not valid UTF-8 or IDNA, too long, an empty
 * label, a NUL) or -ENOMEM.
 */
int domain_to_ascii(struct span name, char *ret);

/* True if both are the same name but for ASCII case and a trailing dot. */
bool domain_equal(struct span a, struct span b);

/* True if child equals parent or ends in "." parent (ASCII case folded). */
bool domain_within(struct span child, struct span parent);

#endif

/*
 * dnsname.h - domain names as DNS messages hold them (RFC 1035 sections 3.1 and
 * 4.1.4). Pure.
 *
 * Upper case becomes lower case on the way in, so that comparing is comparing
 * bytes. What a name may look like elsewhere (A-labels, mail domains) is
 * domain.c's affair.
 */
#ifndef POSTSEAL_COMMON_DNSNAME_H
#define POSTSEAL_COMMON_DNSNAME_H

#include "common/bytes/span.h"

enum {
	DNSNAME_MAX = 255,      /* octets, RFC 1035 section 2.3.4 */
	DNSNAME_TEXT_MAX = 1004 /* 250 octets as escapes, three dots, NUL */
};

/* Labels, each behind its length, and the root label at the end. */
struct dnsname {
	unsigned char b[DNSNAME_MAX];
	size_t n;
};

/*
 * Text in which '.' parts labels and every other octet stands for itself, as
 * resolver_ask() takes it -> name. One trailing dot is allowed. 0, or -EINVAL
 * with *ret untouched: not domain_is_name().
 */
int dnsname_parse(struct span text, struct dnsname *ret);

/*
 * Name -> text without a trailing dot ("" is the root) and a NUL in
 * text[DNSNAME_TEXT_MAX]. '.' and '\' inside a label get a '\', what is not
 * printable ASCII becomes \DDD (RFC 1035 section 5.1). Returns its length.
 */
size_t dnsname_text(const struct dnsname *name, char *text);

/*
 * Reads the name at offset `at` of a message, compressed or not; *ret_next is
 * the offset behind it. A pointer must lead behind the header and before the
 * part of the name that it ends. False if it is malformed; *ret is undefined
 * then.
 */
bool dnsname_read(
    struct span msg, size_t at, struct dnsname *ret, size_t *ret_next);

/* True if both are the same name. */
bool dnsname_equal(const struct dnsname *a, const struct dnsname *b);

#endif

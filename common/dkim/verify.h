/*
 * verify.h - does a DKIM-Signature verify? RFC 6376 section 6.1.3.
 *
 * In: a signature that was read, the message's fields, the hash of its body
 * with the signature's c= and l=, a public key. Out: pass, or fail and which of
 * the two hashes is wrong. Whether the signature is acceptable (time, l=, what
 * it covers, what the key's record says) is judged by who asks; where the key
 * comes from, too.
 *
 * `struct verify` is a worker's scratch memory, for one signature after the
 * other.
 */
#ifndef POSTSEAL_COMMON_VERIFY_H
#define POSTSEAL_COMMON_VERIFY_H

#include "common/dkim/pubkey.h"
#include "common/dkim/signature.h"
#include "common/mail/field.h"

struct verify;

/* The hash of the header of one signature, made when it is needed, whatever
 * number of keys is tried. Not known at first. */
struct verify_header {
	bool known;
	unsigned char digest[DIGEST_SIZE];
};

/* 0 and *ret returned owned (verify_free), or -ENOMEM. */
int verify_new(struct verify **ret);

/* NULL is allowed. */
void verify_free(struct verify *v);

/*
 * s was read from the value of `field`, which is one of `fields` or stands
 * beside them. bodyhash: BODYHASH_SIZE bytes. DKIM_PASS; DKIM_FAIL; or
 * DKIM_PERMERROR when key is of another kind than a= (3.6.1), each but the
 * first with a static reason; or DKIM_TEMPERROR: no memory.
 */
enum dkim_result verify_signature(struct verify *v, const struct signature *s,
    const struct field *field, const struct field_list *fields,
    const unsigned char *bodyhash, struct pubkey *key,
    struct verify_header *header, const char **ret_reason);

#endif

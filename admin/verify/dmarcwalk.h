/*
 * dmarcwalk.h - why DMARC came to its result: for `postseal verify`.
 *
 * The daemon asks no more than it needs. Here each walk is walked to its end
 * (RFC 9989 section 4.10), that of the author and that of each identifier, so
 * that all organizational domains are known; then all of it is written. Results
 * are the daemon's own.
 */
#ifndef POSTSEAL_ADMIN_DMARCWALK_H
#define POSTSEAL_ADMIN_DMARCWALK_H

#include "common/bytes/buf.h"
#include "common/io/loop.h"
#include "verifier/dmarc/dmarc_message.h"

struct dmarcwalk;
struct json_t; /* of jansson */

/* Asks for all names of a message that is over, and waits. d is borrowed until
 * dmarcwalk_free(). 0 and *ret owned, or -errno. */
int dmarcwalk_new(struct loop *loop, struct resolver *resolver,
    const struct dmarc_message *d, const char *author, struct dmarcwalk **ret);

/* NULL is allowed. */
void dmarcwalk_free(struct dmarcwalk *w);

/* For people: result, walks with their records, identifiers. Nothing, where the
 * message has no DMARC. */
void dmarcwalk_text(const struct dmarcwalk *w, struct buf *out);

/* The same as an object, owned; NULL when memory is out. */
struct json_t *dmarcwalk_json(const struct dmarcwalk *w);

#endif

/*
 * bodyprefix.h - of a body that has grown: how many of its lines were signed?
 *
 * For people who ask why a signature fails (RFC 6376 section 5.2: mailing lists
 * add a footer). One pass over the body, a hash at each line end.
 */
#ifndef POSTSEAL_COMMON_BODYPREFIX_H
#define POSTSEAL_COMMON_BODYPREFIX_H

#include "common/bytes/span.h"
#include "common/settings/settings.h" /* enum canonicalization */

/*
 * Looks for the line end up to which the body has the hash want[BODYHASH_SIZE].
 * 0 and the number of lines up to there; -ENOENT; -ENOMEM; -EIO.
 */
int bodyprefix_find(struct span body, enum canonicalization canon,
    const unsigned char *want, size_t *ret_lines);

#endif

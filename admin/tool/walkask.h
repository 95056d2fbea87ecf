/*
 * walkask.h - asks DNS for the DMARC records of the names of a walk, and waits.
 *
 * The daemon asks no more than it needs (evaluation.h); `postseal check` and
 * `verify` want to know all names.
 */
#ifndef POSTSEAL_ADMIN_WALKASK_H
#define POSTSEAL_ADMIN_WALKASK_H

#include "admin/tool/dnswait.h"
#include "common/bytes/domain.h"
#include "verifier/dmarc/walk.h"

/* "_dmarc." and a name, as it is asked. */
typedef char walkask_name[DOMAIN_MAX + sizeof "_dmarc."];

/*
 * Asks for the names of the table from `first` on, and puts what is there into
 * it. The i-th of them is asked as name[i] by q[i], for both of which there is
 * room. 0, and q has the answers (dnswait_free); or -errno, as dnswait_all().
 */
int walkask(struct loop *loop, struct resolver *resolver,
    struct walk_names *names, size_t first, walkask_name *name,
    struct dnswait *q);

#endif

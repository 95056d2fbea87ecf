/*
 * plaincanon.h - body canonicalization as RFC 6376 sections 3.4.3 and 3.4.4 say
 * it, word by word: the whole body at once, one byte after the other. What
 * canon.c does is compared with it.
 */
#ifndef POSTSEAL_TESTS_PLAINCANON_H
#define POSTSEAL_TESTS_PLAINCANON_H

#include "common/bytes/buf.h"
#include "common/settings/settings.h" /* enum canonicalization */

/* Appends the canonical form of in. */
void plaincanon_body(
    enum canonicalization canon, struct span in, struct buf *out);

#endif

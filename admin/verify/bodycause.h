/*
 * bodycause.h - a body whose hash is not the one that was signed: what most
 * likely happened to it?
 *
 * What mail goes through is tried, one thing after the other: lines added at
 * the end, the other canonicalization, other line ends, an encoding put on the
 * body. A thing is named only when undoing it gives the hash that was signed. A
 * hash says nothing of what else was changed.
 */
#ifndef POSTSEAL_ADMIN_BODYCAUSE_H
#define POSTSEAL_ADMIN_BODYCAUSE_H

#include "common/bytes/buf.h"
#include "common/dkim/signature.h"
#include "common/mail/field.h"

/*
 * Appends the sentence, "unknown" where nothing fits. body: all of it, lines
 * with CRLF. fields: of the header. 0; -EALREADY, and no sentence, when the
 * hash is right; or -errno.
 */
int bodycause_find(struct span body, const struct field_list *fields,
    const struct signature *s, struct buf *ret);

#endif

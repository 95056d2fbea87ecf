/*
 * spf_text.h - what `postseal spf` prints for people.
 *
 * First the results of the identities, then, for --trace, each record with its
 * terms in the order in which it was published, and below each term what DNS was
 * asked for it. spf.h has what one line is made of.
 */
#ifndef POSTSEAL_ADMIN_SPF_TEXT_H
#define POSTSEAL_ADMIN_SPF_TEXT_H

#include "admin/look/spf.h"

/* Appends the result of one identity, "HELO" or "MAIL FROM"; e: and how it came
 * to it, or NULL. */
void spf_text_check(const char *what, const struct lookups *l,
    const struct check_result *result, const struct explain *e,
    struct buf *out);

/* Appends header, action and time of the whole. */
void spf_text_answer(
    const struct settings *s, const struct request_answer *a, struct buf *out);

#endif

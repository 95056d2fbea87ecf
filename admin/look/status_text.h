/*
 * status_text.h - what a daemon says of itself (common/stats/control.h), for
 * people.
 *
 * Asking is status.c's affair.
 */
#ifndef POSTSEAL_ADMIN_STATUS_TEXT_H
#define POSTSEAL_ADMIN_STATUS_TEXT_H

#include <jansson.h>

#include "common/bytes/buf.h"

/* Appends it; what is missing in the answer is left out, and so is what has not
 * happened. */
void status_text(const json_t *status, struct buf *out);

#endif

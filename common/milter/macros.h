/*
 * macros.h - lists of macros of the MTA that say whose mail it is, as the
 * config has them: "{name}" for any value but an empty one,
 * "{name}=value|value". Braces may be left out. (pure)
 */
#ifndef POSTSEAL_COMMON_MACROS_H
#define POSTSEAL_COMMON_MACROS_H

#include "common/bytes/buf.h"
#include "common/settings/settings.h"

/* The entry of the list that this macro fulfils, or NULL. An empty value
 * fulfils none: Postfix sends it for what it does not know. Borrows from
 * list. */
const char *macros_find(
    const struct text_list *list, struct span name, struct span value);

/* Appends the names of the list, "{a} {b}", as the MTA wants to be asked for
 * them, with a NUL behind that is not counted; nothing for an empty list. 0 or
 * an error of buf_add(). */
int macros_names(const struct text_list *list, struct buf *ret);

#endif

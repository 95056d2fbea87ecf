/*
 * string.h - the values that stay strings: names, paths, addresses in
 * lists, texts of replies. Each is judged by its type, and copied.
 *
 * The other types, and what all have in common, are settings_value.h's affair.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_STRING_H
#define POSTSEAL_COMMON_SETTINGS_STRING_H

#include "common/settings/rows.h"

/*
 * Sets the string at `to`, a const char *, to a copy of text in arena: for a host
 * or a domain in A-labels, for a fingerprint in upper case. An empty file, table or
 * group is NULL. 0; -EINVAL, perhaps with a static clause in *ret_why, also for a
 * row of another type; -ENOMEM.
 */
int settings_string_set(const struct row *row, struct span text,
    struct arena *arena, void *to, const char **ret_why);

#endif

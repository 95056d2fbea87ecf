/*
 * value.h - one value: its texts -> the typed field.
 *
 * Knows the types of settings_rows.h, not the keys; settings_text.h goes back.
 * That a name in an action is one of restriction_classes is judged in
 * settings_read.c.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_VALUE_H
#define POSTSEAL_COMMON_SETTINGS_VALUE_H

#include "common/settings/rows.h"

/* True if the key takes any number of values. */
bool settings_value_is_list(const struct row *row);

/*
 * Sets the field at `to` from the n texts (one, but for a list); texts are
 * copied into arena. 0; -EINVAL with the field untouched and a clause appended
 * to why, such as: "0" is not a number from 1 to 60; -ENOMEM.
 */
int settings_value_set(const struct row *row, const struct span *text, size_t n,
    struct arena *arena, void *to, struct buf *why);

/* The same from the default; row->value must not be NULL. */
int settings_value_default(
    const struct row *row, struct arena *arena, void *to, struct buf *why);

#endif

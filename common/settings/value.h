/*
 * value.h - one value: its texts -> the typed field, and back.
 *
 * Knows the types of rows.h, not the keys. That a name in an action is one of
 * restriction_classes is judged in given.c.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_VALUE_H
#define POSTSEAL_COMMON_SETTINGS_VALUE_H

#include "common/settings/rows.h"

/* True if the key takes any number of values. */
bool settings_value_is_list(const struct row *row);

/* True if it is printed without quotes: a number, true or false. */
bool settings_value_is_bare(const struct row *row);

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

/* Appends the field at `from` with quotes and braces: {"192.0.2.0/24"}. */
void settings_value_print(
    const struct row *row, const void *from, struct buf *out);

/* Appends what a value may be: "a number from 1 to 60". */
void settings_value_type(const struct row *row, struct buf *out);

#endif

/*
 * text.h - a typed field -> the text that the config has for it.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_TEXT_H
#define POSTSEAL_COMMON_SETTINGS_TEXT_H

#include "common/settings/rows.h"

/* Appends the field at `from` with quotes and braces: {"192.0.2.0/24"}. */
void settings_text_value(
    const struct row *row, const void *from, struct buf *out);

/* Appends the default in the same form; row->sample where there is none. */
void settings_text_default(const struct row *row, struct buf *out);

/* Appends what a value may be: "a number from 1 to 60". */
void settings_text_type(const struct row *row, struct buf *out);

#endif

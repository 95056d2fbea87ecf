/*
 * given.h - what one text says of the keys, kept until its end is read.
 *
 * Only then is it set, and in the order of the rows: a recipient has a copy of
 * the general policy, which may stand behind it; an action may name one of
 * restriction_classes that come later; and while the text itself is wrong,
 * nothing is said of its values. For read.c alone.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_GIVEN_H
#define POSTSEAL_COMMON_SETTINGS_GIVEN_H

#include "common/settings/reader.h"

/* Forgets the text before. */
void settings_given_clear(struct reader *r);

/* A key that may stand in that section: "" or a path of settings_sections. It
 * is of the domain, key or recipient that r has last. */
void settings_given_key(struct reader *r, const struct row *row,
    const char *section, unsigned line);

/* A value of that key, as settings_scan() gives it. Borrows raw until
 * settings_given_set(). */
void settings_given_value(struct reader *r, struct span raw, unsigned line);

/* Sets all of it, and judges the actions. What is wrong is told to r. */
void settings_given_set(struct reader *r);

#endif

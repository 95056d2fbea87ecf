/*
 * known.h - which keys there are: lookup by path, and the nearest one
 * to a typo.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_KNOWN_H
#define POSTSEAL_COMMON_SETTINGS_KNOWN_H

#include "common/settings/rows.h"

enum {
	KNOWN_PATH_MAX = 100,
	KNOWN_DISTANCE_MAX = 2 /* edits between a typo and what was meant */
};

/* The path of a row in a section into path[KNOWN_PATH_MAX]; returns path. */
const char *settings_known_path(
    const char *section, const struct row *row, char *path);

/* A struct whose fields rows name; its first byte has this offset for them. */
struct settings_place {
	void *base;
	size_t origin;
};

/* The row's field there. */
void *settings_known_field(const struct row *row, struct settings_place place);

/* True if the key may stand in that section. */
bool settings_known_stands(const struct row *row, const char *section);

/* The row or section of a path such as "policyd.helo.fail", or NULL. */
const struct row *settings_known_row(const char *path);
const struct section *settings_known_section(const char *path);

/*
 * The section a path stands in: "" for the top level, NULL when it is unknown
 * itself. *ret_name: its last word.
 */
const char *settings_known_parent(const char *path, const char **ret_name);

/* Levenshtein's distance of two names: letters to insert, delete or change. */
size_t settings_known_distance(const char *a, const char *b);

/*
 * Appends what was probably meant by an unknown path, as " (did you mean X?)";
 * nothing when no key comes near it.
 */
void settings_known_suggest(const char *path, struct buf *out);

#endif

/*
 * "Did you mean": the nearest name by edits (Levenshtein), in the same section,
 * or the very same name in another one. It must be nearer than
 * KNOWN_DISTANCE_MAX and than all letters of the name, else anything would be
 * near a short one.
 */
#include <stdio.h>

#include "common/limits.h"
#include "common/settings/known.h"

const char *
settings_known_path(const char *section, const struct row *row, char *path)
{
	snprintf(path, KNOWN_PATH_MAX, "%s%s%s", section,
	    section[0] == '\0' ? "" : ".", row->name);
	return path;
}

void *
settings_known_field(const struct row *row, struct settings_place place)
{
	return (char *)place.base + (row->at - place.origin);
}

bool
settings_known_stands(const struct row *row, const char *section)
{
	const struct section *s;

	if (strcmp(row->section, section) == 0)
		return true;
	s = row->general ? NULL : settings_known_section(section);
	return s != NULL && s->shares != NULL &&
	    strcmp(row->section, s->shares) == 0;
}

const struct section *
settings_known_section(const char *path)
{
	for (size_t i = 0; i < settings_nsections; i++) {
		if (strcmp(settings_sections[i].path, path) == 0)
			return &settings_sections[i];
	}
	return NULL;
}

const char *
settings_known_parent(const char *path, const char **ret_name)
{
	const char *dot = strrchr(path, '.');

	*ret_name = dot == NULL ? path : dot + 1;
	if (dot == NULL)
		return "";
	for (size_t i = 0; i < settings_nsections; i++) {
		const char *known = settings_sections[i].path;

		if (span_eq(
		        span_str(known), span_of(path, (size_t)(dot - path))))
			return known;
	}
	return NULL;
}

const struct row *
settings_known_row(const char *path)
{
	const char *name, *section = settings_known_parent(path, &name);

	for (size_t i = 0; section != NULL && i < settings_nrows; i++) {
		const struct row *row = &settings_rows[i];

		if (strcmp(row->name, name) == 0 &&
		    settings_known_stands(row, section))
			return row;
	}
	return NULL;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
settings_known_distance(const char *a, const char *b)
{
	size_t row[CONFIG_KEY_MAX + 1], n = strlen(b);

	if (n > CONFIG_KEY_MAX)
		return n;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(change, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

/* The best so far. */
struct guess {
	size_t distance;
	char path[KNOWN_PATH_MAX];
};

/*
 * A near name in the same section, or the very name in another one: who writes
 * time_limit outside of policyd { } meant policyd.time_limit.
 */
static void
consider(struct guess *g, const char *parent, const char *name, const char *in,
    const char *known, const char *path)
{
	size_t d = settings_known_distance(known, name);

	if (strcmp(in, parent) != 0)
		d = d == 0 ? KNOWN_DISTANCE_MAX : KNOWN_DISTANCE_MAX + 1;
	if (d >= g->distance || d >= strlen(name))
		return;
	g->distance = d;
	snprintf(g->path, sizeof g->path, "%s", path);
}

void
settings_known_suggest(const char *path, struct buf *out)
{
	const char *name, *parent = settings_known_parent(path, &name);
	struct guess g = {.distance = KNOWN_DISTANCE_MAX + 1};
	char known[KNOWN_PATH_MAX];

	if (parent == NULL)
		return;
	for (size_t i = 0; i < settings_nrows; i++) {
		const struct row *row = &settings_rows[i];

		const char *in = row->section;

		if (settings_known_stands(row, parent))
			in = parent;
		consider(&g, parent, name, in, row->name,
		    settings_known_path(in, row, known));
	}
	for (size_t i = 0; i < settings_nsections; i++) {
		const struct section *s = &settings_sections[i];

		consider(&g, parent, name, s->parent, s->name, s->path);
	}
	if (g.path[0] != '\0')
		buf_fmt(out, " (did you mean %s?)", g.path);
}

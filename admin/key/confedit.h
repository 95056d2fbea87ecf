/*
 * confedit.h - changes one value in the text of a config, and nothing else.
 *
 * For files that people write, too: comments, order and blank lines stay as
 * they are. The syntax is that of common/settings/scan.h. What the keys mean,
 * and whether the result is a good config, is for settings_parse() to say.
 * Pure.
 */
#ifndef POSTSEAL_ADMIN_CONFEDIT_H
#define POSTSEAL_ADMIN_CONFEDIT_H

#include "common/bytes/buf.h"

/* A section on the way to a key: `policyd`, or `domain "example.com"`, whose
 * title is compared as a name of a domain. */
struct confedit_step {
	const char *section;
	const char *title; /* NULL: it has none */
};

/*
 * Appends text to out with key of that section (depth 0: of the top level) set
 * to value, which is put in as it stands, quotes and all. A value that is there
 * is replaced; else the key, and the sections that lack, are added behind what
 * is in the nearest section that is there. 0; -EINVAL where the text, which is
 * file's, is no config, or would be none with the key, with one line of
 * settings_read() appended to why (or NULL); or an error of buf_add().
 */
int confedit_set(const char *file, struct span text,
    const struct confedit_step *path, size_t depth, const char *key,
    const char *value, struct buf *out, struct buf *why);

/* Appends text without the section that the path leads to, and without what is
 * in it. 0; -ENOENT when it is not there; else as confedit_set(). */
int confedit_remove(const char *file, struct span text,
    const struct confedit_step *path, size_t depth, struct buf *out,
    struct buf *why);

/* The value of the key as it stands, quotes and all. 0; -ENOENT when it is not
 * there; -EINVAL where the text is no config. Borrows from text. */
int confedit_get(struct span text, const struct confedit_step *path,
    size_t depth, const char *key, struct span *ret);

#endif

/*
 * keytable_row.h - how the rows of a KeyTable become entries; for the files
 * keytable*.c, which each know one kind of row.
 */
#ifndef POSTSEAL_SIGNER_KEYTABLE_ROW_H
#define POSTSEAL_SIGNER_KEYTABLE_ROW_H

#include "signer/tables/keytable.h"

/* What the value of a row says. */
struct keytable_value {
	const char *domain; /* A-labels, or "%" */
	const char *selector;
	struct span key; /* a path or a key */
};

/* Says what is wrong with the row; it signs nothing. */
void keytable_blame(struct keytable *k, size_t row, struct buf *why,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Reads the rows of k->table, one after the other; read() answers 0, for a row that
 * it has blamed, too, or -ENOMEM. */
int keytable_read_rows(struct keytable *k, struct arena *arena, struct buf *why,
    int (*read)(
        struct keytable *k, size_t row, struct arena *arena, struct buf *why));

/* d= and s= of a row, which is blamed when they are none: -EINVAL then. */
int keytable_take_names(struct keytable *k, size_t row, struct span domain,
    struct span selector, struct arena *arena, struct keytable_value *v,
    struct buf *why);

/* Adds the entry of a key for the From domain `of`, or all when that is NULL. The
 * texts are in the arena. 0 or -ENOMEM. */
int keytable_add(struct keytable *k, size_t row, const char *of,
    const struct keytable_value *v, const char *file, char *pem,
    struct arena *arena);

/* --- keytable_path.c ------------------------------------------------------ */

/* "/x", "./x" or "../x". */
bool keytable_is_path(struct span s);

/* The path as an absolute one in the arena; NULL when memory is out. */
char *keytable_path(
    const struct keytable *k, struct span path, struct arena *arena);

/* Adds an entry for each file that a path with '%' names. 0 or -ENOMEM. */
int keytable_add_files(struct keytable *k, size_t row,
    const struct keytable_value *v, const char *path, struct arena *arena);

#endif

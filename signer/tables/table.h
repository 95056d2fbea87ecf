/*
 * table.h - OpenDKIM's data sets of type "file:" and "refile:": a text file
 * with a row a line, read whole and kept for lookups.
 *
 *     key  value, of one word or more      # comment
 *
 * The first word is the key, the rest of the line its value. Blank lines and
 * what stands behind '#' do not count. What a key and a value are is known by
 * keytable.h, signtable.h, authtable.h and hosts.h, which also say what is
 * wrong with a row; a row that is too long or has control characters is wrong
 * for all of them.
 *
 * Read by the supervisor alone. Keys are found in any ASCII case.
 */
#ifndef POSTSEAL_SIGNER_TABLE_H
#define POSTSEAL_SIGNER_TABLE_H

#include <sys/types.h>

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"

struct table_row {
	char *key;
	char *value;   /* "" when there is none */
	unsigned line; /* in the file */
};

struct table {
	const char *file; /* the path without the type */
	bool globs;       /* refile: */
	struct table_row *row;
	size_t n;
	size_t *sorted; /* rows by key, then by place; of table_sort() */
	size_t bad;     /* rows left out because nobody could read them */
	mode_t mode;    /* permissions of the file; 0: of none */
};

/* "refile:/path" -> "/path". Borrows; *ret_globs: it is a refile. */
const char *table_path(const char *spec, bool *ret_globs);

/*
 * Reads the file that spec names, all in the arena. 0; -EINVAL when it cannot
 * be read, after a sentence in why; -ENOMEM. Rows that are wrong for all are
 * left out, counted, and told in why: "FILE:LINE: REASON", a newline behind
 * each.
 */
int table_open(
    const char *spec, struct arena *arena, struct table *ret, struct buf *why);

/* The same from memory: text is what the file would hold. Borrows text during
 * the call. */
int table_parse(const char *spec, struct span text, struct arena *arena,
    struct table *ret, struct buf *why);

/* Makes t ready for table_find(). 0 or -ENOMEM. */
int table_sort(struct table *t, struct arena *arena);

/* The number of the first row with that key from row `from` on; t->n when there
 * is none. */
size_t table_find(const struct table *t, struct span key, size_t from);

/* One sentence about a row into why: "FILE:LINE: ...". */
void table_tell(struct buf *why, const struct table *t, unsigned line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif

/*
 * keytable.h - OpenDKIM's KeyTable (opendkim.conf(5)): a name for each key.
 *
 *     name  domain:selector:/path/of/key
 *
 * As the domain "%" is that of From, and "%" in a path, too: what files there
 * are is looked up once, here, because who signs may not read keys; a new
 * domain needs a reload. "./" and "../" begin at the table's directory. What is
 * no path is the key itself: PEM on one line, or the base64 of its DER.
 *
 * Each file becomes a domain_settings with one key, which keyring.c opens like
 * those of domain sections. A row that is wrong is told, counted and left
 * empty: what it would sign is treated as mail of a domain whose key is bad.
 */
#ifndef POSTSEAL_SIGNER_KEYTABLE_H
#define POSTSEAL_SIGNER_KEYTABLE_H

#include "common/settings/settings.h"
#include "signer/tables/table.h"

struct keytable_entry {
	struct domain_settings domain; /* name "%": that of From */
	const char *of; /* A-labels: for this From domain only; NULL: for all */
};

struct keytable_row {
	const char *path;    /* with its "%"; NULL: the key is in the table */
	size_t first, count; /* entries; none: no file, or the row is wrong */
	bool wrong;
};

struct keytable {
	struct table table;
	struct keytable_row *row;     /* one for each row of the table */
	struct keytable_entry *entry; /* owned, not in the arena */
	size_t n, room;
	size_t bad; /* rows that are wrong */
};

/* Reads the file that spec names into the arena. 0 and *ret for
 * keytable_free(), also with bad rows; -EINVAL when there is no such file;
 * -ENOMEM. Sentences as of table.h. */
int keytable_open(const char *spec, struct arena *arena, struct keytable *ret,
    struct buf *why, struct buf *warn);

/* The same from memory, as table_parse(). */
int keytable_parse(const char *spec, struct span text, struct arena *arena,
    struct keytable *ret, struct buf *why, struct buf *warn);

/*
 * The keys of dkim-milter's keylist: "pattern:domain:/path" in each row of t,
 * which is borrowed; row i of *ret is that of t. The selector is the name of
 * the file; where there is no such file, one with ".pem" or ".private" behind
 * is taken.
 */
int keytable_from_keylist(const struct table *t, struct arena *arena,
    struct keytable *ret, struct buf *why);

void keytable_free(struct keytable *k);

/* The entry of that row for mail from this domain (A-labels), or NULL. */
const struct keytable_entry *keytable_entry(
    const struct keytable *k, size_t row, const char *from);

/* The row whose name is most like this one, which is not in the table; its
 * number, or table.n when none is. */
size_t keytable_nearest(const struct keytable *k, struct span name);

#endif

/*
 * authtable.h - which From addresses a login may use, so that one customer is
 * not signed as another.
 *
 *     login  pattern [pattern ...]
 *
 * Patterns are those of glob_address(); commas may part them, too. "%" in one
 * is the login; alone it is an address, so that "* %" lets each login that is
 * an address be itself. A login may be a pattern, too. All rows of a login
 * count.
 *
 * "inline:* %" has the rows behind it instead of a path, with ';' between them.
 */
#ifndef POSTSEAL_SIGNER_AUTHTABLE_H
#define POSTSEAL_SIGNER_AUTHTABLE_H

#include "signer/tables/globset.h"
#include "signer/tables/table.h"

struct authtable {
	struct table table;
	struct globset globs; /* rows whose login is a pattern */
};

/* Reads the file that spec names into the arena. 0; -EINVAL, after sentences in
 * why, when it or a row of it is wrong; -ENOMEM. */
int authtable_open(const char *spec, struct arena *arena, struct authtable *ret,
    struct buf *why);

/* The same from memory, as table_parse(). */
int authtable_parse(const char *spec, struct span text, struct arena *arena,
    struct authtable *ret, struct buf *why);

/* The row by which that login may use that address (local@domain, A-labels), or
 * NULL. */
const struct table_row *authtable_find(
    const struct authtable *t, struct span login, struct span address);

#endif

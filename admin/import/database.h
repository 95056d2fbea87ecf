/*
 * database.h - OpenDKIM's data sets in MySQL or PostgreSQL: their rows, as a
 * file of OpenDKIM's would have them.
 *
 *     dsn:BACKEND://[USER[:PASSWORD]@][PORT+]HOST/BASE/
 *         table=T?keycol=K?datacol=A,B
 *
 * with an optional ?filter=SQL; =XX is a character (opendkim(8)). The question
 * is put by the client that is installed, mysql(1) or psql(1), without a shell.
 * The password is neither in its arguments nor in its environment, nor in what
 * is said.
 */
#ifndef POSTSEAL_ADMIN_DATABASE_H
#define POSTSEAL_ADMIN_DATABASE_H

#include <stdbool.h>

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"

/* True for a dsn: of one of the two. */
bool database_is(const char *value);

/*
 * Appends "KEY A:B" for each row of the table, a newline behind each; in a
 * value a newline is "\n", two letters. The caller wipes rows: private keys may
 * be in it. 0; or -errno after a sentence in why, without a newline.
 */
int database_read(
    const char *value, struct arena *arena, struct buf *rows, struct buf *why);

#endif

/*
 * dataset.h - OpenDKIM's data sets, as options of opendkim.conf name them.
 *
 * opendkim.conf(5): "/path", "file:/path" and "refile:/path" are files, "csl:a,b"
 * and "a,b" are lists; its databases are not read here, nor paths that are not
 * absolute. The tables themselves are read by the signer (table.h).
 */
#ifndef POSTSEAL_ADMIN_DATASET_H
#define POSTSEAL_ADMIN_DATASET_H

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"

enum dataset { DATASET_FILE, DATASET_LIST, DATASET_OTHER };

/* Why one of the last kind is not carried over. */
#define DATASET_UNREAD \
	"only absolute paths, file:, refile: and lists are read; write the " \
	"rows " \
	"into a file"

enum dataset dataset_kind(const char *value);

/* A file with its type in front; from the arena, NULL when memory is out. */
char *dataset_file(struct arena *a, const char *value);

/* The items of a list. Borrows from value. */
const char *dataset_list(const char *value);

/* Appends the first word of each row of the file, with a blank behind. 0 or
 * -errno; -EFBIG over IMPORT_LIST_MAX bytes. */
int dataset_words(const char *path, struct buf *out);

#endif

/*
 * import.h - `postseal import`: the config of OpenDKIM and of pypolicyd-spf as ours.
 *
 * Prints the postseal.conf that does the same, or writes it to a new file, and says
 * which options it did not carry over and why. The tables and keys that the old
 * config names stay where they are and are named in the new one. What the options
 * mean is in import_opendkim.c and import_policyd.c. A file with a line that is no
 * option imports nothing.
 */
#ifndef POSTSEAL_ADMIN_IMPORT_H
#define POSTSEAL_ADMIN_IMPORT_H

#include "common/arena.h"
#include "common/buf.h"

struct import {
	struct arena arena;
	struct buf top;     /* keys of the top level */
	struct buf dns;     /* of dns { } */
	struct buf policyd; /* of policyd { } */
	struct buf signer;  /* of signer { } */
	struct buf domains; /* sections */
	struct buf left;    /* "FILE:LINE: OPTION: why", for people */
	struct buf why;     /* what makes it fail, likewise */
};

/* One option of an old file; all borrowed from the arena. */
struct import_option {
	const char *file;
	unsigned line;
	const char *name, *value;
};

/* Reads "name value" (equals: "name = value") lines; '#' begins a comment. Calls
 * got() for each. 0; or -EINVAL after a sentence in im->why. */
int import_read(struct import *im, const char *file, bool equals,
    int (*got)(void *arg, const struct import_option *o), void *arg);

/* Remembers that an option is not carried over. */
void import_left(
    struct import *im, const struct import_option *o, const char *why);

/* Says what is wrong with an option; -EINVAL. */
int import_bad(
    struct import *im, const struct import_option *o, const char *why);

/* Appends `{"a", "b"}` of a list parted by commas or blanks. */
void import_list(const char *items, struct buf *out);

/* Appends a line "KEY = VALUE" with that many tabs; value as it stands, or in
 * quotes. */
void import_key(
    struct buf *out, unsigned tabs, const char *key, const char *value);
void import_string(
    struct buf *out, unsigned tabs, const char *key, const char *value);

/* "yes", "true", "1", ... */
bool import_is_true(const char *value);

/* Reads the file. 0, or -EINVAL, -ENOMEM after a sentence in im->why. */
int import_opendkim(struct import *im, const char *file);
int import_policyd(struct import *im, const char *file);

/* The subcommand: argv[0] is "import". Its exit status: 0; 1 when it failed, 2 when
 * the command line is wrong. */
int import_run(int argc, char **argv);

#endif

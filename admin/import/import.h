/*
 * import.h - the config of OpenDKIM and of pypolicyd-spf as ours.
 *
 * Makes the postseal.conf that does the same, and says which options it did not
 * carry over and why. The tables and keys that the old config names stay where
 * they are and are named in the new one. What OpenDKIM's options mean is in
 * import_verifier.c, which is asked first and knows those of how it verifies,
 * and in import_opendkim.c; pypolicyd-spf's are in import_policyd.c. A file
 * with a line that is no option imports nothing.
 */
#ifndef POSTSEAL_ADMIN_IMPORT_H
#define POSTSEAL_ADMIN_IMPORT_H

#include "admin/tool/subcommand.h"
#include "common/bytes/arena.h"
#include "common/bytes/buf.h"

/* `postseal import`: prints the config, or writes it to a new file. Its exit
 * status: 0; 1 when it failed, 2 when the command line is wrong. */
extern const struct subcommand import_subcommand;

struct import {
	struct arena arena;
	struct buf top;      /* keys of the top level */
	struct buf dns;      /* of dns { } */
	struct buf policyd;  /* of policyd { } */
	struct buf signer;   /* of signer { } */
	struct buf verifier; /* of verifier { } */
	struct buf domains;  /* sections */
	struct buf left;     /* "FILE:LINE: OPTION: why", for people */
	struct buf why;      /* what makes it fail, likewise */
};

/* Makes it empty; frees what it holds. */
void import_init(struct import *im);
void import_free(struct import *im);

/* Reads one old file, whose kind is told by its name, or else by what is in it.
 * 0; or -EINVAL, -ENOMEM after a sentence in im->why. */
int import_file(struct import *im, const char *file);

/* Appends the config that was made of all. 0; or -errno after a sentence in
 * im->why, when the daemons would not take it. */
int import_compose(struct import *im, struct buf *out);

/* --- for the three files that know the old options ------------------------ */

/* One option of an old file; all borrowed from the arena. */
struct import_option {
	struct import_option *next;
	const char *file;
	unsigned line;
	const char *name, *value;
};

struct import_options {
	struct import_option *first, *last;
	size_t n;
};

/* Reads "name value" (equals: "name = value") lines; '#' begins a comment.
 * Without equals, "Include FILE" reads that one in its place. 0; or -EINVAL,
 * -ENOMEM after a sentence in im->why: a line is no option, there are over
 * IMPORT_OPTIONS_MAX. */
int import_read(struct import *im, const char *file, bool equals,
    struct import_options *ret);

/* Calls got() for each; of those that stand twice, for the last: that is the
 * one that counted in both old programs. The others are left. 0, or what got()
 * gave. */
int import_each(struct import *im, const struct import_options *all,
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

/* Text that was built aside and is not whole makes what it belongs to fail,
 * too. */
void import_whole(const struct buf *part, struct buf *of);

/* Digits alone. */
bool import_is_number(const char *s);

/* "yes", "true", "1", ... */
bool import_is_true(const char *value);

/* Appends the items of one of OpenDKIM's data sets, a list or a file, parted by
 * commas or blanks. 0; or -EINVAL, -ENOMEM after a sentence in im->why. */
int import_dataset(
    struct import *im, const struct import_option *o, struct buf *ret);

/* Takes an option of how OpenDKIM verifies; verifies: its Mode has a v. 0, and
 * whether it is one in *ret_is; or as import_dataset(). */
int import_verifying(struct import *im, const struct import_option *o,
    bool verifies, bool *ret_is);

/* Appends the addresses of a list of hosts that are ours, but those of this
 * host, which are trusted anyhow. As import_dataset(). */
int import_trusted(
    struct import *im, const struct import_option *o, struct buf *networks);

/* Reads the file. 0, or -EINVAL, -ENOMEM after a sentence in im->why. */
int import_opendkim(struct import *im, const char *file);
int import_policyd(struct import *im, const char *file);

#endif

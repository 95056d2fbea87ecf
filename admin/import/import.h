/*
 * import.h - the config of OpenDKIM, OpenDMARC and pypolicyd-spf as ours.
 *
 * Makes the postseal.conf that does the same, and says which options it did not
 * carry over and why. The tables and keys that the old config names stay where
 * they are and are named in the new one. What the options mean is in
 * import_opendkim.c, import_verifier.c, import_opendmarc.c and
 * import_policyd.c.
 *
 * What is wrong, a line or one value of a list, is told with the file and the
 * line it stands in, and costs no more than itself: all else is imported.
 */
#ifndef POSTSEAL_ADMIN_IMPORT_H
#define POSTSEAL_ADMIN_IMPORT_H

#include "admin/tool/subcommand.h"
#include "common/bytes/arena.h"
#include "common/bytes/buf.h"

/* `postseal import`: prints the config, or writes it to a new file. Its exit
 * status: 0; 1 when it failed, 2 when the command line is wrong, 3 when an
 * option was wrong and all else was made. */
extern const struct subcommand import_subcommand;

/* A file that a table in a database becomes. */
struct import_file {
	struct import_file *next;
	const char *path;
	bool made;       /* by this run */
	struct buf text; /* owned, and wiped: private keys may be in it */
};

/* What is told of the old options. */
enum import_kind {
	IMPORT_CARRIED,  /* it was taken */
	IMPORT_LEFT,     /* not carried over, or not all of it */
	IMPORT_NEEDLESS, /* what it does is always so, or means nothing here */
	IMPORT_WRONG     /* what the daemons would not take */
};

struct import_note {
	struct import_note *next;
	enum import_kind kind;
	const char *file;   /* of the arena; NULL: of no one file */
	unsigned line;      /* 0: of no one line */
	const char *option; /* NULL: the line is none */
	const char *why;    /* NULL: there is nothing to say */
};

struct import {
	struct arena arena;
	const char
	    *query; /* read databases: what their files' names begin with;
	                    * NULL: do not */
	struct import_file *file; /* to be written beside the config */
	const char *base;         /* BaseDirectory of OpenDKIM; NULL: none */
	struct buf top;           /* keys of the top level */
	struct buf dns;           /* of dns { } */
	struct buf policyd;       /* of policyd { } */
	struct buf signer;        /* of signer { } */
	struct buf verifier;      /* of verifier { } */
	struct buf domains;       /* sections */
	bool sign_only;           /* opendkim goes on verifying */
	struct buf keep;          /* the opendkim.conf for that */
	struct import_note *first, *last; /* in the order they came in */
	int error;             /* of what there was no memory to note */
	struct buf said;       /* what the signer says of the tables and keys */
	const char *verifying; /* the file before that says how to verify */
	bool policyd_spf;      /* policyd-spf.conf was read, */
	bool perl;             /* or a list of policyd-spf-perl */
	bool lost;             /* a whole option was wrong */
	struct buf why;        /* what makes it fail */
};

/* Makes it empty; frees what it holds. */
void import_init(struct import *im);
void import_free(struct import *im);

/* Reads one old file, whose kind is told by its name, or else by what is in it.
 * 0; or -EINVAL, -ENOMEM after a sentence in im->why; -EIO, too, when a
 * database that was to be read does not answer, as a later run may have it. */
int import_file(struct import *im, const char *file);

/* Appends the config that was made of all. 0; or -errno after a sentence in
 * im->why, when the daemons would not take it. */
int import_compose(struct import *im, struct buf *out);

/* Reads the tables and keys of such a config, which is called name, as the
 * signer will, and appends what it says of them. 0; -EINVAL for no config,
 * -ENOMEM. */
int import_try(const char *name, const struct buf *text, struct buf *said);

/* --- for the two files that know the old options -------------------------- */

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
	bool exact; /* the case of names counts: policyd-spf */
};

/* Reads "name value" (equals: "name = value") lines; '#' begins a comment.
 * Without equals, "Include FILE" reads that one in its place. What the old
 * program does not start with fails here, too: for OpenDKIM a line that is
 * no option, which is only wrong with equals. 0; or -EINVAL, -ENOMEM after a
 * sentence in im->why: that, no line is an option, there are over
 * IMPORT_OPTIONS_MAX. */
int import_read(struct import *im, const char *file, bool equals,
    struct import_options *ret);

/* "NAME VALUE", or with equals "NAME = VALUE", of one line, trimmed; false
 * if it is neither. */
bool import_split(struct span line, bool equals, struct span *ret_name,
    struct span *ret_value);

/* Calls got() for each; of those that stand twice, for the last: that is the
 * one that counted in both old programs. The others are left. What got()
 * adds to a section must be what the daemons take: else it is taken back,
 * and wrong. 0, or what got() gave. */
int import_each(struct import *im, const struct import_options *all,
    int (*got)(void *arg, const struct import_option *o), void *arg);

/* Remembers what is to be told of an option, as printf(3) does; o may have no
 * file, line or name, and fmt may be NULL. */
void import_note(struct import *im, enum import_kind kind,
    const struct import_option *o, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Appends "FILE:LINE: OPTION: why" of each note of that kind. */
void import_notes_print(
    const struct import *im, enum import_kind kind, struct buf *out);

/* The same for --json: objects with file, line, option, why, as far as there
 * are; of those carried, without those of which there is another note. Owned;
 * NULL: memory is out. */
struct json_t *import_notes_json(
    const struct import *im, enum import_kind kind);

/* Remembers that an option is not carried over. */
void import_left(
    struct import *im, const struct import_option *o, const char *why);

/* Remembers that an option is not needed: what it does is always so, or
 * means nothing here. */
void import_needless(struct import *im, const struct import_option *o);

/* Says what is wrong with an option, of which nothing is imported. */
void import_wrong(
    struct import *im, const struct import_option *o, const char *why);

/* True if the daemons take head, text and tail for a config; else o is
 * wrong: the reason is told. */
bool import_judge(struct import *im, const struct import_option *o,
    const char *head, struct span text, const char *tail);

/* Calls item(arg, one) for each item of a list parted by commas or blanks. */
void import_items(
    const char *items, void (*item)(void *arg, struct span one), void *arg);

/* Appends `"a", "b"` of such a list; `{"a", "b"}`. */
void import_words(const char *items, struct buf *out);
void import_list(const char *items, struct buf *out);

/* Appends "KEY = {...}" of those items that may stand in that section, such as
 * "policyd"; each other is wrong. Nothing when none may. */
void import_put_list(struct import *im, const struct import_option *o,
    const char *section, const char *key, const char *items, unsigned tabs,
    struct buf *out);

void import_tabs(unsigned tabs, struct buf *out);

/* Appends a line "KEY = VALUE" with that many tabs; value as it stands, or in
 * quotes. */
void import_key(
    struct buf *out, unsigned tabs, const char *key, const char *value);
void import_string(
    struct buf *out, unsigned tabs, const char *key, const char *value);

/* The same with a list of these words, which are parted as for import_items();
 * nothing where there is none. */
void import_key_words(
    struct buf *out, unsigned tabs, const char *key, struct buf *words);

/* The same with the number that the option says, or the end of our range, which
 * is told with `why`. */
struct import_range {
	unsigned least, most;
	const char *why;
};
void import_number(struct import *im, const struct import_option *o,
    const char *key, const struct import_range *r, unsigned tabs,
    struct buf *out);

/* Text that was built aside and is not whole makes what it belongs to fail,
 * too. */
void import_whole(const struct buf *part, struct buf *of);

/* A file's name without its folders. Borrows. */
const char *import_name(const char *file);

/* Digits alone. */
bool import_is_number(const char *s);

/* "yes", "true", "1", ... */
bool import_is_true(const char *value);

/* --- data sets of OpenDKIM: dataset.c ------------------------------------- */

enum dataset { DATASET_FILE, DATASET_LIST, DATASET_DATABASE };

enum dataset import_dataset_kind(const char *value);

/* A path from / on: one that is relative begins in BaseDirectory. From the
 * arena; NULL when there is none: o is wrong then. */
const char *import_path(
    struct import *im, const struct import_option *o, const char *path);

/* A data set that is a file, or becomes one, with its type, file: or
 * refile:, and a path from / on; NULL as import_path(), also when it is
 * none. */
const char *import_dataset_file(
    struct import *im, const struct import_option *o);

/* Appends the items of one of OpenDKIM's data sets, a list or a file, parted
 * by commas or blanks. False when there is none to read: o is wrong then. */
bool import_dataset(
    struct import *im, const struct import_option *o, struct buf *ret);

/* Takes an option of how OpenDKIM verifies; verifies: its Mode has a v.
 * False if it is none. */
bool import_verifying(
    struct import *im, const struct import_option *o, bool verifies);

/* Appends the addresses of a list of hosts that are ours, but those of this
 * host, which are trusted anyhow. */
void import_trusted(
    struct import *im, const struct import_option *o, struct buf *networks);

/* Appends sign_headers of OpenDKIM's three options; each may be NULL. */
void import_fields(struct import *im, const struct import_option *sign,
    const struct import_option *oversign, const struct import_option *omit);

/* OpenDKIM's one key for all, and the second one that dkimpy-milter has;
 * NULL: not said. */
struct import_single {
	const struct import_option *domain, *keyfile, *selector, *subdomains;
	const struct import_option *keyfile2, *selector2; /* ...Ed25519 */
};

/* Appends the sections of its domains; tables: there is a KeyTable, beside
 * which it does not count. */
void import_domains(
    struct import *im, const struct import_single *k, bool tables);

/* Reads the file. 0, or -EINVAL, -ENOMEM after a sentence in im->why. */
int import_opendkim(struct import *im, const char *file);
int import_policyd(struct import *im, const char *file);

/* True for the path of one of the two files of policyd-spf-perl; reads one,
 * behind policyd-spf.conf, if there is one, too. */
bool import_is_exempt(const char *file);
int import_exempt(struct import *im, const char *file);

/* True for the path of a file that is called after OpenDMARC; reads one, behind
 * opendkim.conf, whose keys stay as they are. */
bool import_is_opendmarc(const char *file);
int import_opendmarc(struct import *im, const char *file);

#endif

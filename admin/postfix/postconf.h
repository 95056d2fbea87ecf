/*
 * postconf.h - what Postfix is set to, asked from postconf(1).
 *
 * Reading, and the commands that change something: these are made as text for
 * people first, and are run as they are shown. Nothing of main.cf or master.cf
 * is parsed or written here but by Postfix' own program.
 */
#ifndef POSTSEAL_ADMIN_POSTCONF_H
#define POSTSEAL_ADMIN_POSTCONF_H

#include "common/bytes/buf.h"

struct postconf {
	const char *dir; /* of main.cf, or NULL: Postfix' own; borrowed */
};

/* One command with its words; ended by NULL. */
enum { POSTCONF_WORDS_MAX = 8 };
struct postconf_command {
	char *word[POSTCONF_WORDS_MAX + 1]; /* owned */
};

/*
 * The value of a parameter, in one line, appended to ret. expand: with what its
 * $names stand for, $config_directory being p->dir. 0; -ENOENT when Postfix
 * does not know it; or -errno, and why got a sentence: there is no postconf, or
 * it fails.
 */
int postconf_get(const struct postconf *p, const char *name, bool expand,
    struct buf *ret, struct buf *why);

/*
 * The folder of main.cf: p->dir, else what Postfix says of its own. Postfix
 * 3.10 and later answer with their own also when -c names another. As
 * postconf_get().
 */
int postconf_directory(
    const struct postconf *p, struct buf *ret, struct buf *why);

/* Whether main.cf sets it itself. As postconf_get(). */
int postconf_is_set(
    const struct postconf *p, const char *name, bool *ret, struct buf *why);

/* The entry "NAME/TYPE" of master.cf in one line. As postconf_get(); -ENOENT
 * when there is none. */
int postconf_service(const struct postconf *p, const char *service,
    struct buf *ret, struct buf *why);

/* All entries of master.cf with their options, a line each, with what their
 * $names stand for. As postconf_get(). */
int postconf_services(
    const struct postconf *p, struct buf *ret, struct buf *why);

/* A command of words up to a NULL: "postconf" and "postfix" get -c DIR where it
 * is needed. 0 and *ret (postconf_command_free), or -ENOMEM. */
int postconf_command(const struct postconf *p, struct postconf_command *ret,
    const char *program, ...) __attribute__((sentinel));
void postconf_command_free(struct postconf_command *c);

/* Appends it as a line for a shell. */
void postconf_command_print(const struct postconf_command *c, struct buf *out);

/* Runs it. 0, or -errno and what it said in why; -EIO when it failed. */
int postconf_command_run(const struct postconf_command *c, struct buf *why);

/* "postfix WORD" for this instance. As postconf_command_run(); -ENOMEM without
 * a sentence. */
int postconf_run_postfix(
    const struct postconf *p, const char *word, struct buf *why);

/* True if Postfix runs, as far as this user may ask. */
bool postconf_postfix_runs(const struct postconf *p);

#endif

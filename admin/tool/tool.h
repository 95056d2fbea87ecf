/*
 * tool.h - what the subcommands of `postseal` have in common.
 *
 * Exit codes, printing and complaining, reading the config, and a loop with a
 * resolver for those that ask DNS. How a subcommand is called and run:
 * subcommand.h. What it does is in its own file.
 */
#ifndef POSTSEAL_ADMIN_TOOL_H
#define POSTSEAL_ADMIN_TOOL_H

#include <signal.h>
#include <stdio.h>

#include "admin/limits.h" /* TOOL_TEXT_MAX, TOOL_MESSAGES_MAX */
#include "common/bytes/buf.h"
#include "common/dns/resolver.h"
#include "common/io/loop.h"
#include "common/settings/settings.h"

enum {
	TOOL_OK = 0,
	TOOL_FAILED = 1,       /* something is wrong, or could not be done */
	TOOL_COMMAND_LINE = 2, /* the command line is */
	TOOL_LATER = 3,        /* DNS has not, or does not answer: try again */
	TOOL_UNTOLD = 4 /* done, but a running daemon does not have it yet */
};

/* The records that are proposed for a domain where there are none: of SPF, with
 * the name of this host, the whole with the domain in front; of DMARC. */
#define PUBLISH_SPF_VALUE "v=spf1 mx a:%s ~all"
#define PUBLISH_SPF "%s. IN TXT \"" PUBLISH_SPF_VALUE "\""
#define PUBLISH_DMARC "v=DMARC1; p=none;"

struct tool {
	const char *name; /* of the subcommand */
	struct settings *settings;
	struct loop *loop;
	struct resolver *resolver;
};

/* Reads the config, its warnings and errors go to stderr; makes loop and
 * resolver. 0, or -errno after saying why; then there is nothing to close. name
 * is borrowed; see tool_complain(). */
int tool_open(struct tool *t, const char *name, const char *config,
    enum settings_scope scope);
void tool_close(struct tool *t);

/* Writes what there is in b. 0, or -errno after saying on stderr that it is not
 * whole or cannot be written. */
int tool_print(const char *name, const struct buf *b, FILE *to);

/* Prints each line of why on stderr with the name in front, or as it is when
 * name is NULL; what a file may have given is cleaned (log_clean). */
void tool_complain(const char *name, const struct buf *why);

/* Holds INT, QUIT, TERM and HUP, for programs that are started meanwhile, too,
 * until *ret_old is set again with sigprocmask(2): files change. */
void tool_hold_signals(sigset_t *ret_old);

/* True if colours are to be used: stdout is a terminal, and NO_COLOR is not
 * set. */
bool tool_colour(void);

/* A connection to a listener, whose reads and writes, like the connecting
 * itself, wait for so many seconds at most. 0 and *ret_fd owned (close(2)), or
 * -errno. */
int tool_connect(const struct endpoint *to, unsigned seconds, int *ret_fd);

/* Reads a whole regular file of at most max bytes into ret, which is
 * buf_init()ed here. 0, or -errno with nothing to free. */
int tool_read_file(const char *path, size_t max, struct buf *ret);

/* True if path is a directory, or is written as one. */
bool tool_is_dir(const char *path);

/* Appends s as one word for a shell: as it is, or in single quotes. */
void tool_shell_word(const char *s, struct buf *out);

/* Appends s as a string of the config (postseal.conf(5)). */
void tool_config_string(const char *s, struct buf *out);

#endif

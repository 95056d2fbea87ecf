/*
 * daemon.h - the front of a daemon: its command line, its settings and its log,
 * and then the supervisor with what the wing does.
 *
 * -c FILE, -T, --replace, -h, --help, --version; and --listen for a daemon that
 * Postfix can spawn, too, which it does without an option. A wing's main.c has
 * a constant struct daemon. The admin command has options of its own
 * (admin/tool/subcommand.h).
 */
#ifndef POSTSEAL_COMMON_DAEMON_H
#define POSTSEAL_COMMON_DAEMON_H

#include <stdio.h>

#include "common/bytes/buf.h"
#include "common/process/supervisor_ops.h"

enum daemon_mode {
	DAEMON_SERVE, /* no option named another */
	DAEMON_LISTEN,
	DAEMON_TEST,
	DAEMON_HELP,
	DAEMON_VERSION
};

struct daemon_options {
	enum daemon_mode mode; /* the last one named */
	bool replace;          /* --replace */
	const char *file;      /* of -c, in argv, or SETTINGS_FILE */
	const char *wrong;     /* a static reason, or NULL */
	const char *what;      /* with it: the argument; in argv, or letter */
	char letter[3];        /* an unknown letter of several: "-x" */
};

struct daemon {
	/* Its name: of the program, in messages and the log */
	const char *ident;
	const char *usage; /* the text of --help */
	const struct stats_report *report;

	/* As those of supervisor_ops.h, to which they go. load() is told if it
	 * is a reload and leaves ret->replace alone; serve() has a loop made
	 * for it. unload NULL: a generation is the settings alone; help NULL:
	 * the helper has no work of the wing. */
	int (*load)(const char *file, bool reload, struct supervisor_plan *ret);
	void (*unload)(void *generation);
	int (*serve)(struct loop *l, struct worker *w, void *generation);
	int (*help)(struct helper *h, void *generation);

	/* -T: the exit status */
	int (*test)(const char *file);

	/* Without --listen: the exit status; NULL: it listens in any case */
	int (*spawned)(const char *file);

	/* The command line is wrong: the exit status. NULL: it is printed. */
	int (*wrong)(const struct daemon_options *o);
};

/* main() of a daemon: reads the command line and does what it says. The exit
 * status, in the supervisor and in each worker. */
int daemon_main(const struct daemon *d, int argc, char **argv);

/*
 * Reads argv, which must outlive o; getopt(3) may move its elements. listen:
 * whether --listen is known. Prints nothing. 0, or -EINVAL with o->wrong and
 * o->what.
 */
int daemon_options(
    int argc, char **argv, bool listen, struct daemon_options *o);

/* --- for load(), test() and spawned() of a wing --------------------------- */

/*
 * Reads the daemon's part of file. 0 and *ret owned (settings_free), or -errno
 * with the problems, a newline behind each, in why; with a line of the log for
 * each problem and, if warn, for each warning: a spawned daemon starts every
 * few minutes, many times over, and would only repeat what -T and a standing
 * daemon say once.
 */
int daemon_settings(const char *file, enum settings_scope scope, bool warn,
    struct settings **ret, struct buf *why);

/* Opens the log that the settings name: at the start at once, on a reload
 * beside the one in use (log_prepare). 0, or -errno with a line in why. */
int daemon_log(
    const struct settings *s, bool reload, const char *ident, struct buf *why);

/* Both, for a daemon that listens. 0 and *ret owned (settings_free), or -errno
 * after lines of the log that say why. */
int daemon_load(const char *file, enum settings_scope scope, bool reload,
    const char *ident, struct settings **ret);

/* -T: prints the settings in force, or what is wrong. The exit status. */
int daemon_test(const char *file, enum settings_scope scope);

/* Prints all of it; an empty text is none. */
void daemon_print(FILE *to, const struct buf *text);

#endif

/*
 * startup.h - what daemons do alike before they serve: the command line is acted on, the
 * settings are read and what is wrong with them is logged, the log is opened, -T prints.
 *
 * Reading is settings.c's affair. The signer, which reads keys beside, has a setup of
 * its own.
 */
#ifndef POSTSEAL_COMMON_STARTUP_H
#define POSTSEAL_COMMON_STARTUP_H

#include <stdio.h>

#include "common/bytes/buf.h"
#include "common/process/options.h"
#include "common/settings/settings.h"

/*
 * Reads the daemon's part of file. 0 and *ret owned (settings_free), or -errno with
 * the problems, a newline behind each, in why; with a line of the log for each problem
 * and, if warn, for each warning: a spawned daemon starts every few minutes, many times
 * over, and would only repeat what -T and a standing daemon say once.
 */
int startup_settings(const char *file, enum settings_scope scope, bool warn,
    struct settings **ret, struct buf *why);

/*
 * The same for a standing daemon, whose log is opened, too: at the start at once, on a
 * reload beside the one in use (log_prepare). 0 and *ret owned (settings_free), or
 * -errno after lines that say why.
 */
int startup_load(const char *file, enum settings_scope scope, bool reload,
    const char *ident, struct settings **ret);

/* -T: prints the settings in force, or what is wrong. The exit status. */
int startup_test(const char *file, enum settings_scope scope);

/* Prints all of it; an empty text is none. */
void startup_print(FILE *to, const struct buf *text);

/* In what the main() of one daemon differs from that of another. */
struct startup_program {
	const char *ident, *help;
	bool listen;                         /* it knows --listen */
	int (*run)(const struct options *o); /* serves: the exit status */
	int (*test)(const char *file);       /* -T: likewise */
	/* The command line is wrong: the exit status. NULL: it is printed. */
	int (*wrong)(const struct options *o);
};

/* main() of a daemon: reads the command line and does what it says. */
int startup_main(const struct startup_program *p, int argc, char **argv);

#endif

/*
 * startup.h - what daemons do alike before they serve: the settings are read and what
 * is wrong with them is logged, the log is opened, -T prints.
 *
 * Reading is settings.c's affair. The signer, which reads keys beside, has a setup of
 * its own.
 */
#ifndef POSTSEAL_COMMON_STARTUP_H
#define POSTSEAL_COMMON_STARTUP_H

#include "common/bytes/buf.h"
#include "common/settings/settings.h"

/*
 * Reads the daemon's part of file. 0 and *ret owned (settings_free), or -errno with
 * the problems, a newline behind each, in why; with a line of the log for each problem
 * and, if warn, for each warning: a spawned daemon starts every few minutes, many times
 * over, and would only repeat what -T and a standing daemon say once.
 */
int startup_settings(const char *file, enum settings_scope scope, bool warn,
    struct settings **ret, struct buf *why);

/* Opens the log of settings: at the start at once, on a reload beside the one in use
 * (log_prepare). ident: of log_open(). 0, or -errno after a line that says so. */
int startup_log(const struct settings *s, bool reload, const char *ident);

/* -T: prints the settings in force, or what is wrong. The exit status. */
int startup_test(const char *file, enum settings_scope scope);

#endif

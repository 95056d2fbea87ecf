/*
 * startup.h - what both ways of starting the policy daemon have in common: the
 * settings are read, and what is wrong with them is logged.
 *
 * Reading is settings.c's affair, serving spawned.c's and standing.c's.
 */
#ifndef POSTSEAL_POLICYD_STARTUP_H
#define POSTSEAL_POLICYD_STARTUP_H

#include "common/bytes/buf.h"
#include "common/settings/settings.h"

/* The name in the log, in messages, and of the program. */
#define STARTUP_IDENT "postseal-policyd"

/*
 * Reads the policy daemon's part of file. 0 and *ret owned (settings_free), or
 * -errno with the problems, a newline behind each, in why; with a line of the log
 * for each problem and, if warn, for each warning: a spawned daemon starts every few
 * minutes, many times over, and would only repeat what -T and a standing daemon say
 * once.
 */
int startup_settings(
    const char *file, bool warn, struct settings **ret, struct buf *why);

#endif

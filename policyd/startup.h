/*
 * startup.h - what both ways of starting the policy daemon have in common: the
 * settings are read, and what is wrong with them is logged.
 *
 * Reading is settings.c's affair, serving spawned.c's and standing.c's.
 */
#ifndef POSTSEAL_POLICYD_STARTUP_H
#define POSTSEAL_POLICYD_STARTUP_H

#include "common/buf.h"
#include "common/settings.h"

/* The name in the log, in messages, and of the program. */
#define STARTUP_IDENT "postseal-policyd"

/*
 * Reads the policy daemon's part of file, and sees whether what it names can be
 * used. 0 and *ret owned (settings_free), or -errno with the problems, a newline
 * behind each, in why. Warnings are appended to warn.
 */
int startup_read(
    const char *file, struct settings **ret, struct buf *why, struct buf *warn);

/*
 * Sees whether dns.trust_anchor can be read: libunbound opens it at the first
 * question, when it is too late to refuse the settings. startup_read() does it, and
 * so shall who has given up rights since. 0, or -errno with a line in why.
 */
int startup_anchor(const struct settings *s, struct buf *why);

/*
 * As startup_read(), with a line of the log for each problem and, if warn, for each
 * warning: a spawned daemon starts every few minutes, many times over, and would
 * only repeat what -T and a standing daemon say once.
 */
int startup_settings(
    const char *file, bool warn, struct settings **ret, struct buf *why);

#endif

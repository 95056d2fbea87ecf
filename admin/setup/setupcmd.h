/*
 * setupcmd.h - `postseal setup`: from an installed package to signed mail.
 *
 * Shows what it would do on this host: a key, two lines in postseal.conf, the
 * commands for Postfix (setupplan.h); does it with --apply, so that it can be
 * put back (undo.h). Says which DNS records to publish, and lets the key sign
 * when they are there. The policy daemon begins with observe = true, until
 * --enforce. Run again, it does what is left to do, and nothing when nothing
 * is.
 */
#ifndef POSTSEAL_ADMIN_SETUPCMD_H
#define POSTSEAL_ADMIN_SETUPCMD_H

#include "admin/tool/subcommand.h"

/* Its exit status: 0; 1 when something could not be done; 2 when the command
 * line is wrong. */
extern const struct subcommand setup_subcommand;

#endif

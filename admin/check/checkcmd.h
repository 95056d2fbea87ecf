/*
 * checkcmd.h - `postseal check`: everything at once, and what to do about it.
 *
 * Config, tables and keys as the daemons read them; the DNS servers
 * (checkservers.h) and what they say (checkdns.h); Postfix (checkpostfix.h, its
 * parts in checklook.h); the rules of large receivers (guidelines.h).
 */
#ifndef POSTSEAL_ADMIN_CHECKCMD_H
#define POSTSEAL_ADMIN_CHECKCMD_H

#include "admin/tool/subcommand.h"

/* Its exit status: 0 when there is neither a warning nor an error; 1 when there
 * is; 2 when the command line is wrong; 3 when there is none but something
 * could not be found out. */
extern const struct subcommand check_subcommand;

#endif

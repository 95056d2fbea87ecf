/*
 * completion.h - what bash(1) completes in a command line of `postseal`.
 *
 * A script, made from the rows of the subcommands (subcommand.h), for the
 * directory of bash-completion; `make install` puts it there.
 */
#ifndef POSTSEAL_ADMIN_COMPLETION_H
#define POSTSEAL_ADMIN_COMPLETION_H

#include "admin/tool/subcommand.h"

/* Appends the script for postseal and its subcommands. */
void completion_bash(const struct subcommand *postseal, struct buf *out);

#endif

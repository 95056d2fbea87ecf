/*
 * rotatecmd.h - `postseal rotate`: the steps of rotate.h from the command line,
 * one a run, or with --wait until DNS has the records.
 */
#ifndef POSTSEAL_ADMIN_ROTATECMD_H
#define POSTSEAL_ADMIN_ROTATECMD_H

#include "admin/tool/subcommand.h"

/* Its exit status: 0; 1 when it failed; 2 when the command line is wrong; 3
 * when the new records are not in DNS yet. */
extern const struct subcommand rotate_subcommand;

#endif

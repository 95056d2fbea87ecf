/*
 * importcmd.h - `postseal import`: prints the config that import.h makes, or writes
 * it to a new file; and what was not carried over.
 */
#ifndef POSTSEAL_ADMIN_IMPORTCMD_H
#define POSTSEAL_ADMIN_IMPORTCMD_H

/* The subcommand: argv[0] is "import". Its exit status: 0; 1 when it failed, 2 when
 * the command line is wrong. */
int importcmd_run(int argc, char **argv);

#endif

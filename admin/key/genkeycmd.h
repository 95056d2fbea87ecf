/*
 * genkeycmd.h - `postseal genkey`: the command line of genkey.h.
 */
#ifndef POSTSEAL_ADMIN_GENKEYCMD_H
#define POSTSEAL_ADMIN_GENKEYCMD_H

/* The subcommand: argv[0] is "genkey". Its exit status: 0, 1 when it failed, 2 when
 * the command line is wrong. */
int genkeycmd_run(int argc, char **argv);

#endif

/*
 * signcmd.h - `postseal sign < message`: the message with the signatures that
 * the signer would give it.
 *
 * Reads the config, tables and keys as the signer does and runs its own code
 * (signer/outcome.h). For programs that send mail past Postfix, and to look at a
 * signature before the first mail goes out. Which rule decided is what `postseal
 * why` tells.
 */
#ifndef POSTSEAL_ADMIN_SIGNCMD_H
#define POSTSEAL_ADMIN_SIGNCMD_H

/* Exit status; the same numbers as in why.h. */
enum {
	SIGNCMD_SIGNED = 0,
	SIGNCMD_WRONG = 1,        /* the config or the message cannot be read */
	SIGNCMD_COMMAND_LINE = 2, /* the command line is wrong */
	SIGNCMD_UNSIGNED = 3,     /* the message was printed as it is */
	SIGNCMD_TEMPFAIL = 4      /* nothing was printed */
};

/* argv[0] is "sign". Returns the exit status. */
int signcmd_run(int argc, char **argv);

#endif

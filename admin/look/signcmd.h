/*
 * signcmd.h - `postseal sign < message`: the message with the signatures that
 * the signer would give it.
 *
 * Reads the config, tables and keys as the signer does and runs its own code
 * (trial.h). For programs that send mail past Postfix, and to look at
 * a signature before the first mail goes out. Which rule decided is what
 * `postseal why` tells.
 */
#ifndef POSTSEAL_ADMIN_SIGNCMD_H
#define POSTSEAL_ADMIN_SIGNCMD_H

#include "admin/tool/subcommand.h"

/* Its exit status: as of `postseal why` (enum why_status); the message is
 * printed where that is signed or unsigned. */
extern const struct subcommand sign_subcommand;

#endif

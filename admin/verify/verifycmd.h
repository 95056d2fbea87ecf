/*
 * verifycmd.h - `postseal verify [FILE]`: what the verifier would say of a
 * stored message, and why, signature by signature.
 *
 * Runs the daemon's own functions (verifier/verifier.h) with the config in
 * force. What was done to a body whose hash is wrong is guessed by bodycause.c;
 * the bytes that were hashed are printed on demand.
 */
#ifndef POSTSEAL_ADMIN_VERIFYCMD_H
#define POSTSEAL_ADMIN_VERIFYCMD_H

#include "admin/tool/subcommand.h"

/* Its exit status: 0 a pass; 1 none, or nothing could be done; 2 the command
 * line; 3 none, but DNS did not answer. */
extern const struct subcommand verify_subcommand;

#endif

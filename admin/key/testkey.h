/*
 * testkey.h - `postseal testkey`: do the keys' records stand in DNS as they
 * must?
 *
 * Compares each private key with its record and says "key OK", or what differs
 * and what to do. With --activate a key whose record is right begins to sign:
 * the one thing that is written.
 */
#ifndef POSTSEAL_ADMIN_TESTKEY_H
#define POSTSEAL_ADMIN_TESTKEY_H

#include "admin/tool/subcommand.h"

/* Its exit status: 0 when all keys are right; 1 when one is not, or there is
 * none; 2 when the command line is wrong; 3 when nothing is wrong but DNS gave
 * no answer. */
extern const struct subcommand testkey_subcommand;

#endif

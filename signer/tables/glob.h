/*
 * glob.h - the patterns of OpenDKIM's tables: '*' stands for any bytes, also
 * none.
 *
 * Pure. ASCII case does not matter; every other byte stands for itself. Who has
 * patterns and in which order they count is known by signtable.h, hosts.h and
 * authtable.h.
 */
#ifndef POSTSEAL_SIGNER_GLOB_H
#define POSTSEAL_SIGNER_GLOB_H

#include "common/bytes/span.h"

/* True if the pattern stands for the whole text. */
bool glob_match(struct span pattern, struct span text);

/* True if there is a '*' in it. */
bool glob_is(struct span pattern);

/*
 * The same for an address "local@domain", which is split at its last '@'. A
 * pattern with an '@' is one of addresses ("@example.com" has any local part);
 * without, one of domains; with a dot in front, of all domains below.
 */
bool glob_address(struct span pattern, struct span address);

#endif

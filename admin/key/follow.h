/*
 * follow.h - a running daemon follows its files: it is told that they have
 * changed, and waited for.
 *
 * For genkey, testkey, rotate and setup, when they have changed a config. How
 * it is done: running.h. A daemon that does not run reads the files when it is
 * started; that, too, is for the administrator to know.
 */
#ifndef POSTSEAL_ADMIN_FOLLOW_H
#define POSTSEAL_ADMIN_FOLLOW_H

#include <stdbool.h>
#include <time.h>

#include "common/bytes/buf.h"

enum follow_daemon { FOLLOW_SIGNER, FOLLOW_VERIFIER, FOLLOW_POLICYD };

enum { FOLLOW_DAEMONS = FOLLOW_POLICYD + 1 };

/*
 * Has the running daemon read config, which was written at that time and not
 * later, if a -T of it passes, and waits until that is in force. 0: it is;
 * -errno: it is not, and follow_tell() says why; what is wrong with the config
 * is in why already.
 */
int follow_try(
    enum follow_daemon d, const char *config, time_t written, struct buf *why);

/* True if that -errno means that it does not run. */
bool follow_absent(int rc);

/* Appends a sentence, with what to do. */
void follow_tell(enum follow_daemon d, int rc, struct buf *why);

/* Both, for the signer. TOOL_OK, or TOOL_UNTOLD. */
int follow_signer(const char *config, time_t written, struct buf *why);

#endif

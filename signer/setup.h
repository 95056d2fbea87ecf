/*
 * setup.h - what a reload replaces: settings and keys, read and judged whole.
 *
 * In the supervisor, which may read them. A worker inherits its setup by
 * fork(2) and serves it to its end.
 */
#ifndef POSTSEAL_SIGNER_SETUP_H
#define POSTSEAL_SIGNER_SETUP_H

#include <time.h>

#include "common/bytes/buf.h"
#include "common/settings/settings.h"
#include "signer/keys/keyring.h"

/* The name in the log, in messages, and of the program. */
#define SETUP_IDENT "postseal-signer"

struct setup {
	struct settings *settings; /* owned */
	struct keyring *keys;      /* owned; keys->bad domains sign nothing */
};

/*
 * Judges what no single value shows: header fields that are never signed, files
 * that cannot be read. 0; -EINVAL with a line a problem in why; -ENOMEM.
 */
int setup_check(const struct settings *s, struct buf *why);

/*
 * Reads the signer's part of file, and the keys. 0 and *ret (setup_clear), or
 * -errno. A sentence for each problem, a newline behind each, is appended to
 * why, for bad keys too, which are no failure here; warnings to warn.
 */
int setup_read(
    const char *file, struct setup *ret, struct buf *why, struct buf *warn);

/* What is legal, but unwise, at that time (time(2)): to warn, as setup_read()
 * does. */
void setup_warn(const struct setup *s, time_t now, struct buf *warn);

/* Frees what is in it. */
void setup_clear(struct setup *s);

/*
 * As setup_read(), logs every problem and warning, and opens the log that the
 * settings name: on a reload beside the one in use (log_prepare). Bad keys are
 * a failure when all of them must be good: on a reload, where the old ones go
 * on, and with strict_start. *ret is returned owned (setup_free).
 */
int setup_load(const char *file, bool reload, struct setup **ret);

/* NULL is allowed. */
void setup_free(struct setup *s);

#endif

/*
 * rotate.h - the next key of a domain, step by step.
 *
 * 1. makes a key of each kind that signs now, not active, and says what to
 *    publish;
 * 2. when DNS has the records, lets the new keys sign and takes the old ones
 *    out, and tells the running signer (follow.h), each time until it has that;
 * 3. keeps the old records in DNS for some days from then on, for mail that is
 *    on its way, and says when they may go, and the old private keys after
 *    them.
 *
 * Each call does the next step that can be done. What was done is in
 * KEYDIR/DOMAIN/ rotate.json (rotate_state.h), written before each thing that
 * is done, so that a run that was cut off is taken up by the next. Key files
 * are never removed; DNS is never changed. The command line, and waiting, are
 * in rotatecmd.c.
 */
#ifndef POSTSEAL_ADMIN_ROTATE_H
#define POSTSEAL_ADMIN_ROTATE_H

#include <stdint.h>

#include "admin/key/rotate_report.h"
#include "admin/tool/tool.h"

/*
 * One step, at that time (UNIX); t is open, with the signer's settings.
 * TOOL_OK; TOOL_LATER: DNS does not have the new records yet; TOOL_UNTOLD: the
 * running signer does not have the new keys yet, and why says last what to do;
 * or -errno. What was done and found in *ret, also after a failure, for
 * rotate_report_clear(), which borrows o and t's settings; sentences about what
 * failed in why.
 */
int rotate_step(struct tool *t, const struct rotate *o, int64_t now,
    struct rotate_report *ret, struct buf *why);

/* True if a rotation of the domain has begun, or that cannot be seen. */
bool rotate_has_begun(const char *keydir, const char *domain);

/* Keeps another rotate of the domain out until the process ends: cron and a
 * person may come at one time. 0; or -errno after a sentence in why. */
int rotate_lock(const struct rotate *o, struct buf *why);

#endif

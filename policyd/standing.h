/*
 * standing.h - the daemon that listens: connections from many smtpd processes,
 * in one worker, so that equal questions to DNS that are under way are one.
 *
 * Listening, rights, reload and restart are common/process/supervisor.h's
 * affair. After a reload the old worker answers on, with the settings that its
 * connections began with, until Postfix closes them: a connection closed under
 * Postfix would cost it a second, and a message with more recipients a second
 * header.
 */
#ifndef POSTSEAL_POLICYD_STANDING_H
#define POSTSEAL_POLICYD_STANDING_H

#include "common/process/supervisor_ops.h"

/* Both as struct daemon has them (daemon.h): a generation is the settings. */
int standing_load(const char *file, bool reload, struct supervisor_plan *ret);
int standing_serve(struct loop *l, struct worker *w, void *generation);

#endif

/*
 * standing.h - the daemon that listens: connections from many smtpd processes,
 * in one worker, so that all of them share one DNS cache.
 *
 * Listening, rights, reload and restart are common/process/supervisor.h's affair. After a
 * reload the old worker answers on, with the settings that its connections began
 * with, until Postfix closes them: a connection closed under Postfix would cost
 * it a second, and a message with more recipients a second header.
 */
#ifndef POSTSEAL_POLICYD_STANDING_H
#define POSTSEAL_POLICYD_STANDING_H

#include <stdbool.h>

/* Serves with the settings in file until SIGTERM; replace: takes the place of one that
 * listens (listen.h). Returns the exit code of the process, in the supervisor and in
 * each worker. */
int standing_run(const char *file, bool replace);

#endif

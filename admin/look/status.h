/*
 * status.h - `postseal status`: how are the running daemons?
 *
 * Asks their control sockets (common/stats/control.h) and prints what they say:
 * version, uptime, workers, results and actions, signatures, why mail was not
 * signed, DNS, keys against DNS. A daemon that does not answer is told; a
 * spawned policyd has no socket.
 */
#ifndef POSTSEAL_ADMIN_STATUS_H
#define POSTSEAL_ADMIN_STATUS_H

#include "admin/tool/subcommand.h"

/* Its exit status: 0; 1 when no daemon answers, or one that was named does not;
 * 2 when the command line is wrong. */
extern const struct subcommand status_subcommand;

#endif

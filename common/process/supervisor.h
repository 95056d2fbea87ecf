/*
 * supervisor.h - the process that a daemon starts as: it reads the settings,
 * listens, accepts, and keeps workers running that do the work.
 *
 * A small poll(2) and signalfd(2) loop without libevent. It never reads a byte
 * from the network: each accepted connection goes to the worker with the
 * fewest, over that worker's channel (worker.h has the other end). Keys and
 * tables are read here, with the rights the daemon was started with, and
 * workers inherit them by fork(2); then they drop to the daemon's user for
 * good.
 *
 * Reload (SIGHUP) makes a new generation: load() reads everything anew, sockets
 * that are new are opened, new workers are forked, and when all of them are
 * ready the old ones are told to drain. If anything fails on the way, nothing
 * has changed and the old generation goes on. HUPs within a second are one. A
 * connection keeps the generation it began with, to its end: one that was cut
 * in an SMTP session could cost a signature. Only where there is no room for
 * the workers of a new generation it is refused, and the older half is told to
 * finish (WORKER_FINISH).
 *
 * A worker that dies is forked again from the generation in force, at once; if
 * it lived for less than a second, after 1 s, doubling to 10 s, each worker by
 * itself. One that does not move for half a minute (stopped, or blocked) is
 * killed; after ten seconds it gets no connection until it moves, as it would
 * take them with it. Connections wait in the listeners' backlog when no worker
 * can take them.
 *
 * SIGTERM, SIGINT and SIGQUIT, where a next daemon gets what comes
 * (listen_goes_on): nothing is accepted any more, the supervisor ends at once,
 * and the workers drain without it. Else workers are told to finish, those that
 * are left after SUPERVISOR_STOP_SECONDS, or when a second such signal comes,
 * are killed, exit 0. Until then who connects waits in the backlog, so that
 * Postfix finds the next daemon when it tries again, and not nobody; only at
 * the end the listeners are closed and their files removed. Killed itself (-9),
 * its workers drain and end.
 *
 * Beside the workers runs the helper (helper.h). A service manager that waits
 * for it is told when the daemon is ready, reloads and stops (notify.h).
 *
 * Log lines: listening, started, start_failed, reloaded, reload_failed,
 * worker_started, worker_died, worker_stuck, worker_ended, worker_failed,
 * accept_paused, stopped; control, metrics (a socket of the helper could not be
 * opened); signal (one that has no meaning was sent).
 */
#ifndef POSTSEAL_COMMON_SUPERVISOR_H
#define POSTSEAL_COMMON_SUPERVISOR_H

#include "common/process/supervisor_ops.h"

/*
 * Runs the daemon. Returns the exit code of the process, in the supervisor (0
 * after SIGTERM; 1 when the first load(), socket, user or worker failed, which
 * was logged) *and in each worker*: the caller frees what is its own and
 * returns from main() with it.
 *
 * Started as root, workers become daemon->user (with its groups); started as
 * anybody else they stay what they are. Raises RLIMIT_NOFILE to its hard limit.
 */
int supervisor_run(const struct supervisor_ops *ops, void *arg);

#endif

/*
 * supervisor.h - the process that a daemon starts as: it reads the settings,
 * listens, accepts, and keeps workers running that do the work.
 *
 * A small poll(2) and signalfd(2) loop without libevent. It never reads a byte
 * from the network: each accepted connection goes to the worker with the fewest,
 * over that worker's channel (worker.h has the other end). Keys and tables are
 * read here, with the rights the daemon was started with, and workers inherit
 * them by fork(2); then they drop to the daemon's user for good.
 *
 * Reload (SIGHUP) makes a new generation: load() reads everything anew, sockets
 * that are new are opened, new workers are forked, and when all of them are
 * ready the old ones are told to drain. If anything fails on the way, nothing has
 * changed and the old generation goes on. HUPs within a second are one. A
 * connection keeps the generation it began with, to its end: one that was cut in an
 * SMTP session could cost a signature. Only where there is no room for the workers of
 * a new generation it is refused, and the older half is told to finish
 * (WORKER_FINISH).
 *
 * A worker that dies is forked again from the generation in force, at once; if
 * it lived for less than a second, after 1 s, doubling to 10 s, each worker by itself.
 * One that does not move for half a minute (stopped, or blocked) is killed.
 * Connections wait in the listeners' backlog when no worker can take them.
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
 * Beside the workers runs the helper (helper.h). A service manager that waits for
 * it is told when the daemon is ready, reloads and stops (notify.h).
 *
 * Log lines: listening, started, start_failed, reloaded, reload_failed,
 * worker_started, worker_died, worker_stuck, worker_ended, worker_failed,
 * accept_paused, stopped; control, metrics (a socket of the helper could not be
 * opened); signal (one that has no meaning was sent).
 */
#ifndef POSTSEAL_COMMON_SUPERVISOR_H
#define POSTSEAL_COMMON_SUPERVISOR_H

#include "common/process/helper.h"
#include "common/process/worker.h"
#include "common/settings/settings.h"

/* What load() answers. All borrowed until unload(generation). */
struct supervisor_plan {
	const struct daemon_settings *daemon; /* listen, mode, group, user */
	bool replace; /* a living daemon's unix sockets; at the start only */
	unsigned workers; /* 0: one for each core; WORKERS_MAX at most */
	void
	    *generation; /* the wing's: settings, tables, keys, ...; not NULL */
};

struct supervisor_ops {
	/*
	 * Reads everything anew and fills *ret, at the start and for each reload; in
	 * the supervisor, with its rights. Opens the log, too: log_open() at the start,
	 * log_prepare() for a reload, of which log_reopen() was called before; the
	 * log moves when the settings come into force. 0, or -errno after it has logged what is
	 * wrong (file, line, key); then nothing is kept. Must not change what earlier
	 * generations see.
	 */
	int (*load)(void *arg, struct supervisor_plan *ret);

	/* Frees a generation. In the supervisor when another one has taken its place
	 * or it never came into force; in a worker when serve() has returned. */
	void (*unload)(void *arg, void *generation);

	/*
	 * Serves, in a worker: see worker.h. Rights are dropped, signals are as
	 * signals_begin() leaves them but for SIGHUP, SIGINT and SIGQUIT
	 * (ignored) and SIGTERM (blocked until worker_watch()), no descriptor
	 * of the supervisor or of another worker is open. Returns 0 when the
	 * worker has come to its end, or -errno, which is logged: the worker
	 * counts as died then.
	 */
	int (*serve)(void *arg, struct worker *w, void *generation);

	/*
	 * Works in the helper of a generation in force, with rights and signals as
	 * for serve(): wipes what is secret, makes what it needs on helper_loop()
	 * and calls helper_run(). Returns what that does, or -errno, which is
	 * logged. NULL: the helper has no work of the wing.
	 */
	int (*help)(void *arg, struct helper *h, void *generation);

	/* For the control socket; and what it and the metrics show. */
	const char *name;
	const struct stats_report *report;
};

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

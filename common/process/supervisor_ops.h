/*
 * supervisor_ops.h - what a daemon does under its supervisor: it reads a
 * generation, serves it in workers, works in the helper.
 */
#ifndef POSTSEAL_COMMON_SUPERVISOR_OPS_H
#define POSTSEAL_COMMON_SUPERVISOR_OPS_H

#include "common/process/helper.h"
#include "common/process/worker.h"
#include "common/settings/settings.h"

/* What load() answers. All borrowed until unload(generation). */
struct supervisor_plan {
	const struct daemon_settings *daemon; /* listen, mode, group, user */
	bool replace; /* a living daemon's unix sockets; at the start only */
	unsigned workers; /* 0: one for each core; WORKERS_MAX at most */

	/* The wing's: settings, tables, keys, ...; not NULL */
	void *generation;
};

struct supervisor_ops {
	/*
	 * Reads everything anew and fills *ret, at the start and for each
	 * reload; in the supervisor, with its rights. Opens the log, too:
	 * log_open() at the start, log_prepare() for a reload, of which
	 * log_reopen() was called before; the log moves when the settings come
	 * into force. 0, or -errno after it has logged what is wrong (file,
	 * line, key); then nothing is kept. Must not change what earlier
	 * generations see.
	 */
	int (*load)(void *arg, struct supervisor_plan *ret);

	/* Frees a generation. In the supervisor when another one has taken its
	 * place or it never came into force; in a worker when serve() has
	 * returned. */
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
	 * Works in the helper of a generation in force, with rights and signals
	 * as for serve(): wipes what is secret, makes what it needs on
	 * helper_loop() and calls helper_run(). Returns what that does, or
	 * -errno, which is logged. NULL: the helper has no work of the wing.
	 */
	int (*help)(void *arg, struct helper *h, void *generation);

	/* For the control socket; and what it and the metrics show. */
	const char *name;
	const char *config; /* the file of the settings */
	const struct stats_report *report;
};

#endif

/*
 * generation.h - one set of settings in service: what load() of
 * supervisor_ops.h answered, the user of its workers, and the sockets it
 * listens on.
 *
 * When one takes the place of another, and which workers serve it, supervisor.c
 * decides.
 */
#ifndef POSTSEAL_COMMON_GENERATION_H
#define POSTSEAL_COMMON_GENERATION_H

#include "common/process/helper.h"
#include "common/process/listen.h"
#include "common/process/rights.h"
#include "common/process/supervisor_ops.h"

struct generation {
	unsigned number;  /* 0: there is none */
	uint64_t read;    /* seconds of time(2): before its files were */
	unsigned workers; /* to be kept running */
	unsigned forked;  /* so far */
	struct supervisor_plan plan;
	struct rights rights;
	struct listen_set listen;

	/* The helper's, of one socket or none: mail does not need them, so what
	 * cannot be opened is a warning (control, metrics) and no more. */
	struct listen_set control;
	struct listen_set metrics;
};

/*
 * The generation behind now (number 0: the first one): load(), the user, the
 * sockets that now has not. room: workers that can be forked. 0 and *ret owned,
 * to be given to generation_replace() or generation_abandon(); or -errno with
 * nothing changed, logged with generation_refuse(): -EUSERS when room is too
 * small.
 */
int generation_load(const struct supervisor_ops *ops, void *arg,
    const struct generation *now, unsigned room, struct generation *ret);

/* next takes the place of now, which is freed with the sockets that next has
 * not; logs it. *takes* next, which is empty then. */
void generation_replace(const struct supervisor_ops *ops, void *arg,
    struct generation *now, struct generation *next);

/* next never comes into force: frees it and the sockets it opened. */
void generation_abandon(
    const struct supervisor_ops *ops, void *arg, struct generation *next);

/* Frees the generation in force and closes its sockets; their files go, but of
 * those that the service manager keeps (listen_leave). */
void generation_end(
    const struct supervisor_ops *ops, void *arg, struct generation *g);

/* Logs why a generation could not follow now, which stays in force. */
void generation_refuse(const struct generation *now, const char *why);

/*
 * In a worker: closes the sockets of both, frees `other` (its keys are not this
 * worker's affair), drops the rights and runs serve() for g; then frees g.
 * Returns the exit code; what went wrong was logged. *takes* self.
 */
int generation_serve(const struct supervisor_ops *ops, void *arg,
    struct generation *g, struct generation *other, struct worker *self);

/* The same in the helper, which keeps g's sockets for control and metrics: they
 * are put into *env, all else is there. */
int generation_help(const struct supervisor_ops *ops, void *arg,
    struct generation *g, struct generation *other, struct helper_env *env);

#endif

/*
 * running.h - what a running daemon says of itself, asked at its control socket
 * (common/stats/control.h); and how it is told that its files have changed.
 *
 * What is made of it is with those who ask: `postseal status`, `postseal
 * check`, follow.h.
 */
#ifndef POSTSEAL_ADMIN_RUNNING_H
#define POSTSEAL_ADMIN_RUNNING_H

#include <sys/types.h>
#include <time.h>

#include <jansson.h>

#include "common/settings/settings.h"

/* The answer to "status", an object. 0 and *ret_status owned (json_decref);
 * -ENOENT or -ECONNREFUSED: nobody is there, or the list is empty; -EACCES:
 * this user may not ask; -EBADMSG: an answer that makes no sense; or another
 * -errno. */
int running_status(const struct endpoint_list *control, json_t **ret_status);

/* A daemon that runs. */
struct running {
	const struct endpoint_list *control; /* borrowed */
	pid_t pid;                           /* of its supervisor */
	time_t read; /* when the settings in force were, seconds of time(2) */
	long long generation; /* of them */
	long long refused;    /* how many others it did not take */
};

/*
 * Looks for it by its name, "postseal-signer". 0 and *ret; an -errno of
 * running_status(), -EBADMSG also of a version that does not say when it read
 * its settings; -EXDEV: it reads another file than config; -ESRCH: another
 * program holds the socket, or that cannot be known; -EPERM: this user may not
 * signal it.
 */
int running_find(const char *name, const struct endpoint_list *control,
    const char *config, struct running *ret);

/* True if the settings in force were read after files were written at that
 * time: in a later second, as both are known no better. */
bool running_has(const struct running *r, time_t written);

/*
 * Has it read its files, which were written at that time, and waits until that
 * is in force. 0; -ECANCELED: it has refused them, and keeps what it had;
 * -ETIMEDOUT after RELOAD_SECONDS; or another -errno.
 */
int running_reload(struct running *r, time_t written);

#endif

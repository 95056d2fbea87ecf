/*
 * service.h - the milter connections of one worker.
 *
 * Takes connections from the supervisor, gives each a session and a stream,
 * watches the time, and closes them when the order comes: at a drain (settings
 * were reloaded) an MTA keeps its connection, because Postfix opens no second
 * one for the same SMTP client; when there is hurry, each is closed at the end
 * of its message.
 *
 * While a wing waits, its connection is not read from; the MTA hears every
 * MILTER_PROGRESS_MS that it is not forgotten, and if it goes the wing is told
 * within a second.
 *
 * What is said on a connection is session.c's affair.
 */
#ifndef POSTSEAL_COMMON_SERVICE_H
#define POSTSEAL_COMMON_SERVICE_H

#include "common/io/loop.h"
#include "common/milter/session.h"
#include "common/process/worker.h"

struct service;

/* Takes connections from w from now on, for that wing. Borrows all until
 * service_free(). 0 and *ret owned, or -errno. */
int service_new(struct loop *l, struct worker *w, const struct milter_ops *ops,
    void *wing, struct service **ret);

/* Closes what is still open. */
void service_free(struct service *v);

#endif

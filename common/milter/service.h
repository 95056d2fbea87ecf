/*
 * service.h - the connections of one signer worker.
 *
 * Takes connections from the supervisor, gives each a session and a stream,
 * watches the time, and closes them when the order comes: at a drain (settings
 * were reloaded) an MTA keeps its connection, because Postfix opens no second
 * one for the same SMTP client; when there is hurry, each is closed at the end
 * of its message.
 *
 * Each minute the addresses of this host are read again (own.h); where that fails they
 * count for nothing, and one line says so.
 *
 * What is said on a connection is session.c's affair.
 */
#ifndef POSTSEAL_SIGNER_SERVICE_H
#define POSTSEAL_SIGNER_SERVICE_H

#include "common/io/loop.h"
#include "common/process/worker.h"
#include "signer/keys/keyring.h"

struct service;

/* Takes connections from w from now on. Borrows all until service_free(). 0 and
 * *ret owned, or -errno. */
int service_new(struct loop *l, struct worker *w,
    const struct settings *settings, const struct keyring *keys,
    struct service **ret);

/* Closes what is still open. */
void service_free(struct service *v);

#endif

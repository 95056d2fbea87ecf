/*
 * running.h - what a running daemon says of itself, asked at its control socket
 * (common/stats/control.h).
 *
 * What is made of it is with those who ask: `postseal status`, `postseal
 * check`.
 */
#ifndef POSTSEAL_ADMIN_RUNNING_H
#define POSTSEAL_ADMIN_RUNNING_H

#include <jansson.h>

#include "common/settings/settings.h"

/* The answer to "status", an object. 0 and *ret_status owned (json_decref);
 * -ENOENT or -ECONNREFUSED: nobody is there, or the list is empty; -EACCES:
 * this user may not ask; -EBADMSG: an answer that makes no sense; or another
 * -errno. */
int running_status(const struct endpoint_list *control, json_t **ret_status);

#endif

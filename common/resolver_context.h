/*
 * resolver_context.h - what libunbound is told: its options and its servers.
 *
 * Specified in unbound.conf(5); each option that differs from the library's
 * default has its reason in resolver_context.c. Asking is resolver.c's affair.
 */
#ifndef POSTSEAL_COMMON_RESOLVER_CONTEXT_H
#define POSTSEAL_COMMON_RESOLVER_CONTEXT_H

#include "common/settings.h"

struct event_base;
struct ub_ctx;

/*
 * A context on base that asks these n servers, or with none those of
 * /etc/resolv.conf, and validates from the anchor's file (NULL: not at all); small
 * as resolver_small() says. Its options are frozen at the
 * first question. Returned owned (ub_ctx_delete), or NULL when memory or
 * descriptors are out, or libunbound refuses an option.
 */
struct ub_ctx *resolver_context(struct event_base *base,
    const struct server *server, size_t n, const char *anchor, bool small);

#endif

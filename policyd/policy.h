/*
 * policy.h - one connection of Postfix's policy client (SMTPD_POLICY_README).
 *
 * Request after request, each answered before the next is looked at. What is
 * malformed or too long gets no reply but a log line, and the connection is
 * closed: Postfix retries, then takes its default_action. The end of the input
 * after a whole request: it is answered first. A lost peer: its request is
 * cancelled. Postfix closes an idle connection after
 * smtpd_policy_service_max_idle or max_ttl; one that is forgotten is closed
 * from here much later (POLICY_IDLE_MS).
 *
 * It remembers the answer of one instance, which is enough: on a connection a
 * new instance means that the old message is over. Its other recipients are not
 * evaluated anew but where they have a policy of their own; a header goes to
 * one of them only, whatever their policies are, refusals to all.
 *
 * Writes the log line of each decision. What the answer is request.c decides.
 */
#ifndef POSTSEAL_POLICYD_POLICY_H
#define POSTSEAL_POLICYD_POLICY_H

/* The name in the log, in messages, and of the program. */
#define POLICYD_IDENT "postseal-policyd"

#include <stdint.h>

#include "common/stats/stats.h"
#include "policyd/request.h"

struct policy;

/* What the connections of a process share; outlives them. */
struct policy_env {
	struct request_env request;

	/* NULL; or why the settings cannot be used. Then request.settings and
	 * request.resolver are not looked at: every request gets dunno, so that
	 * a typo does not stop the mail, and this is logged once a minute at
	 * most. */
	const char *broken;
	uint64_t told; /* loop_now() when it was logged last */

	/* Where decisions are counted; NULL: nowhere (a spawned process). */
	struct stats_slot *stats;
};

/*
 * Serves a connection over in and out (which may be the same). *takes* the fds,
 * on failure too. closed(arg) is called once, from the loop or from
 * policy_drain(), when the connection has come to its end; the policy is gone
 * then, and up to POLICY_FLUSH_MS more may be spent on a reply that the peer
 * has not read yet. 0 and *ret owned (policy_free, or closed), or -errno.
 */
int policy_new(struct policy_env *env, int in, int out,
    void (*closed)(void *arg), void *arg, struct policy **ret);

/* The settings are no longer those in force: all goes on with them, but an idle
 * connection is closed after POLICY_RETIRED_IDLE_MS. */
void policy_retire(struct policy *p);

/* How well it can be spared (worker_spare() of worker.h). */
uint64_t policy_spare(const struct policy *p);

/* Comes to an end: at once if no request is under way (closed() is called in
 * this call), else when it is answered. */
void policy_drain(struct policy *p);

/* Closes the connection and cancels its request; closed() is not called. */
void policy_free(struct policy *p);

#endif

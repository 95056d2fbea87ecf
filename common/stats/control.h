/*
 * control.h - the control socket: who asks how the daemon is gets one JSON
 * object.
 *
 * A client connects, writes "status" and a newline, reads to the end of the
 * file:
 *
 *     { "daemon": "postseal-signer", "version", "pid", "uptime", "generation",
 *       "config", "config_age", "config_time", "workers": [{ "worker", "pid",
 *       "generation", "connections" }],
 *       "counters": { FAMILY: n or { LABEL: n } },
 *       "dns_latency": { "count", "ms", "buckets": [{ "le", "n" }] },
 *       "signatures": [{ "domain", "rsa-sha256", "ed25519-sha256" }],
 *       "keys": [{ "domain", "selector", "state", "detail" }] }
 *
 * "config_time" is when the files of the settings in force were read, seconds
 * of time(2). The families, "dns_latency" and "signatures" are what the
 * daemon's report has (stats.h); "keys" has those that are not as they should
 * be. Nothing can be changed from here. Another command is answered with {
 * "error": ... }. Served by the helper (helper.h); asked by
 * admin/look/status.c.
 */
#ifndef POSTSEAL_COMMON_CONTROL_H
#define POSTSEAL_COMMON_CONTROL_H

#include "common/bytes/buf.h"
#include "common/io/loop.h"
#include "common/stats/stats.h"

/* A key that is not as it should be. Borrowed for the call. */
struct control_key {
	const char *domain;
	const char *selector;
	const char *state; /* one word: "mismatch", "unknown" */
	const char *detail;
};

/* What is told. Borrowed until control_free(). */
struct control_view {
	const char *daemon; /* its name */
	const char *config; /* the file that its settings are of; or NULL */
	const struct stats_report *report;
	const struct stats *stats;
	size_t workers; /* slots 0.. of stats that are workers' */

	/* Key i that is not as it should be; false: there are not so many.
	 * NULL: this daemon has none. */
	bool (*key)(void *arg, size_t i, struct control_key *ret);
	void *arg;
};

/* The answer to "status", with a newline behind it. 0 or -ENOMEM. */
int control_status(const struct control_view *v, struct buf *out);

struct control;

/*
 * Answers on the listening socket fd, which is borrowed, as v is. 0 and *ret
 * owned (control_free), or -errno.
 */
int control_new(
    struct loop *l, int fd, const struct control_view *v, struct control **ret);

/* Drops its connections. NULL is allowed. */
void control_free(struct control *c);

#endif

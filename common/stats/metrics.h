/*
 * metrics.h - the counters as Prometheus reads them, over HTTP.
 *
 * Text format 0.0.4 at GET /metrics; each family has the prefix of its daemon
 * ("postseal_signer_") and is summed over workers. How many series there are is
 * bounded: the values of labels are words of the rows, and domains are at most
 * STATS_DOMAINS_MAX. One request a connection (askers.h); no password, no
 * TLS. Served by the helper (helper.h).
 */
#ifndef POSTSEAL_COMMON_METRICS_H
#define POSTSEAL_COMMON_METRICS_H

#include "common/bytes/buf.h"
#include "common/io/loop.h"
#include "common/stats/stats.h"

/* Appends all families that the report has. 0 or an error of buf_add(). */
int metrics_text(
    const struct stats *s, const struct stats_report *report, struct buf *out);

struct metrics;

/* Serves on the listening socket fd, which is borrowed, as s is. 0 and *ret
 * owned (metrics_free), or -errno. */
int metrics_new(struct loop *l, int fd, const struct stats *s,
    const struct stats_report *report, struct metrics **ret);

/* Drops its connections. NULL is allowed. */
void metrics_free(struct metrics *m);

#endif

/*
 * dnscounters.h - what a resolver counts, in the slot that resolver_count() was
 * given. Counted in resolver.c, shown with what each daemon shows.
 */
#ifndef POSTSEAL_COMMON_DNSCOUNTERS_H
#define POSTSEAL_COMMON_DNSCOUNTERS_H

#include "common/dns/dnsanswer.h"
#include "common/stats/stats.h"

enum dns_counter {
	DNS_COUNT_ANSWER = STATS_END, /* + enum dns_status */
	DNS_COUNT_TIME = DNS_COUNT_ANSWER + DNS_TEMPERROR + 1, /* of these */
	DNS_COUNT_END = DNS_COUNT_TIME + STATS_TIMES
};

extern const struct stats_row dns_counters[];
extern const struct stats_times dns_times;

#endif

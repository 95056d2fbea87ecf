/*
 * counters.h - what postseal-policyd counts, and all that it shows.
 */
#ifndef POSTSEAL_POLICYD_COUNTERS_H
#define POSTSEAL_POLICYD_COUNTERS_H

#include "common/dns/dnscounters.h"
#include "common/settings/settings.h"

enum policyd_counter {
	POLICYD_REQUESTS = DNS_COUNT_END, /* requests that were answered */
	POLICYD_REPEATED,  /* of which from the connection's memory */
	POLICYD_UNCHECKED, /* not checked: trusted, skipped */
	POLICYD_HELO,      /* + enum spf_result */
	POLICYD_MAIL_FROM = POLICYD_HELO + SPF_RESULTS, /* + enum spf_result */
	POLICYD_ACTION =
	    POLICYD_MAIL_FROM + SPF_RESULTS, /* + enum action_kind */
	POLICYD_LOOKUPS =
	    POLICYD_ACTION + ACTION_ACCESS + 1, /* terms that count */
	POLICYD_VOIDS,
	POLICYD_ERROR, /* malformed, or memory was out */
	POLICYD_END
};

extern const struct stats_report policyd_counters;

#endif

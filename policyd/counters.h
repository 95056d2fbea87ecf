/*
 * counters.h - what postseal-policyd counts, and all that it shows.
 */
#ifndef POSTSEAL_POLICYD_COUNTERS_H
#define POSTSEAL_POLICYD_COUNTERS_H

#include "common/spf/identity.h"

enum policyd_counter {
	POLICYD_REQUESTS = IDENTITY_COUNT_END, /* that were answered */
	POLICYD_REPEATED,  /* of which from the connection's memory */
	POLICYD_UNCHECKED, /* of which not checked: trusted, skipped */
	POLICYD_ACTION,    /* + enum action_kind */
	POLICYD_ERROR =
	    POLICYD_ACTION + ACTION_ACCESS + 1, /* malformed, no memory */
	POLICYD_END
};

extern const struct stats_report policyd_counters;

#endif

/*
 * miltercounters.h - what each wing of the milter engine counts, in its own
 * slot: the engine (session.h) has none.
 */
#ifndef POSTSEAL_COMMON_MILTERCOUNTERS_H
#define POSTSEAL_COMMON_MILTERCOUNTERS_H

#include "common/spf/identity.h"

/* Behind those of SPF, which a wing that verifies has, too. */
enum milter_counter {
	MILTER_COUNT_TEMPFAIL = IDENTITY_COUNT_END, /* messages */
	MILTER_COUNT_ERROR, /* connections closed for what came over them */
	MILTER_COUNT_END
};

/* One row each: wings show others between them. */
extern const struct stats_row milter_tempfailed[], milter_errors[];

#endif

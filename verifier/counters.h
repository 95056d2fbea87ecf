/*
 * counters.h - what postseal-verifier counts, and all that it shows.
 *
 * Counted when a message is through: verifier_log.c.
 */
#ifndef POSTSEAL_VERIFIER_COUNTERS_H
#define POSTSEAL_VERIFIER_COUNTERS_H

#include "common/dkim/signature.h"
#include "common/milter/miltercounters.h"
#include "verifier/dmarc/disposition.h"
#include "verifier/verify/judge.h"

/* Those of enum key_algorithm, and others. */
enum { VERIFIER_ALGORITHMS = KEY_ED25519_SHA256 + 2 };

enum verifier_counter {
	/* signatures, + enum dkim_result; messages without: DKIM_NONE */
	VERIFIER_DKIM = MILTER_COUNT_END,
	VERIFIER_REASON = VERIFIER_DKIM + DKIM_PERMERROR + 1,
	VERIFIER_ALGORITHM = VERIFIER_REASON + JUDGE_REASONS,
	VERIFIER_NOT_EVALUATED = VERIFIER_ALGORITHM + VERIFIER_ALGORITHMS,
	/* messages with a DomainKeys signature, + enum dkim_result */
	VERIFIER_DOMAINKEYS,
	/* messages with DMARC, + enum dmarc_result, + enum disposition_kind;
	 * what was not done as a policy has it, + enum disposition_reason */
	VERIFIER_DMARC = VERIFIER_DOMAINKEYS + DKIM_PERMERROR + 1,
	VERIFIER_DISPOSITION = VERIFIER_DMARC + DMARC_RESULT_PERMERROR + 1,
	VERIFIER_OVERRIDE = VERIFIER_DISPOSITION + DISPOSITION_REJECT + 1,

	VERIFIER_LINES = VERIFIER_OVERRIDE + REASON_KINDS, /* for reports */
	VERIFIER_LINES_LOST,

	/* forged fields that were removed */
	VERIFIER_STRIPPED,
	VERIFIER_OWN, /* messages that were not verified: users, trusted */
	VERIFIER_HELD,
	VERIFIER_DEFERRED,
	VERIFIER_REFUSED,
	VERIFIER_END
};

extern const struct stats_report verifier_counters;

#endif

/*
 * spfeval.h - libspf2's verdict on a plan. Nothing else includes spf2/spf.h.
 *
 * One run of SPF_record_interpret() over the record of lookups->root, with a
 * DNS layer (SPF_dns_server_t) of ours that answers from lookups.h. A run takes
 * 1 to 20 microseconds, waits for nothing, and is thrown away when an answer is
 * missing: it is begun anew when the answer is there.
 *
 * What libspf2 1.2.10 is not let do: parse what was published (it can be
 * crashed by it), expand macros, fetch explanations, pass loopback clients
 * unasked, count limits (it counts for a record, not for a check). Its server
 * and request are structs on our stack, as its constructors abort when memory
 * is out.
 */
#ifndef POSTSEAL_SPF_SPFEVAL_H
#define POSTSEAL_SPF_SPFEVAL_H

#include "common/spf/lookups.h"

struct spfeval_result {
	enum spf_result result;
	bool matched; /* a mechanism did; false: the default result */
};

/*
 * Runs the evaluation. True and *ret: this is the result, l->run.problem tells
 * more about an error. False: an answer is missing (l->run.wanted).
 */
bool spfeval_run(struct lookups *l, struct spfeval_result *ret);

#endif

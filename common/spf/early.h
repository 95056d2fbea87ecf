/*
 * early.h - which questions are put before evaluation needs them.
 *
 * When a run waits for an answer that takes long (check.c), the terms that
 * evaluation will come to next are asked together with it: in the records that
 * are there, in the order of evaluation, those whose domain is a plain name,
 * and the hosts of an mx and the names of a ptr whose answer is there. None
 * behind a term that is known to match, none in a run that was not waiting,
 * none when ten terms of the check are asked, none that could make the
 * questions of the check more than SPF_QUESTIONS_MAX, and none while
 * SPF_UNANSWERED_MAX have no answer: who sends mail chooses whose name servers
 * are asked.
 *
 * This only saves time; no pass or fail depends on it. (A domain whose answers
 * reach SPF_ANSWERS_MAX, or only just come within the deadline, may get a
 * temperror with it or without it.) What it costs: where the term that is
 * waited for matches, or is an include that has many terms itself, those asked
 * beside it were not needed. Not to ask them would cost a round trip for each
 * term that does not match.
 *
 * Pure; on lookups.h.
 */
#ifndef POSTSEAL_SPF_EARLY_H
#define POSTSEAL_SPF_EARLY_H

#include "common/spf/lookups.h"

/* Puts what can be put now. For a run that is RUN_PENDING. True if some wait
 * until another is answered. */
bool early_ask(struct lookups *l);

/* True if an answer of this type can make more questions known. */
bool early_learns(enum dns_type type);

#endif

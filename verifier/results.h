/*
 * results.h - the results of a message: their order, the field that says them,
 * and what the config makes of them: the reply (RFC 7372).
 *
 * That for forged fields which are too many is verifier.c's.
 */
#ifndef POSTSEAL_VERIFIER_RESULTS_H
#define POSTSEAL_VERIFIER_RESULTS_H

#include "common/milter/edits.h"
#include "common/settings/settings.h"
#include "verifier/inspection.h"

/*
 * Of results of one signature (d=, s= and b= are the same: a copy of the field
 * that was changed on the way) keeps the best, so that no reader sees two for
 * it (RFC 6008 section 4).
 */
void results_merge(struct inspection *l);

/*
 * Puts l's results into the order of the field: a pass of the author's domain,
 * other passes, fail, policy, neutral, permerror, temperror. Some readers look
 * at the first one only.
 */
void results_sort(struct inspection *l);

/* Appends the value of Authentication-Results to out (RESULTS_FIELD_MAX).
 * Errors are told by buf_error(). */
void results_write(struct inspection *l, const char *id, struct buf *out);

/* A word of verifier.reject for which alignment must be known of all
 * signatures. */
#define RESULTS_NOT_ALIGNED "not-aligned"

/* True if verifier.reject has the word. */
bool results_refuse(const struct verifier_settings *s, const char *word);

/*
 * The word for the message: GO_ON, QUARANTINE, or a reply in e. DMARC's comes
 * first where it refuses, and last where it puts off. Between them come
 * on_temperror and `reject` (RFC 7372): that never for mail of a relay, a null
 * sender, mail of a list, a key that is tested, nor while a signature, or what
 * could make up for SPF, is undecided.
 */
enum milter_word results_word(const struct inspection *l,
    const struct verifier_settings *s, struct span sender, struct edits *e);

#endif

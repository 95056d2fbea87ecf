/*
 * aggregate.h - what is kept of a message for DMARC's aggregate reports: one
 * line of JSON with all that RFC 9990 wants to know, named as there.
 *
 * Who makes reports of it is not known here. Pure.
 */
#ifndef POSTSEAL_VERIFIER_AGGREGATE_H
#define POSTSEAL_VERIFIER_AGGREGATE_H

#include "common/milter/origin.h"
#include "verifier/inspection.h"

/* A recipient as in RCPT: its domain is kept, once, in the message's arena. A
 * report may go without. */
void aggregate_recipient(struct inspection *l, struct span address);

/* True if the message is one of a report: a policy applies, and it was taken,
 * or refused for DMARC. What comes again, or was refused for something else, is
 * not. */
bool aggregate_counts(const struct inspection *l, enum milter_word said);

/* Appends the line, without its end. Errors are told by buf_error(). */
void aggregate_write(const struct inspection *l, const struct message *m,
    const struct origin *from, struct buf *out);

#endif

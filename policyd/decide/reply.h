/*
 * reply.h - the text of a refusal, from the template of the config.
 *
 * One line of printable ASCII of at most REPLY_TEXT_MAX bytes, its enhanced
 * code as RFC 7372 has it: 5.7.23 for fail, 5.7.24 for temperror and permerror,
 * 5.7.1 for what has none of its own; 4.7.24 for whatever is deferred. What a
 * domain's owner explains is said to be theirs (RFC 7208 section 6.2).
 *
 * Pure. Whether mail is refused is verdict.c's affair; the syntax of the
 * template is common/settings/reply.c's.
 */
#ifndef POSTSEAL_POLICYD_REPLY_H
#define POSTSEAL_POLICYD_REPLY_H

#include "common/bytes/buf.h"
#include "policyd/decide/received.h"

struct reply {
	const char *template;
	bool defer;
	enum identity identity;
	const struct check_result *result;
	const struct subject *subject;
};

/* Appends "550 5.7.23 text" or "DEFER_IF_PERMIT 4.7.24 text". What does not fit
 * is taken from the end of {reason}. */
void reply_make(const struct reply *r, struct buf *out);

#endif

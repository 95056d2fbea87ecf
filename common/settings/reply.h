/*
 * reply.h - the template of a refusal's text: its syntax.
 *
 *     Message {action} due to: {reason}. See https://mx.example.com/spf
 *
 * Printable ASCII; what stands in braces is one of the words below, no brace
 * stands anywhere else; {reason}, which can be long, stands once at the most.
 * So the config can be judged when it is read, and what a sender or a domain's
 * owner writes is only ever put in, never read as a template.
 *
 * What the words become is known by policyd/decide/verdict.c.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_REPLY_H
#define POSTSEAL_COMMON_SETTINGS_REPLY_H

#include "common/bytes/span.h"

enum reply_field {
	REPLY_TEXT,     /* no field: text as it stands */
	REPLY_ACTION,   /* {action}: "rejected" or "deferred" */
	REPLY_REASON,   /* {reason}: all that is to say, with the explanation */
	REPLY_RESULT,   /* {result}: "fail" */
	REPLY_IDENTITY, /* {identity}: "HELO" or "MAIL FROM" */
	REPLY_DOMAIN,   /* {domain}: that was checked */
	REPLY_CLIENT,   /* {client}: its address */
	REPLY_RECEIVER, /* {receiver}: hostname */
	REPLY_FIELDS
};

/*
 * Takes the first piece off *rest, which must not be empty: a run of text
 * (REPLY_TEXT, *ret_text borrows) or a field. 0, or -EINVAL for a brace that is
 * no field's.
 */
int settings_reply_next(
    struct span *rest, enum reply_field *ret, struct span *ret_text);

/* NULL, or why text is no template: a static reason. */
const char *settings_reply_judge(struct span text);

/* What an administrator should know about a good template, in words, or
 * NULL. */
const char *settings_reply_warning(struct span text);

/* The bytes of the enhanced status code ("5.7.1", RFC 3463 section 2) that text
 * begins with, as Postfix reads it; 0: it begins with none. */
size_t settings_reply_code(struct span text);

#endif

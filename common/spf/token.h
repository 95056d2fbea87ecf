/*
 * token.h - the parts of a macro-string: literals, escapes, macro letters.
 *
 * RFC 7208 section 7.1, macro-expand. Which literals and letters are allowed where,
 * and what a letter stands for, is macro.c's affair.
 *
 * Pure.
 */
#ifndef POSTSEAL_POLICYD_TOKEN_H
#define POSTSEAL_POLICYD_TOKEN_H

#include "common/bytes/span.h"

enum token_kind { TOKEN_LITERAL, TOKEN_ESCAPE, TOKEN_LETTER };

struct token {
	enum token_kind kind;
	struct span text; /* LITERAL: its octets; ESCAPE: what it stands for */
	char letter;      /* LETTER: lower case */
	bool escape;      /* upper case: URL-escape the value */
	bool reverse;
	unsigned digits;     /* 0: none were given */
	struct span delimit; /* empty: none were given */
};

/* Cuts the first token off *rest, which must not be empty. A literal may hold any
 * octet but '%'. 0, or -EINVAL and *ret_why, a static reason. */
int token_read(struct span *rest, struct token *ret, const char **ret_why);

#endif

/*
 * words.h - what fields are made of: white space and comments, quoted strings,
 * atoms, tokens. RFC 5322 section 3.2, RFC 2045 section 5.1.
 *
 * Each function takes its piece off the front of *s and leaves the rest; folds
 * are LF or CRLF. Nothing is copied but by words_unquote(). What the words
 * mean, and whether a mistake is forgiven, is the caller's affair. Pure.
 */
#ifndef POSTSEAL_COMMON_WORDS_H
#define POSTSEAL_COMMON_WORDS_H

#include "common/bytes/span.h"

/* Skips white space, folds and comments, which may hold others. False if a
 * comment has no end: *s is empty then. */
bool words_skip_cfws(struct span *s);

/* True for what a token may be made of; bytes from 0x80 on are taken for UTF-8
 * (RFC 6532). */
bool words_is_token(char c);

/* Takes a token; it may be empty. */
struct span words_token(struct span *s);

/* Takes an atom with the dots in it, wherever they stand: atext of RFC 5322
 * section 3.2.3, and bytes from 0x80 on (RFC 6532); it may be empty. */
struct span words_atom(struct span *s);

/*
 * Takes a quoted string, at whose first quote *s stands: *ret is what is
 * between the quotes, with its backslashes. False if it has no end: *s is empty
 * then and *ret untouched.
 */
bool words_quoted(struct span *s, struct span *ret);

/*
 * What a quoted string means: without backslashes and line ends. Writes at most
 * max bytes to ret, no NUL, and returns how many it has; that may be more than
 * max.
 */
size_t words_unquote(struct span between, char *ret, size_t max);

#endif

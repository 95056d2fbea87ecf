/*
 * lex.h - the tokens of the config, judged strictly.
 *
 * What a token is, is told in scan.h; its user gives the tokens their order.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_LEX_H
#define POSTSEAL_COMMON_SETTINGS_LEX_H

#include "common/bytes/arena.h"

enum token { END, WORD, STRING, EQUALS, APPEND, OPEN, CLOSE, COMMA, BAD };

struct lex {
	struct span in;  /* the rest of the text */
	unsigned line;   /* of the rest */
	struct span raw; /* the last token as it stands */
	const char *why; /* BAD: what is wrong, static */
};

/* Letters, digits, '_' and '-'. */
bool settings_lex_is_key_byte(char c);

/* The next token; BAD when there is none, s->line is then the line of it. */
enum token settings_lex_next(struct lex *s);

/*
 * The same in a section out of scope, where nothing is judged: a string without
 * an end is STRING and ends with its line; a byte that is no token is BAD and
 * passed, and s->why is NULL. Only a comment without end is BAD with s->why.
 */
enum token settings_lex_skip(struct lex *s);

/* A WORD or STRING without its quotes; escapes as they stand. */
struct span settings_lex_inner(struct span raw);

/*
 * What a WORD or STRING means, from its raw bytes: without quotes, and without
 * the backslash of \" and \\ between double quotes, of \' and \\ between single
 * ones. A part of raw, or a copy in arena where there was something to take
 * out; p is NULL when memory is out.
 */
struct span settings_lex_plain(struct span raw, struct arena *arena);

#endif

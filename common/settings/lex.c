/*
 * The trick: two readers of the same tokens. settings_lex_next() judges each
 * byte, settings_lex_skip() none, so that a section out of scope may hold
 * anything.
 *
 * The trap: they must agree where a string and a comment end, or a } inside of
 * one would close a section for one reader and not for the other. So both ends
 * are found by the same functions (take_string(), pass_space()).
 */
#include "common/settings/lex.h"

bool
settings_lex_is_key_byte(char c)
{
	return span_is_alpha(c) || span_is_digit(c) || c == '_' || c == '-';
}

static bool
is_word_byte(char c)
{
	return settings_lex_is_key_byte(c) ||
	    (c != '\0' && strchr(".:/@[]", c) != NULL);
}

static bool
starts(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

/* Passes n bytes, and counts the ends of lines. */
static void
pass(struct lex *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s->line += s->in.p[i] == '\n';
	s->in = span_skip(s->in, n);
}

static enum token
bad_token(struct lex *s, const char *why)
{
	s->why = why;
	return BAD;
}

/* A comment is passed; BAD when it never ends, else END. */
static enum token
pass_comment(struct lex *s)
{
	const char *end;

	if (!starts(s->in, "/*")) {
		pass(s, span_find(s->in, '\n'));
		return END;
	}
	end = memmem(s->in.p + 2, s->in.n - 2, "*/", 2);
	if (end == NULL)
		return bad_token(s, "the comment that begins here never ends");
	pass(s, (size_t)(end - s->in.p) + 2);
	return END;
}

/* White space and comments; BAD or END as above. */
static enum token
pass_space(struct lex *s)
{
	while (s->in.n > 0) {
		char c = s->in.p[0];

		if (c == ' ' || c == '\t' || c == '\n' || starts(s->in, "\r\n"))
			pass(s, 1);
		else if (c != '#' && !starts(s->in, "//") &&
		    !starts(s->in, "/*"))
			break;
		else if (pass_comment(s) == BAD)
			return BAD;
	}
	return END;
}

/* Takes the first n bytes of the input as a token. */
static void
take(struct lex *s, size_t n)
{
	s->raw = span_of(s->in.p, n);
	s->in = span_skip(s->in, n);
}

/* Why s may not go on as it does, which is no token and no end of one. */
static const char *
judge_byte(struct span s)
{
	switch (s.p[0]) {
	case '(':
		return "functions such as include() are not supported; domain "
		       "sections may stand in domains.d/*.conf";
	case '\0':
		return "a NUL byte is not text";
	case '$':
		return "${...} is not supported";
	case ';':
		return "no ; is needed, a space is enough";
	case '#':
	case '/':
		return "a value with #, // or /* in it needs quotes, and a "
		       "comment needs a space before it";
	default:
		return "this is not a letter, a digit or one of _ - . : / @ "
		       "[ ], so it needs quotes";
	}
}

static bool
ends_word(struct span s)
{
	return s.n == 0 || starts(s, "+=") ||
	    (s.p[0] != '\0' && strchr(" \t\n={},\"'", s.p[0]) != NULL) ||
	    starts(s, "\r\n");
}

static enum token
next_word(struct lex *s)
{
	struct span rest = s->in;

	while (rest.n > 0 && is_word_byte(rest.p[0]) && !starts(rest, "//") &&
	    !starts(rest, "/*"))
		rest = span_skip(rest, 1);
	take(s, s->in.n - rest.n);
	return ends_word(rest) ? WORD : bad_token(s, judge_byte(rest));
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* NULL, or what is wrong with the n bytes between the quotes. */
static const char *
judge_string(struct span s, char quote)
{
	static const char control[] = "a string must have no control character";

	for (size_t i = 0; i < s.n; i++) {
		if (is_control(s.p[i]))
			return control;
		if (s.p[i] == '$' && i + 1 < s.n && s.p[i + 1] == '{')
			return "${...} is not supported";
		if (s.p[i] != '\\')
			continue;
		i++;
		if (quote == '"' && s.p[i] != '"' && s.p[i] != '\\')
			return "only \\\" and \\\\ may follow a backslash";
		if (is_control(s.p[i]))
			return control;
	}
	return NULL;
}

/* Takes a string, or what there is of it in this line; true if it ends. */
static bool
take_string(struct lex *s)
{
	char quote = s->in.p[0];
	size_t n = 1;

	while (n < s->in.n && s->in.p[n] != quote && s->in.p[n] != '\n') {
		/* The byte behind a backslash never ends the string. */
		if (s->in.p[n] == '\\' && n + 1 < s->in.n &&
		    s->in.p[n + 1] != '\n')
			n++;
		n++;
	}
	if (n >= s->in.n || s->in.p[n] != quote) {
		take(s, n);
		return false;
	}
	take(s, n + 1);
	return true;
}

static enum token
next_string(struct lex *s)
{
	const char *why = "the string that begins here has no end";

	if (take_string(s))
		why = judge_string(settings_lex_inner(s->raw), s->raw.p[0]);
	return why == NULL ? STRING : bad_token(s, why);
}

enum token
settings_lex_next(struct lex *s)
{
	if (pass_space(s) == BAD)
		return BAD;
	if (s->in.n == 0)
		return END;
	if (s->in.p[0] == '"' || s->in.p[0] == '\'')
		return next_string(s);
	if (is_word_byte(s->in.p[0]))
		return next_word(s);
	if (starts(s->in, "+=")) {
		take(s, 2);
		return APPEND;
	}
	take(s, 1);
	switch (s->raw.p[0]) {
	case '=':
		return EQUALS;
	case '{':
		return OPEN;
	case '}':
		return CLOSE;
	case ',':
		return COMMA;
	default:
		return bad_token(s, judge_byte(s->raw));
	}
}

enum token
settings_lex_skip(struct lex *s)
{
	size_t n = 0;

	s->why = NULL;
	if (pass_space(s) == BAD)
		return BAD;
	if (s->in.n == 0)
		return END;
	if (s->in.p[0] == '"' || s->in.p[0] == '\'') {
		(void)take_string(s);
		return STRING;
	}
	while (n < s->in.n && is_word_byte(s->in.p[n]) &&
	    !starts(span_skip(s->in, n), "//") &&
	    !starts(span_skip(s->in, n), "/*"))
		n++;
	take(s, n == 0 ? 1 : n);
	if (n > 0)
		return WORD;
	switch (s->raw.p[0]) {
	case '{':
		return OPEN;
	case '}':
		return CLOSE;
	case '=':
		return EQUALS;
	default:
		return BAD;
	}
}

struct span
settings_lex_inner(struct span raw)
{
	if (raw.n > 0 && (raw.p[0] == '"' || raw.p[0] == '\''))
		return span_of(raw.p + 1, raw.n - 2);
	return raw;
}

struct span
settings_lex_plain(struct span raw, struct arena *arena)
{
	struct span in = settings_lex_inner(raw);
	char quote = raw.p[0], *copy;
	size_t n = 0;

	if (span_find(in, '\\') == in.n) /* no word has one */
		return in;
	copy = arena_alloc(arena, in.n);
	if (copy == NULL)
		return span_of(NULL, 0);
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\\' && i + 1 < in.n &&
		    (in.p[i + 1] == quote || in.p[i + 1] == '\\'))
			i++;
		copy[n++] = in.p[i];
	}
	return span_of(copy, n);
}

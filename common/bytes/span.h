/*
 * span.h - borrowed bytes: a pointer and a length, no NUL needed.
 *
 * A span never owns what it points to; whoever hands one out says until when
 * the bytes stay. Parsers take spans and return spans into the same bytes.
 * Case folding here is ASCII only, as RFC 5321, 6376 and 7208 want it; names
 * with other letters are domain.h's affair.
 */
#ifndef POSTSEAL_COMMON_SPAN_H
#define POSTSEAL_COMMON_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *p; /* may be NULL only when n is 0 */
	size_t n;      /* bytes */
};

/* What every incremental parser of the house answers. */
enum parse {
	PARSE_OK,   /* one item was read; its length in bytes is reported */
	PARSE_MORE, /* the bytes are the beginning of an item: give more */
	PARSE_BAD   /* they can never become one; a static reason is given */
};

/* A span over the n bytes at p. Borrows p. */
static inline struct span
span_of(const void *p, size_t n)
{
	return (struct span){p, n};
}

/* A span over the C string s without its NUL; NULL gives the empty span. */
static inline struct span
span_str(const char *s)
{
	return (struct span){s, s == NULL ? 0 : strlen(s)};
}

/* ASCII lower case of one byte; every other byte is returned as it is. */
static inline unsigned char
span_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

/* True if both hold the same bytes. */
static inline bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* True if both hold the same bytes but for ASCII case. */
static inline bool
span_ieq(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (span_lower((unsigned char)a.p[i]) !=
		    span_lower((unsigned char)b.p[i]))
			return false;
	}
	return true;
}

/* As span_ieq, b a C string. */
static inline bool
span_ieqs(struct span a, const char *b)
{
	return span_ieq(a, span_str(b));
}

/* True if s begins with that C string, but for ASCII case. */
static inline bool
span_ibegins(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && span_ieqs(span_of(s.p, n), with);
}

static inline bool
span_is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	}
	return true;
}

/* Printable ASCII, and the space. */
static inline bool
span_is_shown(char c)
{
	return (unsigned char)(c - ' ') <= '~' - ' ';
}

/* True if it has nothing else. */
static inline bool
span_is_printable(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!span_is_shown(s.p[i]))
			return false;
	}
	return true;
}

/* The span without its first n bytes (without all of them, if it is
 * shorter). */
static inline struct span
span_skip(struct span s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return n == 0 ? s : (struct span){s.p + n, s.n - n};
}

/* Index of the first byte c, or s.n when there is none. */
static inline size_t
span_find(struct span s, char c)
{
	const char *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);

	return at == NULL ? s.n : (size_t)(at - s.p);
}

/* The bytes up to and with the last c: what is behind it begins there. 0 when
 * there is none. */
static inline size_t
span_behind_last(struct span s, char c)
{
	while (s.n > 0 && s.p[s.n - 1] != c)
		s.n--;
	return s.n;
}

/* ASCII letters and digits. */
static inline bool
span_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a digit in base 16, of either case; -1: it is none. */
static inline int
span_hex(char c)
{
	char l = (char)span_lower((unsigned char)c);

	if (span_is_digit(c))
		return c - '0';
	return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static inline bool
span_is_alpha(char c)
{
	unsigned char l = span_lower((unsigned char)c);

	return l >= 'a' && l <= 'z';
}

/* FNV-1a; names that differ in case alone have the same. For tables of our own:
 * who knows it can make names that share a place. */
static inline uint32_t
span_hash(struct span s)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ span_lower((unsigned char)s.p[i])) * 16777619U;
	return h;
}

/* WSP of RFC 5234: space and TAB. */
static inline bool
span_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* What FWS of RFC 5322 section 3.2.2 is made of: WSP, and the CR and LF of
 * folds. */
static inline bool
span_is_fws(char c)
{
	return span_is_wsp(c) || c == '\r' || c == '\n';
}

/* A control character that is not part of a fold. */
static inline bool
span_is_control(char c)
{
	return !span_is_shown(c) && (unsigned char)c < 0x80 && !span_is_fws(c);
}

/* True if it has such a one. */
static inline bool
span_has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (span_is_control(s.p[i]))
			return true;
	}
	return false;
}

/* Without white space and folds in front. */
static inline struct span
span_skip_fws(struct span s)
{
	while (s.n > 0 && span_is_fws(s.p[0]))
		s = span_skip(s, 1);
	return s;
}

/* Without the WSP at both ends. */
static inline struct span
span_trim(struct span s)
{
	while (s.n > 0 && span_is_wsp(s.p[0]))
		s = span_skip(s, 1);
	while (s.n > 0 && span_is_wsp(s.p[s.n - 1]))
		s.n--;
	return s;
}

#endif

/*
 * A line has a fixed size, and each value is put in whole or cut with "...":
 * the trap is to cut inside of a UTF-8 character or an escape. What a terminal
 * would act on, C1 and marks of direction included, is written as an escape.
 */
#include <stdio.h>

#include "common/log/log.h"

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Appends a piece that must not be cut, or ends the line in "..." for good. */
static void
put(struct log_line *l, const char *p, size_t n)
{
	if (l->cut)
		return;
	if (n <= LOG_TEXT_MAX - l->n) {
		memcpy(l->text + l->n, p, n);
		l->n += n;
		return;
	}
	l->cut = true;
	if (l->n > LOG_TEXT_MAX - 3) {
		l->n = LOG_TEXT_MAX - 3;
		while (is_continuation(l->text[l->n]))
			l->n--;
	}
	memcpy(l->text + l->n, "...", 3);
	l->n += 3;
}

void
log_begin(struct log_line *l, int level, const char *event)
{
	l->level = level;
	l->n = 0;
	l->cut = false;
	put(l, event, strlen(event));
}

/*
 * Length of the UTF-8 character (RFC 3629 section 4) at the start of s, or 0
 * when there is none: overlong forms, surrogates and what is cut are none.
 */
static size_t
utf8_length(struct span s)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	unsigned code = c & (0xffu >> (n + 1));

	if (c < 0xc2 || c > 0xf4 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (!is_continuation(s.p[i]))
			return 0;
		code = code << 6 | ((unsigned char)s.p[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

/*
 * As utf8_length(), and 0 too for what acts on a terminal or a viewer instead
 * of being seen: C1 controls, line and paragraph separators, marks and
 * overrides of direction, the byte order mark.
 */
static size_t
shown_length(struct span s)
{
	size_t n = utf8_length(s);
	unsigned char second = n == 0 ? 0 : (unsigned char)s.p[1];
	unsigned char third = n < 3 ? 0 : (unsigned char)s.p[2];

	if (n == 2 && s.p[0] == '\xc2' && second < 0xa0)
		return 0;
	if (n == 3 && s.p[0] == '\xe2' && second == 0x80 &&
	    ((third >= 0x8e && third <= 0x8f) ||
	        (third >= 0xa8 && third <= 0xae)))
		return 0; /* U+200E, U+200F, U+2028 to U+202E */
	if (n == 3 && s.p[0] == '\xe2' && second == 0x81 && third >= 0xa6 &&
	    third <= 0xa9)
		return 0; /* U+2066 to U+2069 */
	if (n == 3 && s.p[0] == '\xef' && second == 0xbb && third == 0xbf)
		return 0; /* U+FEFF */
	return n;
}

/* How many bytes at the front of s stand for themselves: without quotes around
 * them, or within. */
static size_t
plain_length(struct span s, bool quoted)
{
	size_t n = 0;

	for (; n < s.n; n++) {
		char c = s.p[n];

		if (!span_is_shown(c) || c == '"' ||
		    (quoted ? c == '\\' : c == ' ' || c == '='))
			break;
	}
	return n;
}

/* Puts the first character of s, which does not stand for itself; its
 * length. */
static size_t
put_escape(struct log_line *l, struct span s)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c = (unsigned char)s.p[0];
	char escape[4] = {'\\', (char)c};
	size_t n = 1;

	if (c == '"' || c == '\\') {
		put(l, escape, 2);
	} else if (c >= 0x80 && (n = shown_length(s)) > 0) {
		put(l, s.p, n);
	} else {
		escape[1] = 'x';
		escape[2] = hex[c >> 4];
		escape[3] = hex[c & 15];
		put(l, escape, 4);
		n = 1;
	}
	return n;
}

void
log_clean(struct span s, struct buf *out)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && span_is_shown(s.p[n]))
			n++;
		if (n == 0)
			n = shown_length(s);
		if (n > 0)
			buf_add(out, s.p, n);
		else
			buf_fmt(out, "\\x%02X", (unsigned char)s.p[0]);
		s = span_skip(s, n > 0 ? n : 1);
	}
}

/* key=value, with at most `most` bytes of what stands for the value. */
static void
put_pair(struct log_line *l, const char *key, struct span value, size_t most)
{
	bool quoted = plain_length(value, false) < value.n;
	size_t begin;

	if (value.n == 0)
		return;
	put(l, " ", 1);
	put(l, key, strlen(key));
	put(l, "=", 1);
	if (quoted)
		put(l, "\"", 1);
	begin = l->n;
	while (value.n > 0 && !l->cut && l->n - begin < most) {
		size_t n = plain_length(value, quoted);

		if (n > most - (l->n - begin))
			n = most - (l->n - begin);
		if (n > LOG_TEXT_MAX - l->n)
			n = LOG_TEXT_MAX - l->n;
		if (n > 0)
			put(l, value.p, n);
		else /* or the line is full, and is cut */
			n = put_escape(l, value);
		value = span_skip(value, n);
	}
	if (value.n > 0)
		put(l, "...", 3);
	if (quoted)
		put(l, "\"", 1);
}

void
log_span(struct log_line *l, const char *key, struct span value)
{
	put_pair(l, key, value, SIZE_MAX);
}

void
log_given(struct log_line *l, const char *key, struct span value)
{
	put_pair(l, key, value, LOG_GIVEN_MAX);
}

void
log_str(struct log_line *l, const char *key, const char *value)
{
	log_span(l, key, span_str(value));
}

void
log_num(struct log_line *l, const char *key, long long value)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", value);
	log_str(l, key, text);
}

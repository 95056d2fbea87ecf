/*
 * The trick is the sticky error: the first failure is kept and everything after
 * it is left out, so that who writes a text looks once, at its end (buf_error,
 * buf_text).
 *
 * The trap: buf_view() shows what was written before the failure. Where half a
 * text would mislead, ask first.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/bytes/buf.h"

enum { FIRST_CAP = 128 }; /* most replies and header lines fit at once */

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_free(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max);
}

void
buf_clear(struct buf *b)
{
	buf_cut(b, 0);
}

void
buf_cut(struct buf *b, size_t n)
{
	if (n < b->n)
		b->n = n;
	b->error = 0;
}

/* Makes room for n more bytes; does not mark the buffer. */
static int
buf_reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap == 0 ? FIRST_CAP : b->cap;
	char *p;

	if (n > b->max - b->n)
		return -EMSGSIZE;
	if (n <= b->cap - b->n)
		return 0;
	while (cap < b->n + n && cap <= b->max / 2)
		cap *= 2;
	if (cap < b->n + n || cap > b->max)
		cap = b->max;
	p = realloc(b->p, cap);
	if (p == NULL)
		return -ENOMEM;
	b->p = p;
	b->cap = cap;
	return 0;
}

/* As buf_reserve(), and nothing is added any more after the first failure. */
static int
buf_room(struct buf *b, size_t n)
{
	if (b->error == 0)
		b->error = buf_reserve(b, n);
	return b->error;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	int rc = buf_room(b, n);

	if (rc == 0 && n > 0) {
		memcpy(b->p + b->n, p, n);
		b->n += n;
	}
	return rc;
}

int
buf_span(struct buf *b, struct span s)
{
	return buf_add(b, s.p, s.n);
}

int
buf_str(struct buf *b, const char *s)
{
	return buf_span(b, span_str(s));
}

int
buf_byte(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int
buf_quoted(struct buf *b, struct span s)
{
	buf_byte(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_byte(b, '\\');
		buf_byte(b, s.p[i]);
	}
	return buf_byte(b, '"');
}

int
buf_fmt(struct buf *b, const char *fmt, ...)
{
	char small[256], *text = small;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof small) {
		va_start(ap, fmt);
		n = vasprintf(&text, fmt, ap);
		va_end(ap);
	}
	if (n < 0) {
		if (b->error == 0)
			b->error = -ENOMEM;
		return b->error;
	}
	(void)buf_add(b, text, (size_t)n);
	if (text != small)
		free(text);
	return b->error;
}

const char *
buf_plural(unsigned long long n)
{
	return n == 1 ? "" : "s";
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	b->n -= n;
	if (b->n > 0 && n > 0)
		memmove(b->p, b->p + n, b->n);
}

int
buf_error(const struct buf *b)
{
	return b->error;
}

struct span
buf_view(const struct buf *b)
{
	return span_of(b->p, b->n);
}

const char *
buf_text(struct buf *b)
{
	if (buf_reserve(b, 1) != 0)
		return NULL;
	b->p[b->n] = '\0';
	return b->p;
}

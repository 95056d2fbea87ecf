/*
 * buf.h - growable bytes with a hard maximum.
 *
 * For what is built piece by piece (a reply, a header, the rest of an
 * unfinished packet). An append that would pass the maximum, or finds no
 * memory, changes nothing and marks the buffer; all that follow fail too, so
 * the content is always a true beginning of what was meant. buf_error() tells
 * it once, at the end: code which builds text needs no check after each piece.
 */
#ifndef POSTSEAL_COMMON_BUF_H
#define POSTSEAL_COMMON_BUF_H

#include "common/bytes/span.h"

struct buf {
	char *p;    /* owned; not NUL-terminated but by buf_text() */
	size_t n;   /* bytes used */
	size_t cap; /* bytes allocated */
	size_t max; /* bytes it may ever hold */
	int error;  /* 0, -EMSGSIZE or -ENOMEM: the first append that failed */
};

/* Makes b empty; it may grow to max bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t max);

/* Frees the bytes; b is as after buf_init() with the same max. */
void buf_free(struct buf *b);

/* Forgets content and error, keeps the memory. */
void buf_clear(struct buf *b);

/* Appends n bytes. 0, or -EMSGSIZE / -ENOMEM (also kept in b->error). */
int buf_add(struct buf *b, const void *p, size_t n);

/* Appends a span, a C string, one byte. As buf_add(). */
int buf_span(struct buf *b, struct span s);
int buf_str(struct buf *b, const char *s);
int buf_byte(struct buf *b, char c);

/* Appends s in double quotes, with a '\' in front of '"' and '\': a string
 * of our config, a character-string of DNS (RFC 1035 section 5.1). As
 * buf_add(). */
int buf_quoted(struct buf *b, struct span s);

/* Appends as printf(3) does. As buf_add(). */
int buf_fmt(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Forgets all behind the first n bytes, and the error. */
void buf_cut(struct buf *b, size_t n);

/* What a number of things ends with: "" of one, "s" of any other. Static. */
const char *buf_plural(unsigned long long n);

/* Removes the first n bytes (all of them, if there are fewer). */
void buf_drop(struct buf *b, size_t n);

/* 0, or the error of the first append that failed. */
int buf_error(const struct buf *b);

/* The content; borrows until the next call that changes b. */
struct span buf_view(const struct buf *b);

/*
 * The content as a C string, borrowed until the next call that changes b;
 * NULL when memory is out. The NUL is not counted and needs one byte below max.
 */
const char *buf_text(struct buf *b);

#endif

/*
 * The trick is to owe: line ends and white space are not sent when they are
 * read but when something follows them (pay, emit). So the empty lines at the
 * end of a body, which do not count (RFC 6376 section 3.4.3), are never looked
 * for, and any cut of the input gives the same bytes (resume, hold).
 *
 * The trap is speed: nearly every byte is copied as it is. Only the odd ones,
 * white space that may have to change, are looked at, 16 bytes at a time
 * (find_odd).
 */
#include "common/dkim/canon.h"

typedef unsigned char canon_block __attribute__((vector_size(16)));
typedef uint64_t canon_words64 __attribute__((vector_size(16)));

enum { BLOCK = sizeof(canon_block) };

/* --- where relaxed differs from its input --------------------------------- */

/*
 * For 16 bytes at p: all ones where white space stands that may have to change,
 * a TAB or a space with white space or CR behind it. One comparison finds
 * these, and control characters with them, which squeeze() leaves alone. Reads
 * p[16], too.
 */
static inline canon_block
odd_block(const char *p)
{
	canon_block a, b;

	memcpy(&a, p, BLOCK);
	memcpy(&b, p + 1, BLOCK);
	return (canon_block)((a == '\t') | ((a == ' ') & (b <= ' ')));
}

static inline bool
odd_any(canon_block b)
{
	canon_words64 w = (canon_words64)b;

	return (w[0] | w[1]) != 0;
}

/* Index of the first byte of a word, in memory's order, that is not zero. */
static inline size_t
first_byte(uint64_t w)
{
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		return (size_t)__builtin_ctzll(w) / 8;
	return (size_t)__builtin_clzll(w) / 8;
}

/* Index of the first odd byte of a block that has one. */
static inline size_t
odd_first(canon_block b)
{
	canon_words64 w = (canon_words64)b;

	return w[0] != 0 ? first_byte(w[0]) : 8 + first_byte(w[1]);
}

static inline bool
odd_byte(const char *p)
{
	return p[0] == '\t' || (p[0] == ' ' && (unsigned char)p[1] <= ' ');
}

/*
 * Index of the first odd byte in s from at, or s.n. The last byte of s is no
 * white space, so that the byte behind a white space can be read.
 */
static size_t
find_odd(struct span s, size_t at)
{
	const char *p = s.p;

	for (; s.n - at > 4 * BLOCK; at += 4 * BLOCK) {
		const canon_block odd[] = {odd_block(p + at),
		    odd_block(p + at + BLOCK), odd_block(p + at + 2 * BLOCK),
		    odd_block(p + at + 3 * BLOCK)};
		size_t i = 0;

		if (!odd_any(odd[0] | odd[1] | odd[2] | odd[3]))
			continue;
		while (!odd_any(odd[i]))
			i++;
		return at + i * BLOCK + odd_first(odd[i]);
	}
	for (; s.n - at > BLOCK; at += BLOCK) {
		canon_block odd = odd_block(p + at);

		if (odd_any(odd))
			return at + odd_first(odd);
	}
	while (at < s.n && !odd_byte(p + at))
		at++;
	return at;
}

/* --- body ----------------------------------------------------------------- */

void
canon_body_init(struct canon_body *c, enum canonicalization canon)
{
	*c = (struct canon_body){.canon = canon};
}

/* Sends the line ends that stood in front of what comes now. */
static void
pay(struct canon_body *c, const struct canon_sink *sink)
{
	static const char ends[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
	                           "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
	uint64_t some = (sizeof ends - 1) / 2;

	for (; c->owed > 0; c->owed -= some) {
		if (some > c->owed)
			some = c->owed;
		sink->run(sink->arg, span_of(ends, (size_t)some * 2));
	}
}

/* Sends a run, but keeps the line ends at its end: they may be the last. */
static void
emit(struct canon_body *c, struct span run, const struct canon_sink *sink)
{
	uint64_t ends = 0;

	while (run.n >= 2 && run.p[run.n - 1] == '\n' &&
	    run.p[run.n - 2] == '\r') {
		run.n -= 2;
		ends++;
	}
	if (run.n > 0) {
		pay(c, sink);
		c->content = true;
		sink->run(sink->arg, run);
	}
	c->owed += ends;
}

/* Decides what the last chunk left open. Returns the rest of in. */
static struct span
resume(struct canon_body *c, struct span in, const struct canon_sink *sink)
{
	if (c->cr) {
		c->cr = false;
		if (in.p[0] == '\n') {
			c->wsp = false;
			c->owed++;
			return span_skip(in, 1);
		}
		emit(c, span_str(c->wsp ? " \r" : "\r"), sink);
		c->wsp = false;
		return in;
	}
	while (in.n > 0 && span_is_wsp(in.p[0]))
		in = span_skip(in, 1);
	if (in.n == 0 || (in.n == 1 && in.p[0] == '\r')) {
		c->cr = in.n == 1;
		return span_of(NULL, 0);
	}
	c->wsp = false;
	if (in.p[0] != '\r' || in.p[1] != '\n')
		emit(c, span_str(" "), sink);
	return in;
}

/* Keeps what the next chunk will decide. Returns in without it. */
static struct span
hold(struct canon_body *c, struct span in)
{
	if (in.p[in.n - 1] == '\r') {
		c->cr = true;
		in.n--;
	}
	if (c->canon == CANON_SIMPLE)
		return in;
	while (in.n > 0 && span_is_wsp(in.p[in.n - 1])) {
		c->wsp = true;
		in.n--;
	}
	return in;
}

/*
 * Sends in with its white space reduced. In does not end in white space, and a
 * CR at its end is content: hold() has taken care of both.
 */
static void
squeeze(struct canon_body *c, struct span in, const struct canon_sink *sink)
{
	size_t start = 0, at = 0;

	while ((at = find_odd(in, at)) < in.n) {
		size_t end = at + 1;

		while (span_is_wsp(in.p[end]))
			end++;
		if (in.p[end] == '\r' && end + 1 < in.n &&
		    in.p[end + 1] == '\n') { /* at the end of a line: none */
			emit(c, span_of(in.p + start, at - start), sink);
			start = end;
		} else if (in.p[at] == ' ') { /* its first byte is the one */
			if (end - at > 1) {
				emit(c, span_of(in.p + start, at + 1 - start),
				    sink);
				start = end;
			}
		} else { /* a TAB */
			emit(c, span_of(in.p + start, at - start), sink);
			emit(c, span_str(" "), sink);
			start = end;
		}
		at = end;
	}
	emit(c, span_of(in.p + start, in.n - start), sink);
}

void
canon_body_feed(
    struct canon_body *c, struct span in, const struct canon_sink *sink)
{
	if (in.n > 0 && (c->cr || c->wsp))
		in = resume(c, in, sink);
	if (in.n > 0)
		in = hold(c, in);
	if (in.n == 0)
		return;
	switch (c->canon) {
	case CANON_SIMPLE:
		emit(c, in, sink);
		break;
	case CANON_RELAXED:
		squeeze(c, in, sink);
		break;
	}
}

void
canon_body_end(struct canon_body *c, const struct canon_sink *sink)
{
	if (c->cr)
		emit(c, span_str(c->wsp ? " \r" : "\r"), sink);
	if (c->content || c->canon == CANON_SIMPLE)
		sink->run(sink->arg, span_str("\r\n"));
	canon_body_init(c, c->canon);
}

/* --- header --------------------------------------------------------------- */

/* The length of the line end at s: 1, 2 (CRLF), or 0 when it is none. */
static size_t
line_end(struct span s)
{
	if (s.p[0] == '\n')
		return 1;
	return s.p[0] == '\r' && s.n > 1 && s.p[1] == '\n' ? 2 : 0;
}

static void
simple_value(struct buf *out, struct span v)
{
	while (v.n > 0) {
		size_t lf = span_find(v, '\n');
		size_t n =
		    lf > 0 && lf < v.n && v.p[lf - 1] == '\r' ? lf - 1 : lf;

		buf_add(out, v.p, n);
		if (lf < v.n)
			buf_str(out, "\r\n");
		v = span_skip(v, lf + 1);
	}
	buf_str(out, "\r\n");
}

/* Takes white space and line ends off the front. */
static struct span
skip_fws(struct span v)
{
	size_t n;

	while (v.n > 0) {
		n = span_is_wsp(v.p[0]) ? 1 : line_end(v);
		if (n == 0)
			break;
		v = span_skip(v, n);
	}
	return v;
}

/* True if white space or a line end begins at v.p[n]. */
static bool
ends_word(struct span v, size_t n)
{
	char c = v.p[n];

	if ((unsigned char)c > ' ')
		return false;
	return span_is_wsp(c) || (c <= '\r' && line_end(span_skip(v, n)) > 0);
}

static void
relaxed_value(struct buf *out, struct span v)
{
	v = skip_fws(v);
	while (v.n > 0) {
		size_t n = 0;

		while (n < v.n && !ends_word(v, n))
			n++;
		buf_add(out, v.p, n);
		v = skip_fws(span_skip(v, n));
		if (v.n > 0)
			buf_byte(out, ' ');
	}
	buf_str(out, "\r\n");
}

static void
relaxed_name(struct buf *out, struct span name)
{
	char low[64];

	name = span_trim(name);
	while (name.n > 0) {
		size_t n = name.n < sizeof low ? name.n : sizeof low;

		for (size_t i = 0; i < n; i++)
			low[i] = (char)span_lower((unsigned char)name.p[i]);
		buf_add(out, low, n);
		name = span_skip(name, n);
	}
}

int
canon_field(struct buf *out, enum canonicalization canon, const struct field *f)
{
	switch (canon) {
	case CANON_SIMPLE:
		buf_span(out, f->name);
		buf_byte(out, ':');
		simple_value(out, f->value);
		break;
	case CANON_RELAXED:
		relaxed_name(out, f->name);
		buf_byte(out, ':');
		relaxed_value(out, f->value);
		break;
	}
	return buf_error(out);
}

const char *
canon_words(enum canonicalization header, enum canonicalization body)
{
	static const char *const words[2][2] = {
	    [CANON_SIMPLE] = {[CANON_SIMPLE] = "simple/simple",
	        [CANON_RELAXED] = "simple/relaxed"},
	    [CANON_RELAXED] = {[CANON_SIMPLE] = "relaxed/simple",
	        [CANON_RELAXED] = "relaxed/relaxed"},
	};

	return words[header][body];
}

static bool
sound_value(struct span v)
{
	size_t at = 0;

	while (at < v.n) {
		size_t n;

		if ((unsigned char)v.p[at] > '\r') {
			at++;
			continue;
		}
		n = line_end(span_skip(v, at));
		if (v.p[at] == '\0' || (n == 0 && v.p[at] == '\r'))
			return false;
		if (n > 0 && (at + n == v.n || !span_is_wsp(v.p[at + n])))
			return false;
		at += n == 0 ? 1 : n;
	}
	return true;
}

bool
canon_field_sound(const struct field *f)
{
	for (size_t i = 0; i < f->name.n; i++) {
		unsigned char c = (unsigned char)f->name.p[i];

		if (c <= ' ' || c >= 0x7f || c == ':')
			return false;
	}
	return f->name.n > 0 && sound_value(f->value);
}

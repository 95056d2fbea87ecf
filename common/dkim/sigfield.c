/*
 * b= stands last and is written twice: empty, so that the hash can be taken
 * over the field, and then sealed behind what was hashed, which must not move
 * any more. So no line is folded behind the beginning of b=, but within its own
 * value.
 */
#include <stdio.h>

#include "common/dkim/base64.h"
#include "common/dkim/bodyhash.h"
#include "common/dkim/canon.h"
#include "common/dkim/sigfield.h"

enum {
	LINE_MAX_BYTES = 78, /* RFC 5322 section 2.1.1 */
	SEAL_LINE = 72       /* characters of b= on a line */
};

struct writer {
	struct buf *out;
	size_t col; /* bytes on this line */
};

/*
 * Writes head, value and tail, which stay together: on this line behind gap, or
 * on the next one.
 */
static void
put(struct writer *w, const char *gap, const char *head, struct span value,
    const char *tail)
{
	size_t n = strlen(head) + value.n + strlen(tail);

	if (w->col + strlen(gap) + n > LINE_MAX_BYTES) {
		gap = "\n\t";
		w->col = 1;
	} else {
		w->col += strlen(gap);
	}
	buf_str(w->out, gap);
	buf_str(w->out, head);
	buf_span(w->out, value);
	buf_str(w->out, tail);
	w->col += n;
}

static void
put_time(struct writer *w, const char *head, uint64_t t)
{
	char text[24];

	if (t == 0)
		return;
	snprintf(text, sizeof text, "%llu", (unsigned long long)t);
	put(w, " ", head, span_str(text), ";");
}

/* i= in dkim-quoted-printable (section 2.11): what is not safe as =XX. */
static void
put_identity(struct writer *w, struct span id)
{
	struct buf text;

	if (id.n == 0)
		return;
	buf_init(&text, 3 * id.n);
	for (size_t i = 0; i < id.n; i++) {
		unsigned char c = (unsigned char)id.p[i];

		if (c > ' ' && c < 0x7f && c != ';' && c != '=')
			buf_byte(&text, id.p[i]);
		else
			buf_fmt(&text, "=%02X", c);
	}
	put(w, " ", "i=", buf_view(&text), ";");
	if (buf_error(&text) != 0 && w->out->error == 0)
		w->out->error = buf_error(&text);
	buf_free(&text);
}

static void
put_headers(struct writer *w, const struct named_fields *h)
{
	for (size_t i = 0; i < h->n; i++) {
		put(w, i == 0 ? " " : "", i == 0 ? "h=" : "", h->v[i].name,
		    i + 1 < h->n ? ":" : ";");
	}
}

static void
put_bodyhash(struct writer *w, const unsigned char *hash)
{
	char text[(BODYHASH_SIZE + 2) / 3 * 4];
	struct buf b = {.p = text, .cap = sizeof text, .max = sizeof text};

	base64_add(&b, hash, BODYHASH_SIZE);
	put(w, " ", "bh=", buf_view(&b), ";");
}

int
sigfield_write(const struct sigfield *s, struct buf *out)
{
	struct writer w = {out, strlen(SIGFIELD_NAME ":")};

	put(&w, " ", "v=1;", span_of(NULL, 0), "");
	put(&w, " ", "a=", span_str(key_algorithm_word(s->algorithm)), ";");
	put(&w, " ",
	    "c=", span_str(canon_words(s->header_canon, s->body_canon)), ";");
	put(&w, " ", "d=", s->domain, ";");
	put(&w, " ", "s=", s->selector, ";");
	put(&w, " ", "q=dns/txt;", span_of(NULL, 0), "");
	put_time(&w, "t=", s->time);
	put_time(&w, "x=", s->expire);
	put_identity(&w, s->identity);
	put_headers(&w, s->headers);
	put_bodyhash(&w, s->bodyhash);
	return buf_str(out, "\n\tb=");
}

int
sigfield_seal(const unsigned char *signature, size_t n, struct buf *out)
{
	enum { LINE_BYTES = SEAL_LINE / 4 * 3 };

	while (n > 0) {
		size_t k = n < LINE_BYTES ? n : LINE_BYTES;

		base64_add(out, signature, k);
		signature += k;
		n -= k;
		if (n > 0)
			buf_str(out, "\n\t");
	}
	return buf_error(out);
}

#include <stdio.h>

#include "common/dkim/base64.h"
#include "common/dkim/bodyhash.h"
#include "common/dkim/canon.h"
#include "common/dkim/sigfield.h"
#include "common/dkim/taglist.h"

enum {
	LINE_MAX_BYTES = 78, /* RFC 5322 section 2.1.1 */
	SEAL_LINE = 72,      /* characters of b= on a line */
	EXPIRE_DIGITS = 12   /* RFC 6376 section 3.5 */
};

/* --- writing -------------------------------------------------------------- */

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
put_headers(struct writer *w, const struct hdrsel *h)
{
	for (size_t i = 0; i < h->n; i++) {
		put(w, i == 0 ? " " : "", i == 0 ? "h=" : "",
		    span_str(h->v[i].name), i + 1 < h->n ? ":" : ";");
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

/* --- reading -------------------------------------------------------------- */

static const char *
read_algorithm(struct span word, enum key_algorithm *ret)
{
	static const enum key_algorithm all[] = {
	    KEY_RSA_SHA256, KEY_ED25519_SHA256};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (span_eq(word, span_str(key_algorithm_word(all[i])))) {
			*ret = all[i];
			return NULL;
		}
	}
	return "a= is neither rsa-sha256 nor ed25519-sha256";
}

static const char *
read_canon(struct span word, enum canonicalization *ret)
{
	if (span_eq(word, span_str("simple")))
		*ret = CANON_SIMPLE;
	else if (span_eq(word, span_str("relaxed")))
		*ret = CANON_RELAXED;
	else
		return "c= has a word that is neither simple nor relaxed";
	return NULL;
}

/* c=: simple/simple without it, and simple for what is left out. */
static const char *
read_canons(const struct tag *c, struct sigfield_read *r)
{
	size_t slash;
	const char *why;

	r->header_canon = r->body_canon = CANON_SIMPLE;
	if (c == NULL)
		return NULL;
	slash = span_find(c->value, '/');
	why = read_canon(span_of(c->value.p, slash), &r->header_canon);
	if (why == NULL && slash < c->value.n)
		why =
		    read_canon(span_skip(c->value, slash + 1), &r->body_canon);
	return why;
}

/* x=: 1*12DIGIT. */
static const char *
read_expire(const struct tag *x, uint64_t *ret)
{
	uint64_t t = 0;

	*ret = UINT64_MAX;
	if (x == NULL)
		return NULL;
	for (size_t i = 0; i < x->value.n; i++) {
		if (x->value.p[i] < '0' || x->value.p[i] > '9' ||
		    i == EXPIRE_DIGITS)
			return "x= is no time";
		t = 10 * t + (uint64_t)(x->value.p[i] - '0');
	}
	if (x->value.n == 0)
		return "x= is no time";
	*ret = t;
	return NULL;
}

static const char *
read_value(const struct taglist *tags, const char *name, const char *missing,
    struct span *ret)
{
	const struct tag *t = taglist_find(tags, name);

	if (t == NULL)
		return missing;
	*ret = t->value;
	return NULL;
}

static const char *
read_tags(const struct taglist *tags, struct sigfield_read *r)
{
	struct span version, algorithm;
	const char *why;

	if ((why = read_value(tags, "v", "no v=", &version)) != NULL ||
	    (why = read_value(tags, "a", "no a=", &algorithm)) != NULL ||
	    (why = read_value(tags, "d", "no d=", &r->domain)) != NULL ||
	    (why = read_value(tags, "s", "no s=", &r->selector)) != NULL ||
	    (why = read_value(tags, "h", "no h=", &r->headers)) != NULL ||
	    (why = read_value(tags, "bh", "no bh=", &r->bodyhash)) != NULL ||
	    (why = read_value(tags, "b", "no b=", &r->signature)) != NULL)
		return why;
	if (!span_eq(version, span_str("1")))
		return "v= is not 1";
	if (taglist_find(tags, "l") != NULL)
		return "l= leaves a part of the body unsigned";
	if ((why = read_algorithm(algorithm, &r->algorithm)) != NULL ||
	    (why = read_expire(taglist_find(tags, "x"), &r->expire)) != NULL)
		return why;
	return read_canons(taglist_find(tags, "c"), r);
}

enum parse
sigfield_parse(
    struct span value, struct sigfield_read *ret, const char **ret_why)
{
	struct sigfield_read r;
	struct taglist tags;
	const char *why;

	if (taglist_parse(value, &tags, ret_why) != PARSE_OK)
		return PARSE_BAD;
	why = read_tags(&tags, &r);
	if (why != NULL) {
		*ret_why = why;
		return PARSE_BAD;
	}
	*ret = r;
	return PARSE_OK;
}

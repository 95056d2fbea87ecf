/*
 * Trap: each try is one pass over the body, and there are a few of them: never
 * one for each line, as that would be quadratic (bodyprefix.c is the one that
 * looks at lines).
 */
#include "admin/look/bodycause.h"

#include <errno.h>
#include <stdlib.h>

#include "common/dkim/base64.h"
#include "common/dkim/bodyhash.h"
#include "common/dkim/bodyprefix.h"
#include "common/mail/words.h"

struct cause {
	struct span body;
	const struct signature *s;
	struct bodyhash *hash;
	struct buf other; /* the body as it may have been */
};

static bool
fits(struct cause *c, enum canonicalization canon, struct span body)
{
	unsigned char md[BODYHASH_SIZE];
	const struct signature *s = c->s;

	bodyhash_begin_part(
	    c->hash, canon, s->has_length ? s->length : UINT64_MAX);
	bodyhash_feed(c->hash, body);
	return bodyhash_end(c->hash, md) == 0 &&
	    memcmp(md, s->bodyhash, BODYHASH_SIZE) == 0;
}

/* --- line ends ------------------------------------------------------------ */

/* With these line ends. */
static bool
fits_with(struct cause *c, const char *end)
{
	struct span rest = c->body;

	buf_clear(&c->other);
	while (rest.n > 0) {
		size_t n = span_find(rest, '\n');
		size_t line =
		    n > 0 && n < rest.n && rest.p[n - 1] == '\r' ? n - 1 : n;

		buf_add(&c->other, rest.p, line);
		if (n < rest.n)
			buf_str(&c->other, end);
		rest = span_skip(rest, n + 1);
	}
	return buf_error(&c->other) == 0 &&
	    fits(c, c->s->body_canon, buf_view(&c->other));
}

/* --- encodings ------------------------------------------------------------ */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One line without its end. False where the line goes on with the next. */
static bool
decode_line(struct span s, struct buf *out)
{
	while (s.n > 0 && span_is_fws(s.p[s.n - 1]))
		s.n--;
	while (s.n > 0) {
		bool pair = s.p[0] == '=' && s.n > 2 && hex(s.p[1]) >= 0 &&
		    hex(s.p[2]) >= 0;

		if (s.p[0] == '=' && s.n == 1)
			return false;
		buf_byte(out,
		    pair ? (char)(16 * hex(s.p[1]) + hex(s.p[2])) : s.p[0]);
		s = span_skip(s, pair ? 3 : 1);
	}
	return true;
}

/* RFC 2045 section 6.7. */
static void
decode_quoted(struct span rest, struct buf *out)
{
	while (rest.n > 0) {
		size_t n = span_find(rest, '\n');

		if (decode_line(span_of(rest.p, n), out) && n < rest.n)
			buf_str(out, "\r\n");
		rest = span_skip(rest, n + 1);
	}
}

static void
decode_base64(struct span text, struct buf *out)
{
	size_t max = text.n / 4 * 3 + 3, n;
	unsigned char *bytes = malloc(max);

	if (bytes != NULL && base64_read(text, bytes, max, &n) == 0)
		buf_add(out, bytes, n);
	free(bytes);
}

/* The word of Content-Transfer-Encoding. */
static struct span
encoding_of(const struct field_list *fields)
{
	for (size_t i = 0; i < fields->n; i++) {
		struct span value = fields->v[i].value;

		if (field_is(&fields->v[i], "Content-Transfer-Encoding") &&
		    words_skip_cfws(&value))
			return words_token(&value);
	}
	return span_of(NULL, 0);
}

/* Decodes as the header says. The name of the encoding, or NULL. */
static const char *
fits_decoded(struct cause *c, const struct field_list *fields)
{
	struct span word = encoding_of(fields);
	const char *name = NULL;

	buf_clear(&c->other);
	if (span_ieqs(word, "quoted-printable")) {
		name = "quoted-printable";
		decode_quoted(c->body, &c->other);
	} else if (span_ieqs(word, "base64")) {
		name = "base64";
		decode_base64(c->body, &c->other);
	}
	if (name == NULL || buf_error(&c->other) != 0 ||
	    !fits(c, c->s->body_canon, buf_view(&c->other)))
		return NULL;
	return name;
}

/* --- all of it ------------------------------------------------------------ */

static int
find(struct cause *c, const struct field_list *fields, struct buf *ret)
{
	enum canonicalization canon = c->s->body_canon,
	                      other = canon == CANON_SIMPLE ? CANON_RELAXED
	                                                    : CANON_SIMPLE;
	const char *encoding;
	size_t lines;
	int rc;

	if (fits(c, canon, c->body))
		return -EALREADY;
	rc = bodyprefix_find(c->body, canon, c->s->bodyhash, &lines);
	if (rc == 0)
		return buf_fmt(ret, "lines were added behind line %zu", lines);
	if (rc != -ENOENT)
		return rc;
	if (fits(c, canon, span_of(NULL, 0)))
		return buf_str(ret, "it was empty when it was signed");
	if (fits(c, other, c->body))
		return buf_fmt(ret, "c= should say %s for the body",
		    other == CANON_SIMPLE ? "simple" : "relaxed");
	if (fits_with(c, "\n"))
		return buf_str(ret, "it was signed with LF as line ends");
	if (fits_with(c, "\r\r\n"))
		return buf_str(ret, "it was signed with CR CR LF as line ends");
	encoding = fits_decoded(c, fields);
	if (encoding != NULL)
		return buf_fmt(
		    ret, "it was signed before it was encoded as %s", encoding);
	return buf_str(ret, "unknown");
}

int
bodycause_find(struct span body, const struct field_list *fields,
    const struct signature *s, struct buf *ret)
{
	struct cause c = {.body = body, .s = s};
	int rc = bodyhash_new(&c.hash);

	if (rc != 0)
		return rc;
	buf_init(&c.other, 2 * body.n + 1);
	rc = find(&c, fields, ret);
	buf_free(&c.other);
	bodyhash_free(c.hash);
	return rc;
}

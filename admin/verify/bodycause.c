/*
 * Trap: each try is one pass over the body, and there are a few of them: never
 * one for each line, as that would be quadratic (bodyprefix.c is the one that
 * looks at lines).
 */
#include "admin/verify/bodycause.h"

#include <errno.h>

#include "admin/verify/encoded.h"
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

/* True if the body, or each of its parts that are so encoded, was signed
 * without. */
static bool
fits_decoded(
    struct cause *c, const struct field_list *fields, enum encoding encoding)
{
	int rc = 0;

	buf_clear(&c->other);
	if (span_ieqs(encoding_of(fields), encoded_word(encoding)))
		encoded_undo(c->body, encoding, &c->other);
	else
		rc = encoded_undo_parts(c->body, encoding, &c->other);
	return rc == 0 && buf_error(&c->other) == 0 &&
	    fits(c, c->s->body_canon, buf_view(&c->other));
}

/* --- all of it ------------------------------------------------------------ */

static int
find(struct cause *c, const struct field_list *fields, struct buf *ret)
{
	enum canonicalization canon = c->s->body_canon,
	                      other = canon == CANON_SIMPLE ? CANON_RELAXED
	                                                    : CANON_SIMPLE;
	size_t lines;
	int rc;

	if (fits(c, canon, c->body))
		return -EALREADY;
	rc = bodyprefix_find(c->body, canon, c->s->bodyhash, &lines);
	if (rc == 0)
		return buf_fmt(ret, "lines were added after line %zu", lines);
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
	for (enum encoding e = 0; e < ENCODINGS; e++) {
		if (fits_decoded(c, fields, e))
			return buf_fmt(ret,
			    "it was signed before it was encoded as %s",
			    encoded_word(e));
	}
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

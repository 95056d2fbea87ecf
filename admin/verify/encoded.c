/*
 * The trick: no boundary is read from a header. A line that begins with "--"
 * and has "Content-..." behind it is one, and so is each later line that begins
 * with the same.
 *
 * The trap: that is a guess, and so is "8bit": only who finds the hash that was
 * signed knows that both were right.
 */
#include "admin/verify/encoded.h"

#include <errno.h>
#include <stdlib.h>

#include "common/dkim/base64.h"
#include "common/mail/words.h"

enum { DEPTH = 16 }; /* boundaries; mail has three */

const char *
encoded_word(enum encoding e)
{
	return e == ENCODED_QUOTED ? "quoted-printable" : "base64";
}

/* --- text ----------------------------------------------------------------- */

/* One line without its end. False where the line goes on with the next. */
static bool
decode_line(struct span s, struct buf *out)
{
	while (s.n > 0 && span_is_fws(s.p[s.n - 1]))
		s.n--;
	while (s.n > 0) {
		bool pair = s.p[0] == '=' && s.n > 2 && span_hex(s.p[1]) >= 0 &&
		    span_hex(s.p[2]) >= 0;

		if (s.p[0] == '=' && s.n == 1)
			return false;
		buf_byte(out,
		    pair ? (char)(16 * span_hex(s.p[1]) + span_hex(s.p[2]))
		         : s.p[0]);
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

void
encoded_undo(struct span text, enum encoding e, struct buf *ret)
{
	if (e == ENCODED_QUOTED)
		decode_quoted(text, ret);
	else
		decode_base64(text, ret);
}

/* --- parts ---------------------------------------------------------------- */

struct walk {
	enum encoding encoding;
	struct span boundary[DEPTH];
	size_t n;
	bool in_header;   /* of a part */
	bool encoded;     /* the part */
	size_t found;     /* parts that are */
	struct span text; /* of the encoded part so far */
	struct buf *out;
};

static struct span
without_end(struct span line)
{
	while (line.n > 0 && strchr("\r\n", line.p[line.n - 1]) != NULL)
		line.n--;
	return line;
}

static bool
is_boundary(struct walk *w, struct span line, struct span rest)
{
	line = without_end(line);
	if (!span_ibegins(line, "--"))
		return false;
	for (size_t i = 0; i < w->n; i++) {
		const struct span *b = &w->boundary[i];

		if (line.n >= b->n && memcmp(line.p, b->p, b->n) == 0)
			return true;
	}
	if (w->n == DEPTH || !span_ibegins(rest, "Content-"))
		return false;
	w->boundary[w->n++] = line;
	return true;
}

/* The part is over. A line end behind base64 is the boundary's. */
static void
end_part(struct walk *w)
{
	if (w->encoded) {
		encoded_undo(w->text, w->encoding, w->out);
		if (w->encoding == ENCODED_BASE64)
			buf_str(w->out, "\r\n");
	}
	w->encoded = w->in_header = false;
}

static bool
says_encoded(const struct walk *w, struct span line)
{
	static const char name[] = "Content-Transfer-Encoding:";
	struct span value;

	if (!span_ibegins(line, name))
		return false;
	value = span_skip(line, sizeof name - 1);
	return words_skip_cfws(&value) &&
	    span_ieqs(words_token(&value), encoded_word(w->encoding));
}

static void
header_line(struct walk *w, struct span line)
{
	if (says_encoded(w, line)) {
		buf_str(w->out, "Content-Transfer-Encoding: 8bit\r\n");
		w->encoded = true;
		w->found++;
		return;
	}
	buf_span(w->out, line);
	if (without_end(line).n == 0) {
		w->in_header = false;
		w->text = span_of(line.p + line.n, 0);
	}
}

int
encoded_undo_parts(struct span body, enum encoding e, struct buf *ret)
{
	struct walk w = {.encoding = e, .out = ret};

	while (body.n > 0) {
		size_t n = span_find(body, '\n');
		struct span line = span_of(body.p, n < body.n ? n + 1 : n);

		body = span_skip(body, line.n);
		if (is_boundary(&w, line, body)) {
			end_part(&w);
			buf_span(ret, line);
			w.in_header = true;
		} else if (w.in_header) {
			header_line(&w, line);
		} else if (w.encoded) {
			w.text.n += line.n;
		} else {
			buf_span(ret, line);
		}
	}
	end_part(&w);
	return w.found > 0 ? 0 : -ENOENT;
}

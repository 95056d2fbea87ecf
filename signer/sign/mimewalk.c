/*
 * The trick: the answer is yes at the first declaration, so no encoding is ever
 * tracked; what is left of Postfix's machine are lines, header or not, and a
 * stack of boundaries. The trap: a part of a type that is none of text, message
 * and multipart keeps the type that its multipart has as default (in a digest:
 * a message).
 */
#include <errno.h>

#include "signer/sign/mimewalk.h"

enum {
	BOUNDARY_KEPT = 2048, /* Postfix's mime_boundary_length_limit */
	DASHES = 2            /* in front of a boundary, and behind the last */
};

/* --- a field's value, in words -------------------------------------------- */

enum token_kind { TOKEN_WORD, TOKEN_QUOTED, TOKEN_SPECIAL };

struct token {
	enum token_kind kind;
	struct span text; /* of a quoted string what is between the quotes */
};

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static bool
is_special(const char *specials, char c)
{
	return is_control(c) || strchr(specials, c) != NULL;
}

/* Bytes of the quoted string or comment that begins in; without its end it
 * takes all. */
static size_t
quoted_length(struct span in)
{
	bool comment = in.p[0] == '(';
	size_t depth = 1, i;

	for (i = 1; i < in.n && depth > 0; i++) {
		if (in.p[i] == '\\')
			i++;
		else if (in.p[i] == (comment ? ')' : '"'))
			depth--;
		else if (comment && in.p[i] == '(')
			depth++;
	}
	return i < in.n ? i : in.n;
}

/* The word at the begin of in. */
static struct span
word_at(struct span in, const char *specials)
{
	size_t n = 1;

	while (
	    n < in.n && !span_is_fws(in.p[n]) && !is_special(specials, in.p[n]))
		n++;
	return span_of(in.p, n);
}

/* The next token, white space and comments skipped. False at the end. */
static bool
next_token(struct span *in, const char *specials, struct token *ret)
{
	size_t n = 1;

	while (in->n > 0 && (span_is_fws(in->p[0]) || in->p[0] == '('))
		*in = span_skip(*in, in->p[0] == '(' ? quoted_length(*in) : 1);
	if (in->n == 0)
		return false;
	if (in->p[0] == '"') {
		bool ended;

		n = quoted_length(*in);
		ended = n > 1 && in->p[n - 1] == '"';
		*ret = (struct token){
		    TOKEN_QUOTED, span_of(in->p + 1, n - 1 - (ended ? 1 : 0))};
	} else if (is_special(specials, in->p[0])) {
		*ret = (struct token){TOKEN_SPECIAL, span_of(in->p, 1)};
	} else {
		*ret = (struct token){TOKEN_WORD, word_at(*in, specials)};
		n = ret->text.n;
	}
	*in = span_skip(*in, n);
	return true;
}

/* The tokens up to the next ';', at least the first three of them. False when
 * nothing is left. */
static bool
next_item(struct span *in, struct token ret[3], size_t *ret_n)
{
	struct token t;

	*ret_n = 0;
	while (next_token(in, "()<>@,;:\\\"/[]?=", &t)) {
		if (t.kind == TOKEN_SPECIAL && t.text.p[0] == ';')
			return true;
		if (*ret_n < 3)
			ret[(*ret_n)++] = t;
	}
	return *ret_n > 0;
}

static bool
is_word(const struct token *t, const char *word)
{
	return t->kind == TOKEN_WORD && span_ieqs(t->text, word);
}

/* True if the item is `first`, the separator, and anything. */
static bool
is_pair(const struct token t[3], size_t n, const char *first, char separator)
{
	return n == 3 && is_word(&t[0], first) && t[1].kind == TOKEN_SPECIAL &&
	    t[1].text.p[0] == separator;
}

/* --- the stack of boundaries ---------------------------------------------- */

static size_t
bound_start(const struct mimewalk *w, size_t i)
{
	return i == 0 ? 0 : w->bound[i - 1].end;
}

static void
cut_bounds(struct mimewalk *w, size_t depth)
{
	w->depth = depth;
	w->bounds.n = bound_start(w, depth);
}

/* Adds what is meant by the token, without folds and backslashes. */
static void
put_value(struct buf *out, const struct token *t)
{
	size_t start = out->n;

	for (size_t i = 0; i < t->text.n; i++) {
		char c = t->text.p[i];

		if (t->kind == TOKEN_QUOTED && c == '\n') {
			while (
			    out->n > start && span_is_fws(out->p[out->n - 1]))
				out->n--;
			continue;
		}
		if (t->kind == TOKEN_QUOTED && c == '\\') {
			if (++i == t->text.n)
				break;
			c = t->text.p[i];
		}
		if (out->n - start < BOUNDARY_KEPT)
			buf_byte(out, c);
	}
}

static void
push(struct mimewalk *w, const struct token *value, bool digest)
{
	if (w->depth == MIMEWALK_DEPTH_MAX) {
		w->changed = true;
		return;
	}
	put_value(&w->bounds, value);
	w->changed = w->changed || buf_error(&w->bounds) != 0;
	w->bound[w->depth].end = (uint32_t)w->bounds.n;
	w->bound[w->depth].digest = digest;
	w->depth++;
}

/* --- fields --------------------------------------------------------------- */

static void
content_type(struct mimewalk *w, struct span value)
{
	struct token t[3];
	size_t n = 0;
	bool digest;

	if (!next_item(&value, t, &n) || n == 0 || is_word(&t[0], "text")) {
		w->type = MIMEWALK_LEAF;
	} else if (is_word(&t[0], "message")) {
		w->type = is_pair(t, n, "message", '/') &&
		        (is_word(&t[2], "rfc822") || is_word(&t[2], "global"))
		    ? MIMEWALK_MESSAGE
		    : MIMEWALK_LEAF;
	} else if (is_word(&t[0], "multipart")) {
		w->type = MIMEWALK_MULTIPART;
		digest =
		    is_pair(t, n, "multipart", '/') && is_word(&t[2], "digest");
		while (next_item(&value, t, &n)) {
			if (is_pair(t, n, "boundary", '='))
				push(w, &t[2], digest);
		}
	}
}

static bool
is_content_type(struct span name)
{
	return span_ieqs(name, "Content-Type");
}

static bool
is_encoding(struct span name)
{
	return span_ieqs(name, "Content-Transfer-Encoding");
}

static void
read_field(struct mimewalk *w, struct span name, struct span value)
{
	struct token t;

	if (is_content_type(name))
		content_type(w, value);
	else if (is_encoding(name) &&
	    next_token(&value, "()<>@,;:\\\".[]", &t) &&
	    (is_word(&t, "8bit") || is_word(&t, "binary")))
		w->changed = true;
}

/* The field that was read is complete. */
static void
field_end(struct mimewalk *w)
{
	struct span f = buf_view(&w->field);
	size_t n = span_find(f, ':');

	if (buf_error(&w->field) != 0)
		w->changed = true;
	else if (f.n > 0)
		read_field(w, span_of(f.p, n), span_skip(f, n + 1));
	buf_clear(&w->field);
}

/* --- lines ---------------------------------------------------------------- */

/* Bytes of the name if this is the begin of a field, or 0. */
static size_t
name_length(struct span line)
{
	size_t n = 0, colon;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f &&
	    line.p[n] != ':')
		n++;
	colon = n;
	while (colon < line.n && span_is_wsp(line.p[colon]))
		colon++;
	return colon < line.n && line.p[colon] == ':' ? n : 0;
}

/* A line of a field: of others than those two only the name is kept. */
static void
field_line(struct mimewalk *w, struct span line, size_t name)
{
	struct span f = name > 0 ? span_of(line.p, name) : buf_view(&w->field);

	f.n = span_find(f, ':');
	if (!is_content_type(f) && !is_encoding(f)) {
		if (name > 0)
			buf_span(&w->field, f);
		return;
	}
	if (name == 0)
		buf_byte(&w->field, '\n');
	buf_span(&w->field, line);
	w->changed = w->changed || w->cut;
}

/* A line of text, or a boundary: the innermost that fits. */
static void
body_line(struct mimewalk *w, struct span line)
{
	if (line.n <= DASHES || memcmp(line.p, "--", DASHES) != 0)
		return;
	line = span_skip(line, DASHES);
	for (size_t i = w->depth; i-- > 0;) {
		size_t start = bound_start(w, i), n = w->bound[i].end - start;

		if (n > line.n ||
		    (n > 0 && memcmp(line.p, w->bounds.p + start, n) != 0))
			continue;
		line = span_skip(line, n);
		if (line.n >= DASHES && memcmp(line.p, "--", DASHES) == 0) {
			cut_bounds(w, i);
			return;
		}
		cut_bounds(w, i + 1);
		w->in_header = true;
		w->type = w->bound[i].digest ? MIMEWALK_MESSAGE : MIMEWALK_LEAF;
		return;
	}
}

/* A line that is no field ends the header of a part, as Postfix sees it, and
 * begins its body. */
static void
header_line(struct mimewalk *w, struct span line)
{
	size_t name;

	if (w->field.n > 0 && line.n > 0 && span_is_wsp(line.p[0])) {
		field_line(w, line, 0);
		return;
	}
	field_end(w);
	name = name_length(line);
	if (name > 0 && line.p[name] == ':') {
		field_line(w, line, name);
	} else if (name > 0) {
		w->changed = true; /* "Name :" becomes "Name:" */
	} else {
		/* A line that is none of a header ends it, too */
		w->in_header = line.n == 0 && w->type == MIMEWALK_MESSAGE;
		w->type = MIMEWALK_LEAF;
		body_line(w, line);
	}
}

static void
line_end(struct mimewalk *w)
{
	struct span line = buf_view(&w->line);

	if (line.n > 0 && !w->cut && line.p[line.n - 1] == '\r')
		line.n--;
	if (w->in_header)
		header_line(w, line);
	else
		body_line(w, line);
	w->changed = w->changed || buf_error(&w->line) == -ENOMEM;
	w->skip = w->cut = false;
	buf_clear(&w->line);
}

/* Keeps of the line what may matter: of text only what may be a boundary. */
static void
keep(struct mimewalk *w, struct span piece)
{
	size_t room = MIMEWALK_LINE_MAX - w->line.n;

	if (!w->in_header && w->line.n == 0 && piece.n > 0)
		w->skip = piece.p[0] != '-';
	if (w->skip || piece.n == 0)
		return;
	w->cut = w->cut || piece.n > room;
	buf_add(&w->line, piece.p, piece.n < room ? piece.n : room);
}

/* --- the walk ------------------------------------------------------------- */

void
mimewalk_init(struct mimewalk *w)
{
	mimewalk_free(w);
}

void
mimewalk_free(struct mimewalk *w)
{
	buf_free(&w->bounds);
	buf_free(&w->line);
	buf_free(&w->field);
	*w = (struct mimewalk){.changed = false};
	buf_init(&w->bounds, MIMEWALK_BOUNDS_MAX);
	buf_init(&w->line, MIMEWALK_LINE_MAX);
	buf_init(&w->field, MIMEWALK_LINE_MAX);
}

void
mimewalk_field(struct mimewalk *w, const struct field *f)
{
	read_field(w, f->name, f->value);
}

/* The empty line behind the message's own header. */
static void
begin_body(struct mimewalk *w)
{
	w->begun = true;
	w->in_header = w->type == MIMEWALK_MESSAGE;
	w->type = MIMEWALK_LEAF;
}

/* True when no header can follow. */
static bool
is_over(const struct mimewalk *w)
{
	return w->changed || (!w->in_header && w->depth == 0);
}

void
mimewalk_body(struct mimewalk *w, struct span in)
{
	if (!w->begun)
		begin_body(w);
	while (in.n > 0 && !is_over(w)) {
		size_t n = span_find(in, '\n');

		if (!w->skip)
			keep(w, span_of(in.p, n));
		if (n < in.n)
			line_end(w);
		in = span_skip(in, n + 1);
	}
}

void
mimewalk_end(struct mimewalk *w)
{
	if (is_over(w))
		return;
	if (w->line.n > 0)
		line_end(w);
	field_end(w);
}

size_t
mimewalk_held(const struct mimewalk *w)
{
	return w->bounds.cap + w->line.cap + w->field.cap;
}

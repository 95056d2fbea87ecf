/*
 * Trick: what is left of a line under nofws goes on as a body of DKIM's simple
 * form, which knows about empty lines at the end, so that a line of blanks is
 * one by then. Trap: that form ends in a CRLF even where there is nothing in
 * front of it; here there is none, nor the line between header and body.
 */
#include "verifier/verify/dkcanon.h"

enum { PIECE = 4096 };

/* Appends s without its white space and folds. */
static void
add_bare(struct buf *out, struct span s)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && !span_is_fws(s.p[n]))
			n++;
		buf_add(out, s.p, n);
		s = span_skip(s, n + 1);
	}
}

int
dkcanon_field(struct buf *out, bool nofws, const struct field *f)
{
	if (!nofws)
		return canon_field(out, CANON_SIMPLE, f);
	add_bare(out, f->name);
	buf_byte(out, ':');
	add_bare(out, f->value);
	buf_str(out, "\r\n");
	return buf_error(out);
}

void
dkcanon_init(struct dkcanon *c, bool nofws)
{
	*c = (struct dkcanon){.nofws = nofws};
	canon_body_init(&c->lines, CANON_SIMPLE);
}

struct to {
	struct dkcanon *canon;
	const struct canon_sink *sink;
};

static void
run(void *arg, struct span out)
{
	const struct to *to = arg;

	if (!to->canon->content)
		to->sink->run(to->sink->arg, span_str("\r\n"));
	to->canon->content = true;
	to->sink->run(to->sink->arg, out);
}

/* Feeds what nofws leaves of in: line ends, and what is no white space. */
static void
squeeze(struct dkcanon *c, struct span in, const struct canon_sink *sink)
{
	char piece[PIECE];
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char b = in.p[i];

		if (n + 2 > PIECE) {
			canon_body_feed(&c->lines, span_of(piece, n), sink);
			n = 0;
		}
		if (b == '\n' && c->cr) {
			piece[n++] = '\r';
			piece[n++] = '\n';
		} else if (!span_is_fws(b)) {
			piece[n++] = b;
		}
		c->cr = b == '\r';
	}
	if (n > 0)
		canon_body_feed(&c->lines, span_of(piece, n), sink);
}

void
dkcanon_feed(struct dkcanon *c, struct span in, const struct canon_sink *sink)
{
	struct to to = {c, sink};
	const struct canon_sink lines = {run, &to};

	if (c->nofws)
		squeeze(c, in, &lines);
	else
		canon_body_feed(&c->lines, in, &lines);
}

void
dkcanon_end(struct dkcanon *c, const struct canon_sink *sink)
{
	struct to to = {c, sink};
	const struct canon_sink lines = {run, &to};

	/* a CR that no LF followed is content of the last line */
	if (c->content || c->lines.cr)
		canon_body_end(&c->lines, &lines);
	dkcanon_init(c, c->nofws);
}

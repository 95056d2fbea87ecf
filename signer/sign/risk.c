#include "signer/sign/risk.h"

void
risk_init(struct risk *r)
{
	risk_free(r);
}

void
risk_free(struct risk *r)
{
	mimewalk_free(&r->mime);
	*r = (struct risk){.mime = r->mime};
}

static bool
has_long_line(const struct field *f)
{
	struct span rest = f->value;
	size_t before = f->name.n + 1; /* the colon */

	while (rest.n > 0 || before > 0) {
		size_t n = span_find(rest, '\n');
		size_t cr = n > 0 && rest.p[n - 1] == '\r';

		if (before + n - cr > RISK_LINE_MAX)
			return true;
		before = 0;
		rest = span_skip(rest, n + 1);
	}
	return false;
}

void
risk_header(struct risk *r, const struct field_list *fields,
    const struct hdrsel_rules *rules)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = &fields->v[i];

		mimewalk_field(&r->mime, f);
		if (!r->long_line && has_long_line(f))
			r->long_line = hdrsel_signs(rules, f->name);
	}
}

/* True if the line so far and n bytes more, with an LF behind them, are one
 * line that is too long. */
static bool
is_long(const struct risk *r, struct span in, size_t n)
{
	bool cr = n > 0 ? in.p[n - 1] == '\r' : r->cr;

	return span_find(span_of(in.p, n), '\n') == n &&
	    r->line + n - cr > RISK_LINE_MAX;
}

/*
 * Not every line is looked at: from the begin of one to the last LF that could
 * still end a line of legal length, in one step from the far end.
 */
static void
find_long(struct risk *r, struct span in)
{
	while (in.n > 0) {
		size_t room = RISK_LINE_MAX + 2; /* CR and LF */
		const char *lf;
		size_t n;

		room = room > r->line ? room - r->line : 0;
		n = in.n < room ? in.n : room;
		lf = n == 0 ? NULL : memrchr(in.p, '\n', n);
		n = lf == NULL ? in.n : (size_t)(lf - in.p);
		if (lf == NULL && in.n < room)
			break;
		if (lf == NULL || (n == room - 1 && is_long(r, in, n))) {
			r->long_line = true;
			return;
		}
		in = span_skip(in, n + 1);
		r->line = 0;
		r->cr = false;
	}
	r->line += in.n;
	if (in.n > 0)
		r->cr = in.p[in.n - 1] == '\r';
}

void
risk_body(struct risk *r, struct span in)
{
	mimewalk_body(&r->mime, in);
	if (!r->long_line)
		find_long(r, in);
}

void
risk_end(struct risk *r)
{
	if (r->line - r->cr > RISK_LINE_MAX)
		r->long_line = true;
	mimewalk_end(&r->mime);
	r->eight_bit = r->mime.changed;
}

const char *
risk_word(const struct risk *r)
{
	if (r->eight_bit)
		return r->long_line ? "8bit,long-line" : "8bit";
	return r->long_line ? "long-line" : NULL;
}

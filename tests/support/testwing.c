#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/testwing.h"

/* Of a connection; the engine gives it, zeroed. */
struct note {
	struct testwing *wing;
	unsigned waited; /* in this message */
	bool edited;
};

static void __attribute__((format(printf, 2, 3)))
see(struct testwing *w, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (w->seen.n > 0)
		buf_byte(&w->seen, ' ');
	buf_str(&w->seen, text);
}

static void
on_open(void *wing, void *letter, struct session *s)
{
	struct testwing *w = wing;
	struct note *n = letter;

	if (n->wing != NULL || n->waited != 0)
		abort(); /* it must be all zero */
	n->wing = w;
	w->session = s;
	see(w, "open");
}

static void
on_close(void *wing, void *letter)
{
	struct testwing *w = wing;
	struct note *n = letter;

	if (n->wing != w)
		abort();
	w->session = NULL;
	see(w, "close");
}

static void
on_macro(void *wing, void *letter, unsigned char stage, struct span name,
    struct span value)
{
	see(wing, "%c:%.*s=%.*s", stage, (int)name.n, name.p, (int)value.n,
	    value.p);
}

static void
on_recipient(void *wing, void *letter, struct message *m,
    const struct origin *from, struct span address)
{
	see(wing, "rcpt:%.*s:%.*s:%s", (int)m->sender.n, m->sender.p,
	    (int)address.n, address.p, from->helo);
}

static void
on_field(void *wing, void *letter, struct span name, struct span value)
{
	see(wing, "field:%.*s", (int)name.n, name.p);
}

static void
note_edits(struct testwing *w, struct note *n, struct edits *e)
{
	if (n->edited || w->edit == NULL)
		return;
	n->edited = true;
	for (const struct testwing_edit *t = w->edit; t->name != NULL; t++) {
		struct span name = span_str(t->name);
		struct span value = span_str(t->value);

		switch (t->kind) {
		case 'i':
			edits_insert(e, t->index, name, value);
			break;
		case 'h':
			edits_add(e, name, value);
			break;
		case 'm':
			edits_change(e, name, t->index, value);
			break;
		case 'd':
			edits_delete(e, name, t->index);
			break;
		default:
			abort();
		}
	}
}

static enum milter_word
say(const struct testwing *w, enum milter_word word, struct edits *e)
{
	switch (word) {
	case MILTER_REPLY:
		return edits_reply(e, w->code, w->status, span_str(w->text));
	case MILTER_QUARANTINE:
		return edits_quarantine(e, span_str(w->text));
	case MILTER_WAIT:
		return edits_wait(e, w->wait_ms);
	default:
		return word;
	}
}

static enum milter_word
on_headers(void *wing, void *letter, struct message *m,
    const struct origin *from, uint32_t may, struct edits *e)
{
	struct testwing *w = wing;

	see(w, "headers:%zu", m->nfields);
	w->may = may;
	if (w->edit_at_headers)
		note_edits(w, letter, e);
	return say(w, w->at_headers, e);
}

static void
on_body(void *wing, void *letter, struct span in)
{
	see(wing, "body:%zu", in.n);
}

static enum milter_word
on_end(void *wing, void *letter, struct message *m, const struct origin *from,
    bool late, struct edits *e)
{
	struct testwing *w = wing;
	struct note *n = letter;

	see(w, late ? "late" : "end");
	w->late = late;
	if (n->waited < w->waits && (!late || w->at_once)) {
		n->waited++;
		if (w->at_once)
			session_resume(w->session);
		return edits_wait(e, w->wait_ms);
	}
	note_edits(w, n, e);
	return say(w, w->at_end, e);
}

static void
on_through(void *wing, void *letter, const struct message *m,
    const struct origin *from, enum milter_word said, const char *why)
{
	struct testwing *w = wing;

	see(w, "through");
	w->said = said;
	w->why = why;
}

static void
on_reset(void *wing, void *letter)
{
	struct note *n = letter;

	see(wing, "reset");
	n->waited = 0;
	n->edited = false;
}

static size_t
on_held(const void *letter)
{
	const struct note *n = letter;

	return n->wing->held;
}

static void
on_error(void *wing)
{
	struct testwing *w = wing;

	w->errors++;
}

void
testwing_init(struct testwing *w)
{
	*w = (struct testwing){
	    .ops = {.actions = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE,
	        .steps = SMFIP_SKIP,
	        .letter_size = sizeof(struct note),
	        .open = on_open,
	        .close = on_close,
	        .macro = on_macro,
	        .recipient = on_recipient,
	        .field = on_field,
	        .headers = on_headers,
	        .body = on_body,
	        .end = on_end,
	        .through = on_through,
	        .reset = on_reset,
	        .held = on_held,
	        .error = on_error},
	    .code = 550,
	    .status = "5.7.1",
	    .text = "text",
	    .wait_ms = 10000};
	buf_init(&w->seen, 1 << 20);
}

void
testwing_free(struct testwing *w)
{
	buf_free(&w->seen);
}

const char *
testwing_seen(struct testwing *w)
{
	static char text[4096];
	const char *seen = buf_text(&w->seen);

	snprintf(text, sizeof text, "%s", seen == NULL ? "" : seen);
	buf_clear(&w->seen);
	return text;
}

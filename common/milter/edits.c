/*
 * The trick: edits are a list in the message's arena, so they go with the
 * message and nothing is freed; and each is put where it belongs as it is
 * noted.
 *
 * The trap is the order. Postfix's cleanup does one edit after the other, and a
 * field that was deleted does not count for the next index: of forged fields 1,
 * 2 and 3 deleted upwards the second stays (CVE-2022-48521 of OpenDKIM). An
 * inserted field counts at once, too. So: changes and deletions from the
 * highest index down, then what comes in, as it was noted. And no field is
 * deleted twice, because the second time that would be the one below.
 */
#include "common/milter/edits.h"

#include <errno.h>
#include <stdio.h>

#include "common/milter/command.h"

void
edits_init(struct edits *e, struct arena *arena)
{
	*e = (struct edits){.arena = arena};
}

void
edits_clear(struct edits *e)
{
	edits_init(e, e->arena);
}

/* RFC 5322 section 3.6.8: printable, and no colon. */
static bool
is_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c <= ' ' || c > '~' || c == ':')
			return false;
	}
	return name.n > 0;
}

static bool
is_value(struct span value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\0' || value.p[i] == '\r')
			return false;
		if (value.p[i] == '\n' &&
		    (i + 1 == value.n || !span_is_wsp(value.p[i + 1])))
			return false;
	}
	return true;
}

int
edits_fail(struct edits *e, int rc)
{
	if (e->error == 0)
		e->error = rc;
	return rc;
}

/* A copy of edit, alone, in the arena; or NULL. */
static struct edit *
copy(struct edits *e, const struct edit *edit)
{
	struct edit *c = arena_alloc(e->arena, sizeof *c);
	char *name = arena_dup(e->arena, edit->name);
	char *value = arena_dup(e->arena, edit->value);

	if (c == NULL || name == NULL || value == NULL)
		return NULL;
	*c = *edit;
	c->name.p = name;
	c->value.p = value;
	return c;
}

static bool
is_change(const struct edit *c)
{
	return c->kind == EDIT_CHANGE || c->kind == EDIT_DELETE;
}

/* Changes stand in front, the highest index first; a second one of the same
 * field takes the place of the first. The rest is as it came. */
static void
put_in_place(struct edits *e, struct edit *c)
{
	struct edit **at = &e->first;

	if (!is_change(c) && e->last != NULL)
		at = &e->last->next;
	while (is_change(c) && *at != NULL && is_change(*at) &&
	    (*at)->index >= c->index) {
		if ((*at)->index == c->index &&
		    span_ieq((*at)->name, c->name)) {
			c->next = (*at)->next;
			*at = c;
			if (c->next == NULL)
				e->last = c;
			return;
		}
		at = &(*at)->next;
	}
	c->next = *at;
	*at = c;
	if (c->next == NULL)
		e->last = c;
	e->n++;
}

static int
note(struct edits *e, struct edit edit)
{
	struct edit *c;

	if (!is_name(edit.name) || !is_value(edit.value))
		return edits_fail(e, -EINVAL);
	c = copy(e, &edit);
	if (c == NULL)
		return edits_fail(e, -ENOMEM);
	put_in_place(e, c);
	e->needs |= is_change(c) ? SMFIF_CHGHDRS : SMFIF_ADDHDRS;
	return 0;
}

int
edits_insert(
    struct edits *e, uint32_t index, struct span name, struct span value)
{
	return note(e,
	    (struct edit){.kind = EDIT_INSERT,
	        .index = index,
	        .name = name,
	        .value = value});
}

int
edits_add(struct edits *e, struct span name, struct span value)
{
	return note(
	    e, (struct edit){.kind = EDIT_ADD, .name = name, .value = value});
}

/* An empty value would delete the field, and index 0 is none: Postfix takes it
 * for 1. */
int
edits_change(
    struct edits *e, struct span name, uint32_t index, struct span value)
{
	if (value.n == 0 || index == 0)
		return edits_fail(e, -EINVAL);
	return note(e,
	    (struct edit){.kind = EDIT_CHANGE,
	        .index = index,
	        .name = name,
	        .value = value});
}

int
edits_delete(struct edits *e, struct span name, uint32_t index)
{
	if (index == 0)
		return edits_fail(e, -EINVAL);
	return note(e,
	    (struct edit){.kind = EDIT_DELETE, .index = index, .name = name});
}

/* --- words ---------------------------------------------------------------- */

/* Keeps head and text, cleaned. */
static void
keep_text(struct edits *e, const char *head, struct span text)
{
	size_t n = strlen(head);

	if (text.n > EDITS_TEXT_MAX)
		text.n = EDITS_TEXT_MAX;
	memcpy(e->text, head, n);
	for (size_t i = 0; i < text.n; i++)
		e->text[n++] =
		    text.p[i] >= ' ' && text.p[i] <= '~' ? text.p[i] : '?';
	e->text[n] = '\0';
}

/* RFC 3463: "5.7.20", three numbers of one to three digits, of the class of
 * code. */
static bool
is_status(const char *status, unsigned code)
{
	unsigned class, subject, detail;
	int n = 0;

	return strlen(status) <= 9 &&
	    strspn(status, "0123456789.") == strlen(status) &&
	    sscanf(status, "%1u.%3u.%3u%n", &class, &subject, &detail, &n) ==
	    3 &&
	    status[n] == '\0' && class == code / 100;
}

enum milter_word
edits_reply(
    struct edits *e, unsigned code, const char *status, struct span text)
{
	char head[sizeof "550 5.777.777 "];

	if (code < 400 || code > 599 || code == 421 || !is_status(status, code))
		return MILTER_TEMPFAIL;
	snprintf(head, sizeof head, "%u %s ", code, status);
	keep_text(e, head, text);
	return MILTER_REPLY;
}

enum milter_word
edits_quarantine(struct edits *e, struct span reason)
{
	keep_text(e, "", reason);
	return MILTER_QUARANTINE;
}

enum milter_word
edits_wait(struct edits *e, uint64_t ms)
{
	if (e->wait_ms == 0)
		e->wait_ms = ms;
	return MILTER_WAIT;
}

/* --- packets -------------------------------------------------------------- */

static void
write_one(const struct edit *c, bool one_space, struct buf *out)
{
	struct span value = c->value;

	if (one_space && value.n > 0 && value.p[0] == ' ')
		value = span_skip(value, 1);
	switch (c->kind) {
	case EDIT_INSERT:
		command_reply_field(
		    out, SMFIR_INSHEADER, c->index, c->name, value);
		return;
	case EDIT_ADD:
		command_reply_addheader(out, c->name, value);
		return;
	case EDIT_CHANGE:
	case EDIT_DELETE:
		command_reply_field(
		    out, SMFIR_CHGHEADER, c->index, c->name, value);
		return;
	}
}

void
edits_write(const struct edits *e, bool one_space, struct buf *out)
{
	for (const struct edit *c = e->first; c != NULL; c = c->next)
		write_one(c, one_space, out);
}

/* '%' is doubled: MTAs take the text of a reply for a format. */
void
edits_write_reply(const struct edits *e, struct buf *out)
{
	char text[2 * sizeof e->text], *to = text;

	for (const char *p = e->text; *p != '\0'; p++) {
		*to++ = *p;
		if (*p == '%')
			*to++ = '%';
	}
	*to = '\0';
	command_reply_text(out, SMFIR_REPLYCODE, text);
}

void
edits_write_quarantine(const struct edits *e, struct buf *out)
{
	command_reply_text(out, SMFIR_QUARANTINE, e->text);
}

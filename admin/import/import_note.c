/*
 * What is told of the old options, printed for people or as JSON.
 *
 * The trick: each option that is looked at is noted as carried before it is
 * known what becomes of it, and counts as that if nothing else was noted of its
 * line: some are written long after they were read.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "common/limits.h"

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_line(const struct import_note *a, const struct import_note *b)
{
	return a->line == b->line && same_text(a->file, b->file) &&
	    same_text(a->option, b->option);
}

/* True if it was told: an option of OpenDKIM may be read for the signer and for
 * the verifier. */
static bool
is_told(const struct import *im, const struct import_note *n)
{
	for (const struct import_note *i = im->first; i != NULL; i = i->next) {
		if (i->kind == n->kind && same_line(i, n) &&
		    same_text(i->why, n->why))
			return true;
	}
	return false;
}

/* A copy that lives as long as the notes. */
static const char *
copy(struct import *im, const char *text)
{
	const char *own =
	    text == NULL ? NULL : arena_dup(&im->arena, span_str(text));

	if (text != NULL && own == NULL)
		im->error = -ENOMEM;
	return own;
}

static void
append(struct import *im, const struct import_note *n)
{
	struct import_note *one = arena_alloc(&im->arena, sizeof *one);

	if (one == NULL) {
		im->error = -ENOMEM;
		return;
	}
	*one = *n;
	one->file = copy(im, n->file);
	one->option = copy(im, n->option);
	one->why = copy(im, n->why);
	if (im->last == NULL)
		im->first = one;
	else
		im->last->next = one;
	im->last = one;
}

void
import_note(struct import *im, enum import_kind kind,
    const struct import_option *o, const char *fmt, ...)
{
	struct import_note n = {
	    .kind = kind, .file = o->file, .line = o->line, .option = o->name};
	char *text = NULL;
	va_list ap;
	int length = 0;

	if (fmt != NULL) {
		va_start(ap, fmt);
		length = vasprintf(&text, fmt, ap);
		va_end(ap);
		if (length < 0)
			im->error = -ENOMEM;
		else
			n.why = text;
	}
	if (length >= 0 && (kind == IMPORT_LEFT || !is_told(im, &n)))
		append(im, &n);
	if (length >= 0)
		free(text);
}

void
import_notes_print(
    const struct import *im, enum import_kind kind, struct buf *out)
{
	for (const struct import_note *n = im->first; n != NULL; n = n->next) {
		if (n->kind != kind)
			continue;
		if (n->file != NULL)
			buf_str(out, n->file);
		if (n->file != NULL && n->line > 0)
			buf_fmt(out, ":%u", n->line);
		if (n->file != NULL)
			buf_str(out, ": ");
		if (n->option != NULL)
			buf_fmt(out, "%s: ", n->option);
		buf_fmt(out, "%s\n", n->why == NULL ? "" : n->why);
	}
}

/* --- for machines --------------------------------------------------------- */

/* Sets a member, where there is something to say. */
static int
set_text(json_t *o, const char *name, const char *text)
{
	return text == NULL ? 0
	                    : json_object_set_new(o, name,
	                          subcommand_clean_json(span_str(text)));
}

static json_t *
note_json(const struct import_note *n)
{
	json_t *o = json_object();
	int rc = set_text(o, "file", n->file);

	if (rc == 0 && n->line > 0)
		rc = json_object_set_new(o, "line", json_integer(n->line));
	if (rc == 0)
		rc = set_text(o, "option", n->option);
	if (rc == 0)
		rc = set_text(o, "why", n->why);
	if (o != NULL && rc == 0)
		return o;
	json_decref(o);
	return NULL;
}

/* True if nothing else was noted of the option. */
static bool
is_carried(const struct import *im, const struct import_note *n)
{
	for (const struct import_note *i = im->first; i != NULL; i = i->next) {
		if (i->kind != IMPORT_CARRIED && same_line(i, n))
			return false;
	}
	return true;
}

json_t *
import_notes_json(const struct import *im, enum import_kind kind)
{
	json_t *all = json_array();
	int rc = 0;

	for (const struct import_note *n = im->first; n != NULL && rc == 0;
	     n = n->next) {
		if (n->kind == kind &&
		    (kind != IMPORT_CARRIED || is_carried(im, n)))
			rc = json_array_append_new(all, note_json(n));
	}
	if (rc == 0)
		return all;
	json_decref(all);
	return NULL;
}

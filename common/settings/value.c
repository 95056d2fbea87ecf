/*
 * The trap: all lists of settings.h are one layout, an array and a number, and
 * are set and printed as that, whatever they are of: struct list.
 */
#include <errno.h>

#include "common/settings/types.h"
#include "common/settings/value.h"

/* What all lists of settings.h look like. */
struct list {
	void *v;
	size_t n;
};

bool
settings_value_is_list(const struct row *row)
{
	return settings_types[row->type].size > 0;
}

bool
settings_value_is_bare(const struct row *row)
{
	return settings_types[row->type].bare;
}

/* --- text -> field -------------------------------------------------------- */

/* As much of a bad value as shows which one it is. */
enum { SHOWN_MAX = 100 };

/* Sets the field, or an element of the list, at `to`, or says what is wrong. */
static int
set_one(const struct row *row, struct span text, struct arena *arena, void *to,
    struct buf *why)
{
	struct field f = {row, arena, to, NULL};
	int rc = settings_types[row->type].parse(text, &f);

	if (rc == -EINVAL) {
		buf_quoted(why,
		    span_of(text.p, text.n > SHOWN_MAX ? SHOWN_MAX : text.n));
		buf_str(why, text.n > SHOWN_MAX ? "... is not " : " is not ");
		settings_value_type(row, why);
		if (f.why != NULL)
			buf_fmt(why, " (%s)", f.why);
	}
	return rc;
}

int
settings_value_set(const struct row *row, const struct span *text, size_t n,
    struct arena *arena, void *to, struct buf *why)
{
	size_t size = settings_types[row->type].size;
	struct list list = {NULL, n};
	int rc = 0;

	if (size == 0)
		return set_one(row, text[0], arena, to, why);
	if (row->max > 0 && n > row->max) {
		buf_fmt(why, "too many values (%zu): at most %u", n, row->max);
		return -EINVAL;
	}
	if (n > 0) {
		list.v = arena_alloc(arena, n * size);
		if (list.v == NULL)
			return -ENOMEM;
	}
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = set_one(
		    row, text[i], arena, (char *)list.v + i * size, why);
	if (rc == 0)
		memcpy(to, &list, sizeof list);
	return rc;
}

int
settings_value_default(
    const struct row *row, struct arena *arena, void *to, struct buf *why)
{
	struct span text = span_str(row->value), *word;
	size_t n = 0;

	if (!settings_value_is_list(row))
		return settings_value_set(row, &text, 1, arena, to, why);
	word = arena_alloc(arena, (text.n / 2 + 1) * sizeof *word);
	if (word == NULL)
		return -ENOMEM;
	for (; text.n > 0; text = span_skip(text, word[n++].n + 1))
		word[n] = span_of(text.p, span_find(text, ' '));
	return settings_value_set(row, word, n, arena, to, why);
}

/* --- field -> text -------------------------------------------------------- */

void
settings_value_print(const struct row *row, const void *from, struct buf *out)
{
	const struct type *type = &settings_types[row->type];
	char room[TYPE_ROOM];
	struct list list;

	if (settings_value_is_bare(row)) {
		buf_span(out, type->text(row, from, room));
	} else if (type->size == 0) {
		buf_quoted(out, type->text(row, from, room));
	} else {
		memcpy(&list, from, sizeof list);
		buf_byte(out, '{');
		for (size_t i = 0; i < list.n; i++) {
			buf_str(out, i > 0 ? ", " : "");
			buf_quoted(out,
			    type->text(row,
			        (const char *)list.v + i * type->size, room));
		}
		buf_byte(out, '}');
	}
}

void
settings_value_type(const struct row *row, struct buf *out)
{
	const char *words = settings_types[row->type].words;

	if (words != NULL) {
		buf_str(out, words);
	} else if (row->words == NULL) {
		buf_fmt(out, "a number from %u to %u", row->min, row->max);
	} else {
		buf_str(out, "one of ");
		for (words = row->words; *words != '\0'; words++) {
			if (*words == '|')
				buf_str(out, ", ");
			else
				buf_byte(out, *words);
		}
	}
}

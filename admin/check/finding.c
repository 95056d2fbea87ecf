/*
 * What is found is kept, cleaned, and printed at the end: what DNS or a file
 * says has never been on the terminal before it was cleaned.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/finding.h"
#include "admin/limits.h"

const char *
finding_word(enum finding_level l)
{
	static const char *const words[FINDING_LEVELS] = {
	    [FINDING_OK] = "ok",
	    [FINDING_NOTE] = "note",
	    [FINDING_UNKNOWN] = "unknown",
	    [FINDING_WARNING] = "warning",
	    [FINDING_ERROR] = "error",
	};

	return words[l];
}

void
findings_init(struct findings *f)
{
	*f = (struct findings){.last = &f->first};
	arena_init(&f->arena, FINDINGS_MEMORY_MAX);
}

void
findings_free(struct findings *f)
{
	arena_free(&f->arena);
}

/* Puts one at the end; what is in the arena, or NULL where there was no
 * memory. */
static void
append(struct findings *f, enum finding_level level, const char *area,
    const char *what, const char *why, const char *mend)
{
	struct finding *one = arena_alloc(&f->arena, sizeof *one);

	if (one == NULL || what == NULL) {
		f->no_memory = true;
		return;
	}
	*one = (struct finding){.level = level,
	    .area = area,
	    .what = what,
	    .why = why,
	    .mend = mend};
	*f->last = one;
	f->last = &one->next;
	f->count[level]++;
}

/* A copy for a terminal and for JSON: a file or DNS may have given anything. */
static char *
clean_copy(struct findings *f, struct span s)
{
	char *copy = arena_dup(&f->arena, s);

	for (size_t i = 0; copy != NULL && i < s.n; i++) {
		if (!span_is_shown(copy[i]))
			copy[i] = '?';
	}
	return copy;
}

void
findings_add(struct findings *f, enum finding_level level, const char *area,
    const char *why, const char *mend, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	append(f, level, area,
	    n < 0 ? NULL : clean_copy(f, span_of(text, (size_t)n)), why,
	    mend == NULL ? NULL : clean_copy(f, span_str(mend)));
	if (n >= 0)
		free(text);
}

void
findings_lines(struct findings *f, enum finding_level level, const char *area,
    const struct buf *text)
{
	struct span rest = buf_view(text);

	while (rest.n > 0) {
		size_t n = span_find(rest, '\n');

		append(f, level, area, clean_copy(f, span_of(rest.p, n)), NULL,
		    NULL);
		rest = span_skip(rest, n + 1);
	}
}

void
findings_print(const struct findings *f, bool all, bool colour, struct buf *out)
{
	static const char *const paint[FINDING_LEVELS] = {
	    [FINDING_OK] = "32",
	    [FINDING_NOTE] = "36",
	    [FINDING_UNKNOWN] = "33",
	    [FINDING_WARNING] = "33",
	    [FINDING_ERROR] = "31",
	};

	for (const struct finding *i = f->first; i != NULL; i = i->next) {
		if (i->level == FINDING_OK && !all)
			continue;
		if (colour)
			buf_fmt(out, "\033[%sm", paint[i->level]);
		buf_fmt(out, "%-8s", finding_word(i->level));
		if (colour)
			buf_str(out, "\033[0m");
		buf_fmt(out, "%s: %s\n", i->area, i->what);
		if (i->why != NULL && i->level != FINDING_OK)
			buf_fmt(out, "        why:  %s\n", i->why);
		if (i->mend != NULL)
			buf_fmt(out, "        fix: %s\n", i->mend);
	}
}

json_t *
findings_json(const struct findings *f)
{
	json_t *all = json_array();
	int rc = 0;

	for (const struct finding *i = f->first; i != NULL && rc == 0;
	     i = i->next)
		rc = json_array_append_new(all,
		    json_pack("{s:s, s:s, s:s, s:s*, s:s*}", "level",
		        finding_word(i->level), "area", i->area, "what",
		        i->what, "why", i->why, "fix", i->mend));
	if (rc != 0 || f->no_memory) {
		json_decref(all);
		return NULL;
	}
	return all;
}

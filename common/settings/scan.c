/*
 * The trick: one pass, and nothing is kept of it but the keys of the sections
 * that are open, so that a key that stands twice is found where it stands
 * again.
 *
 * The trap: an item is told before its values are read. Of a list that never
 * ends the unknown key is told first, then what is wrong with the list: who
 * takes the items must bear one that never ends.
 */
#include <errno.h>
#include <stdio.h>

#include "common/limits.h"
#include "common/settings/lex.h"
#include "common/settings/scan.h"

/* "a.b.c.d.e" with its NUL. */
enum { KEY_PATH_MAX = (CONFIG_DEPTH_MAX + 1) * (CONFIG_KEY_MAX + 1) };

/* An open section; level[0] is the file itself. */
struct level {
	unsigned line;                    /* of its key */
	size_t path;                      /* length of the path up to it */
	struct span key[CONFIG_KEYS_MAX]; /* seen in it, titled ones left out */
	unsigned key_line[CONFIG_KEYS_MAX];
	size_t nkeys;
};

struct scan {
	struct lex lex;
	const struct scan_events *events;
	void *arg;
	struct level level[CONFIG_DEPTH_MAX + 1];
	size_t depth;
	char path[KEY_PATH_MAX];
};

static int
fail(struct scan *s, unsigned line, const char *why)
{
	s->events->bad(s->arg, line, s->path, why);
	return -EINVAL;
}

/* --- items --------------------------------------------------------------- */

/* The path is cut back to that of the open section, and key added. */
static int
enter_key(struct scan *s, struct span key)
{
	struct level *l = &s->level[s->depth];

	s->path[l->path] = '\0';
	for (size_t i = 0; i < key.n; i++) {
		if (!settings_lex_is_key_byte(key.p[i]))
			return fail(s, s->lex.line, "a key is expected here");
	}
	if (key.n > CONFIG_KEY_MAX)
		return fail(s, s->lex.line, "no key is as long as this");
	snprintf(s->path + l->path, sizeof s->path - l->path, "%s%.*s",
	    l->path == 0 ? "" : ".", (int)key.n, key.p);
	return 0;
}

/* The same key a second time in the same section is refused. */
static int
note_key(struct scan *s, struct span key, unsigned line)
{
	struct level *l = &s->level[s->depth];
	char why[64];

	for (size_t i = 0; i < l->nkeys; i++) {
		if (!span_eq(l->key[i], key))
			continue;
		snprintf(why, sizeof why, "stands here twice, first in line %u",
		    l->key_line[i]);
		return fail(s, line, why);
	}
	if (l->nkeys == CONFIG_KEYS_MAX)
		return fail(s, line, "the section has more keys than exist");
	l->key_line[l->nkeys] = line;
	l->key[l->nkeys++] = key;
	return 0;
}

static void
begin(struct scan *s, enum scan_kind kind, struct span title, unsigned line,
    const char *at)
{
	struct scan_item item = {s->path, title, kind, line, at};

	s->events->item(s->arg, &item);
}

/* The last token is a value. */
static void
tell_value(struct scan *s)
{
	if (s->events->value != NULL)
		s->events->value(s->arg, s->lex.raw, s->lex.line);
}

/* With the last token an item ends. */
static void
end(struct scan *s)
{
	if (s->events->end != NULL)
		s->events->end(s->arg, s->lex.in.p);
}

/* Behind "= {". */
static int
scan_list(struct scan *s)
{
	for (;;) {
		enum token t = settings_lex_next(&s->lex);

		if (t == WORD || t == STRING) {
			tell_value(s);
			t = settings_lex_next(&s->lex);
		} else if (t == COMMA) {
			return fail(
			    s, s->lex.line, "a value is expected before ,");
		}
		if (t == BAD)
			return fail(s, s->lex.line, s->lex.why);
		if (t != COMMA && t != CLOSE)
			return fail(s, s->lex.line,
			    "the values of a list are separated by commas and "
			    "end with }");
		if (t == CLOSE)
			return 0;
	}
}

/* Behind "key =". */
static int
scan_value(struct scan *s, unsigned line)
{
	enum token t = settings_lex_next(&s->lex);
	int rc = 0;

	if (t == BAD)
		return fail(s, s->lex.line, s->lex.why);
	if (t != WORD && t != STRING && t != OPEN)
		return fail(s, s->lex.line, "a value is expected after =");
	begin(s, t == OPEN ? SCAN_LIST : SCAN_VALUE, (struct span){0}, line,
	    s->lex.raw.p);
	if (t == OPEN)
		rc = scan_list(s);
	else
		tell_value(s);
	if (rc == 0)
		end(s);
	return rc;
}

/* Behind "key {" or "key title {". */
static int
open_section(struct scan *s, struct span key, struct span title,
    enum scan_kind kind, unsigned line)
{
	if (s->depth == CONFIG_DEPTH_MAX)
		return fail(s, line, "sections are nested too deeply");
	begin(s, kind, title, line, key.p);
	s->depth++;
	s->level[s->depth].line = line;
	s->level[s->depth].path = strlen(s->path);
	s->level[s->depth].nkeys = 0;
	return 0;
}

/* "key = value", "key { ... }" or "key title { ... }": which one is known only
 * behind the next word. */
static int
scan_item(struct scan *s)
{
	struct span key = s->lex.raw, title = {0};
	unsigned line = s->lex.line;
	enum scan_kind kind = SCAN_SECTION;
	enum token t;
	int rc = enter_key(s, key);

	if (rc != 0)
		return rc;
	t = settings_lex_next(&s->lex);
	if (t == WORD || t == STRING) {
		title = s->lex.raw;
		kind = SCAN_TITLED;
		t = settings_lex_next(&s->lex);
	}
	if (t == BAD)
		return fail(s, s->lex.line, s->lex.why);
	if (t == APPEND)
		return fail(s, s->lex.line,
		    "+= is not supported, write the whole list");
	if (t != OPEN && (t != EQUALS || kind == SCAN_TITLED))
		return fail(s, line, "= or { is expected after the key");
	if (kind != SCAN_TITLED && (rc = note_key(s, key, line)) != 0)
		return rc;
	return t == OPEN ? open_section(s, key, title, kind, line)
	                 : scan_value(s, line);
}

/* --- sections out of scope ----------------------------------------------- */

/* Behind the key of a section: its title, if any, and its brace. */
static int
skip_head(struct scan *s)
{
	enum token t = settings_lex_skip(&s->lex);

	if (t == WORD || t == STRING)
		t = settings_lex_skip(&s->lex);
	if (t == OPEN)
		return 0;
	return fail(s, s->lex.line,
	    s->lex.why != NULL ? s->lex.why : "{ is expected after the key");
}

/*
 * Passes a section from its key on, up to its }. What it holds is not judged;
 * but when a section of the top level stands in it, a } was forgotten, and that
 * section would vanish with this one.
 */
static int
skip_section(struct scan *s)
{
	bool top = false; /* behind "policyd" or such, or behind its title */
	unsigned line = s->lex.line, depth = 1;
	enum token t, last = OPEN;
	int rc = enter_key(s, s->lex.raw);

	if (rc == 0)
		rc = skip_head(s);
	while (rc == 0 && depth > 0) {
		t = settings_lex_skip(&s->lex);
		if (t == END)
			return fail(s, line, "the section is never closed");
		if (s->lex.why != NULL)
			return fail(s, s->lex.line, s->lex.why);
		if (t == OPEN && top)
			return fail(s, s->lex.line,
			    "another section stands in it: is a } missing?");
		depth += t == OPEN;
		depth -= t == CLOSE;
		top = (top && (t == STRING || t == WORD)) ||
		    (t == WORD && last != EQUALS &&
		        s->events->top(s->arg, s->lex.raw) != TOP_OTHER);
		last = t;
	}
	return rc;
}

/* --- the file ------------------------------------------------------------ */

static int
scan_next(struct scan *s, enum token t)
{
	s->path[s->level[s->depth].path] = '\0';
	switch (t) {
	case WORD:
		if (s->depth == 0 &&
		    s->events->top(s->arg, s->lex.raw) == TOP_OUT)
			return skip_section(s);
		return scan_item(s);
	case CLOSE:
		if (s->depth == 0)
			return fail(
			    s, s->lex.line, "there is no { that this } closes");
		s->depth--;
		end(s);
		return 0;
	case END:
		return fail(
		    s, s->level[s->depth].line, "the section is never closed");
	case BAD:
		return fail(s, s->lex.line, s->lex.why);
	case STRING:
		return fail(
		    s, s->lex.line, "a key is expected here, without quotes");
	case EQUALS:
	case APPEND:
	case OPEN:
	case COMMA:
		break;
	}
	return fail(s, s->lex.line, "a key is expected here");
}

int
settings_scan(struct span text, const struct scan_events *events, void *arg)
{
	struct scan s = {
	    .lex = {.in = text, .line = 1}, .events = events, .arg = arg};
	enum token t;
	int rc = 0;

	while (
	    rc == 0 && ((t = settings_lex_next(&s.lex)) != END || s.depth > 0))
		rc = scan_next(&s, t);
	return rc;
}

#include <errno.h>

#include "admin/key/confedit.h"
#include "common/bytes/domain.h"
#include "common/limits.h"
#include "common/settings/lex.h"

/* What is looked for, and what was found. */
struct walk {
	struct lex lex;
	const struct confedit_step *path;
	size_t depth;
	const char *key;
	const char *text;

	bool found;
	size_t start, end; /* of the value */
	size_t open;       /* where the whole path's section begins: its key */
	size_t reached;    /* sections of the path that are there */
	size_t close;      /* where the innermost of them ends: its '}' */
	const char *why;
	unsigned line;
};

static int
bad(struct walk *w, const char *why)
{
	w->why = why;
	w->line = w->lex.line;
	return -EINVAL;
}

static size_t
offset(const struct walk *w, const char *p)
{
	return (size_t)(p - w->text);
}

static bool
same_title(struct span title, const char *want)
{
	char a[DOMAIN_MAX + 1], b[DOMAIN_MAX + 1];

	if (want == NULL)
		return title.p == NULL;
	if (title.p == NULL)
		return false;
	if (domain_to_ascii(title, a) != 0 ||
	    domain_to_ascii(span_str(want), b) != 0)
		return span_eq(title, span_str(want));
	return strcmp(a, b) == 0;
}

/* True if the section is the next one of the path, seen from inside of the first
 * `inside` ones. */
static bool
is_step(const struct walk *w, size_t inside, struct span key, struct span title)
{
	return inside < w->depth &&
	    span_eq(key, span_str(w->path[inside].section)) &&
	    same_title(title, w->path[inside].title);
}

/* What follows '='. */
static int
walk_value(struct walk *w, bool wanted)
{
	enum token t = settings_lex_next(&w->lex);
	size_t start = offset(w, w->lex.raw.p);

	if (t == OPEN) {
		while ((t = settings_lex_next(&w->lex)) != CLOSE) {
			if (t == BAD || t == END)
				return bad(w,
				    t == BAD ? w->lex.why
				             : "the list never ends");
		}
	} else if (t != WORD && t != STRING) {
		return bad(w, t == BAD ? w->lex.why : "a value is missing");
	}
	if (wanted) {
		w->found = true;
		w->start = start;
		w->end = offset(w, w->lex.raw.p + w->lex.raw.n);
	}
	return 0;
}

/*
 * Reads items to the end of the text, or of a section; `inside`: how many steps of
 * the path lead here, or CONFIG_DEPTH_MAX + 1 when this is not on the path. level:
 * how deep it is, whatever the path says.
 */
enum { ELSEWHERE = CONFIG_DEPTH_MAX + 1 };

static int
walk_items(struct walk *w, size_t inside, unsigned level)
{
	for (;;) {
		enum token t = settings_lex_next(&w->lex);
		struct span key = w->lex.value, title = {NULL, 0};
		size_t next;
		int rc;

		if (t == END || t == CLOSE) {
			if ((t == END) != (level == 0))
				return bad(w,
				    t == END ? "a section never ends"
				             : "a } too many");
			if (inside != ELSEWHERE && inside >= w->reached) {
				w->reached = inside;
				w->close = t == END ? offset(w, w->lex.in.p)
				                    : offset(w, w->lex.raw.p);
			}
			return 0;
		}
		if (t != WORD)
			return bad(w, t == BAD ? w->lex.why : "not a key");
		t = settings_lex_next(&w->lex);
		if (t == EQUALS) {
			rc = walk_value(w,
			    inside == w->depth &&
			        span_eq(key, span_str(w->key)));
			if (rc != 0)
				return rc;
			continue;
		}
		if (t == WORD || t == STRING) {
			title = w->lex.value;
			t = settings_lex_next(&w->lex);
		}
		if (t != OPEN)
			return bad(
			    w, t == BAD ? w->lex.why : "{ or = is missing");
		if (level >= CONFIG_DEPTH_MAX)
			return bad(w, "too many sections in sections");
		next = inside != ELSEWHERE && is_step(w, inside, key, title)
		    ? inside + 1
		    : ELSEWHERE;
		if (next == w->depth)
			w->open = offset(w, key.p);
		rc = walk_items(w, next, level + 1);
		if (rc != 0)
			return rc;
	}
}

static int
walk(struct walk *w, struct span text, const struct confedit_step *path,
    size_t depth, const char *key)
{
	if (text.p == NULL)
		text = span_str("");
	*w = (struct walk){.lex = {.in = text, .line = 1},
	    .path = path,
	    .depth = depth,
	    .key = key,
	    .text = text.p};
	return walk_items(w, 0, 0);
}

/* --- what is added -------------------------------------------------------- */

static void
indent(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_byte(out, '\t');
}

/* The key, in the sections that are not there yet. */
static void
print_new(const struct walk *w, const char *value, struct buf *out)
{
	size_t level = w->reached;

	for (; level < w->depth; level++) {
		indent(out, level);
		buf_str(out, w->path[level].section);
		if (w->path[level].title != NULL)
			buf_fmt(out, " \"%s\"", w->path[level].title);
		buf_str(out, " {\n");
	}
	indent(out, level);
	buf_fmt(out, "%s = %s\n", w->key, value);
	while (level-- > w->reached) {
		indent(out, level);
		buf_str(out, "}\n");
	}
}

/* In front of the '}' of the section, on lines of its own. */
static void
insert(
    const struct walk *w, struct span text, const char *value, struct buf *out)
{
	size_t at = w->close;

	if (w->reached > 0) {
		while (
		    at > 0 && (text.p[at - 1] == ' ' || text.p[at - 1] == '\t'))
			at--;
		if (at > 0 && text.p[at - 1] != '\n')
			at = w->close;
	}
	buf_add(out, text.p, at);
	if (at > 0 && text.p[at - 1] != '\n')
		buf_byte(out, '\n');
	else if (w->reached == 0 && at > 0)
		buf_byte(out, '\n');
	print_new(w, value, out);
	if (w->reached > 0 && at == w->close)
		indent(out, w->reached - 1);
	buf_span(out, span_skip(text, at));
}

int
confedit_set(struct span text, const struct confedit_step *path, size_t depth,
    const char *key, const char *value, struct buf *out, unsigned *ret_line,
    const char **ret_why)
{
	struct walk w;

	if (walk(&w, text, path, depth, key) != 0) {
		*ret_line = w.line;
		*ret_why = w.why;
		return -EINVAL;
	}
	if (w.found) {
		buf_add(out, text.p, w.start);
		buf_str(out, value);
		buf_span(out, span_skip(text, w.end));
	} else {
		insert(&w, text, value, out);
	}
	return buf_error(out);
}

int
confedit_remove(struct span text, const struct confedit_step *path,
    size_t depth, struct buf *out, unsigned *ret_line, const char **ret_why)
{
	struct walk w;
	size_t start, end;

	if (walk(&w, text, path, depth, "") != 0) {
		*ret_line = w.line;
		*ret_why = w.why;
		return -EINVAL;
	}
	if (depth == 0 || w.reached < depth)
		return -ENOENT;
	start = w.open;
	end = w.close + 1;
	while (start > 0 &&
	    (text.p[start - 1] == ' ' || text.p[start - 1] == '\t'))
		start--;
	if (end < text.n && text.p[end] == '\n' &&
	    (start == 0 || text.p[start - 1] == '\n'))
		end++;
	buf_add(out, text.p, start);
	buf_span(out, span_skip(text, end));
	return buf_error(out);
}

int
confedit_get(struct span text, const struct confedit_step *path, size_t depth,
    const char *key, struct span *ret)
{
	struct walk w;

	if (walk(&w, text, path, depth, key) != 0)
		return -EINVAL;
	if (!w.found)
		return -ENOENT;
	*ret = span_of(text.p + w.start, w.end - w.start);
	return 0;
}

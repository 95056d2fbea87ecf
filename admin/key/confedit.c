/*
 * The trick: the scanner of the config tells where each item begins and ends,
 * and which sections are open; as long as all of them are steps of the path,
 * the path has been followed that far.
 *
 * The trap: a path may be there twice (domain "a" { } domain "a" { }), which
 * only settings_parse() refuses. The last one counts, for its key as for its
 * brace.
 */
#include <errno.h>

#include "admin/key/confedit.h"
#include "common/bytes/domain.h"
#include "common/settings/lex.h"
#include "common/settings/scan.h"

/* What is looked for, and what was found; places are offsets in the text. */
struct walk {
	const char *text;
	const struct confedit_step *path;
	size_t depth;
	const char *key;
	const char *file;
	struct buf *why; /* NULL: nobody wants to know */

	size_t level;  /* sections that are open */
	size_t steps;  /* of them, from the outside, are steps of the path */
	bool in_value; /* and no section is what ends next */
	bool wanted;   /* it is that of the key */
	size_t at;     /* where it begins */

	bool found;
	size_t start, end; /* of the value */
	size_t open;       /* where the whole path's section begins: its key */
	size_t reached;    /* sections of the path that are there */
	size_t close;      /* where the innermost of them ends: its '}' */
};

static bool
same_title(struct span title, const char *want)
{
	char a[DOMAIN_MAX + 1], b[DOMAIN_MAX + 1];

	if (want == NULL)
		return title.p == NULL;
	if (title.p == NULL)
		return false;
	title = settings_lex_inner(title);
	if (domain_to_ascii(title, a) != 0 ||
	    domain_to_ascii(span_str(want), b) != 0)
		return span_eq(title, span_str(want));
	return strcmp(a, b) == 0;
}

/* level is how deep we are in the file, steps how much of the path that is: as
 * long as both are alike, we are on it. The last section of the path is `open`,
 * and in it the key's value is `wanted`. */
static void
on_item(void *arg, const struct scan_item *item)
{
	struct walk *w = arg;
	const char *dot = strrchr(item->key, '.');
	const char *name = dot == NULL ? item->key : dot + 1;
	bool on_path = w->steps == w->level;

	w->at = (size_t)(item->at - w->text);
	w->in_value = item->kind == SCAN_VALUE || item->kind == SCAN_LIST;
	if (w->in_value) {
		w->wanted = on_path && w->steps == w->depth &&
		    strcmp(name, w->key) == 0;
		return;
	}
	w->level++;
	if (!on_path || w->steps == w->depth ||
	    strcmp(name, w->path[w->steps].section) != 0 ||
	    !same_title(item->title, w->path[w->steps].title))
		return;
	w->steps++;
	if (w->steps == w->depth)
		w->open = w->at;
}

/* Where a section of the path ends the new text may go, if it is the deepest
 * one that there is: its '}' is remembered. */
static void
on_end(void *arg, const char *p)
{
	struct walk *w = arg;
	size_t end = (size_t)(p - w->text);

	if (w->in_value) {
		w->in_value = false;
		if (w->wanted) {
			w->found = true;
			w->start = w->at;
			w->end = end;
		}
		return;
	}
	if (w->steps == w->level) {
		if (w->steps >= w->reached) {
			w->reached = w->steps;
			w->close = end - 1;
		}
		w->steps--;
	}
	w->level--;
}

static void
on_bad(void *arg, unsigned line, const char *key, const char *why)
{
	const struct walk *w = arg;

	if (w->why != NULL)
		buf_fmt(w->why, "%s:%u: %s%s%s\n", w->file, line, key,
		    key[0] == '\0' ? "" : ": ", why);
}

/* All of the text is read, whatever a daemon's scope is. */
static enum scan_top
on_top(void *arg, struct span key)
{
	return TOP_IN;
}

static int
walk(struct walk *w, struct span text)
{
	static const struct scan_events events = {
	    .item = on_item, .end = on_end, .bad = on_bad, .top = on_top};

	w->text = text.p;
	w->close = text.n;
	return settings_scan(text, &events, w);
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
		while (at > 0 && span_is_wsp(text.p[at - 1]))
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

/* What was there may not go with what was added: a section with the name of the
 * key, as many keys as there may be. */
static int
read_again(struct buf *out, size_t before, const struct walk *was)
{
	struct walk w = {.path = was->path,
	    .depth = was->depth,
	    .key = was->key,
	    .file = was->file,
	    .why = was->why};
	int rc = buf_error(out);

	if (rc == 0)
		rc = walk(&w, span_skip(buf_view(out), before));
	if (rc == -EINVAL)
		buf_cut(out, before);
	return rc;
}

int
confedit_set(const char *file, struct span text,
    const struct confedit_step *path, size_t depth, const char *key,
    const char *value, struct buf *out, struct buf *why)
{
	struct walk w = {
	    .path = path, .depth = depth, .key = key, .file = file, .why = why};
	size_t before = out->n;

	if (walk(&w, text) != 0)
		return -EINVAL;
	if (w.found) {
		buf_add(out, text.p, w.start);
		buf_str(out, value);
		buf_span(out, span_skip(text, w.end));
	} else {
		insert(&w, text, value, out);
	}
	return read_again(out, before, &w);
}

int
confedit_remove(const char *file, struct span text,
    const struct confedit_step *path, size_t depth, struct buf *out,
    struct buf *why)
{
	struct walk w = {
	    .path = path, .depth = depth, .key = "", .file = file, .why = why};
	size_t start, end;

	if (walk(&w, text) != 0)
		return -EINVAL;
	if (depth == 0 || w.reached < depth)
		return -ENOENT;
	start = w.open;
	end = w.close + 1;
	while (start > 0 && span_is_wsp(text.p[start - 1]))
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
	struct walk w = {.path = path, .depth = depth, .key = key};

	if (walk(&w, text) != 0)
		return -EINVAL;
	if (!w.found)
		return -ENOENT;
	*ret = span_of(text.p + w.start, w.end - w.start);
	return 0;
}

/*
 * Nothing is copied: tags are spans into the text, which must outlive the list.
 * A tag that stands twice spoils the whole list (RFC 6376 section 3.2), as two
 * readers could take different ones.
 */
#include "common/dkim/taglist.h"

/* tag-name = ALPHA *(ALPHA / DIGIT / "_") */
static bool
is_name(struct span s)
{
	if (s.n == 0 || !span_is_alpha(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++) {
		char c = s.p[i];

		if (!span_is_alpha(c) && !span_is_digit(c) && c != '_')
			return false;
	}
	return true;
}

struct span
taglist_trim(struct span s)
{
	s = span_skip_fws(s);
	while (s.n > 0 && span_is_fws(s.p[s.n - 1]))
		s.n--;
	return s;
}

static const struct tag *
find(const struct taglist *list, struct span name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (span_eq(list->v[i].name, name))
			return &list->v[i];
	}
	return NULL;
}

/* Reads one tag-spec, its ';' taken off. NULL, or why not. */
static const char *
add(struct taglist *list, struct span spec)
{
	size_t eq = span_find(spec, '=');
	struct span name = taglist_trim(span_of(spec.p, eq));
	struct span value = taglist_trim(span_skip(spec, eq + 1));

	if (eq == spec.n)
		return "a tag without \"=\"";
	if (!is_name(name))
		return "a tag's name is not a letter with letters, digits or "
		       "\"_\" after it";
	/* VALCHAR, white space between, UTF-8; the ';' has been taken off */
	if (span_has_control(value))
		return "a control character in a tag's value";
	if (find(list, name) != NULL)
		return "the same tag twice";
	if (list->n == TAGLIST_MAX)
		return "too many tags";
	list->v[list->n++] = (struct tag){name, value};
	return NULL;
}

enum parse
taglist_parse(struct span text, struct taglist *ret, const char **ret_why)
{
	struct taglist list = {.n = 0};
	const char *why = NULL;

	while (text.n > 0 && why == NULL) {
		size_t n = span_find(text, ';');
		struct span rest = span_skip(text, n + 1);

		/* Behind the last ';' there may be white space only. */
		if (list.n > 0 && n == text.n && taglist_trim(text).n == 0)
			break;
		why = add(&list, span_of(text.p, n));
		text = rest;
	}
	if (why == NULL && list.n == 0)
		why = "no tags at all";
	if (why != NULL) {
		*ret_why = why;
		return PARSE_BAD;
	}
	*ret = list;
	return PARSE_OK;
}

const struct tag *
taglist_find(const struct taglist *list, const char *name)
{
	return find(list, span_str(name));
}

struct span
taglist_item(struct span *list)
{
	size_t n = span_find(*list, ':');
	struct span item = taglist_trim(span_of(list->p, n));

	*list = span_skip(*list, n + 1);
	return item;
}

#include "common/milter/macros.h"

#include <errno.h>

static struct span
without_braces(struct span name)
{
	if (name.n > 2 && name.p[0] == '{' && name.p[name.n - 1] == '}')
		return span_of(name.p + 1, name.n - 2);
	return name;
}

const char *
macros_find(const struct text_list *list, struct span name, struct span value)
{
	if (value.n == 0)
		return NULL;
	for (size_t i = 0; i < list->n; i++) {
		const char *entry = list->v[i];
		struct span e = span_str(entry), rest;

		rest = span_skip(e, span_find(e, '='));
		e.n -= rest.n;
		if (!span_eq(without_braces(e), without_braces(name)))
			continue;
		if (rest.n == 0)
			return entry;
		while (rest.n > 0) {
			struct span v = span_skip(rest, 1);

			v.n = span_find(v, '|');
			if (span_eq(v, value))
				return entry;
			rest = span_skip(rest, v.n + 1);
		}
	}
	return NULL;
}

int
macros_names(const struct text_list *list, struct buf *ret)
{
	for (size_t i = 0; i < list->n; i++) {
		struct span name = span_str(list->v[i]);
		bool braces;

		name.n = span_find(name, '=');
		braces = name.n > 1 && name.p[0] != '{';
		buf_fmt(ret, "%s%s%.*s%s", i == 0 ? "" : " ", braces ? "{" : "",
		    (int)name.n, name.p, braces ? "}" : "");
	}
	return buf_text(ret) == NULL ? -ENOMEM : 0;
}

#include <stdio.h>

#include "common/spf/problem.h"

/* Printable ASCII; of what is long the end or the beginning. */
static struct problem_text
show(struct span s, bool end)
{
	struct problem_text ret = {0};
	size_t n = s.n > PROBLEM_SHOWN_MAX ? PROBLEM_SHOWN_MAX : s.n;
	struct span part = end ? span_skip(s, s.n - n) : s;

	for (size_t i = 0; i < n; i++) {
		char c = part.p[i];

		ret.text[i] = (char)(c < 0x20 || c > 0x7e ? '?' : c);
	}
	if (n < s.n)
		memcpy(ret.text + (end ? 0 : n - 3), "...", 3);
	return ret;
}

struct problem_text
problem_name(struct span name)
{
	return show(name, true);
}

const char *
problem_make(
    struct arena *a, struct span domain, struct span term, const char *what)
{
	char text[PROBLEM_MAX + 1];

	snprintf(text, sizeof text, "%s: %s%s%s", show(domain, true).text,
	    show(term, false).text, term.n == 0 ? "" : ": ", what);
	return arena_dup(a, span_str(text));
}

#include <stdarg.h>
#include <stdio.h>

#include "common/spf/failure.h"

void
failure_at(struct lookups *l, enum run_state state, struct span domain,
    struct span term, const char *what)
{
	l->state = state;
	l->problem = problem_make(l->arena, domain, term, what);
}

void
failure_of(struct lookups *l, enum run_state state, const struct row *row,
    const char *fmt, ...)
{
	char what[PROBLEM_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (row == &l->root)
		failure_at(l, state, row->target, (struct span){0}, what);
	else
		failure_at(l, state, row->plan->domain, row->text, what);
}

void
failure_no_memory(struct lookups *l)
{
	failure_of(l, RUN_TEMPERROR, &l->root, "out of memory");
}

void
failure_broken(struct lookups *l, const char *what)
{
	failure_of(l, RUN_TEMPERROR, &l->root, "libspf2: %s", what);
}

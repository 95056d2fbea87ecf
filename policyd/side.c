#include "common/bytes/domain.h"
#include "common/limits.h"
#include "policyd/side.h"

const struct check_result side_out_of_memory = {
    .result = SPF_TEMPERROR, .domain = "", .problem = "out of memory"};

/* Replaces a text by a copy of what we may show of it; NULL stays NULL. */
static bool
keep_text(struct arena *a, const char **text)
{
	if (*text == NULL)
		return true;
	*text = arena_dup(a, span_of(*text, strnlen(*text, HEADER_LINE_MAX)));
	return *text != NULL;
}

/* A result as it must outlive its check. */
static const struct check_result *
keep_result(struct arena *a, const struct check_result *r)
{
	struct check_result *copy = arena_alloc(a, sizeof *copy);

	if (copy == NULL)
		return &side_out_of_memory;
	*copy = *r;
	if (!keep_text(a, &copy->domain) || !keep_text(a, &copy->mechanism) ||
	    !keep_text(a, &copy->problem) || !keep_text(a, &copy->explanation))
		return &side_out_of_memory;
	return copy;
}

static void
side_explain(const struct side *s, const struct check_result *result)
{
	const struct request_env *env = s->env;

	if (env->explain != NULL)
		env->explain(
		    env->explain_arg, s->what, check_lookups(s->check), result);
}

static void
side_done(void *arg, const struct check_result *result)
{
	struct side *s = arg;

	side_explain(s, result);
	s->check = NULL;
	s->result = keep_result(s->arena, result);
	s->done(s->arg);
}

void
side_start(struct side *s, const struct check_input *in)
{
	if (check_start(s->env->loop, s->env->resolver, in, side_done, s,
	        &s->check) != 0) {
		s->check = NULL;
		s->result = &side_out_of_memory;
	}
}

void
side_timeout(struct side *s, struct span name)
{
	struct check_result late = {.result = SPF_TEMPERROR,
	    .domain = "",
	    .problem = "time limit exceeded"};
	const struct check_result *result;
	char ascii[DOMAIN_MAX + 1];

	if (s->check == NULL)
		return;
	if (domain_to_ascii(name, ascii) == 0)
		late.domain = ascii;
	result = check_verdict(s->check);
	if (result == NULL)
		result = &late;
	side_explain(s, result);
	s->result = keep_result(s->arena, result);
	side_cancel(s);
}

void
side_cancel(struct side *s)
{
	if (s->check != NULL)
		check_cancel(s->check);
	s->check = NULL;
}

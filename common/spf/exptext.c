/*
 * The trap: it is found in a run of its own, as the one that gave the result is
 * not to be touched any more: its notes tell how that came about.
 */
#include "common/spf/exptext.h"

/* The macros of text can be expanded for p: *vars is made. */
static enum found
make_vars(struct lookups *l, struct run *r, const struct plan *p,
    struct span text, struct macro_vars *vars)
{
	*vars = l->vars;
	vars->domain = p->domain;
	if (!macro_uses(text, "p"))
		return FOUND;
	return ptr_name(&l->names, r, p->domain, &vars->name);
}

/* The one TXT record at the target of exp=. */
static enum found
find_text(
    struct lookups *l, struct run *r, const struct plan *p, struct span *ret)
{
	const struct dns_answer *answer;
	char name[DOMAIN_MAX + 1];
	struct macro_vars vars;
	struct question *q;
	enum found found;
	size_t n;

	if (p->exp.n == 0 || (!l->ascii_local && macro_uses(p->exp, "sl")))
		return FOUND_NOTHING;
	found = make_vars(l, r, p, p->exp, &vars);
	if (found != FOUND)
		return found;
	n = macro_domain(p->exp, &vars, name);
	q = questions_find(&l->questions, span_of(name, n), DNS_TXT);
	if (q == NULL)
		return FOUND_NOTHING;
	answer = run_need(r, q);
	if (answer == NULL)
		return RUN_OVER;
	if (answer->status != DNS_FOUND || answer->n != 1)
		return FOUND_NOTHING;
	*ret = answer->record[0].txt;
	return FOUND;
}

/* The text expanded; what is too long is cut. */
static enum found
expand(struct lookups *l, struct span text, const struct macro_vars *vars,
    const char **ret)
{
	char *copy = NULL;
	struct buf b;

	buf_init(&b, SPF_EXPLANATION_MAX);
	macro_explain(text, vars, &b);
	if (b.n > 0 && span_is_printable(buf_view(&b)))
		copy = arena_dup(l->arena, buf_view(&b));
	buf_free(&b);
	if (copy == NULL)
		return FOUND_NOTHING;
	*ret = copy;
	return FOUND;
}

static enum found
find(struct lookups *l, struct run *r, const struct plan *p, const char **ret)
{
	struct macro_vars vars;
	struct span text;
	const char *why;
	enum found found = find_text(l, r, p, &text);

	if (found != FOUND)
		return found;
	if (text.n > SPF_EXPLAIN_MAX || macro_check_explain(text, &why) != 0)
		return FOUND_NOTHING;
	found = make_vars(l, r, p, text, &vars);
	return found == FOUND ? expand(l, text, &vars, ret) : found;
}

enum found
exptext_find(
    struct lookups *l, struct run *r, const struct plan *p, const char **ret)
{
	enum found found;

	run_begin(r, NULL, 0);
	found = find(l, r, p, ret);
	if (found == RUN_OVER && r->state != RUN_PENDING)
		return FOUND_NOTHING; /* out of memory */
	return found;
}

/*
 * The trick: %{ir}.%{v}.arpa is the client's name in the reverse tree, so the
 * macros make it.
 *
 * The trap: a name whose question fails is one that is not validated. Only the
 * end of a run may stop the search, never an answer.
 */
#include <sys/socket.h>

#include "common/spf/ptr.h"

void
ptr_init(struct ptr *p, const struct macro_vars *vars, struct questions *qs)
{
	*p = (struct ptr){.vars = vars, .questions = qs};
}

/* As questions_find(), for the client's names; one that a term has asked
 * already stays that term's. */
static struct question *
find(struct ptr *p, struct span name, enum dns_type type)
{
	struct question *q = questions_find(p->questions, name, type);

	if (q != NULL && q->state == QUESTION_NEW)
		q->of_client = true;
	return q;
}

struct question *
ptr_question(struct ptr *p)
{
	char name[DOMAIN_MAX + 1];
	size_t n;

	if (p->reverse == NULL) {
		n = macro_domain(span_str("%{ir}.%{v}.arpa"), p->vars, name);
		p->reverse = find(p, span_of(name, n), DNS_PTR);
	}
	return p->reverse;
}

/* Makes p->name from the client's PTR records. False: memory is out. */
static bool
make_names(struct ptr *p, const struct dns_answer *ptr)
{
	enum dns_type type =
	    p->vars->client.family == AF_INET ? DNS_A : DNS_AAAA;
	size_t n = ptr->status == DNS_FOUND ? ptr->n : 0;

	if (n > SPF_NAMES_MAX)
		n = SPF_NAMES_MAX;
	while (p->n < n) {
		const char *name = ptr->record[p->n].name;

		p->name[p->n] = find(p, span_str(name), type);
		if (p->name[p->n] == NULL)
			return false;
		p->n++;
	}
	return true;
}

/* The names are there. False: the run is over. */
static bool
need_names(struct ptr *p, struct run *r)
{
	struct question *q = ptr_question(p);
	const struct dns_answer *ptr;

	if (q == NULL) {
		run_no_memory(r);
		return false;
	}
	ptr = run_need(r, q);
	if (ptr == NULL)
		return false;
	if (make_names(p, ptr))
		return true;
	run_no_memory(r);
	return false;
}

/* Puts the questions for the names below target (empty: for all) together:
 * however many of them are silent, they cost the time of one. */
static void
ask_names(struct ptr *p, struct span target)
{
	for (size_t i = 0; i < p->n; i++) {
		if (target.n == 0 || domain_within(p->name[i]->name, target))
			questions_put(p->questions, p->name[i]);
	}
}

/* FOUND if the name is validated. */
static enum found
validate(struct ptr *p, struct run *r, struct question *name)
{
	const struct ip *client = &p->vars->client;
	const struct dns_answer *answer = run_need(r, name);

	if (answer == NULL)
		return RUN_OVER;
	if (answer->status == DNS_FOUND &&
	    questions_answer_has(answer, client, ip_width(client)))
		return FOUND;
	return FOUND_NOTHING;
}

enum found
ptr_within(struct ptr *p, struct run *r, struct span target)
{
	if (!need_names(p, r))
		return RUN_OVER;
	ask_names(p, target);
	for (size_t i = 0; i < p->n; i++) {
		enum found found = FOUND_NOTHING;

		if (domain_within(p->name[i]->name, target))
			found = validate(p, r, p->name[i]);
		if (found != FOUND_NOTHING)
			return found;
	}
	return FOUND_NOTHING;
}

/* 0: the domain itself, 1: below it, 2: any other name. */
static int
rank(struct span name, struct span domain)
{
	if (domain_equal(name, domain))
		return 0;
	return domain_within(name, domain) ? 1 : 2;
}

enum found
ptr_name(struct ptr *p, struct run *r, struct span domain, struct span *ret)
{
	if (!need_names(p, r))
		return RUN_OVER;
	ask_names(p, span_of(NULL, 0));
	*ret = span_str("unknown");
	for (int k = 0; k <= 2; k++) {
		for (size_t i = 0; i < p->n; i++) {
			enum found found = FOUND_NOTHING;

			if (rank(p->name[i]->name, domain) == k)
				found = validate(p, r, p->name[i]);
			if (found == FOUND)
				*ret = p->name[i]->name;
			if (found != FOUND_NOTHING)
				return found;
		}
	}
	return FOUND;
}

bool
ptr_names(struct ptr *p)
{
	return p->reverse != NULL && p->reverse->state == QUESTION_ANSWERED &&
	    make_names(p, p->reverse->answer);
}

#include <sys/socket.h>

#include "common/spf/failure.h"
#include "common/spf/ptr.h"

/* As questions_find(), for the client's names; one that a term has asked already
 * stays that term's. */
static struct question *
find(struct lookups *l, struct span name, enum dns_type type)
{
	struct question *q = questions_find(&l->questions, name, type);

	if (q != NULL && q->state == QUESTION_NEW)
		q->of_client = true;
	return q;
}

struct question *
ptr_question(struct lookups *l)
{
	char name[DOMAIN_MAX + 1];
	size_t n;

	if (l->reverse == NULL) {
		n = macro_domain(span_str("%{ir}.%{v}.arpa"), &l->vars, name);
		l->reverse = find(l, span_of(name, n), DNS_PTR);
	}
	return l->reverse;
}

/* Makes l->name from the client's PTR records. False: memory is out. */
static bool
make_names(struct lookups *l, const struct dns_answer *ptr)
{
	enum dns_type type = l->client.ip.family == AF_INET ? DNS_A : DNS_AAAA;
	size_t n = ptr->status == DNS_FOUND ? ptr->n : 0;

	if (n > SPF_NAMES_MAX)
		n = SPF_NAMES_MAX;
	while (l->nnames < n) {
		const char *name = ptr->record[l->nnames].name;

		l->name[l->nnames] = find(l, span_str(name), type);
		if (l->name[l->nnames] == NULL)
			return false;
		l->nnames++;
	}
	return true;
}

/* The names are there. False: the run stops. */
static bool
need_names(struct lookups *l)
{
	struct question *q = ptr_question(l);
	const struct dns_answer *ptr;

	if (q == NULL) {
		failure_no_memory(l);
		return false;
	}
	ptr = lookups_need(l, q);
	if (ptr == NULL)
		return false;
	if (make_names(l, ptr))
		return true;
	failure_no_memory(l);
	return false;
}

/* Puts the questions for the names below target (empty: for all) together: however
 * many of them are silent, they cost the time of one. */
static void
ask_names(struct lookups *l, struct span target)
{
	for (size_t i = 0; i < l->nnames; i++) {
		if (target.n == 0 || domain_within(l->name[i]->name, target))
			questions_put(&l->questions, l->name[i]);
	}
}

/* FOUND if the name is validated. */
static enum found
validate(struct lookups *l, struct question *name)
{
	const struct dns_answer *answer = lookups_need(l, name);

	if (answer == NULL)
		return FOUND_STOP;
	if (answer->status == DNS_FOUND &&
	    questions_answer_has(
	        answer, &l->client.ip, ip_width(&l->client.ip)))
		return FOUND;
	return FOUND_NOTHING;
}

enum found
ptr_within(struct lookups *l, struct span target)
{
	if (!need_names(l))
		return FOUND_STOP;
	ask_names(l, target);
	for (size_t i = 0; i < l->nnames; i++) {
		enum found found = FOUND_NOTHING;

		if (domain_within(l->name[i]->name, target))
			found = validate(l, l->name[i]);
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
ptr_name(struct lookups *l, struct span domain, struct span *ret)
{
	if (!need_names(l))
		return FOUND_STOP;
	ask_names(l, span_of(NULL, 0));
	*ret = span_str("unknown");
	for (int r = 0; r <= 2; r++) {
		for (size_t i = 0; i < l->nnames; i++) {
			enum found found = FOUND_NOTHING;

			if (rank(l->name[i]->name, domain) == r)
				found = validate(l, l->name[i]);
			if (found == FOUND)
				*ret = l->name[i]->name;
			if (found != FOUND_NOTHING)
				return found;
		}
	}
	return FOUND;
}

bool
ptr_names(struct lookups *l)
{
	return l->reverse != NULL && l->reverse->state == QUESTION_ANSWERED &&
	    make_names(l, l->reverse->answer);
}

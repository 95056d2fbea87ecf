#include "common/spf/termresult.h"

static bool
has_client(const struct lookups *l, const struct question *q, unsigned bits)
{
	return q != NULL && q->state == QUESTION_ANSWERED &&
	    q->answer->status == DNS_FOUND &&
	    questions_answer_has(q->answer, &l->client.ip, bits);
}

/* A name that the client's PTR gives, below target, with the client's address. */
static bool
is_name(const struct lookups *l, struct span target)
{
	for (size_t i = 0; i < l->names.n; i++) {
		if (domain_within(l->names.name[i]->name, target) &&
		    has_client(l, l->names.name[i], ip_width(&l->client.ip)))
			return true;
	}
	return false;
}

static bool is_pass(const struct lookups *l, const struct plan *p);

/* Whether a term matches that was the last of its record, after a run that came
 * to its end: if it did not, the record gave its default. */
static bool
matches(const struct lookups *l, const struct row *row)
{
	switch (row->kind) {
	case TERM_A:
		return has_client(l, row->question, row->bits);
	case TERM_EXISTS:
		return has_client(l, row->question, 0);
	case TERM_MX:
		for (size_t i = 0; i < row->nhosts; i++) {
			if (has_client(l, row->host[i], row->bits))
				return true;
		}
		return false;
	case TERM_PTR:
		return is_name(l, row->target);
	case TERM_INCLUDE:
		return row->leads != NULL && is_pass(l, row->leads);
	case TERM_ALL:
	case TERM_IP4:
	case TERM_IP6:
		return true;
	case TERM_REDIRECT:
	case TERM_EXP:
	case TERM_UNKNOWN:
		break;
	}
	return false;
}

const struct row *
termresult_last(const struct plan *p)
{
	if (p->last == NULL && p->ends && p->nrows == 1)
		return p->row;
	return p->last;
}

enum spf_result
termresult_result(const struct lookups *l, const struct plan *p)
{
	const struct row *last = termresult_last(p);

	while (last != NULL && last->kind == TERM_REDIRECT) {
		if (last->leads == NULL)
			return SPF_NEUTRAL; /* it is not decided */
		p = last->leads;
		last = termresult_last(p);
	}
	if (last == NULL ||
	    (last == &p->row[p->nrows - 1] && !matches(l, last)))
		return SPF_NEUTRAL;
	return last->qualifier;
}

static bool
is_pass(const struct lookups *l, const struct plan *p)
{
	return termresult_result(l, p) == SPF_PASS;
}

void
termresult_init(struct termresult *o, const struct lookups *l)
{
	const struct plan *p = l->root.leads;

	*o = (struct termresult){.l = l};
	if (l->run.state == RUN_ON)
		return;
	while (p != NULL && p->last != NULL && o->nfailed < LOOKUPS_PLANS_MAX) {
		o->failed[o->nfailed++] = p->last;
		p = p->last->leads;
	}
}

bool
termresult_failed(const struct termresult *o, const struct row *row)
{
	for (size_t i = 0; i < o->nfailed; i++) {
		if (o->failed[i] == row)
			return true;
	}
	return false;
}

enum explain_outcome
termresult_row(const struct termresult *o, const struct row *row)
{
	const struct plan *p = row->plan;
	const struct row *last = termresult_last(p);

	if (last == NULL || row > last)
		return EXPLAIN_UNREACHED;
	if (row < last)
		return EXPLAIN_NO_MATCH;
	if (row->kind == TERM_ALL || row->kind == TERM_IP4 ||
	    row->kind == TERM_IP6)
		return EXPLAIN_MATCH;
	if (termresult_failed(o, row))
		return o->l->run.state == RUN_PENDING ? EXPLAIN_WAITING
		                                      : EXPLAIN_ERROR;
	if (row->kind == TERM_REDIRECT)
		return EXPLAIN_FOLLOWED;
	if (row == &p->row[p->nrows - 1] && !matches(o->l, row))
		return EXPLAIN_NO_MATCH;
	return EXPLAIN_MATCH;
}

#include "policyd/early.h"
#include "policyd/ptr.h"
#include "policyd/published.h"
#include "policyd/target.h"

/* What is known about a term or a record, with the answers that are there. */
enum known {
	KNOWN_NO,  /* it does not match */
	KNOWN_YES, /* it matches; a record: it passes */
	UNKNOWN
};

struct walk {
	struct lookups *l;
	unsigned terms; /* that evaluation would have used up to here */
};

static enum known walk_plan(struct walk *w, struct plan *p);

/* The question of the row, if it was put, or may be put now. */
static struct question *
question_of(struct walk *w, struct row *row)
{
	struct lookups *l = w->l;

	if (row->question == NULL &&
	    (row->macros || l->terms_asked >= SPF_TERMS_MAX ||
	        !target_prepare(l, row)))
		return NULL;
	lookups_ask(l, row->question);
	return row->question;
}

static enum known
known_address(const struct lookups *l, const struct question *q, unsigned bits)
{
	switch (q->state) {
	case QUESTION_NEW:
	case QUESTION_PENDING:
		return UNKNOWN;
	case QUESTION_NO_NAME:
		return KNOWN_NO;
	case QUESTION_ANSWERED:
		break;
	}
	if (q->answer->status == DNS_TEMPERROR)
		return UNKNOWN;
	return questions_contains(q->answer, &l->client.ip, bits) ? KNOWN_YES
	                                                          : KNOWN_NO;
}

static enum known
walk_mx(struct walk *w, struct row *row)
{
	const struct dns_answer *answer = row->question->answer;
	enum known all = KNOWN_NO;

	if (answer->status == DNS_TEMPERROR || answer->n > SPF_NAMES_MAX)
		return UNKNOWN;
	if (answer->status != DNS_FOUND)
		return KNOWN_NO;
	if (lookups_hosts(w->l, row) != 0)
		return UNKNOWN;
	for (size_t i = 0; i < row->nhosts; i++) {
		enum known one;

		lookups_ask(w->l, row->host[i]);
		one = known_address(w->l, row->host[i], row->bits);
		if (one != KNOWN_NO && all != KNOWN_YES)
			all = one;
	}
	return all;
}

static enum known
walk_lead(struct walk *w, struct row *row)
{
	struct published_error e;

	if (row->leads == NULL && published_lead(w->l, row, &e) != 0)
		return UNKNOWN;
	return walk_plan(w, row->leads);
}

static enum known
walk_row(struct walk *w, struct row *row)
{
	const struct question *q = question_of(w, row);

	if (q == NULL || q->state == QUESTION_NEW ||
	    q->state == QUESTION_PENDING)
		return UNKNOWN;
	if (q->state == QUESTION_NO_NAME)
		return row->kind == TERM_INCLUDE ? UNKNOWN : KNOWN_NO;
	switch (row->kind) {
	case TERM_A:
		return known_address(w->l, q, row->bits);
	case TERM_EXISTS:
		return known_address(w->l, q, 0);
	case TERM_MX:
		return walk_mx(w, row);
	case TERM_PTR:
		ptr_ask(w->l, row->target);
		return UNKNOWN;
	case TERM_INCLUDE:
	case TERM_REDIRECT:
		return walk_lead(w, row);
	case TERM_ALL:
	case TERM_IP4:
	case TERM_IP6:
	case TERM_EXP:
	case TERM_UNKNOWN:
		break;
	}
	return UNKNOWN;
}

/* The rows in the order of evaluation, as far as the first that is known to
 * match: none behind it is needed. */
static enum known
walk_plan(struct walk *w, struct plan *p)
{
	bool sure = true; /* evaluation certainly comes to this row */

	for (size_t i = 0; i < p->nrows; i++) {
		struct row *row = &p->row[i];
		enum known known = KNOWN_YES;
		bool end = p->ends && i == p->nrows - 1;

		if (!end && w->terms++ >= SPF_TERMS_MAX)
			return UNKNOWN;
		if (!end)
			known = walk_row(w, row);
		if (row->kind == TERM_REDIRECT)
			return sure ? known : UNKNOWN;
		if (known == KNOWN_YES && !sure)
			return UNKNOWN;
		if (known == KNOWN_YES)
			return row->qualifier == SPF_PASS ? KNOWN_YES
			                                  : KNOWN_NO;
		sure = sure && known == KNOWN_NO;
	}
	return sure ? KNOWN_NO : UNKNOWN;
}

void
early_ask(struct lookups *l)
{
	const char *problem = l->problem;
	enum run_state state = l->state;
	struct walk w = {.l = l};

	if (l->root.leads != NULL)
		walk_plan(&w, l->root.leads);
	if (l->names_wanted)
		ptr_ask(l, (struct span){0});
	/* Out of memory here is no matter of the run. */
	l->state = state;
	l->problem = problem;
}

bool
early_learns(enum dns_type type)
{
	return type == DNS_TXT || type == DNS_MX || type == DNS_PTR;
}

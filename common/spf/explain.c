/*
 * The trick: a record is read again as it was published, and each term finds
 * its row by where its text lies in the answer. What has no row, libspf2 was
 * not given: an ip4 that does not hold the client, or what stands behind the
 * end.
 *
 * The trap: the same question may stand with several terms; it is told with
 * each, and is no "other" then.
 */
#include <errno.h>

#include "common/spf/explain.h"
#include "common/spf/record.h"

struct maker {
	struct arena *arena;
	const struct lookups *l;
	bool no_memory;

	/* The questions that stand with a term. */
	const struct question **shown;
	size_t nshown;
};

static const struct explain_record *explain_row(
    struct maker *m, const struct row *row);

static void *
allot(struct maker *m, size_t n)
{
	void *p = m->no_memory ? NULL : arena_alloc(m->arena, n);

	if (p == NULL)
		m->no_memory = true;
	return p;
}

/* --- questions ------------------------------------------------------------ */

static void
add_question(struct maker *m, struct explain_term *t, const struct question *q)
{
	if (q == NULL || q->state == QUESTION_NEW)
		return;
	t->question[t->nquestions++] = q;
	m->shown[m->nshown++] = q;
}

static void
add_questions(struct maker *m, struct explain_term *t, const struct row *row)
{
	const struct lookups *l = m->l;
	size_t n = 1 + row->nhosts + l->names.n;

	t->question = allot(m, n * sizeof(struct question *));
	if (t->question == NULL)
		return;
	add_question(m, t, row->question);
	for (size_t i = 0; i < row->nhosts; i++)
		add_question(m, t, row->host[i]);
	for (size_t i = 0; row->kind == TERM_PTR && i < l->names.n; i++) {
		if (domain_within(l->names.name[i]->name, row->target))
			add_question(m, t, l->names.name[i]);
	}
}

static bool
is_shown(const struct maker *m, const struct question *q)
{
	for (size_t i = 0; i < m->nshown; i++) {
		if (m->shown[i] == q)
			return true;
	}
	return false;
}

/* Room for each question of each term; a term may share them with others. */
static void
make_shown(struct maker *m)
{
	const struct lookups *l = m->l;
	size_t n = 1;

	for (size_t i = 0; i < l->nplans; i++) {
		const struct plan *p = l->plan[i];

		for (size_t k = 0; k < p->nrows; k++)
			n += 1 + p->row[k].nhosts + l->names.n;
	}
	m->shown = allot(m, n * sizeof(struct question *));
}

static void
add_others(struct maker *m, struct explain *e)
{
	const struct question *q;
	size_t n = 0;

	for (q = m->l->questions.first; q != NULL; q = q->next)
		n++;
	e->other = allot(m, (n + 1) * sizeof(struct question *));
	if (e->other == NULL)
		return;
	for (q = m->l->questions.first; q != NULL; q = q->next) {
		if (q->state != QUESTION_NEW && !is_shown(m, q))
			e->other[e->nothers++] = q;
	}
}

/* --- records -------------------------------------------------------------- */

static const struct row *
find_row(const struct plan *p, const struct term *t)
{
	for (size_t i = 0; i < p->nrows; i++) {
		if (p->row[i].text.p == t->text.p)
			return &p->row[i];
	}
	return NULL;
}

static enum explain_outcome
outcome_of(const struct lookups *l, const struct row *row)
{
	switch (row->said) {
	case ROW_UNREACHED:
		return EXPLAIN_UNREACHED;
	case ROW_OPEN:
		return l->run.state == RUN_PENDING ? EXPLAIN_WAITING
		                                   : EXPLAIN_ERROR;
	case ROW_NO_MATCH:
		return EXPLAIN_NO_MATCH;
	case ROW_FOLLOWED:
		return EXPLAIN_FOLLOWED;
	case ROW_MATCH:
		break;
	}
	return EXPLAIN_MATCH;
}

/* A term that has no row: evaluation passed it if it stopped behind it. */
static enum explain_outcome
passed_outcome(const struct term *t, const char *stop)
{
	switch (t->kind) {
	case TERM_EXP:
	case TERM_UNKNOWN:
		return EXPLAIN_MODIFIER;
	case TERM_IP4:
	case TERM_IP6:
		return stop == NULL || t->text.p < stop ? EXPLAIN_NO_MATCH
		                                        : EXPLAIN_UNREACHED;
	case TERM_ALL:
	case TERM_INCLUDE:
	case TERM_A:
	case TERM_MX:
	case TERM_PTR:
	case TERM_EXISTS:
	case TERM_REDIRECT:
		break;
	}
	return EXPLAIN_UNREACHED;
}

/* Where the evaluation of the record stopped, in its text; NULL: at its end. */
static const char *
stop_of(const struct plan *p)
{
	const struct row *last = p->last;

	if (last == NULL || last->kind == TERM_REDIRECT)
		return NULL;
	return last->said == ROW_NO_MATCH ? NULL : last->text.p;
}

/* The term's text with the qualifier that stands before it. */
static struct span
with_qualifier(struct span text)
{
	char before = text.p[-1]; /* never the record's first byte */

	if (before == '+' || before == '-' || before == '?' || before == '~')
		return span_of(text.p - 1, text.n + 1);
	return text;
}

static void
explain_term(struct maker *m, struct explain_term *to, const struct term *t,
    const struct plan *p, const char *stop)
{
	const struct row *row = p == NULL ? NULL : find_row(p, t);

	*to = (struct explain_term){
	    .text = with_qualifier(t->text), .gives = t->qualifier};
	if (row == NULL) {
		to->outcome =
		    p == NULL ? EXPLAIN_UNREACHED : passed_outcome(t, stop);
		return;
	}
	to->outcome = outcome_of(m->l, row);
	add_questions(m, to, row);
	if (to->outcome != EXPLAIN_UNREACHED &&
	    (row->kind == TERM_INCLUDE || row->kind == TERM_REDIRECT))
		to->record = explain_row(m, row);
}

/* Reads the record; p: its plan, or NULL when it has a syntax error. */
static void
explain_terms(struct maker *m, struct explain_record *e, const struct plan *p)
{
	const char *stop = p == NULL ? NULL : stop_of(p);
	enum record_step step;
	struct record r;
	struct term t;
	size_t n = 0;

	record_open(&r, e->text);
	while (record_next(&r, &t, &e->wrong) == RECORD_TERM)
		n++;
	e->wrong = NULL;
	e->term = allot(m, (n + 1) * sizeof *e->term);
	if (e->term == NULL)
		return;
	record_open(&r, e->text);
	while ((step = record_next(&r, &t, &e->wrong)) == RECORD_TERM)
		explain_term(m, &e->term[e->nterms++], &t, p, stop);
	if (step == RECORD_BAD)
		e->term[e->nterms++] = (struct explain_term){
		    .text = t.text, .outcome = EXPLAIN_ERROR};
}

/* The record that the row leads to. */
static const struct explain_record *
explain_row(struct maker *m, const struct row *row)
{
	const struct question *q = row->question;
	const struct plan *p = row->record;
	struct explain_record *e;
	struct span text;

	if (q == NULL || q->state != QUESTION_ANSWERED ||
	    record_find(q->answer, &text) != 0)
		return NULL;
	e = allot(m, sizeof *e);
	if (e == NULL)
		return NULL;
	*e = (struct explain_record){.domain = row->target, .text = text};
	explain_terms(m, e, p);
	e->decided = p != NULL &&
	    (row == &m->l->root ? m->l->run.state == RUN_ON
	                        : row->said != ROW_OPEN);
	if (e->decided)
		e->result = run_result(p);
	return e;
}

int
explain_make(struct arena *a, const struct lookups *l, struct explain *ret)
{
	struct maker m = {.arena = a, .l = l};
	struct explain e = {.question = l->root.question};

	make_shown(&m);
	if (m.no_memory)
		return -ENOMEM;
	if (e.question != NULL)
		m.shown[m.nshown++] = e.question;
	e.record = explain_row(&m, &l->root);
	add_others(&m, &e);
	if (m.no_memory)
		return -ENOMEM;
	*ret = e;
	return 0;
}

const char *
explain_word(enum explain_outcome outcome)
{
	switch (outcome) {
	case EXPLAIN_MATCH:
		return "match";
	case EXPLAIN_NO_MATCH:
		return "no match";
	case EXPLAIN_FOLLOWED:
		return "followed";
	case EXPLAIN_ERROR:
		return "error";
	case EXPLAIN_WAITING:
		return "waiting";
	case EXPLAIN_UNREACHED:
		return "not reached";
	case EXPLAIN_MODIFIER:
		break;
	}
	return "modifier";
}

/*
 * The trick: it is a second evaluation, in a logic of three values, over the
 * same rows: with the answers that are there, so as to ask for those that are
 * not.
 *
 * The trap: it must not ask behind a term that matches, nor believe that a term
 * matches which may not be come to. So KNOWN_YES counts only while everything
 * in front of it is known (sure, in walk_plan).
 */
#include "common/limits.h"
#include "common/spf/early.h"

/* What is known about a term or a record, with the answers that are there. */
enum known {
	KNOWN_NO,  /* it does not match */
	KNOWN_YES, /* it matches; a record: it passes */
	UNKNOWN
};

/*
 * How many questions may be put early. Evaluation goes the way of the walk up
 * to a fork: a term that is not known yet and behind which it may go on
 * elsewhere, into the record of an include or out of it. What is asked up to
 * there evaluation asks, too, or it ends before. What is asked behind a fork
 * may be in vain, so that must leave room for all that evaluation can still
 * need: SPF_QUESTIONS_MAX holds whichever way it goes. What it may need is
 * counted on the way: a term that the walk has not come to has its full share,
 * its own question and ten for names; one that it has passed has what of that
 * is not put. So at each term the share is taken off first, as it is no longer
 * to come, and what is left of it is added when the term is passed. That never
 * makes it more, so the first fork is the one that needs most.
 *
 * An example: "v=spf1 include:b.example mx:m.example -all", and the record is
 * there, so 1 question is put. At most 1 + 10 * 11 = 111 may be.
 *
 *     at the start         may need 10 * 11 = 110
 *     include:b.example    110 - 11 = 99; there is no fork yet: put, 2
 *       left               99 + 0, as it is put and has no names: 99.
 *                          Its record is not there: a fork, 99 are reserved
 *     mx:m.example         99 - 11 = 88; 2 + 99 + 1 <= 111: put, 3
 *       left               88 + 10, as its hosts may be needed: 98
 *     -all                 the end: nothing behind it is needed
 *
 * If m.example has ten hosts, then 3 put + 99 reserved leave 9 of them to be
 * asked while b.example is waited for. When that does not match, the next walk
 * has no fork there, and asks the tenth.
 */
struct walk {
	struct lookups *l;
	unsigned terms;    /* that evaluation would have used up to here */
	unsigned depth;    /* of includes */
	unsigned may_need; /* questions that evaluation may put yet, if it comes
	                    * to where the walk is */
	bool forked;
	unsigned reserved;   /* may_need at the first fork */
	unsigned unanswered; /* questions of the check */
	bool held;           /* one was not put, as these are too many */
};

static enum known walk_plan(struct walk *w, struct plan *p);

/* --- how many questions --------------------------------------------------- */

enum { TERM_QUESTIONS = 1 + SPF_NAMES_MAX };

/* Those that are out, and those that nobody could answer: their zone is silent,
 * and what else is asked there may be for nothing, too. */
static unsigned
count_unanswered(const struct lookups *l)
{
	unsigned count = 0;

	for (const struct question *q = l->questions.first; q != NULL;
	     q = q->next)
		count += q->state == QUESTION_PENDING ||
		    (q->state == QUESTION_ANSWERED &&
		        q->answer->status == DNS_TEMPERROR);
	return count;
}

/* True if one more question may be put. */
static bool
has_room(struct walk *w)
{
	if (w->forked &&
	    w->l->questions.nput + w->reserved + 1 > SPF_QUESTIONS_MAX)
		return false;
	w->held |= w->unanswered >= SPF_UNANSWERED_MAX;
	return w->unanswered < SPF_UNANSWERED_MAX;
}

static void
ask_early(struct walk *w, struct question *q)
{
	if (q->state != QUESTION_NEW || !has_room(w))
		return;
	questions_put(&w->l->questions, q);
	w->unanswered += q->state == QUESTION_PENDING;
}

static unsigned
count_new(struct question *const *q, size_t n)
{
	unsigned count = 0;

	for (size_t i = 0; i < n; i++)
		count += q[i]->state == QUESTION_NEW;
	return count;
}

/* How many questions evaluation may put for this term yet. */
static unsigned
unasked(const struct walk *w, const struct row *row)
{
	const struct question *q = row->question;
	bool names = row->kind == TERM_MX || row->kind == TERM_PTR;

	if (q == NULL || q->state == QUESTION_NEW)
		return names ? TERM_QUESTIONS : 1;
	if (q->state == QUESTION_PENDING)
		return names ? SPF_NAMES_MAX : 0;
	if (row->kind == TERM_MX)
		return count_new(row->host, row->nhosts);
	if (row->kind == TERM_PTR)
		return count_new(w->l->names.name, w->l->names.n);
	return 0;
}

/* The walk has been at this row, whose own questions are put, and goes on. */
static void
leave_row(struct walk *w, const struct row *row, enum known known)
{
	bool unread = row->kind == TERM_INCLUDE && row->record == NULL;

	w->may_need += unasked(w, row);
	if (!w->forked && known == UNKNOWN && (unread || w->depth > 0)) {
		w->forked = true;
		w->reserved = w->may_need;
	}
}

/* --- what is known -------------------------------------------------------- */

/* The question of the row, if it was put, or may be put now. */
static struct question *
row_question(struct walk *w, struct row *row)
{
	struct lookups *l = w->l;

	if (row->question == NULL &&
	    (row->macros || l->prepared >= SPF_TERMS_MAX || !has_room(w) ||
	        lookups_prepare(l, row) != 0))
		return NULL;
	ask_early(w, row->question);
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
	return questions_answer_has(q->answer, &l->vars.client, bits)
	    ? KNOWN_YES
	    : KNOWN_NO;
}

/* Known only if all of its hosts are: each may be the one that matches. */
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

		ask_early(w, row->host[i]);
		one = known_address(w->l, row->host[i], row->bits);
		if (one != KNOWN_NO && all != KNOWN_YES)
			all = one;
	}
	return all;
}

static void
walk_ptr(struct walk *w, const struct row *row)
{
	struct ptr *names = &w->l->names;

	if (!ptr_names(names))
		return;
	for (size_t i = 0; i < names->n; i++) {
		if (domain_within(names->name[i]->name, row->target))
			ask_early(w, names->name[i]);
	}
}

static enum known
walk_record(struct walk *w, struct row *row)
{
	enum known known;

	if (lookups_read_record(w->l, row) != 0)
		return UNKNOWN;
	w->depth += row->kind == TERM_INCLUDE;
	known = walk_plan(w, row->record);
	w->depth -= row->kind == TERM_INCLUDE;
	return known;
}

/* Names that cannot be asked match nothing (RFC 7208 section 4.8), but for
 * include, where it is an error; what an error does is left to evaluation. */
static enum known
walk_row(struct walk *w, struct row *row)
{
	const struct question *q = row_question(w, row);

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
		walk_ptr(w, row);
		return UNKNOWN;
	case TERM_INCLUDE:
	case TERM_REDIRECT:
		return walk_record(w, row);
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
		if (!end) {
			w->may_need -= TERM_QUESTIONS;
			known = walk_row(w, row);
			leave_row(w, row, known);
		}
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

bool
early_ask(struct lookups *l)
{
	struct walk w = {.l = l,
	    .may_need = SPF_TERMS_MAX * TERM_QUESTIONS,
	    .unanswered = count_unanswered(l)};

	if (l->root.record != NULL)
		walk_plan(&w, l->root.record);
	return w.held;
}

bool
early_learns(enum dns_type type)
{
	return type == DNS_TXT || type == DNS_MX || type == DNS_PTR;
}

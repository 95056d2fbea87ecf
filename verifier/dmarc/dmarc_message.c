/*
 * Trick: an answer is read at once and not kept, so a question is a number and
 * nothing else. There is room for the questions of this message, no more: it
 * stands beside thousands of others.
 *
 * Trap: a question that is under way points into the message's arena, so it is
 * cancelled before that is reset.
 */
#include <errno.h>
#include <stdio.h>

#include "verifier/dmarc/dmarc_message.h"

struct dmarc_question {
	struct dmarc_work *work;
	struct dns_query *query; /* NULL: not under way */
	unsigned number;         /* of evaluation_want() */
};

struct dmarc_work {
	struct dmarc_input in;
	struct evaluation evaluation;
	int spf;             /* its number; -1: it is none */
	size_t author_names; /* those of the author's walk come first */
	size_t open;         /* questions under way */
	struct dmarc_question question[]; /* by their number */
};

/* --- questions ------------------------------------------------------------ */

static void ask_more(struct dmarc_work *w);

static bool
is_told(const struct dmarc_work *w)
{
	const struct evaluation *e = &w->evaluation;

	for (size_t i = 0; i < e->nidentifiers; i++) {
		if (e->identifier[i].standing == DMARC_PENDING)
			return false;
	}
	return true;
}

static bool
waits(struct dmarc_work *w)
{
	struct evaluation_result r;

	return w->open > 0 && is_told(w) &&
	    !evaluation_result(&w->evaluation, &r);
}

static void
got(void *arg, struct dns_answer *answer)
{
	struct dmarc_question *q = arg;
	struct dmarc_work *w = q->work;

	q->query = NULL;
	w->open--;
	evaluation_answer(&w->evaluation, q->number, answer);
	dns_answer_free(answer);
	ask_more(w);
	w->in.done(w->in.arg);
}

/* Of other domains few names are asked while DNS has more questions than it
 * should, as it is with keys: silent servers of one sender must leave room for
 * other messages. */
static bool
may_ask(const struct dmarc_work *w, const struct evaluation_question *q)
{
	return q->number < w->author_names + QUESTIONS_BUSY_MAX ||
	    q->type != DNS_TXT || !resolver_busy(w->in.resolver);
}

static void
ask(struct dmarc_work *w, const struct evaluation_question *want)
{
	struct dmarc_question *q = &w->question[want->number];
	struct dns_answer *answer = NULL;

	*q = (struct dmarc_question){.work = w, .number = want->number};
	if (may_ask(w, want) &&
	    resolver_ask(w->in.resolver, w->in.turn, span_str(want->name),
	        want->type, got, q, &q->query, &answer) == ASK_PENDING) {
		w->open++;
		return;
	}
	q->query = NULL;
	evaluation_answer(&w->evaluation, want->number, answer);
	dns_answer_free(answer);
}

static void
ask_more(struct dmarc_work *w)
{
	struct evaluation_question q;

	while (evaluation_want(&w->evaluation, &q))
		ask(w, &q);
}

static void
cancel(struct dmarc_work *w)
{
	for (size_t i = 0; i <= w->evaluation.names.room; i++) {
		if (w->question[i].query == NULL)
			continue;
		resolver_cancel(w->question[i].query);
		w->question[i].query = NULL;
	}
	w->open = 0;
}

/* --- from the beginning to the result ------------------------------------- */

/* The names of all walks that may be wanted. */
static size_t
count_names(const struct dmarc_input *in)
{
	size_t n = walk_length(span_str(in->author));

	for (size_t i = 0; i < in->picked->n; i++)
		n += walk_length(span_str(in->picked->v[i]->s.domain_a));
	if (in->sender != NULL)
		n += walk_length(span_str(in->sender));
	return n < WALK_NAMES_MAX ? n : WALK_NAMES_MAX;
}

int
dmarc_message_begin(struct dmarc_message *d, const struct dmarc_input *in)
{
	const size_t room = count_names(in);
	struct walk_names names = {.room = room};
	struct dmarc_work *w;

	/* and whether the author's domain exists */
	w = arena_alloc(
	    in->arena, sizeof *w + (room + 1) * sizeof w->question[0]);
	names.v = arena_alloc(in->arena, room * sizeof names.v[0]);
	if (w == NULL || names.v == NULL)
		return -ENOMEM;
	*d = (struct dmarc_message){.begun = true, .work = w};
	w->in = *in;
	evaluation_start(&w->evaluation, names, in->author, in->every);
	w->author_names = w->evaluation.names.n;
	for (size_t i = 0; i < in->picked->n; i++) {
		const struct candidate *c = in->picked->v[i];
		int number = evaluation_identify(
		    &w->evaluation, DMARC_DKIM, c->s.domain_a);

		if (c->result != DKIM_PASS)
			evaluation_verified(
			    &w->evaluation, number, DMARC_PASSES_NOT);
	}
	w->spf = in->sender == NULL
	    ? -1
	    : evaluation_identify(&w->evaluation, DMARC_SPF, in->sender);
	evaluation_close(&w->evaluation);
	ask_more(w);
	return 0;
}

void
dmarc_message_cannot(
    struct dmarc_message *d, enum dmarc_result result, const char *why)
{
	dmarc_message_reset(d);
	d->begun = true;
	d->result = (struct evaluation_result){.result = result, .reason = why};
}

static void
tell(struct dmarc_message *d, int number, enum dmarc_standing standing)
{
	if (d->work == NULL || d->over)
		return;
	evaluation_verified(&d->work->evaluation, number, standing);
	ask_more(d->work);
}

void
dmarc_message_signature(
    struct dmarc_message *d, size_t which, enum dkim_result result)
{
	tell(d, (int)which,
	    result == DKIM_PASS            ? DMARC_PASSES
	        : result == DKIM_TEMPERROR ? DMARC_UNKNOWN
	                                   : DMARC_PASSES_NOT);
}

void
dmarc_message_spf(struct dmarc_message *d, enum spf_result result)
{
	if (d->work != NULL)
		tell(d, d->work->spf,
		    result == SPF_PASS            ? DMARC_PASSES
		        : result == SPF_TEMPERROR ? DMARC_UNKNOWN
		                                  : DMARC_PASSES_NOT);
}

bool
dmarc_message_waits(const struct dmarc_message *d)
{
	return d->work != NULL && !d->over && waits(d->work);
}

/* NULL: it does not pass. */
static const struct identifier *
passing(const struct dmarc_message *d, size_t which)
{
	const struct identifier *i;

	if (d->work == NULL || which >= d->work->evaluation.nidentifiers)
		return NULL;
	i = &d->work->evaluation.identifier[which];
	return i->standing == DMARC_PASSES ? i : NULL;
}

bool
dmarc_message_aligned(const struct dmarc_message *d, size_t which)
{
	const struct identifier *i = passing(d, which);

	return i != NULL &&
	    (i->alignment == ALIGN_YES ||
	        span_eq(i->domain, d->work->evaluation.author));
}

bool
dmarc_message_undecided(const struct dmarc_message *d, size_t which)
{
	const struct identifier *i = passing(d, which);

	return i != NULL && i->alignment == ALIGN_FAILED;
}

void
dmarc_message_end(struct dmarc_message *d, const struct disposition_input *in)
{
	struct disposition_input all = *in;
	struct dmarc_work *w = d->work;

	if (!d->begun || d->over)
		return;
	if (w != NULL && !evaluation_result(&w->evaluation, &d->result)) {
		evaluation_expire(&w->evaluation);
		(void)evaluation_result(&w->evaluation, &d->result);
	}
	if (w != NULL)
		cancel(w);
	all.result = &d->result;
	all.evaluation = w == NULL ? NULL : &w->evaluation;
	d->disposition = disposition_decide(&all);
	d->over = true;
}

const struct evaluation *
dmarc_message_evaluation(const struct dmarc_message *d)
{
	return d->work == NULL ? NULL : &d->work->evaluation;
}

void
dmarc_message_reset(struct dmarc_message *d)
{
	if (d->work != NULL)
		cancel(d->work);
	*d = (struct dmarc_message){.begun = false};
}

/* --- words ---------------------------------------------------------------- */

const char *
dmarc_message_comment(
    const struct dmarc_message *d, char ret[DISPOSITION_COMMENT_MAX])
{
	return disposition_comment(&d->result, &d->disposition, ret);
}

void
dmarc_message_write(
    const struct dmarc_message *d, const char *author, struct authres *a)
{
	char comment[DISPOSITION_COMMENT_MAX];

	if (!d->over)
		return;
	authres_result(
	    a, "dmarc", dmarc_result_word(d->result.result), d->result.reason);
	if (dmarc_message_comment(d, comment)[0] != '\0')
		authres_comment(a, comment);
	authres_domain(a, "header.from", span_str(author));
	if (d->result.at != NULL)
		authres_domain(a, "policy.dmarc",
		    span_str(dmarc_policy_word(d->result.policy)));
}

const char *
dmarc_message_reply(
    const struct dmarc_message *d, const char *author, char ret[EDITS_TEXT_MAX])
{
	const char *of = author[0] == '\0' ? "the message" : author;

	if (d->result.result == DMARC_RESULT_FAIL)
		snprintf(ret, EDITS_TEXT_MAX,
		    "DMARC of %s: neither SPF nor DKIM passes for this domain",
		    of);
	else
		snprintf(ret, EDITS_TEXT_MAX, "DMARC of %s: %s%s", of,
		    d->result.reason,
		    d->result.result == DMARC_RESULT_TEMPERROR ? ", try again"
		                                               : "");
	return ret;
}

/*
 * The trick: the row of the check itself stands in no record (row->plan is
 * NULL). It is no term, so it counts as none, and its errors are those of the
 * domain.
 *
 * The trap: what libspf2 does with "try again" is its own affair. When a run is
 * over, run_reach() refuses whatever else it asks for, and the first reason
 * stays.
 */
#include <stdarg.h>
#include <stdio.h>

#include "common/spf/run.h"

void
run_init(
    struct run *r, struct questions *qs, struct span domain, unsigned void_max)
{
	*r = (struct run){
	    .questions = qs, .domain = domain, .void_max = void_max};
}

void
run_begin(struct run *r, struct plan *const *plan, size_t n)
{
	run_init(r, r->questions, r->domain, r->void_max);
	for (size_t i = 0; i < n; i++) {
		plan[i]->last = NULL;
		for (size_t k = 0; k < plan[i]->nrows; k++)
			plan[i]->row[k].said = ROW_UNREACHED;
	}
}

/* --- problems ------------------------------------------------------------- */

/* Printable ASCII; of what is long the end or the beginning. */
static struct run_shown
show(struct span s, bool end)
{
	struct run_shown ret = {0};
	size_t n = s.n > RUN_SHOWN_MAX ? RUN_SHOWN_MAX : s.n;
	struct span part = end ? span_skip(s, s.n - n) : s;

	for (size_t i = 0; i < n; i++) {
		char c = part.p[i];

		ret.text[i] = (char)(c < 0x20 || c > 0x7e ? '?' : c);
	}
	if (n < s.n)
		memcpy(ret.text + (end ? 0 : n - 3), "...", 3);
	return ret;
}

struct run_shown
run_show_name(struct span name)
{
	return show(name, true);
}

const char *
run_problem(
    struct arena *a, struct span domain, struct span term, const char *what)
{
	char text[RUN_PROBLEM_MAX + 1];

	snprintf(text, sizeof text, "%s: %s%s%s", show(domain, true).text,
	    show(term, false).text, term.n == 0 ? "" : ": ", what);
	return arena_dup(a, span_str(text));
}

/* --- the end of a run ----------------------------------------------------- */

void
run_fail_in(struct run *r, enum run_state state, struct span domain,
    struct span term, const char *what)
{
	r->state = state;
	r->problem = run_problem(r->questions->arena, domain, term, what);
}

void
run_fail(struct run *r, enum run_state state, const struct row *row,
    const char *fmt, ...)
{
	char what[RUN_PROBLEM_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (row->plan == NULL)
		run_fail_in(r, state, r->domain, (struct span){0}, what);
	else
		run_fail_in(r, state, row->plan->domain, row->text, what);
}

void
run_none(struct run *r)
{
	r->state = RUN_NONE;
}

void
run_no_memory(struct run *r)
{
	run_fail_in(
	    r, RUN_TEMPERROR, r->domain, (struct span){0}, "out of memory");
}

void
run_broken(struct run *r, const char *what)
{
	char text[RUN_PROBLEM_MAX];

	snprintf(text, sizeof text, "libspf2: %s", what);
	run_fail_in(r, RUN_TEMPERROR, r->domain, (struct span){0}, text);
}

/* --- what the terms say --------------------------------------------------- */

const struct plan *
run_decider(const struct plan *p)
{
	while (p != NULL && p->last != NULL && p->last->kind == TERM_REDIRECT &&
	    p->last->record != NULL)
		p = p->last->record;
	return p;
}

enum spf_result
run_result(const struct plan *p)
{
	p = run_decider(p);
	if (p == NULL || p->last == NULL || p->last->said != ROW_MATCH)
		return SPF_NEUTRAL; /* the default */
	return p->last->qualifier;
}

/* Evaluation of the record has come to its end: so has that of the row where it
 * is, and of the record below that one. */
static void
settle(struct plan *p)
{
	struct row *row = p == NULL ? NULL : p->last;

	if (row == NULL || row->said != ROW_OPEN)
		return;
	settle(row->record);
	if (row->kind == TERM_REDIRECT)
		row->said = ROW_FOLLOWED;
	else if (row->kind == TERM_INCLUDE && row->record != NULL &&
	    run_result(row->record) == SPF_PASS)
		row->said = ROW_MATCH;
	else
		row->said = ROW_NO_MATCH;
}

/* Goes on to the row. */
static void
step(struct plan *p, struct row *row)
{
	settle(p);
	if (p->last != NULL)
		p->last->said = ROW_NO_MATCH;
	p->last = row;
	row->said = plan_row_ends(row) ? ROW_MATCH : ROW_OPEN;
}

/* A text of one word that always matches has no #n. in it, by which we would
 * hear that evaluation comes to it (plan.h). */
void
run_enter(struct plan *p)
{
	if (p->ends && p->nrows == 1)
		step(p, p->row);
}

void
run_match(struct row *row)
{
	row->said = ROW_MATCH;
}

void
run_end(struct run *r, struct plan *own)
{
	if (r->state == RUN_ON)
		settle(own);
}

/* --- on its way ----------------------------------------------------------- */

bool
run_reach(struct run *r, struct row *row)
{
	if (r->state != RUN_ON)
		return false;
	if (row->plan == NULL)
		return true;
	step(row->plan, row);
	if (plan_row_ends(row))
		return true;
	if (r->terms < SPF_TERMS_MAX) {
		r->terms++;
		return true;
	}
	run_fail(r, RUN_PERMERROR, row, "more than %d terms that ask DNS",
	    SPF_TERMS_MAX);
	return false;
}

const struct dns_answer *
run_need(struct run *r, struct question *q)
{
	static const struct dns_answer no_name = {.status = DNS_NXDOMAIN};

	q->used = true;
	questions_put(r->questions, q);
	switch (q->state) {
	case QUESTION_NEW:
		run_no_memory(r);
		return NULL;
	case QUESTION_PENDING:
		r->state = RUN_PENDING;
		r->wanted = q;
		return NULL;
	case QUESTION_ANSWERED:
		r->used = true;
		r->insecure |= q->answer->security != DNS_SECURE;
		return q->answer;
	case QUESTION_NO_NAME:
		break;
	}
	return &no_name;
}

const struct dns_answer *
run_need_host(struct run *r, const struct row *mx, struct question *host)
{
	const struct dns_answer *answer = run_need(r, host);

	if (r->state == RUN_PENDING)
		r->wanted_mx = mx;
	return answer;
}

bool
run_count_void(
    struct run *r, const struct row *row, const struct dns_answer *answer)
{
	if ((answer->status != DNS_NODATA && answer->status != DNS_NXDOMAIN) ||
	    row->question->state == QUESTION_NO_NAME || row->plan == NULL)
		return true;
	if (++r->voids <= r->void_max)
		return true;
	run_fail(r, RUN_PERMERROR, row, "more than %u void lookup%s",
	    r->void_max, buf_plural(r->void_max));
	return false;
}

/* --- when it waits -------------------------------------------------------- */

/* A run that comes to this host of the mx goes on behind it. */
static bool
is_passed(
    const struct row *mx, const struct question *host, const struct ip *client)
{
	switch (host->state) {
	case QUESTION_NEW:
	case QUESTION_PENDING:
		return false;
	case QUESTION_NO_NAME:
		return true;
	case QUESTION_ANSWERED:
		break;
	}
	return host->answer->status != DNS_TEMPERROR &&
	    !questions_answer_has(host->answer, client, mx->bits);
}

bool
run_is_ready(struct run *r, const struct question *q, const struct ip *client)
{
	const struct row *mx = r->wanted_mx;

	if (r->state != RUN_PENDING || r->wanted != q)
		return false;
	for (size_t i = 0; mx != NULL && i < mx->nhosts; i++) {
		struct question *host = mx->host[i];

		questions_put(r->questions, host);
		if (host->state == QUESTION_PENDING) {
			r->wanted = host;
			return false;
		}
		if (!is_passed(mx, host, client))
			break;
	}
	return true;
}

enum dns_security
run_security(const struct run *r)
{
	return r->used && !r->insecure ? DNS_SECURE : DNS_INSECURE;
}

#include <errno.h>

#include "common/spf/published.h"

/* The one SPF record of the answer. 0, -ENOENT or -EINVAL. */
static int
find(const struct dns_answer *answer, struct span *ret)
{
	const struct dns_record *spf = NULL;

	if (answer->status != DNS_FOUND)
		return -ENOENT;
	for (size_t i = 0; i < answer->n; i++) {
		if (!record_is_spf(answer->record[i].txt))
			continue;
		if (spf != NULL)
			return -EINVAL;
		spf = &answer->record[i];
	}
	if (spf == NULL)
		return -ENOENT;
	*ret = spf->txt;
	return 0;
}

static int
read_answer(struct lookups *l, struct row *row, struct published_error *e)
{
	struct span txt;
	struct plan *p;
	int rc = find(row->question->answer, &txt);

	if (rc != 0)
		return rc;
	if (l->nplans == LOOKUPS_PLANS_MAX)
		return -ENOMEM;
	rc = plan_make(l->arena, txt, row->target, &l->client.ip, l->rows, &p,
	    &e->why, &e->term);
	if (rc != 0)
		return rc;
	l->plan[l->nplans++] = p;
	l->rows += (unsigned)p->nrows;
	row->leads = p;
	return 0;
}

int
published_lead(struct lookups *l, struct row *row)
{
	struct published_error e = {.why = "more than one SPF record"};
	struct published_error *kept;

	if (row->leads != NULL)
		return 0;
	if (row->fault != NULL)
		return row->fault->rc;
	e.rc = read_answer(l, row, &e);
	if (e.rc == 0 || e.rc == -ENOMEM)
		return e.rc;
	kept = arena_alloc(l->arena, sizeof *kept);
	if (kept == NULL)
		return -ENOMEM;
	*kept = e;
	row->fault = kept;
	return e.rc;
}

bool
published_no_mail(const struct row *root)
{
	const struct question *q = root->question;

	if (q == NULL || q->state != QUESTION_ANSWERED)
		return false;
	for (size_t i = 0; i < q->answer->n; i++) {
		if (span_ieqs(
		        span_trim(q->answer->record[i].txt), "v=spf1 -all"))
			return true;
	}
	return false;
}

#include <errno.h>

#include "policyd/published.h"

int
published_lead(struct lookups *l, struct row *row, struct published_error *ret)
{
	const struct dns_answer *answer = row->question->answer;
	const struct dns_record *spf = NULL;
	struct plan *p;
	int rc;

	*ret = (struct published_error){.why = "more than one SPF record"};
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
	if (l->nplans == LOOKUPS_PLANS_MAX)
		return -ENOMEM;
	rc = plan_make(l->arena, spf->txt, row->target, &l->client.ip, l->rows,
	    &p, &ret->why, &ret->term);
	if (rc != 0)
		return rc;
	l->plan[l->nplans++] = p;
	l->rows += (unsigned)p->nrows;
	row->leads = p;
	return 0;
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

#include <errno.h>
#include <sys/socket.h>

#include "common/spf/failure.h"
#include "common/spf/lookups.h"
#include "common/spf/ptr.h"
#include "common/spf/published.h"
#include "common/spf/target.h"

void
lookups_init(struct lookups *l, struct arena *a, const struct macro_vars *vars,
    struct span domain, unsigned void_max,
    enum ask (*ask)(
        void *arg, struct question *q, struct dns_answer **ret_answer),
    void *arg)
{
	*l = (struct lookups){.arena = a,
	    .vars = *vars,
	    .ascii_local = span_is_ascii(vars->local),
	    .void_max = void_max,
	    .root = {.kind = TERM_REDIRECT,
	        .target_state = TARGET_NAME,
	        .target = domain},
	    .client.ip = vars->client};
	questions_init(&l->questions, a, ask, arg);
}

void
lookups_free(struct lookups *l)
{
	questions_free(&l->questions);
}

void
lookups_begin(struct lookups *l)
{
	l->state = RUN_ON;
	l->wanted = NULL;
	l->wanted_mx = NULL;
	l->problem = NULL;
	l->terms = l->voids = 0;
	l->used = l->insecure = false;
	for (size_t i = 0; i < l->nplans; i++)
		l->plan[i]->last = NULL;
}

/* --- questions ------------------------------------------------------------ */

const struct dns_answer *
lookups_need(struct lookups *l, struct question *q)
{
	static const struct dns_answer no_name = {.status = DNS_NXDOMAIN};

	q->used = true;
	questions_put(&l->questions, q);
	switch (q->state) {
	case QUESTION_NEW:
		failure_no_memory(l);
		return NULL;
	case QUESTION_PENDING:
		l->state = RUN_PENDING;
		l->wanted = q;
		return NULL;
	case QUESTION_ANSWERED:
		l->used = true;
		l->insecure |= q->answer->security != DNS_SECURE;
		return q->answer;
	case QUESTION_NO_NAME:
		break;
	}
	return &no_name;
}

enum dns_security
lookups_security(const struct lookups *l)
{
	return l->used && !l->insecure ? DNS_SECURE : DNS_INSECURE;
}

/* --- rows ----------------------------------------------------------------- */

struct row *
lookups_row(struct lookups *l, unsigned number)
{
	for (size_t i = 0; i < l->nplans; i++) {
		struct plan *p = l->plan[i];
		unsigned first = p->nrows == 0 ? 0 : p->row[0].number;

		if (number >= first && number - first < p->nrows)
			return &p->row[number - first];
	}
	return NULL;
}

static bool
is_end(const struct row *row)
{
	return row->kind == TERM_ALL || row->kind == TERM_IP4 ||
	    row->kind == TERM_IP6;
}

/* Evaluation has come to this row. False: the run stops. */
static bool
use(struct lookups *l, struct row *row)
{
	if (l->state != RUN_ON)
		return false;
	if (row == &l->root)
		return true;
	row->plan->last = row;
	if (is_end(row))
		return true;
	if (l->terms < SPF_TERMS_MAX) {
		l->terms++;
		return true;
	}
	failure_of(l, RUN_PERMERROR, row, "more than %d terms that ask DNS",
	    SPF_TERMS_MAX);
	return false;
}

/* Counts a void lookup if it is one. False: the run stops. */
static bool
count_void(
    struct lookups *l, const struct row *row, const struct dns_answer *answer)
{
	if ((answer->status != DNS_NODATA && answer->status != DNS_NXDOMAIN) ||
	    row->question->state == QUESTION_NO_NAME || row == &l->root)
		return true;
	if (++l->voids <= l->void_max)
		return true;
	failure_of(
	    l, RUN_PERMERROR, row, "more than %u void lookups", l->void_max);
	return false;
}

/* True if q has an answer that is no error. False: the run stops. */
static bool
judge(struct lookups *l, const struct row *row, const struct question *q,
    const struct dns_answer *answer)
{
	if (answer == NULL)
		return false;
	if (answer->status != DNS_TEMPERROR)
		return true;
	failure_of(l, RUN_TEMPERROR, row, "%s of %s: %s",
	    questions_type(q->type), problem_name(q->name).text, answer->why);
	return false;
}

/* The answer to the row's own question, or NULL: then *ret says what it means.
 * Errors of ptr are for the caller. */
static const struct dns_answer *
answer_of(struct lookups *l, struct row *row, enum found *ret)
{
	const struct dns_answer *answer;

	*ret = FOUND_STOP;
	if (!use(l, row))
		return NULL;
	if (is_end(row)) {
		*ret = FOUND_NOTHING;
		return NULL;
	}
	if (!target_prepare(l, row)) {
		*ret = l->state == RUN_ON ? FOUND_NOTHING : FOUND_STOP;
		return NULL;
	}
	answer = lookups_need(l, row->question);
	if (answer == NULL || !count_void(l, row, answer))
		return NULL;
	if (row->kind != TERM_PTR && !judge(l, row, row->question, answer))
		return NULL;
	return answer;
}

/* --- records -------------------------------------------------------------- */

static int
read_answer(struct lookups *l, struct row *row, struct record_fault *f)
{
	struct span txt;
	struct plan *p;
	int rc = published_record(row->question->answer, &txt);

	if (rc != 0)
		return rc;
	if (l->nplans == LOOKUPS_PLANS_MAX)
		return -ENOMEM;
	rc = plan_make(l->arena, txt, row->target, &l->client.ip, l->rows, &p,
	    &f->why, &f->term);
	if (rc != 0)
		return rc;
	l->plan[l->nplans++] = p;
	l->rows += (unsigned)p->nrows;
	row->leads = p;
	return 0;
}

int
lookups_lead(struct lookups *l, struct row *row)
{
	struct record_fault f = {.why = "more than one SPF record"};
	struct record_fault *kept;

	if (row->leads != NULL)
		return 0;
	if (row->fault != NULL)
		return row->fault->rc;
	f.rc = read_answer(l, row, &f);
	if (f.rc == 0 || f.rc == -ENOMEM)
		return f.rc;
	kept = arena_alloc(l->arena, sizeof *kept);
	if (kept == NULL)
		return -ENOMEM;
	*kept = f;
	row->fault = kept;
	return f.rc;
}

/* Makes row->leads, or ends the run. */
static bool
lead(struct lookups *l, struct row *row)
{
	if (row->leads != NULL)
		return true;
	if (row->question->state == QUESTION_NO_NAME) {
		failure_of(l, RUN_PERMERROR, row, "the domain is no name");
		return false;
	}
	switch (lookups_lead(l, row)) {
	case 0:
		return true;
	case -ENOENT:
		if (row == &l->root)
			l->state = RUN_NONE;
		else
			failure_of(l, RUN_PERMERROR, row, "no SPF record at %s",
			    problem_name(row->target).text);
		break;
	case -EINVAL:
		failure_at(l, RUN_PERMERROR, row->target, row->fault->term,
		    row->fault->why);
		break;
	default:
		failure_no_memory(l);
	}
	return false;
}

enum found
lookups_record(struct lookups *l, struct row *row, struct plan **ret)
{
	enum found found;

	if (answer_of(l, row, &found) == NULL)
		return found;
	if (!lead(l, row))
		return FOUND_STOP;
	*ret = row->leads;
	return FOUND;
}

struct plan *
lookups_decider(const struct lookups *l)
{
	struct plan *p = l->root.leads;

	while (p != NULL && p->last != NULL && p->last->kind == TERM_REDIRECT &&
	    p->last->leads != NULL)
		p = p->last->leads;
	return p;
}

const struct row *
lookups_match(const struct plan *p)
{
	if (p->last != NULL)
		return p->last;
	return p->ends ? &p->row[p->nrows - 1] : NULL;
}

/* --- addresses ------------------------------------------------------------ */

/* What libspf2 is to compare the client with. */
static enum found
give(const struct lookups *l, const struct row *row,
    const struct dns_answer *answer, const struct dns_record **ret,
    size_t *ret_n)
{
	bool whole = row->kind != TERM_EXISTS && row->bits == 0;

	if (answer->status != DNS_FOUND || answer->n == 0)
		return FOUND_NOTHING;
	*ret = whole ? &l->client : answer->record;
	*ret_n = whole ? 1 : answer->n;
	return FOUND;
}

enum found
lookups_addresses(struct lookups *l, struct row *row,
    const struct dns_record **ret, size_t *ret_n)
{
	static const struct dns_record any = {
	    .ip = {.family = AF_INET, .b = {127, 0, 0, 2}}};
	const struct dns_answer *answer;
	enum found found;

	answer = answer_of(l, row, &found);
	if (answer == NULL)
		return found;
	if (row->kind != TERM_PTR)
		return give(l, row, answer, ret, ret_n);
	*ret = &any;
	*ret_n = 1;
	return ptr_within(l, row->target);
}

int
lookups_hosts(struct lookups *l, struct row *row)
{
	const struct dns_answer *answer = row->question->answer;
	enum dns_type type = l->client.ip.family == AF_INET ? DNS_A : DNS_AAAA;
	struct question **host;

	if (row->host != NULL)
		return 0;
	host = arena_alloc(l->arena, answer->n * sizeof(struct question *));
	if (host == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < answer->n; i++) {
		host[i] = questions_find(
		    &l->questions, span_str(answer->record[i].name), type);
		if (host[i] == NULL)
			return -ENOMEM;
	}
	row->host = host;
	row->nhosts = answer->n;
	return 0;
}

enum found
lookups_mx(struct lookups *l, struct row *row, size_t *ret_n)
{
	const struct dns_answer *answer;
	enum found found;

	answer = answer_of(l, row, &found);
	if (answer == NULL)
		return found;
	if (answer->status != DNS_FOUND)
		return FOUND_NOTHING;
	if (answer->n > SPF_NAMES_MAX) {
		failure_of(l, RUN_PERMERROR, row, "%zu MX names, more than %d",
		    answer->n, SPF_NAMES_MAX);
		return FOUND_STOP;
	}
	if (lookups_hosts(l, row) != 0) {
		failure_no_memory(l);
		return FOUND_STOP;
	}
	*ret_n = row->nhosts;
	return FOUND;
}

enum found
lookups_host(struct lookups *l, struct row *row, size_t i,
    const struct dns_record **ret, size_t *ret_n)
{
	const struct dns_answer *answer;

	if (l->state != RUN_ON)
		return FOUND_STOP;
	answer = lookups_need(l, row->host[i]);
	if (l->state == RUN_PENDING)
		l->wanted_mx = row;
	if (!judge(l, row, row->host[i], answer))
		return FOUND_STOP;
	return give(l, row, answer, ret, ret_n);
}

bool
lookups_ready(struct lookups *l, const struct question *q)
{
	const struct row *mx = l->wanted_mx;

	if (l->state != RUN_PENDING || l->wanted != q)
		return false;
	for (size_t i = 0; mx != NULL && i < mx->nhosts; i++) {
		struct question *host = mx->host[i];

		questions_put(&l->questions, host); /* as the run would do */
		if (host->state == QUESTION_PENDING) {
			l->wanted = host;
			return false;
		}
		if (host->state == QUESTION_NEW ||
		    (host->state == QUESTION_ANSWERED &&
		        (host->answer->status == DNS_TEMPERROR ||
		            questions_answer_has(
		                host->answer, &l->client.ip, mx->bits))))
			break;
	}
	return true;
}

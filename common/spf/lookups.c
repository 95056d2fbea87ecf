/*
 * The trick: libspf2 asks for "#7.", and row 7 knows the name, the question and
 * the answer. What was learned stays in the rows and is not learned again in
 * the next run.
 *
 * The trap: what makes a question or a record (prepare, lead, hosts) is called
 * early, too, when there may be no run. It says what went wrong; only who runs
 * ends the run.
 */
#include <errno.h>
#include <sys/socket.h>

#include "common/spf/lookups.h"
#include "common/spf/record.h"

void
lookups_init(struct lookups *l, struct arena *a, const struct macro_vars *vars,
    struct span domain, unsigned void_max,
    enum ask (*ask)(
        void *arg, struct question *q, struct dns_answer **ret_answer),
    void *arg)
{
	*l = (struct lookups){
	    .arena = a,
	    .vars = *vars,
	    .ascii_local = span_is_ascii(vars->local),
	    .root = {.kind = TERM_REDIRECT,
	        .target_state = TARGET_NAME,
	        .target = domain},
	};
	questions_init(&l->questions, a, ask, arg);
	ptr_init(&l->names, &l->vars, &l->questions);
	run_init(&l->run, &l->questions, domain, void_max);
}

void
lookups_free(struct lookups *l)
{
	questions_free(&l->questions);
}

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

/* --- what a term asks for: the <target-name> of section 4.8 --------------- */

/* p: what %{p} stands for, if the row needs it. */
static int
make_target(struct lookups *l, struct row *row, struct span p)
{
	struct macro_vars vars = l->vars;
	char name[DOMAIN_MAX + 1];
	size_t n;

	vars.domain = row->plan->domain;
	vars.name = p;
	row->target = vars.domain;
	if (row->domain.n > 0) {
		n = macro_domain(row->domain, &vars, name);
		row->target = span_of(arena_dup(l->arena, span_of(name, n)), n);
	}
	if (row->target.p == NULL)
		return -ENOMEM;
	row->target_state = TARGET_NAME;
	return 0;
}

/* RFC 7208 section 5: a asks for the client's family; exists for an A always;
 * ptr for the names of the client. */
static struct question *
question_of(struct lookups *l, const struct row *row)
{
	enum dns_type type = DNS_TXT;

	switch (row->kind) {
	case TERM_PTR:
		return ptr_question(&l->names);
	case TERM_A:
		type = l->vars.client.family == AF_INET ? DNS_A : DNS_AAAA;
		break;
	case TERM_MX:
		type = DNS_MX;
		break;
	case TERM_EXISTS:
		type = DNS_A;
		break;
	case TERM_INCLUDE:
	case TERM_REDIRECT:
	case TERM_ALL: /* these ask nothing */
	case TERM_IP4:
	case TERM_IP6:
	case TERM_EXP:
	case TERM_UNKNOWN:
		break;
	}
	return questions_find(&l->questions, row->target, type);
}

static int
prepare(struct lookups *l, struct row *row, struct span p)
{
	if (row->target_state == TARGET_NEW && make_target(l, row, p) != 0)
		return -ENOMEM;
	row->question = question_of(l, row);
	if (row->question == NULL)
		return -ENOMEM;
	if (row->plan != NULL)
		l->prepared++;
	return 0;
}

int
lookups_prepare(struct lookups *l, struct row *row)
{
	return row->question != NULL ? 0 : prepare(l, row, span_of(NULL, 0));
}

/* Makes row->question, which may take another one: for %{p}. */
static enum found
find_question(struct lookups *l, struct row *row)
{
	struct span name = {0};

	if (row->question != NULL)
		return FOUND;
	if (!l->ascii_local && macro_uses(row->domain, "sl"))
		return FOUND_NOTHING;
	if (row->target_state == TARGET_NEW && macro_uses(row->domain, "p") &&
	    ptr_name(&l->names, &l->run, row->plan->domain, &name) != FOUND)
		return RUN_OVER;
	if (prepare(l, row, name) == 0)
		return FOUND;
	run_no_memory(&l->run);
	return RUN_OVER;
}

/* --- the answer ----------------------------------------------------------- */

/* True if q has an answer that is no error. False: the run is over. */
static bool
judge(struct run *r, const struct row *row, const struct question *q,
    const struct dns_answer *answer)
{
	if (answer == NULL)
		return false;
	if (answer->status != DNS_TEMPERROR)
		return true;
	run_fail(r, RUN_TEMPERROR, row, "%s of %s: %s", questions_type(q->type),
	    run_show_name(q->name).text, answer->why);
	return false;
}

/* The answer to the row's own question, or NULL: then *ret says what it means.
 * Errors of ptr are for the caller. */
static const struct dns_answer *
answer_of(struct lookups *l, struct row *row, enum found *ret)
{
	const struct dns_answer *answer;

	*ret = RUN_OVER;
	if (!run_reach(&l->run, row))
		return NULL;
	*ret = plan_row_ends(row) ? FOUND_NOTHING : find_question(l, row);
	if (*ret != FOUND)
		return NULL;
	*ret = RUN_OVER;
	answer = run_need(&l->run, row->question);
	if (answer == NULL || !run_count_void(&l->run, row, answer))
		return NULL;
	if (row->kind != TERM_PTR &&
	    !judge(&l->run, row, row->question, answer))
		return NULL;
	return answer;
}

/* --- records -------------------------------------------------------------- */

static int
read_answer(struct lookups *l, struct row *row, struct record_fault *f)
{
	struct span txt;
	struct plan *p;
	int rc = record_find(row->question->answer, &txt);

	if (rc != 0)
		return rc;
	if (l->nplans == LOOKUPS_PLANS_MAX)
		return -ENOMEM;
	rc = plan_make(l->arena, txt, row->target, &l->vars.client, l->rows, &p,
	    &f->why, &f->term);
	if (rc != 0)
		return rc;
	l->plan[l->nplans++] = p;
	l->rows += (unsigned)p->nrows;
	row->record = p;
	return 0;
}

int
lookups_read_record(struct lookups *l, struct row *row)
{
	struct record_fault f = {.why = "more than one SPF record"};
	struct record_fault *kept;

	if (row->record != NULL)
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

/* Makes row->record, or ends the run. */
static bool
need_record(struct lookups *l, struct row *row)
{
	struct run *r = &l->run;

	if (row->record != NULL)
		return true;
	if (row->question->state == QUESTION_NO_NAME) {
		run_fail(r, RUN_PERMERROR, row, "the domain is no name");
		return false;
	}
	switch (lookups_read_record(l, row)) {
	case 0:
		return true;
	case -ENOENT:
		if (row == &l->root)
			run_none(r);
		else
			run_fail(r, RUN_PERMERROR, row, "no SPF record at %s",
			    run_show_name(row->target).text);
		break;
	case -EINVAL:
		run_fail_in(r, RUN_PERMERROR, row->target, row->fault->term,
		    row->fault->why);
		break;
	default:
		run_no_memory(r);
	}
	return false;
}

enum found
lookups_record(struct lookups *l, struct row *row, struct plan **ret)
{
	enum found found;

	if (answer_of(l, row, &found) == NULL)
		return found;
	if (!need_record(l, row))
		return RUN_OVER;
	run_enter(row->record);
	*ret = row->record;
	return FOUND;
}

/* --- addresses ------------------------------------------------------------ */

/*
 * The address that libspf2 is to compare the client with. It allocates for each
 * that it is given, so it gets one: that which matches, or else any.
 */
static enum found
pick(struct lookups *l, struct row *row, const struct dns_answer *answer,
    const struct ip **ret)
{
	const struct ip *client = &l->vars.client;
	bool exists = row->kind == TERM_EXISTS;
	bool whole = row->bits == 0 && !exists; /* libspf2 knows no /0 */

	if (answer->status != DNS_FOUND || answer->n == 0)
		return FOUND_NOTHING;
	*ret = &answer->record[0].ip;
	for (size_t i = 0; i < answer->n; i++) {
		const struct ip *ip = &answer->record[i].ip;

		if (!exists && !whole && !ip_match(ip, client, row->bits))
			continue;
		run_match(row);
		*ret = whole ? client : ip;
		break;
	}
	return FOUND;
}

enum found
lookups_address(struct lookups *l, struct row *row, const struct ip **ret)
{
	static const struct ip any = {.family = AF_INET, .b = {127, 0, 0, 2}};
	const struct dns_answer *answer;
	enum found found;

	answer = answer_of(l, row, &found);
	if (answer == NULL)
		return found;
	if (row->kind != TERM_PTR)
		return pick(l, row, answer, ret);
	found = ptr_within(&l->names, &l->run, row->target);
	if (found == FOUND)
		run_match(row);
	*ret = &any;
	return found;
}

int
lookups_hosts(struct lookups *l, struct row *row)
{
	const struct dns_answer *answer = row->question->answer;
	enum dns_type type =
	    l->vars.client.family == AF_INET ? DNS_A : DNS_AAAA;
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
		run_fail(&l->run, RUN_PERMERROR, row,
		    "%zu MX names, more than %d", answer->n, SPF_NAMES_MAX);
		return RUN_OVER;
	}
	if (lookups_hosts(l, row) != 0) {
		run_no_memory(&l->run);
		return RUN_OVER;
	}
	*ret_n = row->nhosts;
	return FOUND;
}

enum found
lookups_host(
    struct lookups *l, struct row *row, size_t i, const struct ip **ret)
{
	const struct dns_answer *answer;

	if (l->run.state != RUN_ON)
		return RUN_OVER;
	answer = run_need_host(&l->run, row, row->host[i]);
	if (!judge(&l->run, row, row->host[i], answer))
		return RUN_OVER;
	return pick(l, row, answer, ret);
}

/*
 * The trick: nothing is remembered but what is known; each call looks at all of
 * it from the beginning. There are eighty names at the most, and eight as a
 * rule.
 *
 * The trap: a temporary error is no answer, so neither pass nor fail. But one
 * that makes no difference is none: a server of "com" that is down must not
 * spoil the mail of example.com.
 */
#include <stdio.h>

#include "verifier/dmarc/evaluation.h"

const char *
dmarc_result_word(enum dmarc_result r)
{
	switch (r) {
	case DMARC_RESULT_PASS:
		return "pass";
	case DMARC_RESULT_FAIL:
		return "fail";
	case DMARC_RESULT_NONE:
		return "none";
	case DMARC_RESULT_TEMPERROR:
		return "temperror";
	case DMARC_RESULT_PERMERROR:
		return "permerror";
	}
	return "";
}

void
evaluation_start(struct evaluation *e, struct walk_names names,
    const char *author, bool every)
{
	e->author = span_str(author);
	e->every = every;
	e->closed = false;
	e->names = names;
	e->walks = 1;
	e->nidentifiers = 0;
	e->exists = WALK_UNKNOWN;
	e->exists_asked = false;
	(void)walk_add(&e->names, e->author, span_of(NULL, 0));
}

int
evaluation_identify(
    struct evaluation *e, enum dmarc_method m, const char *domain)
{
	if (e->nidentifiers == EVALUATION_IDENTIFIERS_MAX)
		return -1;
	e->identifier[e->nidentifiers] =
	    (struct identifier){.method = m, .domain = span_str(domain)};
	return (int)e->nidentifiers++;
}

void
evaluation_verified(
    struct evaluation *e, int number, enum dmarc_standing standing)
{
	if (number >= 0)
		e->identifier[number].standing = standing;
}

void
evaluation_close(struct evaluation *e)
{
	e->closed = true;
}

/* --- alignment ------------------------------------------------------------ */

static enum alignment
align(const struct evaluation *e, const struct dmarc_record *r,
    const struct identifier *i, struct span *ret_until)
{
	if (span_eq(i->domain, e->author))
		return ALIGN_YES;
	if (i->method == DMARC_SPF ? r->strict_spf : r->strict_dkim)
		return ALIGN_NO;
	return align_relaxed(&e->names, e->author, i->domain, ret_until);
}

/* Puts the names of an identifier's walk into the table. False: there would be
 * more walks than max. */
static bool
add_walk(
    struct evaluation *e, struct span domain, struct span until, unsigned max)
{
	size_t before = e->names.n;

	if (!walk_add(&e->names, domain, until))
		return false;
	if (e->names.n == before)
		return true;
	if (e->walks >= max) {
		e->names.n = before;
		return false;
	}
	e->walks++;
	return true;
}

/* Who walks first: SPF's, of which there is one, then what passes. Anybody can
 * write ten signatures that do not. */
enum rank { RANK_SPF, RANK_PASSES, RANK_OTHER, RANKS };

static enum rank
rank_of(const struct identifier *i)
{
	if (i->method == DMARC_SPF)
		return RANK_SPF;
	return i->standing == DMARC_PASSES ? RANK_PASSES : RANK_OTHER;
}

/* The walks of those of this rank. Until all is known of all, what does not
 * pass leaves half of the walks to what may still pass. */
static void
add_walks(struct evaluation *e, enum rank rank,
    const struct span until[EVALUATION_IDENTIFIERS_MAX], bool pending)
{
	unsigned max = rank == RANK_OTHER && pending ? DMARC_WALKS_MAX / 2
	                                             : DMARC_WALKS_MAX;

	for (size_t k = 0; k < e->nidentifiers; k++) {
		struct identifier *i = &e->identifier[k];

		if (rank_of(i) == rank && i->alignment == ALIGN_ASK &&
		    i->standing != DMARC_PASSES_NOT &&
		    !add_walk(e, i->domain, until[k], max))
			i->alignment = ALIGN_FAILED;
	}
}

/* Aligns all as far as it can be; the names that are wanted for it are put into
 * the table. */
static void
align_all(struct evaluation *e, const struct dmarc_record *r)
{
	struct span until[EVALUATION_IDENTIFIERS_MAX];
	bool hope = false, pending = !e->closed;

	for (size_t k = 0; k < e->nidentifiers; k++) {
		struct identifier *i = &e->identifier[k];

		i->alignment = align(e, r, i, &until[k]);
		pending = pending || i->standing == DMARC_PENDING;
		hope = hope ||
		    (i->alignment == ALIGN_YES &&
		        (i->standing == DMARC_PASSES ||
		            i->standing == DMARC_PENDING));
	}
	if (hope && !e->every)
		return;
	for (enum rank rank = RANK_SPF; rank < RANKS; rank++)
		add_walks(e, rank, until, pending);
}

/* What is known of all of them together. */
struct tally {
	bool dkim, spf; /* one passes and is aligned */
	bool pending;   /* there may be more to know */
	bool failed;    /* something never will be known */
};

static void
count(struct tally *t, const struct identifier *i)
{
	bool waits = i->alignment == ALIGN_WAITING || i->alignment == ALIGN_ASK;

	if (i->standing == DMARC_PASSES_NOT || i->alignment == ALIGN_NO)
		return;
	if (i->standing == DMARC_PENDING || waits)
		t->pending = true;
	else if (i->standing != DMARC_PASSES || i->alignment != ALIGN_YES)
		t->failed = true;
	else if (i->method == DMARC_SPF)
		t->spf = true;
	else
		t->dkim = true;
}

/* --- the result ----------------------------------------------------------- */

/* What the record says for mail of the author. */
static void
read_policy(const struct evaluation *e, struct evaluation_result *r)
{
	const struct dmarc_record *record = &r->at->record;

	if (span_eq(r->at->name, e->author)) {
		r->tag = DMARC_TAG_P;
		r->published = record->p;
	} else if (e->exists == WALK_NOTHING &&
	    dmarc_record_has(record, DMARC_TAG_NP)) {
		r->tag = DMARC_TAG_NP;
		r->published = record->np;
	} else {
		r->tag = dmarc_record_has(record, DMARC_TAG_SP) ? DMARC_TAG_SP
		                                                : DMARC_TAG_P;
		r->published = record->sp;
	}
	r->policy = r->published;
	if (record->testing && r->policy > DMARC_NONE)
		r->policy--;
}

/* True if the policy depends on whether the author's domain exists. */
static bool
existence_matters(const struct evaluation *e, const struct walk_name *at)
{
	return !span_eq(at->name, e->author) && at->record.np != at->record.sp;
}

static void
temperror(struct evaluation_result *r, const char *reason)
{
	r->result = DMARC_RESULT_TEMPERROR;
	r->reason = reason;
}

/* All is said of the identifiers, and none of them passes and is aligned.
 * False: whether the author's domain exists is missing. */
static bool
fail(const struct evaluation *e, const struct tally *t,
    struct evaluation_result *r)
{
	r->result = DMARC_RESULT_FAIL;
	if (t->failed)
		temperror(r, "no answer for a domain that may be aligned");
	else if (existence_matters(e, r->at) && e->exists == WALK_ERROR)
		temperror(r, "no answer whether the domain exists");
	else if (existence_matters(e, r->at) && e->exists == WALK_UNKNOWN)
		return false;
	return true;
}

enum stage {
	STAGE_DONE,
	STAGE_WAITING,
	STAGE_EXISTENCE /* for whether the author's domain exists, at least */
};

/* Existence is asked beside what is pending: a sender whose DNS is slow must
 * not leave it without time, so that np= counts for nothing. */
static enum stage
wait_for(const struct evaluation *e, const struct tally *t,
    const struct walk_name *at)
{
	return !t->dkim && !t->spf && existence_matters(e, at) ? STAGE_EXISTENCE
	                                                       : STAGE_WAITING;
}

static enum stage
judge(struct evaluation *e, struct evaluation_result *r)
{
	struct tally t = {.pending = !e->closed};

	align_all(e, &r->at->record);
	for (size_t k = 0; k < e->nidentifiers; k++)
		count(&t, &e->identifier[k]);
	r->dkim = t.dkim;
	r->spf = t.spf;
	if (t.pending && (e->every || (!t.dkim && !t.spf)))
		return wait_for(e, &t, r->at);
	r->result = DMARC_RESULT_PASS;
	if (!t.dkim && !t.spf && !fail(e, &t, r))
		return STAGE_EXISTENCE;
	read_policy(e, r);
	return STAGE_DONE;
}

static enum stage
look(struct evaluation *e, struct evaluation_result *r)
{
	*r = (struct evaluation_result){.result = DMARC_RESULT_NONE};
	switch (walk_policy(&e->names, e->author, &r->at)) {
	case WALK_WAITING:
		return STAGE_WAITING;
	case WALK_FAILED:
		temperror(r, "no answer for the policy record");
		return STAGE_DONE;
	case WALK_KNOWN:
		break;
	}
	if (r->at != NULL && !r->at->record.unusable)
		return judge(e, r);
	r->reason = r->at == NULL ? "there is no policy record"
	                          : "the policy record is invalid";
	r->at = NULL;
	return STAGE_DONE;
}

bool
evaluation_result(struct evaluation *e, struct evaluation_result *ret)
{
	struct evaluation_result r;

	if (look(e, &r) != STAGE_DONE)
		return false;
	*ret = r;
	return true;
}

/* --- questions ------------------------------------------------------------ */

/* The number of the question whether the author's domain exists, behind those
 * of the names. */
static unsigned
exists_number(const struct evaluation *e)
{
	return (unsigned)e->names.room;
}

/* "_dmarc." in front of the name. False: it would be no name any more, so there
 * is no record. */
static bool
put_name(struct span name, struct evaluation_question *ret)
{
	static const char label[] = "_dmarc.";

	if (sizeof label - 1 + name.n > DOMAIN_MAX)
		return false;
	snprintf(
	    ret->name, sizeof ret->name, "%s%.*s", label, (int)name.n, name.p);
	return true;
}

/* The next name of the table. */
static bool
want_name(struct evaluation *e, struct evaluation_question *ret)
{
	for (unsigned i = 0; i < e->names.n; i++) {
		struct walk_name *n = &e->names.v[i];

		if (n->asked)
			continue;
		n->asked = true;
		ret->number = i;
		ret->type = DNS_TXT;
		if (put_name(n->name, ret))
			return true;
		n->found = WALK_NOTHING;
	}
	return false;
}

bool
evaluation_want(struct evaluation *e, struct evaluation_question *ret)
{
	struct evaluation_result r;
	enum stage stage;

	if (want_name(e, ret))
		return true;
	stage = look(e, &r);
	if (want_name(e, ret))
		return true;
	if (stage != STAGE_EXISTENCE || e->exists_asked)
		return false;
	e->exists_asked = true;
	ret->number = exists_number(e);
	ret->type = DNS_CNAME;
	snprintf(
	    ret->name, sizeof ret->name, "%.*s", (int)e->author.n, e->author.p);
	return true;
}

/* NXDOMAIN alone says that a name does not exist (3.2.13); what is asked is an
 * alias, because that of its target would say nothing of the name. */
static enum walk_found
read_existence(const struct dns_answer *answer)
{
	if (answer == NULL || answer->status == DNS_TEMPERROR)
		return WALK_ERROR;
	return answer->status == DNS_NXDOMAIN ? WALK_NOTHING : WALK_RECORD;
}

void
evaluation_answer(
    struct evaluation *e, unsigned number, const struct dns_answer *answer)
{
	if (number == exists_number(e))
		e->exists = read_existence(answer);
	else
		walk_answer(&e->names.v[number], answer);
}

void
evaluation_expire(struct evaluation *e)
{
	e->closed = true;
	e->walks = DMARC_WALKS_MAX;
	for (size_t i = 0; i < e->names.n; i++) {
		if (e->names.v[i].found == WALK_UNKNOWN)
			e->names.v[i].found = WALK_ERROR;
		e->names.v[i].asked = true;
	}
	for (size_t i = 0; i < e->nidentifiers; i++) {
		if (e->identifier[i].standing == DMARC_PENDING)
			e->identifier[i].standing = DMARC_UNKNOWN;
	}
	if (e->exists == WALK_UNKNOWN)
		e->exists = WALK_ERROR;
	e->exists_asked = true;
}

bool
evaluation_passes_above(const struct evaluation *e, struct span domain)
{
	for (size_t i = 0; i < e->nidentifiers; i++) {
		if (e->identifier[i].standing == DMARC_PASSES &&
		    domain_within(domain, e->identifier[i].domain))
			return true;
	}
	return false;
}

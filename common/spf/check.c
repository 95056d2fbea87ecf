/*
 * The trick: a check is a run, thrown away and begun anew with each answer that
 * it wanted (check_run), and beside it what is asked early once an answer is
 * slow.
 *
 * The trap: done() is never called inside check_start(), so a result that is
 * there at once waits for a timer of 0 ms; and the one timer has three
 * meanings: the result is there (finished), its explanation is late
 * (explaining), an answer takes long.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/bytes/arena.h"
#include "common/limits.h"
#include "common/spf/check.h"
#include "common/spf/early.h"
#include "common/spf/exptext.h"
#include "common/spf/record.h"
#include "common/spf/spfeval.h"

struct check {
	struct arena arena;
	struct loop *loop;
	struct resolver *resolver;
	struct timer *timer; /* check_start() has the result; or an answer
	                      * takes long; or the explanation too long */
	void (*done)(void *arg, const struct check_result *result);
	void *arg;
	bool prefetch;
	bool unexplained;
	unsigned turn; /* of the resolver */
	bool slow;     /* an answer took longer than DNS_PATIENCE_MS */
	bool early;    /* what is asked now is not needed yet */
	bool held;     /* early_ask() waits for an answer, whatever it is */
	struct lookups l;

	/* NULL; or the rest of the result is there, and the exp of this record
	 * is looked up, in a run of its own. */
	const struct plan *explaining;
	struct run explanation;

	bool finished;
	struct arena *keep; /* the result's; or NULL */
	struct check_result result;
	char domain[DOMAIN_MAX + 1];
};

const struct check_result check_no_memory = {
    .result = SPF_TEMPERROR, .domain = "", .problem = "out of memory"};

/* What a question's callback needs. */
struct asked {
	struct check *check;
	struct question *question;
};

static void
check_free(struct check *c)
{
	lookups_free(&c->l);
	timer_free(c->timer);
	arena_free(&c->arena);
	free(c);
}

/* Replaces a text by a copy; NULL stays NULL. */
static bool
keep_text(struct arena *a, const char **text)
{
	if (*text == NULL)
		return true;
	*text = arena_dup(a, span_str(*text));
	return *text != NULL;
}

/* The result with its texts, where it is to live. */
static const struct check_result *
keep(struct check *c)
{
	struct check_result *copy;

	if (c->keep == NULL)
		return &c->result;
	copy = arena_alloc(c->keep, sizeof *copy);
	if (copy == NULL)
		return &check_no_memory;
	*copy = c->result;
	if (!keep_text(c->keep, &copy->domain) ||
	    !keep_text(c->keep, &copy->mechanism) ||
	    !keep_text(c->keep, &copy->problem) ||
	    !keep_text(c->keep, &copy->explanation))
		return &check_no_memory;
	return copy;
}

static void
deliver(struct check *c)
{
	c->done(c->arg, keep(c));
	check_free(c);
}

/* --- the result ----------------------------------------------------------- */

static const char *
mechanism(struct check *c, const struct row *row)
{
	struct span text = row->text;

	if (text.n > SPF_MECHANISM_MAX)
		text.n = SPF_MECHANISM_MAX + 1; /* it shows that it is cut */
	return arena_dup(&c->arena, text);
}

/* What libspf2 says, and whose term it was. A fail is not told yet, where
 * somebody reads the domain's explanation: it waits for that, but for
 * SPF_EXPLAIN_MS only. */
static void
settle(struct check *c, const struct spfeval_result *v)
{
	struct check_result *r = &c->result;
	const struct plan *p = run_decider(c->l.root.record);
	const struct row *row = v->matched ? p->last : NULL;

	r->result = v->result;
	r->lookups = c->l.run.terms;
	r->voids = c->l.run.voids;
	r->queries = c->l.questions.nput;
	r->security = run_security(&c->l.run);
	if (row != NULL)
		r->mechanism = mechanism(c, row);
	if (v->result == SPF_TEMPERROR || v->result == SPF_PERMERROR)
		r->problem = c->l.run.problem != NULL ? c->l.run.problem
		                                      : "out of memory";
	if (v->result == SPF_FAIL)
		r->no_mail = record_no_mail(c->l.root.question->answer);
	if (v->result == SPF_FAIL && !c->unexplained) {
		c->explaining = p;
		run_init(&c->explanation, &c->l.questions, p->domain, 0);
		timer_set(c->timer, SPF_EXPLAIN_MS);
	}
}

/* Asks what may be needed later, as long as few questions are out: one sender
 * with many silent hosts must leave room for the others' checks. */
static void
look_ahead(struct check *c)
{
	if (c->explaining != NULL || resolver_busy(c->resolver))
		return;
	c->early = true;
	c->held = early_ask(&c->l);
	c->early = false;
}

/* A question is out. Before there is a record, nothing more is known to ask. */
static void
be_patient(struct check *c)
{
	if (c->prefetch && !c->slow && c->l.root.record != NULL)
		timer_set(c->timer, DNS_PATIENCE_MS);
}

static void
fire(void *arg)
{
	struct check *c = arg;

	if (c->finished || c->explaining != NULL) {
		deliver(c);
		return;
	}
	c->slow = true;
	look_ahead(c);
}

/* Runs what can be run. True: the result is there. */
static bool
check_run(struct check *c)
{
	struct spfeval_result v;

	if (c->explaining == NULL) {
		if (!spfeval_run(&c->l, &v)) {
			if (c->slow)
				look_ahead(c);
			be_patient(c);
			return false;
		}
		settle(c, &v);
	}
	if (c->explaining != NULL &&
	    exptext_find(&c->l, &c->explanation, c->explaining,
	        &c->result.explanation) == RUN_OVER)
		return false;
	c->result.queries = c->l.questions.nput;
	c->finished = true;
	return true;
}

/* --- questions ------------------------------------------------------------ */

/* An answer that the run waits for begins it anew. One that was asked early is
 * kept; it may have shown what else will be needed. */
static void
got(void *arg, struct dns_answer *answer)
{
	struct asked *asked = arg;
	struct check *c = asked->check;
	struct question *q = asked->question;
	struct run *run = c->explaining == NULL ? &c->l.run : &c->explanation;
	bool wanted = q == run->wanted;

	questions_answered(&c->l.questions, q, answer);
	q->answered = loop_now(c->loop);
	c->slow |= c->prefetch && q->answered - q->asked >= DNS_PATIENCE_MS;
	if (run_is_ready(run, q, &c->l.vars.client)) {
		if (check_run(c))
			deliver(c);
		return;
	}
	if (wanted)
		be_patient(c); /* with the next host of the same mx */
	if (c->slow && (c->held || early_learns(q->type)))
		look_ahead(c);
}

static enum ask
ask(void *arg, struct question *q, struct dns_answer **ret_answer)
{
	struct check *c = arg;
	struct asked *asked;

	if (c->early && resolver_busy(c->resolver))
		return ASK_NOMEM;
	asked = arena_alloc(&c->arena, sizeof *asked);
	if (asked == NULL)
		return ASK_NOMEM;
	*asked = (struct asked){.check = c, .question = q};
	q->asked = q->answered = loop_now(c->loop);
	return resolver_ask(c->resolver, c->turn, q->name, q->type, got, asked,
	    &q->query, ret_answer);
}

/* --- the input ------------------------------------------------------------ */

/*
 * A domain that is worth a question (RFC 7208 section 4.3): two labels or more,
 * no address literal, no address; other odd names may exist below a wildcard.
 */
static bool
is_checkable(struct span domain)
{
	bool numeric = true;
	size_t dots = 0;

	if (domain.n == 0 || domain.p[0] == '[')
		return false;
	for (size_t i = 0; i < domain.n; i++) {
		char c = domain.p[i];

		if (c <= 0x20 || c > 0x7e)
			return false;
		if (c == '.') {
			dots++;
			numeric = true;
		} else {
			numeric = numeric && span_is_digit(c);
		}
	}
	return dots > 0 && !numeric;
}

/* Makes the domain of the check from what the sender wrote. False: there is
 * none to check; then c->domain is that text, made printable. */
static bool
make_domain(struct check *c, struct span text)
{
	if (domain_to_ascii(text, c->domain) == 0 &&
	    is_checkable(span_str(c->domain)))
		return true;
	if (text.n > DOMAIN_MAX)
		text.n = DOMAIN_MAX;
	for (size_t i = 0; i < text.n; i++) {
		char ch = text.p[i];

		c->domain[i] = (char)(ch <= 0x20 || ch > 0x7e ? '?' : ch);
	}
	c->domain[text.n] = '\0';
	return false;
}

/* The HELO name with A-labels, if it is a name. */
static int
make_helo(struct check *c, struct span helo, struct span *ret)
{
	char name[DOMAIN_MAX + 1];

	if (!span_is_ascii(helo) && domain_to_ascii(helo, name) == 0)
		helo = span_str(name);
	*ret = span_of(arena_dup(&c->arena, helo), helo.n);
	return ret->p == NULL ? -ENOMEM : 0;
}

/* local@domain, with the domain of the check and "postmaster" for no local
 * part. */
static int
make_sender(struct check *c, struct span local, struct macro_vars *vars)
{
	struct buf b;
	char *copy;

	if (local.n == 0)
		local = span_str("postmaster");
	buf_init(&b, local.n + sizeof c->domain + 1);
	buf_span(&b, local);
	buf_byte(&b, '@');
	buf_str(&b, c->domain);
	copy = arena_dup(&c->arena, buf_view(&b));
	if (copy != NULL && buf_error(&b) == 0) {
		vars->sender = span_of(copy, buf_view(&b).n);
		vars->local = span_of(copy, local.n);
		vars->origin = span_str(c->domain);
	}
	buf_free(&b);
	return vars->sender.p == NULL ? -ENOMEM : 0;
}

/* Index of the last '@', or n when there is none. */
static size_t
last_at(struct span s)
{
	for (size_t i = s.n; i > 0; i--) {
		if (s.p[i - 1] == '@')
			return i - 1;
	}
	return s.n;
}

/* The address whose domain is checked, in the arena; NULL when memory is
 * out. */
static int
make_address(struct check *c, const struct check_input *in, struct span *ret)
{
	static const char postmaster[] = "postmaster@";
	struct span helo = in->subject.helo, sender = in->subject.sender;
	size_t n = sizeof postmaster - 1;
	char *p;

	if (in->identity == IDENTITY_MAIL_FROM && sender.n > 0) {
		*ret = sender;
		return 0;
	}
	p = arena_alloc(&c->arena, n + helo.n);
	if (p == NULL)
		return -ENOMEM;
	memcpy(p, postmaster, n);
	if (helo.n > 0)
		memcpy(p + n, helo.p, helo.n);
	*ret = span_of(p, n + helo.n);
	return 0;
}

/* Takes the input in. 0 or -ENOMEM; *ret: there is something to evaluate. */
static int
take(struct check *c, const struct check_input *in, bool *ret)
{
	const struct subject *s = &in->subject;
	struct macro_vars vars = {.client = s->client,
	    .receiver = s->receiver != NULL ? s->receiver : "unknown",
	    .now = in->now};
	struct span address;
	size_t at;

	if (make_address(c, in, &address) != 0)
		return -ENOMEM;
	at = last_at(address); /* none: a local user, who has no domain */
	*ret = make_domain(c, span_skip(address, at + 1));
	c->result.domain = c->domain;
	if (make_sender(c, span_of(address.p, at), &vars) != 0 ||
	    make_helo(c, s->helo, &vars.helo) != 0)
		return -ENOMEM;
	vars.receiver = arena_dup(&c->arena, span_str(vars.receiver));
	if (vars.receiver == NULL)
		return -ENOMEM;
	lookups_init(
	    &c->l, &c->arena, &vars, span_str(c->domain), in->void_max, ask, c);
	return 0;
}

int
check_start(struct loop *loop, struct resolver *resolver,
    const struct check_input *in,
    void (*done)(void *arg, const struct check_result *result), void *arg,
    struct check **ret)
{
	struct check *c = calloc(1, sizeof *c);
	bool evaluate;
	int rc;

	if (c == NULL)
		return -ENOMEM;
	c->loop = loop;
	c->resolver = resolver;
	c->done = done;
	c->arg = arg;
	c->prefetch = in->prefetch;
	c->unexplained = in->unexplained;
	c->keep = in->arena;
	c->turn = resolver_turn(resolver);
	c->result.result = SPF_NONE;
	arena_init(&c->arena, SPF_CHECK_MEMORY_MAX);
	rc = take(c, in, &evaluate);
	if (rc == 0)
		rc = timer_new(loop, fire, c, &c->timer);
	if (rc == 0 && (!evaluate || check_run(c))) {
		c->finished = true;
		timer_set(c->timer, 0);
	}
	if (rc != 0) {
		check_free(c);
		return rc;
	}
	*ret = c;
	return 0;
}

const char *
check_domain(const struct check *c)
{
	return c->domain;
}

const struct lookups *
check_lookups(const struct check *c)
{
	return &c->l;
}

const struct check_result *
check_expire(struct check *c)
{
	if (!c->finished && c->explaining == NULL)
		c->result = (struct check_result){.result = SPF_TEMPERROR,
		    .domain = c->domain,
		    .problem = "time limit exceeded"};
	return keep(c);
}

void
check_cancel(struct check *c)
{
	check_free(c);
}

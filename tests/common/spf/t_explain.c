/* How a check is explained: each term's outcome, and the questions put for
 * it. */
#include <errno.h>
#include <string.h>

#include "common/bytes/buf.h"
#include "common/limits.h"
#include "common/spf/explain.h"
#include "tests/support/loop_fake.h"
#include "tests/support/spfrun.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* --- an explanation in one line -------------------------------------------
 * A record is its domain, "=" and result if it is decided, and its terms in
 * brackets; behind a term stands what it said, the questions in parentheses
 * with "~" before one that was not used, and the record that it leads to. */

static const char mark[] = {[EXPLAIN_MATCH] = '+',
    [EXPLAIN_NO_MATCH] = '-',
    [EXPLAIN_FOLLOWED] = '>',
    [EXPLAIN_ERROR] = '!',
    [EXPLAIN_WAITING] = '?',
    [EXPLAIN_UNREACHED] = '.',
    [EXPLAIN_MODIFIER] = '*'};

static void
put_questions(const struct question *const *q, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_fmt(out, "%s%s%s %.*s", i == 0 ? "(" : ", ",
		    q[i]->used ? "" : "~", questions_type(q[i]->type),
		    (int)q[i]->name.n, q[i]->name.p);
	if (n > 0)
		buf_byte(out, ')');
}

static void
put_record(const struct explain_record *r, struct buf *out)
{
	buf_span(out, r->domain);
	if (r->decided)
		buf_fmt(out, "=%s", spf_result_word(r->result));
	if (r->wrong != NULL)
		buf_fmt(out, " wrong: %s", r->wrong);
	buf_str(out, " [");
	for (size_t i = 0; i < r->nterms; i++) {
		const struct explain_term *t = &r->term[i];

		buf_fmt(out, "%s%.*s %c", i == 0 ? "" : "; ", (int)t->text.n,
		    t->text.p, mark[t->outcome]);
		put_questions(t->question, t->nquestions, out);
		if (t->record != NULL) {
			buf_str(out, " ");
			put_record(t->record, out);
		}
	}
	buf_byte(out, ']');
}

static void
put_explain(const struct explain *e, struct buf *out)
{
	if (e->record != NULL)
		put_record(e->record, out);
	put_questions(e->other, e->nothers, out);
}

/* --- checks --------------------------------------------------------------- */

struct told {
	struct check *check;
	struct buf text;
	bool done;
	enum spf_result result;
};

static void
explain(struct told *t)
{
	struct explain e;
	struct arena a;

	arena_init(&a, 1024 * 1024);
	CU_ASSERT_EQUAL(explain_make(&a, check_lookups(t->check), &e), 0);
	put_explain(&e, &t->text);
	arena_free(&a);
}

static void
done(void *arg, const struct check_result *r)
{
	struct told *t = arg;

	explain(t);
	t->result = r->result;
	t->done = true;
}

static void
begin(struct spfrun *s, struct told *t, const char *client, const char *sender)
{
	struct check_input in = {.subject.sender = span_str(sender),
	    .subject.helo = span_str("mail.helo.example"),
	    .void_max = 2,
	    .prefetch = s->prefetch,
	    .identity = IDENTITY_MAIL_FROM};

	*t = (struct told){.done = false};
	buf_init(&t->text, 64 * 1024);
	resolver_zone_delay(s->resolver, s->delay);
	resolver_zone_order(s->resolver, s->order, s->seed);
	CU_ASSERT_EQUAL_FATAL(
	    ip_parse(span_str(client), &in.subject.client), 0);
	CU_ASSERT_EQUAL_FATAL(
	    check_start(s->loop, s->resolver, &in, done, t, &t->check), 0);
}

static const char *
told(struct spfrun *s, struct told *t, const char *client, const char *sender)
{
	begin(s, t, client, sender);
	for (int i = 0; !t->done && i < 500; i++) {
		uint64_t ms;

		if (!loop_fake_turn(s->loop) && loop_fake_next(s->loop, &ms))
			loop_fake_advance(s->loop, ms);
	}
	CU_ASSERT_TRUE_FATAL(t->done);
	return buf_text(&t->text);
}

static const char zone[] =
    "ip.example TXT \"v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.0/24 a -all "
    "exp=why.example\"\n"
    "none.example A 192.0.2.1\n"
    "default.example TXT \"v=spf1 ip6:2001:db8::/32 a:h1.example\"\n"
    "last.example TXT \"v=spf1 a:h1.example ~mx:m.example\"\n"
    "m.example MX 1 h1.example\n"
    "m.example MX 2 h2.example\n"
    "h1.example A 192.0.3.1\n"
    "h2.example A 192.0.3.2\n"
    "inc.example TXT \"v=spf1 include:b.example ?exists:%{l}.x.example "
    "-all\"\n"
    "b.example TXT \"v=spf1 -a:h1.example +a:h2.example\"\n"
    "red.example TXT \"v=spf1 redirect=c.example a:h1.example "
    "unknown=x\"\n"
    "c.example TXT \"v=spf1 include:b.example ~all\"\n"
    "bad.example TXT \"v=spf1 include:wrong.example -all\"\n"
    "wrong.example TXT \"v=spf1 a:h1.example foo -all\"\n"
    "two.example TXT \"v=spf1 -all\"\n"
    "two.example TXT \"v=spf1 ~all\"\n"
    "dead.example TXT \"v=spf1 include:b2.example -all\"\n"
    "b2.example TXT \"v=spf1 a:h9.example mx\"\n"
    "h9.example A timeout\n"
    "void.example TXT \"v=spf1 a:v1.example a:v2.example a:v3.example -all\"\n"
    "ptr.example TXT \"v=spf1 ptr:p.example\"\n"
    "9.3.0.192.in-addr.arpa PTR n1.p.example\n"
    "9.3.0.192.in-addr.arpa PTR n2.other.example\n"
    "9.3.0.192.in-addr.arpa PTR n3.p.example\n"
    "n1.p.example A 192.0.3.8\n"
    "n3.p.example A 192.0.3.9\n"
    "loop.example TXT \"v=spf1 redirect=loop.example\"\n";

/* Without early questions, so that every order of answers tells the same. */
static const struct {
	const char *client, *sender, *text;
} rows[] = {
    {"192.0.2.1", "u@ip.example",
        "ip.example=pass [ip4:198.51.100.0/24 -; ip4:192.0.2.0/24 +; a .; "
        "-all .; exp=why.example *]"},
    {"203.0.113.1", "u@ip.example",
        "ip.example=fail [ip4:198.51.100.0/24 -; ip4:192.0.2.0/24 -; "
        "a -(A ip.example); -all +; exp=why.example *](TXT why.example)"},
    {"203.0.113.1", "u@none.example", ""},
    {"203.0.113.1", "u@two.example", ""},
    {"203.0.113.1", "u@default.example",
        "default.example=neutral [ip6:2001:db8::/32 -; "
        "a:h1.example -(A h1.example)]"},
    {"192.0.3.1", "u@default.example",
        "default.example=pass [ip6:2001:db8::/32 -; "
        "a:h1.example +(A h1.example)]"},
    {"192.0.3.2", "u@last.example",
        "last.example=softfail [a:h1.example -(A h1.example); "
        "~mx:m.example +(MX m.example, A h1.example, A h2.example)]"},
    {"192.0.3.3", "u@last.example",
        "last.example=neutral [a:h1.example -(A h1.example); "
        "~mx:m.example -(MX m.example, A h1.example, A h2.example)]"},
    /* an include that gives fail does not match */
    {"192.0.3.1", "u@inc.example",
        "inc.example=fail [include:b.example -(TXT b.example) b.example=fail "
        "[-a:h1.example +(A h1.example); +a:h2.example .]; "
        "?exists:%{l}.x.example -(A u.x.example); -all +]"},
    {"192.0.3.2", "u@inc.example",
        "inc.example=pass [include:b.example +(TXT b.example) b.example=pass "
        "[-a:h1.example -(A h1.example); +a:h2.example +(A h2.example)]; "
        "?exists:%{l}.x.example .; -all .]"},
    {"192.0.3.2", "u@red.example",
        "red.example=pass [redirect=c.example >(TXT c.example) "
        "c.example=pass [include:b.example +(TXT b.example) b.example=pass "
        "[-a:h1.example -(A h1.example); +a:h2.example +(A h2.example)]; "
        "~all .]; a:h1.example -(A h1.example); unknown=x *]"},
    {"203.0.113.1", "u@bad.example",
        "bad.example [include:wrong.example !(TXT wrong.example) "
        "wrong.example wrong: unknown mechanism [a:h1.example .; foo !]; "
        "-all .]"},
    {"203.0.113.1", "u@dead.example",
        "dead.example [include:b2.example !(TXT b2.example) b2.example "
        "[a:h9.example !(A h9.example); mx .]; -all .]"},
    {"203.0.113.1", "u@void.example",
        "void.example [a:v1.example -(A v1.example); "
        "a:v2.example -(A v2.example); a:v3.example !(A v3.example); "
        "-all .]"},
    {"192.0.3.9", "u@ptr.example",
        "ptr.example=pass [ptr:p.example +(PTR 9.3.0.192.in-addr.arpa, "
        "A n1.p.example, A n3.p.example)]"},
    {"192.0.3.7", "u@ptr.example",
        "ptr.example=neutral [ptr:p.example -(PTR "
        "7.3.0.192.in-addr.arpa)]"},
};

static void
every_term(void)
{
	for (size_t w = 0; w < SPFRUN_WAYS; w++) {
		struct spfrun s;

		if (spfrun_ways[w].prefetch)
			continue;
		spfrun_open(&s);
		spfrun_zone(&s, zone);
		spfrun_choose(&s, &spfrun_ways[w]);
		for (size_t i = 0; i < LENGTH(rows); i++) {
			struct told t;

			suite_row(rows[i].sender);
			CHECK_STR(told(&s, &t, rows[i].client, rows[i].sender),
			    rows[i].text);
			buf_free(&t.text);
		}
		spfrun_close(&s);
	}
}

/* With early questions the outcomes are the same in every order of answers;
 * only what was put in vain depends on it. */
static void
outcomes_in_any_order(void)
{
	for (size_t w = 0; w < SPFRUN_WAYS; w++) {
		struct spfrun s;

		spfrun_open(&s);
		spfrun_zone(&s, zone);
		spfrun_choose(&s, &spfrun_ways[w]);
		for (size_t i = 0; i < LENGTH(rows); i++) {
			const char *want = rows[i].text, *got;
			struct told t;

			got = told(&s, &t, rows[i].client, rows[i].sender);
			while (*want != '\0' || *got != '\0') {
				if (*got == '(')
					got += strcspn(got, ")") + 1;
				else if (*want == '(')
					want += strcspn(want, ")") + 1;
				else if (*want++ != *got++)
					break;
			}
			suite_row(rows[i].sender);
			CHECK(*want == '\0' && *got == '\0');
			buf_free(&t.text);
		}
		spfrun_close(&s);
	}
}

/* What was put early and in vain is told as such. */
static void
early_in_vain(void)
{
	struct spfrun s;
	struct told t;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	s.order = ZONE_ONE_BY_ONE;
	CHECK_STR(told(&s, &t, "192.0.3.1", "u@last.example"),
	    "last.example=pass [a:h1.example +(A h1.example); "
	    "~mx:m.example .(~MX m.example)]");
	buf_free(&t.text);
	spfrun_close(&s);
}

/* Eleven terms: where the limit was passed, at every level on the way. */
static void
limit(void)
{
	struct spfrun s;
	struct told t;
	const char *text;
	unsigned depth = 0;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	text = told(&s, &t, "192.0.3.1", "u@loop.example");
	CU_ASSERT_EQUAL(t.result, SPF_PERMERROR);
	for (const char *p = text; (p = strstr(p, "redirect=")) != NULL; p++) {
		depth++;
		CU_ASSERT_EQUAL(p[strlen("redirect=loop.example ")], '!');
	}
	CU_ASSERT_EQUAL(depth, SPF_TERMS_MAX + 1);
	buf_free(&t.text);
	spfrun_close(&s);
}

/* A check that waits is explained as far as it has come. */
static void
waiting(void)
{
	struct spfrun s;
	struct told t;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	s.order = ZONE_HELD;
	begin(&s, &t, "192.0.3.1", "u@inc.example");
	loop_fake_advance(s.loop, DNS_PATIENCE_MS);
	explain(&t);
	CHECK_STR(buf_text(&t.text), "");
	buf_clear(&t.text);
	CU_ASSERT_TRUE(
	    resolver_zone_deliver_one(s.resolver, "inc.example", DNS_TXT));
	explain(&t);
	CHECK_STR(buf_text(&t.text),
	    "inc.example [include:b.example ?(TXT b.example); "
	    "?exists:%{l}.x.example .; -all .]");
	buf_clear(&t.text);
	CU_ASSERT_TRUE(
	    resolver_zone_deliver_one(s.resolver, "b.example", DNS_TXT));
	explain(&t);
	CHECK_STR(buf_text(&t.text),
	    "inc.example [include:b.example ?(TXT b.example) b.example "
	    "[-a:h1.example ?(A h1.example); +a:h2.example .(~A h2.example)]; "
	    "?exists:%{l}.x.example .; -all .]");
	check_cancel(t.check);
	buf_free(&t.text);
	spfrun_close(&s);
}

/* A fail that waits for its explanation is decided, and what that is told later
 * does not change how it came about. */
static void
explanation_is_late(void)
{
	static const char want[] =
	    "a.example=fail [-a:h1.example +(A h1.example); "
	    "exp=e.example *](TXT e.example)";
	const struct lookups *l;
	struct spfrun s;
	struct told t;

	spfrun_open(&s);
	spfrun_zone(&s,
	    "a.example TXT secure\nh1.example A secure\n"
	    "a.example TXT \"v=spf1 -a:h1.example exp=e.example\"\n"
	    "h1.example A 192.0.3.1\ne.example TXT \"why\"\n");
	s.order = ZONE_HELD;
	begin(&s, &t, "192.0.3.1", "u@a.example");
	CU_ASSERT(resolver_zone_deliver_one(s.resolver, "a.example", DNS_TXT));
	CU_ASSERT(resolver_zone_deliver_one(s.resolver, "h1.example", DNS_A));
	explain(&t);
	CHECK_STR(buf_text(&t.text), want);
	buf_clear(&t.text);
	l = check_lookups(t.check);
	CU_ASSERT_EQUAL(run_security(&l->run), DNS_SECURE);
	loop_fake_advance(s.loop, SPF_EXPLAIN_MS);
	CU_ASSERT_TRUE(t.done);
	CHECK_STR(buf_text(&t.text), want);
	buf_free(&t.text);
	spfrun_close(&s);
}

/* Too little memory for the trace is told, and harms nothing. */
static void
no_memory(void)
{
	struct spfrun s;
	struct told t;
	struct explain e;
	int rc = -1;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	s.order = ZONE_HELD;
	begin(&s, &t, "192.0.3.1", "u@inc.example");
	resolver_zone_deliver_one(s.resolver, "inc.example", DNS_TXT);
	for (size_t max = 0; rc != 0 && max < 64 * 1024; max += 16) {
		struct arena a;

		arena_init(&a, max);
		rc = explain_make(&a, check_lookups(t.check), &e);
		CU_ASSERT(rc == 0 || rc == -ENOMEM);
		CU_ASSERT(rc != 0 || max > 0);
		arena_free(&a);
	}
	CU_ASSERT_EQUAL(rc, 0);
	check_cancel(t.check);
	buf_free(&t.text);
	spfrun_close(&s);
}

SUITE("explain", T(every_term), T(outcomes_in_any_order), T(early_in_vain),
    T(limit), T(waiting), T(explanation_is_late), T(no_memory))

/* What is asked early, what is not, and how many round trips a check takes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/bytes/buf.h"
#include "common/limits.h"
#include "common/spf/early.h"
#include "tests/support/loop_fake.h"
#include "tests/support/spfrun.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])
#define HELO "mail.example.org"

/* Each turn of the loop is a round trip; the log tells what was asked. */
static struct spfrun_result
rounds(struct spfrun *s, const char *client, const char *sender, bool prefetch)
{
	s->order = ZONE_TOGETHER;
	s->prefetch = prefetch;
	return spfrun_check(s, client, HELO, sender);
}

static const char zone[] =
    "ip.example TXT \"v=spf1 ip4:192.0.2.0/24 a mx include:b.example -all\"\n"
    "flat.example TXT \"v=spf1 a:h1.example mx include:b.example "
    "exists:%{i}.x.example exists:h2.example ptr:%{d} -all\"\n"
    "flat.example MX 1 h3.example\n"
    "flat.example MX 2 h4.example\n"
    "b.example TXT \"v=spf1 a:h5.example redirect=c.example\"\n"
    "c.example TXT \"v=spf1 a:h6.example ~all\"\n"
    "h1.example A 192.0.3.1\n"
    "h3.example A 192.0.3.3\n"
    "h4.example A 192.0.3.4\n"
    "h5.example A 192.0.3.5\n"
    "h6.example A 192.0.3.6\n"
    "7.3.0.192.in-addr.arpa PTR m1.flat.example\n"
    "7.3.0.192.in-addr.arpa PTR m2.flat.example\n"
    "7.3.0.192.in-addr.arpa PTR m3.other.example\n"
    "m2.flat.example A 192.0.3.7\n";

/* No question for a record that is decided without one. */
static void
decided_at_once(void)
{
	struct spfrun s;
	struct spfrun_result r;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	r = rounds(&s, "192.0.2.1", "u@ip.example", true);
	CU_ASSERT_EQUAL(r.result, SPF_PASS);
	CHECK_STR(resolver_zone_log(s.resolver), "ip.example TXT");
	CU_ASSERT_EQUAL(r.turns, 1);
	spfrun_close(&s);
}

static void
together(void)
{
	struct spfrun s;
	struct spfrun_result r;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	r = rounds(&s, "192.0.3.6", "u@flat.example", true);
	CU_ASSERT_EQUAL(r.result, SPF_PASS);
	CHECK_STR(r.mechanism, "include:b.example");
	/* the record; all plain names of it; what these led to; the rest */
	CHECK_STR(resolver_zone_log(s.resolver),
	    "flat.example TXT; "
	    "h1.example A; flat.example MX; b.example TXT; h2.example A; "
	    "h3.example A; h4.example A; h5.example A; c.example TXT; "
	    "h6.example A");
	CU_ASSERT_EQUAL(r.turns, 4);
	CU_ASSERT_EQUAL(r.lookups, 6);

	r = rounds(&s, "192.0.3.6", "u@flat.example", false);
	CHECK_STR(resolver_zone_log(s.resolver),
	    "flat.example TXT; h1.example A; flat.example MX; h3.example A; "
	    "h4.example A; b.example TXT; h5.example A; c.example TXT; "
	    "h6.example A");
	CU_ASSERT_EQUAL(r.turns, 9);
	CU_ASSERT_EQUAL(r.lookups, 6);
	spfrun_close(&s);
}

/* Seven lookups, nested two deep: three round trips, whether each is an
 * address, a record or nothing. */
static void
nested(void)
{
	struct spfrun s;
	struct spfrun_result r;

	spfrun_open(&s);
	spfrun_zone(&s,
	    "s.example TXT \"v=spf1 include:a.example include:b.example "
	    "a:h.example -all\"\n"
	    "a.example TXT \"v=spf1 include:c.example a:k.example -all\"\n"
	    "b.example TXT \"v=spf1 a:g.example exists:e.example -all\"\n"
	    "c.example TXT \"v=spf1 ip4:203.0.113.9 -all\"\n"
	    "e.example TXT \"there is no A record\"\n"
	    "g.example A 198.51.100.7\n"
	    "h.example A 192.0.2.1\n"
	    "k.example A 198.51.100.8\n");
	r = rounds(&s, "192.0.2.1", "u@s.example", true);
	CU_ASSERT_EQUAL(r.result, SPF_PASS);
	CU_ASSERT_EQUAL(r.lookups, 7);
	CU_ASSERT_EQUAL(r.queries, 8);
	CU_ASSERT_EQUAL(r.turns, 3);
	spfrun_close(&s);
}

/* Names of the client: only those that could match, and together. */
static void
clients_names(void)
{
	struct spfrun s;
	struct spfrun_result r;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	spfrun_zone(&s,
	    "ptr.example TXT \"v=spf1 ptr:flat.example -all\"\n"
	    "p.example TXT \"v=spf1 exists:%{p}.x.example -all\"\n");
	r = rounds(&s, "192.0.3.7", "u@ptr.example", true);
	CU_ASSERT_EQUAL(r.result, SPF_PASS);
	CHECK_STR(resolver_zone_log(s.resolver),
	    "ptr.example TXT; 7.3.0.192.in-addr.arpa PTR; "
	    "m1.flat.example A; m2.flat.example A");
	CU_ASSERT_EQUAL(r.turns, 3);
	r = rounds(&s, "192.0.3.7", "u@p.example", true);
	CU_ASSERT_EQUAL(r.result, SPF_FAIL);
	CHECK_STR(resolver_zone_log(s.resolver),
	    "p.example TXT; 7.3.0.192.in-addr.arpa PTR; "
	    "m1.flat.example A; m2.flat.example A; m3.other.example A; "
	    "m2.flat.example.x.example A");
	CU_ASSERT_EQUAL(r.turns, 4);
	spfrun_close(&s);
}

static void
forget(void *arg, const struct check_result *r)
{
}

/* A check of u@a.example whose answers the test hands out. */
static struct check *
start_held(struct spfrun *s, const char *client, const char *text)
{
	return spfrun_hold(s, client, text, forget, NULL);
}

/* The same, and its record is late. */
static struct check *
held(struct spfrun *s, const char *client, const char *text)
{
	struct check *c = start_held(s, client, text);

	loop_fake_advance(s->loop, DNS_PATIENCE_MS);
	return c;
}

static void
hand_out(struct spfrun *s, const char *name, enum dns_type type)
{
	suite_row(name);
	CHECK(resolver_zone_deliver_one(s->resolver, name, type));
	suite_row(NULL);
}

/* Ends the check; these questions were put. */
static void
cancel(struct spfrun *s, struct check *c, const char *want)
{
	CHECK_STR(resolver_zone_log(s->resolver), want);
	check_cancel(c);
	CU_ASSERT_EQUAL(resolver_zone_waiting(s->resolver), 0);
	spfrun_close(s);
}

/* Answers that come soon are waited for one after the other; from the first one
 * on that does not, all that can be asked is. */
static void
patience(void)
{
	struct spfrun s;
	struct spfrun_result r;
	struct check *c;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	s.delay = DNS_PATIENCE_MS - 1;
	r = rounds(&s, "192.0.3.6", "u@flat.example", true);
	CHECK_STR(resolver_zone_log(s.resolver),
	    "flat.example TXT; h1.example A; flat.example MX; h3.example A; "
	    "h4.example A; b.example TXT; h5.example A; c.example TXT; "
	    "h6.example A");
	CU_ASSERT_EQUAL(r.turns, 9);
	spfrun_close(&s);

	c = start_held(&s, "192.0.2.1",
	    "a.example TXT \"v=spf1 a:h1.example a:h2.example "
	    "include:b.example a:h3.example -all\"\n"
	    "b.example TXT \"v=spf1 a:h4.example\"\n");
	hand_out(&s, "a.example", DNS_TXT);
	hand_out(&s, "h1.example", DNS_A);
	loop_fake_advance(s.loop, DNS_PATIENCE_MS - 1);
	CHECK_STR(resolver_zone_log(s.resolver),
	    "a.example TXT; h1.example A; h2.example A");
	loop_fake_advance(s.loop, 1);
	CHECK_STR(resolver_zone_log(s.resolver),
	    "a.example TXT; h1.example A; h2.example A; b.example TXT; "
	    "h3.example A");
	/* and with each record that comes, from then on */
	hand_out(&s, "b.example", DNS_TXT);
	cancel(&s, c,
	    "a.example TXT; h1.example A; h2.example A; b.example TXT; "
	    "h3.example A; h4.example A");
}

/* Behind a term that is known to match nothing is asked, also in records that
 * arrive while an earlier term is waited for. */
static void
behind_a_match(void)
{
	struct spfrun s;
	struct check *c = held(&s, "192.0.2.1",
	    "a.example TXT \"v=spf1 a:slow.example include:b.example "
	    "include:c.example -all\"\n"
	    "b.example TXT \"v=spf1 a:h1.example ip4:192.0.2.1 "
	    "a:h2.example\"\n"
	    "c.example TXT \"v=spf1 a:h3.example -all\"\n"
	    "h1.example A 192.0.3.1\n"
	    "slow.example A 192.0.3.1\n");

	hand_out(&s, "a.example", DNS_TXT);
	hand_out(&s, "b.example", DNS_TXT);
	/* h1 does not match: then include:b does */
	hand_out(&s, "h1.example", DNS_A);
	hand_out(&s, "c.example", DNS_TXT);
	cancel(&s, c,
	    "a.example TXT; slow.example A; b.example TXT; c.example TXT; "
	    "h1.example A");

	/* the addresses of exists are IPv4 for every client */
	c = held(&s, "2001:db8::1",
	    "a.example TXT \"v=spf1 a:slow.example exists:h1.example "
	    "include:c.example -all\"\n"
	    "c.example TXT \"v=spf1 a:h3.example -all\"\n"
	    "h1.example A 127.0.0.2\n");
	hand_out(&s, "a.example", DNS_TXT);
	hand_out(&s, "h1.example", DNS_A);
	hand_out(&s, "c.example", DNS_TXT);
	cancel(&s, c,
	    "a.example TXT; slow.example AAAA; h1.example A; c.example TXT");
}

/* A match that does not pass ends an include, and one behind what is not known
 * yet may not be come to: both leave the terms behind the include needed. */
static void
behind_no_pass(void)
{
	struct spfrun s;
	struct check *c = held(&s, "2001:db8::1",
	    "a.example TXT \"v=spf1 a:slow.example include:b.example "
	    "include:c.example include:d.example -all\"\n"
	    "b.example TXT \"v=spf1 -exists:h1.example a:h2.example\"\n"
	    "c.example TXT \"v=spf1 -a:h3.example ip6:2001:db8::/32 "
	    "a:h4.example\"\n"
	    "d.example TXT \"v=spf1 a:h5.example -all\"\n"
	    "h1.example A 127.0.0.2\n"
	    "slow.example A 192.0.3.1\n");

	hand_out(&s, "a.example", DNS_TXT);
	hand_out(&s, "b.example", DNS_TXT);
	hand_out(&s, "h1.example", DNS_A);
	hand_out(&s, "c.example", DNS_TXT);
	hand_out(&s, "d.example", DNS_TXT);
	cancel(&s, c,
	    "a.example TXT; slow.example AAAA; b.example TXT; c.example TXT; "
	    "d.example TXT; h1.example A; h2.example AAAA; h3.example AAAA; "
	    "h5.example AAAA");
}

/* When it has failed, only the explanation is waited for. */
static void
after_the_fail(void)
{
	struct spfrun s;
	struct check *c = held(&s, "192.0.2.1",
	    "a.example TXT \"v=spf1 -ptr include:b.example exp=e.example\"\n"
	    "b.example TXT \"v=spf1 a:h2.example -all\"\n"
	    "e.example TXT \"text\"\n"
	    "1.2.0.192.in-addr.arpa PTR h1.a.example\n"
	    "h1.a.example A 192.0.2.1\n");

	hand_out(&s, "a.example", DNS_TXT);
	hand_out(&s, "1.2.0.192.in-addr.arpa", DNS_PTR);
	hand_out(&s, "h1.a.example", DNS_A);
	hand_out(&s, "b.example", DNS_TXT);
	cancel(&s, c,
	    "a.example TXT; 1.2.0.192.in-addr.arpa PTR; b.example TXT; "
	    "h1.a.example A; e.example TXT");
}

/* Terms with macros are not asked early, but they count. */
static void
eleventh_by_macros(void)
{
	struct spfrun s;
	struct check *c = held(&s, "192.0.2.1",
	    "a.example TXT \"v=spf1 exists:%{i}.x1.example a:h1.example "
	    "exists:%{i}.x2.example exists:%{i}.x3.example "
	    "exists:%{i}.x4.example exists:%{i}.x5.example "
	    "exists:%{i}.x6.example exists:%{i}.x7.example "
	    "exists:%{i}.x8.example a:h10.example a:h11.example -all\"\n");

	hand_out(&s, "a.example", DNS_TXT);
	cancel(&s, c,
	    "a.example TXT; 192.0.2.1.x1.example A; h1.example A; "
	    "h10.example A");
}

/* No more than ten terms are asked early, in the order of evaluation. */
static void
ten_terms(void)
{
	struct spfrun s;
	struct buf b;
	struct spfrun_result r;

	spfrun_open(&s);
	buf_init(&b, 1 << 16);
	buf_str(&b, "many.example TXT \"v=spf1");
	for (int i = 0; i < 12; i++)
		buf_fmt(&b, " include:i%d.example", i);
	buf_str(&b, " -all\"\n");
	for (int i = 0; i < 12; i++) {
		buf_fmt(&b, "i%d.example TXT \"v=spf1", i);
		for (int k = 0; k < 10; k++)
			buf_fmt(&b, " a:h%d.i%d.example", k, i);
		buf_str(&b, " -all\"\n");
	}
	spfrun_zone(&s, buf_text(&b));
	buf_free(&b);
	s.void_max = 10;
	r = rounds(&s, "192.0.2.1", "u@many.example", true);
	CU_ASSERT_EQUAL(r.result, SPF_PERMERROR);
	/* the record, ten includes, and the nine terms of i0 that were used */
	CU_ASSERT_EQUAL(r.sent, 20);
	r = rounds(&s, "192.0.2.1", "u@many.example", false);
	CU_ASSERT_EQUAL(r.sent, 11);
	spfrun_close(&s);
}

/* Ten without an answer are enough: the others are put as these are answered,
 * and none in the place of one that nobody could answer. */
static void
ten_without_an_answer(void)
{
	struct spfrun s;
	struct check *c;
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_str(&b,
	    "a.example TXT \"v=spf1 a:s.example a:f.example mx:m.example "
	    "mx:n.example -all\"\nf.example A servfail\n");
	for (int i = 0; i < 10; i++)
		buf_fmt(&b, "m.example MX %d h%d.example\n", i, i);
	buf_str(&b, "n.example MX 1 h10.example\n");
	c = held(&s, "192.0.2.1", buf_text(&b));
	hand_out(&s, "a.example", DNS_TXT);
	CU_ASSERT_EQUAL(resolver_zone_waiting(s.resolver), 4);
	hand_out(&s, "m.example", DNS_MX);
	CU_ASSERT_EQUAL(resolver_zone_waiting(s.resolver), 10);
	hand_out(&s, "f.example", DNS_A);
	CU_ASSERT_EQUAL(resolver_zone_waiting(s.resolver), 9);
	for (int i = 0; i < 3; i++) {
		char name[32];

		snprintf(name, sizeof name, "h%d.example", i);
		hand_out(&s, name, DNS_A);
		CU_ASSERT_EQUAL(resolver_zone_waiting(s.resolver), 9);
	}
	hand_out(&s, "n.example", DNS_MX);
	cancel(&s, c,
	    "a.example TXT; s.example A; f.example A; m.example MX; "
	    "n.example MX; h0.example A; h1.example A; h2.example A; "
	    "h3.example A; h4.example A; h5.example A; h6.example A; "
	    "h7.example A; h8.example A; h9.example A; h10.example A");
	buf_free(&b);
}

/* "mx:m0.P ... mx:m8.P" in text, and their names and addresses in lines. */
static void
nine_mx(struct buf *text, struct buf *lines, const char *p)
{
	for (int i = 0; i < 9; i++) {
		buf_fmt(text, " mx:m%d.%s", i, p);
		for (int k = 0; k < 10; k++)
			buf_fmt(lines,
			    "m%d.%s MX 1 h%d.m%d.%s\nh%d.m%d.%s A 192.0.3.9\n",
			    i, p, k, i, p, k, i, p);
	}
}

/* Answers what was asked of them. */
static void
answer_nine_mx(struct spfrun *s, const char *p)
{
	char name[100];

	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof name, "m%d.%s", i, p);
		resolver_zone_deliver_one(s->resolver, name, DNS_MX);
	}
	for (int i = 0; i < 90; i++) {
		snprintf(name, sizeof name, "h%d.m%d.%s", i % 10, i / 10, p);
		resolver_zone_deliver_one(s->resolver, name, DNS_A);
	}
}

/*
 * What is asked early may be in vain where evaluation can go another way: into
 * an include, or out of it. However many questions that costs, all together are
 * no more than those of a record and ten terms.
 */
static void
most_questions(void)
{
	static const struct {
		const char *inner; /* first in the include's record */
		const char *late;  /* answered when all others are */
		enum dns_type type;
	} rows[] = {
	    {"", "inc.example", DNS_TXT},
	    {" -a:late.example", "late.example", DNS_A},
	    {" ~mx:late.example", "late.example", DNS_MX},
	    {" include:late.example", "late.example", DNS_TXT},
	    {" -include:late.example", "late.example", DNS_TXT},
	    {" -ptr:late.example", "1.2.0.192.in-addr.arpa", DNS_PTR},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf text, inner, outer;
		struct spfrun s;

		buf_init(&text, 1 << 16);
		buf_init(&outer, 1 << 16);
		buf_init(&inner, 1 << 16);
		buf_fmt(&inner, "inc.example TXT \"v=spf1%s", rows[i].inner);
		buf_str(&outer, "a.example TXT \"v=spf1 include:inc.example");
		nine_mx(&inner, &text, "i.example");
		nine_mx(&outer, &text, "o.example");
		buf_fmt(&text, "%s -all\"\n%s -all\"\n", buf_text(&outer),
		    buf_text(&inner));
		buf_str(&text,
		    "late.example A 192.0.2.1\n"
		    "late.example MX 1 late.example\n"
		    "late.example TXT \"v=spf1 a -all\"\n"
		    "1.2.0.192.in-addr.arpa PTR late.example\n");
		CU_ASSERT_EQUAL_FATAL(buf_error(&text), 0);
		(void)start_held(&s, "192.0.2.1", buf_text(&text));
		hand_out(&s, "a.example", DNS_TXT);
		if (rows[i].inner[0] != '\0')
			hand_out(&s, "inc.example", DNS_TXT);
		loop_fake_advance(s.loop, DNS_PATIENCE_MS);
		answer_nine_mx(&s, "o.example");
		answer_nine_mx(&s, "i.example");
		hand_out(&s, rows[i].late, rows[i].type);
		resolver_zone_deliver(s.resolver, SIZE_MAX);
		suite_row(*rows[i].inner == '\0' ? "include" : rows[i].inner);
		CHECK(resolver_zone_sent_all(s.resolver) <= SPF_QUESTIONS_MAX);
		for (size_t w = 0; w < SPFRUN_WAYS; w++) {
			spfrun_choose(&s, &spfrun_ways[w]);
			CHECK(spfrun_check(&s, "192.0.2.1", HELO, "u@a.example")
			          .sent <= SPF_QUESTIONS_MAX);
		}
		spfrun_close(&s);
		buf_free(&text);
		buf_free(&outer);
		buf_free(&inner);
	}
	suite_row(NULL);
}

/* The example of early.c: an include that is waited for leaves room for nine
 * hosts of ten, and for the last one when it is known. */
static void
room_behind_a_fork(void)
{
	struct spfrun s;
	struct check *c;
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_str(&b,
	    "a.example TXT \"v=spf1 include:b.example mx:m.example -all\"\n"
	    "b.example TXT \"v=spf1 ?all\"\n");
	for (int i = 0; i < 10; i++)
		buf_fmt(&b, "m.example MX %d h%d.example\n", i, i);
	c = held(&s, "192.0.2.1", buf_text(&b));
	hand_out(&s, "a.example", DNS_TXT);
	hand_out(&s, "m.example", DNS_MX);
	CU_ASSERT_EQUAL(resolver_zone_waiting(s.resolver), 1 + 9);
	hand_out(&s, "h0.example", DNS_A);
	CU_ASSERT_EQUAL(resolver_zone_waiting(s.resolver), 1 + 8);
	hand_out(&s, "b.example", DNS_TXT);
	CU_ASSERT_EQUAL(resolver_zone_waiting(s.resolver), 8 + 1);
	check_cancel(c);
	spfrun_close(&s);
	buf_free(&b);
}

/* A record with an error is read once, however often it is come by. */
static void
read_once(void)
{
	struct dns_record txt = {
	    .txt = span_str("v=spf1 ip4:192.0.2.0/24 a:x.example foo")};
	struct dns_answer answer = {
	    .status = DNS_FOUND, .n = 1, .record = &txt};
	struct question q = {.state = QUESTION_ANSWERED, .answer = &answer};
	struct row row = {.kind = TERM_INCLUDE,
	    .question = &q,
	    .target = span_str("b.example")};
	struct macro_vars vars = {.client.family = AF_INET};
	struct lookups l;
	struct arena a;

	arena_init(&a, SPF_CHECK_MEMORY_MAX);
	lookups_init(&l, &a, &vars, span_str("a.example"), 2, NULL, NULL);
	CU_ASSERT_EQUAL(lookups_read_record(&l, &row), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(row.fault);
	CHECK_STR(row.fault->why, "unknown mechanism");
	CHECK(span_eq(row.fault->term, span_str("foo")));
	txt.txt = span_str("v=spf1 -all");
	CU_ASSERT_EQUAL(lookups_read_record(&l, &row), -EINVAL);
	CHECK(row.record == NULL && l.nplans == 0);

	row.fault = NULL;
	answer.n = 0;
	CU_ASSERT_EQUAL(lookups_read_record(&l, &row), -ENOENT);
	answer.n = 1;
	CU_ASSERT_EQUAL(lookups_read_record(&l, &row), -ENOENT);
	arena_free(&a);
}

/* Equal questions are put once. */
static void
equal_questions(void)
{
	struct spfrun s;
	struct spfrun_result r;

	spfrun_open(&s);
	spfrun_zone(&s,
	    "a.example TXT \"v=spf1 a:H.example mx:h.EXAMPLE a:h.example "
	    "include:b.example -all\"\n"
	    "b.example TXT \"v=spf1 mx:h.example exists:h.example\"\n"
	    "h.example MX 1 h.example\n"
	    "h.example MX 2 H.Example\n"
	    "h.example A 192.0.2.9\n");
	for (size_t i = 0; i < SPFRUN_WAYS; i++) {
		spfrun_choose(&s, &spfrun_ways[i]);
		r = spfrun_check(&s, "192.0.2.1", HELO, "u@a.example");
		CU_ASSERT_EQUAL(r.result, SPF_PASS);
		CU_ASSERT_EQUAL(r.lookups, 6);
		CU_ASSERT_EQUAL(r.sent, 4);
	}
	spfrun_close(&s);
}

/* An answer that never comes costs the resolver's timeout, once. */
static void
silent(void)
{
	struct spfrun s;
	struct spfrun_result r;
	uint64_t start;

	spfrun_open(&s);
	spfrun_zone(&s,
	    "a.example TXT \"v=spf1 a:s1.example a:s2.example mx -all\"\n"
	    "s1.example A silent\n"
	    "s2.example A silent\n");
	start = loop_now(s.loop);
	r = rounds(&s, "192.0.2.1", "u@a.example", true);
	CU_ASSERT_EQUAL(r.result, SPF_TEMPERROR);
	CHECK_STR(
	    r.problem, "a.example: a:s1.example: A of s1.example: timeout");
	CU_ASSERT_EQUAL(loop_now(s.loop) - start, 20 + 5000);
	spfrun_close(&s);
}

/* A check may be cancelled at any point; nothing is left behind. */
static void
cancelled_anywhere(void)
{
	struct spfrun s;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	for (size_t n = 0; n < 12; n++) {
		struct check_input in = {
		    .subject.sender = span_str("u@flat.example"),
		    .subject.helo = span_str(HELO),
		    .void_max = 9,
		    .prefetch = n % 2 == 0,
		    .identity = IDENTITY_MAIL_FROM};
		struct check *c;

		resolver_zone_order(s.resolver, ZONE_HELD, 0);
		CU_ASSERT_EQUAL_FATAL(
		    ip_parse(span_str("192.0.3.9"), &in.subject.client), 0);
		CU_ASSERT_EQUAL_FATAL(
		    check_start(s.loop, s.resolver, &in, NULL, NULL, &c), 0);
		for (size_t i = 0; i < n / 2; i++)
			resolver_zone_deliver(s.resolver, 1);
		check_cancel(c);
		CU_ASSERT_EQUAL(resolver_zone_waiting(s.resolver), 0);
		loop_fake_advance(s.loop, 10000);
	}
	spfrun_close(&s);
}

/* Cancelled before done() was called for a result that was there at once. */
static void
cancelled_at_once(void)
{
	struct check_input in = {
	    .subject.sender = span_str("u@x"), .identity = IDENTITY_MAIL_FROM};
	struct spfrun s;
	struct check *c;

	spfrun_open(&s);
	CU_ASSERT_EQUAL_FATAL(
	    ip_parse(span_str("192.0.3.9"), &in.subject.client), 0);
	CU_ASSERT_EQUAL_FATAL(
	    check_start(s.loop, s.resolver, &in, NULL, NULL, &c), 0);
	check_cancel(c);
	loop_fake_advance(s.loop, 1000);
	spfrun_close(&s);
}

static void
learning(void)
{
	CU_ASSERT(early_learns(DNS_TXT));
	CU_ASSERT(early_learns(DNS_MX));
	CU_ASSERT(early_learns(DNS_PTR));
	CU_ASSERT_FALSE(early_learns(DNS_A));
	CU_ASSERT_FALSE(early_learns(DNS_AAAA));
}

SUITE("early", T(decided_at_once), T(together), T(nested), T(patience),
    T(clients_names), T(behind_a_match), T(behind_no_pass), T(after_the_fail),
    T(eleventh_by_macros), T(ten_terms), T(ten_without_an_answer),
    T(most_questions), T(room_behind_a_fork), T(read_once), T(equal_questions),
    T(silent), T(cancelled_anywhere), T(cancelled_at_once), T(learning))

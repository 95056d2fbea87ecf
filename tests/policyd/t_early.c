/* What is asked early, what is not, and how many round trips a check takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "policyd/early.h"
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

/* A check of u@a.example whose answers the test hands out. */
static struct check *
start_held(struct spfrun *s, const char *client, const char *text)
{
	struct check_input in = {.sender = span_str("u@a.example"),
	    .helo = span_str(HELO),
	    .void_max = 2,
	    .prefetch = true};
	struct check *c = NULL;

	spfrun_open(s);
	spfrun_zone(s, text);
	resolver_zone_order(s->resolver, ZONE_HELD, 0);
	CU_ASSERT_EQUAL_FATAL(ip_parse(span_str(client), &in.client), 0);
	CU_ASSERT_EQUAL_FATAL(
	    check_start(s->loop, s->resolver, &in, NULL, NULL, &c), 0);
	return c;
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

/* Answers that come soon are waited for one after the other; from the first one on
 * that does not, all that can be asked is. */
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
		struct check_input in = {.sender = span_str("u@flat.example"),
		    .helo = span_str(HELO),
		    .void_max = 9,
		    .prefetch = n % 2 == 0};
		struct check *c;

		resolver_zone_order(s.resolver, ZONE_HELD, 0);
		CU_ASSERT_EQUAL_FATAL(
		    ip_parse(span_str("192.0.3.9"), &in.client), 0);
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
	struct check_input in = {.sender = span_str("u@x")};
	struct spfrun s;
	struct check *c;

	spfrun_open(&s);
	CU_ASSERT_EQUAL_FATAL(ip_parse(span_str("192.0.3.9"), &in.client), 0);
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

SUITE("early", T(decided_at_once), T(together), T(patience), T(clients_names),
    T(behind_a_match), T(behind_no_pass), T(after_the_fail),
    T(eleventh_by_macros), T(ten_terms), T(equal_questions), T(silent),
    T(cancelled_anywhere), T(cancelled_at_once), T(learning))

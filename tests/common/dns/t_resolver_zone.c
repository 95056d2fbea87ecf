/* The stand-in that other tests rest on: does what its header says. */
#include <string.h>

#include "tests/support/loop_fake.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"

enum { NAMES = 4 };

static const char *const name[NAMES] = {
    "a.example", "b.example", "c.example", "d.example"};

/* A resolver, and the letters of those that were called back. */
struct rig {
	struct loop *loop;
	struct resolver *r;
	char log[64];
	unsigned again; /* questions that the first callback asks */
	struct dns_query *query;
	enum dns_status status;
};

static void
note(struct rig *rig, char c)
{
	size_t n = strlen(rig->log);

	CU_ASSERT_FATAL(n + 1 < sizeof rig->log);
	rig->log[n] = c;
	rig->log[n + 1] = '\0';
}

/* Who asks, and the letter that stands for it. */
struct asked {
	struct rig *rig;
	char letter;
};

static void got(void *arg, struct dns_answer *a);

static enum ask
ask(struct asked *from, const char *text, enum dns_type type)
{
	struct dns_answer *a;
	enum ask how = resolver_ask(from->rig->r, 0, span_str(text), type, got,
	    from, &from->rig->query, &a);

	if (how == ASK_READY) {
		from->rig->status = a->status;
		dns_answer_free(a);
	}
	return how;
}

static void
got(void *arg, struct dns_answer *a)
{
	static struct asked more;
	struct asked *from = arg;

	note(from->rig, from->letter);
	from->rig->status = a->status;
	dns_answer_free(a);
	if (from->rig->again > 0) {
		from->rig->again--;
		more = (struct asked){from->rig, 'x'};
		CU_ASSERT_EQUAL(ask(&more, "x.example", DNS_TXT), ASK_PENDING);
	}
}

static void
rig_open(struct rig *rig, const char *zone)
{
	struct dns_settings dns = {.timeout = 5};

	*rig = (struct rig){.again = 0};
	CU_ASSERT_EQUAL_FATAL(loop_new(&rig->loop), 0);
	CU_ASSERT_EQUAL_FATAL(resolver_new(rig->loop, &dns, &rig->r), 0);
	resolver_zone_load(rig->r, zone);
}

static void
rig_close(struct rig *rig)
{
	resolver_free(rig->r);
	loop_free(rig->loop);
}

/* The letters after each of five turns of the loop, the first name's callback
 * asking a fifth question. */
static void
turns(enum zone_order order, const char *const want[5])
{
	struct rig rig;
	struct asked from[NAMES];

	rig_open(&rig, "");
	resolver_zone_order(rig.r, order, 3);
	rig.again = 1;
	for (int i = 0; i < NAMES; i++) {
		from[i] = (struct asked){&rig, (char)('a' + i)};
		CU_ASSERT_EQUAL(ask(&from[i], name[i], DNS_TXT), ASK_PENDING);
	}
	CU_ASSERT_EQUAL(resolver_zone_waiting(rig.r), NAMES);
	for (int i = 0; i < 5; i++) {
		loop_fake_turn(rig.loop);
		CHECK_STR(rig.log, want[i]);
	}
	CU_ASSERT_EQUAL(resolver_zone_waiting(rig.r), 0);
	rig_close(&rig);
}

static void
orders(void)
{
	turns(ZONE_TOGETHER,
	    (const char *const[]){"abcd", "abcdx", "abcdx", "abcdx", "abcdx"});
	turns(ZONE_ONE_BY_ONE,
	    (const char *const[]){"a", "ab", "abc", "abcd", "abcdx"});
	turns(ZONE_REVERSED,
	    (const char *const[]){"d", "dx", "dxc", "dxcb", "dxcba"});
}

/* All are delivered, not always in one order, and a seed repeats itself. */
static void
shuffles(void)
{
	char first[3][64];

	for (unsigned seed = 0; seed < 3; seed++) {
		struct rig rig;
		struct asked from[NAMES];

		rig_open(&rig, "");
		resolver_zone_order(rig.r, ZONE_SHUFFLED, 1 + seed % 2 * 6);
		for (int i = 0; i < NAMES; i++) {
			from[i] = (struct asked){&rig, (char)('a' + i)};
			ask(&from[i], name[i], DNS_TXT);
		}
		for (int i = 0; i < NAMES; i++) {
			CU_ASSERT_EQUAL(strlen(rig.log), (size_t)i);
			loop_fake_turn(rig.loop);
		}
		strcpy(first[seed], rig.log);
		rig_close(&rig);
	}
	CHECK_STR(first[2], first[0]);
	CU_ASSERT_NOT_EQUAL(strcmp(first[0], first[1]), 0);
}

static void
held_answers(void)
{
	struct rig rig;
	struct asked a, b;

	rig_open(&rig, "a.example TXT \"x\"\n");
	a = (struct asked){&rig, 'a'};
	b = (struct asked){&rig, 'b'};
	resolver_zone_order(rig.r, ZONE_HELD, 0);
	ask(&a, "a.example", DNS_TXT);
	ask(&b, "b.example", DNS_TXT);
	loop_fake_advance(rig.loop, 60000);
	CHECK_STR(rig.log, "");
	CU_ASSERT_TRUE(resolver_zone_deliver_one(rig.r, "B.example", DNS_TXT));
	CU_ASSERT_FALSE(resolver_zone_deliver_one(rig.r, "b.example", DNS_TXT));
	CU_ASSERT_EQUAL(rig.status, DNS_NXDOMAIN);
	CU_ASSERT_EQUAL(resolver_zone_deliver(rig.r, 9), 1);
	CU_ASSERT_EQUAL(rig.status, DNS_FOUND);
	CHECK_STR(rig.log, "ba");
	rig_close(&rig);
}

static void
counts_and_joining(void)
{
	struct rig rig;
	struct asked a;

	rig_open(&rig, "");
	a = (struct asked){&rig, 'a'};
	resolver_zone_order(rig.r, ZONE_TOGETHER, 0);
	ask(&a, "a.example", DNS_TXT);
	ask(&a, "A.example.", DNS_TXT);
	ask(&a, "a.example", DNS_MX);
	CU_ASSERT_EQUAL(ask(&a, "a..example", DNS_MX), ASK_BADNAME);
	CU_ASSERT_EQUAL(resolver_zone_asked(rig.r, "a.EXAMPLE", DNS_TXT), 2);
	CU_ASSERT_EQUAL(resolver_zone_sent(rig.r, "a.example", DNS_TXT), 1);
	CU_ASSERT_EQUAL(resolver_zone_sent(rig.r, "a.example", DNS_A), 0);
	CU_ASSERT_EQUAL(resolver_zone_asked_all(rig.r), 3);
	CU_ASSERT_EQUAL(resolver_zone_sent_all(rig.r), 2);
	CHECK_STR(resolver_zone_log(rig.r), "a.example TXT; a.example MX");
	loop_fake_turn(rig.loop);
	CHECK_STR(rig.log, "aaa");
	resolver_zone_forget(rig.r);
	CU_ASSERT_EQUAL(resolver_zone_asked_all(rig.r), 0);
	CHECK_STR(resolver_zone_log(rig.r), "");
	rig_close(&rig);
}

static void
cancelling(void)
{
	struct rig rig;
	struct asked a, b;

	rig_open(&rig, "s.example ANY silent\n");
	a = (struct asked){&rig, 'a'};
	b = (struct asked){&rig, 'b'};
	resolver_zone_order(rig.r, ZONE_ONE_BY_ONE, 0);
	ask(&a, "a.example", DNS_TXT);
	resolver_cancel(rig.query);
	ask(&a, "b.example", DNS_TXT);
	ask(&b, "b.example", DNS_TXT);
	resolver_cancel(rig.query);
	ask(&b, "s.example", DNS_TXT);
	resolver_cancel(rig.query);
	CU_ASSERT_EQUAL(resolver_zone_waiting(rig.r), 1);
	loop_fake_advance(rig.loop, 60000);
	CHECK_STR(rig.log, "a");
	rig_close(&rig);
}

static void
words(void)
{
	static const struct {
		const char *name;
		enum ask how;
		enum dns_status status;
	} rows[] = {
	    {"t.example", ASK_PENDING, DNS_TEMPERROR},
	    {"f.example", ASK_PENDING, DNS_TEMPERROR},
	    {"b.example", ASK_PENDING, DNS_TEMPERROR},
	    {"n.example", ASK_PENDING, DNS_NXDOMAIN},
	    {"to-n.example", ASK_PENDING, DNS_NXDOMAIN},
	    {"to-t.example", ASK_PENDING, DNS_TEMPERROR},
	    {"c.example", ASK_READY, DNS_FOUND},
	    {"below.example", ASK_PENDING, DNS_NODATA},
	};
	struct rig rig;
	struct asked a;

	rig_open(&rig,
	    "t.example ANY timeout\nf.example ANY servfail\n"
	    "b.example A bogus\nb.example A 192.0.2.1\nn.example A nxdomain\n"
	    "to-n.example CNAME n.example\nto-t.example CNAME t.example\n"
	    "c.example A cached\nc.example A 192.0.2.1\n"
	    "m.example A nomem\ns.example A silent\n"
	    "x.below.example TXT \"x\"\n");
	a = (struct asked){&rig, 'a'};
	resolver_zone_order(rig.r, ZONE_TOGETHER, 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].name);
		CHECK(ask(&a, rows[i].name, DNS_A) == rows[i].how);
		loop_fake_turn(rig.loop);
		CHECK(rig.status == rows[i].status);
	}
	CU_ASSERT_EQUAL(ask(&a, "m.example", DNS_A), ASK_NOMEM);
	/* Nothing is as patient as the silent one. */
	resolver_zone_order(rig.r, ZONE_READY, 0);
	CU_ASSERT_EQUAL(ask(&a, "s.example", DNS_A), ASK_PENDING);
	rig.log[0] = '\0';
	loop_fake_advance(rig.loop, 4999);
	CHECK_STR(rig.log, "");
	loop_fake_advance(rig.loop, 1);
	CHECK_STR(rig.log, "a");
	CU_ASSERT_EQUAL(rig.status, DNS_TEMPERROR);
	rig_close(&rig);
}

SUITE("resolver_zone", T(orders), T(shuffles), T(held_answers),
    T(counts_and_joining), T(cancelling), T(words))

/* Real: no fake stands in for the loop and the resolver. */
/* The real resolver on the real loop, asking scripted servers. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/bytes/buf.h"
#include "common/dns/resolvconf.h"
#include "common/dns/resolver.h"
#include "common/io/loop.h"
#include "common/limits.h"
#include "common/log/log.h"
#include "tests/support/answer.h"
#include "tests/support/clock.h"
#include "tests/support/descriptors.h"
#include "tests/support/dnsd.h"
#include "tests/support/nomem.h"
#include "tests/support/pause.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"
#include "tests/support/unsent.h"

enum { WANTED_MAX = 8, GIVE_UP = 30000 /* ms; well over all deadlines */ };

/* A worker with a resolver, and what was called back. */
struct rig {
	struct dnsd *server;
	struct loop *loop;
	struct resolver *r;
	struct timer *giveup;
	unsigned wanted, got;
	struct dns_answer *last;
	bool inside; /* resolver_ask() is running */
};

/* One question's place in an array of them. */
struct slot {
	struct rig *rig;
	struct dns_query *q;
	struct dns_answer *a;
	unsigned calls;
};

static void
give_up(void *arg)
{
	struct rig *rig = arg;

	CU_FAIL("no answer");
	loop_stop(rig->loop);
}

static void
rig_open(struct rig *rig, const char *zone, unsigned timeout)
{
	struct dns_server server = {.port = 0};
	struct dns_settings dns = {
	    .servers = {.v = &server, .n = 1}, .timeout = timeout};

	clock_script();
	*rig = (struct rig){.server = dnsd_start(zone)};
	CU_ASSERT_EQUAL_FATAL(ip_parse(span_str("127.0.0.1"), &server.ip), 0);
	server.port = dnsd_port(rig->server);
	CU_ASSERT_EQUAL_FATAL(loop_new(&rig->loop), 0);
	CU_ASSERT_EQUAL_FATAL(resolver_new(rig->loop, &dns, &rig->r), 0);
	CU_ASSERT_EQUAL_FATAL(
	    timer_new(rig->loop, give_up, rig, &rig->giveup), 0);
}

static void
rig_close(struct rig *rig)
{
	dns_answer_free(rig->last);
	resolver_free(rig->r);
	timer_free(rig->giveup);
	loop_free(rig->loop);
	dnsd_stop(rig->server);
}

/* Runs the loop until n more were called back. */
static void
rig_await(struct rig *rig, unsigned n)
{
	rig->wanted = rig->got + n;
	timer_set(rig->giveup, GIVE_UP);
	if (rig->got < rig->wanted)
		loop_run(rig->loop);
	timer_clear(rig->giveup);
}

/* Runs the loop for ms. */
static void
rig_pause(struct rig *rig, unsigned ms)
{
	rig->wanted = 0;
	pause_loop(rig->loop, ms);
}

static void
slot_got(void *arg, struct dns_answer *a)
{
	struct slot *s = arg;

	CU_ASSERT_FALSE(s->rig->inside);
	s->a = a;
	s->calls++;
	if (++s->rig->got == s->rig->wanted)
		loop_stop(s->rig->loop);
}

static enum ask
slot_ask(struct rig *rig, struct slot *s, const char *name, enum dns_type type)
{
	enum ask how;

	*s = (struct slot){.rig = rig};
	rig->inside = true;
	how = resolver_ask(
	    rig->r, 0, span_str(name), type, slot_got, s, &s->q, &s->a);
	rig->inside = false;
	return how;
}

/* Asks, waits if need be, and returns the answer until the next call. */
static const struct dns_answer *
rig_ask(struct rig *rig, const char *name, enum dns_type type)
{
	struct slot s;
	enum ask how = slot_ask(rig, &s, name, type);

	dns_answer_free(rig->last);
	rig->last = NULL;
	if (how == ASK_PENDING)
		rig_await(rig, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.a);
	return rig->last = s.a;
}

/* Asks for the names n0.example, n1.example, and so on, all at one time. */
static void
ask_names(struct rig *rig, struct slot *s, unsigned n)
{
	char name[40];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "n%u.example", i);
		CHECK(slot_ask(rig, &s[i], name, DNS_A) == ASK_PENDING);
	}
}

/* And waits until all are answered. */
static void
ask_many(struct rig *rig, struct slot *s, unsigned n)
{
	ask_names(rig, s, n);
	rig_await(rig, n);
	for (unsigned i = 0; i < n; i++)
		dns_answer_free(s[i].a);
}

/* --- answers -------------------------------------------------------------- */

static const char zone[] =
    "example.com TXT \"v=spf1 \" \"mx -all\"\n"
    "example.com TXT \"another\"\n"
    "example.com MX 10 mx.example.com\n"
    "example.com MX 20 MX2.example.com\n"
    "mx.example.com A 192.0.2.1\n"
    "mx.example.com A 192.0.2.2\n"
    "mx.example.com AAAA 2001:db8::1\n"
    "mapped.example.com AAAA ::ffff:192.0.2.3\n"
    "null.example.com MX 0 .\n"
    "1.2.0.192.in-addr.arpa PTR mx.example.com\n"
    "1.2.0.192.in-addr.arpa PTR w\\.x\\032y.example.com\n"
    "www.example.com CNAME web.example.com\n"
    "web.example.com CNAME mx.example.com\n"
    "into.example.com CNAME nowhere.example.com\n"
    "loop.example.com CNAME loop2.example.com\n"
    "loop2.example.com CNAME loop.example.com\n"
    "empty.example.com TXT \"\"\n"
    "back\\\\slash.sp\\032ace.ctl\\007.\\255.example.com A 192.0.2.4\n"
    "fail.example.com ANY servfail\n"
    "refused.example.com ANY refused\n"
    "bogus.example.com ANY bogus\n"
    "short.example.com A truncate\n"
    "short.example.com A 192.0.2.5\n"
    "unread.example.com ANY garbage\n";

static const struct {
	const char *name;
	enum dns_type type;
	const char *answer;
} answers[] = {
    {"example.com", DNS_TXT, "found 'v=spf1 mx -all' | 'another'"},
    {"EXAMPLE.com.", DNS_TXT, "found 'v=spf1 mx -all' | 'another'"},
    {"example.com", DNS_MX, "found 10 mx.example.com | 20 mx2.example.com"},
    {"mx.example.com", DNS_A, "found 192.0.2.1 | 192.0.2.2"},
    {"mx.example.com", DNS_AAAA, "found 2001:db8::1"},
    {"null.example.com", DNS_MX, "found 0 "},
    {"1.2.0.192.in-addr.arpa", DNS_PTR,
        "found 0 mx.example.com | 0 w\\.x\\032y.example.com"},
    {"www.example.com", DNS_A, "found 192.0.2.1 | 192.0.2.2"},
    {"www.example.com", DNS_TXT, "nodata"},
    {"into.example.com", DNS_A, "nxdomain"},
    {"loop.example.com", DNS_A, "temperror CNAME loop"},
    {"empty.example.com", DNS_TXT, "found ''"},
    {"back\\slash.sp ace.ctl\a.\377.example.com", DNS_A, "found 192.0.2.4"},
    {"example.com", DNS_A, "nodata"},
    {"sp ace.ctl\a.\377.example.com", DNS_A, "nodata"},
    {"nowhere.example.com", DNS_TXT, "nxdomain"},
    {"fail.example.com", DNS_TXT, "temperror SERVFAIL"},
    {"refused.example.com", DNS_TXT, "temperror REFUSED"},
    {"bogus.example.com", DNS_TXT, "temperror SERVFAIL"},
    {"unread.example.com", DNS_A, "temperror malformed answer"},
    {"short.example.com", DNS_A, "found 192.0.2.5"},
};

static void
every_kind_of_answer(void)
{
	struct rig rig;

	rig_open(&rig, zone, 5);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		const struct dns_answer *a;

		suite_row(answers[i].name);
		a = rig_ask(&rig, answers[i].name, answers[i].type);
		CHECK_STR(answer_text(a, answers[i].type), answers[i].answer);
		CHECK(a->security == DNS_INSECURE);
	}
	/* What was cut over UDP came over TCP. */
	CHECK(dnsd_count_tcp(rig.server, "short.example.com", "A") == 1);
	rig_close(&rig);
}

static void
mapped_addresses_stay_ipv6(void)
{
	struct rig rig;
	const struct dns_answer *a;

	rig_open(&rig, zone, 5);
	a = rig_ask(&rig, "mapped.example.com", DNS_AAAA);
	CU_ASSERT_EQUAL_FATAL(a->n, 1);
	CU_ASSERT_EQUAL(a->record[0].ip.family, AF_INET6);
	CU_ASSERT_EQUAL(memcmp(a->record[0].ip.b,
	                    "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\3", 16),
	    0);
	rig_close(&rig);
}

static void
names_that_dns_cannot_hold(void)
{
	static const char *const names[] = {"", ".", "a..b", ".a", "a.b..",
	    "a123456789012345678901234567890123456789012345678901234567890123"
	    ".example"};
	struct rig rig;
	struct slot s;

	rig_open(&rig, "", 5);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		suite_row(names[i]);
		CHECK(slot_ask(&rig, &s, names[i], DNS_A) == ASK_BADNAME);
	}
	CU_ASSERT_EQUAL(dnsd_total(rig.server), 0);
	rig_close(&rig);
}

/* As much TXT as a message of 65,535 bytes can hold, in many records and in
 * one. */
static void
large_sets_come_over_tcp(void)
{
	enum { RECORDS = 126, EACH = 503, ONE = 254 * 255 };
	struct rig rig;
	const struct dns_answer *a;
	char *line;
	size_t total = 0;
	int start;

	rig_open(&rig, "", 5);
	line = malloc(ONE + 100);
	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	for (int i = 0; i < RECORDS; i++) {
		start = sprintf(line, "many.example TXT \"%03d", i);
		memset(line + start, 'x', EACH - 3);
		strcpy(line + start + EACH - 3, "\"");
		dnsd_add(rig.server, line);
	}
	start = sprintf(line, "one.example TXT \"");
	memset(line + start, 'y', ONE);
	strcpy(line + start + ONE, "\"");
	dnsd_add(rig.server, line);
	free(line);
	a = rig_ask(&rig, "many.example", DNS_TXT);
	CU_ASSERT_EQUAL(a->status, DNS_FOUND);
	CU_ASSERT_EQUAL_FATAL(a->n, RECORDS);
	for (size_t i = 0; i < a->n; i++)
		total += a->record[i].txt.n;
	CU_ASSERT_EQUAL(total, RECORDS * EACH);
	CU_ASSERT_EQUAL(memcmp(a->record[RECORDS - 1].txt.p, "125xxx", 6), 0);
	a = rig_ask(&rig, "one.example", DNS_TXT);
	CU_ASSERT_EQUAL_FATAL(a->n, 1);
	CU_ASSERT_EQUAL(a->record[0].txt.n, ONE);
	CU_ASSERT_EQUAL(dnsd_count_tcp(rig.server, "many.example", "TXT"), 1);
	rig_close(&rig);
}

/* RFC 6303 and RFC 6761 have libraries answer these by themselves. */
static void
no_zone_is_built_in(void)
{
	static const char *const names[] = {"localhost", "a.test", "a.invalid",
	    "a.onion", "a.home.arpa", "a.local", "a.example", "a.internal",
	    "1.0.0.127.in-addr.arpa", "1.0.0.10.in-addr.arpa",
	    "1.0.16.172.in-addr.arpa", "1.0.168.192.in-addr.arpa",
	    "1.0.254.169.in-addr.arpa", "1.2.0.192.in-addr.arpa",
	    "1.100.51.198.in-addr.arpa", "1.113.0.203.in-addr.arpa",
	    "1.0.0.0.in-addr.arpa", "1.64.64.100.in-addr.arpa",
	    "255.255.255.255.in-addr.arpa",
	    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
	    ".ip6.arpa",
	    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
	    ".ip6.arpa",
	    "1.8.b.d.0.1.0.0.2.ip6.arpa", "a.d.f.ip6.arpa", "a.8.e.f.ip6.arpa"};
	struct rig rig;
	char line[200];

	rig_open(&rig, "", 5);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(line, sizeof line, "%s A 192.0.2.1", names[i]);
		dnsd_add(rig.server, line);
		suite_row(names[i]);
		CHECK_STR(answer_text(rig_ask(&rig, names[i], DNS_A), DNS_A),
		    "found 192.0.2.1");
	}
	rig_close(&rig);
}

/* --- questions asked once ------------------------------------------------- */

static void
equal_questions_are_asked_once(void)
{
	struct rig rig;
	struct slot s[WANTED_MAX];

	rig_open(&rig, "a.example A 192.0.2.1\na.example A delay=30\n", 5);
	for (int i = 0; i < WANTED_MAX; i++)
		CU_ASSERT_EQUAL(
		    slot_ask(&rig, &s[i],
		        i % 2 == 0 ? "a.example" : "A.Example.", DNS_A),
		    ASK_PENDING);
	rig_await(&rig, WANTED_MAX);
	for (int i = 0; i < WANTED_MAX; i++) {
		CU_ASSERT_EQUAL(s[i].calls, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s[i].a);
		CHECK_STR(answer_text(s[i].a, DNS_A), "found 192.0.2.1");
		dns_answer_free(s[i].a);
	}
	CU_ASSERT_EQUAL(dnsd_total(rig.server), 1);
	rig_close(&rig);
}

/* As many as may be out wait for one large answer: it is there once. */
static void
many_wait_for_a_large_answer(void)
{
	enum { LARGE = 250 * 255 };
	struct slot *s = calloc(DNS_QUESTIONS_MAX, sizeof *s);
	char *line = malloc(LARGE + 100);
	struct rig rig;
	size_t before, after;
	int start;

	CU_ASSERT_FATAL(s != NULL && line != NULL);
	rig_open(&rig, "", 5);
	start = sprintf(line, "a.example TXT \"");
	memset(line + start, 'x', LARGE);
	strcpy(line + start + LARGE, "\"");
	dnsd_add(rig.server, line);
	free(line);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int i = 0; i < DNS_QUESTIONS_MAX; i++)
		CHECK(
		    slot_ask(&rig, &s[i], "a.example", DNS_TXT) == ASK_PENDING);
	rig_await(&rig, DNS_QUESTIONS_MAX);
	after = mallinfo2().uordblks + mallinfo2().hblkhd;
	CHECK(after < before + 1024 * 1024);
	/* whoever lets go of it leaves it to the others */
	for (int i = 0; i < DNS_QUESTIONS_MAX; i++) {
		CU_ASSERT_EQUAL(s[i].calls, 1);
		CHECK(s[i].a->n == 1 && s[i].a->record[0].txt.n == LARGE &&
		    s[i].a->record[0].txt.p[LARGE - 1] == 'x');
		dns_answer_free(s[i].a);
	}
	CU_ASSERT_EQUAL(dnsd_total(rig.server), 2);
	rig_close(&rig);
	free(s);
}

/* Names that somebody else chooses leave nothing behind: the smallest block
 * for each would be twice LEAST, as malloc(3) counts. A little more is kept
 * once, by libevent and by malloc itself, where something is done for the first
 * time, as happens on a busy machine; a slow answer and one over TCP are
 * such. */
static void
nothing_is_kept(void)
{
	enum { WARM = 50, MANY = 1000, LEAST = 16 };
	struct rig rig;
	size_t before = 0;
	char name[40];

	rig_open(&rig,
	    "n500.example ANY delay=1800\nn700.example ANY truncate\n", 5);
	for (int i = 0; i < WARM + MANY; i++) {
		if (i == WARM)
			before = mallinfo2().uordblks;
		snprintf(name, sizeof name, "n%d.example", i);
		CHECK(rig_ask(&rig, name, DNS_TXT)->status == DNS_NXDOMAIN);
	}
	CHECK(mallinfo2().uordblks < before + LEAST * MANY);
	rig_close(&rig);
}

static unsigned
descriptors(void)
{
	unsigned n = 0;
	DIR *d = opendir("/proc/self/fd");

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static struct rlimit
few_ports(void)
{
	return descriptors_limit(4 * DNS_FEWEST_PORTS);
}

/* --- several servers ------------------------------------------------------ */

enum { LADDER_MAX = 3 };

/* A rig with more servers; the first is the rig's own. */
struct ladder {
	struct rig rig;
	size_t n;
	struct dnsd *server[LADDER_MAX];
};

/* A NULL zone: nobody is at that address. */
static void
ladder_open(struct ladder *l, const char *const *zones, size_t n,
    unsigned timeout, bool trust_ad)
{
	struct dns_server at[LADDER_MAX];
	struct dns_settings dns = {.servers = {.v = at, .n = n},
	    .timeout = timeout,
	    .trust_ad = trust_ad};

	rig_open(&l->rig, zones[0], timeout);
	resolver_free(l->rig.r);
	l->n = n;
	for (size_t i = 0; i < n; i++) {
		l->server[i] = i == 0 ? l->rig.server : dnsd_start(zones[i]);
		at[i] = (struct dns_server){.ip = ip_bytes("\177\0\0\1", 4),
		    .port = dnsd_port(l->server[i])};
	}
	CU_ASSERT_EQUAL_FATAL(resolver_new(l->rig.loop, &dns, &l->rig.r), 0);
}

static void
ladder_close(struct ladder *l)
{
	for (size_t i = 1; i < l->n; i++)
		dnsd_stop(l->server[i]);
	rig_close(&l->rig);
}

/* The answer to an A question, and how many ms it took. */
static const char *
ladder_ask(struct ladder *l, const char *name, uint64_t *ret_ms)
{
	uint64_t start = loop_now(l->rig.loop);
	const char *text = answer_text(rig_ask(&l->rig, name, DNS_A), DNS_A);

	if (ret_ms != NULL)
		*ret_ms = loop_now(l->rig.loop) - start;
	return text;
}

/* The second one knows internal names only: what it says of others is wrong. */
static const char *const two_views[] = {"good.example A 192.0.2.1\n"
                                        "fail.example ANY servfail\n"
                                        "no.example ANY refused\n"
                                        "slow.example ANY timeout\n"
                                        "odd.example ANY garbage\n",
    "in.example A 192.0.2.2\nfail.example A 192.0.2.3\n"
    "no.example A 192.0.2.4\nodd.example A 192.0.2.5\n"};

/* A server that fails for one name stays the first for the others. */
static void
no_rcode_changes_the_order(void)
{
	static const struct {
		const char *name, *answer;
	} row[] = {{"fail.example", "found 192.0.2.3"},
	    {"no.example", "found 192.0.2.4"},
	    {"odd.example", "found 192.0.2.5"}};
	struct ladder l;

	ladder_open(&l, two_views, 2, 5, false);
	for (size_t i = 0; i < 60; i++) {
		suite_row(row[i % 3].name);
		CHECK_STR(
		    ladder_ask(&l, row[i % 3].name, NULL), row[i % 3].answer);
		CHECK_STR(
		    ladder_ask(&l, "good.example", NULL), "found 192.0.2.1");
		/* nor does the second one get a word in what the first knows */
		CHECK_STR(ladder_ask(&l, "in.example", NULL), "nxdomain");
	}
	CHECK(dnsd_count(l.server[1], "good.example", "A") == 0);
	ladder_close(&l);
}

/* A domain whose own servers are silent says nothing about ours: what it costs
 * is its own question. */
static void
a_slow_name_is_no_silent_server(void)
{
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, two_views, 2, 5, false);
	/* it is there, so what the second one does not know is not believed */
	CHECK_STR(ladder_ask(&l, "slow.example", &ms), "temperror timeout");
	CHECK(ms >= 5000 && ms < 5900);
	CHECK_STR(ladder_ask(&l, "good.example", &ms), "found 192.0.2.1");
	CHECK(ms < 900);
	CHECK(dnsd_count(l.server[1], "good.example", "A") == 0);
	ladder_close(&l);
}

/* A good name that takes the right server some time, as it must ask others. */
static void
a_cold_name(void)
{
	struct ladder l;

	ladder_open(&l, two_views, 2, 5, false);
	dnsd_add(l.server[0],
	    "cold.example A 192.0.2.7\ncold.example A delay=1500\n");
	CHECK_STR(ladder_ask(&l, "cold.example", NULL), "found 192.0.2.7");
	ladder_close(&l);
}

/* Packets get lost beside a slow name: the wrong mark does not last. */
static void
a_lost_probe(void)
{
	struct ladder l;
	struct slot s;

	ladder_open(&l, two_views, 2, 5, false);
	ladder_ask(&l, "good.example", NULL);
	slot_ask(&l.rig, &s, "slow.example", DNS_A);
	rig_pause(&l.rig, 560);
	dnsd_mute(l.server[0]); /* a sign of life is asked for at 625 and 937 */
	rig_pause(&l.rig, 130);
	dnsd_open(l.server[0]);
	rig_pause(&l.rig, 4400);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.a);
	dns_answer_free(s.a);
	CHECK_STR(ladder_ask(&l, "good.example", NULL), "found 192.0.2.1");
	slot_ask(&l.rig, &s, "slow.example", DNS_A);
	rig_pause(&l.rig, 560);
	dnsd_mute(l.server[0]); /* both are lost */
	rig_pause(&l.rig, 900);
	dnsd_open(l.server[0]);
	rig_pause(&l.rig, 2800);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.a);
	dns_answer_free(s.a);
	ladder_ask(&l, "good.example", NULL); /* asks whether it is back */
	rig_pause(&l.rig, 100);
	CHECK_STR(ladder_ask(&l, "good.example", NULL), "found 192.0.2.1");
	ladder_close(&l);
}

/* One that takes longer than a try for whatever it is asked is not silent: it
 * has the word, from the first question of a process on. */
static void
a_server_that_is_always_slow(void)
{
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, two_views, 2, 5, false);
	dnsd_delay(l.server[0], 1300);
	for (int i = 0; i < 6; i++) {
		CHECK_STR(
		    ladder_ask(&l, "good.example", NULL), "found 192.0.2.1");
		rig_pause(&l.rig, i < 3 ? 0 : 2000);
	}
	CHECK_STR(ladder_ask(&l, "in.example", NULL), "nxdomain");
	dnsd_mute(l.server[0]);             /* then it is, and known to be */
	ladder_ask(&l, "in.example", NULL); /* hears what it said before */
	CHECK_STR(ladder_ask(&l, "in.example", NULL), "found 192.0.2.2");
	rig_pause(&l.rig, 6000); /* until no sign of life can come */
	CHECK_STR(ladder_ask(&l, "in.example", &ms), "found 192.0.2.2");
	CHECK(ms < 2000);
	dnsd_forget(l.server[1]);
	CHECK_STR(ladder_ask(&l, "good.example", &ms), "nxdomain");
	CHECK(ms < 900); /* the second one is the first now */
	CHECK(dnsd_count(l.server[1], "good.example", "A") == 1);
	ladder_close(&l);
}

/* What lies between may drop one kind of a sign of life. */
static void
a_probe_that_is_dropped(void)
{
	static const char *const dropped[] = {
	    ". ANY timeout\n", "localhost ANY timeout\n"};
	struct ladder l;
	uint64_t ms;

	for (size_t i = 0; i < 2; i++) {
		suite_row(dropped[i]);
		ladder_open(&l, two_views, 2, 5, false);
		dnsd_add(l.server[0], dropped[i]);
		for (int j = 0; j < 3; j++) {
			ladder_ask(&l, "slow.example", NULL);
			CHECK_STR(ladder_ask(&l, "good.example", &ms),
			    "found 192.0.2.1");
			CHECK(ms < 900);
			rig_pause(&l.rig, 3000);
		}
		ladder_close(&l);
	}
	suite_row(NULL);
}

/* That it knows nothing is said by a server that was asked for another one's
 * silence: it is believed when that one has had some more time. Later the
 * silent one is the last. */
static void
nothing_from_the_second(void)
{
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, two_views, 2, 5, false);
	dnsd_mute(l.server[0]);
	CHECK_STR(ladder_ask(&l, "good.example", &ms), "nxdomain");
	CHECK(ms >= 2499 && ms < 3000);
	CHECK(dnsd_count(l.server[1], "good.example", "A") == 1);
	CHECK_STR(ladder_ask(&l, "good.example", &ms), "nxdomain");
	CHECK(ms < 900);
	ladder_close(&l);

	ladder_open(&l, two_views, 2, 2, false); /* all of the time */
	dnsd_mute(l.server[0]);
	CHECK_STR(ladder_ask(&l, "good.example", &ms), "nxdomain");
	CHECK(ms >= 1999 && ms < 2500);
	ladder_close(&l);

	ladder_open(&l, two_views, 2, 5, false); /* the first one says no */
	dnsd_add(l.server[0],
	    "late.example ANY servfail\nlate.example ANY delay=1500\n");
	CHECK_STR(ladder_ask(&l, "late.example", &ms), "nxdomain");
	CHECK(ms >= 1499 && ms < 2400);
	ladder_close(&l);

	ladder_open(&l, two_views, 2, 5, false); /* or says it after that */
	dnsd_add(l.server[0], "late.example ANY servfail\n");
	dnsd_delay(l.server[0], 1600);
	CHECK_STR(ladder_ask(&l, "late.example", &ms), "nxdomain");
	CHECK(ms >= 1599 && ms < 2400);
	ladder_close(&l);
}

/* One that has answered a sign of life at once is not slow: when it dies, it
 * counts as silent after its share. */
static void
a_prompt_sign_of_life(void)
{
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, two_views, 2, 5, false);
	ladder_ask(&l, "slow.example", NULL);
	dnsd_mute(l.server[0]);
	CHECK_STR(ladder_ask(&l, "in.example", &ms), "found 192.0.2.2");
	CHECK(ms >= 1249 && ms < 2000);
	CHECK_STR(ladder_ask(&l, "in.example", &ms), "found 192.0.2.2");
	CHECK(ms < 900);
	ladder_close(&l);
}

/* Nobody listens: it is tried once more, a share later. */
static void
the_second_round_waits(void)
{
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, two_views, 1, 5, false);
	dnsd_stop(l.server[0]);
	CHECK_STR(ladder_ask(&l, "good.example", &ms), "temperror unreachable");
	CHECK(ms >= 2499 && ms < 3000);
	l.rig.server = dnsd_start("");
	ladder_close(&l);
}

/* However late it is right: what the second one said is held so long. Some give
 * no answer to an old question, so it is asked anew when that is heard. */
static void
the_first_has_all_of_the_time(void)
{
	static const unsigned delay[] = {1500, 2400, 2600, 3700, 3900, 4900};
	char line[100];
	struct ladder l;

	for (size_t i = 0; i < sizeof delay / sizeof delay[0]; i++) {
		snprintf(line, sizeof line,
		    "cold.example A 192.0.2.7\ncold.example A delay=%u\n",
		    delay[i]);
		suite_row(line);
		ladder_open(&l, two_views, 2, 5, false);
		dnsd_add(l.server[0], line);
		CHECK_STR(
		    ladder_ask(&l, "cold.example", NULL), "found 192.0.2.7");
		CHECK(dnsd_count(l.server[0], "cold.example", "A") ==
		    (delay[i] < 2500 ? 2 : 3));
		ladder_close(&l);
	}
	suite_row(NULL);
}

/* Who forges an ICMP message needs to guess the port alone. So what it says
 * leads to the next server at once, but the first one may answer still. */
static void
a_port_that_seems_closed(void)
{
	struct ladder l;
	struct slot s;
	uint64_t ms;

	for (int slow = 0; slow < 2; slow++) {
		ladder_open(&l, two_views, 2, 5, false);
		dnsd_add(l.server[0],
		    "cold.example A 192.0.2.7\ncold.example A delay=3500\n");
		dnsd_delay(l.server[1], 50);
		dnsd_close(l.server[0]);
		CHECK(
		    slot_ask(&l.rig, &s, slow ? "cold.example" : "good.example",
		        DNS_A) == ASK_PENDING);
		rig_pause(&l.rig, 20);
		dnsd_open(l.server[0]);
		if (slow) { /* others hear it meanwhile */
			rig_pause(&l.rig, 100);
			ladder_ask(&l, "good.example", NULL);
		} else
			rig_await(&l.rig, 1);
		if (s.calls == 0)
			rig_await(&l.rig, 1);
		CHECK_STR(answer_text(s.a, DNS_A),
		    slow ? "found 192.0.2.7" : "found 192.0.2.1");
		dns_answer_free(s.a);
		ladder_close(&l);
	}

	ladder_open(&l, two_views, 2, 5, false); /* it is closed */
	dnsd_close(l.server[0]);
	CHECK_STR(ladder_ask(&l, "in.example", &ms), "found 192.0.2.2");
	CHECK(ms < 900);
	CHECK_STR(ladder_ask(&l, "good.example", &ms), "nxdomain");
	CHECK(ms >= 1249 && ms < 1900);
	CHECK_STR(ladder_ask(&l, "good.example", &ms), "nxdomain");
	CHECK(ms < 900);
	ladder_close(&l);
}

/* A cut answer says that there is one, though it does not come by TCP. */
static void
there_is_something(void)
{
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, two_views, 2, 5, false);
	dnsd_mode(l.server[0], "notcp");
	dnsd_add(l.server[0],
	    "cut.example A 192.0.2.1\ncut.example ANY truncate\n"
	    "late.example A 192.0.2.1\nlate.example ANY truncate\n"
	    "late.example ANY delay=2400\n");
	CHECK_STR(
	    ladder_ask(&l, "cut.example", &ms), "temperror no answer over TCP");
	CHECK(ms < 900);
	CHECK_STR(ladder_ask(&l, "late.example", NULL),
	    "temperror no answer over TCP");
	dnsd_add(l.server[1], "cut.example A 192.0.2.2\n");
	CHECK_STR(ladder_ask(&l, "cut.example", NULL), "found 192.0.2.2");
	ladder_close(&l);

	ladder_open(&l, two_views, 2, 5, false); /* not of the one before it */
	dnsd_add(l.server[0], "cut.example ANY delay=2600\n");
	dnsd_mode(l.server[1], "notcp");
	dnsd_add(
	    l.server[1], "cut.example A 192.0.2.1\ncut.example ANY truncate\n");
	CHECK_STR(ladder_ask(&l, "cut.example", NULL), "nxdomain");
	ladder_close(&l);
}

/* After a cut answer that does not come by TCP, too, any other server's counts
 * until the end, and when none is left that is the end. */
static void
cut_and_others(void)
{
	static const char *const zones[] = {
	    "a.example A 192.0.2.1\na.example ANY truncate\n"
	    "b.example A 192.0.2.1\nb.example ANY truncate\n",
	    "a.example ANY nxdomain\na.example ANY delay=2500\n"
	    "b.example ANY servfail\nb.example ANY delay=2500\n",
	    "a.example A 192.0.2.3\na.example ANY delay=1000\n"};
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, zones, 3, 5, false);
	dnsd_mode(l.server[0], "notcp");
	CHECK_STR(ladder_ask(&l, "a.example", NULL), "found 192.0.2.3");
	CHECK_STR(ladder_ask(&l, "b.example", &ms), "temperror SERVFAIL");
	CHECK(ms < 3900);
	ladder_close(&l);
}

/* The net says that a server is not there, just after that server has given a
 * sign of life to another question: it is asked for a new one. */
static void
seems_closed_after_a_probe(void)
{
	struct ladder l;
	struct slot s;

	ladder_open(&l, two_views, 2, 5, false);
	dnsd_add(l.server[0],
	    "cold.example A 192.0.2.7\ncold.example A delay=3500\n");
	slot_ask(&l.rig, &s, "slow.example", DNS_A);
	rig_pause(&l.rig, 660);
	resolver_cancel(s.q);
	dnsd_close(l.server[0]);
	dnsd_delay(l.server[1], 50);
	CHECK(slot_ask(&l.rig, &s, "cold.example", DNS_A) == ASK_PENDING);
	rig_pause(&l.rig, 20);
	dnsd_open(l.server[0]);
	while (s.calls == 0) /* what others hear does not help it */
		rig_pause(&l.rig, 10);
	CHECK_STR(answer_text(s.a, DNS_A), "found 192.0.2.7");
	dns_answer_free(s.a);
	ladder_close(&l);
}

/* A sign of life that was asked for long ago says nothing of now. */
static void
an_old_probe(void)
{
	struct rlimit old;
	struct ladder l;
	struct slot s;

	ladder_open(&l, two_views, 2, 5, false);
	slot_ask(&l.rig, &s, "slow.example", DNS_A);
	rig_pause(&l.rig, 560);
	dnsd_mute(l.server[0]); /* it is lost */
	rig_pause(&l.rig, 130);
	resolver_cancel(s.q);
	dnsd_open(l.server[0]);
	rig_pause(&l.rig, 20000);
	slot_ask(&l.rig, &s, "slow.example", DNS_A);
	old = descriptors_limit(0); /* no other can be */
	rig_pause(&l.rig, 1500);
	descriptors_back(&old);
	CHECK_STR(ladder_ask(&l, "good.example", NULL), "found 192.0.2.1");
	CHECK(dnsd_count(l.server[1], "good.example", "A") == 0);
	if (s.calls == 0)
		rig_await(&l.rig, 1);
	dns_answer_free(s.a);
	ladder_close(&l);
}

/* Of two that say that there is nothing, the one that comes first. */
static void
nothing_from_two(void)
{
	static const char *const zones[] = {"",
	    "a.example ANY nxdomain\na.example ANY delay=2200\n",
	    "a.example TXT \"a\"\na.example ANY delay=500\n"};
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, zones, 3, 6, false);
	dnsd_mute(l.server[0]);
	CHECK_STR(ladder_ask(&l, "a.example", &ms), "nxdomain");
	CHECK(ms >= 4199 && ms < 4800); /* one try from its word on */
	ladder_close(&l);

	ladder_open(&l, zones, 3, 6, false);
	dnsd_mute(l.server[0]);
	dnsd_add(l.server[1], "b.example ANY delay=1200\n");
	dnsd_add(l.server[2], "b.example TXT \"a\"\nb.example ANY delay=500\n");
	CHECK_STR(ladder_ask(&l, "b.example", &ms), "nxdomain");
	CHECK(ms >= 3199 && ms < 3800);
	ladder_close(&l);
}

/* With a short time, too, each is asked, though those before it live. */
static void
each_is_asked_in_a_short_time(void)
{
	static const char *const zones[] = {"slow.example ANY timeout\n",
	    "slow.example A 192.0.2.1\n", "slow.example A 192.0.2.1\n"};
	struct ladder l;

	for (size_t n = 2; n <= 3; n++) {
		for (unsigned timeout = 1; timeout <= 5; timeout++) {
			ladder_open(&l, zones, n, timeout, false);
			if (n == 3)
				dnsd_mute(l.server[1]);
			CHECK_STR(ladder_ask(&l, "slow.example", NULL),
			    "found 192.0.2.1");
			ladder_close(&l);
		}
	}
}

/* One that was slow dies: that it is slow is no sign of life for ever. */
static void
slow_and_then_dead(void)
{
	static const char *const zones[] = {
	    "a.example A 192.0.2.1\n", "a.example A 192.0.2.2\n"};
	struct ladder l;

	for (unsigned timeout = 2; timeout <= 5; timeout++) {
		ladder_open(&l, zones, 2, timeout, false);
		dnsd_delay(l.server[0], timeout < 4 ? 1100 : 1400);
		for (int i = 0; i < 2; i++) {
			ladder_ask(&l, "a.example", NULL);
			rig_pause(&l.rig, 3000);
		}
		dnsd_mute(l.server[0]);
		for (int i = 0; i < 6; i++)
			CHECK_STR(ladder_ask(&l, "a.example", NULL),
			    "found 192.0.2.2");
		ladder_close(&l);
	}
}

/* All of the time is shorter than a try of a second would be. */
static void
one_second(void)
{
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, two_views, 2, 1, false);
	dnsd_mute(l.server[0]);
	CHECK_STR(ladder_ask(&l, "in.example", &ms), "found 192.0.2.2");
	CHECK_STR(ladder_ask(&l, "in.example", &ms), "found 192.0.2.2");
	CHECK(ms < 450);
	ladder_close(&l);
}

/* One that says nothing at all costs one wait and is the last from then on;
 * when it is heard again, it has its place. */
static void
silence_leads_to_the_next(void)
{
	static const char *const zones[] = {"a.example A 192.0.2.1\n"
	                                    "fail.example A 192.0.2.2\n",
	    "a.example A 192.0.2.1\nb.example A 192.0.2.1\n"
	    "fail.example ANY servfail\n"};
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, zones, 2, 5, false);
	dnsd_mute(l.server[0]);
	CHECK_STR(ladder_ask(&l, "a.example", &ms), "found 192.0.2.1");
	CHECK(ms >= 1000 && ms < 2500);
	dnsd_forget(l.server[0]);
	for (int i = 0; i < 20; i++) {
		CHECK_STR(ladder_ask(&l, "b.example", &ms), "found 192.0.2.1");
		CHECK(ms < 900);
	}
	CHECK(dnsd_total(l.server[0]) == 0);
	dnsd_open(l.server[0]);
	CHECK_STR(ladder_ask(&l, "fail.example", &ms), "found 192.0.2.2");
	CHECK_STR(ladder_ask(&l, "b.example", &ms), "nxdomain");
	ladder_close(&l);
}

static void
two_of_three_are_away(void)
{
	static const char *const zones[] = {"", "", "a.example A 192.0.2.1\n"};
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, zones, 3, 5, false); /* refused: no wait */
	dnsd_close(l.server[0]);
	dnsd_close(l.server[1]);
	for (int i = 0; i < 20; i++) {
		CHECK_STR(ladder_ask(&l, "a.example", &ms), "found 192.0.2.1");
		CHECK(ms < 900);
	}
	ladder_close(&l);

	ladder_open(&l, zones, 3, 5, false); /* silent */
	dnsd_mute(l.server[0]);
	dnsd_mute(l.server[1]);
	CHECK_STR(ladder_ask(&l, "a.example", &ms), "found 192.0.2.1");
	CHECK(ms >= 2000 && ms < 4000);
	CHECK_STR(ladder_ask(&l, "a.example", &ms), "found 192.0.2.1");
	CHECK(ms < 900);
	ladder_close(&l);

	ladder_open(&l, zones, 3, 2, false); /* each is asked before the end */
	dnsd_mute(l.server[0]);
	dnsd_mute(l.server[1]);
	CHECK_STR(ladder_ask(&l, "a.example", &ms), "found 192.0.2.1");
	CHECK(ms < 1900);
	ladder_close(&l);
}

/* All fail: the reason is what one of them said, rather than silence. */
static void
all_fail(void)
{
	static const char *const zones[] = {"a.example ANY servfail\n", ""};
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, zones, 2, 2, false);
	dnsd_mute(l.server[1]);
	CHECK_STR(ladder_ask(&l, "a.example", &ms), "temperror SERVFAIL");
	CHECK(ms >= 2000 && ms < 3000);
	CHECK(dnsd_count(l.server[0], "a.example", "A") == 2); /* of it plain */
	dnsd_close(l.server[1]);
	CHECK_STR(ladder_ask(&l, "a.example", &ms), "temperror SERVFAIL");
	dnsd_close(l.server[0]); /* nobody is there: known sooner */
	CHECK_STR(ladder_ask(&l, "a.example", &ms), "temperror unreachable");
	CHECK(ms < 1900);
	dnsd_open(l.server[0]);
	CHECK_STR(ladder_ask(&l, "b.example", &ms), "nxdomain");
	CHECK(ms < 900);
	ladder_close(&l);
}

/* --- time ----------------------------------------------------------------- */

/* However fast all others were, and whichever try it answers: an answer counts
 * until the time is over, and a try is not repeated before its time. */
static void
late_answers_count(void)
{
	static const struct {
		const char *name;
		unsigned sent;
		const char *answer;
	} row[] = {{"ms100.example", 1, "found 192.0.2.1"},
	    {"ms800.example", 1, "found 192.0.2.2"},
	    {"ms1800.example", 2, "found 192.0.2.3"},
	    {"ms2700.example", 2, "found 192.0.2.4"},
	    {"never.example", 2, "temperror timeout"}};
	struct slot s[sizeof row / sizeof row[0]];
	struct rig rig;

	rig_open(&rig,
	    "fast.example A 192.0.2.9\n"
	    "ms100.example A 192.0.2.1\nms100.example A delay=100\n"
	    "ms800.example A 192.0.2.2\nms800.example A delay=800\n"
	    "ms1800.example A 192.0.2.3\nms1800.example A delay=1800\n"
	    "ms2700.example A 192.0.2.4\nms2700.example A delay=2700\n"
	    "never.example ANY timeout\n",
	    3);
	for (int i = 0; i < 20; i++)
		rig_ask(&rig, "fast.example", DNS_A);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
		slot_ask(&rig, &s[i], row[i].name, DNS_A);
	rig_await(&rig, sizeof row / sizeof row[0]);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s[i].a);
		CHECK_STR(answer_text(s[i].a, DNS_A), row[i].answer);
		CHECK(dnsd_count(rig.server, row[i].name, "A") == row[i].sent);
		dns_answer_free(s[i].a);
	}
	suite_row(NULL);
	rig_close(&rig);
}

/* The first server's answer comes while the second one is being waited for. */
static void
late_from_the_first(void)
{
	static const char *const zones[] = {
	    "a.example A 192.0.2.1\na.example A delay=1500\n", ""};
	struct ladder l;
	uint64_t ms;

	ladder_open(&l, zones, 2, 5, false);
	dnsd_mute(l.server[1]);
	CHECK_STR(ladder_ask(&l, "a.example", &ms), "found 192.0.2.1");
	CHECK(ms >= 1500 && ms < 2400);
	ladder_close(&l);
}

/* A day back, then two days on, while a question is out: it takes as long as
 * ever, and who was silent is so for as long. */
static void
the_clock_is_set(void)
{
	static const char *const zones[] = {
	    "", "a.example A 192.0.2.1\nnever.example ANY timeout\n"};
	static const time_t jumps[] = {86400, -86400};
	time_t before = time(NULL);
	struct ladder l;
	struct slot s;

	for (size_t i = 0; i < 2; i++) {
		uint64_t ms = 0;

		ladder_open(&l, zones, 2, 1, false);
		dnsd_mute(l.server[0]);
		slot_ask(&l.rig, &s, "never.example", DNS_A);
		rig_pause(&l.rig, 100);
		clock_set_back(jumps[i]);
		CHECK(labs(time(NULL) + jumps[i] - before) < 60);
		rig_pause(&l.rig, 700);
		CHECK(s.calls == 0);
		rig_await(&l.rig, 1);
		CHECK_STR(answer_text(s.a, DNS_A), "temperror timeout");
		dns_answer_free(s.a);
		CHECK_STR(ladder_ask(&l, "a.example", &ms), "found 192.0.2.1");
		CHECK(ms < 450); /* the first one is known to be silent */
		ladder_close(&l);
	}
	clock_set_back(0);
}

/* --- what is wrong with servers ------------------------------------------- */

static void
without_edns(void)
{
	struct rig rig;
	char line[1200] = "big.example TXT \"";

	memset(line + strlen(line), 'x', 1000);
	strcat(line, "\"\n");
	rig_open(&rig, line, 5);
	dnsd_add(rig.server, "a.example A 192.0.2.1\nb.example A 192.0.2.2\n");
	dnsd_mode(
	    rig.server, "formerr"); /* told: at once, and each time anew */
	CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	CHECK_STR(answer_text(rig_ask(&rig, "b.example", DNS_A), DNS_A),
	    "found 192.0.2.2");
	CHECK(dnsd_count(rig.server, "b.example", "A") == 2);
	dnsd_mode(
	    rig.server, "formerr big notcp"); /* it knows no limit either */
	CHECK(rig_ask(&rig, "big.example", DNS_TXT)->status == DNS_FOUND);
	CHECK(dnsd_count_tcp(rig.server, "big.example", "TXT") == 0);
	dnsd_mode(rig.server, "drop"); /* a path that eats it */
	dnsd_forget(rig.server);
	CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	CHECK(dnsd_count(rig.server, "a.example", "A") == 2);
	dnsd_mode(rig.server, "ednsfail"); /* told, by another RCODE */
	CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	dnsd_mode(rig.server, "");
	dnsd_forget(rig.server);
	CHECK(rig_ask(&rig, "big.example", DNS_TXT)->status == DNS_FOUND);
	CHECK(dnsd_total(rig.server) == 1); /* with EDNS it fits */
	rig_close(&rig);
}

/* A path that eats it, to all servers or to the only one that is there: it is
 * left out before the time is over. */
static void
a_path_without_edns(void)
{
	static const char *const zones[] = {"a.example A 192.0.2.1\n",
	    "a.example A 192.0.2.1\n", "a.example A 192.0.2.1\n"};
	static const struct {
		unsigned timeout;
		size_t n, dead;
	} row[] = {{1, 2, 0}, {2, 2, 0}, {3, 2, 0}, {5, 2, 0}, {1, 3, 0},
	    {2, 3, 0}, {4, 3, 0}, {5, 2, 1}, {5, 3, 1}, {5, 3, 2}};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char name[40];
		struct ladder l;
		uint64_t ms;

		snprintf(name, sizeof name, "%u s, %zu of %zu dead",
		    row[i].timeout, row[i].dead, row[i].n);
		suite_row(name);
		ladder_open(&l, zones, row[i].n, row[i].timeout, false);
		for (size_t j = 0; j < row[i].n; j++) {
			dnsd_mode(l.server[j], "drop");
			if (j < row[i].dead)
				dnsd_mute(l.server[j]);
		}
		CHECK_STR(ladder_ask(&l, "a.example", &ms), "found 192.0.2.1");
		CHECK_STR(ladder_ask(&l, "a.example", &ms), "found 192.0.2.1");
		CHECK(ms < 1300);
		ladder_close(&l);
	}
	suite_row(NULL);
}

static void
forged_packets_are_passed_over(void)
{
	struct rig rig;

	rig_open(&rig, "a.example A 192.0.2.1\na.example A delay=20\n", 5);
	dnsd_mode(rig.server, "forged");
	for (int i = 0; i < 20; i++)
		CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
		    "found 192.0.2.1");
	CHECK(dnsd_total(rig.server) == 20);
	rig_close(&rig);
}

static void
tcp_that_is_not_there(void)
{
	static const char *const zones[] = {
	    "a.example A truncate\na.example A 192.0.2.1\n",
	    "a.example A 192.0.2.2\n"};
	struct ladder l;

	ladder_open(&l, zones, 2, 5, false);
	dnsd_mode(l.server[0], "notcp");
	CHECK_STR(ladder_ask(&l, "a.example", NULL), "found 192.0.2.2");
	ladder_close(&l);

	ladder_open(&l, zones, 1, 2, false);
	dnsd_mode(l.server[0], "notcp");
	CHECK_STR(
	    ladder_ask(&l, "a.example", NULL), "temperror no answer over TCP");
	ladder_close(&l);
}

/* The connection ends in the middle of the answer; and one that is whole, but
 * says that it was cut. */
static void
cut_over_tcp(void)
{
	static const char *const zones[] = {
	    "a.example A truncate\na.example A 192.0.2.1\n",
	    "a.example A 192.0.2.2\n"};
	static const struct {
		const char *mode, *why;
	} row[] = {{"half", "temperror no answer over TCP"},
	    {"tcpcut", "temperror truncated answer"}};
	struct ladder l;

	for (size_t i = 0; i < 2; i++) {
		suite_row(row[i].mode);
		ladder_open(&l, zones, 2, 5, false);
		dnsd_mode(l.server[0], row[i].mode);
		CHECK_STR(ladder_ask(&l, "a.example", NULL), "found 192.0.2.2");
		ladder_close(&l);
		ladder_open(&l, zones, 1, 1, false);
		dnsd_mode(l.server[0], row[i].mode);
		CHECK_STR(ladder_ask(&l, "a.example", NULL), row[i].why);
		ladder_close(&l);
	}
	suite_row(NULL);
}

/* As resolv.conf(5) says use-vc: no packet by UDP. */
static void
all_over_tcp(void)
{
	static const char zones[] = "a.example A 192.0.2.1\n"
	                            "fail.example ANY servfail\n";
	struct rig rig;
	struct dns_server at;
	struct dns_settings dns = {
	    .servers = {.v = &at, .n = 1}, .timeout = 5, .tcp = true};

	rig_open(&rig, zones, 5);
	resolver_free(rig.r);
	at = (struct dns_server){
	    .ip = ip_bytes("\177\0\0\1", 4), .port = dnsd_port(rig.server)};
	CU_ASSERT_EQUAL_FATAL(resolver_new(rig.loop, &dns, &rig.r), 0);
	CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	CHECK_STR(answer_text(rig_ask(&rig, "fail.example", DNS_A), DNS_A),
	    "temperror SERVFAIL");
	CHECK_STR(
	    answer_text(rig_ask(&rig, "b.example", DNS_A), DNS_A), "nxdomain");
	CHECK(dnsd_ports(rig.server) == 0);
	CHECK(dnsd_count_tcp(rig.server, "a.example", "A") == 1);
	CHECK(dnsd_count_tcp(rig.server, "b.example", "A") == 1);
	dnsd_mode(rig.server, "tcponly"); /* FORMERR: the same connection */
	CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	CHECK(dnsd_ports(rig.server) == 0);
	rig_close(&rig);
}

/* AD counts where it is trusted, and not after another server's SERVFAIL, which
 * a validator says of what is forged. */
static void
who_says_that_it_is_secure(void)
{
	static const char *const zones[] = {"a.example A 192.0.2.1\n"
	                                    "b.example ANY servfail\n"
	                                    "late.example ANY servfail\n"
	                                    "late.example ANY delay=2700\n",
	    "b.example A 192.0.2.2\n"};
	struct ladder l;

	for (int trusted = 0; trusted < 2; trusted++) {
		ladder_open(&l, zones, 2, 5, trusted);
		dnsd_mode(l.server[0], "ad");
		dnsd_mode(l.server[1], "ad");
		CHECK(rig_ask(&l.rig, "a.example", DNS_A)->security ==
		    (trusted ? DNS_SECURE : DNS_INSECURE));
		CHECK(rig_ask(&l.rig, "c.example", DNS_A)->security ==
		    (trusted ? DNS_SECURE : DNS_INSECURE));
		CHECK_STR(ladder_ask(&l, "b.example", NULL), "found 192.0.2.2");
		CHECK(l.rig.last->security == DNS_INSECURE);
		/* said after what the second one says */
		CHECK_STR(ladder_ask(&l, "late.example", NULL), "nxdomain");
		CHECK(l.rig.last->security == DNS_INSECURE);
		dnsd_mode(l.server[0], "");
		CHECK(rig_ask(&l.rig, "a.example", DNS_A)->security ==
		    DNS_INSECURE);
		ladder_close(&l);
	}
}

/* A server that knows no EDNS over TCP either, and keeps the connection. */
static void
without_edns_over_tcp(void)
{
	struct rig rig;

	rig_open(&rig, "a.example A truncate\na.example A 192.0.2.1\n", 3);
	dnsd_mode(rig.server, "tcponly");
	CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	rig_close(&rig);
}

/* A server that refers upwards, as it asks nobody, knows nothing of the
 * name. */
static void
a_server_without_recursion(void)
{
	static const char *const zones[] = {"", "a.example A 192.0.2.1\n"};
	struct ladder l;

	ladder_open(&l, zones, 2, 5, false);
	dnsd_mode(l.server[0], "lame");
	CHECK_STR(ladder_ask(&l, "a.example", NULL), "found 192.0.2.1");
	ladder_close(&l);
	ladder_open(&l, zones, 1, 2, false);
	dnsd_mode(l.server[0], "lame");
	CHECK_STR(ladder_ask(&l, "a.example", NULL), "temperror no recursion");
	ladder_close(&l);
}

/* --- ports ---------------------------------------------------------------- */

/* From how many ports so many questions come, one after the other. */
static unsigned
ports_of(struct rig *rig, const char *name, unsigned n)
{
	dnsd_forget(rig->server);
	for (unsigned i = 0; i < n; i++)
		rig_ask(rig, name, DNS_A);
	return dnsd_ports(rig->server);
}

static void
questions_at_one_time_have_a_port_each(void)
{
	enum { MANY = DNS_PORTS_KEPT + 44 };
	struct slot *s = calloc(MANY, sizeof *s);
	struct rig rig;
	unsigned before;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	rig_open(&rig, "", 5);
	before = descriptors();
	ask_many(&rig, s, MANY);
	CHECK(dnsd_ports(rig.server) == MANY);
	CHECK(descriptors() == before + DNS_PORTS_KEPT);
	rig_pause(&rig, DNS_PORT_MS);
	CHECK(descriptors() == before);
	rig_close(&rig);
	free(s);
}

/* One after the other they may share one, and no more of them than 256. */
static void
a_port_serves_so_many_questions(void)
{
	struct rig rig;

	rig_open(&rig, "", 5);
	CHECK(ports_of(&rig, "a.example", DNS_PORT_QUESTIONS) == 1);
	CHECK(ports_of(&rig, "a.example", DNS_PORT_QUESTIONS + 1) == 2);
	CHECK(ports_of(&rig, "a.example", DNS_PORT_QUESTIONS - 1) == 1);
	CHECK(ports_of(&rig, "a.example", 2) == 1); /* as the last one was */
	rig_close(&rig);
}

/* Where anything else came than an answer, or nothing, the next question has
 * another one: somebody may know it. */
static void
a_port_that_heard_something_else_is_given_up(void)
{
	struct rig rig;
	struct slot s;

	rig_open(&rig, "slow.example A delay=20\nno.example A servfail\n", 5);
	CHECK(ports_of(&rig, "a.example", 20) == 1);
	CHECK(ports_of(&rig, "no.example", 20) == 1); /* answers, too */
	dnsd_mode(rig.server, "forged");
	CHECK(ports_of(&rig, "a.example", 20) >= 19); /* chance may repeat */
	dnsd_mode(rig.server, "");
	rig_pause(&rig, DNS_PORT_MS);
	dnsd_forget(rig.server);
	for (int i = 0; i < 20; i++) {
		slot_ask(&rig, &s, "slow.example", DNS_A);
		resolver_cancel(s.q);
	}
	rig_pause(&rig, 100);
	CHECK(dnsd_ports(rig.server) >= 19);
	rig_close(&rig);
}

/* --- another address of this host ----------------------------------------- */

/* While it is not 0, our address looks like another one at each look. */
static uint32_t moved;

/* Takes the place of libc's. */
int moving_getsockname(int fd, struct sockaddr *ret, socklen_t *n) __asm__(
    "getsockname");

int
moving_getsockname(int fd, struct sockaddr *ret, socklen_t *n)
{
	int rc = (int)syscall(SYS_getsockname, fd, ret, n);
	struct sockaddr_in in;

	if (rc == 0 && moved > 0 && ret->sa_family == AF_INET) {
		memcpy(&in, ret, sizeof in);
		in.sin_addr.s_addr ^= htonl(moved++);
		memcpy(ret, &in, sizeof in);
	}
	return rc;
}

/* Half a try later it is asked once more, from another port: what was sent from
 * the old one may be lost. */
static void
asks_again_from_a_new_address(void)
{
	struct rig rig;
	struct slot s;
	uint64_t began;

	rig_open(&rig, "a.example A 192.0.2.1\n", 5);
	began = loop_now(rig.loop);
	dnsd_mute(rig.server);
	slot_ask(&rig, &s, "a.example", DNS_A);
	rig_pause(&rig, 1000);
	dnsd_open(rig.server);
	moved = 1;
	rig_await(&rig, 1);
	moved = 0;
	CHECK_STR(answer_text(s.a, DNS_A), "found 192.0.2.1");
	CHECK(loop_now(rig.loop) - began < 2000); /* the second try: 2,500 */
	dns_answer_free(s.a);
	rig_close(&rig);
}

/* And the old one may not be lost: whichever comes first counts. */
static void
late_answers_count_at_the_old_address(void)
{
	static const unsigned delays[] = {1500, 2400, 3000, 3600, 4500};
	char zone_text[80];

	for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
		struct rig rig;
		uint64_t began;

		snprintf(zone_text, sizeof zone_text,
		    "a.example A 192.0.2.1\na.example A delay=%u\n", delays[i]);
		rig_open(&rig, zone_text, 5);
		began = loop_now(rig.loop);
		moved = 1;
		CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
		    "found 192.0.2.1");
		moved = 0;
		CHECK(loop_now(rig.loop) - began == delays[i]);
		CHECK(dnsd_ports(rig.server) == 2);
		rig_close(&rig);
	}
}

/* So it is where a port is lost when the question is put again. */
static void
asks_again_from_another_port(void)
{
	struct rig rig;
	struct slot s;

	rig_open(&rig, "a.example A 192.0.2.1\n", 5);
	unsent = 1;
	CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	dnsd_mute(rig.server);
	slot_ask(&rig, &s, "a.example", DNS_A);
	rig_pause(&rig, 2000);
	dnsd_open(rig.server);
	unsent = 1;
	rig_await(&rig, 1);
	CHECK(unsent == 0);
	CHECK_STR(answer_text(s.a, DNS_A), "found 192.0.2.1");
	dns_answer_free(s.a);
	rig_close(&rig);
}

/* A server that knows no EDNS says so to both copies; the answer to the third,
 * without it, counts. */
static void
two_copies_with_edns(void)
{
	struct rig rig;

	rig_open(&rig, "a.example A 192.0.2.1\n", 5);
	dnsd_mode(rig.server, "formerr");
	dnsd_delay(rig.server, 1500);
	moved = 1;
	CHECK_STR(answer_text(rig_ask(&rig, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	moved = 0;
	CHECK(dnsd_total(rig.server) >= 3);
	rig_close(&rig);
}

/* With all ports in use there is none for that. */
static void
a_new_address_and_full_ports(void)
{
	struct rlimit old = few_ports();
	struct slot s[DNS_FEWEST_PORTS];
	struct rig rig;
	unsigned before;

	rig_open(&rig, "", 5);
	descriptors_back(&old);
	before = descriptors();
	dnsd_mute(rig.server);
	ask_names(&rig, s, DNS_FEWEST_PORTS);
	moved = 1;
	rig_pause(&rig, 2000);
	moved = 0;
	CHECK(descriptors() == before + DNS_FEWEST_PORTS);
	for (int i = 0; i < DNS_FEWEST_PORTS; i++)
		resolver_cancel(s[i].q);
	rig_close(&rig);
}

/* Questions over the number of ports wait for one. */
static void
more_questions_than_ports(void)
{
	enum { MANY = 5 * DNS_FEWEST_PORTS };
	struct rlimit old;
	struct slot s[MANY];
	struct rig rig;

	old = few_ports();
	rig_open(&rig, "", 5);
	dnsd_delay(rig.server, 20);
	ask_names(&rig, s, MANY);
	resolver_cancel(
	    s[MANY - 2].q); /* one that waits, and one that does not */
	resolver_cancel(s[0].q);
	rig_await(&rig, MANY - 2);
	for (int i = 1; i < MANY; i++) {
		if (i == MANY - 2)
			continue;
		CHECK_STR(answer_text(s[i].a, DNS_A), "nxdomain");
		dns_answer_free(s[i].a);
	}
	descriptors_back(&old);
	CHECK(dnsd_total(rig.server) == MANY - 1);
	rig_close(&rig);
}

/* A thousand questions are out, the first servers are dead, and descriptors are
 * as few as a process has by default: none is lost, and all descriptors come
 * back. */
static void
a_thousand_and(size_t dead)
{
	static const char *const zones[] = {"", "", ""};
	enum { MANY = 1000, LIMIT = 1024 };
	struct slot *s = calloc(MANY, sizeof *s);
	struct rlimit old;
	unsigned before, most = 0, lost = 0;
	struct ladder l;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	old = descriptors_limit(LIMIT);
	ladder_open(&l, zones, dead + 1, 5, false);
	descriptors_back(&old);
	for (size_t i = 0; i < dead; i++)
		dnsd_mute(l.server[i]);
	before = descriptors();
	ask_names(&l.rig, s, MANY);
	while (l.rig.got < MANY) {
		unsigned now = descriptors();

		most = now > most ? now : most;
		rig_pause(&l.rig, 100);
	}
	for (int i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL(s[i].calls, 1);
		lost += s[i].a->status != DNS_NXDOMAIN;
		dns_answer_free(s[i].a);
	}
	CU_ASSERT_EQUAL(lost, 0);
	/* a sign of life is asked for beside them */
	CHECK(most > before && most - before <= LIMIT / 4 + 2);
	rig_pause(&l.rig, DNS_PORT_MS);
	CHECK(descriptors() == before);
	ladder_close(&l);
	free(s);
}

static void
a_thousand_and_dead_servers(void)
{
	a_thousand_and(1);
	a_thousand_and(2);
}

/* --- cancelling ----------------------------------------------------------- */

static void
cancelled_questions_are_not_answered(void)
{
	struct rig rig;
	struct slot one, other, late;

	rig_open(&rig, "a.example A 192.0.2.1\na.example A delay=20\n", 1);
	slot_ask(&rig, &one, "a.example", DNS_A);
	slot_ask(&rig, &other, "a.example", DNS_A);
	slot_ask(&rig, &late, "b.example", DNS_A);
	resolver_cancel(one.q);
	resolver_cancel(late.q);
	rig_await(&rig, 1);
	CU_ASSERT_EQUAL(other.calls, 1);
	dns_answer_free(other.a);
	rig_pause(&rig, 50);
	CU_ASSERT_EQUAL(one.calls, 0);
	CU_ASSERT_EQUAL(late.calls, 0);
	rig_close(&rig);
}

/* As many questions as ports, each of which wants a second one: the first is
 * dead. */
static void
all_want_a_second_port(void)
{
	static const char *const zones[] = {"", ""};
	struct rlimit old = few_ports();
	struct slot s[DNS_FEWEST_PORTS];
	struct ladder l;

	ladder_open(&l, zones, 2, 5, false);
	dnsd_mute(l.server[0]);
	ask_names(&l.rig, s, DNS_FEWEST_PORTS);
	rig_await(&l.rig, DNS_FEWEST_PORTS);
	for (int i = 0; i < DNS_FEWEST_PORTS; i++) {
		CHECK_STR(answer_text(s[i].a, DNS_A), "nxdomain");
		dns_answer_free(s[i].a);
	}
	ladder_close(&l);
	descriptors_back(&old);
}

/* Slow names of one zone fill the ports: that is no silence of the server. */
static void
full_ports_are_no_silence(void)
{
	struct rlimit old = few_ports();
	struct slot s[DNS_FEWEST_PORTS];
	struct ladder l;
	char name[40], line[80];

	ladder_open(&l, two_views, 2, 5, false);
	for (int i = 0; i < DNS_FEWEST_PORTS; i++) {
		snprintf(
		    line, sizeof line, "n%d.evil.example ANY timeout\n", i);
		dnsd_add(l.server[0], line);
	}
	for (int i = 0; i < DNS_FEWEST_PORTS; i++) {
		snprintf(name, sizeof name, "n%d.evil.example", i);
		slot_ask(&l.rig, &s[i], name, DNS_A);
	}
	rig_await(&l.rig, DNS_FEWEST_PORTS);
	for (int i = 0; i < DNS_FEWEST_PORTS; i++)
		dns_answer_free(s[i].a);
	CHECK_STR(ladder_ask(&l, "good.example", NULL), "found 192.0.2.1");
	ladder_close(&l);
	descriptors_back(&old);
}

/* Three servers, full ports, and a late word of the first: each question goes
 * on by itself. */
static void
full_ports_and_a_late_word(void)
{
	static const char *const zones[] = {
	    "x.example ANY servfail\nx.example ANY delay=1200\n", "", ""};
	enum { HELD = DNS_FEWEST_PORTS - 1 };
	struct rlimit old = few_ports();
	struct slot x, w, h[HELD];
	struct ladder l;
	char name[40], line[80];

	ladder_open(&l, zones, 3, 3, false);
	for (int k = 0; k < 3; k++) {
		dnsd_add(l.server[k], "w.example ANY timeout\n");
		if (k > 0)
			dnsd_add(l.server[k], "x.example ANY timeout\n");
		for (int i = 0; i < HELD; i++) {
			snprintf(
			    line, sizeof line, "h%d.example ANY timeout\n", i);
			dnsd_add(l.server[k], line);
		}
	}
	for (int i = 0; i < HELD; i++) {
		snprintf(name, sizeof name, "h%d.example", i);
		slot_ask(&l.rig, &h[i], name, DNS_A);
	}
	slot_ask(&l.rig, &x, "x.example", DNS_A);
	slot_ask(&l.rig, &w, "w.example", DNS_A);
	rig_pause(&l.rig, 4000);
	CHECK(x.calls == 1 && w.calls == 1);
	dns_answer_free(x.a);
	dns_answer_free(w.a);
	for (int i = 0; i < HELD; i++) {
		CHECK(h[i].calls == 1);
		dns_answer_free(h[i].a);
	}
	ladder_close(&l);
	descriptors_back(&old);
}

static void
a_cancelled_question_is_sent_no_more(void)
{
	struct rig rig;
	struct slot s;

	rig_open(&rig, "", 3);
	dnsd_mute(rig.server);
	slot_ask(&rig, &s, "a.example", DNS_A);
	rig_pause(&rig, 50);
	resolver_cancel(s.q);
	rig_pause(&rig, 1700);
	CHECK(dnsd_total(rig.server) == 1);
	rig_close(&rig);
}

/* Whoever is called first cancels the other, whose answer is there as well. */
static void
first_got(void *arg, struct dns_answer *a)
{
	struct slot *s = arg, *other = s->a == NULL ? s + 1 : s - 1;

	dns_answer_free(a);
	s->calls++;
	resolver_cancel(other->q);
	loop_stop(s->rig->loop);
}

static void
cancelled_between_answer_and_call(void)
{
	struct rig rig;
	struct dns_answer *a, mark;
	/* The mark tells first_got() which of the two it is. */
	struct slot s[2] = {{.rig = &rig}, {.rig = &rig, .a = &mark}};

	rig_open(&rig, "a.example A 192.0.2.1\na.example A delay=20\n", 1);
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(resolver_ask(rig.r, 0, span_str("a.example"),
		                    DNS_A, first_got, &s[i], &s[i].q, &a),
		    ASK_PENDING);
	timer_set(rig.giveup, GIVE_UP);
	loop_run(rig.loop);
	rig_pause(&rig, 30);
	CU_ASSERT_EQUAL(s[0].calls + s[1].calls, 1);
	rig_close(&rig);
}

static void
freed_while_the_server_is_silent(void)
{
	struct rig rig;
	struct slot s;

	rig_open(&rig, "a.example A timeout\n", 1);
	slot_ask(&rig, &s, "a.example", DNS_A);
	rig_pause(&rig, 10);
	resolver_cancel(s.q);
	rig_close(&rig);
	CU_ASSERT_EQUAL(s.calls, 0);
}

/* --- limits --------------------------------------------------------------- */

static void
as_many_questions_as_allowed(void)
{
	struct rig rig;
	struct slot *s = calloc(DNS_QUESTIONS_MAX + 1, sizeof *s);
	struct slot *over = &s[DNS_QUESTIONS_MAX];
	unsigned pending = 0;
	char name[40];

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	rig_open(&rig, "", 5);
	dnsd_mute(rig.server);
	for (int i = 0; i < DNS_QUESTIONS_MAX; i++) {
		snprintf(name, sizeof name, "n%d.example", i);
		pending += slot_ask(&rig, &s[i], name, DNS_A) == ASK_PENDING;
		CU_ASSERT_EQUAL(
		    resolver_busy(rig.r), pending > DNS_QUESTIONS_MAX / 4);
	}
	CU_ASSERT_EQUAL(pending, DNS_QUESTIONS_MAX);
	CU_ASSERT_EQUAL(slot_ask(&rig, over, "n.example", DNS_A), ASK_READY);
	CHECK_STR(answer_text(over->a, DNS_A), "temperror too many questions");
	dns_answer_free(over->a);
	/* one that nobody waits for leaves its place */
	resolver_cancel(s[0].q);
	CU_ASSERT_EQUAL(slot_ask(&rig, over, "n.example", DNS_A), ASK_PENDING);
	resolver_cancel(over->q);
	for (int i = 1; i < DNS_QUESTIONS_MAX; i++)
		resolver_cancel(s[i].q);
	CU_ASSERT_FALSE(resolver_busy(rig.r));
	rig_close(&rig);
	free(s);
}

/* Questions that nobody answers take a quarter of the descriptors at the
 * most. */
static void
descriptors_left(rlim_t limit)
{
	enum { MANY = 400 };
	struct slot s[MANY];
	struct rlimit old;
	struct rig rig;
	unsigned before, after;

	old = descriptors_limit(limit);
	rig_open(&rig, "", 5);
	dnsd_mute(rig.server);
	before = descriptors();
	ask_names(&rig, s, MANY);
	rig_pause(&rig, 1);
	after = descriptors();
	descriptors_back(&old);
	CU_ASSERT_EQUAL(after - before, limit / 4);
	for (int i = 0; i < MANY; i++)
		resolver_cancel(s[i].q);
	rig_close(&rig);
}

static void
descriptors_are_left(void)
{
	descriptors_left(800);
	descriptors_left(4 * DNS_FEWEST_PORTS);
}

/* No port can be opened: that question's misfortune, not the next one's. */
static void
no_descriptors(void)
{
	struct rig rig;
	struct rlimit old;

	rig_open(&rig, zone, 1);
	old = descriptors_limit(0);
	CHECK_STR(answer_text(rig_ask(&rig, "mx.example.com", DNS_A), DNS_A),
	    "temperror no descriptors");
	descriptors_back(&old);
	CHECK_STR(
	    answer_text(rig_ask(&rig, "mx.example.com", DNS_AAAA), DNS_AAAA),
	    "found 2001:db8::1");
	rig_close(&rig);
}

/* Ports are kept, and no descriptor is left: an answer that is cut comes by
 * TCP all the same. */
static void
cut_without_descriptors(void)
{
	enum { MANY = 20, LIMIT = 200 };
	struct slot s[MANY];
	struct rlimit old;
	int taken[LIMIT], n = 0;
	struct rig rig;

	rig_open(&rig, "cut.example A truncate\ncut.example A 192.0.2.1\n", 5);
	ask_many(&rig, s, MANY);
	old = descriptors_limit(LIMIT);
	while (n < LIMIT && (taken[n] = dup(0)) >= 0)
		n++;
	CHECK(n < LIMIT);
	CHECK_STR(answer_text(rig_ask(&rig, "cut.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	descriptors_back(&old);
	while (n > 0)
		close(taken[--n]);
	rig_close(&rig);
}

/* That we lack something does not give the second one the word: what it said is
 * held while the first one's answer comes, cut. */
static void
nothing_is_held_for_our_shortage(void)
{
	struct rlimit old;
	struct ladder l;
	struct slot s;

	ladder_open(&l, two_views, 2, 5, false);
	dnsd_add(l.server[0],
	    "cut.example A 192.0.2.7\ncut.example A truncate\n"
	    "cut.example A delay=2700\n");
	CHECK(slot_ask(&l.rig, &s, "cut.example", DNS_A) == ASK_PENDING);
	rig_pause(&l.rig, 2550);
	CHECK(s.calls == 0);
	CHECK(dnsd_count(l.server[1], "cut.example", "A") == 1);
	old = descriptors_limit(0);
	rig_await(&l.rig, 1);
	descriptors_back(&old);
	CHECK_STR(answer_text(s.a, DNS_A), "temperror no descriptors");
	dns_answer_free(s.a);
	ladder_close(&l);
}

/* Kept ports and connections by TCP together are no more than a quarter either:
 * a question for each is out while the answers are late. */
static void
tcp_beside_kept_ports(void)
{
	enum { LIMIT = 800, MANY = LIMIT / 4 };
	struct rlimit old;
	struct slot *s = calloc(MANY, sizeof *s);
	struct rig rig;
	char line[80];
	unsigned before;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	old = descriptors_limit(LIMIT);
	rig_open(&rig, "", 5);
	descriptors_back(&old);
	before = descriptors();
	ask_many(&rig, s, MANY);
	CHECK(descriptors() == before + MANY);
	for (int i = 0; i < MANY; i++) {
		snprintf(line, sizeof line,
		    "c%d.example A truncate\nc%d.example A 192.0.2.1\n", i, i);
		dnsd_add(rig.server, line);
	}
	dnsd_delay(rig.server, 300);
	for (int i = 0; i < MANY; i++) {
		snprintf(line, sizeof line, "c%d.example", i);
		CHECK(slot_ask(&rig, &s[i], line, DNS_A) == ASK_PENDING);
	}
	for (rig.got = 0; rig.got < MANY;) {
		rig_pause(&rig, 20);
		CHECK(descriptors() <= before + MANY);
	}
	for (int i = 0; i < MANY; i++) {
		CHECK_STR(answer_text(s[i].a, DNS_A), "found 192.0.2.1");
		dns_answer_free(s[i].a);
	}
	rig_close(&rig);
	free(s);
}

/* With all ports in use a server that lives is not left for the next one, which
 * may know nothing. */
static void
full_ports_and_a_slow_first(void)
{
	enum { OTHERS = DNS_FEWEST_PORTS - 1 };
	struct slot others[OTHERS], s;
	struct rlimit old = few_ports();
	char line[40];
	struct ladder l;

	ladder_open(&l, two_views, 2, 5, false);
	descriptors_back(&old);
	dnsd_add(l.server[0],
	    "cold.example A 192.0.2.7\ncold.example A delay=2900\n");
	for (int i = 0; i < OTHERS; i++) {
		snprintf(line, sizeof line, "n%d.example ANY timeout\n", i);
		dnsd_add(l.server[0], line);
		dnsd_add(l.server[1], line);
	}
	ask_names(&l.rig, others, OTHERS);
	CHECK(slot_ask(&l.rig, &s, "cold.example", DNS_A) == ASK_PENDING);
	rig_await(&l.rig, OTHERS + 1);
	CHECK_STR(answer_text(s.a, DNS_A), "found 192.0.2.7");
	dns_answer_free(s.a);
	for (int i = 0; i < OTHERS; i++) {
		CHECK_STR(answer_text(others[i].a, DNS_A), "temperror timeout");
		dns_answer_free(others[i].a);
	}
	ladder_close(&l);
}

/* Nor is one that seems closed since a moment ago. */
static void
full_ports_and_a_port_that_seems_closed(void)
{
	enum { OTHERS = DNS_FEWEST_PORTS - 1 };
	struct slot others[OTHERS], s;
	struct rlimit old = few_ports();
	char line[40];
	struct ladder l;

	ladder_open(&l, two_views, 2, 5, false);
	descriptors_back(&old);
	for (int i = 0; i < OTHERS; i++) {
		snprintf(line, sizeof line, "n%d.example ANY timeout\n", i);
		dnsd_add(l.server[0], line);
		dnsd_add(l.server[1], line);
	}
	ask_names(&l.rig, others, OTHERS);
	rig_pause(&l.rig, 20);
	dnsd_close(l.server[0]);
	CHECK(slot_ask(&l.rig, &s, "good.example", DNS_A) == ASK_PENDING);
	rig_pause(&l.rig, 20);
	dnsd_open(l.server[0]);
	rig_pause(&l.rig, 1000);
	CHECK(s.calls == 0);
	rig_await(&l.rig, OTHERS + 1);
	CHECK(s.a->status != DNS_NXDOMAIN);
	dns_answer_free(s.a);
	for (int i = 0; i < OTHERS; i++)
		dns_answer_free(others[i].a);
	ladder_close(&l);
}

/* Nor do ports and connections by TCP that wait for one answer together pass
 * that number: EDNS is dropped, and answers without it are cut. */
static void
tcp_beside_ports_in_use(void)
{
	enum { MANY = DNS_FEWEST_PORTS };
	static const char *const mode[] = {
	    "drop", "drop notcp", "drop half", "drop tcpid", "notcp", "half"};
	struct rlimit old = few_ports();
	struct slot s[2 * MANY];
	unsigned before;
	struct rig rig;
	char line[80];

	rig_open(&rig, "", 5);
	descriptors_back(&old);
	before = descriptors();
	for (int i = 0; i < MANY; i++) {
		snprintf(line, sizeof line,
		    "n%d.example A truncate\nn%d.example A 192.0.2.1\n", i, i);
		dnsd_add(rig.server, line);
	}
	dnsd_delay(rig.server, 300);
	for (size_t k = 0; k < sizeof mode / sizeof mode[0]; k++) {
		unsigned got = rig.got;

		suite_row(mode[k]);
		dnsd_mode(rig.server, mode[k]);
		ask_names(&rig, s, 2 * MANY);
		while (rig.got < got + 2 * MANY) {
			CHECK(descriptors() <= before + MANY);
			rig_pause(&rig, 20);
		}
		for (int i = 0; i < 2 * MANY; i++)
			dns_answer_free(s[i].a);
		rig_pause(&rig, 2 * DNS_PORT_MS);
		CHECK(descriptors() == before);
	}
	suite_row(NULL);
	rig_close(&rig);
}

/* --- options of resolv.conf ----------------------------------------------- */

/* What servers of the config have instead of a file's options. */
static struct resolvconf options = {
    .timeout = RESOLVCONF_TIMEOUT, .attempts = RESOLVCONF_ATTEMPTS};

/* Takes the place of the reader of the file, of which there is none here. */
void
resolvconf_read(struct span text, struct resolvconf *ret)
{
	(void)text;
	*ret = options;
}

/* Makes the resolver anew, as the options are now. */
static void
ladder_renew(struct ladder *l, unsigned timeout, bool tcp)
{
	struct dns_server at[LADDER_MAX];
	struct dns_settings dns = {
	    .servers = {.v = at, .n = l->n}, .timeout = timeout, .tcp = tcp};

	for (size_t i = 0; i < l->n; i++)
		at[i] = (struct dns_server){.ip = ip_bytes("\177\0\0\1", 4),
		    .port = dnsd_port(l->server[i])};
	resolver_free(l->rig.r);
	CU_ASSERT_EQUAL_FATAL(resolver_new(l->rig.loop, &dns, &l->rig.r), 0);
}

/* So many copies of a question go to a server that is silent; one without EDNS
 * is put even where it should be one alone. */
static void
as_many_attempts_as_are_set(void)
{
	static const struct {
		unsigned attempts, sent;
	} row[] = {{1, 2}, {2, 2}, {3, 3}, {5, 5}};
	const struct resolvconf before = options;
	struct ladder l;

	ladder_open(&l, (const char *const[]){""}, 1, 10, false);
	dnsd_mute(l.server[0]);
	options.timeout = 1;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		options.attempts = row[i].attempts;
		ladder_renew(&l, 10, false);
		dnsd_forget(l.server[0]);
		CHECK_STR(
		    ladder_ask(&l, "a.example", NULL), "temperror timeout");
		CHECK(dnsd_total(l.server[0]) == row[i].sent);
	}
	options = before;
	ladder_close(&l);
}

/* Three ask the same of two servers, the last two in one turn. How many
 * questions that makes. */
static unsigned
questions_of_two_turns(struct ladder *l)
{
	static const unsigned turn[] = {0, 1, 1};
	struct slot s[3];
	unsigned sent;

	for (size_t i = 0; i < 3; i++) {
		s[i] = (struct slot){.rig = &l->rig};
		CHECK(resolver_ask(l->rig.r, turn[i], span_str("a.example"),
		          DNS_A, slot_got, &s[i], &s[i].q,
		          &s[i].a) == ASK_PENDING);
	}
	rig_await(&l->rig, 3);
	for (size_t i = 0; i < 3; i++) {
		CHECK_STR(answer_text(s[i].a, DNS_A), "found 192.0.2.1");
		dns_answer_free(s[i].a);
	}
	sent = dnsd_total(l->server[0]) + dnsd_total(l->server[1]);
	dnsd_forget(l->server[0]);
	dnsd_forget(l->server[1]);
	return sent;
}

/* Who begins at another server does not wait for what the first one says. */
static void
turns_do_not_join(void)
{
	static const char zones[] =
	    "a.example A 192.0.2.1\na.example A delay=20\n";
	const struct resolvconf before = options;
	struct ladder l;

	ladder_open(&l, (const char *const[]){zones, zones}, 2, 5, false);
	CHECK(questions_of_two_turns(&l) == 1);
	options.rotate = true;
	ladder_renew(&l, 5, false);
	CHECK(questions_of_two_turns(&l) == 2);
	options = before;
	ladder_close(&l);
}

/* Even whether a server is there is asked over TCP, and heard. */
static void
signs_of_life_over_tcp(void)
{
	struct ladder l;

	ladder_open(&l, two_views, 2, 5, false);
	ladder_renew(&l, 5, true);
	CHECK_STR(ladder_ask(&l, "slow.example", NULL), "temperror timeout");
	CHECK(dnsd_count_tcp(l.server[0], "localhost", "A") > 0);
	CHECK(dnsd_ports(l.server[0]) == 0 && dnsd_ports(l.server[1]) == 0);
	CHECK_STR(ladder_ask(&l, "good.example", NULL), "found 192.0.2.1");
	CHECK(dnsd_count(l.server[1], "good.example", "A") == 0);
	dnsd_mute(l.server[0]);
	CHECK_STR(ladder_ask(&l, "in.example", NULL), "found 192.0.2.2");
	CHECK(dnsd_ports(l.server[0]) == 0);
	ladder_close(&l);
}

/* SERVFAIL may be for EDNS: there is time to find out where another server is
 * closed or silent. */
static void
servfail_for_edns_beside_the_dead(void)
{
	static const char *const zones[] = {
	    "a.example A 192.0.2.1\n", "a.example A 192.0.2.1\n"};
	struct ladder l;

	for (int how = 0; how < 4; how++) {
		struct dnsd *dead;

		ladder_open(&l, zones, 2, 5, false);
		dnsd_mode(l.server[0], "ednsfail");
		dnsd_mode(l.server[1], "ednsfail");
		dead = l.server[how / 2];
		(how % 2 == 0 ? dnsd_close : dnsd_mute)(dead);
		for (int i = 0; i < 3; i++)
			CHECK_STR(ladder_ask(&l, "a.example", NULL),
			    "found 192.0.2.1");
		ladder_close(&l);
	}
}

/* --- what must not last --------------------------------------------------- */

/* NOTIMP may be for EDNS, as FORMERR is; what is said of a question without it
 * is the server's failure. */
static void
notimp_and_formerr(void)
{
	static const char *const zones[] = {
	    "a.example A 192.0.2.1\n", "a.example A 192.0.2.2\n"};
	static const struct {
		const char *mode, *one, *two;
	} row[] = {{"notimp", "found 192.0.2.1", "found 192.0.2.1"},
	    {"notimp all", "temperror NOTIMP", "found 192.0.2.2"},
	    {"formerr all", "temperror FORMERR", "found 192.0.2.2"}};
	struct ladder l;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		uint64_t ms;

		suite_row(row[i].mode);
		ladder_open(&l, zones, 1, 5, false);
		dnsd_mode(l.server[0], row[i].mode);
		CHECK_STR(ladder_ask(&l, "a.example", &ms), row[i].one);
		CHECK(ms < 900);
		CHECK(dnsd_total(l.server[0]) == 2);
		ladder_close(&l);
		ladder_open(&l, zones, 2, 5, false);
		dnsd_mode(l.server[0], row[i].mode);
		CHECK_STR(ladder_ask(&l, "a.example", &ms), row[i].two);
		CHECK(ms < 900);
		CHECK(dnsd_total(l.server[0]) == 2);
		ladder_close(&l);
	}
	suite_row(NULL);
}

/* One more may wait for a question in the first half of its time; who comes
 * later has all of the time. */
static void
joins_in_the_first_half(void)
{
	static const unsigned after[] = {0, 1990, 20}; /* ms, each the last */
	struct slot s[3];
	struct rig rig;

	rig_open(&rig, "never.example ANY timeout\n", 4);
	for (int i = 0; i < 3; i++) {
		if (after[i] > 0)
			rig_pause(&rig, after[i]);
		CHECK(slot_ask(&rig, &s[i], "never.example", DNS_A) ==
		    ASK_PENDING);
	}
	rig_pause(&rig, 2000);
	CHECK(s[0].calls == 1 && s[1].calls == 1 && s[2].calls == 0);
	rig_pause(&rig, 1980);
	CHECK(s[2].calls == 0);
	rig_await(&rig, 1);
	for (int i = 0; i < 3; i++) {
		CHECK_STR(answer_text(s[i].a, DNS_A), "temperror timeout");
		dns_answer_free(s[i].a);
	}
	rig_close(&rig);
}

/* A server that answers others all the time gets more time for a slow name, but
 * not all of it: the next one is asked in the end. */
static void
a_busy_server_and_a_slow_name(void)
{
	struct ladder l;
	struct slot s;

	ladder_open(&l, two_views, 2, 5, false);
	dnsd_add(l.server[1], "slow.example A 192.0.2.9\n");
	CHECK(slot_ask(&l.rig, &s, "slow.example", DNS_A) == ASK_PENDING);
	for (int i = 0; i < 49 && s.calls == 0; i++) {
		CHECK_STR(
		    ladder_ask(&l, "good.example", NULL), "found 192.0.2.1");
		rig_pause(&l.rig, 100);
	}
	CU_ASSERT_EQUAL_FATAL(s.calls, 1);
	CHECK_STR(answer_text(s.a, DNS_A), "found 192.0.2.9");
	dns_answer_free(s.a);
	ladder_close(&l);
}

/* --- no memory ------------------------------------------------------------ */

static void
no_memory_to_begin(void)
{
	struct dns_settings dns = {.timeout = 1};
	struct loop *loop;

	CU_ASSERT_EQUAL_FATAL(loop_new(&loop), 0);
	for (long n = 0; nomem_round(n); n++) {
		struct resolver *r = NULL;
		int err = resolver_new(loop, &dns, &r);

		CU_ASSERT_EQUAL(err, nomem_end() ? -ENOMEM : 0);
		CU_ASSERT_EQUAL(r == NULL, err != 0);
		resolver_free(r);
	}
	loop_free(loop);
}

/* Without memory for the question it is refused; without memory to send it, it
 * is sent later. */
static void
no_memory_to_ask(void)
{
	struct rig rig;
	struct slot s;
	unsigned refused = 0, late = 0;

	rig_open(&rig, "a.example A 192.0.2.1\n", 5);
	rig_ask(&rig, "a.example", DNS_A);
	for (long n = 0; nomem_round(n); n++) {
		enum ask how = slot_ask(&rig, &s, "a.example", DNS_A);
		bool failed = nomem_end();

		CHECK(how == ASK_PENDING || (failed && how == ASK_NOMEM));
		refused += how == ASK_NOMEM;
		if (how != ASK_PENDING)
			continue;
		late += failed;
		rig_await(&rig, 1);
		CHECK_STR(answer_text(s.a, DNS_A), "found 192.0.2.1");
		dns_answer_free(s.a);
	}
	CHECK((refused > 0 && late > 0) || suite_under_valgrind());
	rig_close(&rig);
}

/* A lack of our own gives no other server the word. */
static void
no_memory_is_no_failure_of_a_server(void)
{
	struct ladder l;
	struct slot s;

	ladder_open(&l, two_views, 2, 5, false);
	ladder_ask(&l, "good.example", NULL);
	for (long n = 0; nomem_round(n); n++) {
		enum ask how = slot_ask(&l.rig, &s, "good.example", DNS_A);

		nomem_end();
		if (how != ASK_PENDING)
			continue;
		rig_await(&l.rig, 1);
		CHECK_STR(answer_text(s.a, DNS_A), "found 192.0.2.1");
		dns_answer_free(s.a);
	}
	ladder_close(&l);
}

/* The answer is there, but cannot be kept: whoever waits hears of it. */
static void
no_memory_to_answer(void)
{
	struct rig rig;
	struct slot s;
	char name[40];

	rig_open(&rig, "example A 192.0.2.1\n", 5);
	for (long n = 0, more = true; more; n++) {
		const char *want = "nxdomain";

		snprintf(name, sizeof name, "n%ld.example", n);
		CU_ASSERT_EQUAL(slot_ask(&rig, &s, name, DNS_A), ASK_PENDING);
		more = nomem_round(n);
		rig_await(&rig, 1);
		if (nomem_end())
			want = "temperror out of memory";
		CU_ASSERT_PTR_NOT_NULL_FATAL(s.a);
		CHECK_STR(answer_text(s.a, DNS_A), want);
		dns_answer_free(s.a);
	}
	rig_close(&rig);
}

SUITE("resolver", T(every_kind_of_answer), T(mapped_addresses_stay_ipv6),
    T(names_that_dns_cannot_hold), T(large_sets_come_over_tcp),
    T(no_zone_is_built_in), T(equal_questions_are_asked_once),
    T(many_wait_for_a_large_answer), T(nothing_is_kept),
    T(no_rcode_changes_the_order), T(a_slow_name_is_no_silent_server),
    T(silence_leads_to_the_next), T(a_cold_name), T(a_lost_probe),
    T(a_server_that_is_always_slow), T(a_probe_that_is_dropped),
    T(nothing_from_the_second), T(the_first_has_all_of_the_time),
    T(a_port_that_seems_closed), T(there_is_something), T(cut_and_others),
    T(seems_closed_after_a_probe), T(an_old_probe), T(nothing_from_two),
    T(each_is_asked_in_a_short_time), T(slow_and_then_dead),
    T(a_prompt_sign_of_life), T(the_second_round_waits), T(one_second),
    T(without_edns_over_tcp), T(a_server_without_recursion),
    T(all_want_a_second_port), T(full_ports_are_no_silence),
    T(full_ports_and_a_late_word), T(no_memory_is_no_failure_of_a_server),
    T(two_of_three_are_away), T(all_fail), T(late_answers_count),
    T(late_from_the_first), T(without_edns), T(a_path_without_edns),
    T(forged_packets_are_passed_over), T(tcp_that_is_not_there),
    T(cut_over_tcp), T(all_over_tcp), T(the_clock_is_set),
    T(who_says_that_it_is_secure), T(questions_at_one_time_have_a_port_each),
    T(a_port_serves_so_many_questions),
    T(a_port_that_heard_something_else_is_given_up),
    T(asks_again_from_a_new_address), T(late_answers_count_at_the_old_address),
    T(asks_again_from_another_port), T(two_copies_with_edns),
    T(a_new_address_and_full_ports), T(more_questions_than_ports),
    T(a_thousand_and_dead_servers), T(cancelled_questions_are_not_answered),
    T(a_cancelled_question_is_sent_no_more),
    T(cancelled_between_answer_and_call), T(freed_while_the_server_is_silent),
    T(as_many_questions_as_allowed), T(descriptors_are_left), T(no_descriptors),
    T(cut_without_descriptors), T(nothing_is_held_for_our_shortage),
    T(tcp_beside_kept_ports), T(full_ports_and_a_slow_first),
    T(full_ports_and_a_port_that_seems_closed), T(tcp_beside_ports_in_use),
    T(servfail_for_edns_beside_the_dead), T(no_memory_to_begin),
    T(as_many_attempts_as_are_set), T(turns_do_not_join),
    T(signs_of_life_over_tcp), T(notimp_and_formerr),
    T(joins_in_the_first_half), T(a_busy_server_and_a_slow_name),
    T(no_memory_to_ask), T(no_memory_to_answer))

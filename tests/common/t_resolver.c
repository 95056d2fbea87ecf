/* The real resolver: libunbound on the real loop, asking a scripted server. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/resolver.h"
#include "tests/support/dnsd.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

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
	struct server server;
	struct dns_settings dns = {
	    .servers = {.v = &server, .n = 1}, .timeout = timeout};

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

static void
pause_end(void *arg)
{
	loop_stop(arg);
}

/* Runs the loop for ms. */
static void
rig_pause(struct rig *rig, unsigned ms)
{
	struct timer *t;

	rig->wanted = 0;
	CU_ASSERT_EQUAL_FATAL(
	    timer_new(rig->loop, pause_end, rig->loop, &t), 0);
	timer_set(t, ms);
	loop_run(rig->loop);
	timer_free(t);
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
	    rig->r, span_str(name), type, slot_got, s, &s->q, &s->a);
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

static const char *const status_word[] = {
    "found", "nodata", "nxdomain", "temperror"};

/* The answer as one line: "found 10 mx.example | 20 mx2.example". */
static const char *
text_of(const struct dns_answer *a, enum dns_type type)
{
	static char text[2000];
	char ip[IP_TEXT_MAX];
	int n = snprintf(text, sizeof text, "%s%s%s", status_word[a->status],
	    a->why == NULL ? "" : " ", a->why == NULL ? "" : a->why);

	for (size_t i = 0; i < a->n && (size_t)n < sizeof text; i++) {
		const struct dns_record *r = &a->record[i];
		size_t room = sizeof text - (size_t)n;
		const char *bar = i == 0 ? "" : " |";

		switch (type) {
		case DNS_TXT:
			n += snprintf(text + n, room, "%s '%.*s'", bar,
			    (int)r->txt.n, r->txt.p);
			break;
		case DNS_MX:
		case DNS_PTR:
			n += snprintf(text + n, room, "%s %u %s", bar,
			    r->preference, r->name);
			break;
		case DNS_A:
		case DNS_AAAA:
			n += snprintf(
			    text + n, room, "%s %s", bar, ip_text(&r->ip, ip));
			break;
		}
	}
	return text;
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
    {"loop.example.com", DNS_A, "nxdomain"},
    {"empty.example.com", DNS_TXT, "found ''"},
    {"back\\slash.sp ace.ctl\a.\377.example.com", DNS_A, "found 192.0.2.4"},
    {"example.com", DNS_A, "nodata"},
    {"sp ace.ctl\a.\377.example.com", DNS_A, "nodata"},
    {"nowhere.example.com", DNS_TXT, "nxdomain"},
    {"fail.example.com", DNS_TXT, "temperror SERVFAIL"},
    {"refused.example.com", DNS_TXT, "temperror SERVFAIL"},
    {"bogus.example.com", DNS_TXT, "temperror SERVFAIL"},
    {"unread.example.com", DNS_A, "temperror SERVFAIL"},
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
		CHECK_STR(text_of(a, answers[i].type), answers[i].answer);
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
		CHECK_STR(text_of(rig_ask(&rig, names[i], DNS_A), DNS_A),
		    "found 192.0.2.1");
	}
	rig_close(&rig);
}

/* --- the cache, and questions asked once ---------------------------------- */

static void
answers_are_kept_for_their_ttl(void)
{
	struct rig rig;
	struct slot s;

	rig_open(&rig,
	    "a.example A 192.0.2.1\nb.example A 192.0.2.2\n"
	    "b.example A ttl=0\n",
	    5);
	rig_ask(&rig, "a.example", DNS_A);
	rig_ask(&rig, "none.example", DNS_A);
	CU_ASSERT_EQUAL(slot_ask(&rig, &s, "A.example", DNS_A), ASK_READY);
	CHECK_STR(text_of(s.a, DNS_A), "found 192.0.2.1");
	dns_answer_free(s.a);
	CU_ASSERT_EQUAL(slot_ask(&rig, &s, "none.example", DNS_A), ASK_READY);
	CHECK_STR(text_of(s.a, DNS_A), "nxdomain");
	dns_answer_free(s.a);
	rig_ask(&rig, "b.example", DNS_A);
	rig_ask(&rig, "b.example", DNS_A);
	CU_ASSERT_EQUAL(dnsd_count(rig.server, "a.example", "A"), 1);
	CU_ASSERT_EQUAL(dnsd_count(rig.server, "none.example", "A"), 1);
	CU_ASSERT_EQUAL(dnsd_count(rig.server, "b.example", "A"), 2);
	rig_close(&rig);
}

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
		CHECK_STR(text_of(s[i].a, DNS_A), "found 192.0.2.1");
		dns_answer_free(s[i].a);
	}
	CU_ASSERT_EQUAL(dnsd_total(rig.server), 1);
	rig_close(&rig);
}

/* --- time ----------------------------------------------------------------- */

/* A dead server costs the deadline, others wait no longer than they must, and
 * when it is back, it is asked at once. */
static void
dead_and_back_again(void)
{
	struct rig rig, closed;
	struct slot mute, gone;
	uint64_t start;

	rig_open(&rig, "a.example A 192.0.2.1\nmute.example ANY timeout\n", 1);
	rig_open(&closed, "a.example A 192.0.2.1\n", 1);
	dnsd_close(closed.server);
	start = loop_now(rig.loop);
	slot_ask(&rig, &mute, "mute.example", DNS_A);
	CHECK_STR(text_of(rig_ask(&rig, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	CU_ASSERT(loop_now(rig.loop) - start < 900);
	dnsd_mute(rig.server);
	CU_ASSERT_EQUAL(
	    slot_ask(&closed, &gone, "b.example", DNS_A), ASK_PENDING);
	rig_pause(&closed, 100);
	rig_await(&rig, 1);
	CU_ASSERT_EQUAL(mute.calls, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mute.a);
	CHECK_STR(text_of(mute.a, DNS_A), "temperror timeout");
	CU_ASSERT(loop_now(rig.loop) - start >= 1000);
	CU_ASSERT(loop_now(rig.loop) - start < 2000);
	dns_answer_free(mute.a);
	rig_await(&closed, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(gone.a);
	CU_ASSERT_EQUAL(gone.a->status, DNS_TEMPERROR);
	dns_answer_free(gone.a);
	dnsd_open(rig.server);
	dnsd_open(closed.server);
	start = loop_now(rig.loop);
	CHECK_STR(
	    text_of(rig_ask(&rig, "c.example", DNS_A), DNS_A), "nxdomain");
	CHECK_STR(text_of(rig_ask(&closed, "a.example", DNS_A), DNS_A),
	    "found 192.0.2.1");
	CU_ASSERT(loop_now(rig.loop) - start < 1000);
	rig_close(&closed);
	rig_close(&rig);
}

/* Of two servers one is dead: every question is answered all the same, if luck
 * has it only after some tries of the dead one. */
static void
one_of_two_is_dead(void)
{
	struct rig rig;
	struct server server[2];
	struct dns_settings dns = {
	    .servers = {.v = server, .n = 2}, .timeout = 20};
	struct dnsd *dead = dnsd_start("");
	struct slot s[2];
	char name[40];

	rig_open(&rig, "x.example A 192.0.2.1\n", 20);
	resolver_free(rig.r);
	dnsd_mute(dead);
	CU_ASSERT_EQUAL(ip_parse(span_str("127.0.0.1"), &server[0].ip), 0);
	server[1] = server[0];
	server[0].port = dnsd_port(dead);
	server[1].port = dnsd_port(rig.server);
	CU_ASSERT_EQUAL_FATAL(resolver_new(rig.loop, &dns, &rig.r), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "n%d.x.example", i);
		slot_ask(&rig, &s[i], name, DNS_A);
	}
	rig_await(&rig, 2);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(s[i].a);
		CHECK_STR(text_of(s[i].a, DNS_A), "nxdomain");
		dns_answer_free(s[i].a);
	}
	rig_close(&rig);
	dnsd_stop(dead);
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
	/* The answer was taken into the cache nevertheless. */
	CU_ASSERT_EQUAL(slot_ask(&rig, &late, "b.example", DNS_A), ASK_READY);
	dns_answer_free(late.a);
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
		CU_ASSERT_EQUAL(resolver_ask(rig.r, span_str("a.example"),
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

/* The answers do not say why nothing can be asked; the log does, once. */
static void
anchor_that_is_not_there(void)
{
	struct dns_settings dns = {.timeout = 1};
	char text[4096], log[TMPDIR_PATH_MAX], anchor[TMPDIR_PATH_MAX];
	struct tmpdir dir;
	struct slot s;
	struct rig rig;
	FILE *f;
	size_t n;

	rig_open(&rig, "", 1);
	tmpdir_make(&dir);
	tmpdir_file(&dir, "log", log);
	tmpdir_file(&dir, "anchor", anchor);
	dns.trust_anchor = anchor;
	CU_ASSERT_EQUAL_FATAL(log_open(log, "t_resolver"), 0);
	resolver_free(rig.r);
	CU_ASSERT_EQUAL_FATAL(resolver_new(rig.loop, &dns, &rig.r), 0);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(
		    slot_ask(&rig, &s, "a.example", DNS_A), ASK_READY);
		CHECK_STR(text_of(s.a, DNS_A), "temperror no resolver");
		dns_answer_free(s.a);
	}
	rig_close(&rig);
	log_open(NULL, "t_resolver");
	f = fopen(log, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	tmpdir_remove(&dir);
	CU_ASSERT(strstr(text, " resolver ") != NULL);
	CU_ASSERT(n > 0 && strchr(text, '\n') == text + n - 1);
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
	CHECK_STR(text_of(over->a, DNS_A), "temperror too many questions");
	dns_answer_free(over->a);
	/* Those that nobody waits for still are work. */
	for (int i = 0; i < DNS_QUESTIONS_MAX; i++)
		resolver_cancel(s[i].q);
	CU_ASSERT_EQUAL(slot_ask(&rig, over, "n.example", DNS_A), ASK_READY);
	dns_answer_free(over->a);
	rig_close(&rig);
	free(s);
}

/* A small one has fewer ports than it may be asked questions at once: those that
 * are over wait for one. It still has room for the largest set, over TCP. */
static void
small(void)
{
	enum { MANY = 3 * DNS_SMALL_PORTS };
	struct slot s[MANY];
	struct rig rig;
	char name[40], line[64];
	unsigned pending = 0;
	struct buf text;

	buf_init(&text, 64 * 1024);
	for (int i = 0; i < MANY; i++) {
		snprintf(line, sizeof line, "n%d.example A 192.0.2.%d\n", i, i);
		buf_str(&text, line);
	}
	rig_open(&rig, buf_text(&text), 10);
	resolver_small(rig.r);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "n%d.example", i);
		pending += slot_ask(&rig, &s[i], name, DNS_A) == ASK_PENDING;
	}
	CU_ASSERT_EQUAL(pending, MANY);
	rig_await(&rig, MANY);
	for (int i = 0; i < MANY; i++) {
		snprintf(line, sizeof line, "found 192.0.2.%d", i);
		CHECK_STR(text_of(s[i].a, DNS_A), line);
		dns_answer_free(s[i].a);
	}
	rig_close(&rig);
	buf_free(&text);
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

/* Questions that nobody answers take a quarter of the descriptors at the most. */
static void
descriptors_left(rlim_t limit)
{
	enum { MANY = 400 };
	struct slot s[MANY];
	struct rlimit old, low = {limit, 0};
	struct rig rig;
	unsigned before, after;
	char name[40];

	rig_open(&rig, "", 5);
	dnsd_mute(rig.server);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	low.rlim_max = old.rlim_max;
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
	before = descriptors();
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "n%d.example", i);
		slot_ask(&rig, &s[i], name, DNS_A);
	}
	rig_pause(&rig, 1);
	after = descriptors();
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &old), 0);
	CU_ASSERT(after - before >= limit / 4);
	CU_ASSERT(after - before <= limit / 4 + 8); /* and libunbound's own */
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
	struct rlimit old, none = {0, 0};

	rig_open(&rig, zone, 5);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	none.rlim_max = old.rlim_max;
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	CHECK_STR(text_of(rig_ask(&rig, "mx.example.com", DNS_A), DNS_A),
	    "temperror SERVFAIL");
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &old), 0);
	CHECK_STR(text_of(rig_ask(&rig, "mx.example.com", DNS_AAAA), DNS_AAAA),
	    "found 2001:db8::1");
	rig_close(&rig);
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

/* Neither for a question that must be sent nor for one whose answer is there. */
static void
no_memory_to_ask(void)
{
	static const struct {
		const char *name;
		enum ask how;
	} rows[] = {{"slow.example", ASK_PENDING}, {"a.example", ASK_READY}};
	struct rig rig;
	struct slot s;

	rig_open(&rig, "a.example A 192.0.2.1\nslow.example ANY timeout\n", 5);
	rig_ask(&rig, "a.example", DNS_A);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].name);
		for (long n = 0; nomem_round(n); n++) {
			enum ask how = slot_ask(&rig, &s, rows[i].name, DNS_A);

			CHECK(how == (nomem_end() ? ASK_NOMEM : rows[i].how));
			if (how == ASK_PENDING)
				resolver_cancel(s.q);
			if (how == ASK_READY)
				dns_answer_free(s.a);
		}
	}
	rig_close(&rig);
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
		CHECK_STR(text_of(s.a, DNS_A), want);
		dns_answer_free(s.a);
	}
	rig_close(&rig);
}

SUITE("resolver", T(every_kind_of_answer), T(mapped_addresses_stay_ipv6),
    T(names_that_dns_cannot_hold), T(large_sets_come_over_tcp),
    T(no_zone_is_built_in), T(answers_are_kept_for_their_ttl),
    T(equal_questions_are_asked_once), T(dead_and_back_again),
    T(one_of_two_is_dead), T(cancelled_questions_are_not_answered),
    T(cancelled_between_answer_and_call), T(freed_while_the_server_is_silent),
    T(anchor_that_is_not_there), T(as_many_questions_as_allowed), T(small),
    T(descriptors_are_left), T(no_descriptors), T(no_memory_to_begin),
    T(no_memory_to_ask), T(no_memory_to_answer))

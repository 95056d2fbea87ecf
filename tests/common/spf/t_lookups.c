/* The limits of RFC 7208 section 4.6.4, long records, hostile ones, and the
 * counts, in every order of answers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "tests/support/spfrun.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])
#define HELO "mail.example.org"

/* A zone that is written piece by piece. */
static void line(struct buf *zone, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
line(struct buf *zone, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_str(zone, text);
}

/* n times " term", in which one %d is the number. */
static void
repeat(struct buf *zone, unsigned n, const char *before, const char *after)
{
	for (unsigned i = 0; i < n; i++)
		line(zone, " %s%u%s", before, i, after);
}

static void
load(struct spfrun *s, struct buf *zone)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(buf_text(zone));
	spfrun_zone(s, buf_text(zone));
	buf_free(zone);
}

/* The same result in every way; returns the one of the last. */
static struct spfrun_result
all_ways(struct spfrun *s, const char *client, const char *sender,
    enum spf_result want)
{
	struct spfrun_result first = {0}, r = {0};

	for (size_t i = 0; i < SPFRUN_WAYS; i++) {
		char row[200];

		snprintf(
		    row, sizeof row, "%s (%s)", sender, spfrun_ways[i].name);
		suite_row(row);
		spfrun_choose(s, &spfrun_ways[i]);
		r = spfrun_check(s, client, HELO, sender);
		CHECK_STR(spf_result_word(r.result), spf_result_word(want));
		if (i == 0)
			first = r;
		CHECK_STR(r.mechanism, first.mechanism);
		CHECK_STR(r.problem, first.problem);
		CHECK_STR(r.domain, first.domain);
		CHECK_STR(r.explanation, first.explanation);
		CHECK(r.lookups == first.lookups && r.voids == first.voids);
		CHECK(r.security == first.security);
		/* ten terms and what they lead to, and ten asked in vain */
		CHECK(r.sent <= 1 + 2 * 10 * 11);
	}
	suite_row(NULL);
	return r;
}

static void
terms(void)
{
	struct spfrun_result r;
	struct spfrun s;
	struct buf zone;

	spfrun_open(&s);
	buf_init(&zone, 1 << 20);
	line(&zone, "h.example A 192.0.2.1\n");
	for (int i = 0; i < 12; i++)
		line(&zone, "h%d.example A 192.0.2.9\n", i);
	line(&zone, "ten.example TXT \"v=spf1");
	repeat(&zone, 9, "a:h", ".example");
	line(&zone, " a:h.example -all\"\nnine.example TXT \"v=spf1");
	repeat(&zone, 10, "a:h", ".example");
	line(&zone, " -all\"\neleven.example TXT \"v=spf1");
	repeat(&zone, 10, "a:h", ".example");
	line(&zone, " a:h.example\"\neleven2.example TXT \"v=spf1");
	repeat(&zone, 10, "a:h", ".example");
	line(&zone, " redirect=ten.example\"\nearly.example TXT \"v=spf1");
	line(&zone, " a:h.example");
	repeat(&zone, 12, "a:h", ".example");
	line(&zone, " -all\"\nexp.example TXT \"v=spf1");
	repeat(&zone, 10, "a:h", ".example");
	line(&zone, " -all exp=e.example\"\ne.example TXT \"text\"\n");
	load(&s, &zone);
	r = all_ways(&s, "192.0.2.1", "u@ten.example", SPF_PASS);
	CU_ASSERT_EQUAL(r.lookups, 10);
	r = all_ways(&s, "192.0.2.1", "u@nine.example", SPF_FAIL);
	CU_ASSERT_EQUAL(r.lookups, 10);
	/* the eleventh is the last of the record, and would match */
	r = all_ways(&s, "192.0.2.1", "u@eleven.example", SPF_PERMERROR);
	CU_ASSERT_EQUAL(r.lookups, 10);
	CHECK_STR(r.problem,
	    "eleven.example: a:h.example: more than 10 terms that ask DNS");
	all_ways(&s, "192.0.2.1", "u@eleven2.example", SPF_PERMERROR);
	/* what is behind a match does not count */
	r = all_ways(&s, "192.0.2.1", "u@early.example", SPF_PASS);
	CU_ASSERT_EQUAL(r.lookups, 1);
	/* exp does not count */
	r = all_ways(&s, "192.0.2.1", "u@exp.example", SPF_FAIL);
	CHECK_STR(r.explanation, "text");
	spfrun_close(&s);
}

/* The limit is the check's, not a record's: 3 x 10 x 10 includes made libspf2
 * ask 1,111 questions. */
static void
include_tree(void)
{
	struct spfrun_result r;
	struct spfrun s;
	struct buf zone;

	spfrun_open(&s);
	buf_init(&zone, 1 << 20);
	line(&zone, "tree.example TXT \"v=spf1");
	repeat(&zone, 3, "include:t", ".example");
	line(&zone, " -all\"\n");
	for (int i = 0; i < 3; i++) {
		line(&zone, "t%d.example TXT \"v=spf1", i);
		repeat(&zone, 10, "include:u", ".example");
		line(&zone, " -all\"\n");
	}
	for (int i = 0; i < 10; i++) {
		line(&zone, "u%d.example TXT \"v=spf1", i);
		repeat(&zone, 10, "a:h", ".example");
		line(&zone, " -all\"\nh%d.example A 192.0.2.%d\n", i, i + 1);
	}
	load(&s, &zone);
	r = all_ways(&s, "192.0.2.99", "u@tree.example", SPF_PERMERROR);
	CU_ASSERT_EQUAL(r.lookups, 10);
	for (size_t i = 0; i < SPFRUN_WAYS; i++) {
		spfrun_choose(&s, &spfrun_ways[i]);
		r = spfrun_check(&s, "192.0.2.99", HELO, "u@tree.example");
		CU_ASSERT(r.sent <= (spfrun_ways[i].prefetch ? 20 : 11));
	}
	/* but what matches before the limit matches */
	r = all_ways(&s, "192.0.2.8", "u@tree.example", SPF_PASS);
	CU_ASSERT_EQUAL(r.lookups, 10);
	CHECK_STR(r.mechanism, "include:t0.example");
	spfrun_close(&s);
}

static void
voids(void)
{
	static const struct {
		const char *sender;
		unsigned max;
		enum spf_result want;
		unsigned voids;
	} rows[] = {
	    {"u@v2.example", 2, SPF_SOFTFAIL, 2},
	    {"u@v3.example", 2, SPF_PERMERROR, 3},
	    {"u@v3.example", 3, SPF_SOFTFAIL, 3},
	    {"u@v2.example", 0, SPF_PERMERROR, 1},
	    {"u@v0.example", 0, SPF_SOFTFAIL, 0},
	    {"u@v3.example", 10, SPF_SOFTFAIL, 3},
	    /* the third is the last term and comes too late for a match */
	    {"u@last.example", 2, SPF_PERMERROR, 3},
	    {"u@first.example", 2, SPF_PASS, 2},
	    /* in includes, all together */
	    {"u@inc.example", 2, SPF_PERMERROR, 3},
	    {"u@inc.example", 3, SPF_SOFTFAIL, 3},
	    /* one for a term: neither hosts of an MX nor %{p} count */
	    {"u@mx.example", 0, SPF_SOFTFAIL, 0},
	    {"u@p.example", 1, SPF_SOFTFAIL, 1},
	    /* NXDOMAIN of the domain itself is none */
	    {"u@nothing.example", 0, SPF_NONE, 0},
	};
	struct spfrun s;

	spfrun_open(&s);
	spfrun_zone(&s,
	    "h.example A 192.0.2.1\n"
	    "txt.example TXT \"no address\"\n"
	    "v0.example TXT \"v=spf1 a:h.example ~all\"\n"
	    "v2.example TXT \"v=spf1 a:txt.example mx:x1.example ~all\"\n"
	    "v3.example TXT \"v=spf1 a:txt.example mx:txt.example "
	    "exists:x1.example ~all\"\n"
	    "last.example TXT \"v=spf1 a:x1.example a:x2.example "
	    "a:x3.example\"\n"
	    "first.example TXT \"v=spf1 a:x1.example a:x2.example "
	    "ip4:192.0.2.0/24 a:x3.example\"\n"
	    "inc.example TXT \"v=spf1 include:i1.example include:i2.example "
	    "ptr ~all\"\n"
	    "i1.example TXT \"v=spf1 a:x1.example\"\n"
	    "i2.example TXT \"v=spf1 exists:x2.example ?all\"\n"
	    "mx.example TXT \"v=spf1 mx ~all\"\n"
	    "mx.example MX 1 x1.example\n"
	    "mx.example MX 2 x2.example\n"
	    "mx.example MX 3 x3.example\n"
	    "p.example TXT \"v=spf1 exists:%{p}.x.example ~all\"\n");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct spfrun_result r;

		s.void_max = rows[i].max;
		r = all_ways(&s, "192.0.2.7", rows[i].sender, rows[i].want);
		suite_row(rows[i].sender);
		CHECK(r.voids == rows[i].voids);
		suite_row(NULL);
	}
	s.void_max = 2;
	CHECK_STR(
	    all_ways(&s, "192.0.2.7", "u@v3.example", SPF_PERMERROR).problem,
	    "v3.example: exists:x1.example: more than 2 void lookups");
	s.void_max = 1;
	CHECK_STR(
	    all_ways(&s, "192.0.2.7", "u@v2.example", SPF_PERMERROR).problem,
	    "v2.example: mx:x1.example: more than 1 void lookup");
	spfrun_close(&s);
}

/* Ten names of an MX, and eleven; of PTR the first ten. */
static void
names(void)
{
	struct spfrun_result r;
	struct spfrun s;
	struct buf zone;

	spfrun_open(&s);
	buf_init(&zone, 1 << 20);
	for (int i = 0; i < 11; i++) {
		line(&zone, "h%d.example A 192.0.2.%d\n", i, i + 1);
		if (i < 10)
			line(&zone, "ten.example MX 10 h%d.example\n", i);
		line(&zone, "eleven.example MX 10 h%d.example\n", i);
		line(&zone, "10.2.0.192.in-addr.arpa PTR h%d.example\n", i);
		line(&zone, "11.2.0.192.in-addr.arpa PTR h%d.example\n", i);
	}
	line(&zone, "ten.example TXT \"v=spf1 mx -all\"\n");
	line(&zone, "eleven.example TXT \"v=spf1 mx -all\"\n");
	line(&zone, "ptr.example TXT \"v=spf1 ptr:example -all\"\n");
	line(&zone, "ptr2.example TXT \"v=spf1 ptr:h10.example -all\"\n");
	line(&zone, "ptr3.example TXT \"v=spf1 ptr:h9.example -all\"\n");
	load(&s, &zone);
	r = all_ways(&s, "192.0.2.10", "u@ten.example", SPF_PASS);
	CU_ASSERT_EQUAL(r.lookups, 1);
	all_ways(&s, "192.0.2.11", "u@ten.example", SPF_FAIL);
	/* nothing of the eleven is asked */
	r = all_ways(&s, "192.0.2.1", "u@eleven.example", SPF_PERMERROR);
	CU_ASSERT_EQUAL(r.sent, 2);
	CHECK_STR(r.problem, "eleven.example: mx: 11 MX names, more than 10");
	/* "ptr:example" is no valid domain-spec, its names are below others */
	all_ways(&s, "192.0.2.10", "u@ptr.example", SPF_PERMERROR);
	all_ways(&s, "192.0.2.11", "u@ptr2.example", SPF_FAIL);
	all_ways(&s, "192.0.2.10", "u@ptr3.example", SPF_PASS);
	spfrun_close(&s);
}

/* A name of 253 octets that ends in the number. */
static void
long_name(char *name, unsigned number)
{
	char tail[32];
	size_t n = (size_t)snprintf(tail, sizeof tail, ".%05u.x", number);

	memset(name, 'n', 253);
	for (size_t i = 253 - n; i > 60; i -= 60)
		name[i - 60] = '.';
	memcpy(name + 253 - n, tail, n + 1);
}

/* The most that a check can keep: ten mx of ten hosts, all names as long as
 * they can be, and a client with ten names. SPF_CHECK_MEMORY_MAX holds it. */
static void
largest_check(void)
{
	struct spfrun_result r;
	struct spfrun s;
	struct buf zone;
	char name[260], host[260];

	spfrun_open(&s);
	buf_init(&zone, 1 << 20);
	buf_str(&zone, "a.example TXT \"v=spf1");
	for (unsigned i = 0; i < 9; i++) {
		long_name(name, i);
		buf_fmt(&zone, " mx:%s", name);
	}
	buf_str(&zone, " exists:%{p}.x -all\"\n");
	for (unsigned i = 0; i < 9; i++) {
		long_name(name, i);
		for (unsigned k = 0; k < 10; k++) {
			long_name(host, 100 + 10 * i + k);
			buf_fmt(&zone, "%s MX 1 %s\n%s A 192.0.2.9\n", name,
			    host, host);
		}
	}
	for (unsigned k = 0; k < 10; k++) {
		long_name(host, 1000 + k);
		buf_fmt(&zone, "1.2.0.192.in-addr.arpa PTR %s\n", host);
	}
	CU_ASSERT_EQUAL_FATAL(buf_error(&zone), 0);
	load(&s, &zone);
	r = all_ways(&s, "192.0.2.1", "u@a.example", SPF_FAIL);
	CU_ASSERT_EQUAL(r.lookups, 10);
	CU_ASSERT_EQUAL(r.queries, 1 + 9 * 11 + 12);
	spfrun_close(&s);
}

/* "h0.example A 203.0.113.0" and on, n addresses at a name; the last one is
 * ip. */
static void
addresses(struct buf *zone, const char *name, unsigned n, const char *ip)
{
	for (unsigned i = 0; i + 1 < n; i++)
		line(zone, "%s A 10.0.%u.%u\n", name, i / 256, i % 256);
	line(zone, "%s A %s\n", name, ip);
}

/* The one that matches may be the last; too many are an error, not a
 * verdict. */
static void
many_addresses(void)
{
	struct spfrun_result r;
	struct spfrun s;
	struct buf zone;

	spfrun_open(&s);
	buf_init(&zone, 1 << 20);
	addresses(&zone, "most.example", DNS_RECORDS_MAX, "192.0.2.1");
	addresses(&zone, "over.example", DNS_RECORDS_MAX + 1, "192.0.2.1");
	line(&zone, "mx.example MX 10 most.example\n");
	line(&zone, "a.example TXT \"v=spf1 a:most.example -all\"\n");
	line(&zone, "m.example TXT \"v=spf1 mx:mx.example -all\"\n");
	line(&zone, "n.example TXT \"v=spf1 a:most.example/28 -all\"\n");
	line(&zone, "e.example TXT \"v=spf1 exists:most.example -all\"\n");
	line(&zone, "o.example TXT \"v=spf1 a:over.example -all\"\n");
	load(&s, &zone);
	all_ways(&s, "192.0.2.1", "u@a.example", SPF_PASS);
	all_ways(&s, "192.0.2.2", "u@a.example", SPF_FAIL);
	all_ways(&s, "192.0.2.1", "u@m.example", SPF_PASS);
	all_ways(&s, "192.0.2.2", "u@m.example", SPF_FAIL);
	all_ways(&s, "192.0.2.15", "u@n.example", SPF_PASS);
	all_ways(&s, "192.0.2.16", "u@n.example", SPF_FAIL);
	all_ways(&s, "10.0.3.231", "u@n.example", SPF_PASS);
	all_ways(&s, "198.51.100.1", "u@e.example", SPF_PASS);
	r = all_ways(&s, "192.0.2.1", "u@o.example", SPF_TEMPERROR);
	CHECK_STR(r.problem,
	    "o.example: a:over.example: A of over.example: too many records");
	spfrun_close(&s);
}

/* Each answer is within its limit, all of them are not. */
static void
much_data(void)
{
	enum { EACH = 500 }; /* 12 KB: 20 hosts are within, 30 are not */
	struct spfrun_result r;
	struct spfrun s;
	struct buf zone;

	spfrun_open(&s);
	buf_init(&zone, 1 << 20);
	line(&zone, "a.example TXT \"v=spf1 mx:m0.example mx:m1.example ");
	line(&zone, "-all\"\nb.example TXT \"v=spf1 mx:m0.example ");
	line(&zone, "mx:m1.example mx:m2.example -all\"\n");
	for (int i = 0; i < 30; i++) {
		char host[32];

		line(&zone, "m%d.example MX 10 h%d.example\n", i / 10, i);
		snprintf(host, sizeof host, "h%d.example", i);
		addresses(
		    &zone, host, EACH, i % 10 == 9 ? "192.0.2.1" : "192.0.2.2");
	}
	load(&s, &zone);
	all_ways(&s, "192.0.2.3", "u@a.example", SPF_FAIL);
	all_ways(&s, "192.0.2.1", "u@a.example", SPF_PASS);
	/* Which answer is one too many depends on their order. */
	for (size_t i = 0; i < SPFRUN_WAYS; i++) {
		spfrun_choose(&s, &spfrun_ways[i]);
		r = spfrun_check(&s, "192.0.2.3", HELO, "u@b.example");
		CHECK(r.result == SPF_TEMPERROR);
		CHECK(strstr(r.problem, "too much data in all") != NULL);
	}
	spfrun_close(&s);
}

/* The client's own zone costs the sender's record nothing. */
static void
much_data_of_the_client(void)
{
	enum { EACH = 900 }; /* 21 KB; ten are 210 KB */
	struct spfrun s;
	struct buf zone;

	spfrun_open(&s);
	buf_init(&zone, 1 << 20);
	line(&zone, "a.example TXT \"v=spf1 exists:%%{p}.x.example ");
	line(&zone, "mx:m0.example mx:m1.example -all\"\n");
	for (int i = 0; i < 20; i++) {
		char host[32];

		line(&zone, "m%d.example MX 10 h%d.example\n", i / 10, i);
		snprintf(host, sizeof host, "h%d.example", i);
		addresses(&zone, host, 500, "192.0.2.2");
	}
	for (int i = 0; i < 10; i++) {
		char host[32];

		line(&zone, "3.2.0.192.in-addr.arpa PTR p%d.client.example\n",
		    i);
		snprintf(host, sizeof host, "p%d.client.example", i);
		addresses(&zone, host, EACH, "192.0.2.2");
	}
	load(&s, &zone);
	all_ways(&s, "192.0.2.3", "u@a.example", SPF_FAIL);
	spfrun_close(&s);
}

/* libspf2 drops compiled mechanisms over 511 bytes without a word. */
static void
long_records(void)
{
	static const unsigned lengths[] = {
	    63, 64, 65, 255, 256, 257, 1000, 2000};

	for (size_t i = 0; i < LENGTH(lengths); i++) {
		struct spfrun s;
		struct buf zone;
		struct spfrun_result r;
		unsigned n = lengths[i];

		spfrun_open(&s);
		buf_init(&zone, 1 << 20);
		line(&zone, "four.example TXT \"v=spf1");
		for (unsigned k = 0; k < n; k++)
			line(&zone, " ip4:10.%u.%u.0/24", k / 256, k % 256);
		line(&zone, " -all\"\nsix.example TXT \"v=spf1");
		for (unsigned k = 0; k < n; k++)
			line(&zone, " ip6:2001:db8:%x::/48", k);
		line(&zone, " -all\"\nall.example TXT \"v=spf1");
		repeat(&zone, n, "ip4:192.0.2.1/32 x", "=y");
		line(&zone, " -all\"\n");
		load(&s, &zone);
		r = all_ways(&s, "192.0.2.1", "u@four.example", SPF_FAIL);
		CHECK_STR(r.mechanism, "all");
		CU_ASSERT_EQUAL(r.sent, 1);
		r = all_ways(&s, "2001:db9::1", "u@six.example", SPF_FAIL);
		CU_ASSERT_EQUAL(r.sent, 1);
		all_ways(&s, "10.0.0.1", "u@four.example", SPF_PASS);
		all_ways(&s, "2001:db8::1", "u@six.example", SPF_PASS);
		all_ways(&s, "192.0.2.1", "u@all.example", SPF_PASS);
		all_ways(&s, "192.0.2.2", "u@all.example", SPF_FAIL);
		{
			char last[40];

			snprintf(last, sizeof last, "10.%u.%u.7", (n - 1) / 256,
			    (n - 1) % 256);
			all_ways(&s, last, "u@four.example", SPF_PASS);
			snprintf(last, sizeof last, "2001:db8:%x::7", n - 1);
			all_ways(&s, last, "u@six.example", SPF_PASS);
		}
		spfrun_close(&s);
	}
}

/* CVE-2021-20314, -33912, -33913 and CVE-2023-42118: what overflows libspf2's
 * buffers. None of it reaches its parser. */
static void
overflows(void)
{
	static const struct {
		const char *domain, *before, *macro, *after;
		unsigned macros, literal;
		enum spf_result want;
	} rows[] = {
	    {"mech.example", "a:", "%{d}", ".com -all", 127, 6000, SPF_FAIL},
	    {"mech2.example", "a:", "%{d}", ".com -all", 127, 300, SPF_FAIL},
	    {"incl.example", "-exists:", "%{d}.", "x.com -all", 1000, 0,
	        SPF_FAIL},
	    {"mod.example", "x=", "%{d}", " -all", 127, 6000, SPF_FAIL},
	    {"mod2.example", "exp-text=", "%{d}", " -all", 127, 6000, SPF_FAIL},
	    {"redir.example", "redirect=", "%{d}", ".com", 127, 6000,
	        SPF_PERMERROR},
	    {"exp.example", "-all exp=", "%{d}", ".com", 127, 6000, SPF_FAIL},
	    {"local.example", "exists:", "%{L}", ".com -all", 100, 10,
	        SPF_FAIL},
	    {"rev.example", "exists:", "%{d1r-}.%{l9r+-.}", ".com -all", 200, 0,
	        SPF_FAIL},
	    {"lit.example", "a:", "", ".com -all", 0, 256, SPF_FAIL},
	    {"lit2.example", "exists:x.", "", ".com -all", 0, 60000, SPF_FAIL},
	};
	struct spfrun s;
	struct buf zone;
	char sender[600];

	spfrun_open(&s);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		buf_init(&zone, 1 << 20);
		line(&zone, "%s TXT \"v=spf1 %s", rows[i].domain,
		    rows[i].before);
		for (unsigned k = 0; k < rows[i].macros; k++)
			line(&zone, "%s", rows[i].macro);
		for (unsigned k = 0; k < rows[i].literal; k++)
			buf_byte(&zone, 'A');
		line(&zone, "%s\"\n", rows[i].after);
		load(&s, &zone);
	}
	for (size_t i = 0; i < LENGTH(rows); i++) {
		snprintf(sender, sizeof sender, "u@%s", rows[i].domain);
		all_ways(&s, "192.0.2.1", sender, rows[i].want);
		memset(sender, 0xff, 400);
		snprintf(
		    sender + 400, sizeof sender - 400, "@%s", rows[i].domain);
		all_ways(&s, "192.0.2.1", sender, rows[i].want);
	}
	spfrun_close(&s);
}

/* The same in an explanation. */
static void
long_explanations(void)
{
	static const struct {
		unsigned macros, literal;
		bool want;
	} rows[] = {
	    {127, 6000, false}, /* over SPF_EXPLAIN_MAX */
	    {127, 3000, true},
	    {0, SPF_EXPLAIN_MAX, true},
	    {0, SPF_EXPLAIN_MAX + 1, false},
	    {0, SPF_EXPLANATION_MAX, true},
	    {1, SPF_EXPLANATION_MAX, true},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct spfrun s;
		struct buf zone;
		struct spfrun_result r;

		spfrun_open(&s);
		buf_init(&zone, 1 << 20);
		line(&zone, "e.example TXT \"");
		for (unsigned k = 0; k < rows[i].macros; k++)
			line(&zone, "%%{d}");
		for (unsigned k = 0; k < rows[i].literal; k++)
			buf_byte(&zone, 'A');
		line(
		    &zone, "\"\na.example TXT \"v=spf1 -all exp=e.example\"\n");
		load(&s, &zone);
		r = all_ways(&s, "192.0.2.1", "u@a.example", SPF_FAIL);
		CU_ASSERT_EQUAL(r.explanation[0] != '\0', rows[i].want);
		CU_ASSERT(strlen(r.explanation) <= SPF_EXPLANATION_MAX);
		if (rows[i].literal >= SPF_EXPLANATION_MAX && rows[i].want)
			CU_ASSERT_EQUAL(
			    strlen(r.explanation), SPF_EXPLANATION_MAX);
		spfrun_close(&s);
	}
}

/* Delimiters that libspf2 refuses, escapes that it forgets, names that it does
 * not cut. */
static void
macros(void)
{
	static const char *const asked[][3] = {
	    {"%{l,/}.x", "a,b/c", "a.b.c.x"},
	    {"%{lr-+,/_=}.x", "a-b+c,d/e_f=g", "g.f.e.d.c.b.a.x"},
	    {"%{L}.x", "it's*(me)!", "it%27s%2A%28me%29%21.x"},
	    {"%{l2r.}.%{ir}.%{v}.x", "a.b.c", "b.a.1.2.0.192.in-addr.x"},
	    {"%{s}.x", "a", "a@m.example.x"},
	    {"%{H}.%{o}.%{d2}.x", "a",
	        "mail.example.org.m.example.m.example.x"},
	    {"%{l}.x", "a b", "a b.x"},
	    {"%{l}.x", "a\\b", "a\\b.x"},
	};

	for (size_t i = 0; i < LENGTH(asked); i++) {
		struct spfrun s;
		struct buf zone;
		char sender[200];

		spfrun_open(&s);
		buf_init(&zone, 1 << 16);
		line(&zone, "m.example TXT \"v=spf1 exists:%s -all\"\n",
		    asked[i][0]);
		for (const char *p = asked[i][2]; *p != '\0'; p++)
			line(&zone, strchr(" \\\"", *p) ? "\\%03d" : "%c", *p);
		line(&zone, " A 127.0.0.2\n");
		load(&s, &zone);
		snprintf(sender, sizeof sender, "%s@m.example", asked[i][1]);
		all_ways(&s, "192.0.2.1", sender, SPF_PASS);
		spfrun_close(&s);
	}
}

static void
security(void)
{
	struct spfrun s;

	spfrun_open(&s);
	spfrun_zone(&s,
	    "s.example TXT \"v=spf1 a -all exp=e.example\"\n"
	    "s.example TXT secure\n"
	    "s.example A 192.0.2.1\n"
	    "s.example A secure\n"
	    "e.example TXT \"text\"\n"
	    "half.example TXT \"v=spf1 a -all\"\n"
	    "half.example TXT secure\n"
	    "half.example A 192.0.2.1\n"
	    "none.example TXT secure\n"
	    "bogus.example TXT \"v=spf1 a -all\"\n"
	    "bogus.example TXT secure\n"
	    "bogus.example A bogus\n");
	CU_ASSERT_EQUAL(
	    all_ways(&s, "192.0.2.1", "u@s.example", SPF_PASS).security,
	    DNS_SECURE);
	/* the explanation did not decide */
	CU_ASSERT_EQUAL(
	    all_ways(&s, "192.0.2.2", "u@s.example", SPF_FAIL).security,
	    DNS_SECURE);
	CU_ASSERT_EQUAL(
	    all_ways(&s, "192.0.2.1", "u@half.example", SPF_PASS).security,
	    DNS_INSECURE);
	CU_ASSERT_EQUAL(
	    all_ways(&s, "192.0.2.1", "u@none.example", SPF_NONE).security,
	    DNS_SECURE);
	CU_ASSERT_EQUAL(
	    all_ways(&s, "192.0.2.1", "u@bogus.example", SPF_TEMPERROR)
	        .security,
	    DNS_INSECURE);
	CU_ASSERT_EQUAL(all_ways(&s, "192.0.2.1", "u@alone", SPF_NONE).security,
	    DNS_INSECURE);
	spfrun_close(&s);
}

/* A question that finds no memory: temperror when it was needed, nothing when
 * it was early. */
static void
no_memory(void)
{
	struct spfrun s;

	spfrun_open(&s);
	spfrun_zone(&s,
	    "a.example TXT nomem\n"
	    "b.example TXT \"v=spf1 a:h.example mx:c.example -all\"\n"
	    "c.example MX nomem\n"
	    "h.example A 192.0.2.1\n"
	    "d.example TXT \"v=spf1 -all exp=e.example\"\n"
	    "e.example TXT nomem\n"
	    "f.example TXT \"v=spf1 mx -all\"\n"
	    "f.example MX 1 g.example\n"
	    "g.example A nomem\n");
	CHECK_STR(
	    all_ways(&s, "192.0.2.1", "u@a.example", SPF_TEMPERROR).problem,
	    "a.example: out of memory");
	all_ways(&s, "192.0.2.1", "u@b.example", SPF_PASS);
	all_ways(&s, "192.0.2.2", "u@b.example", SPF_TEMPERROR);
	all_ways(&s, "192.0.2.2", "u@d.example", SPF_FAIL);
	all_ways(&s, "192.0.2.2", "u@f.example", SPF_TEMPERROR);
	spfrun_close(&s);
}

SUITE("lookups", T(terms), T(include_tree), T(voids), T(names),
    T(largest_check), T(many_addresses), T(much_data),
    T(much_data_of_the_client), T(long_records), T(overflows),
    T(long_explanations), T(macros), T(security), T(no_memory))

/* Whole checks on zones in text: each scenario in every order of answers, with
 * the same verdict, mechanism, problem, explanation and counts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/limits.h"
#include "tests/support/loop_fake.h"
#include "tests/support/nomem.h"
#include "tests/support/spfrun.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

struct want {
	const char *name; /* of the row */
	const char *client, *helo, *sender;
	enum spf_result result;
	const char *mechanism; /* "": none */
	unsigned lookups, voids;
	const char *text; /* the problem of an error, else the explanation */
};

/* Checks one row in every order. */
static void
check_row(struct spfrun *s, const struct want *w)
{
	for (size_t i = 0; i < SPFRUN_WAYS; i++) {
		bool error =
		    w->result == SPF_TEMPERROR || w->result == SPF_PERMERROR;
		struct spfrun_result r;
		char row[200];

		snprintf(
		    row, sizeof row, "%s (%s)", w->name, spfrun_ways[i].name);
		suite_row(row);
		spfrun_choose(s, &spfrun_ways[i]);
		r = spfrun_check(s, w->client, w->helo, w->sender);
		CHECK_STR(
		    spf_result_word(r.result), spf_result_word(w->result));
		CHECK_STR(r.mechanism, w->mechanism);
		CHECK_STR(error ? r.problem : r.explanation,
		    w->text == NULL ? "" : w->text);
		CHECK_STR(error ? r.explanation : r.problem, "");
		CHECK(r.lookups == w->lookups);
		CHECK(r.voids == w->voids);
		CHECK(r.queries == r.sent);
	}
	suite_row(NULL);
}

static void
check_rows(const char *zone, const struct want *rows, size_t n)
{
	struct spfrun s;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	for (size_t i = 0; i < n; i++)
		check_row(&s, &rows[i]);
	spfrun_close(&s);
}

#define HELO "mail.example.org"

static void
inputs(void)
{
	static const char zone[] =
	    "a.example TXT \"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all "
	    "exp=e.%{d}\"\n"
	    "e.a.example TXT \"%{s} %{l} %{o} %{d} %{h} %{c} %{v} %{r} %{t}\"\n"
	    "xn--bcher-kva.example TXT \"v=spf1 exists:%{o}.%{d} -all\"\n"
	    "xn--bcher-kva.example.xn--bcher-kva.example A 127.0.0.2\n"
	    "odd+name.example TXT \"v=spf1 -all\"\n"
	    "loop.example TXT \"v=spf1 -all\"\n";
	static const struct want rows[] = {
	    {"pass", "192.0.2.1", HELO, "u@a.example", SPF_PASS,
	        "ip4:192.0.2.1", 0, 0, NULL},
	    {"IPv6", "2001:db8::1", HELO, "u@a.example", SPF_PASS,
	        "ip6:2001:db8::1", 0, 0, NULL},
	    {"mapped client", "::ffff:192.0.2.1", HELO, "u@a.example", SPF_PASS,
	        "ip4:192.0.2.1", 0, 0, NULL},
	    {"fail", "192.0.2.2", HELO, "User@A.Example", SPF_FAIL, "all", 0, 0,
	        "User@a.example User a.example a.example mail.example.org "
	        "192.0.2.2 in-addr mx.receiver.example 1700000000"},
	    {"no local part", "192.0.2.2", HELO, "@a.example", SPF_FAIL, "all",
	        0, 0,
	        "postmaster@a.example postmaster a.example a.example "
	        "mail.example.org 192.0.2.2 in-addr mx.receiver.example "
	        "1700000000"},
	    {"no local part, macros", "2001:db8::2", HELO, "@a.example.",
	        SPF_FAIL, "all", 0, 0,
	        "postmaster@a.example postmaster a.example a.example "
	        "mail.example.org 2001:db8::2 ip6 mx.receiver.example "
	        "1700000000"},
	    {"several @", "192.0.2.2", HELO, "\"a@b\"@c@a.example", SPF_FAIL,
	        "all", 0, 0,
	        "\"a@b\"@c@a.example \"a@b\"@c a.example a.example "
	        "mail.example.org 192.0.2.2 in-addr mx.receiver.example "
	        "1700000000"},
	    {"U-labels", "192.0.2.1", HELO,
	        "u@B\xc3\xbc"
	        "cher.example",
	        SPF_PASS, "exists:%{o}.%{d}", 1, 0, NULL},
	    {"A-labels", "192.0.2.1", HELO, "u@xn--bcher-kva.example", SPF_PASS,
	        "exists:%{o}.%{d}", 1, 0, NULL},
	    {"odd name", "192.0.2.1", HELO, "u@odd+name.example", SPF_FAIL,
	        "all", 0, 0, NULL},
	    /* loopback is no pass */
	    {"loopback", "127.0.0.1", HELO, "u@loop.example", SPF_FAIL, "all",
	        0, 0, NULL},
	    {"loopback 6", "::1", HELO, "u@loop.example", SPF_FAIL, "all", 0, 0,
	        NULL},
	    {"unknown name", "192.0.2.1", HELO, "u@none.example", SPF_NONE, "",
	        0, 0, NULL},
	};

	check_rows(zone, rows, LENGTH(rows));
}

/* Domains for which nothing is asked. */
static void
no_domain(void)
{
	static const struct {
		const char *sender, *domain;
	} rows[] = {
	    {"u@example", "example"},
	    {"u@", ""},
	    {"@", ""},
	    {"u@a..example", "a..example"},
	    {"u@.a.example", ".a.example"},
	    {"u@.", "."},
	    {"u@[192.0.2.1]", "[192.0.2.1]"},
	    {"u@[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"},
	    {"u@192.0.2.1", "192.0.2.1"},
	    {"u@a b.example", "a?b.example"},
	    {"u@a\r\nb.example", "a??b.example"},
	    {"u@\xff.example", "?.example"},
	    {"u@a."
	     "1234567890123456789012345678901234567890123456789012345678901234"
	     ".example",
	        "a."
	        "1234567890123456789012345678901234567890123456789012345678901"
	        "234.example"},
	};
	struct spfrun s;

	spfrun_open(&s);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct spfrun_result r =
		    spfrun_check(&s, "192.0.2.1", HELO, rows[i].sender);

		suite_row(rows[i].sender);
		CHECK(r.result == SPF_NONE && r.queries == 0 && r.sent == 0);
		CHECK_STR(r.domain, rows[i].domain);
	}
	suite_row(NULL);
	spfrun_close(&s);
}

static void
selection(void)
{
	static const char zone[] =
	    "one.example TXT \"google-site\"\n"
	    "one.example TXT \"v=spf10 +all\"\n"
	    "one.example TXT \"V=SpF1 -all\"\n"
	    "two.example TXT \"v=spf1 -all\"\n"
	    "two.example TXT \"v=spf1 ~all\"\n"
	    "other.example TXT \"v=spf2.0/pra -all\"\n"
	    "nodata.example A 192.0.2.1\n"
	    "joined.example TXT \"v=spf1 ip4:192.0\" \".2.1 -all\"\n"
	    "slow.example TXT timeout\n"
	    "broken.example TXT servfail\n"
	    "refused.example TXT refused\n"
	    "false.example TXT \"v=spf1 -all\"\n"
	    "false.example TXT bogus\n"
	    "bad.example TXT \"v=spf1 -all a:\\128.example moo\"\n"
	    "alias.example CNAME one.example\n"
	    "ring.example CNAME ring2.example\n"
	    "ring2.example CNAME ring.example\n"
	    "bytes.example TXT \"v=spf1 a\\000b -all\"\n";
	static const struct want rows[] = {
	    {"one of several", "192.0.2.1", HELO, "u@one.example", SPF_FAIL,
	        "all", 0, 0, NULL},
	    {"two", "192.0.2.1", HELO, "u@two.example", SPF_PERMERROR, "", 0, 0,
	        "two.example: more than one SPF record"},
	    {"none", "192.0.2.1", HELO, "u@other.example", SPF_NONE, "", 0, 0,
	        NULL},
	    {"no TXT", "192.0.2.1", HELO, "u@nodata.example", SPF_NONE, "", 0,
	        0, NULL},
	    {"joined", "192.0.2.1", HELO, "u@joined.example", SPF_PASS,
	        "ip4:192.0.2.1", 0, 0, NULL},
	    {"timeout", "192.0.2.1", HELO, "u@slow.example", SPF_TEMPERROR, "",
	        0, 0, "slow.example: TXT of slow.example: timeout"},
	    {"servfail", "192.0.2.1", HELO, "u@broken.example", SPF_TEMPERROR,
	        "", 0, 0, "broken.example: TXT of broken.example: SERVFAIL"},
	    {"refused", "192.0.2.1", HELO, "u@refused.example", SPF_TEMPERROR,
	        "", 0, 0, "refused.example: TXT of refused.example: REFUSED"},
	    {"bogus", "192.0.2.1", HELO, "u@false.example", SPF_TEMPERROR, "",
	        0, 0, "false.example: TXT of false.example: SERVFAIL"},
	    {"syntax", "192.0.2.1", HELO, "u@bad.example", SPF_PERMERROR, "", 0,
	        0, "bad.example: a:?.example: byte outside printable ASCII"},
	    {"NUL", "192.0.2.1", HELO, "u@bytes.example", SPF_PERMERROR, "", 0,
	        0,
	        "bytes.example: a?b: no domain where the mechanism needs one"},
	    {"CNAME", "192.0.2.1", HELO, "u@alias.example", SPF_FAIL, "all", 0,
	        0, NULL},
	    {"CNAME loop", "192.0.2.1", HELO, "u@ring.example", SPF_TEMPERROR,
	        "", 0, 0, "ring.example: TXT of ring.example: CNAME loop"},
	};

	check_rows(zone, rows, LENGTH(rows));
}

/* The records that are right decide; the same one twice is one; a chain of 30
 * CNAMEs is followed. */
static void
odd_answers(void)
{
	static const char zone[] = "odd.example TXT \\# 0\n"
	                           "odd.example TXT \\# 3 097631\n"
	                           "odd.example TXT \"v=spf1 a mx -all\"\n"
	                           "odd.example A \\# 5 c000020101\n"
	                           "odd.example A 192.0.2.1\n"
	                           "odd.example MX \\# 1 00\n"
	                           "odd.example MX 10 mx.example\n"
	                           "mx.example A 192.0.2.2\n"
	                           "only.example TXT \\# 0\n"
	                           "double.example TXT \"v=spf1 -all\"\n"
	                           "double.example TXT \"v=spf1 -all\"\n";
	static const struct want rows[] = {
	    {"an A of five octets", "192.0.2.1", HELO, "u@odd.example",
	        SPF_PASS, "a", 1, 0, NULL},
	    {"an MX of one octet", "192.0.2.2", HELO, "u@odd.example", SPF_PASS,
	        "mx", 2, 0, NULL},
	    {"none that is right", "192.0.2.2", HELO, "u@only.example",
	        SPF_NONE, "", 0, 0, NULL},
	    {"twice", "192.0.2.1", HELO, "u@double.example", SPF_FAIL, "all", 0,
	        0, NULL},
	    {"a chain", "192.0.2.1", HELO, "u@c0.example", SPF_FAIL, "all", 0,
	        0, NULL},
	};
	static char all[4000];
	size_t n = (size_t)snprintf(all, sizeof all, "%s", zone);

	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(all + n, sizeof all - n,
		    "c%d.example CNAME c%d.example\n", i, i + 1);
	snprintf(all + n, sizeof all - n, "c30.example TXT \"v=spf1 -all\"\n");
	check_rows(all, rows, LENGTH(rows));
}

static void
includes(void)
{
	static const char zone[] =
	    "yes.example TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n"
	    "no.example TXT \"v=spf1 -all exp=no.e.example\"\n"
	    "soft.example TXT \"v=spf1 ~all\"\n"
	    "neutral.example TXT \"v=spf1\"\n"
	    "slow.example TXT timeout\n"
	    "bad.example TXT \"v=spf1 moo\"\n"
	    "none.example A 192.0.2.1\n"
	    "e.example TXT \"outer\"\n"
	    "no.e.example TXT \"inner\"\n"
	    "pass.example TXT \"v=spf1 include:no.example include:soft.example "
	    "include:neutral.example ~include:yes.example -all\"\n"
	    "fail.example TXT \"v=spf1 include:no.example -all "
	    "exp=e.example\"\n"
	    "minus.example TXT \"v=spf1 -include:yes.example exp=e.example\"\n"
	    "temp.example TXT \"v=spf1 include:slow.example +all\"\n"
	    "perm.example TXT \"v=spf1 include:bad.example +all\"\n"
	    "gone.example TXT \"v=spf1 include:none.example +all\"\n"
	    "nx.example TXT \"v=spf1 include:nxdomain.example +all\"\n"
	    "label.example TXT \"v=spf1 include:a..example +all\"\n"
	    "behind.example TXT \"v=spf1 include:yes.example "
	    "include:bad.example\"\n"
	    "self.example TXT \"v=spf1 include:self.example -all\"\n"
	    "ping.example TXT \"v=spf1 include:pong.example -all\"\n"
	    "pong.example TXT \"v=spf1 include:ping.example -all\"\n"
	    "deep.example TXT \"v=spf1 include:d1.example -all\"\n"
	    "d1.example TXT \"v=spf1 a:no.example include:d2.example -all\"\n"
	    "d2.example TXT \"v=spf1 include:yes.example ?all\"\n";
	static const struct want rows[] = {
	    {"match", "192.0.2.1", HELO, "u@pass.example", SPF_SOFTFAIL,
	        "include:yes.example", 4, 0, NULL},
	    {"no match", "192.0.2.1", HELO, "u@fail.example", SPF_FAIL, "all",
	        1, 0, "outer"},
	    {"-include", "192.0.2.1", HELO, "u@minus.example", SPF_FAIL,
	        "include:yes.example", 1, 0, "outer"},
	    {"temperror", "192.0.2.1", HELO, "u@temp.example", SPF_TEMPERROR,
	        "", 1, 0,
	        "temp.example: include:slow.example: TXT of slow.example: "
	        "timeout"},
	    {"permerror", "192.0.2.1", HELO, "u@perm.example", SPF_PERMERROR,
	        "", 1, 0, "bad.example: moo: unknown mechanism"},
	    {"none", "192.0.2.1", HELO, "u@gone.example", SPF_PERMERROR, "", 1,
	        1,
	        "gone.example: include:none.example: no SPF record at "
	        "none.example"},
	    {"nxdomain", "192.0.2.1", HELO, "u@nx.example", SPF_PERMERROR, "",
	        1, 1,
	        "nx.example: include:nxdomain.example: no SPF record at "
	        "nxdomain.example"},
	    {"no name", "192.0.2.1", HELO, "u@label.example", SPF_PERMERROR, "",
	        1, 0,
	        "label.example: include:a..example: the domain is no name"},
	    {"error behind a match", "192.0.2.1", HELO, "u@behind.example",
	        SPF_PASS, "include:yes.example", 1, 0, NULL},
	    {"itself", "192.0.2.1", HELO, "u@self.example", SPF_PERMERROR, "",
	        10, 0,
	        "self.example: include:self.example: more than 10 terms that "
	        "ask DNS"},
	    {"each other", "192.0.2.1", HELO, "u@ping.example", SPF_PERMERROR,
	        "", 10, 0,
	        "ping.example: include:pong.example: more than 10 terms that "
	        "ask DNS"},
	    {"deep", "192.0.2.1", HELO, "u@deep.example", SPF_PASS,
	        "include:d1.example", 4, 1, NULL},
	    {"deep, none", "192.0.3.1", HELO, "u@deep.example", SPF_FAIL, "all",
	        4, 1, NULL},
	};

	check_rows(zone, rows, LENGTH(rows));
}

static void
redirects(void)
{
	static const char zone[] =
	    "to.example TXT \"v=spf1 ip4:192.0.2.1 -all exp=to.e.example\"\n"
	    "to.e.example TXT \"by %{d} for %{o}\"\n"
	    "e.example TXT \"origin\"\n"
	    "from.example TXT \"v=spf1 redirect=to.example a:x.example "
	    "exp=e.example\"\n"
	    "twice.example TXT \"v=spf1 redirect=from.example\"\n"
	    "nothing.example TXT \"v=spf1 redirect=x.example\"\n"
	    "error.example TXT \"v=spf1 redirect=bad.example\"\n"
	    "bad.example TXT \"v=spf1 a:\"\n"
	    "default.example TXT \"v=spf1 redirect=empty.example\"\n"
	    "empty.example TXT \"v=spf1\"\n"
	    "loop.example TXT \"v=spf1 redirect=loop.example\"\n"
	    "slow.example TXT timeout\n"
	    "late.example TXT \"v=spf1 redirect=slow.example\"\n"
	    "all.example TXT \"v=spf1 redirect=slow.example ?all\"\n"
	    "inc.example TXT \"v=spf1 include:from.example ~all\"\n"
	    "macro.example TXT \"v=spf1 redirect=%{d}.to.example\"\n"
	    "macro.example.to.example TXT \"v=spf1 exists:%{d}.x.example\"\n"
	    "macro.example.to.example.x.example A 127.0.0.2\n";
	static const struct want rows[] = {
	    {"pass", "192.0.2.1", HELO, "u@from.example", SPF_PASS,
	        "ip4:192.0.2.1", 2, 1, NULL},
	    {"fail", "192.0.2.2", HELO, "u@from.example", SPF_FAIL, "all", 2, 1,
	        "by to.example for from.example"},
	    {"twice", "192.0.2.2", HELO, "u@twice.example", SPF_FAIL, "all", 3,
	        1, "by to.example for twice.example"},
	    {"none", "192.0.2.2", HELO, "u@nothing.example", SPF_PERMERROR, "",
	        1, 1,
	        "nothing.example: redirect=x.example: no SPF record at "
	        "x.example"},
	    {"permerror", "192.0.2.2", HELO, "u@error.example", SPF_PERMERROR,
	        "", 1, 0, "bad.example: a:: empty domain"},
	    {"default", "192.0.2.2", HELO, "u@default.example", SPF_NEUTRAL, "",
	        1, 0, NULL},
	    {"loop", "192.0.2.2", HELO, "u@loop.example", SPF_PERMERROR, "", 10,
	        0,
	        "loop.example: redirect=loop.example: more than 10 terms that "
	        "ask DNS"},
	    {"temperror", "192.0.2.2", HELO, "u@late.example", SPF_TEMPERROR,
	        "", 1, 0,
	        "late.example: redirect=slow.example: TXT of slow.example: "
	        "timeout"},
	    {"all is there", "192.0.2.2", HELO, "u@all.example", SPF_NEUTRAL,
	        "all", 0, 0, NULL},
	    {"in an include", "192.0.2.1", HELO, "u@inc.example", SPF_PASS,
	        "include:from.example", 3, 1, NULL},
	    {"in an include, no match", "192.0.2.2", HELO, "u@inc.example",
	        SPF_SOFTFAIL, "all", 3, 1, NULL},
	    {"macros", "192.0.2.2", HELO, "u@macro.example", SPF_PASS,
	        "exists:%{d}.x.example", 2, 0, NULL},
	};

	check_rows(zone, rows, LENGTH(rows));
}

static void
addresses(void)
{
	static const char zone[] =
	    "a.example TXT \"v=spf1 a:h.example/24//64 -all\"\n"
	    "h.example A 192.0.3.1\n"
	    "h.example A 192.0.2.1\n"
	    "h.example AAAA 2001:db8::1\n"
	    "own.example TXT \"v=spf1 a mx -all\"\n"
	    "own.example A 192.0.2.1\n"
	    "own.example MX 10 h.example\n"
	    "zero.example TXT \"v=spf1 a:h.example/0//0 -all\"\n"
	    "zeromx.example TXT \"v=spf1 mx:mx.example/0//0 -all\"\n"
	    "mx.example MX 10 none.example\n"
	    "mx.example MX 20 h.example\n"
	    "zero4.example TXT \"v=spf1 a:four.example/0//0 -all\"\n"
	    "four.example A 192.0.2.1\n"
	    "null.example TXT \"v=spf1 mx ~all\"\n"
	    "null.example MX 0 .\n"
	    "voidmx.example TXT \"v=spf1 mx:h.example ~all\"\n"
	    "slow.example A timeout\n"
	    "slow.example AAAA timeout\n"
	    "slowmx.example TXT \"v=spf1 mx -all\"\n"
	    "slowmx.example MX 10 slow.example\n"
	    "slowmx.example MX 20 h.example\n"
	    "fastmx.example TXT \"v=spf1 mx -all\"\n"
	    "fastmx.example MX 10 h.example\n"
	    "fastmx.example MX 20 slow.example\n"
	    "slowa.example TXT \"v=spf1 a:slow.example +all\"\n"
	    "ex.example TXT \"v=spf1 exists:four.example -all\"\n"
	    "ex6.example TXT \"v=spf1 exists:six.example -all\"\n"
	    "six.example AAAA 2001:db8::1\n"
	    "mapped.example AAAA ::ffff:192.0.2.1\n"
	    "map.example TXT \"v=spf1 a:mapped.example ~all\"\n"
	    "same.example TXT \"v=spf1 a:h.example ip4:192.0.2.0/24\"\n"
	    "label.example TXT \"v=spf1 a:x..example mx:y..example "
	    "exists:z..example ~all\"\n"
	    "alias.example TXT \"v=spf1 a:www.example -all\"\n"
	    "www.example CNAME h.example\n"
	    "ring.example TXT \"v=spf1 a:r1.example -all\"\n"
	    "r1.example CNAME r2.example\n"
	    "r2.example CNAME r1.example\n";
	static const struct want rows[] = {
	    {"a", "192.0.2.77", HELO, "u@a.example", SPF_PASS,
	        "a:h.example/24//64", 1, 0, NULL},
	    {"a 6", "2001:db8::ffff", HELO, "u@a.example", SPF_PASS,
	        "a:h.example/24//64", 1, 0, NULL},
	    {"a no", "192.0.4.1", HELO, "u@a.example", SPF_FAIL, "all", 1, 0,
	        NULL},
	    {"a 6 no", "2001:db8:0:1::1", HELO, "u@a.example", SPF_FAIL, "all",
	        1, 0, NULL},
	    {"own a", "192.0.2.1", HELO, "u@own.example", SPF_PASS, "a", 1, 0,
	        NULL},
	    {"own mx", "192.0.3.1", HELO, "u@own.example", SPF_PASS, "mx", 2, 0,
	        NULL},
	    {"own mx 6", "2001:db8::1", HELO, "u@own.example", SPF_PASS, "mx",
	        2, 1, NULL},
	    {"/0", "203.0.113.1", HELO, "u@zero.example", SPF_PASS,
	        "a:h.example/0//0", 1, 0, NULL},
	    {"//0", "2001:db8:9::1", HELO, "u@zero.example", SPF_PASS,
	        "a:h.example/0//0", 1, 0, NULL},
	    {"mx /0", "203.0.113.1", HELO, "u@zeromx.example", SPF_PASS,
	        "mx:mx.example/0//0", 1, 0, NULL},
	    {"//0 without AAAA", "2001:db8::1", HELO, "u@zero4.example",
	        SPF_FAIL, "all", 1, 1, NULL},
	    {"null MX", "192.0.2.1", HELO, "u@null.example", SPF_SOFTFAIL,
	        "all", 1, 0, NULL},
	    {"no MX", "192.0.2.1", HELO, "u@voidmx.example", SPF_SOFTFAIL,
	        "all", 1, 1, NULL},
	    {"error of an MX's host", "192.0.2.1", HELO, "u@slowmx.example",
	        SPF_TEMPERROR, "", 1, 0,
	        "slowmx.example: mx: A of slow.example: timeout"},
	    {"match before the error", "192.0.2.1", HELO, "u@fastmx.example",
	        SPF_PASS, "mx", 1, 0, NULL},
	    {"error of a", "2001:db8::1", HELO, "u@slowa.example",
	        SPF_TEMPERROR, "", 1, 0,
	        "slowa.example: a:slow.example: AAAA of slow.example: "
	        "timeout"},
	    {"exists asks A", "2001:db8::1", HELO, "u@ex.example", SPF_PASS,
	        "exists:four.example", 1, 0, NULL},
	    {"exists asks no AAAA", "2001:db8::1", HELO, "u@ex6.example",
	        SPF_FAIL, "all", 1, 1, NULL},
	    {"a mapped AAAA is no match", "2001:db8::1", HELO, "u@map.example",
	        SPF_SOFTFAIL, "all", 1, 0, NULL},
	    /* which of two that pass was it? */
	    {"first", "192.0.2.1", HELO, "u@same.example", SPF_PASS,
	        "a:h.example", 1, 0, NULL},
	    {"second", "192.0.2.2", HELO, "u@same.example", SPF_PASS,
	        "ip4:192.0.2.0/24", 1, 0, NULL},
	    {"neither", "192.0.4.2", HELO, "u@same.example", SPF_NEUTRAL, "", 1,
	        0, NULL},
	    {"no names", "192.0.2.1", HELO, "u@label.example", SPF_SOFTFAIL,
	        "all", 3, 0, NULL},
	    {"CNAME", "192.0.2.1", HELO, "u@alias.example", SPF_PASS,
	        "a:www.example", 1, 0, NULL},
	    {"CNAME loop", "192.0.2.1", HELO, "u@ring.example", SPF_TEMPERROR,
	        "", 1, 0,
	        "ring.example: a:r1.example: A of r1.example: CNAME loop"},
	};

	check_rows(zone, rows, LENGTH(rows));
}

static void
names_of_clients(void)
{
	static const char zone[] =
	    "1.2.0.192.in-addr.arpa PTR mail.a.example\n"
	    "1.2.0.192.in-addr.arpa PTR forged.b.example\n"
	    "1.2.0.192.in-addr.arpa PTR c.example\n"
	    "mail.a.example A 192.0.2.1\n"
	    "forged.b.example A 192.0.2.9\n"
	    "c.example A 192.0.2.1\n"
	    "2.2.0.192.in-addr.arpa PTR slow.d.example\n"
	    "2.2.0.192.in-addr.arpa PTR x.d.example\n"
	    "slow.d.example A timeout\n"
	    "x.d.example A 192.0.2.2\n"
	    "3.2.0.192.in-addr.arpa PTR timeout\n"
	    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	    "ip6.arpa PTR six.a.example\n"
	    "six.a.example AAAA 2001:db8::1\n"
	    "a.example TXT \"v=spf1 ptr ~all\"\n"
	    "b.example TXT \"v=spf1 ptr ~all\"\n"
	    "d.example TXT \"v=spf1 ptr ~all\"\n"
	    "il.a.example TXT \"v=spf1 ptr ~all\"\n"
	    "l.a.example TXT \"v=spf1 ptr:ail.a.example ~all\"\n"
	    "p.example TXT \"v=spf1 exists:%{p}.ok.example -all "
	    "exp=%{p}.e.example\"\n"
	    "mail.a.example.ok.example A 127.0.0.2\n"
	    "unknown.e.example TXT \"%{p} here\"\n"
	    "c.example TXT \"v=spf1 exists:%{p}.ok2.example -all\"\n"
	    "c.example.ok2.example A 127.0.0.2\n"
	    "5.2.0.192.in-addr.arpa PTR other.example\n"
	    "5.2.0.192.in-addr.arpa PTR below.f.example\n"
	    "other.example A 192.0.2.5\n"
	    "below.f.example A 192.0.2.5\n"
	    "f.example TXT \"v=spf1 exists:%{p}.ok3.example -all\"\n"
	    "below.f.example.ok3.example A 127.0.0.2\n"
	    "g.example TXT \"v=spf1 exists:%{p}.ok4.example -all\"\n"
	    "other.example.ok4.example A 127.0.0.2\n"
	    "upper.example TXT \"v=spf1 ptr:MAIL.A.Example -all\"\n"
	    "macro.example TXT \"v=spf1 ptr:%{p} -all\"\n";
	static const struct want rows[] = {
	    {"below", "192.0.2.1", HELO, "u@a.example", SPF_PASS, "ptr", 1, 0,
	        NULL},
	    {"IPv6", "2001:db8::1", HELO, "u@a.example", SPF_PASS, "ptr", 1, 0,
	        NULL},
	    {"itself", "192.0.2.1", HELO, "u@upper.example", SPF_PASS,
	        "ptr:MAIL.A.Example", 1, 0, NULL},
	    {"not validated", "192.0.2.1", HELO, "u@b.example", SPF_SOFTFAIL,
	        "all", 1, 0, NULL},
	    {"label boundary", "192.0.2.1", HELO, "u@il.a.example",
	        SPF_SOFTFAIL, "all", 1, 0, NULL},
	    {"label boundary 2", "192.0.2.1", HELO, "u@l.a.example",
	        SPF_SOFTFAIL, "all", 1, 0, NULL},
	    {"error of a name is skipped", "192.0.2.2", HELO, "u@d.example",
	        SPF_PASS, "ptr", 1, 0, NULL},
	    {"error of PTR is no match", "192.0.2.3", HELO, "u@a.example",
	        SPF_SOFTFAIL, "all", 1, 0, NULL},
	    {"no PTR is void", "192.0.2.4", HELO, "u@a.example", SPF_SOFTFAIL,
	        "all", 1, 1, NULL},
	    {"%{p}", "192.0.2.1", HELO, "u@p.example", SPF_PASS,
	        "exists:%{p}.ok.example", 1, 0, NULL},
	    {"%{p} unknown", "192.0.2.4", HELO, "u@p.example", SPF_FAIL, "all",
	        1, 1, "unknown here"},
	    {"%{p} prefers the domain", "192.0.2.1", HELO, "u@c.example",
	        SPF_PASS, "exists:%{p}.ok2.example", 1, 0, NULL},
	    {"%{p} prefers what is below", "192.0.2.5", HELO, "u@f.example",
	        SPF_PASS, "exists:%{p}.ok3.example", 1, 0, NULL},
	    {"%{p} takes the first else", "192.0.2.5", HELO, "u@g.example",
	        SPF_PASS, "exists:%{p}.ok4.example", 1, 0, NULL},
	    {"%{p} in ptr", "192.0.2.1", HELO, "u@macro.example", SPF_PASS,
	        "ptr:%{p}", 1, 0, NULL},
	};

	check_rows(zone, rows, LENGTH(rows));
}

/* RFC 8616 section 4: the terms that hold %{l} or %{s} do not match. */
static void
utf8_local_part(void)
{
	static const char zone[] =
	    "a.example TXT \"v=spf1 exists:%{l}.x.example "
	    "-exists:%{S}.x.example include:%{l}.x.example ~all\"\n"
	    "r.example TXT \"v=spf1 redirect=%{l}.x.example\"\n"
	    "ok.example TXT \"v=spf1 exists:%{o}.x.example -all\"\n"
	    "ok.example.x.example A 127.0.0.2\n"
	    "e.example TXT \"v=spf1 -all exp=%{l}.e.example\"\n"
	    "\\195\\188.e.example TXT \"not asked\"\n"
	    "\\195\\188.x.example A 127.0.0.2\n"
	    "%C3%BC.x.example A 127.0.0.2\n"
	    "\\195\\188.x.example TXT \"v=spf1 +all\"\n"
	    "t.example TXT \"v=spf1 -all exp=text.example\"\n"
	    "text.example TXT \"by %{l}\"\n"
	    "u.example TXT \"v=spf1 -all exp=utext.example\"\n"
	    "utext.example TXT \"by %{L}\"\n";
	static const struct want rows[] = {
	    {"no match", "192.0.2.1", HELO, "\xc3\xbc@a.example", SPF_SOFTFAIL,
	        "all", 3, 0, NULL},
	    {"redirect", "192.0.2.1", HELO, "\xc3\xbc@r.example", SPF_NEUTRAL,
	        "", 1, 0, NULL},
	    {"other letters", "192.0.2.1", HELO, "\xc3\xbc@ok.example",
	        SPF_PASS, "exists:%{o}.x.example", 1, 0, NULL},
	    {"exp", "192.0.2.1", HELO, "\xc3\xbc@e.example", SPF_FAIL, "all", 0,
	        0, NULL},
	    {"exp text", "192.0.2.1", HELO, "\xc3\xbc@t.example", SPF_FAIL,
	        "all", 0, 0, NULL},
	    {"escaped", "192.0.2.1", HELO, "\xc3\xbc@u.example", SPF_FAIL,
	        "all", 0, 0, "by %C3%BC"},
	};

	check_rows(zone, rows, LENGTH(rows));
}

static void
explanations(void)
{
	static const char zone[] =
	    "good.example TXT \"v=spf1 -all exp=g.e.example\"\n"
	    "g.e.example TXT \"See %{i}, \" \"%%me%_%-x %{d2}.\"\n"
	    "two.example TXT \"v=spf1 -all exp=two.e.example\"\n"
	    "two.e.example TXT \"one\"\n"
	    "two.e.example TXT \"two\"\n"
	    "utf.example TXT \"v=spf1 -all exp=utf.e.example\"\n"
	    "utf.e.example TXT \"caf\\195\\169\"\n"
	    "ctl.example TXT \"v=spf1 -all exp=ctl.e.example\"\n"
	    "ctl.e.example TXT \"a\\013\\010b\"\n"
	    "syn.example TXT \"v=spf1 -all exp=syn.e.example\"\n"
	    "syn.e.example TXT \"50% off\"\n"
	    "gone.example TXT \"v=spf1 -all exp=gone.e.example\"\n"
	    "slow.example TXT \"v=spf1 -all exp=slow.e.example\"\n"
	    "slow.e.example TXT timeout\n"
	    "empty.example TXT \"v=spf1 -all exp=empty.e.example\"\n"
	    "empty.e.example TXT \"\"\n"
	    "name.example TXT \"v=spf1 -all exp=a..example\"\n"
	    "sender.example TXT \"v=spf1 -all exp=sender.e.example\"\n"
	    "sender.e.example TXT \"by %{s}\"\n"
	    "text.example TXT \"v=spf1 -all exp-text=hello\"\n"
	    "none.example TXT \"v=spf1 exists:x.example -all\"\n";
	static const struct want rows[] = {
	    {"good", "192.0.2.1", HELO, "u@good.example", SPF_FAIL, "all", 0, 0,
	        "See 192.0.2.1, %me %20x good.example."},
	    {"two", "192.0.2.1", HELO, "u@two.example", SPF_FAIL, "all", 0, 0,
	        NULL},
	    {"UTF-8", "192.0.2.1", HELO, "u@utf.example", SPF_FAIL, "all", 0, 0,
	        NULL},
	    {"control", "192.0.2.1", HELO, "u@ctl.example", SPF_FAIL, "all", 0,
	        0, NULL},
	    {"syntax", "192.0.2.1", HELO, "u@syn.example", SPF_FAIL, "all", 0,
	        0, NULL},
	    {"gone", "192.0.2.1", HELO, "u@gone.example", SPF_FAIL, "all", 0, 0,
	        NULL},
	    {"slow", "192.0.2.1", HELO, "u@slow.example", SPF_FAIL, "all", 0, 0,
	        NULL},
	    {"empty", "192.0.2.1", HELO, "u@empty.example", SPF_FAIL, "all", 0,
	        0, NULL},
	    {"no name", "192.0.2.1", HELO, "u@name.example", SPF_FAIL, "all", 0,
	        0, NULL},
	    {"sender's bytes", "192.0.2.1", HELO, "a\x01@sender.example",
	        SPF_FAIL, "all", 0, 0, NULL},
	    {"exp-text", "192.0.2.1", HELO, "u@text.example", SPF_FAIL, "all",
	        0, 0, NULL},
	    {"no exp", "192.0.2.1", HELO, "u@none.example", SPF_FAIL, "all", 1,
	        1, NULL},
	};

	check_rows(zone, rows, LENGTH(rows));
}

/* It is asked for after a fail only, and once. */
static void
explanation_is_asked_late(void)
{
	struct spfrun s;

	spfrun_open(&s);
	spfrun_zone(&s,
	    "a.example TXT \"v=spf1 ip4:192.0.2.1 ?ip4:192.0.2.2 "
	    "~ip4:192.0.2.3 include:b.example -all exp=e.example\"\n"
	    "b.example TXT \"v=spf1 ip4:192.0.2.4 -all exp=f.example\"\n"
	    "e.example TXT \"text\"\n"
	    "f.example TXT \"text\"\n");
	spfrun_check(&s, "192.0.2.1", HELO, "u@a.example");
	CHECK_STR(resolver_zone_log(s.resolver), "a.example TXT");
	spfrun_check(&s, "192.0.2.2", HELO, "u@a.example");
	CHECK_STR(resolver_zone_log(s.resolver), "a.example TXT");
	spfrun_check(&s, "192.0.2.3", HELO, "u@a.example");
	CHECK_STR(resolver_zone_log(s.resolver), "a.example TXT");
	spfrun_check(&s, "192.0.2.4", HELO, "u@a.example");
	CHECK_STR(
	    resolver_zone_log(s.resolver), "a.example TXT; b.example TXT");
	spfrun_check(&s, "192.0.2.5", HELO, "u@a.example");
	CHECK_STR(resolver_zone_log(s.resolver),
	    "a.example TXT; b.example TXT; e.example TXT");
	spfrun_close(&s);
}

struct told {
	unsigned calls;
	enum spf_result result;
	char explanation[100];
};

static void
tell(void *arg, const struct check_result *r)
{
	struct told *t = arg;

	t->calls++;
	t->result = r->result;
	snprintf(t->explanation, sizeof t->explanation, "%s",
	    r->explanation == NULL ? "" : r->explanation);
}

/* A check of u@a.example from 192.0.2.1 whose answers the test hands out. */
static struct check *
hold(struct spfrun *s, const char *zone, struct told *told)
{
	*told = (struct told){0};
	return spfrun_hold(s, "192.0.2.1", zone, tell, told);
}

static const char explained[] = "a.example TXT \"v=spf1 -all exp=e.example\"\n"
                                "e.example TXT \"not for %{p}\"\n"
                                "1.2.0.192.in-addr.arpa PTR n.example\n"
                                "n.example A 192.0.2.1\n";

/* At the time limit of the caller: what is decided, without its explanation; or
 * temperror. The result lives on when the check is gone, if it is to. */
static void
time_is_over(void)
{
	const struct check_result *r;
	struct told told;
	struct spfrun s;
	struct check *c = hold(&s, explained, &told);

	r = check_expire(c);
	CHECK(r->result == SPF_TEMPERROR && r->mechanism == NULL);
	CHECK_STR(r->domain, "a.example");
	CHECK_STR(r->problem, "time limit exceeded");
	check_cancel(c);
	spfrun_close(&s);

	c = hold(&s, explained, &told);
	resolver_zone_deliver(s.resolver, 1);
	r = check_expire(c);
	CHECK(r->result == SPF_FAIL && r->queries == 1);
	CHECK_STR(r->mechanism, "all");
	CHECK(r->explanation == NULL && r->problem == NULL);
	check_cancel(c);
	CHECK(told.calls == 0);
	spfrun_close(&s);
}

static void
keep_pointer(void *arg, const struct check_result *r)
{
	const struct check_result **to = arg;

	*to = r;
}

/* With an arena the result lives as long as that; where it has no room it is a
 * temperror. */
static void
kept_result(void)
{
	for (size_t room = 0;; room += 16) {
		struct check_input in = {.identity = IDENTITY_MAIL_FROM};
		const struct check_result *r = NULL;
		struct spfrun s;
		struct arena a;
		struct check *c;

		spfrun_open(&s);
		spfrun_zone(&s, explained);
		arena_init(&a, room);
		in.subject.sender = span_str("u@A.example");
		in.arena = &a;
		CU_ASSERT_FATAL(
		    ip_parse(span_str("192.0.2.1"), &in.subject.client) == 0);
		CU_ASSERT_FATAL(check_start(s.loop, s.resolver, &in,
		                    keep_pointer, &r, &c) == 0);
		loop_fake_advance(s.loop, 0);
		spfrun_close(&s);
		CU_ASSERT_PTR_NOT_NULL_FATAL(r);
		if (r != &check_no_memory) {
			CHECK(room > sizeof *r && r->result == SPF_FAIL);
			CHECK_STR(r->domain, "a.example");
			CHECK_STR(r->mechanism, "all");
			CHECK_STR(r->explanation, "not for n.example");
			arena_free(&a);
			break;
		}
		CHECK_STR(r->problem, "out of memory");
		arena_free(&a);
	}
}

/* Whom the identities check: postmaster of the HELO name, the sender, and of a
 * null sender postmaster of the HELO name again; a local user has no domain. */
static void
identities(void)
{
	static const struct {
		const char *sender;
		enum identity identity;
		const char *domain, *text;
	} rows[] = {
	    {"u@a.example", IDENTITY_HELO, "helo.example",
	        "postmaster@helo.example"},
	    {"u@a.example", IDENTITY_MAIL_FROM, "a.example", "u@a.example"},
	    {"", IDENTITY_MAIL_FROM, "helo.example", "postmaster@helo.example"},
	    {"@a.example", IDENTITY_MAIL_FROM, "a.example",
	        "postmaster@a.example"},
	    {"local", IDENTITY_MAIL_FROM, "", NULL},
	    {"a.example", IDENTITY_MAIL_FROM, "", NULL},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct check_input in = {.identity = rows[i].identity};
		const struct check_result *r = NULL;
		struct spfrun s;
		struct arena a;
		struct check *c;

		suite_row(rows[i].sender);
		spfrun_open(&s);
		spfrun_zone(&s,
		    "a.example TXT \"v=spf1 -all exp=e.example\"\n"
		    "helo.example TXT \"v=spf1 -all exp=e.example\"\n"
		    "e.example TXT \"%{s}\"\n");
		arena_init(&a, 4096);
		in.arena = &a;
		in.subject.sender = span_str(rows[i].sender);
		in.subject.helo = span_str("helo.example");
		CU_ASSERT_FATAL(
		    ip_parse(span_str("192.0.2.1"), &in.subject.client) == 0);
		CU_ASSERT_FATAL(check_start(s.loop, s.resolver, &in,
		                    keep_pointer, &r, &c) == 0);
		loop_fake_advance(s.loop, 0);
		spfrun_close(&s);
		CU_ASSERT_PTR_NOT_NULL_FATAL(r);
		CHECK_STR(r->domain, rows[i].domain);
		CHECK_STR(r->explanation, rows[i].text);
		CHECK((r->result == SPF_NONE) == (rows[i].text == NULL));
		arena_free(&a);
	}
	suite_row(NULL);
}

/* A fail is there before its explanation is, and waits for it so long only. */
static void
explanation_is_late(void)
{
	struct told told;
	struct spfrun s;

	(void)hold(&s, explained, &told);
	resolver_zone_deliver(s.resolver, 1);
	CHECK(told.calls == 0);
	loop_fake_advance(s.loop, SPF_EXPLAIN_MS - 1);
	resolver_zone_deliver(s.resolver, 3);
	CHECK(told.calls == 1 && told.result == SPF_FAIL);
	CHECK_STR(told.explanation, "not for n.example");
	spfrun_close(&s);

	(void)hold(&s, explained, &told);
	resolver_zone_deliver(s.resolver, 1);
	loop_fake_advance(s.loop, SPF_EXPLAIN_MS - 1);
	resolver_zone_deliver(s.resolver, 2); /* the time is for all of it */
	CHECK(told.calls == 0);
	loop_fake_advance(s.loop, 1);
	CHECK(told.calls == 1 && told.result == SPF_FAIL);
	CHECK_STR(told.explanation, "");
	spfrun_close(&s);
}

/* However many names a client's PTR has, they cost the time of one: with and
 * without prefetch, and when the resolver is busy. */
static void
silent_names(void)
{
	static const char *const record[] = {
	    "exists:%{p}.x.example -all", "ptr:sil.example -all"};
	enum { NAMES = 10, TIMEOUT_MS = 5000, SLACK_MS = 200 };

	for (size_t i = 0; i < 2 * 2 * SPFRUN_WAYS; i++) {
		struct spfrun s;
		struct spfrun_result r;
		uint64_t start;
		char line[200];

		spfrun_open(&s);
		for (int k = 0; k < NAMES; k++) {
			snprintf(line, sizeof line,
			    "1.2.0.192.in-addr.arpa PTR h%d.sil.example\n"
			    "h%d.sil.example A silent\n",
			    k, k);
			spfrun_zone(&s, line);
		}
		snprintf(line, sizeof line, "a.example TXT \"v=spf1 %s\"\n",
		    record[i / (2 * SPFRUN_WAYS)]);
		spfrun_zone(&s, line);
		spfrun_choose(&s, &spfrun_ways[i % SPFRUN_WAYS]);
		resolver_zone_busy(s.resolver, i / SPFRUN_WAYS % 2 == 1);
		start = loop_now(s.loop);
		r = spfrun_check(&s, "192.0.2.1", HELO, "u@a.example");
		suite_row(spfrun_ways[i % SPFRUN_WAYS].name);
		CHECK(r.result == SPF_FAIL);
		CHECK_STR(r.mechanism, "all");
		CHECK(loop_now(s.loop) - start <= TIMEOUT_MS + SLACK_MS);
		spfrun_close(&s);
	}
	suite_row(NULL);
}

/* When many questions are out, a check puts only those that it needs, one at a
 * time; the verdict is the same. */
static void
busy_resolver(void)
{
	struct spfrun_result r;
	struct spfrun s;

	spfrun_open(&s);
	spfrun_zone(&s,
	    "a.example TXT \"v=spf1 mx exists:%{l}.a.example a:c.example "
	    "-all\"\n"
	    "a.example MX 1 m0.example\n"
	    "a.example MX 2 m1.example\n"
	    "a.example MX 3 m2.example\n"
	    "m0.example A 192.0.2.10\n"
	    "m1.example A 192.0.2.1\n"
	    "m2.example A 192.0.2.11\n"
	    "c.example A 192.0.2.12\n");
	s.order = ZONE_TOGETHER;
	for (int busy = 0; busy <= 1; busy++) {
		resolver_zone_busy(s.resolver, busy == 1);
		r = spfrun_check(&s, "192.0.2.1", HELO, "u@a.example");
		CHECK(r.result == SPF_PASS);
		CHECK_STR(r.mechanism, "mx");
		CHECK_STR(resolver_zone_log(s.resolver),
		    busy == 1 ? "a.example TXT; a.example MX; m0.example A; "
		                "m1.example A"
		              : "a.example TXT; a.example MX; "
		                "c.example A; m0.example A; m1.example A; "
		                "m2.example A");
	}
	spfrun_close(&s);
}

/* One octet more than is shown is kept of a longer mechanism, so that others
 * see that it is one. */
static void
long_mechanisms(void)
{
	for (size_t n = SPF_MECHANISM_MAX; n <= SPF_MECHANISM_MAX + 2; n++) {
		size_t n_want =
		    n > SPF_MECHANISM_MAX ? SPF_MECHANISM_MAX + 1 : n;
		char zone[800];
		struct spfrun s;

		/* "exists:%{d" zeros "2}.example" */
		snprintf(zone, sizeof zone,
		    "a.example TXT \"v=spf1 ~exists:%%{d\" \"%0*d}.example\"\n"
		    "a.example.example A 127.0.0.2\n",
		    (int)(n - strlen("exists:%{d}.example")), 2);
		spfrun_open(&s);
		spfrun_zone(&s, zone);
		CHECK(strlen(spfrun_check(&s, "192.0.2.1", HELO, "u@a.example")
		                 .mechanism) == n_want);
		spfrun_close(&s);
	}
}

/*
 * A macro that expands to nothing leaves an empty label, or no name at all. RFC
 * 7208 section 4.8 leaves open what that means; here such a name does not
 * exist: no question, no void. python3-spf says the same in all these rows but
 * where nothing at all is left, there permerror.
 */
static void
macros_that_are_empty(void)
{
	static const char zone[] =
	    "e.example TXT \"v=spf1 exists:%{h1}.x.example -all\"\n"
	    "er.example TXT \"v=spf1 exists:%{h1r}.x.example -all\"\n"
	    "eh.example TXT \"v=spf1 exists:%{h}.x.example -all\"\n"
	    "el.example TXT \"v=spf1 exists:b%{l1-}.x.example -all\"\n"
	    "a.example TXT \"v=spf1 a:%{h1}.x.example mx:%{h1}.x.example "
	    "-all\"\n"
	    "inc.example TXT \"v=spf1 include:%{h1}.x.example -all\"\n"
	    "red.example TXT \"v=spf1 redirect=%{h1}.x.example\"\n"
	    "all.example TXT \"v=spf1 exists:%{h1} a:%{h1} -all\"\n"
	    "exp.example TXT \"v=spf1 -all exp=%{h1}.x.example\"\n"
	    "h.x.example A 127.0.0.2\n"
	    "b.x.example A 127.0.0.2\n";
	static const struct want rows[] = {
	    {"behind a dot", "192.0.2.1", "h.", "u@e.example", SPF_FAIL, "all",
	        1, 0, NULL},
	    {"in front of it", "192.0.2.1", "h.", "u@er.example", SPF_PASS,
	        "exists:%{h1r}.x.example", 1, 0, NULL},
	    {"two dots", "192.0.2.1", "a..b", "u@e.example", SPF_PASS,
	        "exists:%{h1}.x.example", 1, 0, NULL},
	    {"inside", "192.0.2.1", "a..b", "u@eh.example", SPF_FAIL, "all", 1,
	        0, NULL},
	    {"no HELO", "192.0.2.1", "", "u@eh.example", SPF_FAIL, "all", 1, 0,
	        NULL},
	    {"only a dot", "192.0.2.1", ".", "u@eh.example", SPF_FAIL, "all", 1,
	        0, NULL},
	    {"a part of a label", "192.0.2.1", HELO, "b-@el.example", SPF_PASS,
	        "exists:b%{l1-}.x.example", 1, 0, NULL},
	    {"a and mx", "192.0.2.1", "h.", "u@a.example", SPF_FAIL, "all", 2,
	        0, NULL},
	    {"include", "192.0.2.1", "h.", "u@inc.example", SPF_PERMERROR, "",
	        1, 0,
	        "inc.example: include:%{h1}.x.example: the domain is no name"},
	    {"redirect", "192.0.2.1", "h.", "u@red.example", SPF_PERMERROR, "",
	        1, 0,
	        "red.example: redirect=%{h1}.x.example: the domain is no name"},
	    {"exp", "192.0.2.1", "h.", "u@exp.example", SPF_FAIL, "all", 0, 0,
	        NULL},
	    {"all of it", "192.0.2.1", "h.", "u@all.example", SPF_FAIL, "all",
	        2, 0, NULL},
	};

	check_rows(zone, rows, LENGTH(rows));
}

/* A HELO name is turned into A-labels once, however many of its bytes are not
 * ASCII: that takes half a millisecond at most, each time. */
static void
helo_is_converted_once(void)
{
	enum { TIMES = 20, LETTERS = 250, MOST_MS = 600 };
	char helo[2 * LETTERS + 1] = "";
	struct spfrun s;
	clock_t begin;

	for (size_t i = 0; i < LETTERS; i++)
		memcpy(helo + 2 * i, i % 20 == 19 ? "a." : "\xc3\xbc", 3);
	spfrun_open(&s);
	spfrun_zone(&s, "a.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n");
	begin = clock();
	for (int i = 0; i < TIMES; i++)
		CHECK(
		    spfrun_check(&s, "192.0.2.1", helo, "u@a.example").result ==
		    SPF_PASS);
	CHECK((clock() - begin) * 1000 / CLOCKS_PER_SEC < MOST_MS);
	spfrun_close(&s);
}

/* --- when memory is out -------------------------------------------------- */

struct short_run {
	struct spfrun s;
	const char *client;
	enum spf_result want;
	int code; /* -1: not done yet */
};

enum { FINE, WRONG_RESULT, NEVER_DONE };

static void
done_short(void *arg, const struct check_result *r)
{
	struct short_run *t = arg;

	t->code = r->result == t->want || r->result == SPF_TEMPERROR
	    ? FINE
	    : WRONG_RESULT;
}

/* The result that it has with memory, or temperror. */
static int
run_short(void *arg)
{
	struct short_run *t = arg;
	struct check_input in = {.subject.sender = span_str("u@a.example"),
	    .subject.helo = span_str(HELO),
	    .subject.receiver = "mx.receiver.example",
	    .now = 1700000000,
	    .void_max = 2,
	    .prefetch = t->s.prefetch,
	    .identity = IDENTITY_MAIL_FROM};
	struct check *c;
	uint64_t ms = 0;

	t->code = -1;
	if (ip_parse(span_str(t->client), &in.subject.client) != 0 ||
	    check_start(t->s.loop, t->s.resolver, &in, done_short, t, &c) != 0)
		return FINE;
	while (t->code == -1) {
		if (loop_fake_turn(t->s.loop))
			continue;
		if (!loop_fake_next(t->s.loop, &ms))
			return NEVER_DONE;
		loop_fake_advance(t->s.loop, ms);
	}
	loop_fake_advance(t->s.loop, 0);
	return t->code;
}

static void
memory_is_out(void)
{
	static const struct {
		const char *client;
		enum spf_result want;
	} rows[] = {{"192.0.2.1", SPF_PASS}, {"192.0.2.2", SPF_PASS},
	    {"192.0.2.3", SPF_PASS}, {"192.0.2.4", SPF_PASS},
	    {"192.0.2.9", SPF_FAIL}};
	struct short_run t;
	char row[100];

	spfrun_open(&t.s);
	spfrun_zone(&t.s,
	    "a.example TXT \"v=spf1 ip4:192.0.2.1 include:b.example mx "
	    "exists:%{ir}.x.example ptr redirect=c.example\"\n"
	    "b.example TXT \"v=spf1 a:h.example ~all\"\n"
	    "h.example A 192.0.2.2\n"
	    "a.example MX 1 m.example\n"
	    "m.example A 192.0.2.3\n"
	    "4.2.0.192.x.example A 127.0.0.2\n"
	    "9.2.0.192.in-addr.arpa PTR p.other.example\n"
	    "c.example TXT \"v=spf1 -all exp=e.example\"\n"
	    "e.example TXT \"%{i} is not one of %{d}'s\"\n");
	for (unsigned i = 0; i < LENGTH(rows) * 200; i++) {
		const struct spfrun_way *way =
		    &spfrun_ways[i / LENGTH(rows) % SPFRUN_WAYS];
		int rc;

		t.client = rows[i % LENGTH(rows)].client;
		t.want = rows[i % LENGTH(rows)].want;
		t.s.prefetch = way->prefetch;
		resolver_zone_delay(t.s.resolver, way->delay);
		resolver_zone_order(t.s.resolver, way->order, way->seed);
		nomem.keeps = i / LENGTH(rows) % 2 == 1;
		rc = nomem_child(i + 1, 30, run_short, &t);
		snprintf(row, sizeof row, "%s, %s, seed %u%s: %d", t.client,
		    way->name, i + 1, nomem.keeps ? ", hardened" : "", rc);
		suite_row(row);
		CHECK(rc == FINE);
	}
	spfrun_close(&t.s);
}

/* "Sends no mail" is what the one record says that counts, and not that this
 * client may not. */
static void
no_mail(void)
{
	static const struct {
		const char *zone;
		bool want;
	} rows[] = {
	    {"a.example TXT \"v=spf1 -all\"\n", true},
	    {"a.example TXT \"V=SPF1 -ALL \"\n", true},
	    {"a.example TXT \"hello\"\na.example TXT \"v=spf1 -all\"\n", true},
	    {"a.example TXT \"v=spf1 a -all\"\n", false},
	    {"a.example TXT \"v=spf1 ip4:192.0.2.77 -all\"\n", false},
	    {"a.example TXT \"v=spf1 -all exp=x.example\"\n", false},
	    {"a.example TXT \"v=spf1 -ip4:0.0.0.0/0\"\n", false},
	    {"a.example TXT \"v=spf1 redirect=b.example\"\n"
	     "b.example TXT \"v=spf1 -all\"\n",
	        false},
	    /* no SPF record, as a space stands before it */
	    {"a.example TXT \" v=spf1 -all\"\n"
	     "a.example TXT \"v=spf1 a -all\"\n",
	        false},
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct spfrun_result r;
		struct spfrun s;

		suite_row(rows[i].zone);
		spfrun_open(&s);
		spfrun_zone(&s, rows[i].zone);
		r = spfrun_check(&s, "192.0.2.1", HELO, "u@a.example");
		CHECK(r.result == SPF_FAIL && r.no_mail == rows[i].want);
		spfrun_close(&s);
	}
	suite_row(NULL);
}

SUITE("check", T(time_is_over), T(kept_result), T(identities), T(no_mail),
    T(inputs), T(no_domain), T(selection), T(odd_answers), T(includes),
    T(redirects), T(addresses), T(names_of_clients), T(utf8_local_part),
    T(explanations), T(explanation_is_asked_late), T(explanation_is_late),
    T(silent_names), T(busy_resolver), T(long_mechanisms),
    T(macros_that_are_empty), T(helo_is_converted_once), T(memory_is_out))

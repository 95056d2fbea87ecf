/*
 * How many questions a check costs, beside python3-spf on the same zone: never
 * more when nothing is asked early, and never more whatever is allowed when
 * answers come soon (DNS_PATIENCE_MS). When they come late, never more where
 * the record is decided by its addresses, or has nothing beside the term that
 * decides; what is asked beside a term that then matches is the price of fewer
 * round trips (early.h), and each row says what that is at the most, in any
 * order of answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes/buf.h"
#include "common/limits.h"
#include "tests/support/spfrun.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static const char zone[] =
    "ip.example TXT \"v=spf1 ip4:192.0.2.0/24 a mx include:i.example -all\"\n"
    "all.example TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"
    "a.example TXT \"v=spf1 a -all\"\n"
    "a.example A 192.0.2.1\n"
    "mx.example TXT \"v=spf1 mx -all\"\n"
    "mx.example MX 10 h1.example\n"
    "mx2.example TXT \"v=spf1 mx -all\"\n"
    "mx2.example MX 10 h9.example\n"
    "mx2.example MX 20 h1.example\n"
    "h1.example A 192.0.2.1\n"
    "h9.example A 198.51.100.9\n"
    "one.example TXT \"v=spf1 include:i.example -all\"\n"
    "i.example TXT \"v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.0/24 ~all\"\n"
    "two.example TXT \"v=spf1 ip4:203.0.113.0/24 include:one.example ~all\"\n"
    "red.example TXT \"v=spf1 redirect=one.example\"\n"
    "ex.example TXT \"v=spf1 exists:%{i}.x.example -all\"\n"
    "192.0.2.1.x.example A 127.0.0.2\n"
    "none.example TXT \"no record\"\n"
    "many.example TXT \"v=spf1 a:h9.example a:h1.example mx:mx.example "
    "include:i.example -all\"\n"
    "first.example TXT \"v=spf1 include:i.example a:h9.example mx:mx.example "
    "-all\"\n"
    "same.example TXT \"v=spf1 a:h9.example a:h9.example include:i.example "
    "-all\"\n"
    "ptr.example TXT \"v=spf1 ptr -all\"\n"
    "1.2.0.192.in-addr.arpa PTR n.ptr.example\n"
    "n.ptr.example A 192.0.2.1\n"
    /* as large senders publish them */
    "goo.example TXT \"v=spf1 include:_spf.goo.example ~all\"\n"
    "_spf.goo.example TXT \"v=spf1 include:_n1.goo.example "
    "include:_n2.goo.example include:_n3.goo.example ~all\"\n"
    "_n1.goo.example TXT \"v=spf1 ip4:203.0.113.0/26 ~all\"\n"
    "_n2.goo.example TXT \"v=spf1 ip6:2001:db8:1::/48 ~all\"\n"
    "_n3.goo.example TXT \"v=spf1 ip4:203.0.113.64/26 ~all\"\n"
    "out.example TXT \"v=spf1 include:spf.out.example -all\"\n"
    "spf.out.example TXT \"v=spf1 ip4:198.51.100.0/25 "
    "ip6:2001:db8:2::/48 -all\"\n"
    "blast.example TXT \"v=spf1 ip4:192.0.2.64/26 ~all\"\n"
    "mix.example TXT \"v=spf1 include:spf.out.example "
    "include:_spf.goo.example include:blast.example ip4:192.0.2.128/25 "
    "~all\"\n"
    "ipmix.example TXT \"v=spf1 ip4:192.0.2.128/25 include:spf.out.example "
    "include:blast.example mx -all\"\n"
    "ipmid.example TXT \"v=spf1 a:h9.example ip4:192.0.2.0/24 mx:mx.example "
    "include:i.example -all\"\n"
    /* as those with a server of their own do */
    "own.example TXT \"v=spf1 mx a ip4:192.0.2.128/25 -all\"\n"
    "own.example MX 10 h1.example\n"
    "own.example A 192.0.2.2\n"
    "amp.example TXT \"v=spf1 a mx ptr -all\"\n"
    "amp.example A 192.0.2.2\n"
    "amp.example MX 10 h1.example\n"
    "amp.example MX 20 h9.example\n"
    "amin.example TXT \"v=spf1 a mx include:spf.out.example -all\"\n"
    "amin.example A 192.0.2.2\n"
    "amin.example MX 10 h1.example\n"
    "toe.example TXT \"v=spf1 a:h1.example redirect=goo.example\"\n";

static const struct {
	const char *client, *domain;
	unsigned beside; /* that may be asked in vain when answers come late */
} rows[] = {
    {"192.0.2.1", "ip.example", 0},
    {"203.0.113.1", "all.example", 0},
    {"198.51.100.1", "all.example", 0},
    {"192.0.2.1", "a.example", 0},
    {"203.0.113.1", "a.example", 0},
    {"192.0.2.1", "mx.example", 0},
    {"203.0.113.1", "mx2.example", 0},
    {"192.0.2.1", "one.example", 0},
    {"203.0.113.1", "one.example", 0},
    {"192.0.2.1", "two.example", 0},
    {"203.0.113.9", "two.example", 0},
    {"192.0.2.1", "red.example", 0},
    {"192.0.2.1", "ex.example", 0},
    {"203.0.113.1", "ex.example", 0},
    {"203.0.113.1", "none.example", 0},
    {"203.0.113.1", "nowhere.example", 0},
    {"192.0.2.1", "ptr.example", 0},
    {"203.0.113.1", "many.example", 0}, /* all of it is needed */
    {"203.0.113.1", "same.example", 0},
    {"192.0.2.1", "many.example", 2},
    {"192.0.2.1", "first.example", 3},
    {"203.0.113.1", "goo.example", 2},
    {"203.0.113.65", "goo.example", 0},
    {"2001:db8:1::1", "goo.example", 1},
    {"192.0.2.1", "goo.example", 0},
    {"198.51.100.1", "out.example", 0},
    {"192.0.2.1", "out.example", 0},
    {"2001:db8:2::1", "out.example", 0},
    {"198.51.100.1", "mix.example", 5},
    {"203.0.113.1", "mix.example", 3},
    {"192.0.2.65", "mix.example", 0},
    {"192.0.2.129", "mix.example", 0},
    {"203.0.113.200", "mix.example", 0},
    {"192.0.2.129", "ipmix.example", 0},
    {"198.51.100.1", "ipmix.example", 2},
    {"203.0.113.200", "ipmix.example", 0},
    {"192.0.2.1", "ipmid.example", 0},
    {"198.51.100.9", "ipmid.example", 3},
    {"192.0.2.1", "own.example", 1},
    {"192.0.2.2", "own.example", 0},
    {"192.0.2.129", "own.example", 0},
    {"203.0.113.1", "own.example", 0},
    {"192.0.2.2", "amp.example", 4},
    {"192.0.2.1", "amp.example", 1},
    {"203.0.113.1", "amp.example", 0},
    {"192.0.2.2", "amin.example", 3},
    {"192.0.2.1", "amin.example", 1},
    {"198.51.100.1", "amin.example", 0},
    {"192.0.2.1", "toe.example", 5},
    {"203.0.113.1", "toe.example", 2},
};

struct theirs {
	char result[16];
	unsigned queries;
};

static void
ask_python(struct theirs *ret)
{
	struct tmpdir d;
	char zone_file[TMPDIR_PATH_MAX], cases[TMPDIR_PATH_MAX], line[200];
	char command[3 * TMPDIR_PATH_MAX];
	struct buf text;
	FILE *in;

	tmpdir_make(&d);
	tmpdir_write(&d, "zone", zone);
	buf_init(&text, 64 * 1024);
	for (size_t i = 0; i < LENGTH(rows); i++)
		buf_fmt(&text, "%s u@%s\n", rows[i].client, rows[i].domain);
	tmpdir_write(&d, "cases", buf_text(&text));
	snprintf(command, sizeof command,
	    "/usr/bin/python3 tests/support/pyspfcount.py %s %s",
	    tmpdir_file(&d, "zone", zone_file),
	    tmpdir_file(&d, "cases", cases));
	in = popen(command, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(fgets(line, sizeof line, in));
		CU_ASSERT_EQUAL_FATAL(
		    sscanf(line, "%15s %u", ret[i].result, &ret[i].queries), 2);
	}
	CU_ASSERT_EQUAL(pclose(in), 0);
	buf_free(&text);
	tmpdir_remove(&d);
}

static void
beside_pyspf(void)
{
	struct theirs theirs[LENGTH(rows)];
	struct spfrun s;

	if (!suite_has_python("spf"))
		return;
	ask_python(theirs);
	spfrun_open(&s);
	spfrun_zone(&s, zone);
	for (size_t w = 0; w < SPFRUN_WAYS; w++) {
		spfrun_choose(&s, &spfrun_ways[w]);
		for (size_t i = 0; i < LENGTH(rows); i++) {
			char row[200], sender[100];
			struct spfrun_result r;
			unsigned most = theirs[i].queries;

			if (s.prefetch && s.delay >= DNS_PATIENCE_MS)
				most += rows[i].beside;
			snprintf(sender, sizeof sender, "u@%s", rows[i].domain);
			r = spfrun_check(
			    &s, rows[i].client, "mail.helo.example", sender);
			snprintf(row, sizeof row, "%s %s (%s): %u, pyspf %u",
			    rows[i].client, rows[i].domain, spfrun_ways[w].name,
			    r.queries, theirs[i].queries);
			suite_row(row);
			CHECK_STR(spf_result_word(r.result), theirs[i].result);
			CHECK(r.queries <= most);
			CHECK(r.sent <= most);
		}
	}
	suite_row(NULL);
	spfrun_close(&s);
}

SUITE("spf_queries", T(beside_pyspf))

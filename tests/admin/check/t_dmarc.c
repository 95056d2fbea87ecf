#include <stdio.h>

#include "admin/check/dmarc.h"
#include "common/limits.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

static void
good_records(void)
{
	static const struct {
		const char *text;
		struct dmarc_record want;
	} rows[] = {
	    {"v=DMARC1; p=none;", {.p = DMARC_NONE}},
	    {"v=DMARC1;p=quarantine", {.p = DMARC_QUARANTINE}},
	    {"v = DMARC1 ; p = Reject ; rua = mailto:d@a.example",
	        {.p = DMARC_REJECT, .given = 1U << DMARC_TAG_RUA}},
	    {"V=DMARC1; adkim=s; aspf=S; p=none; t=y; xnew=1",
	        {.p = DMARC_NONE,
	            .testing = true,
	            .strict_spf = true,
	            .strict_dkim = true}},
	    {"v=DMARC1; p=none; adkim=r; aspf=x; t=n; pct=0",
	        {.p = DMARC_NONE}},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct dmarc_record *want = &rows[i].want;
		struct span text = guard_copy(span_str(rows[i].text));
		struct dmarc_record d;
		const char *why;

		suite_row(rows[i].text);
		CHECK(dmarc_claims(text));
		CHECK(dmarc_parse(text, &d, &why) == PARSE_OK);
		CHECK(d.p == want->p && d.testing == want->testing);
		CHECK(d.strict_spf == want->strict_spf &&
		    d.strict_dkim == want->strict_dkim);
		CHECK(dmarc_record_has(&d, DMARC_TAG_RUA) ==
		    dmarc_record_has(want, DMARC_TAG_RUA));
		guard_free(text);
	}
	suite_row(NULL);
}

static void
bad_records(void)
{
	static const struct {
		const char *text, *why;
		bool claims;
	} rows[] = {
	    {"", NULL, false},
	    {"v=spf1 -all", "does not begin with v=DMARC1", false},
	    {"v=DMARC10; p=none", "does not begin with v=DMARC1", false},
	    {"p=none; v=DMARC1", "something else stand", false},
	    {" v=DMARC1; p=none", "something else stand", true},
	    {"\"v=DMARC1; p=none\"", "quotes or something", true},
	    {"v=dmarc1; p=none", "does not begin with v=DMARC1", true},
	    {"v=DMARC1", "no p=", true},
	    {"v=DMARC1;", "no p=", true},
	    {"v=DMARC1; p=", "p= is not none", true},
	    {"v=DMARC1; p=all", "p= is not none", true},
	    {"v=DMARC1; p=none; sp=all", "sp= is not none", true},
	    {"v=DMARC1; p=none; sp=none; np=", "np= is not none", true},
	    {"v=DMARC1; p=none; P=none", "the same tag twice", true},
	    {"v=DMARC1; p=none; p=none", NULL, true},
	    {"v=DMARC1, p=none", NULL, false},
	    {"v=DMARC1; p=none; rua", NULL, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span text = guard_copy(span_str(rows[i].text));
		struct dmarc_record d = {.p = DMARC_REJECT, .given = 77};
		const char *why = NULL;

		suite_row(rows[i].text);
		CHECK(dmarc_claims(text) == rows[i].claims);
		CHECK(dmarc_parse(text, &d, &why) == PARSE_BAD);
		CHECK(why != NULL &&
		    (rows[i].why == NULL || strstr(why, rows[i].why) != NULL));
		CHECK(d.p == DMARC_REJECT && d.given == 77);
		guard_free(text);
	}
	suite_row(NULL);
}

/* Both halves of each split: what is cut is read to its end and no further. */
static void
feed(void *arg, struct span head, struct span tail)
{
	struct span part[] = {head, tail};

	for (int i = 0; i < 2; i++) {
		struct dmarc_record d;
		const char *why = NULL;

		(void)dmarc_claims(part[i]);
		CHECK(
		    dmarc_parse(part[i], &d, &why) == PARSE_OK || why != NULL);
	}
}

static void
every_split(void)
{
	guard_splits(span_str("v = DMARC1 ; p=quarantine; adkim=s; t=y ; "
	                      "rua=mailto:d@a.example; aspf=s;"),
	    feed, NULL);
}

/* TAGLIST_MAX tags, and one more. */
static void
many_tags(void)
{
	char text[TAGLIST_MAX * 16];
	struct dmarc_record d;
	const char *why;

	for (int n = TAGLIST_MAX; n <= TAGLIST_MAX + 1; n++) {
		char *p = stpcpy(text, "v=DMARC1;p=none");

		for (int i = 2; i < n; i++)
			p += sprintf(p, ";x%d=", i);
		CHECK(dmarc_parse(span_str(text), &d, &why) ==
		    (n == TAGLIST_MAX ? PARSE_OK : PARSE_BAD));
	}
}

SUITE("dmarc", T(good_records), T(bad_records), T(every_split), T(many_tags))

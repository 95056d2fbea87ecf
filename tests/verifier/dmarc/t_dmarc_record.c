#include <stdio.h>

#include "tests/support/guard.h"
#include "tests/support/suite.h"
#include "verifier/dmarc/dmarc_record.h"

/* A record as text: "p sp np", then what is not its default. */
static const char *
record_text(const struct dmarc_record *r)
{
	static char text[200];
	int n = snprintf(text, sizeof text, "%s %s %s%s%s%s%s%s%s",
	    dmarc_policy_word(r->p), dmarc_policy_word(r->sp),
	    dmarc_policy_word(r->np), r->strict_dkim ? " adkim=s" : "",
	    r->strict_spf ? " aspf=s" : "",
	    r->psd == DMARC_PSD_YES      ? " psd=y"
	        : r->psd == DMARC_PSD_NO ? " psd=n"
	                                 : "",
	    r->testing ? " t=y" : "", r->unusable ? " unusable" : "",
	    r->fo == DMARC_FO_0 ? "" : " fo=");

	for (int i = 0; i < 4 && r->fo != DMARC_FO_0; i++) {
		if ((r->fo & 1U << i) != 0)
			n += snprintf(
			    text + n, sizeof text - (size_t)n, "%c", "01ds"[i]);
	}
	return text;
}

static const struct {
	const char *text, *want;
	unsigned wrong;
} good[] = {
    {"v=DMARC1; p=none;", "none none none", 0},
    {"v=DMARC1;p=quarantine", "quarantine quarantine quarantine", 0},
    {"v = DMARC1 ; p = Reject ;\trua = mailto:d@a.example ; ",
        "reject reject reject", 0},
    {"V=DMARC1; P=REJECT; SP=None; nP=quarantine", "reject none quarantine", 0},
    {"v=DMARC1; p=none; sp=reject", "none reject reject", 0},
    {"v=DMARC1; p=none; np=reject", "none none reject", 0},
    {"v=DMARC1; sp=none; p=reject", "reject none none", 0},
    {"v=DMARC1; p=none; adkim=s; aspf=S", "none none none adkim=s aspf=s", 0},
    {"v=DMARC1; p=none; adkim=r; aspf=r; t=n; psd=u", "none none none", 0},
    {"v=DMARC1; p=none; psd=y; t=y", "none none none psd=y t=y", 0},
    {"v=DMARC1; p=none; psd=N", "none none none psd=n", 0},
    /* bad values are the default */
    {"v=DMARC1; p=none; adkim=x; aspf=; psd=1; t=yes", "none none none",
        1U << DMARC_TAG_ADKIM | 1U << DMARC_TAG_ASPF | 1U << DMARC_TAG_PSD |
            1U << DMARC_TAG_T},
    /* historic and unknown */
    {"v=DMARC1; p=reject; pct=0; rf=afrf; ri=86400; x-new=1; =; z",
        "reject reject reject", 0},
    {"v=DMARC1; pct=10; pct2=9; p=reject;;; ;", "reject reject reject", 0},
    {"v=DMARC1; p=reject; new=1; new=2", "reject reject reject", 0},
    /* a tag without "=" is none */
    {"v=DMARC1; p=reject; sp; adkim", "reject reject reject", 0},
    /* the policies: 4.10.1 */
    {"v=DMARC1", "none none none unusable", 0},
    {"v=DMARC1;", "none none none unusable", 0},
    {"v=DMARC1; p=", "none none none unusable", 1U << DMARC_TAG_P},
    {"v=DMARC1; p=bogus", "none none none unusable", 1U << DMARC_TAG_P},
    {"v=DMARC1; p=reject; sp=bogus", "none none none unusable",
        1U << DMARC_TAG_SP},
    {"v=DMARC1; p=reject; np=\x01none", "none none none unusable",
        1U << DMARC_TAG_NP},
    {"v=DMARC1; rua=mailto:x@y.example", "none none none", 0},
    {"v=DMARC1; sp=reject; rua=mailto:x@y.example", "none none none", 0},
    {"v=DMARC1; p=bogus; rua=mailto:x@y.example", "none none none",
        1U << DMARC_TAG_P},
    {"v=DMARC1; p=reject; sp=bogus; rua=https://y.example/?a=b#c",
        "none none none", 1U << DMARC_TAG_SP},
    {"v=DMARC1; p=x; rua=junk , mailto:x@y.example!10m", "none none none",
        1U << DMARC_TAG_P},
    {"v=DMARC1; p=x; rua=mailto:x@y.example!10", "none none none",
        1U << DMARC_TAG_P},
    {"v=DMARC1; p=x; rua=", "none none none unusable",
        1U << DMARC_TAG_P | 1U << DMARC_TAG_RUA},
    {"v=DMARC1; p=x; rua=x@y.example,mailto:,:x,1a:b,mailto:a b,ma\x80:x,"
     "mailto:x!,mailto:x!m,mailto:x!1mm,mailto:x!1!2,mailto:\"x\",a\xff:b",
        "none none none unusable", 1U << DMARC_TAG_P | 1U << DMARC_TAG_RUA},
    {"v=DMARC1; p=none; ruf=x", "none none none", 1U << DMARC_TAG_RUF},
    /* fo */
    {"v=DMARC1; p=none; fo=1:d:s", "none none none", 0},
    {"v=DMARC1; p=none; ruf=mailto:x@y.example; fo=1:D:s",
        "none none none fo=1ds", 0},
    {"v=DMARC1; p=none; ruf=mailto:x@y.example; fo= s : d ",
        "none none none fo=ds", 0},
    {"v=DMARC1; p=none; ruf=mailto:x@y.example; fo=s:0", "none none none fo=0s",
        0},
    {"v=DMARC1; p=none; ruf=mailto:x@y.example; fo=0:1", "none none none",
        1U << DMARC_TAG_FO},
    {"v=DMARC1; p=none; ruf=mailto:x@y.example; fo=d:d", "none none none",
        1U << DMARC_TAG_FO},
    {"v=DMARC1; p=none; ruf=mailto:x@y.example; fo=1:", "none none none",
        1U << DMARC_TAG_FO},
    {"v=DMARC1; p=none; ruf=mailto:x@y.example; fo=", "none none none",
        1U << DMARC_TAG_FO},
    {"v=DMARC1; p=none; ruf=mailto:x@y.example; fo=2", "none none none",
        1U << DMARC_TAG_FO},
};

static void
good_records(void)
{
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct span text = guard_copy(span_str(good[i].text));
		struct dmarc_record r;
		const char *why;

		suite_row(good[i].text);
		CHECK(dmarc_record_counts(text));
		CHECK(dmarc_record_parse(text, &r, &why) == PARSE_OK);
		CHECK_STR(record_text(&r), good[i].want);
		CHECK(r.wrong == good[i].wrong);
		CHECK((r.wrong & ~r.given) == 0);
		CHECK(dmarc_record_has(&r, DMARC_TAG_V));
		CHECK(dmarc_record_has(&r, DMARC_TAG_PCT) ==
		    (strstr(good[i].text, "pct=") != NULL));
		guard_free(text);
	}
	suite_row(NULL);
}

static void
bad_records(void)
{
	static const struct {
		const char *text;
		bool counts;
	} rows[] = {
	    {"", false},
	    {";", false},
	    {"v", false},
	    {"v=", false},
	    {"v=spf1 -all", false},
	    {"v=DMARC1.0; p=none", false},
	    {"v=DMARC10; p=none", false},
	    {"v=DMARC1 p=none", false},
	    {"v=DMARC1, p=none", false},
	    {"v=dmarc1; p=none", false},
	    {"v=DMARC1\x01; p=none", false},
	    {"p=none; v=DMARC1", false},
	    {" v=DMARC1; p=none", false},
	    {"; v=DMARC1; p=none", false},
	    {"\"v=DMARC1; p=none\"", false},
	    {"vv=DMARC1; p=none", false},
	    {"v=DMARC1; p=none; p=none", true},
	    {"v=DMARC1; p=none; P=reject", true},
	    {"v=DMARC1; p=none; v=DMARC1", true},
	    {"v=DMARC1; p=none; rua=mailto:a@b.c; rua=mailto:d@e.f", true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span text = guard_copy(span_str(rows[i].text));
		struct dmarc_record r = {.p = DMARC_REJECT, .given = 77};
		const char *why = NULL;

		suite_row(rows[i].text);
		CHECK(dmarc_record_counts(text) == rows[i].counts);
		CHECK(dmarc_record_parse(text, &r, &why) == PARSE_BAD);
		CHECK(why != NULL && r.p == DMARC_REJECT && r.given == 77);
		guard_free(text);
	}
	suite_row(NULL);
}

/* Both halves of each split are read to their ends and no further. */
static void
feed(void *arg, struct span head, struct span tail)
{
	struct span part[] = {head, tail};

	for (int i = 0; i < 2; i++) {
		struct dmarc_record r;
		const char *why = NULL;

		CHECK(dmarc_record_parse(part[i], &r, &why) == PARSE_OK ||
		    why != NULL);
	}
}

static void
every_split(void)
{
	guard_splits(
	    span_str("v = DMARC1 ; p=quarantine; adkim=s; t=y ; fo=1:d;"
	             "rua=mailto:d@a.example!10m,https://a.example; psd=n;"),
	    feed, NULL);
}

/* The one that counts, of all at a name. */
static void
of_an_answer(void)
{
	struct dns_record txt[3] = {{.txt = span_str("v=spf1 -all")},
	    {.txt = span_str("v=DMARC1; p=reject")},
	    {.txt = span_str("v=DMARC1; p=none; p=none")}};
	struct dns_answer a = {.status = DNS_FOUND, .n = 2, .record = txt};
	struct dmarc_record r = {.given = 0};

	CHECK(dmarc_record_of(&a, &r) && r.p == DMARC_REJECT);
	a.n = 1;
	CHECK(!dmarc_record_of(&a, &r));
	a.n = 3; /* an invalid one is one, too */
	CHECK(!dmarc_record_of(&a, &r));
	txt[1] = txt[0];
	CHECK(!dmarc_record_of(&a, &r));
	a = (struct dns_answer){.status = DNS_NXDOMAIN};
	CHECK(!dmarc_record_of(&a, &r));
	CHECK(r.p == DMARC_REJECT);
}

/* As it is written, for people; the first where it stands twice. */
static void
values(void)
{
	static const struct {
		const char *text, *want;
		enum dmarc_tag tag;
	} rows[] = {
	    {"v=DMARC1; p = Reject ;pct=20", "Reject", DMARC_TAG_P},
	    {"v=DMARC1; p=none; PCT= 20", "20", DMARC_TAG_PCT},
	    {"v=DMARC1; p=none; rua=mailto:a@b,mailto:c@d",
	        "mailto:a@b,mailto:c@d", DMARC_TAG_RUA},
	    {"v=DMARC1; rua=; p=none", "", DMARC_TAG_RUA},
	    {"v=DMARC1; p; p=none; p=reject", "none", DMARC_TAG_P},
	    {"v=DMARC1; np=none", "", DMARC_TAG_P},
	    {"", "", DMARC_TAG_P},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span text = guard_copy(span_str(rows[i].text));

		suite_row(rows[i].text);
		CHECK(span_eq(dmarc_record_value(text, rows[i].tag),
		    span_str(rows[i].want)));
		guard_free(text);
	}
	suite_row(NULL);
	CHECK(strcmp(dmarc_tag_word(DMARC_TAG_ADKIM), "adkim") == 0);
	CHECK(strcmp(dmarc_tag_word(DMARC_TAG_RI), "ri") == 0);
}

SUITE("dmarc_record", T(good_records), T(bad_records), T(every_split),
    T(of_an_answer), T(values))

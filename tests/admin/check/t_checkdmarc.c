#include <stdio.h>

#include "admin/check/checkdmarc.h"
#include "tests/support/found.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"

#define DMARC(name, text) "_dmarc." name " TXT \"v=DMARC1; " text "\"\n"

/* The signer signs for a.example and the names below, and for b.a.example. */
static const char config[] = "hostname = mx.a.example\n"
                             "domain a.example {\n"
                             "	subdomains = true\n"
                             "	key s { file = /k active = true }\n"
                             "}\n"
                             "domain b.a.example {\n"
                             "	key s { file = /k active = true }\n"
                             "}\n";

static const struct row {
	const char *zone;
	const char *domain, *helo;
	bool unsigned_; /* no key is good */
	enum finding_level level;
	const char *what;
	const char *mend;  /* a part of it; NULL: there is none */
	const char * not ; /* a finding that must not be there, or NULL */
} rows[] = {
    /* Which record applies. */
    {DMARC("a.example", "p=reject; sp=none"), "b.a.example", NULL, false,
        FINDING_OK, "DMARC of b.a.example: sp=none of a.example, without", NULL,
        "there is no record"},
    {DMARC("a.example", "p=reject; rua=mailto:d@a.example"), "b.a.example",
        NULL, false, FINDING_OK, "DMARC of b.a.example: p=reject of a.example",
        NULL, "without reports"},
    {DMARC("a.example", "p=reject") DMARC("b.a.example", "p=none"),
        "c.b.a.example", NULL, false, FINDING_OK,
        "DMARC of c.b.a.example: p=reject of a.example", NULL, "p=none"},
    {DMARC("a.example", "p=reject") DMARC("b.a.example", "p=none"),
        "c.b.a.example", NULL, false, FINDING_NOTE,
        "the record at _dmarc.b.a.example does not count for it", NULL, NULL},
    {DMARC("a.example", "p=reject") DMARC("b.a.example", "p=none"),
        "b.a.example", NULL, false, FINDING_OK, "DMARC of b.a.example: p=none",
        NULL, "does not count"},
    {DMARC("example", "psd=y; p=none"), "a.example", NULL, false,
        FINDING_WARNING, "psd=y is a registry's record", "publish one", NULL},
    {DMARC("a.example", "p=none") "_dmarc.example TXT timeout\n", "a.example",
        NULL, false, FINDING_OK, "DMARC of a.example: p=none", NULL,
        "no answer"},
    {"_dmarc.example TXT timeout\n", "a.example", NULL, false, FINDING_UNKNOWN,
        "DMARC of a.example: DNS gives no answer (timeout)", NULL,
        "there is no record"},

    /* What receivers pass over. */
    {DMARC("a.example", "p=none") DMARC("a.example", "p=reject"), "a.example",
        NULL, false, FINDING_ERROR, "there are 2 records at _dmarc.a.example",
        "leave one", "there is no record"},
    {DMARC("b.a.example", "p=all") DMARC("a.example", "p=reject"),
        "b.a.example", NULL, false, FINDING_ERROR,
        "_dmarc.b.a.example: p= is not none", NULL, "there is no record"},
    {"_dmarc.b.a.example TXT \"v=dmarc1; p=none\"\n" DMARC(
         "a.example", "p=reject"),
        "b.a.example", NULL, false, FINDING_ERROR,
        "_dmarc.b.a.example: it does not begin with v=DMARC1", NULL, NULL},
    {"_dmarc.b.a.example TXT \"v=dmarc1; p=none\"\n" DMARC(
         "a.example", "p=reject"),
        "b.a.example", NULL, false, FINDING_OK,
        "DMARC of b.a.example: p=reject of a.example", NULL, NULL},
    {DMARC("a.example", "p=all; rua=mailto:d@a.example"), "a.example", NULL,
        false, FINDING_ERROR, "p= is not none, quarantine or reject", NULL,
        "DMARC of a.example: p=none"},
    {DMARC("a.example", "p=none; adkim=x"), "a.example", NULL, false,
        FINDING_WARNING, "adkim=x is no value that receivers know", NULL, NULL},

    /* Historic tags. */
    {DMARC("a.example", "p=reject; pct=0"), "a.example", NULL, false,
        FINDING_WARNING, "pct=0 is historic: the policy counts for all mail",
        "write t=y in its place", NULL},
    {DMARC("a.example", "p=reject; pct=20"), "a.example", NULL, false,
        FINDING_WARNING, "pct=20 is historic: the policy counts",
        "take it out; t=y", NULL},
    {DMARC("a.example", "p=reject; pct=100"), "a.example", NULL, false,
        FINDING_NOTE, "pct=100 is historic: it means nothing", "take pct= out",
        NULL},
    {DMARC("a.example", "p=none; pct=20"), "a.example", NULL, false,
        FINDING_NOTE, "pct=20 is historic", "take pct= out", NULL},
    {DMARC("a.example", "p=none; ri=3600"), "a.example", NULL, false,
        FINDING_NOTE, "ri=3600 is historic", "take ri= out", NULL},
    {DMARC("a.example", "p=none; rf=afrf"), "a.example", NULL, false,
        FINDING_NOTE, "rf=afrf is historic", "take rf= out", NULL},

    /* t, psd, np. */
    {DMARC("a.example", "p=reject; t=y"), "a.example", NULL, false,
        FINDING_NOTE, "t=y is for tests: reject counts as quarantine",
        "take t=y out", NULL},
    {DMARC("a.example", "p=none; t=y"), "a.example", NULL, false, FINDING_OK,
        "DMARC of a.example: p=none", NULL, "t=y"},
    {DMARC("a.example", "p=none; psd=y"), "a.example", NULL, false,
        FINDING_WARNING, "psd=y is for registries", "take psd= out", NULL},
    {DMARC("b.a.example", "p=none; psd=n"), "b.a.example", NULL, false,
        FINDING_NOTE, "psd=n parts it from the names above", NULL, NULL},
    {DMARC("a.example", "p=reject; sp=none"), "a.example", NULL, false,
        FINDING_NOTE, "for names below it that do not exist none",
        "add np=reject", NULL},
    {DMARC("a.example", "p=quarantine; np=none"), "a.example", NULL, false,
        FINDING_NOTE, "p=quarantine, and for names below it",
        "add np=quarantine", NULL},
    {DMARC("a.example", "p=reject; sp=none; np=reject"), "a.example", NULL,
        false, FINDING_OK, "DMARC of a.example: p=reject", NULL,
        "do not exist"},

    /* Reports. */
    {DMARC("a.example", "p=none; rua=mailto:d@r.a.example"), "a.example", NULL,
        false, FINDING_OK, "DMARC of a.example: p=none", NULL, "takes"},
    {DMARC("a.example", "p=none; rua=mailto:d@r.example"), "a.example", NULL,
        false, FINDING_WARNING,
        "r.example does not say that it takes its reports (rua=)",
        "a.example._report._dmarc.r.example. IN TXT \"v=DMARC1;\"", NULL},
    {DMARC("a.example",
         "p=none; rua=mailto:d@R.Example!10m") "a.example._report._dmarc.r."
                                               "example TXT \"v=DMARC1\"\n",
        "a.example", NULL, false, FINDING_OK,
        "r.example takes its reports (rua=)", NULL, "does not say"},
    {DMARC("a.example", "p=none; rua=mailto:d@r.example!10m"), "a.example",
        NULL, false, FINDING_NOTE, "rua=mailto:d@r.example!10m has a size",
        "take it out", NULL},
    {DMARC("a.example",
         "p=none; rua=mailto:d@r.example") "a.example._report._dmarc.r.example "
                                           "TXT timeout\n",
        "a.example", NULL, false, FINDING_UNKNOWN,
        "whether r.example takes its reports", NULL, "does not say"},
    {DMARC("a.example",
         "p=none; rua=mailto:d@r.example") "_dmarc.r.example TXT timeout\n",
        "a.example", NULL, false, FINDING_UNKNOWN,
        "whether r.example is of another domain", NULL, "does not say"},
    {DMARC("b.a.example", "p=none; rua=mailto:d@a.example"), "b.a.example",
        NULL, false, FINDING_WARNING,
        "a.example does not say that it takes its reports (rua=)",
        "b.a.example._report._dmarc.a.example.", NULL},
    {DMARC("a.example", "p=none; ruf=https://a.example/x"), "a.example", NULL,
        false, FINDING_WARNING, "ruf= has https://a.example/x", NULL, NULL},
    {DMARC("a.example",
         "p=none; rua=mailto:d@a.example, mailto:d@r.example , "
         "mailto:d@s.example"),
        "a.example", NULL, false, FINDING_WARNING, "s.example does not say",
        "_report._dmarc.s.example", NULL},

    /* What we send. */
    {DMARC("a.example", "p=reject"), "a.example", NULL, false, FINDING_OK,
        "what is signed with d=a.example is aligned", NULL, "SPF alone"},
    {DMARC("a.example", "p=reject"), "a.example", NULL, true, FINDING_WARNING,
        "its mail passes by SPF alone, no key of it signs", "postseal testkey",
        "is aligned"},
    {DMARC("a.example", "p=none"), "a.example", NULL, true, FINDING_OK,
        "DMARC of a.example: p=none", NULL, "SPF alone"},
    {DMARC("a.example", "p=reject; adkim=s"), "a.example", NULL, false,
        FINDING_WARNING,
        "mail of names below it is signed with d=a.example, which is not",
        "take adkim=s out", "is aligned"},
    {DMARC("b.a.example", "p=reject; adkim=s"), "b.a.example", NULL, false,
        FINDING_OK, "what is signed with d=b.a.example is aligned", NULL,
        "names below it is signed"},
    {DMARC("a.example", "p=reject"), "a.example", "mx.a.example", false,
        FINDING_OK, "DMARC of a.example: p=reject", NULL, "HELO"},
    {DMARC("a.example", "p=reject"), "a.example", "MX.h.example", false,
        FINDING_NOTE,
        "the HELO name mx.h.example is not aligned: automatic answers", NULL,
        NULL},
    {DMARC("a.example", "p=reject; aspf=s"), "a.example", "mx.a.example", false,
        FINDING_NOTE, "the HELO name mx.a.example is not aligned", NULL, NULL},
    {DMARC("a.example", "p=reject; aspf=s"), "a.example", "a.example", false,
        FINDING_NOTE, "aspf=s wants the envelope sender", NULL, "HELO"},
    {DMARC("a.example", "p=reject"), "a.example", "", false, FINDING_OK,
        "DMARC of a.example: p=reject", NULL, "HELO"},
};

static void
check_row(struct found *w, const struct row *r)
{
	struct guidelines_facts facts = {
	    .dkim = r->unsigned_ ? GUIDELINES_NO : GUIDELINES_YES};

	CHECK(checkdmarc_look(&w->tool, r->domain,
	          r->helo == NULL ? "mx.a.example" : r->helo, &w->f,
	          &facts) == 0);
	found_check(&w->f, r->what, r->level, r->mend);
	CHECK(r->not == NULL || found_first(&w->f, r->not ) == NULL);
	CHECK((facts.dmarc == GUIDELINES_YES) == (w->f.count[FINDING_OK] > 0));
}

static void
each_finding(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct found w;

		suite_row(rows[i].what);
		found_open(&w, config);
		resolver_zone_load(w.tool.resolver, rows[i].zone);
		resolver_zone_order(w.tool.resolver,
		    i % 2 == 0 ? ZONE_READY : ZONE_SHUFFLED, (unsigned)i);
		check_row(&w, &rows[i]);
		found_close(&w);
	}
	suite_row(NULL);
}

/* No more hosts than there are walks for, however many are named. */
static void
many_reports(void)
{
	char zone[4000], name[80], *p = zone;
	struct guidelines_facts facts = {.dkim = GUIDELINES_YES};
	struct found w;

	found_open(&w, config);
	p += sprintf(p, "_dmarc.a.example TXT \"v=DMARC1; p=none; rua=");
	for (int i = 0; i < CHECKDMARC_REPORTS_MAX + 1; i++)
		p += sprintf(p, "%smailto:d@1.2.3.4.5.6.h%d.e%d",
		    i > 0 ? "," : "", i, i);
	sprintf(p, "\"\n");
	resolver_zone_load(w.tool.resolver, zone);
	CHECK(checkdmarc_look(
	          &w.tool, "a.example", "1.2.3.4.5.6.7.b", &w.f, &facts) == 0);
	for (int i = 0; i < CHECKDMARC_REPORTS_MAX + 1; i++) {
		sprintf(name, "1.2.3.4.5.6.h%d.e%d does not say", i, i);
		CHECK((found_first(&w.f, name) != NULL) ==
		    (i < CHECKDMARC_REPORTS_MAX));
	}
	CHECK(facts.dmarc == GUIDELINES_YES);
	found_close(&w);
}

SUITE("checkdmarc", T(each_finding), T(many_reports))

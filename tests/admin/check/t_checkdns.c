#include <stdio.h>
#include <stdlib.h>

#include "admin/check/checkdns.h"
#include "tests/support/found.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"

/* What DNS has of a domain that is as it should be. */
static const char good[] = "mx.a.example A 192.0.2.1\n"
                           "1.2.0.192.in-addr.arpa PTR mx.a.example\n";

static const char config[] = "hostname = mx.a.example\n";

static const struct row {
	const char *zone; /* beside or in the place of what is good */
	bool alone;
	enum finding_level level;
	const char *what;
	const char *mend; /* a part of it; NULL: there is none */
	/* s(pf) d(marc) p(tr): those that are so; S, D, P: nobody knows */
	const char *facts;
} rows[] = {
    /* all */
    {"a.example TXT \"v=spf1 mx -all\"\na.example MX 10 mx.a.example\n"
     "_dmarc.a.example TXT \"v=DMARC1; p=reject; rua=mailto:d@a.example\"\n",
        false, FINDING_OK,
        "SPF of a.example: pass for 192.0.2.1, 1 lookup of 10", NULL, "sdp"},
    /* SPF */
    {"", false, FINDING_WARNING, "SPF of a.example: there is no record",
        "a.example. IN TXT \"v=spf1 mx a:mx.a.example ~all\"", "p"},
    {"a.example TXT \"v=spf1 -all\"\n", false, FINDING_ERROR,
        "SPF of a.example for 192.0.2.1: fail, 0 lookups of 10",
        "put the address", "p"},
    {"a.example TXT \"v=spf1 a:n.example -all\"\nn.example A 192.0.2.99\n",
        false, FINDING_ERROR,
        "SPF of a.example for 192.0.2.1: fail, 1 lookup of 10", "put the", "p"},
    {"a.example TXT \"v=spf1 ~all\"\n", false, FINDING_ERROR,
        "SPF of a.example for 192.0.2.1: softfail", "put the address", "p"},
    {"a.example TXT \"v=spf1 ipp4:192.0.2.1 -all\"\n", false, FINDING_ERROR,
        "SPF of a.example for 192.0.2.1: permerror", "put the address", "p"},
    {"a.example TXT \"v=spf1 -all\"\na.example TXT \"v=spf1 +all\"\n", false,
        FINDING_ERROR, "SPF of a.example for 192.0.2.1: permerror",
        "put the address", "p"},
    {"a.example TXT timeout\n", false, FINDING_UNKNOWN,
        "SPF of a.example for 192.0.2.1: ", NULL, "Sp"},
    {"a.example TXT \"v=spf1 a:n.example a:n.example a:n.example a:n.example "
     "a:n.example a:n.example a:n.example a:n.example a:mx.a.example "
     "-all\"\nn.example A 192.0.2.99\n",
        false, FINDING_NOTE, "pass for 192.0.2.1, 9 lookups of 10", NULL, "sp"},
    {"a.example TXT \"v=spf1 a:n.example a:n.example a:n.example a:n.example "
     "a:n.example a:n.example a:n.example a:n.example a:n.example a:n.example "
     "a:mx.a.example -all\"\nn.example A 192.0.2.99\n",
        false, FINDING_ERROR, "SPF of a.example for 192.0.2.1: permerror",
        "put the address", "p"},
    /* DMARC */
    {"", false, FINDING_WARNING, "DMARC of a.example: there is no record",
        "_dmarc.a.example. IN TXT \"v=DMARC1; p=none;\"", "p"},
    {"_dmarc.a.example TXT \"v=DMARC1; p=none\"\n", false, FINDING_OK,
        "DMARC of a.example: p=none, without reports", NULL, "dp"},
    {"_dmarc.a.example TXT \"v=DMARC1; p=all\"\n", false, FINDING_ERROR,
        "DMARC of a.example: _dmarc.a.example: p= is not", NULL, "p"},
    {"_dmarc.a.example TXT \"v=DMARC1; p=none\"\n"
     "_dmarc.a.example TXT \"v=DMARC1; p=reject\"\n",
        false, FINDING_ERROR, "DMARC of a.example: there are 2 records",
        "leave one", "p"},
    {"_dmarc.a.example TXT \"v=spf1 -all\"\n", false, FINDING_WARNING,
        "DMARC of a.example: there is no record", "_dmarc.a.example.", "p"},
    {"_dmarc.a.example TXT timeout\n", false, FINDING_UNKNOWN,
        "DMARC of a.example: DNS gives no answer", NULL, "Dp"},
    /* MX */
    {"a.example MX 10 mx.a.example\n", false, FINDING_OK,
        "MX of a.example: mx.a.example", NULL, "p"},
    {"a.example A 192.0.2.1\n", false, FINDING_NOTE,
        "MX of a.example: none, mail goes to its address", NULL, "p"},
    {"", false, FINDING_WARNING, "a.example has neither MX nor address", NULL,
        "p"},
    {"a.example MX timeout\n", false, FINDING_UNKNOWN,
        "MX of a.example: DNS gives no answer", NULL, "p"},
    /* this host */
    {"", false, FINDING_OK, "192.0.2.1 has a name that leads back to it", NULL,
        "p"},
    {"", false, FINDING_OK, "the HELO name mx.a.example has an address", NULL,
        "p"},
    {"mx.a.example A 192.0.2.1\n", true, FINDING_WARNING,
        "192.0.2.1 has no name in DNS (PTR)", "ask who gives you", ""},
    {"mx.a.example A 192.0.2.1\n1.2.0.192.in-addr.arpa PTR b.example\n"
     "b.example A 192.0.2.2\n",
        true, FINDING_WARNING, "no name of 192.0.2.1 leads back to it",
        "ask who gives you", ""},
    {"mx.a.example A 192.0.2.1\n1.2.0.192.in-addr.arpa PTR timeout\n", true,
        FINDING_UNKNOWN, "the name of 192.0.2.1: DNS gives no answer", NULL,
        "P"},
    {"x.example A 192.0.2.1\n", true, FINDING_WARNING,
        "the HELO name mx.a.example has no address in DNS", NULL, "SP"},
    {"x.example A 192.0.2.1\n", true, FINDING_UNKNOWN,
        "from which address mail leaves is not known", "--ip ADDRESS", "SP"},
    {"mx.a.example A timeout\n", true, FINDING_UNKNOWN,
        "mx.a.example: DNS gives no answer", NULL, "SP"},
    {"mx.a.example AAAA 2001:db8::1\n"
     "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa "
     "PTR mx.a.example\n",
        true, FINDING_OK, "2001:db8::1 has a name that leads back to it", NULL,
        "p"},
};

/* Its letter is there; in upper case: nobody knows. */
static enum guidelines_fact
fact(const char *facts, char letter)
{
	if (strchr(facts, letter) != NULL)
		return GUIDELINES_YES;
	return strchr(facts, letter - 'a' + 'A') != NULL ? GUIDELINES_UNKNOWN
	                                                 : GUIDELINES_NO;
}

static void
check_row(struct found *w, const struct row *r)
{
	struct guidelines_facts facts = {.tls = true};
	struct checkdns_host host = {.name = "mx.a.example"};
	const struct finding *found;

	CHECK(checkdns_host(&w->tool, &w->f, &host) == 0);
	CHECK(
	    checkdns_domain(&w->tool, "a.example", &host, &w->f, &facts) == 0);
	found = found_check(&w->f, r->what, r->level, r->mend);
	CHECK(
	    r->level < FINDING_WARNING || found == NULL || found->why != NULL);
	CHECK(facts.spf == fact(r->facts, 's'));
	CHECK(facts.dmarc == fact(r->facts, 'd'));
	CHECK(facts.ptr == fact(r->facts, 'p'));
}

static void
each_finding(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct found w;

		suite_row(rows[i].what);
		found_open(&w, config);
		if (!rows[i].alone)
			resolver_zone_load(w.tool.resolver, good);
		resolver_zone_load(w.tool.resolver, rows[i].zone);
		resolver_zone_order(w.tool.resolver,
		    i % 2 == 0 ? ZONE_READY : ZONE_SHUFFLED, (unsigned)i);
		check_row(&w, &rows[i]);
		found_close(&w);
	}
	suite_row(NULL);
}

/* A record of the domain above counts for those below. */
static void
dmarc_above(void)
{
	struct guidelines_facts facts = {.tls = true};
	struct checkdns_host host = {.name = "mx.a.example"};
	struct found w;

	found_open(&w, config);
	resolver_zone_load(w.tool.resolver,
	    "_dmarc.a.example TXT \"v=DMARC1; p=quarantine; "
	    "rua=mailto:x@y\"\n");
	CHECK(checkdns_domain(&w.tool, "c.b.a.example", &host, &w.f, &facts) ==
	    0);
	CHECK(facts.dmarc);
	CHECK(
	    found_first(&w.f, "DMARC of c.b.a.example: p=quarantine") != NULL);
	CHECK(resolver_zone_asked(w.tool.resolver, "_dmarc.example", DNS_TXT) ==
	    1);
	found_close(&w);
}

/* Addresses as Postfix and people write them; CHECKDNS_ADDRESSES_MAX, and
 * more. */
static void
addresses(void)
{
	struct checkdns_host host = {.name = "h"};
	char text[400] = "";

	checkdns_addresses(
	    span_str("0.0.0.0 192.0.2.1,, ::  x 192.0.2.1 2001:db8::1 "),
	    &host);
	CHECK(host.n == 2);
	for (int i = 0; i <= CHECKDNS_ADDRESSES_MAX; i++)
		sprintf(text + strlen(text), "192.0.2.%d ", i);
	host.n = 0;
	checkdns_addresses(span_str(text), &host);
	CHECK(host.n == CHECKDNS_ADDRESSES_MAX);
	CHECK(host.ip[CHECKDNS_ADDRESSES_MAX - 1].b[3] ==
	    CHECKDNS_ADDRESSES_MAX - 1);
}

SUITE("checkdns", T(each_finding), T(dmarc_above), T(addresses))

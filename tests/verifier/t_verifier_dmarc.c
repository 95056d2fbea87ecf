/*
 * DMARC of whole messages, through the milter engine with a zone in text: the
 * rows are those of t_evaluation.c as a sender would see them, and what the
 * config makes of the result.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/house.h"
#include "tests/support/logged.h"
#include "tests/support/loop_fake.h"
#include "tests/support/nomem.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"
#include "verifier/counters.h"
#include "verifier/limits.h"

#define TXT(name, text) "_dmarc." name " TXT \"" text "\"\n"
#define SPF(name) name " TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
#define KEY(name) "k._domainkey." name " TXT \"p=$RSA\"\n"
#define SIG(d) "v=1; a=rsa-sha256; d=" d "; s=k; h=from; bh=@; b=@\n"
#define BROKEN(d) "v=1; a=rsa-sha256; d=" d "; s=k; h=from; bh=@; b=AAAA\n"
#define P(p) " (p=" p " dis=none"
#define NONE " reason=\"there is no policy record\""
#define FROM(d) " header.from=" d
#define POLICY(p) " policy.dmarc=" p
#define LOCAL " reason=local_policy)"
#define DEEP "a.b.c.d.e.f.g.h.i.j.mail.example.com"

/* What every sender here has: keys and SPF that pass. */
static const char senders[] = SPF("example.com") SPF("bounce.example.com")
    SPF("mx.example.com") SPF("other.example") SPF("mail.example.com")
        SPF("giant.bank.example") KEY("example.com") KEY("mail.example.com")
            KEY("b.example.com") KEY("list.example") KEY("other.example")
                KEY("a.mail.example.com") KEY("example.com.gov")
                    KEY("bank.example") KEY("xn--bcher-kva.example");

struct row {
	const char *name;
	const char *zone;   /* beside that of senders */
	const char *from;   /* domain of the author; or a field, with a colon */
	const char *lines;  /* signatures, and fields */
	const char *sender; /* "<a@b.example>"; NULL: of nobody */
	const char *want;   /* dmarc= and all that is behind it; NULL: any */
	const char *config; /* of verifier.dmarc */
	const char *reply;  /* NULL: it goes on */
	const char *mark;   /* NULL: none */
	const char *client; /* NULL: 192.0.2.1 */
	const char *helo;   /* NULL: mx.example.com */
	const char *login;
	const char *more; /* config of the verifier */
	bool hold;        /* it is put into the hold queue */
	bool no_hold;     /* the MTA does not offer it */
};

/* A message on its way. */
struct world {
	struct house h;
	struct mta m;
	struct buf message;
};

static void
begin(struct world *w, const struct row *r)
{
	char config[1024], text[512];

	snprintf(config, sizeof config, "%sdmarc { %s }\n",
	    r->more == NULL ? "" : r->more, r->config == NULL ? "" : r->config);
	house_open(&w->h, config);
	house_zone(&w->h, senders);
	house_zone(&w->h, r->zone);
	snprintf(text, sizeof text,
	    strchr(r->from, ':') != NULL ? "%s\r\nTo: r@r.example\r\n\r\nx\r\n"
	                                 : "From: Joe <joe@%s>\r\n"
	                                   "To: r@r.example\r\n\r\nx\r\n",
	    r->from);
	buf_init(&w->message, 1 << 20);
	house_mail(&w->h, r->lines, text, &w->message);
	house_mta(&w->h, &w->m);
	w->m.helo = r->helo == NULL ? "mx.example.com" : r->helo;
	if (r->no_hold)
		w->m.offer.actions &= ~(uint32_t)SMFIF_QUARANTINE;
	w->m.sender = r->sender == NULL ? "<a@nobody.example>" : r->sender;
	CHECK(mta_open(&w->m));
	mta_connect(&w->m, r->client == NULL ? "192.0.2.1" : r->client);
}

static void
end(struct world *w)
{
	mta_free(&w->m);
	buf_free(&w->message);
	house_close(&w->h);
}

static char
deliver(struct world *w, const char *login)
{
	return house_wait(
	    &w->h, &w->m, mta_message(&w->m, login, buf_view(&w->message)));
}

/* --- section 15 of the notes, and the appendix of the RFC ----------------- */

static const struct row rows[] = {
    {"1", TXT("example.com", "v=DMARC1; p=reject"), "example.com", "",
        "<a@bounce.example.com>",
        .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
            POLICY("reject")},
    {"2", TXT("example.com", "v=DMARC1; p=reject"), "a.b.example.com", "", NULL,
        .want = "dmarc=fail" P("reject") LOCAL FROM("a.b.example.com")
            POLICY("reject")},
    {"3", TXT("example.com", "v=DMARC1; p=reject; sp=none; np=reject"),
        "no.example.com", "", NULL,
        .want = "dmarc=fail (p=reject sp=none np=reject dis=none" LOCAL FROM(
            "no.example.com") POLICY("reject")},
    {"3, NODATA",
        TXT("example.com",
            "v=DMARC1; p=reject; sp=none; np=reject") "no.example.com TXT "
                                                      "\"here\"\n",
        "no.example.com", "", NULL,
        .want = "dmarc=fail (p=reject sp=none dis=none)" FROM("no.example.com")
            POLICY("none")},
    {"4",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("mail.example.com", "v=DMARC1; p=none"),
        "a.mail.example.com", SIG("b.example.com"), NULL,
        .want = "dmarc=pass (p=reject dis=pass)" FROM("a.mail.example.com")
            POLICY("reject")},
    {"5",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("mail.example.com", "v=DMARC1; p=none; psd=n"),
        "a.mail.example.com", SIG("example.com"), NULL,
        .want = "dmarc=fail (p=none dis=none)" FROM("a.mail.example.com")
            POLICY("none")},
    {"6", TXT("com", "v=DMARC1; p=none; psd=y; sp=quarantine"),
        "a.mail.example.com", "", "<a@bounce.example.com>",
        .want = "dmarc=pass (p=none sp=quarantine dis=pass)" FROM(
            "a.mail.example.com") POLICY("quarantine")},
    {"7", TXT("com", "v=DMARC1; p=none"), "a.example.com", SIG("b.example.com"),
        NULL,
        .want = "dmarc=pass (p=none dis=none)" FROM("a.example.com")
            POLICY("none")},
    {"8",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("example.com", "v=DMARC1; p=none"),
        "example.com", SIG("example.com"), NULL,
        .want = "dmarc=none" NONE FROM("example.com")},
    {"9",
        TXT("example.com", "v=spf1 -all")
            TXT("example.com", "v=DMARC1; p=reject"),
        "example.com", "", NULL,
        .want = "dmarc=fail" P("reject") LOCAL FROM("example.com")
            POLICY("reject")},
    {"10", TXT("example.com", "v=dmarc1; p=reject"), "example.com", "", NULL,
        .want = "dmarc=none" NONE FROM("example.com")},
    {"10, not first", TXT("example.com", "p=reject; v=DMARC1"), "example.com",
        "", NULL, .want = "dmarc=none" NONE FROM("example.com")},
    {"11", TXT("example.com", "v=DMARC1; p=bogus; rua=mailto:x@y.example"),
        "example.com", "", NULL,
        .want =
            "dmarc=fail (p=none dis=none)" FROM("example.com") POLICY("none")},
    {"11, without rua", TXT("example.com", "v=DMARC1; p=bogus"), "example.com",
        SIG("example.com"), NULL,
        .want = "dmarc=none reason=\"the policy record is invalid\"" FROM(
            "example.com")},
    {"12", TXT("example.com", "v=DMARC1; p=reject; t=y"), "example.com", "",
        NULL,
        .want = "dmarc=fail (p=reject dis=none reason=policy_test_mode)" FROM(
            "example.com") POLICY("quarantine")},
    {"13", TXT("example.com", "v=DMARC1; p=reject; pct=0"), "example.com", "",
        NULL,
        .want = "dmarc=fail" P("reject") LOCAL FROM("example.com")
            POLICY("reject")},
    {"14", TXT("example.com", "v=DMARC1; p=reject; adkim=s; aspf=s"),
        "example.com", SIG("mail.example.com"), "<a@bounce.example.com>",
        .want = "dmarc=fail" P("reject") LOCAL FROM("example.com")
            POLICY("reject")},
    {"14, the same", TXT("example.com", "v=DMARC1; p=reject; adkim=s"),
        "example.com", SIG("mail.example.com") SIG("example.com"), NULL,
        .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
            POLICY("reject")},
    {"15", TXT("e.f.g.h.i.j.mail.example.com", "v=DMARC1; p=reject"), DEEP, "",
        NULL, .want = "dmarc=none" NONE FROM(DEEP)},
    {"16", TXT("example.com", "v=DMARC1; p=reject") "_dmarc.com TXT servfail\n",
        "example.com", SIG("example.com"), NULL,
        .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
            POLICY("reject")},
    {"16, met below",
        TXT("example.com", "v=DMARC1; p=reject") "_dmarc.com TXT servfail\n",
        "example.com", "", "<a@bounce.example.com>",
        .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
            POLICY("reject")},
    {"17", "_dmarc.example.com TXT servfail\n", "example.com",
        SIG("example.com"), NULL,
        .want =
            "dmarc=temperror reason=\"no answer for the policy record\"" FROM(
                "example.com")},
    {"18", TXT("example.com", "v=DMARC1; p=reject"), "example.com", "", "<>",
        .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
            POLICY("reject")},
    {"19", TXT("example.com", "v=DMARC1; p=reject"), "example.com", "",
        "<a@other.example>",
        .want = "dmarc=fail" P("reject") LOCAL FROM("example.com")
            POLICY("reject")},
    {"20", "_dmarc.example.com TXT \"v = DM\" \"ARC1 ; p = REJ\" \"ECT ; \"\n",
        "example.com", "", NULL,
        .want = "dmarc=fail" P("reject") LOCAL FROM("example.com")
            POLICY("reject")},
    {"21", TXT("xn--bcher-kva.example", "v=DMARC1; p=reject"),
        "b\xc3\xbc"
        "cher.example",
        SIG("xn--bcher-kva.example"), NULL,
        .want = "dmarc=pass (p=reject dis=pass)" FROM("xn--bcher-kva.example")
            POLICY("reject")},
    {"22",
        "_dmarc.example.com CNAME d.provider.example\n"
        "d.provider.example TXT \"v=DMARC1; p=quarantine\"\n",
        "example.com", "", NULL,
        .want = "dmarc=fail" P("quarantine") LOCAL FROM("example.com")
            POLICY("quarantine")},

    /* appendix B.4: simple, deep, public suffix */
    {"23", TXT("example.com", "v=DMARC1; p=reject; aspf=r"), "example.com", "",
        "<a@bounce.example.com>",
        .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
            POLICY("reject")},
    {"24", TXT("example.com", "v=DMARC1; p=reject"), DEEP, SIG("example.com"),
        NULL,
        .want = "dmarc=pass (p=reject dis=pass)" FROM(DEEP) POLICY("reject")},
    {"25",
        TXT("bank.example", "v=DMARC1; p=reject; psd=y")
            TXT("giant.bank.example", "v=DMARC1; p=quarantine"),
        "giant.bank.example", "", "<a@giant.bank.example>",
        .want = "dmarc=pass (p=quarantine dis=pass)" FROM("giant.bank.example")
            POLICY("quarantine")},
    {"25, not below the suffix",
        TXT("bank.example", "v=DMARC1; p=reject; psd=y")
            TXT("giant.bank.example", "v=DMARC1; p=quarantine"),
        "giant.bank.example", SIG("bank.example"), NULL,
        .want = "dmarc=fail" P("quarantine") LOCAL FROM("giant.bank.example")
            POLICY("quarantine")},

    /* what is no author */
    {"no From", "", "X-A: b", "", NULL,
        .want = "dmarc=permerror reason=\"there is no From field\""},
    {"two Froms", "", "From: a@example.com\r\nFrom: a@example.com", "", NULL,
        .want = "dmarc=permerror reason=\"several From fields\""},
    {"two domains", "", "From: a@example.com, b@other.example", "", NULL,
        .want = "dmarc=permerror reason=\"several domains in From\""},
    {"a group", "", "From: Undisclosed:;", "", NULL,
        .want = "dmarc=permerror reason=\"no address in From\""},
    {"an address", "", "From: a@[192.0.2.1]", "", NULL,
        .want = "dmarc=permerror reason=\"an address instead of a domain in "
                "From\""},
    {"no list", "", "From: a@example.com b@other.example", "", NULL,
        .want = "dmarc=permerror reason=\"From cannot be read\""},
    {"a comment in it", "", "From: u@example.com(.evil.example)", "", NULL,
        .want = "dmarc=none" NONE FROM("example.com")},

    /* SPF and DKIM, each by its own verdict alone */
    {"an SPF that is neutral",
        TXT("neutral.example",
            "v=DMARC1; p=reject") "neutral.example TXT \"v=spf1 ?all\"\n",
        "neutral.example", "", "<a@neutral.example>",
        .want = "dmarc=fail" P("reject") LOCAL FROM("neutral.example")
            POLICY("reject")},
    {"a broken signature", TXT("example.com", "v=DMARC1; p=reject"),
        "example.com", BROKEN("example.com"), NULL,
        .want = "dmarc=fail" P("reject") LOCAL FROM("example.com")
            POLICY("reject")},
    {"a part of the body", TXT("example.com", "v=DMARC1; p=reject"),
        "example.com",
        "v=1; a=rsa-sha256; d=example.com; s=k; l=1; h=from; bh=@; b=@\n", NULL,
        .want = "dmarc=fail" P("reject") LOCAL FROM("example.com")
            POLICY("reject")},
    {"a field that says so", TXT("example.com", "v=DMARC1; p=reject"),
        "example.com",
        "!Authentication-Results: mx.example.jp; dkim=pass "
        "header.d=example.com; spf=pass smtp.mailfrom=example.com\n"
        "!Received-SPF: pass\n",
        NULL,
        .want = "dmarc=fail" P("reject") LOCAL FROM("example.com")
            POLICY("reject")},
    {"no answer for the key",
        TXT("example.com",
            "v=DMARC1; p=reject") "k._domainkey.example.com TXT servfail\n",
        "example.com", SIG("example.com"), NULL,
        .want = "dmarc=temperror reason=\"no answer for a domain that may be "
                "aligned\" (p=reject dis=none)" FROM("example.com")
                    POLICY("reject")},
    {"no answer for another's key",
        TXT("example.com",
            "v=DMARC1; p=reject") "k._domainkey.other.example TXT servfail\n",
        "example.com", SIG("other.example"), NULL,
        .want = "dmarc=fail" P("reject") LOCAL FROM("example.com")
            POLICY("reject")},
    {"no answer for SPF",
        TXT("example.com", "v=DMARC1; p=reject") "dead.example.com TXT "
                                                 "servfail\n",
        "example.com", "", "<a@dead.example.com>",
        .want = "dmarc=temperror reason=\"no answer for a domain that may be "
                "aligned\" (p=reject dis=none)" FROM("example.com")
                    POLICY("reject")},
};

/* What a row says of a message that goes on. */
static void
accepted(struct world *w, const struct row *r)
{
	bool held = strstr(buf_text(&w->m.done), "\nq ") != NULL;

	if (r->login != NULL)
		CHECK_STR(house_field(&w->h, &w->m), "none");
	else if (r->want != NULL)
		CHECK_STR(house_dmarc(&w->h, &w->m), r->want);
	CHECK_STR(house_mark(&w->m), r->mark == NULL ? "none" : r->mark);
	CHECK(held == r->hold);
	CHECK(strstr(r->lines, "!X-Postseal-DMARC") == NULL ||
	    strcmp(house_deleted(&w->h, &w->m), "X-Postseal-DMARC1") == 0);
}

/* The reply begins so. */
static void
refused(struct world *w, const char *reply)
{
	const char *got = buf_text(&w->m.done);

	if (strncmp(got, reply, strlen(reply)) != 0)
		CHECK_STR(got, reply);
}

/* Delivers each row. The seed is for ZONE_SHUFFLED. */
static void
check(const struct row *r, size_t n, enum zone_order order, unsigned seed)
{
	for (size_t i = 0; i < n; i++) {
		struct world w;
		char got;

		suite_row(r[i].name);
		begin(&w, &r[i]);
		resolver_zone_order(w.h.resolver, order, seed + (unsigned)i);
		got = deliver(&w, r[i].login);
		CHECK(got == (r[i].reply == NULL ? 'a' : 'y'));
		if (got == 'a')
			accepted(&w, &r[i]);
		else if (r[i].reply != NULL)
			refused(&w, r[i].reply);
		end(&w);
	}
	suite_row(NULL);
}

enum { ROWS = sizeof rows / sizeof rows[0] };

static void
every_order(void)
{
	static const enum zone_order order[] = {
	    ZONE_READY, ZONE_TOGETHER, ZONE_ONE_BY_ONE, ZONE_REVERSED};

	for (size_t i = 0; i < 4; i++)
		check(rows, ROWS, order[i], 0);
	for (unsigned seed = 0; seed < 20; seed++)
		check(rows, ROWS, ZONE_SHUFFLED, 1000 * seed);
}

/* --- what is done --------------------------------------------------------- */

#define REJECT TXT("example.com", "v=DMARC1; p=reject")
#define QUARANTINE TXT("example.com", "v=DMARC1; p=quarantine")
#define NO_POLICY TXT("example.com", "v=DMARC1; p=none")
#define DEAD "_dmarc.example.com TXT servfail\n"
#define MARK "action = \"mark\" "
#define ENFORCE "action = \"enforce\" "
#define SAID(p, dis) \
	"dmarc=fail (p=" p " dis=" dis ")" FROM("example.com") POLICY(p)
#define SAID_WHY(p, dis, why) \
	"dmarc=fail (p=" p " dis=" dis " reason=" why ")" FROM("example.com") \
	    POLICY(p)
#define REFUSED \
	"550 5.7.26 DMARC of example.com: neither SPF nor DKIM passes for " \
	"this " \
	"domain"
#define TRY_AGAIN \
	"451 4.7.1 DMARC of example.com: no answer for the policy record, " \
	"try " \
	"again"

static const struct row actions[] = {
    {"observe", REJECT, "example.com", "",
        .want = SAID_WHY("reject", "none", "local_policy")},
    {"observe strips a mark", REJECT, "example.com",
        "!X-Postseal-DMARC: none\n",
        .want = SAID_WHY("reject", "none", "local_policy")},
    {"observe, enforced domain", NO_POLICY, "example.com", "",
        .config = "enforce = {\"example.com\"}",
        .want = SAID_WHY("none", "none", "local_policy")},
    {"mark, none", NO_POLICY, "example.com", "", .config = MARK,
        .want = SAID("none", "none")},
    {"mark, quarantine", QUARANTINE, "example.com", "", .config = MARK,
        .want = SAID("quarantine", "quarantine"), .mark = "quarantine"},
    {"mark, reject", REJECT, "example.com", "", .config = MARK,
        .want = SAID_WHY("reject", "quarantine", "local_policy"),
        .mark = "reject"},
    {"mark, pass", REJECT, "example.com", SIG("example.com"), .config = MARK,
        .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
            POLICY("reject")},
    {"mark, temperror", DEAD, "example.com", "", .config = MARK,
        .want =
            "dmarc=temperror reason=\"no answer for the policy record\"" FROM(
                "example.com")},
    {"enforce, none", NO_POLICY, "example.com", "", .config = ENFORCE,
        .want = SAID("none", "none")},
    {"enforce, quarantine", QUARANTINE, "example.com", "", .config = ENFORCE,
        .want = SAID("quarantine", "quarantine"), .mark = "quarantine"},
    {"enforce, reject", REJECT, "example.com", "", .config = ENFORCE,
        .reply = REFUSED},
    {"enforce, reject, null sender of another", REJECT, "example.com", "", "<>",
        .config = ENFORCE, .helo = "mx.other.example", .reply = REFUSED},
    {"enforce, reject, a pass", REJECT, "example.com", SIG("example.com"),
        .config = ENFORCE,
        .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
            POLICY("reject")},
    {"enforce, reject in test", TXT("example.com", "v=DMARC1; p=reject; t=y"),
        "example.com", "", .config = ENFORCE,
        .want =
            "dmarc=fail (p=reject dis=quarantine "
            "reason=policy_test_mode)" FROM("example.com") POLICY("quarantine"),
        .mark = "quarantine"},
    {"enforce, a user's", REJECT, "example.com", "", .config = ENFORCE,
        .login = "ann"},

    /* exceptions */
    {"exempt", REJECT, "example.com", "",
        .config = ENFORCE "exempt = {\"Example.COM\"}",
        .want = SAID_WHY("reject", "quarantine", "local_policy"),
        .mark = "reject"},
    {"exempt, a domain above", REJECT, "mail.example.com", "",
        .config = ENFORCE "exempt = {\"example.com\"}",
        .reply = "550 5.7.26 DMARC of mail.example.com: "},
    {"enforced", NO_POLICY, "example.com", "",
        .config = ENFORCE "enforce = {\"example.com\"}", .reply = REFUSED},
    {"enforced, no record", "", "example.com", "",
        .config = ENFORCE "enforce = {\"example.com\"}",
        .want = "dmarc=none" NONE FROM("example.com")},
    {"a forwarder's address", REJECT, "example.com", "",
        .config = ENFORCE "trusted_forwarders = {\"192.0.2.0/24\"}",
        .want = SAID_WHY("reject", "quarantine", "trusted_forwarder"),
        .mark = "reject"},
    {"not a forwarder's address", REJECT, "example.com", "",
        .config = ENFORCE "trusted_forwarders = {\"192.0.3.0/24\"}",
        .reply = REFUSED},
    {"a forwarder's signature", REJECT, "example.com", SIG("list.example"),
        .config = ENFORCE "trusted_forwarders = {\"dkim:list.example\"}",
        .want = SAID_WHY("reject", "quarantine", "trusted_forwarder"),
        .mark = "reject"},
    {"a forwarder's signature that is broken", REJECT, "example.com",
        BROKEN("list.example"),
        .config = ENFORCE "trusted_forwarders = {\"dkim:list.example\"}",
        .reply = REFUSED},
    {"a forwarder's SPF", REJECT, "example.com", "", "<a@other.example>",
        .config = ENFORCE "trusted_forwarders = {\"spf:other.example\"}",
        .want = SAID_WHY("reject", "quarantine", "trusted_forwarder"),
        .mark = "reject"},
    {"a forwarder's SPF that fails", REJECT, "example.com", "",
        "<a@other.example>", .client = "192.0.2.2",
        .config = ENFORCE "trusted_forwarders = {\"spf:other.example\"}",
        .reply = REFUSED},
    {"a list's signature", REJECT, "example.com",
        "!List-Id: A list <a.list.example>\n" SIG("list.example"),
        .config = ENFORCE,
        .want = SAID_WHY("reject", "quarantine", "mailing_list"),
        .mark = "reject"},
    {"a list's SPF", REJECT, "example.com", "!List-Id: <a.other.example>\n",
        "<a@other.example>", .config = ENFORCE,
        .want = SAID_WHY("reject", "quarantine", "mailing_list"),
        .mark = "reject"},
    {"what says it is a list", REJECT, "example.com",
        "!List-Id: <a.list.example>\n" BROKEN("list.example"),
        "<a@other.example>", .config = ENFORCE, .reply = REFUSED},
    {"a list, and lists = reject", REJECT, "example.com",
        "!List-Id: <a.list.example>\n" SIG("list.example"),
        .config = ENFORCE "lists = \"reject\"", .reply = REFUSED},
    {"a relay of ours", REJECT, "example.com", "", .config = ENFORCE,
        .more = "relays = {\"192.0.2.1\"}\n",
        .want = SAID_WHY("reject", "quarantine", "local_policy"),
        .mark = "reject"},
    {"a relay of ours, DKIM passes", REJECT, "example.com", SIG("example.com"),
        .config = ENFORCE, .more = "relays = {\"192.0.2.1\"}\n",
        .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
            POLICY("reject")},
    {"a relay of ours, its SPF is not asked", REJECT, "example.com", "",
        "<a@example.com>", .config = ENFORCE,
        .more = "relays = {\"192.0.2.1\"}\n",
        .want = SAID_WHY("reject", "quarantine", "local_policy"),
        .mark = "reject"},

    /* hold */
    {"hold", QUARANTINE, "example.com", "",
        .config = MARK "quarantine = \"hold\"",
        .want = SAID("quarantine", "quarantine"), .mark = "quarantine",
        .hold = true},
    {"hold, reject that is marked", REJECT, "example.com", "",
        .config = MARK "quarantine = \"hold\"",
        .want = SAID_WHY("reject", "quarantine", "local_policy"),
        .mark = "reject", .hold = true},
    {"hold, observed", QUARANTINE, "example.com", "",
        .config = "quarantine = \"hold\"",
        .want = SAID_WHY("quarantine", "none", "local_policy")},
    {"hold, an exception", REJECT, "example.com", "",
        .config = ENFORCE "quarantine = \"hold\" exempt = {\"example.com\"}",
        .want = SAID_WHY("reject", "quarantine", "local_policy"),
        .mark = "reject"},
    {"hold, the MTA cannot", QUARANTINE, "example.com", "",
        .config = MARK "quarantine = \"hold\"", .no_hold = true,
        .want = SAID("quarantine", "quarantine"), .mark = "quarantine"},

    /* no author */
    {"unusable", "", "X-A: b", "", .config = ENFORCE,
        .want = "dmarc=permerror reason=\"there is no From field\""},
    {"unusable, reject", "", "X-A: b", "",
        .config = ENFORCE "unusable_from = \"reject\"",
        .reply = "550 5.7.1 DMARC of the message: there is no From field"},
    {"unusable, reject, observed", "", "X-A: b", "",
        .config = MARK "unusable_from = \"reject\"",
        .want = "dmarc=permerror reason=\"there is no From field\""},
    {"unusable, reject, but of a forwarder", "", "X-A: b", "",
        .config = ENFORCE "unusable_from = \"reject\" "
                          "trusted_forwarders = {\"192.0.2.0/24\"}",
        .want = "dmarc=permerror reason=\"there is no From field\""},

    /* no answer */
    {"defer", DEAD, "example.com", SIG("example.com"),
        .config = ENFORCE "on_temperror = \"defer\"", .reply = TRY_AGAIN},
    {"defer, marked only", DEAD, "example.com", "",
        .config = MARK "on_temperror = \"defer\"",
        .want =
            "dmarc=temperror reason=\"no answer for the policy record\"" FROM(
                "example.com")},
    {"defer, a relay of ours", DEAD, "example.com", "",
        .config = ENFORCE "on_temperror = \"defer\"",
        .more = "relays = {\"192.0.2.1\"}\n",
        .want =
            "dmarc=temperror reason=\"no answer for the policy record\"" FROM(
                "example.com")},
    {"the verifier's own is stricter",
        REJECT "k._domainkey.example.com TXT servfail\n", "example.com",
        SIG("example.com"), .config = ENFORCE,
        .more = "on_temperror = \"defer\"\n",
        .reply = "451 4.7.5 DKIM: no answer for the author's key, try again"},
    {"DMARC's is stricter",
        REJECT "k._domainkey.mail.example.com TXT servfail\n", "example.com",
        SIG("mail.example.com"), .config = ENFORCE "on_temperror = \"defer\"",
        .more = "on_temperror = \"defer\"\n",
        .reply = "451 4.7.1 DMARC of example.com: no answer for a domain that "
                 "may be aligned, try again"},

    {"not checked", REJECT, "example.com", "",
        .config = ENFORCE "check = false", .want = "no result"},
};

static void
each_action(void)
{
	const size_t n = sizeof actions / sizeof actions[0];

	check(actions, n, ZONE_READY, 0);
	check(actions, n, ZONE_REVERSED, 0);
	check(actions, n, ZONE_SHUFFLED, 7);
}

/* --- the words of verifier.reject ----------------------------------------- */

#define NOT_ALIGNED "reject = {\"not-aligned\"}\n"
#define SPF_FAIL "reject = {\"spf-fail\"}\n"
#define ALIGNED_REPLY "550 5.7.22 No author-matched DKIM signature: "
#define SPF_REPLY "550 5.7.23 SPF validation failed: "

static const struct row refusals[] = {
    {"aligned", NO_POLICY, "example.com", SIG("example.com"),
        .more = NOT_ALIGNED, .want = NULL},
    {"aligned, relaxed", NO_POLICY, "example.com", SIG("mail.example.com"),
        .more = NOT_ALIGNED},
    {"aligned, relaxed, behind SPF that is", NO_POLICY, "example.com",
        SIG("mail.example.com"), "<a@example.com>", .more = NOT_ALIGNED},
    {"SPF alone is not DKIM", NO_POLICY, "example.com", "", "<a@example.com>",
        .more = NOT_ALIGNED, .reply = ALIGNED_REPLY "example.com"},
    {"another's", NO_POLICY, "example.com", SIG("other.example"),
        .more = NOT_ALIGNED, .reply = ALIGNED_REPLY "example.com"},
    {"another's, of no policy", "", "example.com", SIG("other.example"),
        .more = NOT_ALIGNED, .reply = ALIGNED_REPLY "example.com"},
    {"the author's, of no policy", "", "example.com", SIG("example.com"),
        .more = NOT_ALIGNED},
    {"strict", TXT("example.com", "v=DMARC1; p=none; adkim=s"), "example.com",
        SIG("mail.example.com"), .more = NOT_ALIGNED,
        .reply = ALIGNED_REPLY "example.com"},
    {"broken", NO_POLICY, "example.com", BROKEN("example.com"),
        .more = NOT_ALIGNED, .reply = ALIGNED_REPLY "example.com"},
    {"a null sender", NO_POLICY, "example.com", "", "<>", .more = NOT_ALIGNED},
    {"a list", NO_POLICY, "example.com", "!List-Id: <a.list.example>\n",
        .more = NOT_ALIGNED},
    {"no answer for the policy", DEAD, "example.com", SIG("mail.example.com"),
        .more = NOT_ALIGNED},
    {"no answer for the key",
        NO_POLICY "k._domainkey.example.com TXT servfail\n", "example.com",
        SIG("example.com"), .more = NOT_ALIGNED},
    {"no answer whether it is aligned, and SPF is",
        NO_POLICY "_dmarc.mail.example.com TXT servfail\n", "example.com",
        SIG("mail.example.com"), "<a@example.com>", .more = NOT_ALIGNED},
    {"no answer whether it is aligned, but it is broken",
        NO_POLICY "_dmarc.mail.example.com TXT servfail\n", "example.com",
        BROKEN("mail.example.com"), "<a@example.com>", .more = NOT_ALIGNED,
        .reply = ALIGNED_REPLY "example.com"},
    {"no author", "", "X-A: b", "", .more = NOT_ALIGNED},
    {"a relay of ours", NO_POLICY, "example.com", "",
        .more = NOT_ALIGNED "relays = {\"192.0.2.1\"}\n"},

    {"SPF fails", NO_POLICY, "example.com", "", "<a@other.example>",
        .client = "192.0.2.2", .more = SPF_FAIL,
        .reply = SPF_REPLY "other.example"},
    {"SPF fails, and there is no policy", "", "example.com",
        SIG("other.example"), "<a@other.example>", .client = "192.0.2.2",
        .more = SPF_FAIL, .reply = SPF_REPLY "other.example"},
    {"SPF fails, no DMARC at all", "", "example.com", "", "<a@other.example>",
        .client = "192.0.2.2", .config = "check = false", .more = SPF_FAIL,
        .reply = SPF_REPLY "other.example"},
    {"SPF fails, DMARC passes", NO_POLICY, "example.com", SIG("example.com"),
        "<a@other.example>", .client = "192.0.2.2", .more = SPF_FAIL},
    {"SPF fails, DMARC cannot say", DEAD, "example.com", SIG("example.com"),
        "<a@other.example>", .client = "192.0.2.2", .more = SPF_FAIL},
    {"SPF passes", NO_POLICY, "example.com", "", "<a@other.example>",
        .more = SPF_FAIL},
    {"SPF is none", NO_POLICY, "example.com", "", .more = SPF_FAIL},
    {"HELO fails", NO_POLICY, "example.com", "", .client = "192.0.2.2",
        .more = SPF_FAIL},
    {"SPF fails for a null sender", NO_POLICY, "example.com", "", "<>",
        .client = "192.0.2.2", .more = SPF_FAIL},
    {"SPF fails for a list, whose sender is its own", NO_POLICY, "example.com",
        "!List-Id: <a.list.example>\n", "<a@other.example>",
        .client = "192.0.2.2", .more = SPF_FAIL,
        .reply = SPF_REPLY "other.example"},
    {"SPF fails for a forwarder", NO_POLICY, "example.com", "",
        "<a@other.example>", .client = "192.0.2.2",
        .config = "trusted_forwarders = {\"192.0.2.2\"}", .more = SPF_FAIL},
    {"SPF fails for another", NO_POLICY, "example.com", "", "<a@other.example>",
        .client = "192.0.2.2", .config = "trusted_forwarders = {\"192.0.2.3\"}",
        .more = SPF_FAIL, .reply = SPF_REPLY "other.example"},
    {"not aligned, by a forwarder's signature", NO_POLICY, "example.com",
        SIG("list.example"),
        .config = "trusted_forwarders = {\"dkim:list.example\"}",
        .more = NOT_ALIGNED},
    {"SPF fails, another word", NO_POLICY, "example.com", "",
        "<a@other.example>", .client = "192.0.2.2",
        .more = "reject = {\"not-acceptable\"}\n"},
    {"both words, DKIM's first", NO_POLICY, "example.com", "",
        "<a@other.example>", .client = "192.0.2.2",
        .more = "reject = {\"spf-fail\", \"not-aligned\"}\n",
        .reply = ALIGNED_REPLY},
    {"DMARC refuses first", REJECT, "example.com", "", "<a@other.example>",
        .client = "192.0.2.2", .config = ENFORCE, .more = SPF_FAIL,
        .reply = REFUSED},
};

static void
each_word(void)
{
	const size_t n = sizeof refusals / sizeof refusals[0];

	check(refusals, n, ZONE_READY, 0);
	check(refusals, n, ZONE_REVERSED, 0);
}

/* --- log and counters ----------------------------------------------------- */

#define HELD "the DMARC policy of its author's domain"

static const struct {
	struct row row;
	const char *event, *reply, *dmarc; /* of the log line */
	enum dmarc_result result;
	enum disposition_kind kind;
	enum disposition_reason reason;
} told[] = {
    {{"pass", REJECT, "example.com", SIG("example.com"), .config = ENFORCE},
        "verified", NULL, "pass (p=reject dis=pass)", DMARC_RESULT_PASS,
        DISPOSITION_PASS, REASON_NONE},
    {{"refused", REJECT, "example.com", "", .config = ENFORCE}, "rejected",
        REFUSED, "fail (p=reject dis=reject)", DMARC_RESULT_FAIL,
        DISPOSITION_REJECT, REASON_NONE},
    {{"a list", REJECT, "example.com",
         "!List-Id: <a.list.example>\n" SIG("list.example"), .config = ENFORCE},
        "verified", NULL, "fail (p=reject dis=quarantine reason=mailing_list)",
        DMARC_RESULT_FAIL, DISPOSITION_QUARANTINE, REASON_MAILING_LIST},
    {{"held", QUARANTINE, "example.com", "",
         .config = MARK "quarantine = \"hold\""},
        "held", HELD, "fail (p=quarantine dis=quarantine)", DMARC_RESULT_FAIL,
        DISPOSITION_QUARANTINE, REASON_NONE},
    {{"none", "", "example.com", "", .sender = NULL}, "verified", NULL,
        "none (there is no policy record)", DMARC_RESULT_NONE, DISPOSITION_NONE,
        REASON_NONE},
    {{"put off", DEAD, "example.com", "",
         .config = ENFORCE "on_temperror = \"defer\""},
        "deferred", TRY_AGAIN, "temperror (no answer for the policy record)",
        DMARC_RESULT_TEMPERROR, DISPOSITION_NONE, REASON_OTHER},
    {{"no author", "", "X-A: b", "", .sender = NULL}, "verified", NULL,
        "permerror (there is no From field)", DMARC_RESULT_PERMERROR,
        DISPOSITION_NONE, REASON_NONE},
};

/* What does not just go on says why: reply, or NULL. */
static void
check_line(
    const char *line, const char *event, const char *reply, const char *dmarc)
{
	char want[256];

	snprintf(want, sizeof want, ": %s queue_id=", event);
	CHECK(suite_has(line, want));
	snprintf(
	    want, sizeof want, " reply=\"%s\" ", reply == NULL ? "" : reply);
	CHECK(reply == NULL ? strstr(line, " reply=") == NULL
	                    : suite_has(line, want));
	snprintf(want, sizeof want, " dmarc=\"%s\" dkim=", dmarc);
	CHECK(suite_has(line, want));
}

static void
counters(void)
{
	struct logged log;

	logged_begin(&log);
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
		struct stats *stats;
		struct world w;

		suite_row(told[i].row.name);
		CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
		begin(&w, &told[i].row);
		w.h.v.stats = stats_slot(stats, 0);
		deliver(&w, NULL);
		check_line(logged_line(&log), told[i].event, told[i].reply,
		    told[i].dmarc);
		CHECK(stats_sum(stats, VERIFIER_DMARC + told[i].result) == 1);
		CHECK(
		    stats_sum(stats, VERIFIER_DISPOSITION + told[i].kind) == 1);
		for (unsigned r = REASON_NONE + 1; r < REASON_KINDS; r++)
			CHECK(stats_sum(stats, VERIFIER_OVERRIDE + r) ==
			    (r == told[i].reason));
		CHECK(stats_sum(stats, VERIFIER_HELD) ==
		    (strcmp(told[i].event, "held") == 0));
		end(&w);
		stats_free(stats);
	}
	suite_row(NULL);
	logged_end(&log);
}

/* So far conf/fail2ban.conf reads it. */
static void
line_of_a_refusal(void)
{
	static const struct row row = {"SPF fails", NO_POLICY, "example.com",
	    "", "<a@other.example>", .client = "192.0.2.2", .more = SPF_FAIL};
	struct logged log;
	struct world w;

	logged_begin(&log);
	begin(&w, &row);
	deliver(&w, NULL);
	CHECK(suite_has(logged_line(&log),
	    ": rejected queue_id=4AE0FA84398 client=192.0.2.2 "
	    "from=example.com reply=\"" SPF_REPLY));
	end(&w);
	logged_end(&log);
}

/* --- lines for reports ---------------------------------------------------- */

#define HEAD \
	"{\"time\":1800000000,\"queue_id\":\"4AE0FA84398\",\"source_ip\":" \
	"\"192.0.2.1\","
#define PUBLISHED(p, more) \
	"\"policy_published\":{\"domain\":\"example.com\"," \
	"\"discovery_method\":\"treewalk\",\"p\":\"" p "\"," more \
	",\"adkim\":\"r\",\"aspf\":\"r\",\"testing\":\"n\"},"
#define EVALUATED(d, dkim, spf) \
	"\"policy_evaluated\":{\"disposition\":\"" d "\",\"dkim\":\"" dkim \
	"\",\"spf\":\"" spf "\""
#define IDENTIFIERS(from) \
	"},\"identifiers\":{\"header_from\":\"example.com\"" from \
	",\"envelope_to\":[\"r.example\"]},"
#define ENVELOPE(from) ",\"envelope_from\":\"" from "\""
#define DKIM(d) "{\"domain\":\"" d "\",\"selector\":\"k\",\"result\":\"pass\"}"
#define SPF_SAYS(d, result) \
	"\"spf\":{\"domain\":\"" d \
	"\",\"scope\":\"mfrom\",\"result\":\"" result "\"}"
#define RESULTS(dkim, spf) "\"auth_results\":{\"dkim\":[" dkim "]" spf "}}\n"

static const struct {
	struct row row;
	const char *line; /* NULL: none */
} kept[] = {
    {{"the author's and a list's",
         TXT("example.com",
             "v=DMARC1; p=reject; sp=none; np=quarantine; fo=1:d; "
             "ruf=mailto:a@example.com"),
         "example.com",
         "!List-Id: <a.list.example>\n" SIG("list.example")
             SIG("mail.example.com"),
         .config = ENFORCE},
        HEAD "\"result\":\"pass\"," PUBLISHED(
            "reject", "\"sp\":\"none\",\"np\":\"quarantine\",\"fo\":\"1:d\"")
            EVALUATED("pass", "pass", "fail")
                IDENTIFIERS(ENVELOPE("nobody.example"))
                    RESULTS(DKIM("mail.example.com") "," DKIM("list.example"),
                        "," SPF_SAYS("nobody.example", "none"))},
    {{"both methods are looked at", REJECT, "example.com", SIG("example.com"),
         "<a@bounce.example.com>", .config = ENFORCE},
        HEAD "\"result\":\"pass\"," PUBLISHED("reject", "\"fo\":\"0\"")
            EVALUATED("pass", "pass", "pass") IDENTIFIERS(
                ENVELOPE("bounce.example.com")) RESULTS(DKIM("example.com"),
                "," SPF_SAYS("bounce.example.com", "pass"))},
    {{"refused, a null sender", REJECT, "example.com", "", "<>",
         .helo = "mx.other.example", .config = ENFORCE},
        HEAD "\"result\":\"fail\"," PUBLISHED("reject", "\"fo\":\"0\"")
            EVALUATED("reject", "fail", "fail") IDENTIFIERS(ENVELOPE(""))
                RESULTS("", "," SPF_SAYS("mx.other.example", "none"))},
    {{"a relay of ours, observed", QUARANTINE, "example.com", "",
         .more = "relays = {\"192.0.2.1\"}\n"},
        HEAD "\"result\":\"fail\"," PUBLISHED("quarantine", "\"fo\":\"0\"")
            EVALUATED("none", "fail",
                "fail") ",\"reason\":\"local_policy\"" IDENTIFIERS("")
                RESULTS("", "")},

    /* nothing is to be reported */
    {{"no policy", "", "example.com", "", .sender = NULL}, NULL},
    {{"no author", REJECT, "X-A: b", "", .sender = NULL}, NULL},
    {{"put off", DEAD, "example.com", "",
         .config = ENFORCE "on_temperror = \"defer\""},
        NULL},
    {{"refused for SPF", NO_POLICY, "example.com", "", "<a@other.example>",
         .client = "192.0.2.2", .more = SPF_FAIL},
        NULL},
    {{"a user's", REJECT, "example.com", "", .login = "ann"}, NULL},
};

static void
lines(void)
{
	char path[TMPDIR_PATH_MAX];
	struct tmpdir dir;

	tmpdir_make(&dir);
	tmpdir_file(&dir, "2027-01-15.0.jsonl", path);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		struct row row = kept[i].row;
		char config[512];
		struct world w;

		suite_row(row.name);
		snprintf(config, sizeof config, "%s results = \"%s\"",
		    row.config == NULL ? "" : row.config, dir.path);
		row.config = config;
		begin(&w, &row);
		deliver(&w, row.login);
		CHECK_STR(tmpdir_read(path),
		    kept[i].line == NULL ? "" : kept[i].line);
		remove(path);
		end(&w);
	}
	suite_row(NULL);
	tmpdir_remove(&dir);
}

/* Where no line can be written the mail goes on, and one line of the log says
 * so. */
static void
lost_lines(void)
{
	static const struct row row = {"lost", REJECT, "example.com", "",
	    .config = "results = \"/nonexistent\""};
	const char *first;
	struct logged log;
	struct stats *stats;
	struct world w;

	logged_begin(&log);
	CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
	begin(&w, &row);
	w.h.v.stats = stats_slot(stats, 0);
	for (int i = 0; i < 3; i++)
		CHECK(deliver(&w, NULL) == 'a');
	first = strstr(logged_text(&log),
	    "results_lost reason=\"/nonexistent: No such file or directory\"");
	CHECK(first != NULL && strstr(first + 1, "results_lost") == NULL);
	CHECK(stats_sum(stats, VERIFIER_LINES_LOST) == 3);
	CHECK(stats_sum(stats, VERIFIER_LINES) == 0);
	end(&w);
	stats_free(stats);
	logged_end(&log);
}

/* --- answers that come, come late, or never ------------------------------- */

/* Delivers one answer; false: it was not asked for. */
static bool
answer(struct world *w, const char *name)
{
	return resolver_zone_deliver_one(w->h.resolver, name, DNS_TXT);
}

/* The author's names at once, beside the key; those of a signature when the
 * policy is there, equal ones once. */
static void
asked_at_once(void)
{
	static const struct row row = {"at once",
	    REJECT "nobody.example TXT cached\nmx.example.com TXT cached\n",
	    "mail.example.com",
	    SIG("list.example") SIG("b.example.com") SIG("b.example.com"),
	    .want = NULL};
	struct world w;

	begin(&w, &row);
	resolver_zone_order(w.h.resolver, ZONE_HELD, 0);
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	CHECK_STR(strstr(resolver_zone_log(w.h.resolver), "k._domainkey"),
	    "k._domainkey.list.example TXT; k._domainkey.b.example.com TXT; "
	    "_dmarc.mail.example.com TXT; _dmarc.example.com TXT; "
	    "_dmarc.com TXT");
	resolver_zone_forget(w.h.resolver);
	CHECK(answer(&w, "_dmarc.mail.example.com"));
	CHECK(answer(&w, "_dmarc.example.com"));
	CHECK_STR(resolver_zone_log(w.h.resolver), "");
	CHECK(answer(&w, "_dmarc.com"));
	CHECK_STR(resolver_zone_log(w.h.resolver), "_dmarc.b.example.com TXT");
	CHECK(answer(&w, "k._domainkey.b.example.com"));
	CHECK(!session_resumed(w.m.session));
	CHECK(answer(&w, "k._domainkey.list.example"));
	CHECK(session_resumed(w.m.session)); /* to judge, meanwhile */
	CHECK(mta_answer(&w.m, false) == 0);
	CHECK(answer(&w, "_dmarc.b.example.com"));
	CHECK(session_resumed(w.m.session));
	CHECK(mta_answer(&w.m, false) == 'a');
	CHECK_STR(house_dmarc(&w.h, &w.m),
	    "dmarc=pass (p=reject dis=pass)" FROM("mail.example.com")
	        POLICY("reject"));
	end(&w);
}

/* What is certain waits for nothing: here neither for "com" nor for the walk of
 * the other domain. */
static void
certain_early(void)
{
	static const struct row row = {"certain", REJECT, "example.com",
	    SIG("example.com"), "<a@bounce.example.com>", .want = NULL};
	struct world w;

	begin(&w, &row);
	resolver_zone_order(w.h.resolver, ZONE_HELD, 0);
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	CHECK(answer(&w, "bounce.example.com"));
	CHECK(answer(&w, "_dmarc.example.com"));
	CHECK(!session_resumed(w.m.session));
	CHECK(answer(&w, "k._domainkey.example.com"));
	CHECK(session_resumed(w.m.session));
	CHECK(mta_answer(&w.m, false) == 'a');
	CHECK_STR(house_dmarc(&w.h, &w.m),
	    "dmarc=pass (p=reject dis=pass)" FROM("example.com")
	        POLICY("reject"));
	/* nor is anything of it left */
	mta_send(&w.m, 'A', span_of(NULL, 0));
	CHECK(resolver_zone_waiting(w.h.resolver) == 0);
	end(&w);
}

/* Servers that never answer: who has which silent name, what is said then, and
 * whether the message has to wait for it. */
static const struct {
	struct row row;
	bool waits;
} silent[] = {
    {{"the policy", "_dmarc.example.com TXT silent\n", "example.com",
         SIG("example.com"),
         .want = "dmarc=temperror reason=\"no answer for the policy "
                 "record\"" FROM("example.com")},
        true},
    {{"the top", REJECT "_dmarc.com TXT silent\n", "example.com",
         SIG("b.example.com"),
         .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
             POLICY("reject")},
        false},
    {{"an identifier", REJECT "_dmarc.b.example.com TXT silent\n",
         "example.com", SIG("b.example.com"),
         .want = "dmarc=temperror reason=\"no answer for a domain that may "
                 "be aligned\" (p=reject dis=none)" FROM("example.com")
                     POLICY("reject")},
        true},
    {{"an identifier, and another passes",
         REJECT "_dmarc.b.example.com TXT silent\n", "example.com",
         SIG("b.example.com") SIG("example.com"),
         .want = "dmarc=pass (p=reject dis=pass)" FROM("example.com")
             POLICY("reject")},
        false},
    {{"the key", REJECT "k._domainkey.example.com TXT silent\n", "example.com",
         SIG("example.com"),
         .want = "dmarc=temperror reason=\"no answer for a domain that may "
                 "be aligned\" (p=reject dis=none)" FROM("example.com")
                     POLICY("reject")},
        true},
    {{"existence",
         TXT("example.com", "v=DMARC1; p=none; np=reject") "no.example.com "
                                                           "CNAME silent\n",
         "no.example.com", "",
         .want = "dmarc=temperror reason=\"no answer whether the domain "
                 "exists\" (p=none dis=none)" FROM("no.example.com")
                     POLICY("none")},
        true},
    {{"existence, while another's key is silent",
         TXT("example.com",
             "v=DMARC1; p=none; np=reject") "k._domainkey.silent.example TXT "
                                            "silent\n",
         "no.example.com", SIG("no.example.com") SIG("silent.example"),
         .want = "dmarc=fail (p=none np=reject dis=none" LOCAL FROM(
             "no.example.com") POLICY("reject")},
        true},
};

static void
never(void)
{
	for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
		struct world w;
		char r;

		suite_row(silent[i].row.name);
		begin(&w, &silent[i].row);
		resolver_zone_order(w.h.resolver, ZONE_TOGETHER, 0);
		r = mta_message(&w.m, NULL, buf_view(&w.message));
		for (int t = 0; t < 20 && session_waiting(w.m.session); t++) {
			loop_fake_turn(w.h.loop);
			if (session_resumed(w.m.session))
				r = mta_answer(&w.m, false);
		}
		CHECK((r == 0) == silent[i].waits);
		CHECK(r != 0 || session_wait_ms(w.m.session) <= 10000);
		if (r == 0)
			r = mta_answer(&w.m, true);
		CHECK(r == 'a');
		CHECK_STR(house_dmarc(&w.h, &w.m), silent[i].row.want);
		mta_send(&w.m, 'A', span_of(NULL, 0));
		CHECK(resolver_zone_waiting(w.h.resolver) == 0);
		end(&w);
	}
	suite_row(NULL);
}

/* The connection is lost while DMARC is asked. */
static void
given_up(void)
{
	static const struct row row = {"given up", REJECT, "example.com",
	    SIG("b.example.com"), .want = NULL};
	struct world w;

	begin(&w, &row);
	resolver_zone_order(w.h.resolver, ZONE_HELD, 0);
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	CHECK(answer(&w, "_dmarc.example.com"));
	CHECK(resolver_zone_waiting(w.h.resolver) > 0);
	session_lost(w.m.session);
	session_free(w.m.session);
	w.m.session = NULL;
	CHECK(resolver_zone_waiting(w.h.resolver) == 0);
	end(&w);
}

/* --- limits --------------------------------------------------------------- */

enum { MANY = 11 };

/* Signatures of as many domains of the author's organization, with many labels
 * each. */
static void
put_domains(struct buf *out, struct buf *zone)
{
	for (int i = 0; i < MANY; i++) {
		buf_fmt(out,
		    "v=1; a=rsa-sha256; d=a.b.c.d.e%d.example.com; s=k; "
		    "h=from; bh=@; b=@\n",
		    i);
		buf_fmt(zone,
		    "k._domainkey.a.b.c.d.e%d.example.com TXT \"p=$RSA\"\n", i);
	}
}

static unsigned
asked_dmarc(struct world *w)
{
	const char *log = resolver_zone_log(w->h.resolver);
	unsigned n = 0;

	while ((log = strstr(log, "_dmarc.")) != NULL) {
		log++;
		n++;
	}
	return n;
}

/* A policy that aligns none of them, so that each is looked at: nine walks
 * beside the author's, of five names each that differ. What has none may be
 * aligned. With much to do, few names are asked beside the author's. SPF's
 * domain has a walk all the same. */
static void
many_domains(void)
{
	for (int i = 0; i < 4; i++) {
		bool busy = i % 2 != 0, spf = i / 2 != 0;
		struct row row = {"many", NULL, "example.com", NULL,
		    .more = "signatures = 11\n", .want = NULL,
		    .sender = spf ? "<a@bounce.example.com>" : NULL};
		struct buf lines_of, zone;
		struct world w;

		buf_init(&lines_of, 1 << 20);
		buf_init(&zone, 1 << 20);
		put_domains(&lines_of, &zone);
		buf_str(&zone, REJECT);
		for (int k = 0; k < MANY; k++)
			buf_fmt(&zone,
			    "_dmarc.e%d.example.com TXT \"v=DMARC1; psd=n; "
			    "p=none\"\n",
			    k);
		row.lines = buf_text(&lines_of);
		row.zone = buf_text(&zone);
		begin(&w, &row);
		resolver_zone_order(w.h.resolver, ZONE_TOGETHER, 0);
		resolver_zone_busy(w.h.resolver, busy);
		CHECK(deliver(&w, NULL) == 'a');
		CHECK(spf ||
		    asked_dmarc(&w) ==
		        (busy ? 2U + QUESTIONS_BUSY_MAX
		              : 2U + 5 * (DMARC_WALKS_MAX - 1)));
		CHECK_STR(house_dmarc(&w.h, &w.m),
		    spf ? "dmarc=pass (p=reject dis=pass)" FROM("example.com")
		              POLICY("reject")
		        : "dmarc=temperror reason=\"no answer for a domain "
		          "that may be aligned\" (p=reject dis=none)" FROM(
		              "example.com") POLICY("reject"));
		end(&w);
		buf_free(&lines_of);
		buf_free(&zone);
	}
}

/* A signature whose key is not asked for, as DNS is busy, may be the one that
 * passes: nothing is refused for that, and a forged mail is marked. */
static void
keys_not_asked(void)
{
	static const struct row row = {"busy",
	    REJECT KEY("a.example") KEY("b.example") KEY("c.example"),
	    "b.example.com",
	    SIG("a.example") SIG("b.example") SIG("c.example")
	        SIG("mail.example.com"),
	    .config = ENFORCE, .want = NULL};

	for (int busy = 0; busy < 2; busy++) {
		struct world w;

		begin(&w, &row);
		resolver_zone_busy(w.h.resolver, busy == 1);
		CHECK(deliver(&w, NULL) == 'a');
		CHECK_STR(house_dmarc(&w.h, &w.m),
		    busy == 1
		        ? "dmarc=fail (p=reject dis=quarantine "
		          "reason=other)" FROM("b.example.com") POLICY("reject")
		        : "dmarc=pass (p=reject dis=pass)" FROM("b.example.com")
		              POLICY("reject"));
		end(&w);
	}
}

/* However many labels an author has: eight names. */
static void
eight_names(void)
{
	static const struct row row = {"eight", "", DEEP, "", .want = NULL};
	struct world w;

	begin(&w, &row);
	CHECK(deliver(&w, NULL) == 'a');
	CHECK(asked_dmarc(&w) == 8);
	end(&w);
}

/* A header that is too large hides its author, and is told so. */
static void
large_header(void)
{
	static const struct row row = {"large", REJECT, "example.com", "",
	    .config = ENFORCE "unusable_from = \"reject\"", .want = NULL};
	struct world w;

	begin(&w, &row);
	buf_clear(&w.message);
	for (int i = 0; i < 10001; i++)
		buf_str(&w.message, "X-A: b\r\n");
	buf_str(&w.message, "From: joe@example.com\r\n\r\nx\r\n");
	CHECK(deliver(&w, NULL) == 'y');
	refused(&w, "550 5.7.1 DMARC of the message: too many header fields");
	end(&w);
}

/* --- memory that is out --------------------------------------------------- */

/* With the n-th allocation failing: what is answered. False: there are not so
 * many. */
static bool
round_of(long n, const struct row *row, struct span sent, struct buf *out)
{
	struct session *s;
	struct world w;
	bool more;

	begin(&w, row);
	resolver_zone_order(w.h.resolver, ZONE_TOGETHER, 0);
	CU_ASSERT_FATAL(
	    session_new(&verifier_ops, &w.h.v, NULL, NULL, &s) == 0);
	more = nomem_round(n);
	if (more) {
		(void)session_feed(s, sent, out);
		house_wait_session(&w.h, s, out);
	}
	nomem_end();
	CHECK(!session_waiting(s));
	session_free(s);
	end(&w);
	return more;
}

static bool
has(const struct buf *b, const char *what)
{
	return b->n > 0 && memmem(b->p, b->n, what, strlen(what)) != NULL;
}

/* A forged mail, and one that passes: no failure makes a pass of the one, nor
 * has the other refused. */
static void
every_allocation_fails(void)
{
	static const struct row row[] = {
	    {"forged", REJECT, "example.com", SIG("b.example.com.gov"),
	        "<a@other.example>", .config = ENFORCE},
	    {"good", REJECT, "example.com", SIG("b.example.com"),
	        "<a@bounce.example.com>", .config = ENFORCE},
	    {"good by SPF alone", REJECT, "example.com", "",
	        "<a@bounce.example.com>", .config = ENFORCE},
	    {"good by DKIM alone", REJECT, "example.com", SIG("b.example.com"),
	        "<a@other.example>", .config = ENFORCE},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		unsigned right = 0, unknown = 0;
		struct buf out;
		struct world w;
		bool more = true;

		suite_row(row[i].name);
		begin(&w, &row[i]);
		w.m.abort_after = false;
		CHECK(deliver(&w, NULL) == (i == 0 ? 'y' : 'a'));
		buf_init(&out, 1 << 20);
		for (long n = 0; more; n++) {
			buf_clear(&out);
			more = round_of(n, &row[i], buf_view(&w.m.sent), &out);
			CHECK(!has(&out, i == 0 ? "dmarc=pass" : "550 "));
			right +=
			    has(&out, i == 0 ? "550 5.7.26" : "dmarc=pass");
			unknown += has(&out, "dmarc=temperror");
		}
		CHECK(right > 0 || suite_under_valgrind());
		CHECK(unknown > 0 || suite_under_valgrind());
		buf_free(&out);
		end(&w);
	}
	suite_row(NULL);
}

SUITE("verifier_dmarc", T(every_order), T(each_action), T(each_word),
    T(counters), T(line_of_a_refusal), T(lines), T(lost_lines),
    T(asked_at_once), T(certain_early), T(never), T(given_up), T(many_domains),
    T(keys_not_asked), T(eight_names), T(large_header),
    T(every_allocation_fails))

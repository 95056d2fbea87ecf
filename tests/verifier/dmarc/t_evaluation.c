#include <stdio.h>
#include <stdlib.h>

#include "common/dns/dnsmsg.h"
#include "tests/support/suite.h"
#include "tests/support/zone.h"
#include "verifier/dmarc/evaluation.h"

/*
 * A message: its author, and the identifiers: "dkim=NAME" passes, "dkim!NAME"
 * does not, "dkim?NAME" has a temporary error, of "dkim~NAME" it is not known
 * yet; likewise "spf". Each result as
 *     RESULT TAG=PUBLISHED[/WITH-T] NAME-OF-THE-RECORD [dkim] [spf]
 */
struct row {
	const char *name, *zone, *author, *identifiers, *want;
	const char *asked; /* the questions in order, without "_dmarc."; a round
			    * trip ends at ";". NULL: of no interest */
};

#define TXT(name, text) "_dmarc." name " TXT \"" text "\"\n"
#define DEEP "a.b.c.d.e.f.g.h.i.j.mail.example.com"
#define DEEPER "a.b.c.d.e.f.g.h.i.j.k.example.com"

static const struct row rows[] = {
    /* notes, section 15 */
    {"1", TXT("example.com", "v=DMARC1; p=reject"), "example.com",
        "spf=bounce.example.com", "pass p=reject example.com spf",
        "example.com com;bounce.example.com;"},
    {"2", TXT("example.com", "v=DMARC1; p=reject"), "a.b.example.com", "",
        "fail p=reject example.com", NULL},
    {"3", TXT("example.com", "v=DMARC1; p=reject; sp=none; np=reject"),
        "no.example.com", "", "fail np=reject example.com",
        "no.example.com example.com com;?no.example.com;"},
    {"3, NODATA",
        TXT("example.com",
            "v=DMARC1; p=reject; sp=none; np=reject") "no.example.com TXT "
                                                      "\"here\"\n",
        "no.example.com", "", "fail sp=none example.com", NULL},
    {"3, an alias of nothing",
        TXT("example.com",
            "v=DMARC1; p=reject; sp=none; np=reject") "no.example.com CNAME "
                                                      "gone.example.net\n",
        "no.example.com", "", "fail sp=none example.com", NULL},
    {"3, who knows",
        TXT("example.com",
            "v=DMARC1; p=reject; sp=none; np=reject") "no.example.com ANY "
                                                      "servfail\n",
        "no.example.com", "", "temperror sp=none example.com", NULL},
    {"3, a pass needs no question",
        TXT("example.com", "v=DMARC1; p=reject; sp=none; np=reject"),
        "no.example.com", "dkim=no.example.com",
        "pass sp=none example.com dkim", "no.example.com example.com com;"},
    {"3, np= as sp=",
        TXT("example.com", "v=DMARC1; p=reject; sp=none; np=none"),
        "no.example.com", "", "fail sp=none example.com",
        "no.example.com example.com com;"},
    {"4",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("mail.example.com", "v=DMARC1; p=none"),
        "a.mail.example.com", "dkim!a.mail.example.com",
        "fail p=reject example.com", NULL},
    {"4, aligned above the middle",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("mail.example.com", "v=DMARC1; p=none"),
        "a.mail.example.com", "dkim=b.example.com",
        "pass p=reject example.com dkim", NULL},
    {"5",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("mail.example.com", "v=DMARC1; p=none; psd=n"),
        "a.mail.example.com", "dkim=example.com",
        "fail p=none mail.example.com", NULL},
    {"5, below the cut",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("mail.example.com", "v=DMARC1; p=none; psd=n"),
        "a.mail.example.com", "dkim=b.mail.example.com",
        "pass p=none mail.example.com dkim", NULL},
    {"5, from above",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("mail.example.com", "v=DMARC1; p=none; psd=n"),
        "example.com", "dkim=a.mail.example.com", "fail p=reject example.com",
        "example.com com;a.mail.example.com mail.example.com;"},
    {"6", TXT("com", "v=DMARC1; p=none; psd=y; sp=quarantine"),
        "a.mail.example.com", "spf=b.example.com", "pass sp=quarantine com spf",
        NULL},
    {"6, another organization",
        TXT("com", "v=DMARC1; p=none; psd=y; sp=quarantine"),
        "a.mail.example.com", "spf=mail.example.net dkim=example2.com",
        "fail sp=quarantine com",
        "a.mail.example.com mail.example.com example.com com;"},
    {"6, its own record hides that of the suffix",
        TXT("com", "v=DMARC1; p=reject; psd=y")
            TXT("example.com", "v=DMARC1; p=none"),
        "mail.example.com", "", "fail p=none example.com", NULL},
    {"7", TXT("com", "v=DMARC1; p=none"), "a.example.com", "dkim=b.example.com",
        "pass p=none com dkim", NULL},
    {"8",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("example.com", "v=DMARC1; p=none"),
        "example.com", "", "none", NULL},
    {"8, the walk goes on",
        TXT("example.com", "v=DMARC1; p=reject") TXT("example.com",
            "v=DMARC1; p=none") TXT("com", "v=DMARC1; p=quarantine"),
        "example.com", "", "fail p=quarantine com", NULL},
    {"9",
        TXT("example.com", "v=spf1 -all")
            TXT("example.com", "v=DMARC1; p=reject"),
        "example.com", "", "fail p=reject example.com", NULL},
    {"10", TXT("example.com", "v=dmarc1; p=reject"), "example.com", "", "none",
        NULL},
    {"10, not first", TXT("example.com", "p=reject; v=DMARC1"), "example.com",
        "", "none", NULL},
    {"11", TXT("example.com", "v=DMARC1; p=bogus; rua=mailto:x@y.example"),
        "example.com", "", "fail p=none example.com", NULL},
    {"11, without rua", TXT("example.com", "v=DMARC1; p=bogus"), "example.com",
        "dkim=example.com", "none", NULL},
    {"12", TXT("example.com", "v=DMARC1; p=reject; t=y"), "example.com", "",
        "fail p=reject/quarantine example.com", NULL},
    {"13", TXT("example.com", "v=DMARC1; p=reject; pct=0"), "example.com", "",
        "fail p=reject example.com", NULL},
    {"14", TXT("example.com", "v=DMARC1; p=reject; adkim=s; aspf=s"),
        "example.com", "dkim=mail.example.com spf=mail.example.com",
        "fail p=reject example.com", "example.com com;"},
    {"14, the other one is relaxed",
        TXT("example.com", "v=DMARC1; p=reject; adkim=s"), "example.com",
        "dkim=mail.example.com spf=mail.example.com",
        "pass p=reject example.com spf", NULL},
    {"15", TXT("e.f.g.h.i.j.mail.example.com", "v=DMARC1; p=reject"), DEEP, "",
        "none",
        DEEP " g.h.i.j.mail.example.com h.i.j.mail.example.com "
             "i.j.mail.example.com j.mail.example.com mail.example.com "
             "example.com com;"},
    {"16", TXT("example.com", "v=DMARC1; p=reject") "_dmarc.com ANY servfail\n",
        "example.com", "dkim=example.com", "pass p=reject example.com dkim",
        NULL},
    {"16, met below",
        TXT("example.com", "v=DMARC1; p=reject") "_dmarc.com ANY servfail\n",
        "example.com", "spf=bounce.example.com",
        "pass p=reject example.com spf", NULL},
    {"17", "_dmarc.example.com ANY servfail\n", "example.com",
        "dkim=example.com", "temperror", NULL},
    {"18", TXT("example.com", "v=DMARC1; p=reject"), "example.com",
        "spf=mx.example.com", "pass p=reject example.com spf", NULL},
    {"19", TXT("example.com", "v=DMARC1; p=reject"), "example.com",
        "spf=other.example", "fail p=reject example.com", "example.com com;"},
    {"20", "_dmarc.example.com TXT \"v = DMAR\" \"C1 ; p = RE\" \"JECT ; \"\n",
        "example.com", "", "fail p=reject example.com", NULL},
    {"21", TXT("xn--bcher-kva.example", "v=DMARC1; p=reject"),
        "xn--bcher-kva.example", "", "fail p=reject xn--bcher-kva.example",
        NULL},
    {"22",
        "_dmarc.example.com CNAME example.com.provider.example\n"
        "example.com.provider.example TXT \"v=DMARC1; p=reject\"\n",
        "example.com", "", "fail p=reject example.com", NULL},

    /* draft, appendix B.4.1 to B.4.3 */
    {"B.4.1",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("signing.example.com", "v=DMARC1; p=none"),
        "example.com", "spf=example.com dkim=signing.example.com",
        "pass p=reject example.com spf", "example.com com;"},
    {"B.4.1, DKIM alone",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("signing.example.com", "v=DMARC1; p=none"),
        "example.com", "spf!example.com dkim=signing.example.com",
        "pass p=reject example.com dkim",
        "example.com com;signing.example.com;"},
    {"B.4.2",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("signing.example.com", "v=DMARC1; p=none"),
        DEEPER, "spf=example.com", "pass p=reject example.com spf",
        DEEPER " g.h.i.j.k.example.com h.i.j.k.example.com "
               "i.j.k.example.com j.k.example.com k.example.com example.com "
               "com;"},
    {"B.4.2, DKIM alone",
        TXT("example.com", "v=DMARC1; p=reject")
            TXT("signing.example.com", "v=DMARC1; p=none"),
        DEEPER, "spf!example.com dkim=signing.example.com",
        "pass p=reject example.com dkim", NULL},
    {"B.4.3",
        TXT("bank.example", "v=DMARC1; p=none; psd=y")
            TXT("giant.bank.example", "v=DMARC1; p=reject"),
        "giant.bank.example",
        "spf=mail.giant.bank.example dkim=mail.mega.bank.example",
        "pass p=reject giant.bank.example spf", NULL},
    {"B.4.3, DKIM alone",
        TXT("bank.example", "v=DMARC1; p=none; psd=y")
            TXT("giant.bank.example", "v=DMARC1; p=reject"),
        "giant.bank.example",
        "spf!mail.giant.bank.example dkim=mail.mega.bank.example",
        "fail p=reject giant.bank.example", NULL},

    /* temporary errors that decide, and others */
    {"a record of the suffix may be there", "_dmarc.com ANY servfail\n",
        "example.com", "", "temperror", NULL},
    {"an own record, and the walk is broken below the other's",
        "_dmarc.example.com ANY servfail\n" TXT(
            "mail.example.com", "v=DMARC1; p=reject"),
        "mail.example.com", "dkim=bounce.example.com",
        "temperror p=reject mail.example.com", NULL},
    {"the same, and one is exact",
        "_dmarc.example.com ANY servfail\n" TXT(
            "mail.example.com", "v=DMARC1; p=reject"),
        "mail.example.com", "dkim=bounce.example.com dkim=mail.example.com",
        "pass p=reject mail.example.com dkim", NULL},
    {"the identifier's own name",
        TXT("example.com",
            "v=DMARC1; p=reject") "_dmarc.b.example.com ANY servfail\n",
        "example.com", "spf=b.example.com", "temperror p=reject example.com",
        NULL},
    {"a key that may have been aligned",
        TXT("example.com", "v=DMARC1; p=reject"), "example.com",
        "dkim?example.com spf=other.example", "temperror p=reject example.com",
        NULL},
    {"a key that may not", TXT("example.com", "v=DMARC1; p=reject"),
        "example.com", "dkim?other.example", "fail p=reject example.com", NULL},
    {"psd=n ends the walk below the error",
        TXT("example.com",
            "v=DMARC1; p=reject; psd=n") "_dmarc.com ANY servfail\n",
        "a.example.com", "", "fail p=reject example.com", NULL},

    /* the rest */
    {"psd=y of the identifier itself",
        TXT("bank.example", "v=DMARC1; p=none; psd=y"), "giant.bank.example",
        "dkim=bank.example", "fail p=none bank.example", NULL},
    {"psd=y of the author itself",
        TXT("bank.example", "v=DMARC1; p=none; psd=y"), "bank.example",
        "dkim=giant.bank.example", "fail p=none bank.example", NULL},
    {"and its own signature", TXT("bank.example", "v=DMARC1; p=none; psd=y"),
        "bank.example", "dkim=bank.example", "pass p=none bank.example dkim",
        NULL},
    {"the signer's walk looks where the author's does not",
        TXT("d.e.f.g.h.i.j", "v=DMARC1; p=none; psd=y")
            TXT("c.d.e.f.g.h.i.j", "v=DMARC1; p=reject"),
        "a.b.c.d.e.f.g.h.i.j", "dkim=c.d.e.f.g.h.i.j",
        "pass p=none d.e.f.g.h.i.j dkim", NULL},
    {"one label", "", "localhost", "", "none", "localhost;"},
    {"equal names are asked once", TXT("example.com", "v=DMARC1; p=reject"),
        "example.com",
        "dkim!a.example.com dkim=b.example.com dkim=b.example.com "
        "spf=c.b.example.com",
        "pass p=reject example.com dkim spf",
        "example.com com;c.b.example.com b.example.com;"},
};

/* --- a message ------------------------------------------------------------ */

enum { QUESTIONS_MAX = 100 };

enum order { IN_ORDER, REVERSED, SHUFFLED, ORDERS };

struct run {
	const struct row *row;
	struct zone *zone;
	struct evaluation e;
	struct walk_name name[WALK_NAMES_MAX];         /* of e */
	struct evaluation_question out[QUESTIONS_MAX]; /* without an answer */
	size_t nout;
	char text[4000]; /* author and identifiers, one behind the other */
	char asked[4000];
	unsigned seed;
	bool decided;
	char result[200];
};

static struct dns_answer *
look_up(const struct zone *z, const struct evaluation_question *q)
{
	static unsigned char reply[ZONE_MESSAGE_MAX];
	unsigned char name[ZONE_WIRE_MAX], query[ZONE_WIRE_MAX + 16];
	struct dnsname asked;
	struct dns_answer *a = NULL;
	size_t n;

	CU_ASSERT_FATAL(zone_name(span_str(q->name), name) > 0);
	n = zone_query(1, name, q->type, query);
	n = zone_reply(z, query, n, sizeof reply, reply);
	CU_ASSERT_FATAL(dnsname_parse(span_str(q->name), &asked) == 0);
	CU_ASSERT_FATAL(
	    dnsmsg_read(span_of(reply, n), &asked, q->type, &a) == 0);
	return a;
}

/* "dkim=a.example dkim!b.example spf?c.example" */
static void
identify(struct run *r)
{
	size_t n = strlen(r->row->author) + 1;
	char *word, *rest = r->text + n;

	strcpy(r->text, r->row->author);
	strcpy(rest, r->row->identifiers);
	while ((word = strsep(&rest, " ")) != NULL && *word != '\0') {
		size_t at = strcspn(word, "=!?~");
		int number = evaluation_identify(&r->e,
		    word[0] == 's' ? DMARC_SPF : DMARC_DKIM, word + at + 1);

		CU_ASSERT_FATAL(number >= 0);
		evaluation_verified(&r->e, number,
		    word[at] == '='       ? DMARC_PASSES
		        : word[at] == '!' ? DMARC_PASSES_NOT
		        : word[at] == '?' ? DMARC_UNKNOWN
		                          : DMARC_PENDING);
	}
	evaluation_close(&r->e);
}

static const char *
tag_word(enum dmarc_tag t)
{
	return t == DMARC_TAG_NP ? "np" : t == DMARC_TAG_SP ? "sp" : "p";
}

/* The result, if there is one; it never changes. */
static void
note_result(struct run *r)
{
	struct evaluation_result got;
	char text[200];
	int n;

	if (!evaluation_result(&r->e, &got)) {
		CHECK(!r->decided);
		return;
	}
	CHECK((got.reason != NULL) ==
	    (got.result == DMARC_RESULT_NONE ||
	        got.result == DMARC_RESULT_TEMPERROR));
	n = snprintf(text, sizeof text, "%s", dmarc_result_word(got.result));
	if (got.at != NULL) {
		n += snprintf(text + n, sizeof text - (size_t)n, " %s=%s%s%s",
		    tag_word(got.tag), dmarc_policy_word(got.published),
		    got.policy == got.published ? "" : "/",
		    got.policy == got.published
		        ? ""
		        : dmarc_policy_word(got.policy));
		n += snprintf(text + n, sizeof text - (size_t)n, " %.*s%s%s",
		    (int)got.at->name.n, got.at->name.p,
		    got.dkim ? " dkim" : "", got.spf ? " spf" : "");
	}
	/* who else passes may come later */
	if (r->decided)
		CHECK(strncmp(text, r->result, strlen(r->result)) == 0);
	strcpy(r->result, text);
	r->decided = true;
}

/* Takes all questions that are wanted now. */
static void
collect(struct run *r)
{
	struct evaluation_question q;
	size_t n = strlen(r->asked);

	while (evaluation_want(&r->e, &q)) {
		const char *name = q.name;

		CU_ASSERT_FATAL(r->nout < QUESTIONS_MAX);
		if (q.type == DNS_TXT) {
			CHECK(strncmp(name, "_dmarc.", 7) == 0);
			name += 7;
		}
		n += (size_t)snprintf(r->asked + n, sizeof r->asked - n,
		    "%s%s%s", n == 0 || r->asked[n - 1] == ';' ? "" : " ",
		    q.type == DNS_TXT ? "" : "?", name);
		r->out[r->nout++] = q;
	}
}

/* Answers one of them. */
static void
answer_one(struct run *r, enum order order)
{
	size_t i = order == IN_ORDER ? 0
	    : order == REVERSED      ? r->nout - 1
	                             : (size_t)rand_r(&r->seed) % r->nout;
	struct dns_answer *a = look_up(r->zone, &r->out[i]);

	evaluation_answer(&r->e, r->out[i].number, a);
	dns_answer_free(a);
	r->nout--;
	memmove(&r->out[i], &r->out[i + 1], (r->nout - i) * sizeof r->out[0]);
}

static void
begin(struct run *r, const struct row *row, bool every)
{
	char why[256];

	memset(r, 0, sizeof *r);
	r->row = row;
	r->zone = zone_new();
	CU_ASSERT_FATAL(zone_add(r->zone, row->zone, why) == 0);
	evaluation_start(&r->e, (struct walk_names){r->name, 0, WALK_NAMES_MAX},
	    row->author, every);
	identify(r);
}

static void
each_row(void)
{
	static struct run r;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].name);
		begin(&r, &rows[i], false);
		for (collect(&r); r.nout > 0; collect(&r)) {
			strcat(r.asked, ";");
			while (r.nout > 0)
				answer_one(&r, IN_ORDER);
			note_result(&r);
		}
		CHECK_STR(r.result, rows[i].want);
		if (rows[i].asked != NULL)
			CHECK_STR(r.asked, rows[i].asked);
		zone_free(r.zone);
	}
	suite_row(NULL);
}

/* One answer after the other, whichever comes first: the same result, as soon
 * as there is one. */
static void
in_any_order(void)
{
	static struct run r;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].name);
		for (unsigned seed = 0; seed < 20; seed++) {
			begin(&r, &rows[i], false);
			r.seed = seed;
			for (collect(&r); r.nout > 0; collect(&r)) {
				answer_one(
				    &r, seed < SHUFFLED ? seed : SHUFFLED);
				note_result(&r);
			}
			/* An identifier may pass before another is known. */
			CHECK(strncmp(r.result, rows[i].want,
			          strcspn(rows[i].want, " ")) == 0);
			zone_free(r.zone);
		}
	}
	suite_row(NULL);
}

/* The time is over at each point: a temporary error, or what was certain
 * before. */
static void
never(void)
{
	static struct run r;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].name);
		for (unsigned cut = 0; cut < 20; cut++) {
			begin(&r, &rows[i], false);
			collect(&r);
			for (unsigned n = 0; n < cut && r.nout > 0; n++) {
				answer_one(&r, IN_ORDER);
				collect(&r);
			}
			note_result(&r);
			evaluation_expire(&r.e);
			collect(&r);
			note_result(&r);
			CHECK(r.decided);
			CHECK(strncmp(r.result, "temperror", 9) == 0 ||
			    strncmp(r.result, rows[i].want,
			        strcspn(rows[i].want, " ")) == 0);
			zone_free(r.zone);
		}
	}
	suite_row(NULL);
}

/* --- identifiers that come late ------------------------------------------- */

static const struct row late = {"late",
    TXT("example.com", "v=DMARC1; p=reject; sp=none; np=quarantine"),
    "example.com", "", "", NULL};

static void
answer_all(struct run *r)
{
	for (collect(r); r->nout > 0; collect(r)) {
		while (r->nout > 0)
			answer_one(r, IN_ORDER);
	}
}

/* What may still pass and is aligned keeps the others from being asked for. */
static void
asks_in_time(void)
{
	static struct run r;
	int dkim, spf;

	begin(&r, &late, false);
	spf = evaluation_identify(&r.e, DMARC_SPF, "b.example.com");
	dkim = evaluation_identify(&r.e, DMARC_DKIM, "example.com");
	answer_all(&r);
	note_result(&r);
	CHECK(!r.decided);
	CHECK_STR(r.asked, "example.com com");

	evaluation_verified(&r.e, spf, DMARC_PASSES);
	answer_all(&r);
	CHECK_STR(r.asked, "example.com com");

	evaluation_verified(&r.e, dkim, DMARC_PASSES_NOT);
	note_result(&r);
	CHECK(!r.decided);
	answer_all(&r);
	CHECK_STR(r.asked, "example.com com b.example.com");
	note_result(&r);
	CHECK_STR(r.result, "pass p=reject example.com spf");
	zone_free(r.zone);
}

/* Nothing is certain while more may come, but a pass is; and a policy that is
 * not there. */
static void
waits_for_all(void)
{
	static struct run r;
	struct row none = late;
	int dkim;

	begin(&r, &late, false);
	r.e.closed = false;
	answer_all(&r);
	note_result(&r);
	CHECK(!r.decided);
	dkim = evaluation_identify(&r.e, DMARC_DKIM, "example.com");
	evaluation_verified(&r.e, dkim, DMARC_PASSES);
	note_result(&r);
	CHECK_STR(r.result, "pass p=reject example.com dkim");
	zone_free(r.zone);

	none.author = "other.example";
	begin(&r, &none, false);
	r.e.closed = false;
	answer_all(&r);
	note_result(&r);
	CHECK_STR(r.result, "none");
	zone_free(r.zone);
}

/* For reports each one is looked at. */
static void
every_identifier(void)
{
	static struct run r;
	struct row row = late;

	row.identifiers = "dkim=example.com spf=b.example.com";
	begin(&r, &row, true);
	collect(&r);
	while (r.nout > 0)
		answer_one(&r, IN_ORDER);
	note_result(&r);
	CHECK(!r.decided);
	answer_all(&r);
	note_result(&r);
	CHECK_STR(r.result, "pass p=reject example.com dkim spf");
	CHECK(evaluation_passes_above(&r.e, span_str("x.b.example.com")));
	CHECK(evaluation_passes_above(&r.e, span_str("example.com")));
	CHECK(!evaluation_passes_above(&r.e, span_str("com")));
	CHECK(!evaluation_passes_above(&r.e, span_str("notexample.com")));
	zone_free(r.zone);
}

#define ALONE(name) TXT(name ".example.com", "v=DMARC1; psd=n; p=none")

static const char organizations[] =
    TXT("example.com", "v=DMARC1; p=reject; adkim=r") ALONE("a") ALONE("b")
        ALONE("c") ALONE("d") ALONE("e") ALONE("f") ALONE("g") ALONE("h")
            ALONE("i") ALONE("j");

/* DMARC_WALKS_MAX, and one more: it may be aligned, and is not known to be. */
static void
many_walks(void)
{
	static struct run r;
	struct row row = late;
	char text[1000];

	row.zone = organizations;
	for (int n = DMARC_WALKS_MAX - 1; n <= DMARC_WALKS_MAX; n++) {
		size_t at = 0;

		for (int i = 0; i < n; i++)
			at += (size_t)snprintf(text + at, sizeof text - at,
			    "%sdkim=%c.example.com", i == 0 ? "" : " ",
			    'a' + i);
		row.identifiers = text;
		begin(&r, &row, false);
		answer_all(&r);
		note_result(&r);
		CHECK_STR(r.result,
		    n < DMARC_WALKS_MAX ? "fail p=reject example.com"
		                        : "temperror p=reject example.com");
		CHECK(r.e.walks == DMARC_WALKS_MAX);
		zone_free(r.zone);
	}
}

/* Signatures of ten domains below the author's, of which each, if it passes, is
 * an organization of its own. */
#define TEN(is) \
	"dkim" is "a.example.com dkim" is "b.example.com dkim" is \
	"c.example.com dkim" is "d.example.com dkim" is \
	"e.example.com dkim" is "f.example.com dkim" is \
	"g.example.com dkim" is "h.example.com dkim" is \
	"i.example.com dkim" is "j.example.com"

/* They leave a walk for SPF, and for what passes; whatever the junk is known to
 * be at last. */
static void
walks_for_what_counts(void)
{
	static const struct {
		const char *identifiers;
		int passes; /* the number of that which does, in the end */
		enum dmarc_standing others;
		const char *want;
	} many[] = {
	    {TEN("=") " spf=bounce.example.com", 10, DMARC_PASSES, "spf"},
	    {TEN("~") " spf=bounce.example.com", 10, DMARC_PASSES_NOT, "spf"},
	    {TEN("~") " spf~bounce.example.com", 10, DMARC_PASSES_NOT, "spf"},
	    {TEN("?") " spf=bounce.example.com", 10, DMARC_UNKNOWN, "spf"},
	    {TEN("~") " dkim~m.example.com", 10, DMARC_PASSES_NOT, "dkim"},
	    {TEN("~") " dkim~m.example.com", 10, DMARC_UNKNOWN, "dkim"},
	    {TEN("~") " dkim~m.example.com spf~other.example", 10,
	        DMARC_PASSES_NOT, "dkim"},
	    {TEN("?") " dkim~m.example.com", 10, DMARC_UNKNOWN, "dkim"},
	};
	static struct run r;
	struct row row = late;

	row.zone = organizations;
	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
		char want[60];

		suite_row(many[i].identifiers);
		row.identifiers = many[i].identifiers;
		begin(&r, &row, false);
		answer_all(&r);
		for (int k = 0; k < (int)r.e.nidentifiers; k++) {
			evaluation_verified(&r.e, k,
			    k == many[i].passes      ? DMARC_PASSES
			        : k > many[i].passes ? DMARC_PASSES_NOT
			                             : many[i].others);
			answer_all(&r);
		}
		note_result(&r);
		snprintf(want, sizeof want, "pass p=reject example.com %s",
		    many[i].want);
		CHECK_STR(r.result, want);
		CHECK(r.e.walks <= DMARC_WALKS_MAX);
		zone_free(r.zone);
	}
	suite_row(NULL);
}

/* As many as there may be, and one more; the longest names. */
static void
limits(void)
{
	static struct run r;
	char name[DOMAIN_MAX + 1];
	struct row row = late;

	begin(&r, &row, false);
	for (int i = 0; i < EVALUATION_IDENTIFIERS_MAX; i++)
		CHECK(evaluation_identify(&r.e, DMARC_DKIM, "a.example") == i);
	CHECK(evaluation_identify(&r.e, DMARC_DKIM, "a.example") == -1);
	evaluation_verified(&r.e, -1, DMARC_PASSES);
	zone_free(r.zone);

	/* "_dmarc." fits in front of 246 bytes. */
	memset(name, 'a', DOMAIN_MAX);
	for (int i = 63; i < DOMAIN_MAX; i += 64)
		name[i] = '.';
	for (size_t n = 246; n <= 247; n++) {
		name[n] = '\0';
		row.author = name;
		begin(&r, &row, false);
		collect(&r);
		CHECK((strncmp(r.asked, name, n) == 0) == (n == 246));
		answer_all(&r);
		note_result(&r);
		CHECK_STR(r.result, "none");
		zone_free(r.zone);
	}
}

SUITE("evaluation", T(walks_for_what_counts), T(each_row), T(in_any_order),
    T(never), T(asks_in_time), T(waits_for_all), T(every_identifier),
    T(many_walks), T(limits))

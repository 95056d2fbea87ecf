#include <stdio.h>

#include "tests/support/parsed.h"
#include "tests/support/suite.h"
#include "verifier/dmarc/disposition.h"

/*
 * The config within dmarc { }, the record of example.com and the message: "-"
 * nothing special; "client" is 192.0.2.7; "list" has the List-Id
 * news.list.example; "relay" came by one; "temperror" and "permerror" are that;
 * the others fail but "pass". In all of them d=list.example passes, and SPF of
 * relay.example.
 *
 * What is done: "DISPOSITION [reason] [mark=] [hold] [code status]".
 */
static const struct row {
	const char *config, *record, *message, *want;
} rows[] = {
    /* the policy, and what action lets be done */
    {"", "p=none", "-", "none"},
    {"", "p=quarantine", "-", "none local_policy"},
    {"", "p=reject", "-", "none local_policy"},
    {"action = mark", "p=none", "-", "none"},
    {"action = mark", "p=quarantine", "-", "quarantine mark=quarantine"},
    {"action = mark", "p=reject", "-", "quarantine local_policy mark=reject"},
    {"action = enforce", "p=none", "-", "none"},
    {"action = enforce", "p=quarantine", "-", "quarantine mark=quarantine"},
    {"action = enforce", "p=reject", "-", "reject mark=reject 550 5.7.26"},
    /* a pass */
    {"action = enforce", "p=reject", "pass", "pass"},
    {"action = enforce", "p=none", "pass", "none"},
    {"action = enforce enforce = {example.com}", "p=reject", "pass", "pass"},
    /* t=y */
    {"action = enforce", "p=reject; t=y", "-",
        "quarantine policy_test_mode mark=quarantine"},
    {"action = enforce", "p=quarantine; t=y", "-", "none policy_test_mode"},
    {"action = enforce", "p=none; t=y", "-", "none"},
    {"", "p=reject; t=y", "-", "none policy_test_mode"},
    /* hold */
    {"action = mark quarantine = hold", "p=quarantine", "-",
        "quarantine mark=quarantine hold"},
    {"action = mark quarantine = hold", "p=reject", "-",
        "quarantine local_policy mark=reject hold"},
    {"action = enforce quarantine = hold", "p=reject", "-",
        "reject mark=reject 550 5.7.26"},
    {"quarantine = hold", "p=reject", "-", "none local_policy"},
    {"action = mark quarantine = hold", "p=quarantine", "relay",
        "quarantine local_policy mark=quarantine"},
    {"action = mark quarantine = hold", "p=quarantine", "list",
        "quarantine mailing_list mark=quarantine"},
    {"action = mark quarantine = hold lists = reject", "p=quarantine", "list",
        "quarantine mark=quarantine hold"},
    {"action = enforce quarantine = hold "
     "trusted_forwarders = {\"spf:relay.example\"}",
        "p=reject; t=y", "-", "quarantine trusted_forwarder mark=quarantine"},
    {"action = mark quarantine = hold exempt = {example.com}", "p=quarantine",
        "-", "quarantine local_policy mark=quarantine"},
    {"quarantine = hold", "p=quarantine", "list", "none mailing_list"},
    {"action = enforce quarantine = hold exempt = {example.com}", "p=reject",
        "-", "quarantine local_policy mark=reject"},
    /* exempt and enforce */
    {"action = enforce exempt = {Example.com}", "p=reject", "-",
        "quarantine local_policy mark=reject"},
    {"action = enforce exempt = {example.net, sub.example.com}", "p=reject",
        "-", "reject mark=reject 550 5.7.26"},
    {"action = enforce exempt = {example.com}", "p=quarantine", "-",
        "quarantine mark=quarantine"},
    {"action = enforce enforce = {example.com}", "p=none", "-",
        "reject local_policy mark=reject 550 5.7.26"},
    {"action = enforce enforce = {example.com}", "p=quarantine; t=y", "-",
        "reject local_policy mark=reject 550 5.7.26"},
    {"action = enforce enforce = {example.com}", "p=reject", "-",
        "reject mark=reject 550 5.7.26"},
    {"action = enforce enforce = {example.com}", "p=none", "list",
        "quarantine mailing_list mark=reject"},
    {"action = mark enforce = {example.com}", "p=none", "-",
        "quarantine local_policy mark=reject"},
    /* forwarders */
    {"action = enforce trusted_forwarders = {192.0.2.0/28}", "p=reject",
        "client", "quarantine trusted_forwarder mark=reject"},
    {"action = enforce trusted_forwarders = {192.0.2.0/28}", "p=reject", "-",
        "reject mark=reject 550 5.7.26"},
    {"action = enforce trusted_forwarders = {192.0.2.8}", "p=reject", "client",
        "reject mark=reject 550 5.7.26"},
    {"action = enforce trusted_forwarders = {\"dkim:list.example\"}",
        "p=reject", "-", "quarantine trusted_forwarder mark=reject"},
    {"action = enforce trusted_forwarders = {\"spf:list.example\"}", "p=reject",
        "-", "reject mark=reject 550 5.7.26"},
    {"action = enforce trusted_forwarders = {\"spf:relay.example\"}",
        "p=reject", "-", "quarantine trusted_forwarder mark=reject"},
    {"action = enforce trusted_forwarders = {\"dkim:bad.example\"}", "p=reject",
        "-", "reject mark=reject 550 5.7.26"},
    {"action = mark trusted_forwarders = {\"spf:relay.example\"}", "p=reject",
        "-", "quarantine trusted_forwarder mark=reject"},
    {"trusted_forwarders = {\"spf:relay.example\"}", "p=reject", "-",
        "none trusted_forwarder"},
    {"action = enforce trusted_forwarders = {\"spf:relay.example\"}",
        "p=quarantine", "-", "quarantine mark=quarantine"},
    /* lists */
    {"action = enforce", "p=reject", "list",
        "quarantine mailing_list mark=reject"},
    {"action = enforce lists = reject", "p=reject", "list",
        "reject mark=reject 550 5.7.26"},
    {"action = enforce", "p=quarantine", "list", "quarantine mark=quarantine"},
    {"", "p=reject", "list", "none mailing_list"},
    /* relays of ours have taken the mail in */
    {"action = enforce", "p=reject", "relay",
        "quarantine local_policy mark=reject"},
    /* what could not be judged */
    {"action = enforce", "p=reject", "temperror", "none"},
    {"action = enforce on_temperror = defer", "p=reject", "temperror",
        "none other 451 4.7.1"},
    {"action = mark on_temperror = defer", "p=reject", "temperror", "none"},
    {"on_temperror = defer", "p=reject", "temperror", "none"},
    {"action = enforce unusable_from = reject", "p=reject", "temperror",
        "none"},
    {"action = enforce", "p=reject", "permerror", "none"},
    {"action = enforce unusable_from = reject", "p=reject", "permerror",
        "none other 550 5.7.1"},
    {"unusable_from = reject", "p=reject", "permerror", "none"},
    {"action = enforce on_temperror = defer", "p=reject", "permerror", "none"},
};

static void
identify(struct evaluation *e, const char *message)
{
	static const struct {
		enum dmarc_method method;
		const char *domain;
		enum dmarc_standing standing;
	} ids[] = {
	    {DMARC_DKIM, "bad.example", DMARC_PASSES_NOT},
	    {DMARC_DKIM, "list.example", DMARC_PASSES},
	    {DMARC_SPF, "relay.example", DMARC_PASSES},
	};

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		evaluation_verified(e,
		    evaluation_identify(e, ids[i].method, ids[i].domain),
		    ids[i].standing);
	if (strcmp(message, "pass") == 0)
		evaluation_verified(e,
		    evaluation_identify(e, DMARC_DKIM, "example.com"),
		    DMARC_PASSES);
	evaluation_close(e);
}

/* The message evaluated with that record at example.com. */
static void
evaluate(struct evaluation *e, const char *record, const char *message,
    struct evaluation_result *ret)
{
	static struct walk_name v[WALK_NAMES_MAX];
	struct evaluation_question q;
	char text[200];

	snprintf(text, sizeof text, "v=DMARC1; %s", record);
	evaluation_start(
	    e, (struct walk_names){v, 0, WALK_NAMES_MAX}, "example.com", false);
	identify(e, message);
	while (evaluation_want(e, &q)) {
		bool here = strcmp(q.name, "_dmarc.example.com") == 0;
		struct dns_record txt = {.txt = span_str(text)};
		struct dns_answer a = {
		    .status = here ? DNS_FOUND : DNS_NXDOMAIN,
		    .n = here,
		    .record = &txt};

		if (strcmp(message, "temperror") == 0)
			a.status = DNS_TEMPERROR;
		evaluation_answer(e, q.number, &a);
	}
	CU_ASSERT_FATAL(evaluation_result(e, ret));
}

static const char *
disposition_text(const struct disposition *d)
{
	static char text[200];
	char reply[32] = "";

	if (d->code != 0)
		snprintf(reply, sizeof reply, " %u %s", d->code, d->status);
	snprintf(text, sizeof text, "%s%s%s%s%s%s%s", disposition_word(d->kind),
	    d->reason == REASON_NONE ? "" : " ",
	    disposition_reason_word(d->reason),
	    d->mark == DMARC_NONE ? "" : " mark=",
	    d->mark == DMARC_NONE ? "" : dmarc_policy_word(d->mark),
	    d->hold ? " hold" : "", reply);
	return text;
}

static void
check_row(const struct row *row)
{
	static struct evaluation e;
	char config[500];
	struct evaluation_result r;
	struct ip client;
	struct parsed p;

	snprintf(
	    config, sizeof config, "verifier { dmarc { %s } }\n", row->config);
	parsed_text(&p, span_str(config), SETTINGS_VERIFIER);
	CHECK_STR(parsed_why(&p), "");
	evaluate(&e, row->record, row->message, &r);
	CU_ASSERT_FATAL(ip_parse(span_str("192.0.2.7"), &client) == 0);

	struct disposition_input in = {.settings = &p.s->verifier.dmarc,
	    .evaluation = &e,
	    .result = &r,
	    .client = strcmp(row->message, "client") == 0 ? &client : NULL,
	    .list = strcmp(row->message, "list") == 0 ? "news.list.example"
	                                              : "other.example",
	    .relayed = strcmp(row->message, "relay") == 0};

	if (strcmp(row->message, "permerror") == 0) {
		r = (struct evaluation_result){
		    .result = DMARC_RESULT_PERMERROR};
		in.evaluation = NULL;
	}
	struct disposition d = disposition_decide(&in);

	CHECK_STR(disposition_text(&d), row->want);

	/* A relay's mail is never refused. */
	in.relayed = true;
	CHECK(disposition_decide(&in).code == 0);
	parsed_free(&p);
}

static void
each_row(void)
{
	char name[300];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(name, sizeof name, "%s: %s: %s", rows[i].config,
		    rows[i].record, rows[i].message);
		suite_row(name);
		check_row(&rows[i]);
	}
	suite_row(NULL);
}

static void
comments(void)
{
	static const struct {
		const char *record, *message;
		struct disposition d;
		const char *want;
	} all[] = {
	    {"p=reject", "-", {.kind = DISPOSITION_NONE}, "p=reject dis=none"},
	    {"p=reject; sp=none", "-",
	        {.kind = DISPOSITION_NONE, .reason = REASON_MAILING_LIST},
	        "p=reject sp=none dis=none reason=mailing_list"},
	    {"p=quarantine", "pass", {.kind = DISPOSITION_PASS},
	        "p=quarantine dis=pass"},
	    {"p=x", "-", {.kind = DISPOSITION_NONE}, ""},
	    {"p=reject", "temperror", {.kind = DISPOSITION_NONE}, ""},
	};
	static struct evaluation e;
	struct dmarc_record record = {.p = DMARC_QUARANTINE,
	    .sp = DMARC_QUARANTINE,
	    .np = DMARC_QUARANTINE,
	    .given = 1U << DMARC_TAG_SP | 1U << DMARC_TAG_NP};
	struct walk_name at = {.record = record};
	struct evaluation_result r;
	char text[DISPOSITION_COMMENT_MAX];

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		evaluate(&e, all[i].record, all[i].message, &r);
		CHECK_STR(
		    disposition_comment(&r, &all[i].d, text), all[i].want);
	}

	/* the longest */
	r = (struct evaluation_result){.at = &at, .tag = DMARC_TAG_NP};
	CHECK_STR(disposition_comment(&r,
	              &(struct disposition){.kind = DISPOSITION_QUARANTINE,
	                  .reason = REASON_TRUSTED_FORWARDER},
	              text),
	    "p=quarantine sp=quarantine np=quarantine dis=quarantine "
	    "reason=trusted_forwarder");
}

SUITE("disposition", T(each_row), T(comments))

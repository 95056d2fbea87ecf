#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/settings/action.h"
#include "policyd/decide/verdict.h"
#include "tests/support/suite.h"

#define H ACTION_HEADER
#define R ACTION_REJECT
#define D ACTION_DEFER
#define N ACTION_DUNNO
#define A ACTION_ACCESS

/* A table in which every result has this action; the word of access(5) else. */
static void
table(struct identity_settings *t, enum action_kind kind, const char *access)
{
	t->check = true;
	for (int i = 0; i < SPF_RESULTS; i++)
		t->action[i] = (struct action){kind, access};
}

/* The table of who has none. */
static void
no_table(struct identity_settings *t)
{
	t->check = true;
	for (int i = 0; i < SPF_RESULTS; i++)
		t->action[i] = settings_action_unset;
}

static struct check_result
result_of(enum spf_result result)
{
	return (struct check_result){
	    .result = result, .domain = "example.com", .mechanism = "all"};
}

static struct subject
subject_of(const char *sender)
{
	struct subject s = {.sender = span_str(sender),
	    .helo = span_str("h.example.com"),
	    .receiver = "mx.example.org"};

	if (ip_parse(span_str("192.0.2.1"), &s.client) != 0)
		abort();
	return s;
}

/* --- which identity decides ----------------------------------------------- */

struct choice {
	enum action_kind helo;
	const char *helo_access;
	bool helo_ends;
	enum action_kind from;
	const char *from_access;
	bool observe;
	enum identity identity;
	enum action_kind want;
};

static const struct choice choices[] = {
    {H, NULL, false, H, NULL, false, IDENTITY_MAIL_FROM, H},
    {H, NULL, false, R, NULL, false, IDENTITY_MAIL_FROM, R},
    {H, NULL, false, N, NULL, false, IDENTITY_MAIL_FROM, N},
    {N, NULL, false, D, NULL, false, IDENTITY_MAIL_FROM, D},
    {N, NULL, false, A, "HOLD", false, IDENTITY_MAIL_FROM, A},
    /* HELO ends the matter */
    {R, NULL, true, H, NULL, false, IDENTITY_HELO, R},
    {R, NULL, true, D, NULL, false, IDENTITY_HELO, R},
    {D, NULL, true, R, NULL, false, IDENTITY_HELO, D},
    {A, "OK", true, R, NULL, false, IDENTITY_HELO, A},
    {A, "permit", true, R, NULL, false, IDENTITY_HELO, A},
    {A, "554 5.7.1 no", true, H, NULL, false, IDENTITY_HELO, A},
    {A, "DISCARD", true, H, NULL, false, IDENTITY_HELO, A},
    {A, "my_class", true, R, NULL, false, IDENTITY_HELO, A},
    {A, "WARNING", true, R, NULL, false, IDENTITY_HELO, A}, /* a class, too */
    /* HELO's does not end it: MAIL FROM's goes before it unless it is weak */
    {A, "WARN odd name", false, R, NULL, false, IDENTITY_MAIL_FROM, R},
    {A, "hold", false, D, NULL, false, IDENTITY_MAIL_FROM, D},
    {A, "INFO x", false, A, "HOLD", false, IDENTITY_MAIL_FROM, A},
    {A, "Prepend X: y", false, H, NULL, false, IDENTITY_HELO, A},
    {A, "FILTER a:b", false, N, NULL, false, IDENTITY_HELO, A},
    {A, "REDIRECT a@b", false, N, NULL, false, IDENTITY_HELO, A},
    {A, "BCC a@b", false, H, NULL, false, IDENTITY_HELO, A},
    {A, "DUNNO", false, R, NULL, false, IDENTITY_MAIL_FROM, R},
    {A, "DUNNO", false, H, NULL, false, IDENTITY_MAIL_FROM, H},
    {H, NULL, false, A, "dunno", false, IDENTITY_MAIL_FROM, N},
    /* observe: nothing but headers */
    {R, NULL, true, H, NULL, true, IDENTITY_MAIL_FROM, H},
    {R, NULL, true, R, NULL, true, IDENTITY_MAIL_FROM, H},
    {D, NULL, true, D, NULL, true, IDENTITY_MAIL_FROM, H},
    {A, "OK", true, A, "REJECT", true, IDENTITY_MAIL_FROM, H},
    {R, NULL, true, N, NULL, true, IDENTITY_MAIL_FROM, N},
};

static void
who_decides(void)
{
	for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
		const struct choice *c = &choices[i];
		struct policyd_settings p = {.header = HEADER_RECEIVED_SPF};
		struct check_result helo = result_of(SPF_PASS),
		                    from = result_of(SPF_FAIL);
		struct verdict_results r = {&helo, &from, false};
		struct verdict v;
		char row[40];

		table(&p.helo, c->helo, c->helo_access);
		table(&p.mail_from, c->from, c->from_access);
		snprintf(row, sizeof row, "choice %zu", i);
		suite_row(row);
		v = verdict_choose(&p, &r, c->observe);
		CHECK(v.kind == c->want);
		CHECK(v.identity == c->identity);
		CHECK(
		    v.result == (c->identity == IDENTITY_HELO ? &helo : &from));
		CHECK((v.access != NULL) == (v.kind == ACTION_ACCESS));
		CHECK(verdict_helo_ends(&p, &helo, false) == c->helo_ends);
	}
}

/* The action is that of the result, not of another one. */
static void
each_result(void)
{
	for (int i = 0; i < SPF_RESULTS; i++) {
		struct policyd_settings p = {.header = HEADER_RECEIVED_SPF};
		struct check_result from = result_of((enum spf_result)i),
		                    helo = result_of((enum spf_result)i);
		struct verdict_results r = {&helo, &from, false};

		table(&p.helo, N, NULL);
		table(&p.mail_from, H, NULL);
		p.mail_from.action[i].kind = R;
		CHECK(verdict_choose(&p, &r, false).kind == ACTION_REJECT);
		p.helo.action[i].kind = D;
		CHECK(verdict_choose(&p, &r, false).kind == ACTION_DEFER);
		for (int k = 0; k < SPF_RESULTS; k++) {
			helo = result_of((enum spf_result)k);
			CHECK(verdict_helo_ends(&p, &helo, false) == (k == i));
		}
	}
}

static void
not_checked(void)
{
	struct policyd_settings p = {.header = HEADER_RECEIVED_SPF};
	struct check_result helo = result_of(SPF_PASS);
	struct verdict_results r = {NULL, NULL, false};
	struct verdict v;

	table(&p.helo, H, NULL);
	table(&p.mail_from, H, NULL);
	v = verdict_choose(&p, &r, false);
	CHECK(v.kind == ACTION_DUNNO && v.result == NULL);
	/* HELO alone: no header, or it would be taken for MAIL FROM's */
	r.helo = &helo;
	v = verdict_choose(&p, &r, false);
	CHECK(v.kind == ACTION_DUNNO);
	/* but of a null sender it is the identity */
	r.null_sender = true;
	no_table(&p.null_sender);
	v = verdict_choose(&p, &r, false);
	CHECK(v.kind == ACTION_HEADER && v.identity == IDENTITY_HELO);
	/* one check, two tables */
	r.mail_from = &helo;
	v = verdict_choose(&p, &r, false);
	CHECK(v.kind == ACTION_HEADER && v.identity == IDENTITY_MAIL_FROM);
	table(&p.mail_from, R, NULL);
	CHECK(verdict_choose(&p, &r, false).kind == ACTION_REJECT);
	table(&p.helo, D, NULL);
	CHECK(verdict_choose(&p, &r, false).kind == ACTION_DEFER);
}

/* policyd { null_sender { } } goes before both tables, result by result. */
static void
null_senders(void)
{
	static const struct {
		enum spf_result result;
		bool no_mail, only, null_sender;
		enum action_kind want;
	} row[] = {
	    {SPF_FAIL, false, false, true, H},  /* laxer than both */
	    {SPF_FAIL, false, false, false, R}, /* of others */
	    {SPF_NONE, false, false, true, R},  /* stricter */
	    {SPF_NONE, false, false, false, H},
	    {SPF_NEUTRAL, false, false, true, D}, /* not set: helo's */
	    {SPF_SOFTFAIL, false, true, true, D}, /* only of fail */
	    {SPF_FAIL, true, true, true, H},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct policyd_settings p = {.header = HEADER_RECEIVED_SPF};
		struct check_result from = result_of(row[i].result);
		struct verdict_results r = {&from, &from, row[i].null_sender};

		from.no_mail = row[i].no_mail;
		table(&p.helo, H, NULL);
		table(&p.mail_from, H, NULL);
		p.helo.action[SPF_FAIL].kind = R;
		p.helo.action[SPF_NEUTRAL].kind = D;
		no_table(&p.null_sender);
		p.null_sender.no_mail_only = row[i].only;
		p.null_sender.action[SPF_FAIL] = (struct action){H, NULL};
		p.null_sender.action[SPF_NONE] = (struct action){R, NULL};
		p.null_sender.action[SPF_SOFTFAIL] = (struct action){D, NULL};
		suite_row(spf_result_word(row[i].result));
		CHECK(verdict_choose(&p, &r, false).kind == row[i].want);
	}
	suite_row(NULL);
}

/* Of a domain that sends no mail alone, or of all. */
static void
null_senders_of_no_mail(void)
{
	for (int no_mail = 0; no_mail < 2; no_mail++) {
		struct policyd_settings p = {.header = HEADER_RECEIVED_SPF};
		struct check_result helo = result_of(SPF_FAIL);
		struct verdict_results r = {&helo, &helo, true};

		helo.no_mail = no_mail != 0;
		table(&p.helo, H, NULL);
		table(&p.mail_from, R, NULL);
		no_table(&p.null_sender);
		p.null_sender.no_mail_only = true;
		p.null_sender.action[SPF_FAIL] = (struct action){R, NULL};
		CHECK(verdict_choose(&p, &r, false).kind ==
		    (no_mail != 0 ? R : H));
	}
}

/* header = "none": what would be a header is dunno. */
static void
no_header(void)
{
	struct policyd_settings p = {.header = HEADER_NONE};
	struct check_result from = result_of(SPF_FAIL);
	struct verdict_results r = {NULL, &from, false};

	table(&p.mail_from, H, NULL);
	CHECK(verdict_choose(&p, &r, false).kind == ACTION_DUNNO);
	table(&p.mail_from, R, NULL);
	CHECK(verdict_choose(&p, &r, false).kind == ACTION_REJECT);
	CHECK(verdict_choose(&p, &r, true).kind == ACTION_DUNNO);
}

/* --- texts ---------------------------------------------------------------- */

struct text {
	enum action_kind kind;
	enum identity identity;
	const char *sender;
	struct check_result result;
	const char *access;
	const char *want;
};

static const struct text texts[] = {
    {R, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_FAIL, .domain = "example.com"}, NULL,
        "550 5.7.23 SPF fail for MAIL FROM: example.com does not permit "
        "192.0.2.1"},
    {R, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_FAIL,
            .domain = "example.com",
            .explanation = "see http://example.com/why"},
        NULL,
        "550 5.7.23 SPF fail for MAIL FROM: example.com does not permit "
        "192.0.2.1; example.com explains: see http://example.com/why"},
    {R, IDENTITY_HELO, "u@example.com",
        {.result = SPF_FAIL, .domain = "h.example.com"}, NULL,
        "550 5.7.23 SPF fail for HELO: h.example.com does not permit "
        "192.0.2.1"},
    {R, IDENTITY_MAIL_FROM, "", {.result = SPF_FAIL, .domain = "h.example.com"},
        NULL,
        "550 5.7.23 SPF fail for HELO: h.example.com does not permit "
        "192.0.2.1"},
    {R, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_PERMERROR,
            .domain = "example.com",
            .problem = "unknown mechanism foo:"},
        NULL,
        "550 5.7.24 SPF permerror for MAIL FROM: cannot use the SPF record of "
        "example.com: unknown mechanism foo:"},
    {R, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_TEMPERROR,
            .domain = "example.com",
            .problem = "timeout"},
        NULL,
        "550 5.7.24 SPF temperror for MAIL FROM: could not look up the SPF "
        "record of example.com: timeout"},
    {R, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_SOFTFAIL, .domain = "example.com"}, NULL,
        "550 5.7.1 SPF softfail for MAIL FROM: example.com probably does not "
        "permit 192.0.2.1"},
    {R, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_NEUTRAL, .domain = "example.com"}, NULL,
        "550 5.7.1 SPF neutral for MAIL FROM: example.com says nothing about "
        "192.0.2.1"},
    {R, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_NONE, .domain = "example.com"}, NULL,
        "550 5.7.1 SPF none for MAIL FROM: example.com has no SPF record"},
    {R, IDENTITY_MAIL_FROM, "root", {.result = SPF_NONE, .domain = ""}, NULL,
        "550 5.7.1 SPF none for MAIL FROM: this name has no SPF record"},
    {R, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_PASS, .domain = "example.com"}, NULL,
        "550 5.7.1 SPF pass for MAIL FROM: example.com permits 192.0.2.1"},
    {D, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_TEMPERROR,
            .domain = "example.com",
            .problem = "SERVFAIL"},
        NULL,
        "DEFER_IF_PERMIT 4.7.24 SPF temperror for MAIL FROM: could not look up "
        "the SPF record of example.com: SERVFAIL"},
    {D, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_PERMERROR, .domain = "example.com"}, NULL,
        "DEFER_IF_PERMIT 4.7.24 SPF permerror for MAIL FROM: cannot use the "
        "SPF record of example.com"},
    {D, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_FAIL, .domain = "example.com"}, NULL,
        "DEFER_IF_PERMIT 4.7.24 SPF fail for MAIL FROM: example.com does not "
        "permit 192.0.2.1"},
    {D, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_SOFTFAIL, .domain = "example.com"}, NULL,
        "DEFER_IF_PERMIT 4.7.24 SPF softfail for MAIL FROM: example.com "
        "probably does not permit 192.0.2.1"},
    {N, IDENTITY_MAIL_FROM, "u@example.com", {.result = SPF_FAIL}, NULL,
        "dunno"},
    {A, IDENTITY_MAIL_FROM, "u@example.com", {.result = SPF_FAIL}, "WARN odd",
        "WARN odd"},
    /* nobody's text makes a second line, or one that is not ASCII */
    {R, IDENTITY_MAIL_FROM, "u@example.com",
        {.result = SPF_FAIL,
            .domain = "exa\nmple.com",
            .explanation = "\r\n\naction=OK\n\n\x80\xff\x7f\t."},
        NULL,
        "550 5.7.23 SPF fail for MAIL FROM: exa?mple.com does not permit "
        "192.0.2.1; exa?mple.com explains: ???action=OK??????."},
};

static const struct policyd_settings plain = {
    .header = HEADER_RECEIVED_SPF, .reply_text = "{reason}"};
static const struct policyd_settings results = {
    .header = HEADER_AUTH_RESULTS, .reply_text = "{reason}"};

static void
reply_texts(void)
{
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const struct text *t = &texts[i];
		struct subject s = subject_of(t->sender);
		struct verdict v = {
		    t->kind, t->identity, &t->result, t->access, SKIP_NO};

		buf_clear(&out);
		verdict_action(&plain, &v, &s, &out);
		CHECK_STR(buf_text(&out), t->want);
	}
	buf_free(&out);
}

static void
headers(void)
{
	struct check_result r = result_of(SPF_PASS);
	struct subject s = subject_of("u@example.com");
	struct verdict v = {H, IDENTITY_MAIL_FROM, &r, NULL, SKIP_NO};
	struct buf out;

	buf_init(&out, 4096);
	verdict_action(&plain, &v, &s, &out);
	CHECK(strncmp(buf_text(&out), "PREPEND Received-SPF: pass (", 28) == 0);
	buf_clear(&out);
	verdict_action(&results, &v, &s, &out);
	CHECK(strncmp(buf_text(&out),
	          "PREPEND Authentication-Results: mx.example.org; spf=pass (",
	          58) == 0);
	buf_free(&out);
}

/* A reply of exactly the limit is whole; one byte more is cut, and says so. */
static void
reply_limit(void)
{
	static const char front[] =
	    "550 5.7.23 SPF fail for MAIL FROM: example.com does not permit "
	    "192.0.2.1; example.com explains: ";
	char why[REPLY_TEXT_MAX + 2];
	size_t room = REPLY_TEXT_MAX - strlen(front);
	struct check_result r = {
	    .result = SPF_FAIL, .domain = "example.com", .explanation = why};
	struct subject s = subject_of("u@example.com");
	struct verdict v = {R, IDENTITY_MAIL_FROM, &r, NULL, SKIP_NO};
	struct buf out;

	buf_init(&out, 4096);
	memset(why, 'x', sizeof why);
	why[room] = '\0';
	verdict_action(&plain, &v, &s, &out);
	CHECK(out.n == REPLY_TEXT_MAX);
	CHECK_STR(buf_text(&out) + out.n - 4, "xxxx");
	why[room] = 'x';
	why[room + 1] = '\0';
	buf_clear(&out);
	verdict_action(&plain, &v, &s, &out);
	CHECK(out.n == REPLY_TEXT_MAX);
	CHECK_STR(buf_text(&out) + out.n - 4, "x...");
	buf_free(&out);
}

/* pypolicyd-spf's Reject_Not_Pass_Domains. */
static void
pass_required(void)
{
	static char bank[] = "bank.example", com[] = "example.com";
	static char *list[] = {bank, com};
	static const struct {
		const char *domain;
		enum spf_result result;
		bool null_sender;
		enum action_kind want;
	} row[] = {
	    {"example.com", SPF_FAIL, false, R},
	    {"example.com", SPF_SOFTFAIL, false, R},
	    {"example.com", SPF_NEUTRAL, false, R},
	    {"example.com", SPF_NONE, false, R},
	    {"example.com", SPF_PERMERROR, false, R},
	    {"example.com", SPF_TEMPERROR, false, D}, /* may pass later */
	    {"example.com", SPF_PASS, false, H},
	    {"bank.example", SPF_NONE, false, R},
	    {"Bank.Example", SPF_NONE, false, R},
	    {"a.bank.example", SPF_NONE, false, H}, /* another domain */
	    {"xbank.example", SPF_NONE, false, H},
	    {"example.com", SPF_NONE, true, H}, /* a host's name */
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct policyd_settings p = {
		    .header = HEADER_RECEIVED_SPF, .pass_required = {list, 2}};
		struct check_result from = result_of(row[i].result);
		struct verdict_results r = {NULL, &from, row[i].null_sender};

		table(&p.mail_from, H, NULL);
		no_table(&p.null_sender);
		from.domain = row[i].domain;
		suite_row(row[i].domain);
		CHECK(verdict_choose(&p, &r, false).kind == row[i].want);
		CHECK(verdict_choose(&p, &r, true).kind == H);
	}
}

/* What the table refuses harder stays so. */
static void
pass_required_weakens_nothing(void)
{
	static char com[] = "example.com";
	static char *list[] = {com};
	static const struct {
		enum action_kind kind;
		const char *access;
		enum spf_result result;
		enum action_kind want;
	} row[] = {
	    {R, NULL, SPF_TEMPERROR, R},
	    {D, NULL, SPF_TEMPERROR, D},
	    {D, NULL, SPF_FAIL, R},
	    {A, "554 5.7.1 no", SPF_TEMPERROR, A},
	    {A, "reject go away", SPF_TEMPERROR, A},
	    {A, "450 4.7.1 later", SPF_FAIL, R},
	    {A, "OK", SPF_TEMPERROR, D},
	    {A, "HOLD", SPF_NONE, R},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct policyd_settings p = {
		    .header = HEADER_RECEIVED_SPF, .pass_required = {list, 1}};
		struct check_result from = result_of(row[i].result);
		struct verdict_results r = {NULL, &from, false};

		table(&p.mail_from, row[i].kind, row[i].access);
		suite_row(row[i].access);
		CHECK(verdict_choose(&p, &r, false).kind == row[i].want);
	}
	suite_row(NULL);
}

/* pypolicyd-spf's No_Mail. */
static void
no_mail_only(void)
{
	struct check_result silent = result_of(SPF_FAIL),
	                    talks = result_of(SPF_FAIL);
	struct policyd_settings p = {.header = HEADER_RECEIVED_SPF};
	struct verdict_results r = {&talks, &talks, false};

	silent.no_mail = true;
	table(&p.helo, R, NULL);
	table(&p.mail_from, R, NULL);
	p.helo.no_mail_only = p.mail_from.no_mail_only = true;
	CHECK(verdict_choose(&p, &r, false).kind == H);
	CHECK(!verdict_helo_ends(&p, &talks, false));
	CHECK(verdict_helo_ends(&p, &silent, false));
	r.mail_from = &silent;
	CHECK(verdict_choose(&p, &r, false).kind == R);
	CHECK(verdict_choose(&p, &r, false).identity == IDENTITY_MAIL_FROM);
	r.helo = &silent;
	CHECK(verdict_choose(&p, &r, false).identity == IDENTITY_HELO);
	r.helo = r.mail_from = &talks;
	p.mail_from.no_mail_only = false; /* one identity's does not touch the
					   * other's */
	CHECK(verdict_choose(&p, &r, false).kind == R);
	CHECK(verdict_choose(&p, &r, false).identity == IDENTITY_MAIL_FROM);
	talks.result = silent.result = SPF_SOFTFAIL; /* only fail is meant */
	CHECK(verdict_helo_ends(&p, &talks, false));
}

/* Mail of relays bears a mark of this host, which that of our own users does
 * not. */
static void
skipped_relays(void)
{
	static const char none[] = "PREPEND Authentication-Results: "
	                           "mx.example.org; none (SPF not checked: %s)",
	                  policy[] = "PREPEND Authentication-Results: "
	                             "mx.example.org; spf=policy reason=\"not "
	                             "checked: %s\"";
	static const struct {
		enum skip skip;
		bool own;
	} row[] = {
	    {SKIP_NETWORK, true},
	    {SKIP_AUTHENTICATED, true},
	    {SKIP_CERTIFICATE, false},
	    {SKIP_CLIENT, false},
	    {SKIP_HELO, false},
	    {SKIP_FORWARDER, false},
	};

	for (size_t i = 0; i < 4 * (sizeof row / sizeof row[0]); i++) {
		struct policyd_settings p = {
		    .header = i & 1 ? HEADER_AUTH_RESULTS : HEADER_RECEIVED_SPF,
		    .skip_header = true};
		struct subject s = subject_of("u@example.com");
		enum skip skip = row[i / 4].skip;
		bool own = row[i / 4].own;
		struct verdict v = verdict_skip(&p, skip);
		struct buf out, want;

		suite_row(skip_word(skip));
		p.hide_receiver = i & 2;
		buf_init(&out, 4096);
		buf_init(&want, 4096);
		if (i & 1)
			buf_fmt(&want, own ? none : policy, skip_phrase(skip));
		else
			buf_fmt(&want,
			    "PREPEND X-Comment: SPF not checked: %s%s",
			    skip_phrase(skip),
			    own ? ""
			        : p.hide_receiver
			        ? "; receiver=unknown"
			        : "; receiver=mx.example.org");
		verdict_action(&p, &v, &s, &out);
		CHECK_STR(buf_text(&out), buf_text(&want));
		p.skip_header = false;
		CHECK(verdict_skip(&p, skip).kind == (own ? N : H));
		buf_free(&out);
		buf_free(&want);
	}
	suite_row(NULL);
}

static void
skipped(void)
{
	struct policyd_settings p = {.header = HEADER_RECEIVED_SPF};
	struct subject s = subject_of("u@example.com");
	struct verdict v = verdict_skip(&p, SKIP_NETWORK);
	struct buf out;

	buf_init(&out, 4096);
	CHECK(v.kind == N);
	p.skip_header = true;
	v = verdict_skip(&p, SKIP_AUTHENTICATED);
	CHECK(v.kind == H && verdict_once(&v) != NULL);
	verdict_action(&p, &v, &s, &out);
	CHECK_STR(buf_text(&out),
	    "PREPEND X-Comment: SPF not checked: authenticated client");
	buf_clear(&out);
	p.header = HEADER_AUTH_RESULTS;
	verdict_action(&p, &v, &s, &out);
	CHECK_STR(buf_text(&out),
	    "PREPEND Authentication-Results: mx.example.org; none (SPF not "
	    "checked: authenticated client)");
	p.header = HEADER_NONE;
	CHECK(verdict_skip(&p, SKIP_NETWORK).kind == N);
	CHECK(verdict_skip(&p, SKIP_FORWARDER).kind == N);
	buf_free(&out);
}

/* pypolicyd-spf's Reason_Message. */
static void
templates(void)
{
	static char big[SPF_EXPLANATION_MAX + 1];
	static const struct {
		enum action_kind kind;
		const char *template, *explanation, *want;
	} row[] = {
	    {R, "Message {action} due to: {reason}. Ask us", "no",
	        "550 5.7.23 Message rejected due to: SPF fail for MAIL FROM: "
	        "example.com does not permit 192.0.2.1; example.com explains: "
	        "no. Ask us"},
	    {D, "{action}", NULL, "DEFER_IF_PERMIT 4.7.24 deferred"},
	    {R, "{result}/{identity}/{domain}/{client}/{receiver}", NULL,
	        "550 5.7.23 fail/MAIL FROM/example.com/192.0.2.1/"
	        "mx.example.org"},
	    /* what is put in is no template */
	    {R, "{reason}", "{action}{{}}",
	        "550 5.7.23 SPF fail for MAIL FROM: example.com does not "
	        "permit 192.0.2.1; example.com explains: {action}{{}}"},
	};
	struct subject s = subject_of("u@example.com");
	struct check_result r = {.result = SPF_FAIL, .domain = "example.com"};
	struct verdict v = {R, IDENTITY_MAIL_FROM, &r, NULL, SKIP_NO};
	struct policyd_settings p = {.header = HEADER_RECEIVED_SPF};
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		v.kind = row[i].kind;
		p.reply_text = row[i].template;
		r.explanation = row[i].explanation;
		buf_clear(&out);
		verdict_action(&p, &v, &s, &out);
		CHECK_STR(buf_text(&out), row[i].want);
	}
	/* A long explanation is cut, what stands behind it is not. */
	memset(big, 'x', sizeof big - 1);
	v.kind = R;
	r.explanation = big;
	p.reply_text = "{reason} - see https://mx.example.org/";
	buf_clear(&out);
	verdict_action(&p, &v, &s, &out);
	CHECK(out.n == REPLY_TEXT_MAX);
	CHECK(strstr(buf_text(&out), "xx... - see https://mx.example.org/") !=
	    NULL);
	buf_free(&out);
}

static void
once_and_words(void)
{
	static const struct {
		enum action_kind kind;
		const char *access;
		const char *once;
		const char *word;
	} row[] = {
	    {H, NULL, "header", "header"},
	    {R, NULL, NULL, "reject"},
	    {D, NULL, NULL, "defer"},
	    {N, NULL, NULL, "dunno"},
	    {A, "HOLD", NULL, "access"},
	    {A, "WARN", NULL, "access"},
	    {A, "REDIRECT a@b", NULL, "access"},
	    {A, "REJECT", NULL, "access"},
	    {A, "BCC a@b", "BCC a@b", "access"},
	    {A, "bcc a@b", "bcc a@b", "access"},
	    {A, "prepend X-SPF: y", "header", "access"},
	    {A, "PREPENDED", NULL, "access"},
	    {A, "bccs", NULL, "access"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct verdict v = {row[i].kind, IDENTITY_MAIL_FROM, NULL,
		    row[i].access, SKIP_NO};

		suite_row(row[i].word);
		CHECK_STR(verdict_once(&v), row[i].once);
		CHECK_STR(verdict_word(v.kind), row[i].word);
	}
}

SUITE("verdict", T(who_decides), T(each_result), T(not_checked),
    T(null_senders), T(null_senders_of_no_mail), T(no_header), T(reply_texts),
    T(headers), T(reply_limit), T(pass_required),
    T(pass_required_weakens_nothing), T(no_mail_only), T(skipped),
    T(skipped_relays), T(templates), T(once_and_words))

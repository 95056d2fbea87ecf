#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/settings/action.h"
#include "policyd/limits.h"
#include "policyd/request.h"
#include "tests/common/spf/check_double.h"
#include "tests/support/loop_fake.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"

/* One request in one world, and what became of it. */
struct world {
	struct loop *loop;
	struct settings settings;
	struct cidr trusted;
	const struct own *own;
	struct attr in;
	struct request *request;
	unsigned answers;
	char action[1200];
	char would[1200];
	const char *unchecked, *by;
	char helo[16]; /* results; "-": not checked */
	char from[16];
	char problem[64];
	bool once, repeat;
	unsigned ms;
	char sender[64]; /* of the request that came back */
};

static void
table(struct identity_settings *t, enum action_kind fail)
{
	t->check = true;
	for (int i = 0; i < SPF_RESULTS; i++)
		t->action[i] = (struct action){ACTION_HEADER, NULL};
	t->action[SPF_FAIL].kind = fail;
}

/* The null sender has no table of its own. */
static void
no_table(struct identity_settings *t)
{
	t->check = true;
	for (int i = 0; i < SPF_RESULTS; i++)
		t->action[i] = settings_action_unset;
}

static void
begin(struct world *w)
{
	*w = (struct world){.settings = {.hostname = "mx.example.org",
	                        .dns = {.prefetch = true},
	                        .policyd = {.time_limit = 20,
	                            .void_lookups = 2,
	                            .reply_text = "{reason}"}},
	    .in = {.request = span_str("smtpd_access_policy"),
	        .protocol_state = span_str("RCPT"),
	        .client_address = span_str("192.0.2.1"),
	        .helo_name = span_str("h.example.com"),
	        .sender = span_str("u@example.com"),
	        .recipient = span_str("r@example.org"),
	        .instance = span_str("1.2.3")}};
	CU_ASSERT_FATAL(loop_new(&w->loop) == 0);
	table(&w->settings.policyd.helo, ACTION_REJECT);
	table(&w->settings.policyd.mail_from, ACTION_REJECT);
	no_table(&w->settings.policyd.null_sender);
	w->trusted = (struct cidr){.bits = 8};
	CU_ASSERT_FATAL(cidr_parse(span_str("10.0.0.0/8"), &w->trusted) == 0);
	w->settings.policyd.trusted_networks.v = &w->trusted;
	w->settings.policyd.trusted_networks.n = 1;
	double_reset();
}

static void
finish(struct world *w)
{
	uint64_t ms;

	CHECK(!loop_fake_next(w->loop, &ms)); /* no timer is left */
	for (size_t i = 0; i < ndoubles; i++)
		CHECK(!doubles[i].running);
	loop_free(w->loop);
}

static void
result_word(char *at, const struct check_result *r)
{
	strcpy(at, r == NULL ? "-" : spf_result_word(r->result));
}

static void
answered(void *arg, const struct request_answer *a)
{
	struct world *w = arg;

	w->answers++;
	w->request = NULL;
	snprintf(w->action, sizeof w->action, "%s", a->action);
	snprintf(
	    w->would, sizeof w->would, "%s", a->would == NULL ? "" : a->would);
	w->unchecked = a->unchecked;
	w->by = a->by;
	result_word(w->helo, a->helo);
	result_word(w->from, a->mail_from);
	snprintf(w->problem, sizeof w->problem, "%s",
	    a->mail_from == NULL || a->mail_from->problem == NULL
	        ? ""
	        : a->mail_from->problem);
	w->once = a->once;
	w->repeat = a->repeat;
	w->ms = a->ms;
	snprintf(w->sender, sizeof w->sender, "%.*s", (int)a->attr->sender.n,
	    a->attr->sender.n == 0 ? "" : a->attr->sender.p);
}

static int
start(struct world *w)
{
	struct request_env env = {
	    .loop = w->loop, .settings = &w->settings, .own = w->own};
	int rc = request_start(&env, &w->in, answered, w, &w->request);

	CHECK(w->answers == 0); /* never inside the call */
	return rc;
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Clients on this host are ours where the MTA is here, too. */
static void
this_host(void)
{
	static const struct {
		const char *client, *server;
		bool trusted;
	} row[] = {
	    {"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "2001:db8::25", true},
	    {"192.0.2.1", "172.17.0.2", false},
	    {"192.0.2.1", "", false},
	    {"192.0.2.2", "192.0.2.1", false},
	};
	struct ip ip[2];
	struct own own = {.v = ip, .n = 2};

	CHECK(ip_parse(span_str("192.0.2.1"), &ip[0]) == 0);
	CHECK(ip_parse(span_str("2001:db8::25"), &ip[1]) == 0);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct world w;

		suite_row(row[i].server);
		begin(&w);
		w.trusted = (struct cidr){.bits = 0};
		w.own = &own;
		w.in.client_address = span_str(row[i].client);
		w.in.server_address = span_str(row[i].server);
		CHECK(start(&w) == 0);
		if (row[i].trusted) {
			loop_fake_advance(w.loop, 0);
			CHECK_STR(w.unchecked, "trusted_networks");
		} else {
			CHECK(ndoubles == 2);
			double_done(0, SPF_PASS, "a");
			double_done(1, SPF_PASS, "a");
		}
		CHECK(w.answers == 1);
		finish(&w);
	}
	suite_row(NULL);
}

/* --- what is checked ------------------------------------------------------ */

static void
both_side_by_side(void)
{
	struct world w;

	begin(&w);
	w.settings.policyd.void_lookups = 7;
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 2);
	CHECK_STR(doubles[0].sender, "postmaster@h.example.com");
	CHECK_STR(doubles[1].sender, "u@example.com");
	CHECK_STR(doubles[0].helo, "h.example.com");
	CHECK_STR(doubles[1].helo, "h.example.com");
	CHECK_STR(doubles[1].client, "192.0.2.1");
	CHECK_STR(doubles[1].receiver, "mx.example.org");
	CHECK(doubles[1].void_max == 7);
	CHECK(doubles[1].prefetch);
	double_done(0, SPF_PASS, "a");
	CHECK(w.answers == 0);
	double_done(1, SPF_PASS, "mx");
	CHECK(w.answers == 1);
	CHECK(begins(w.action, "PREPEND Received-SPF: pass ("));
	CHECK(strstr(w.action, "mechanism=mx; identity=mailfrom") != NULL);
	CHECK_STR(w.helo, "pass");
	CHECK_STR(w.from, "pass");
	CHECK_STR(w.sender, "u@example.com");
	CHECK(w.once && w.repeat && w.unchecked == NULL);
	finish(&w);
}

/* HELO decides first, in whatever order the answers come. */
static void
helo_ends(void)
{
	struct world w;

	begin(&w);
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	CHECK(w.answers == 1);
	CHECK(begins(w.action, "550 5.7.23 SPF fail for HELO: "));
	CHECK(doubles[1].cancelled);
	CHECK_STR(w.from, "-");
	CHECK(!w.once && w.repeat);
	finish(&w);

	begin(&w);
	CHECK(start(&w) == 0);
	double_done(1, SPF_FAIL, "all");
	CHECK(w.answers == 0); /* HELO's may be another refusal */
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(w.action, "550 5.7.23 SPF fail for HELO: "));
	finish(&w);

	begin(&w);
	CHECK(start(&w) == 0);
	double_done(1, SPF_FAIL, "all");
	double_done(0, SPF_NONE, NULL);
	CHECK(begins(w.action, "550 5.7.23 SPF fail for MAIL FROM: "));
	finish(&w);
}

static void
null_sender(void)
{
	struct world w;

	begin(&w);
	w.in.sender = span_str("");
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 1); /* one check for both tables */
	CHECK_STR(doubles[0].sender, "postmaster@h.example.com");
	double_done(0, SPF_PASS, "a");
	CHECK(strstr(w.action, "envelope-from=\"<>\"") != NULL);
	CHECK(strstr(w.action, "identity=helo") != NULL);
	CHECK_STR(w.helo, "pass");
	CHECK_STR(w.from, "pass");
	finish(&w);

	begin(&w); /* MAIL FROM's table */
	w.in.sender = span_str("");
	w.settings.policyd.helo.action[SPF_FAIL].kind = ACTION_HEADER;
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(w.action, "550 5.7.23 SPF fail for HELO: "));
	finish(&w);

	begin(&w); /* a table of its own */
	w.in.sender = span_str("");
	w.settings.policyd.null_sender.action[SPF_FAIL] =
	    (struct action){ACTION_HEADER, NULL};
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(w.action, "PREPEND Received-SPF: fail "));
	finish(&w);

	begin(&w); /* not to be checked */
	w.in.sender = span_str("");
	w.settings.policyd.null_sender.check = false;
	CHECK(start(&w) == 0 && ndoubles == 0);
	loop_fake_advance(w.loop, 0);
	CHECK_STR(w.action, "dunno");
	finish(&w);

	begin(&w); /* HELO's is looked at first */
	w.in.sender = span_str("");
	w.settings.policyd.helo.action[SPF_FAIL].kind = ACTION_DEFER;
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(w.action, "DEFER_IF_PERMIT 4.7.24 "));
	finish(&w);

	begin(&w); /* a HELO that cannot be checked: none by RFC 7208, 4.3 */
	w.in.sender = span_str("");
	w.in.helo_name = span_str("[192.0.2.1]");
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 1);
	CHECK_STR(doubles[0].sender, "postmaster@[192.0.2.1]");
	double_done(0, SPF_NONE, NULL);
	CHECK(begins(w.action, "PREPEND Received-SPF: none "));
	CHECK_STR(w.helo, "-");
	CHECK_STR(w.from, "none");
	finish(&w);
}

static void
switched_off(void)
{
	struct world w;

	begin(&w);
	w.settings.policyd.helo.check = false;
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 1);
	CHECK_STR(doubles[0].sender, "u@example.com");
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(w.action, "550 5.7.23 SPF fail for MAIL FROM: "));
	finish(&w);

	begin(&w); /* a null sender is still checked, as MAIL FROM */
	w.settings.policyd.helo.check = false;
	w.in.sender = span_str("");
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 1);
	CHECK_STR(doubles[0].sender, "postmaster@h.example.com");
	double_done(0, SPF_PASS, "a");
	CHECK(strstr(w.action, "identity=helo") != NULL);
	CHECK_STR(w.helo, "-");
	finish(&w);

	begin(&w); /* no header shows HELO's result beside a sender */
	w.settings.policyd.mail_from.check = false;
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 1);
	double_done(0, SPF_PASS, "a");
	CHECK_STR(w.action, "dunno");
	finish(&w);

	begin(&w);
	w.settings.policyd.mail_from.check = false;
	w.in.sender = span_str("");
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 1);
	double_done(0, SPF_PASS, "a");
	CHECK(strstr(w.action, "identity=helo") != NULL);
	finish(&w);

	begin(&w);
	w.settings.policyd.mail_from.check = false;
	w.settings.policyd.helo.check = false;
	CHECK(start(&w) == 0);
	loop_run(w.loop);
	CHECK_STR(w.action, "dunno");
	CHECK_STR(w.unchecked, "checks are switched off");
	finish(&w);

	begin(&w); /* nothing that can be checked */
	w.settings.policyd.mail_from.check = false;
	w.in.helo_name = span_str("localhost");
	CHECK(start(&w) == 0);
	CHECK(ndoubles == 0);
	loop_run(w.loop);
	CHECK_STR(w.action, "dunno");
	finish(&w);
}

/* RFC 7208 section 2.3 */
static void
helo_names(void)
{
	static const struct {
		const char *helo;
		bool checked;
	} row[] = {
	    {"h.example.com", true},
	    {"h.example.com.", true},
	    {"H.EXAMPLE.COM", true},
	    {"a_b.example", true},
	    {"b\xc3\xbc"
	     "cher.example",
	        true},
	    {"localhost", false},
	    {"", false},
	    {"[192.0.2.1]", false},
	    {"[IPv6:2001:db8::1]", false},
	    {"192.0.2.1", false},
	    {"2001:db8::1", false},
	    {"a b.example", false},
	    {"a..example", false},
	    {".example.com", false},
	    {"\xff.example", false},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct world w;

		suite_row(row[i].helo);
		begin(&w);
		w.in.helo_name = span_str(row[i].helo);
		CHECK(start(&w) == 0);
		CHECK(ndoubles == (row[i].checked ? 2 : 1));
		if (ndoubles == 2)
			double_done(0, SPF_NONE, NULL);
		CHECK_STR(doubles[ndoubles - 1].sender, "u@example.com");
		double_done(ndoubles - 1, SPF_NONE, NULL);
		CHECK(w.answers == 1);
		finish(&w);
	}
}

static void
senders(void)
{
	static const struct {
		const char *sender;
		const char *checked;
	} row[] = {
	    {"u@example.com", "u@example.com"},
	    {"a@b@example.com",
	        "a@b@example.com"}, /* check splits at the last */
	    {"@example.com", "@example.com"},
	    {"root", "root"}, /* a local user (t_check) */
	    {"example.com", "example.com"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct world w;

		suite_row(row[i].sender);
		begin(&w);
		w.settings.policyd.helo.check = false;
		w.in.sender = span_str(row[i].sender);
		CHECK(start(&w) == 0);
		CHECK_STR(doubles[0].sender, row[i].checked);
		double_done(0, SPF_NONE, NULL);
		finish(&w);
	}
}

static void
not_for_us(void)
{
	static const struct {
		const char *request, *state, *client, *why;
		bool repeat;
	} row[] = {
	    {"smtpd_access_policy", "RCPT", "192.0.2.1", NULL, true},
	    {"smtpd_access_policy", "MAIL", "192.0.2.1", NULL, true},
	    {"smtpd_access_policy", "DATA", "192.0.2.1", NULL, true},
	    {"smtpd_access_policy", "RCPT", "::ffff:192.0.2.1", NULL, true},
	    {"smtpd_access_policy", "END-OF-MESSAGE", "192.0.2.1",
	        "protocol_state is not MAIL, RCPT or DATA", false},
	    {"smtpd_access_policy", "CONNECT", "192.0.2.1",
	        "protocol_state is not MAIL, RCPT or DATA", false},
	    {"smtpd_access_policy", "EHLO", "192.0.2.1",
	        "protocol_state is not MAIL, RCPT or DATA", false},
	    {"smtpd_access_policy", "HELO", "192.0.2.1",
	        "protocol_state is not MAIL, RCPT or DATA", false},
	    {"smtpd_access_policy", "VRFY", "192.0.2.1",
	        "protocol_state is not MAIL, RCPT or DATA", false},
	    {"smtpd_access_policy", "ETRN", "192.0.2.1",
	        "protocol_state is not MAIL, RCPT or DATA", false},
	    {"smtpd_access_policy", "", "192.0.2.1",
	        "protocol_state is not MAIL, RCPT or DATA", false},
	    {"smtpd_access_policy", "rcpt", "192.0.2.1",
	        "protocol_state is not MAIL, RCPT or DATA", false},
	    {"", "RCPT", "192.0.2.1", "request is not smtpd_access_policy",
	        true},
	    {"junk", "RCPT", "192.0.2.1", "request is not smtpd_access_policy",
	        true},
	    {"smtpd_access_policy", "RCPT", "unknown",
	        "client_address is not an address", true},
	    {"smtpd_access_policy", "RCPT", "",
	        "client_address is not an address", true},
	    {"smtpd_access_policy", "RCPT", "mail.example.com",
	        "client_address is not an address", true},
	    {"smtpd_access_policy", "RCPT", "10.1.2.3", "trusted_networks",
	        true},
	    {"smtpd_access_policy", "RCPT", "::ffff:10.1.2.3",
	        "trusted_networks", true},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct world w;

		suite_row(row[i].why != NULL ? row[i].why : row[i].state);
		begin(&w);
		w.in.request = span_str(row[i].request);
		w.in.protocol_state = span_str(row[i].state);
		w.in.client_address = span_str(row[i].client);
		CHECK(start(&w) == 0);
		CHECK(ndoubles == (row[i].why == NULL ? 2 : 0));
		if (ndoubles == 2) {
			double_done(0, SPF_NONE, NULL);
			double_done(1, SPF_NONE, NULL);
		}
		loop_run(w.loop);
		CHECK(w.answers == 1);
		CHECK_STR(w.unchecked, row[i].why);
		CHECK(w.repeat == row[i].repeat);
		if (row[i].why != NULL)
			CHECK_STR(w.action, "dunno");
		finish(&w);
	}
}

/* --- trust ---------------------------------------------------------------- */

static char one_example[] = "one.example", two_example[] = "two.example";
static char *relays[] = {one_example, two_example};

/* What is told of mail that a forwarder sent. */
static const char forwarded[] =
    "PREPEND X-Comment: SPF not checked: trusted forwarder; "
    "receiver=mx.example.org";

static void
trust_relays(struct world *w)
{
	w->settings.policyd.helo.check = false;
	w->settings.policyd.trusted_forwarders = (struct text_list){relays, 2};
}

/* Domain_Whitelist of pypolicyd-spf: all at once, for mail that does not
 * pass. */
static void
forwarders(void)
{
	struct world w;

	begin(&w);
	trust_relays(&w);
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 1);
	CHECK_STR(doubles[0].sender, "u@example.com");
	double_done(0, SPF_FAIL, "all");
	CU_ASSERT_FATAL(ndoubles == 3);
	CHECK_STR(doubles[1].sender, "postmaster@one.example");
	CHECK_STR(doubles[2].sender, "postmaster@two.example");
	CHECK_STR(doubles[2].client, "192.0.2.1");
	CHECK_STR(doubles[2].helo, "h.example.com");
	double_done(2, SPF_PASS, "mx");
	CHECK(w.answers == 1); /* whatever the others will say */
	CHECK(doubles[1].cancelled);
	CHECK_STR(w.action, forwarded);
	CHECK_STR(w.unchecked, "trusted_forwarders");
	CHECK_STR(w.by, "two.example");
	CHECK_STR(w.from, "fail"); /* for the log */
	finish(&w);

	begin(&w); /* the first decides, the others are not waited for */
	trust_relays(&w);
	CHECK(start(&w) == 0);
	double_done(0, SPF_SOFTFAIL, "all");
	double_done(1, SPF_PASS, "a");
	CHECK(doubles[2].cancelled);
	CHECK_STR(w.by, "one.example");
	CHECK_STR(w.action, forwarded);
	CHECK(w.once);
	finish(&w);

	begin(&w); /* nothing but a pass counts */
	trust_relays(&w);
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	double_done(1, SPF_NEUTRAL, "all");
	CHECK(w.answers == 0);
	double_done(2, SPF_TEMPERROR, NULL);
	CHECK(begins(w.action, "550 5.7.23 "));
	CHECK_STR(w.unchecked, NULL);
	finish(&w);

	begin(&w); /* HELO's refusal is not the end either */
	trust_relays(&w);
	w.settings.policyd.helo.check = true;
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	CHECK(doubles[1].cancelled && w.answers == 0);
	CU_ASSERT_FATAL(ndoubles == 4);
	double_done(2, SPF_PASS, "a");
	CHECK_STR(w.action, forwarded);
	finish(&w);
}

/* One that vouches is enough, whatever becomes of the others. */
static void
one_forwarder_is_enough(void)
{
	struct world w;

	begin(&w); /* one by one */
	trust_relays(&w);
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	double_done(1, SPF_TEMPERROR, NULL);
	CHECK(w.answers == 0);
	double_done(2, SPF_PASS, "mx");
	CHECK_STR(w.by, "two.example");
	finish(&w);

	begin(&w); /* and when the time is over */
	trust_relays(&w);
	w.settings.policyd.mail_from.action[SPF_TEMPERROR].kind = ACTION_DEFER;
	CHECK(start(&w) == 0);
	loop_fake_advance(w.loop, 10000);
	double_done(2, SPF_PASS, "a");
	CHECK(w.answers == 0);
	loop_fake_advance(w.loop, 10000);
	CHECK_STR(w.action, forwarded);
	CHECK_STR(w.by, "two.example");
	finish(&w);
}

/* What passes, and what is not checked, needs nobody's word. */
static void
forwarders_not_asked(void)
{
	struct world w;

	begin(&w);
	trust_relays(&w);
	CHECK(start(&w) == 0);
	double_done(0, SPF_PASS, "a");
	CHECK(begins(w.action, "PREPEND Received-SPF: pass "));
	CHECK(ndoubles == 1);
	finish(&w);

	begin(&w); /* HELO's result does not decide then */
	trust_relays(&w);
	w.settings.policyd.helo.check = true;
	CHECK(start(&w) == 0);
	double_done(0, SPF_SOFTFAIL, "all");
	double_done(1, SPF_PASS, "a");
	CHECK(begins(w.action, "PREPEND Received-SPF: pass "));
	CHECK(ndoubles == 2);
	finish(&w);

	begin(&w); /* what was asked meanwhile does not change that */
	trust_relays(&w);
	CHECK(start(&w) == 0);
	loop_fake_advance(w.loop, 10000);
	double_done(1, SPF_PASS, "a");
	CHECK(w.answers == 0);
	double_done(0, SPF_PASS, "a");
	CHECK(begins(w.action, "PREPEND Received-SPF: pass "));
	CHECK(doubles[2].cancelled);
	finish(&w);

	begin(&w); /* nothing is checked */
	trust_relays(&w);
	w.settings.policyd.mail_from.check = false;
	w.settings.policyd.helo.check = true;
	w.in.helo_name = span_str("localhost");
	CHECK(start(&w) == 0);
	loop_run(w.loop);
	CHECK(ndoubles == 0);
	CHECK_STR(w.action, "dunno");
	finish(&w);
}

static void
forwarders_are_late(void)
{
	struct world w;

	begin(&w); /* the time limit is for all together */
	trust_relays(&w);
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	loop_fake_advance(w.loop, 19999);
	CHECK(w.answers == 0);
	loop_fake_advance(w.loop, 1);
	CHECK(begins(w.action, "550 5.7.23 "));
	CHECK(doubles[1].cancelled && doubles[2].cancelled);
	finish(&w);

	begin(&w); /* a dead sender's DNS does not hurt a trusted relay */
	trust_relays(&w);
	w.settings.policyd.mail_from.action[SPF_TEMPERROR].kind = ACTION_DEFER;
	CHECK(start(&w) == 0);
	loop_fake_advance(w.loop, 9999);
	CHECK(ndoubles == 1);
	loop_fake_advance(w.loop, 1);
	CU_ASSERT_FATAL(ndoubles == 3);
	double_done(1, SPF_PASS, "a");
	loop_fake_advance(w.loop, 9999);
	CHECK(w.answers == 0);
	loop_fake_advance(w.loop, 1);
	CHECK_STR(w.action, forwarded);
	CHECK_STR(w.unchecked, "trusted_forwarders");
	finish(&w);

	begin(&w); /* nor a dead HELO that is the sender's, too */
	trust_relays(&w);
	w.settings.policyd.helo.check = true;
	w.in.sender = span_str("");
	CHECK(start(&w) == 0);
	loop_fake_advance(w.loop, 10000);
	CU_ASSERT_FATAL(ndoubles == 3);
	double_done(0, SPF_TEMPERROR, NULL);
	CHECK(w.answers == 0);
	double_done(1, SPF_PASS, "a");
	CHECK_STR(w.unchecked, "trusted_forwarders");
	CHECK_STR(w.from, "temperror");
	finish(&w);

	begin(&w); /* the peer is lost: all are cancelled */
	trust_relays(&w);
	CHECK(start(&w) == 0);
	loop_fake_advance(w.loop, 10000);
	request_cancel(w.request);
	CHECK(doubles[0].cancelled && doubles[1].cancelled &&
	    doubles[2].cancelled);
	finish(&w);

	begin(&w); /* no memory for one of them: it is not trusted */
	trust_relays(&w);
	double_fail_at = 2;
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	CU_ASSERT_FATAL(ndoubles == 2);
	double_done(1, SPF_FAIL, "all");
	CHECK(begins(w.action, "550 5.7.23 "));
	finish(&w);
}

/* As many as the config allows. */
static void
many_forwarders(void)
{
	static char *all[SPF_FORWARDERS_MAX];
	struct world w;

	for (size_t i = 0; i < SPF_FORWARDERS_MAX; i++)
		all[i] = one_example;
	begin(&w);
	trust_relays(&w);
	w.settings.policyd.trusted_forwarders.v = all;
	w.settings.policyd.trusted_forwarders.n = SPF_FORWARDERS_MAX;
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	CU_ASSERT_FATAL(ndoubles == 1 + SPF_FORWARDERS_MAX);
	for (size_t i = 1; i < SPF_FORWARDERS_MAX; i++)
		double_done(i, SPF_NONE, NULL);
	CHECK(w.answers == 0);
	double_done(SPF_FORWARDERS_MAX, SPF_PASS, "a");
	CHECK_STR(w.action, forwarded);
	finish(&w);
}

/* Per_User of pypolicyd-spf: the recipient's policy from the first step on. */
static void
recipients(void)
{
	static struct recipient_settings own;
	struct world w;

	begin(&w);
	own = (struct recipient_settings){
	    .address = "r@example.org", .policyd = w.settings.policyd};
	own.policyd.helo.check = false;
	own.policyd.void_lookups = 9;
	own.policyd.mail_from.action[SPF_FAIL] =
	    (struct action){ACTION_ACCESS, "HOLD"};
	own.policyd.trusted_networks.n = 0;
	w.settings.recipient = &own;
	w.settings.nrecipients = 1;
	w.in.client_address = span_str("10.1.2.3");
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 1);
	CHECK(doubles[0].void_max == 9);
	double_done(0, SPF_FAIL, "all");
	CHECK_STR(w.action, "HOLD");
	finish(&w);

	begin(&w); /* another's mail is not touched by it */
	w.settings.recipient = &own;
	w.settings.nrecipients = 1;
	w.in.recipient = span_str("r2@example.org");
	CHECK(start(&w) == 0);
	CU_ASSERT_FATAL(ndoubles == 2);
	double_done(0, SPF_NONE, NULL);
	double_done(1, SPF_FAIL, "all");
	CHECK(begins(w.action, "550 5.7.23 "));
	finish(&w);
}

/* Hide_Receiver of pypolicyd-spf. */
static void
hidden_receiver(void)
{
	struct world w;

	begin(&w);
	w.settings.policyd.helo.check = false;
	w.settings.policyd.hide_receiver = true;
	CHECK(start(&w) == 0);
	double_done(0, SPF_PASS, "a");
	CHECK(begins(w.action, "PREPEND Received-SPF: pass (example.com "));
	CHECK(strstr(w.action, "mx.example.org") == NULL);
	CHECK(strstr(w.action, "receiver") == NULL);
	finish(&w);
}

/* --- time ----------------------------------------------------------------- */

static void
time_limit(void)
{
	struct world w;

	begin(&w);
	CHECK(start(&w) == 0);
	double_done(0, SPF_PASS, "a");
	loop_fake_advance(w.loop, 19999);
	CHECK(w.answers == 0);
	loop_fake_advance(w.loop, 1);
	CHECK(w.answers == 1);
	CHECK(doubles[1].cancelled);
	CHECK_STR(w.from, "temperror");
	CHECK_STR(w.problem, "time limit exceeded");
	CHECK(begins(w.action, "PREPEND Received-SPF: temperror "));
	CHECK(strstr(w.action, "SPF record of example.com)") != NULL);
	CHECK(w.ms == 20000);
	finish(&w);

	begin(&w); /* HELO is late: MAIL FROM has waited for it */
	w.settings.policyd.time_limit = 1;
	CHECK(start(&w) == 0);
	double_done(1, SPF_FAIL, "all");
	loop_fake_advance(w.loop, 1000);
	CHECK(w.answers == 1);
	CHECK(doubles[0].cancelled);
	CHECK_STR(w.helo, "temperror");
	CHECK(begins(w.action, "550 5.7.23 SPF fail for MAIL FROM: "));
	finish(&w);

	begin(&w); /* its fail is there, the explanation is late */
	CHECK(start(&w) == 0);
	double_done(0, SPF_PASS, "a");
	doubles[1].verdict = &(const struct check_result){
	    .result = SPF_FAIL, .domain = "example.com", .mechanism = "all"};
	loop_fake_advance(w.loop, 20000);
	CHECK(w.answers == 1 && doubles[1].cancelled);
	CHECK_STR(w.from, "fail");
	CHECK(begins(w.action, "550 5.7.23 SPF fail for MAIL FROM: "));
	finish(&w);

	begin(&w); /* both are late, and HELO's temperror ends the matter */
	w.settings.policyd.helo.action[SPF_TEMPERROR].kind = ACTION_DEFER;
	CHECK(start(&w) == 0);
	loop_fake_advance(w.loop, 20000);
	CHECK(begins(
	    w.action, "DEFER_IF_PERMIT 4.7.24 SPF temperror for HELO: "));
	CHECK(strstr(w.action, "h.example.com: time limit exceeded") != NULL);
	finish(&w);

	begin(&w); /* one check for both, and late */
	w.in.sender = span_str("");
	CHECK(start(&w) == 0);
	loop_fake_advance(w.loop, 20000);
	CHECK_STR(w.helo, "temperror");
	CHECK_STR(w.from, "temperror");
	finish(&w);
}

static void
cancel(void)
{
	struct world w;

	begin(&w);
	CHECK(start(&w) == 0);
	request_cancel(w.request);
	CHECK(doubles[0].cancelled && doubles[1].cancelled);
	loop_fake_advance(w.loop, 60000);
	CHECK(w.answers == 0);
	finish(&w);

	begin(&w); /* one half is there */
	CHECK(start(&w) == 0);
	double_done(1, SPF_PASS, "a");
	request_cancel(w.request);
	CHECK(doubles[0].cancelled && !doubles[1].cancelled);
	finish(&w);

	begin(&w); /* nothing runs, the answer is on its way */
	w.in.client_address = span_str("10.0.0.1");
	CHECK(start(&w) == 0);
	request_cancel(w.request);
	loop_run(w.loop);
	CHECK(w.answers == 0);
	finish(&w);
}

/* --- observe -------------------------------------------------------------- */

static void
observe(void)
{
	struct world w;

	begin(&w); /* HELO would end it: the header needs MAIL FROM */
	w.settings.policyd.observe = true;
	CHECK(start(&w) == 0);
	double_done(0, SPF_FAIL, "all");
	CHECK(w.answers == 0);
	double_done(1, SPF_PASS, "a");
	CHECK(begins(w.action, "PREPEND Received-SPF: pass "));
	CHECK(begins(w.would, "550 5.7.23 SPF fail for HELO: "));
	CHECK(w.once);
	finish(&w);

	begin(&w);
	w.settings.policyd.observe = true;
	CHECK(start(&w) == 0);
	double_done(0, SPF_PASS, "a");
	double_done(1, SPF_PASS, "a");
	CHECK(begins(w.action, "PREPEND Received-SPF: pass "));
	CHECK_STR(w.would, "");
	finish(&w);

	begin(&w); /* no header: dunno, and it is told all the same */
	w.settings.policyd.observe = true;
	w.settings.policyd.header = HEADER_NONE;
	CHECK(start(&w) == 0);
	double_done(0, SPF_PASS, "a");
	double_done(1, SPF_FAIL, "a");
	CHECK_STR(w.action, "dunno");
	CHECK(begins(w.would, "550 5.7.23 SPF fail for MAIL FROM: "));
	finish(&w);
}

/* --- memory --------------------------------------------------------------- */

/* A check that cannot start is a temperror of that identity. */
static void
check_does_not_start(void)
{
	struct world w;

	begin(&w);
	double_fail_at = 2; /* MAIL FROM */
	CHECK(start(&w) == 0);
	double_done(0, SPF_PASS, "a");
	CHECK_STR(w.from, "temperror");
	CHECK_STR(w.problem, "out of memory");
	finish(&w);

	begin(&w);
	double_fail_at = 1; /* HELO */
	CHECK(start(&w) == 0);
	double_done(0, SPF_PASS, "a");
	CHECK_STR(w.helo, "temperror");
	CHECK_STR(w.from, "pass");
	finish(&w);

	begin(&w); /* the only one */
	w.in.sender = span_str("");
	double_fail_at = 1;
	CHECK(start(&w) == 0);
	loop_run(w.loop);
	CHECK(w.answers == 1);
	CHECK_STR(w.from, "temperror");
	finish(&w);
}

/* Fields that fill a policy request, and results of which each text is too long
 * to be shown, have room; fields beyond REQUEST_MEMORY_MAX, which only other
 * callers can have, are refused. */
static void
memory_limit(void)
{
	static char text[REQUEST_MEMORY_MAX + 1];
	struct check_result longest = {.result = SPF_NEUTRAL,
	    .domain = text,
	    .mechanism = text,
	    .problem = text,
	    .explanation = text};
	struct world w;

	memset(text, 'x', REQUEST_MEMORY_MAX);
	begin(&w);
	w.in.recipient = span_of(text, POLICY_REQUEST_MAX);
	CHECK(start(&w) == 0);
	double_answer(0, &longest);
	double_answer(1, &longest);
	CHECK(w.answers == 1);
	CHECK_STR(w.helo, "neutral");
	CHECK_STR(w.from, "neutral");
	finish(&w);

	begin(&w);
	w.in.recipient = span_of(text, REQUEST_MEMORY_MAX);
	CHECK(start(&w) == -ENOMEM);
	CHECK(ndoubles == 0);
	finish(&w);
}

/* Memory that is out costs this request only: it does not start, or a result is
 * a temperror, or the answer is a deferral. */
static void
every_allocation_fails(void)
{
	unsigned refused = 0, answered_anyway = 0, failed = 0;

	for (long n = 0;; n++) {
		struct world w;
		int rc;

		begin(&w);
		if (!nomem_round(n)) {
			finish(&w);
			break;
		}
		rc = start(&w);
		if (rc == 0) {
			double_done(0, SPF_PASS, "a");
			if (w.answers == 0)
				double_done(1, SPF_FAIL, "all");
		}
		failed += nomem_end();
		CHECK(rc == 0 || rc == -ENOMEM);
		CHECK(w.answers == (rc == 0 ? 1 : 0));
		CHECK(rc != 0 || begins(w.action, "550 5.7.23 ") ||
		    begins(w.action, "PREPEND Received-SPF: temperror ") ||
		    strcmp(w.action, REQUEST_FAILED) == 0);
		refused += rc != 0;
		answered_anyway += rc == 0;
		finish(&w);
	}
	CHECK(answered_anyway > 0);
	CHECK(failed == 0 || refused > 0); /* 0: valgrind, see nomem.h */
}

/* Who cannot be asked, for want of memory, may have vouched for the client. */
static void
forwarders_without_memory(void)
{
	unsigned unknown = 0, failed = 0;

	for (long n = 0;; n++) {
		struct world w;
		int rc;

		begin(&w);
		trust_relays(&w);
		if (!nomem_round(n)) {
			finish(&w);
			break;
		}
		rc = start(&w);
		if (rc == 0)
			double_done(0, SPF_FAIL, "all");
		failed += nomem_end();
		unknown += rc == 0 && w.answers == 1 &&
		    strcmp(w.from, "temperror") == 0;
		CHECK(w.answers == 0 || strcmp(w.from, "fail") != 0);
		if (w.request != NULL)
			request_cancel(w.request);
		finish(&w);
	}
	CHECK(failed == 0 || unknown > 0 || suite_under_valgrind());
}

SUITE("request", T(this_host), T(both_side_by_side), T(helo_ends),
    T(null_sender), T(switched_off), T(helo_names), T(senders), T(not_for_us),
    T(forwarders), T(one_forwarder_is_enough), T(forwarders_not_asked),
    T(forwarders_are_late), T(many_forwarders), T(recipients),
    T(hidden_receiver), T(time_limit), T(cancel), T(observe),
    T(check_does_not_start), T(memory_limit), T(every_allocation_fails),
    T(forwarders_without_memory))

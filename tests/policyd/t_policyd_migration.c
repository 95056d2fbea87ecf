/*
 * pypolicyd-spf's options, one by one: with the keys that the manual's
 * migration table names (postseal-policyd(8)), the mail that the option was
 * about gets the answer that its users rely on.
 */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "policyd/request.h"
#include "tests/common/spf/check_double.h"
#include "tests/support/loop_fake.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])
#define NOT SPF_RESULTS /* this identity is not asked for */

struct row {
	const char *option;
	const char *config; /* in policyd { } */
	const char *name;   /* of the client; NULL: unknown */
	const char *recipient;
	bool null_sender, no_mail;
	enum spf_result helo, from, forwarder;
	const char *action; /* its beginning */
};

static const struct row rows[] = {
    {"TestOnly = 0", "observe = true", NULL, "r@example.org", false, false,
        SPF_PASS, SPF_FAIL, NOT, "PREPEND Received-SPF: fail "},
    {"HELO_reject = Fail", "helo { fail = \"reject\" }", NULL, "r@example.org",
        false, false, SPF_FAIL, SPF_PASS, NOT, "550 5.7.23 "},
    {"HELO_reject = Softfail",
        "helo { fail = \"reject\" softfail = \"reject\" }", NULL,
        "r@example.org", false, false, SPF_SOFTFAIL, SPF_PASS, NOT,
        "550 5.7.1 "},
    {"HELO_reject = SPF_Not_Pass",
        "helo { fail = \"reject\" softfail = \"reject\" neutral = \"reject\" }",
        NULL, "r@example.org", false, false, SPF_NEUTRAL, SPF_PASS, NOT,
        "550 5.7.1 "},
    {"HELO_reject = False", "helo { fail = \"header\" }", NULL, "r@example.org",
        false, false, SPF_FAIL, SPF_PASS, NOT, "PREPEND Received-SPF: pass "},
    {"HELO_reject = No_Check", "helo { check = false }", NULL, "r@example.org",
        false, false, NOT, SPF_PASS, NOT, "PREPEND Received-SPF: pass "},
    {"HELO_reject = Null", "helo { check = false }", NULL, "r@example.org",
        true, false, NOT, SPF_FAIL, NOT, "550 5.7.23 "},
    {"Mail_From_reject = Fail", "", NULL, "r@example.org", false, false,
        SPF_NONE, SPF_FAIL, NOT, "550 5.7.23 "},
    {"Mail_From_reject = False", "mail_from { fail = \"header\" }", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_FAIL, NOT,
        "PREPEND Received-SPF: fail "},
    {"Mail_From_reject = No_Check", "mail_from { check = false }", NULL,
        "r@example.org", false, false, SPF_PASS, NOT, NOT, "dunno"},
    {"HELO_pass_restriction",
        "restriction_classes = {\"good_helo\"} helo { pass = \"good_helo\" }",
        NULL, "r@example.org", false, false, SPF_PASS, SPF_NONE, NOT,
        "good_helo"},
    {"Mail_From_pass_restriction",
        "restriction_classes = {\"good_from\"} "
        "mail_from { pass = \"good_from\" }",
        NULL, "r@example.org", false, false, SPF_NONE, SPF_PASS, NOT,
        "good_from"},
    {"No_Mail = True: it sends mail", "mail_from { no_mail_only = true }", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_FAIL, NOT,
        "PREPEND Received-SPF: fail "},
    {"No_Mail = True: it sends none", "mail_from { no_mail_only = true }", NULL,
        "r@example.org", false, true, SPF_NONE, SPF_FAIL, NOT, "550 5.7.23 "},
    {"Reject_Not_Pass_Domains", "pass_required = {\"example.com\"}", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_NEUTRAL, NOT,
        "550 5.7.1 "},
    {"Reject_Not_Pass_Domains: another", "pass_required = {\"bank.example\"}",
        NULL, "r@example.org", false, false, SPF_NONE, SPF_NEUTRAL, NOT,
        "PREPEND Received-SPF: neutral "},
    {"PermError_reject = True", "mail_from { permerror = \"reject\" }", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_PERMERROR, NOT,
        "550 5.7.24 "},
    {"PermError_reject = True: HELO", "helo { permerror = \"reject\" }", NULL,
        "r@example.org", false, false, SPF_PERMERROR, SPF_PASS, NOT,
        "550 5.7.24 "},
    {"TempError_Defer = True", "mail_from { temperror = \"defer\" }", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_TEMPERROR, NOT,
        "DEFER_IF_PERMIT 4.7.24 "},
    {"TempError_Defer = True: HELO", "helo { temperror = \"defer\" }", NULL,
        "r@example.org", false, false, SPF_TEMPERROR, SPF_PASS, NOT,
        "DEFER_IF_PERMIT 4.7.24 "},
    {"skip_addresses", "trusted_networks = {\"192.0.2.0/24\"}", NULL,
        "r@example.org", false, false, NOT, NOT, NOT, "dunno"},
    {"Whitelist", "trusted_relays = {\"192.0.2.1\"}", NULL, "r@example.org",
        false, false, NOT, NOT, NOT,
        "PREPEND X-Comment: SPF not checked: trusted relay; "},
    {"Whitelist: another", "trusted_relays = {\"192.0.2.2\"}", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_FAIL, NOT, "550 5.7.23 "},
    {"HELO_Whitelist", "trusted_helo = {\"h.example.com\"}", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_FAIL, NOT,
        "PREPEND X-Comment: SPF not checked: trusted HELO name; "},
    {"HELO_Whitelist: another", "trusted_helo = {\"i.example.com\"}", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_FAIL, NOT, "550 5.7.23 "},
    {"Domain_Whitelist", "trusted_forwarders = {\"forward.example\"}", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_FAIL, SPF_PASS,
        "PREPEND X-Comment: SPF not checked: trusted forwarder; "},
    {"Domain_Whitelist: not its host",
        "trusted_forwarders = {\"forward.example\"}", NULL, "r@example.org",
        false, false, SPF_NONE, SPF_FAIL, SPF_SOFTFAIL, "550 5.7.23 "},
    {"Domain_Whitelist_PTR", "trusted_clients = {\"relay.example\"}",
        "mx.relay.example", "r@example.org", false, false, NOT, NOT, NOT,
        "PREPEND X-Comment: SPF not checked: trusted client name; "},
    {"Domain_Whitelist_PTR: only ends so",
        "trusted_clients = {\"relay.example\"}", "evilrelay.example",
        "r@example.org", false, false, SPF_NONE, SPF_FAIL, NOT, "550 5.7.23 "},
    {"Per_User",
        "recipient \"lax@example.org\" { mail_from { fail = \"dunno\" } }",
        NULL, "lax@example.org", false, false, SPF_NONE, SPF_FAIL, NOT,
        "dunno"},
    {"Per_User: another",
        "recipient \"lax@example.org\" { mail_from { fail = \"dunno\" } }",
        NULL, "r@example.org", false, false, SPF_NONE, SPF_FAIL, NOT,
        "550 5.7.23 "},
    {"Header_Type = AR", "header = \"authentication-results\"", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_PASS, NOT,
        "PREPEND Authentication-Results: mx.example.org; spf=pass "},
    {"Header_Type = None", "header = \"none\"", NULL, "r@example.org", false,
        false, SPF_NONE, SPF_PASS, NOT, "dunno"},
    {"Hide_Receiver = No", "hide_receiver = false", NULL, "r@example.org",
        false, false, SPF_NONE, SPF_PASS, NOT,
        "PREPEND Received-SPF: pass (mx.example.org: "},
    {"Hide_Receiver = Yes", "hide_receiver = true", NULL, "r@example.org",
        false, false, SPF_NONE, SPF_PASS, NOT,
        "PREPEND Received-SPF: pass (example.com "},
    {"Reason_Message",
        "reply_text = \"Message {action} due to: {reason}. Ask us\"", NULL,
        "r@example.org", false, false, SPF_NONE, SPF_FAIL, NOT,
        "550 5.7.23 Message rejected due to: SPF fail for MAIL FROM: "
        "example.com does not permit 192.0.2.1. Ask us"},
};

static struct settings *
configure(struct tmpdir *d, const char *policyd)
{
	char text[1024], file[TMPDIR_PATH_MAX];
	struct settings *settings = NULL;
	struct buf why, warn;

	snprintf(text, sizeof text,
	    "hostname = \"mx.example.org\"\npolicyd {\n%s\n}\n", policyd);
	tmpdir_write(d, "conf", text);
	buf_init(&why, 4096);
	buf_init(&warn, 4096);
	CHECK(settings_read(tmpdir_file(d, "conf", file), SETTINGS_POLICYD,
	          &settings, &why, &warn) == 0);
	CHECK(why.n == 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(settings);
	buf_free(&why);
	buf_free(&warn);
	return settings;
}

static void
answered(void *arg, const struct request_answer *a)
{
	char *action = arg;

	CHECK(*action == '\0');
	snprintf(action, HEADER_LINE_MAX, "%s", a->action);
}

/* Answers the check of sender, which must have been started if a result is
 * given. */
static void
answer(const char *sender, enum spf_result result, bool no_mail)
{
	struct check_result r = {.result = result,
	    .domain = "example.com",
	    .mechanism = result == SPF_FAIL ? "all" : NULL,
	    .no_mail = no_mail,
	    .problem = result == SPF_PERMERROR || result == SPF_TEMPERROR
	        ? "example.com: wrong"
	        : NULL};
	size_t i = 0;

	while (i < ndoubles && strcmp(doubles[i].sender, sender) != 0)
		i++;
	CHECK((i < ndoubles) == (result != NOT));
	if (i < ndoubles && doubles[i].running)
		double_answer(i, &r);
}

static void
play(const struct row *row)
{
	static const char zone[] = "h.example.com A 192.0.2.1\n"
	                           "i.example.com A 192.0.2.1\n";
	char action[HEADER_LINE_MAX] = "";
	struct attr in = {.request = span_str("smtpd_access_policy"),
	    .protocol_state = span_str("RCPT"),
	    .client_address = span_str("192.0.2.1"),
	    .client_name = span_str(row->name == NULL ? "unknown" : row->name),
	    .helo_name = span_str("h.example.com"),
	    .sender = span_str(row->null_sender ? "" : "u@example.com"),
	    .recipient = span_str(row->recipient),
	    .instance = span_str("1.2.3")};
	struct request_env env = {0};
	struct settings *settings;
	struct request *request;
	struct tmpdir d;

	suite_row(row->option);
	tmpdir_make(&d);
	settings = configure(&d, row->config);
	double_reset();
	CU_ASSERT_FATAL(loop_new(&env.loop) == 0);
	CU_ASSERT_FATAL(
	    resolver_new(env.loop, &settings->dns, &env.resolver) == 0);
	resolver_zone_load(env.resolver, zone);
	env.settings = settings;
	CHECK(request_start(&env, &in, answered, action, &request) == 0);
	if (row->null_sender) {
		answer("postmaster@h.example.com", row->from, false);
	} else {
		answer("postmaster@h.example.com", row->helo, false);
		answer("u@example.com", row->from, row->no_mail);
	}
	answer("postmaster@forward.example", row->forwarder, false);
	loop_run(env.loop);
	action[strlen(row->action)] = '\0';
	CHECK_STR(action, row->action);
	resolver_free(env.resolver);
	loop_free(env.loop);
	settings_free(settings);
	tmpdir_remove(&d);
	suite_row(NULL);
}

static void
option_by_option(void)
{
	for (size_t i = 0; i < LENGTH(rows); i++)
		play(&rows[i]);
}

SUITE("policyd_migration", T(option_by_option))

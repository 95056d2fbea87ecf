#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/settings/action.h"
#include "common/log/log.h"
#include "policyd/counters.h"
#include "policyd/limits.h"
#include "policyd/policy.h"
#include "tests/common/spf/check_double.h"
#include "tests/support/guard.h"
#include "tests/support/loop_fake.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* One connection: we are Postfix at the other end of a socketpair. */
struct world {
	struct settings settings;
	struct policy_env env;
	struct policy *policy;
	struct tmpdir dir;
	char log[TMPDIR_PATH_MAX];
	int fd; /* -1: closed */
	unsigned closed;
	char got[512 * 1024];
	size_t ngot;
};

static struct world w;

static void
table(struct identity_settings *t)
{
	t->check = true;
	for (int i = 0; i < SPF_RESULTS; i++)
		t->action[i] = (struct action){ACTION_HEADER, NULL};
	t->action[SPF_FAIL].kind = ACTION_REJECT;
	t->action[SPF_TEMPERROR].kind = ACTION_DEFER;
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
on_closed(void *arg)
{
	struct world *world = arg;

	world->closed++;
	world->policy = NULL;
}

static void
begin(void)
{
	int pair[2];

	memset(&w, 0, sizeof w);
	w.settings.hostname = "mx.example.org";
	w.settings.policyd.time_limit = 20;
	w.settings.policyd.reply_text = "{reason}";
	table(&w.settings.policyd.mail_from); /* HELO is t_request.c's affair */
	no_table(&w.settings.policyd.null_sender);
	CU_ASSERT_FATAL(loop_new(&w.env.request.loop) == 0);
	w.env.request.settings = &w.settings;
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	w.fd = pair[0];
	fcntl(w.fd, F_SETFL, O_NONBLOCK);
	tmpdir_make(&w.dir);
	tmpdir_file(&w.dir, "log", w.log);
	CU_ASSERT_FATAL(log_open(w.log, "t_policy") == 0);
	double_reset();
	CU_ASSERT_FATAL(policy_new(&w.env, pair[1], pair[1], on_closed, &w,
	                    &w.policy) == 0);
}

static void
hang_up(void)
{
	close(w.fd);
	w.fd = -1;
}

static void
finish(void)
{
	uint64_t ms;

	if (w.policy != NULL)
		policy_free(w.policy);
	if (w.fd >= 0)
		hang_up();
	CHECK(!loop_fake_next(w.env.request.loop, &ms));
	loop_free(w.env.request.loop);
	log_open(NULL, "t_policy");
	tmpdir_remove(&w.dir);
	for (size_t i = 0; i < ndoubles; i++)
		CHECK(!doubles[i].running);
}

/* A turn or two of the loop, and what Postfix reads then. */
static void
turn(void)
{
	ssize_t n;

	for (int i = 0; i < 4; i++)
		loop_run(w.env.request.loop);
	while (w.fd >= 0 && w.ngot < sizeof w.got - 1 &&
	    (n = read(w.fd, w.got + w.ngot, sizeof w.got - 1 - w.ngot)) > 0)
		w.ngot += (size_t)n;
	w.got[w.ngot] = '\0';
}

static void
say(const char *text)
{
	CHECK(write(w.fd, text, strlen(text)) == (ssize_t)strlen(text));
	turn();
}

/* What has come since the last time. */
static const char *
heard(void)
{
	static char text[sizeof w.got];

	turn();
	strcpy(text, w.got);
	w.ngot = 0;
	w.got[0] = '\0';
	return text;
}

/* True if Postfix sees that we have closed. */
static bool
is_closed(void)
{
	char c;

	return recv(w.fd, &c, 1, MSG_PEEK) == 0;
}

static unsigned
log_count(const char *what)
{
	unsigned n = 0;

	for (const char *p = tmpdir_read(w.log); (p = strstr(p, what)) != NULL;
	     p++)
		n++;
	return n;
}

/* A request of one recipient of a message. */
static const char *
request(const char *instance, const char *to)
{
	static char text[2048];

	snprintf(text, sizeof text,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "client_address=192.0.2.1\nhelo_name=h.example.com\n"
	    "sender=u@example.com\nrecipient=%s\nqueue_id=\ninstance=%s\n\n",
	    to, instance);
	return text;
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* --- requests and their replies ------------------------------------------- */

static void
one_request(void)
{
	const char *text;

	begin();
	say(request("1.2.3", "r@example.org"));
	CU_ASSERT_FATAL(ndoubles == 1);
	CHECK_STR(doubles[0].sender, "u@example.com");
	CHECK_STR(heard(), "");
	double_done(0, SPF_PASS, "a");
	text = heard();
	CHECK(begins(
	    text, "action=PREPEND Received-SPF: pass (mx.example.org: "));
	CHECK_STR(text + strlen(text) - 19, "identity=mailfrom\n\n");
	CHECK(!is_closed());
	finish();
}

static void
one_header_for_a_message(void)
{
	begin();
	say(request("1.2.3", "r1@example.org"));
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	say(request("1.2.3", "r2@example.org"));
	CHECK_STR(heard(), "action=dunno\n\n");
	say(request("1.2.3", "r3@example.org"));
	CHECK_STR(heard(), "action=dunno\n\n");
	CHECK(ndoubles == 1); /* nothing was evaluated again */
	say(request("1.2.4", "r1@example.org"));
	CHECK(ndoubles == 2);
	double_done(1, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	say(request("1.2.3", "r4@example.org")); /* one entry is remembered */
	CHECK(ndoubles == 3);
	double_done(2, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	CHECK(log_count(" spf ") == 3); /* a line for a decision */
	finish();
}

static void
refusals_are_repeated(void)
{
	static const enum spf_result results[] = {SPF_FAIL, SPF_TEMPERROR};

	for (int i = 0; i < 2; i++) {
		char first[1024];

		begin();
		say(request("1.2.3", "r1@example.org"));
		double_done(0, results[i], "all");
		strcpy(first, heard());
		CHECK(begins(first,
		    i == 0 ? "action=550 5.7.23 " : "action=DEFER_IF_PERMIT "));
		say(request("1.2.3", "r2@example.org"));
		CHECK_STR(heard(), first);
		CHECK(ndoubles == 1);
		finish();
	}
}

/* At CONNECT the instance may be that of the first message. */
static void
connect_is_not_remembered(void)
{
	begin();
	say("request=smtpd_access_policy\nprotocol_state=CONNECT\n"
	    "client_address=192.0.2.1\ninstance=1.2.3\n\n");
	CHECK_STR(heard(), "action=dunno\n\n");
	say(request("1.2.3", "r@example.org"));
	CU_ASSERT_FATAL(ndoubles == 1);
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	/* and END-OF-MESSAGE gets no second header */
	say("request=smtpd_access_policy\nprotocol_state=END-OF-MESSAGE\n"
	    "client_address=192.0.2.1\ninstance=1.2.3\n\n");
	CHECK_STR(heard(), "action=dunno\n\n");
	finish();
}

static void
instance_limit(void)
{
	char instance[POLICY_INSTANCE_MAX + 2];

	for (size_t n = POLICY_INSTANCE_MAX; n <= POLICY_INSTANCE_MAX + 1;
	     n++) {
		begin();
		memset(instance, 'i', n);
		instance[n] = '\0';
		say(request(instance, "r1@example.org"));
		double_done(0, SPF_PASS, "a");
		say(request(instance, "r2@example.org"));
		CHECK(ndoubles == (n <= POLICY_INSTANCE_MAX ? 1 : 2));
		if (ndoubles == 2)
			double_done(1, SPF_PASS, "a");
		finish();
	}
	begin(); /* none at all */
	say(request("", "r1@example.org"));
	double_done(0, SPF_PASS, "a");
	say(request("", "r2@example.org"));
	CU_ASSERT_FATAL(ndoubles == 2);
	double_done(1, SPF_PASS, "a");
	finish();
}

/* Postfix does not, but a second request that is there already waits. */
static void
pipelined(void)
{
	char text[4096];
	const char *got;

	begin();
	snprintf(text, sizeof text, "%s", request("1.2.3", "r1@example.org"));
	strcat(text, request("1.2.4", "r2@example.org"));
	strcat(text, request("1.2.4", "r3@example.org"));
	say(text);
	CHECK(ndoubles == 1);
	CHECK_STR(heard(), "");
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(heard(), "action=550 5.7.23 "));
	CHECK(ndoubles == 2);
	double_done(1, SPF_PASS, "all");
	got = heard();
	CHECK(begins(got, "action=PREPEND "));
	CHECK(strstr(got, "mailfrom\n\naction=dunno\n\n") != NULL);
	finish();
}

static void
one_split(void *arg, struct span head, struct span tail)
{
	begin();
	CHECK(write(w.fd, head.p, head.n) == (ssize_t)head.n);
	turn();
	CHECK(write(w.fd, tail.p, tail.n) == (ssize_t)tail.n);
	turn();
	CU_ASSERT_FATAL(ndoubles == 1);
	CHECK_STR(doubles[0].sender, "u@example.com");
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(heard(), "action=550 5.7.23 "));
	finish();
	(void)arg;
}

static void
every_split(void)
{
	guard_splits(
	    span_str(request("1.2.3", "r@example.org")), one_split, NULL);
}

/* --- ends ----------------------------------------------------------------- */

static void
malformed(void)
{
	static const char *const bad[] = {"\n", "GET / HTTP/1.0\r\n\r\n",
	    "request=smtpd_access_policy\nnothing\n"};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		begin();
		say(bad[i]);
		CHECK_STR(heard(), "");
		CHECK(w.closed == 1);
		CHECK(is_closed());
		CHECK(log_count("malformed") == 1);
		finish();
	}
	begin(); /* what was answered before stands */
	say(request("1.2.3", "r1@example.org"));
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	say("request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "instance=1.2.3\n\njunk\n");
	CHECK_STR(heard(), "action=dunno\n\n");
	CHECK(w.closed == 1);
	finish();
}

static void
oversize(void)
{
	static char text[POLICY_REQUEST_MAX + 2];

	for (size_t n = POLICY_REQUEST_MAX; n <= POLICY_REQUEST_MAX + 1; n++) {
		begin();
		memset(text, 'x', n);
		memcpy(text, "unknown=", 8);
		memcpy(text + n - 2, "\n\n", 3);
		say(text);
		if (n == POLICY_REQUEST_MAX) {
			CHECK_STR(heard(), "action=dunno\n\n");
			CHECK(w.closed == 0);
		} else {
			CHECK_STR(heard(), "");
			CHECK(w.closed == 1);
			CHECK(log_count("too long") == 1);
		}
		finish();
	}
}

static void
end_of_input(void)
{
	begin(); /* idle */
	shutdown(w.fd, SHUT_WR);
	turn();
	CHECK(w.closed == 1 && is_closed());
	CHECK_STR(tmpdir_read(w.log), "");
	finish();

	begin(); /* behind a request: answered first */
	say(request("1.2.3", "r@example.org"));
	shutdown(w.fd, SHUT_WR);
	turn();
	loop_fake_advance(w.env.request.loop, 5000);
	CHECK(w.closed == 0);
	CHECK(!doubles[0].cancelled);
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	CHECK(w.closed == 1 && is_closed());
	finish();

	begin(); /* inside of one */
	say("request=smtpd_access_policy\nproto");
	shutdown(w.fd, SHUT_WR);
	turn();
	CHECK(w.closed == 1);
	CHECK(log_count("ended inside") == 1);
	finish();

	begin(); /* the same, and we wait in vain */
	say("request=smtpd_access_policy\nproto");
	loop_fake_advance(w.env.request.loop, POLICY_FIRST_MS);
	turn();
	CHECK(w.closed == 1);
	CHECK(log_count("ended inside") == 1);
	finish();
}

static void
peer_lost(void)
{
	begin();
	say(request("1.2.3", "r@example.org"));
	hang_up();
	turn();
	loop_fake_advance(w.env.request.loop, 1000);
	CHECK(doubles[0].cancelled);
	CHECK(w.closed == 1);
	CHECK(log_count(" spf ") == 0);
	finish();
}

/* Postfix closes after max_idle or max_ttl, at 1,000 s; we do much later. */
static void
idle(void)
{
	begin();
	CHECK(POLICY_IDLE_MS >= 2 * 1000 * 1000);
	loop_fake_advance(w.env.request.loop, POLICY_FIRST_MS - 1);
	CHECK(w.closed == 0 && !is_closed());
	say(request("1.2.3", "r@example.org"));
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	loop_fake_advance(w.env.request.loop, POLICY_IDLE_MS - 1);
	CHECK(w.closed == 0);
	say(request("1.2.3", "r2@example.org"));
	CHECK_STR(heard(), "action=dunno\n\n");
	loop_fake_advance(w.env.request.loop, POLICY_IDLE_MS - 1);
	CHECK(w.closed == 0);
	loop_fake_advance(w.env.request.loop, 1);
	CHECK(w.closed == 1 && is_closed());
	CHECK(log_count("malformed") == 0);
	finish();
}

/* A request of the message at which nothing is checked, of a recipient with
 * another policy, does not make the next one get a second header. */
static void
unchecked_state_between(void)
{
	static struct recipient_settings own;

	begin();
	own = (struct recipient_settings){
	    .address = "@lax.example", .policyd = w.settings.policyd};
	w.settings.recipient = &own;
	w.settings.nrecipients = 1;
	say(request("1.2.3", "r1@example.org"));
	CU_ASSERT_FATAL(ndoubles == 1);
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	say("request=smtpd_access_policy\nprotocol_state=VRFY\n"
	    "client_address=192.0.2.1\ninstance=1.2.3\n"
	    "recipient=v@lax.example\n\n");
	CHECK_STR(heard(), "action=dunno\n\n");
	say(request("1.2.3", "r2@example.org"));
	CHECK_STR(heard(), "action=dunno\n\n");
	CHECK(ndoubles == 1);
	if (ndoubles == 2)
		double_done(1, SPF_PASS, "a");
	finish();
}

/* Recipients with a policy of their own are answered by it; the message has one
 * header for all of them. */
static void
recipients_of_a_message(void)
{
	static struct recipient_settings own[2];

	begin();
	own[0] = (struct recipient_settings){
	    .address = "@lax.example", .policyd = w.settings.policyd};
	own[1] = (struct recipient_settings){
	    .address = "boss@example.org", .policyd = w.settings.policyd};
	own[0].policyd.mail_from.action[SPF_FAIL].kind = ACTION_HEADER;
	own[1].policyd.mail_from.action[SPF_FAIL].kind = ACTION_DUNNO;
	w.settings.recipient = own;
	w.settings.nrecipients = 2;
	say(request("1.2.3", "r@example.org"));
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(heard(), "action=550 5.7.23 "));
	say(request("1.2.3", "a@lax.example"));
	double_done(1, SPF_FAIL, "all");
	CHECK(begins(heard(), "action=PREPEND Received-SPF: fail "));
	say(request("1.2.3", "b@LAX.example")); /* the same policy */
	CHECK_STR(heard(), "action=dunno\n\n");
	say(request("1.2.3", "Boss@example.org"));
	double_done(2, SPF_FAIL, "all");
	CHECK_STR(heard(), "action=dunno\n\n");
	say(request("1.2.3", "r2@example.org")); /* the general one again */
	double_done(3, SPF_FAIL, "all");
	CHECK(begins(heard(), "action=550 5.7.23 "));
	say(request("1.2.3", "c@lax.example")); /* the header is there */
	double_done(4, SPF_FAIL, "all");
	CHECK_STR(heard(), "action=dunno\n\n");
	CHECK(log_count("action=header") == 1);
	say(request("1.2.4", "c@lax.example")); /* another message */
	double_done(5, SPF_FAIL, "all");
	CHECK(begins(heard(), "action=PREPEND Received-SPF: fail "));
	finish();
}

/* A copy is sent once for a message (access(5)), to each address that is named;
 * a header beside it is neither held back by it nor holds it back. */
static void
copies_of_a_message(void)
{
	static struct recipient_settings own[2];

	begin();
	w.settings.policyd.mail_from.action[SPF_SOFTFAIL] =
	    (struct action){ACTION_ACCESS, "BCC one@example.org"};
	own[0] = (struct recipient_settings){
	    .address = "@lax.example", .policyd = w.settings.policyd};
	own[1] = (struct recipient_settings){
	    .address = "boss@example.org", .policyd = w.settings.policyd};
	own[0].policyd.mail_from.action[SPF_SOFTFAIL].access =
	    "BCC two@example.org";
	own[1].policyd.mail_from.action[SPF_SOFTFAIL].kind = ACTION_HEADER;
	w.settings.recipient = own;
	w.settings.nrecipients = 2;
	say(request("1.2.3", "r@example.org"));
	double_done(0, SPF_SOFTFAIL, "all");
	CHECK_STR(heard(), "action=BCC one@example.org\n\n");
	say(request("1.2.3", "r2@example.org"));
	CHECK_STR(heard(), "action=dunno\n\n");
	say(request("1.2.3", "boss@example.org"));
	double_done(1, SPF_SOFTFAIL, "all");
	CHECK(begins(heard(), "action=PREPEND Received-SPF: softfail "));
	say(request("1.2.3", "a@lax.example"));
	double_done(2, SPF_SOFTFAIL, "all");
	CHECK_STR(heard(), "action=BCC two@example.org\n\n");
	say(request("1.2.3", "r3@example.org"));
	double_done(3, SPF_SOFTFAIL, "all");
	CHECK_STR(heard(), "action=dunno\n\n");
	say(request("1.2.4", "r@example.org")); /* another message */
	double_done(4, SPF_SOFTFAIL, "all");
	CHECK_STR(heard(), "action=BCC one@example.org\n\n");
	finish();
}

/* What was not checked says so in the log, and by which entry of the config. */
static void
skipped_line(void)
{
	static char example[] = "example.com";
	static char *names[] = {example};
	char text[4096];

	begin();
	w.settings.policyd.trusted_clients = (struct text_list){names, 1};
	snprintf(text, sizeof text, "client_name=a.example.com\n%s",
	    request("1.2.3", "r@example.org"));
	say(text);
	CHECK_STR(heard(),
	    "action=PREPEND X-Comment: SPF not checked: trusted client name; "
	    "receiver=mx.example.org\n\n");
	CHECK(ndoubles == 0);
	CHECK(log_count(
	          " action=header to=r@example.org unchecked=trusted_clients "
	          "trusted=example.com ") == 1);
	finish();
}

static void
drain(void)
{
	begin(); /* idle: at once */
	policy_drain(w.policy);
	CHECK(w.closed == 1);
	turn();
	CHECK(is_closed());
	finish();

	begin(); /* busy: when answered */
	say(request("1.2.3", "r@example.org"));
	policy_drain(w.policy);
	turn();
	CHECK(w.closed == 0);
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	CHECK(w.closed == 1 && is_closed());
	finish();

	begin(); /* half a request: when that is answered */
	say("request=smtpd_access_policy\n");
	policy_drain(w.policy);
	turn();
	CHECK(w.closed == 0);
	say("protocol_state=VRFY\n\n");
	CHECK_STR(heard(), "action=dunno\n\n");
	CHECK(w.closed == 1);
	finish();

	begin(); /* and one that is answered from memory */
	say(request("1.2.3", "r@example.org"));
	double_done(0, SPF_PASS, "a");
	heard();
	say("request=smtpd_access_policy\nprotocol_state=RCPT\n");
	policy_drain(w.policy);
	say("instance=1.2.3\n\n");
	CHECK_STR(heard(), "action=dunno\n\n");
	CHECK(w.closed == 1);
	finish();
}

/* Nothing was ever said: minutes, not hours. */
static void
silent(void)
{
	begin();
	loop_fake_advance(w.env.request.loop, POLICY_FIRST_MS - 1);
	CHECK(w.closed == 0);
	loop_fake_advance(w.env.request.loop, 1);
	CHECK(w.closed == 1 && is_closed());
	finish();
}

static void
spares(void)
{
	begin();
	loop_fake_advance(w.env.request.loop, WORKER_NEW_MS - 1);
	CHECK(policy_spare(w.policy) == 0);
	loop_fake_advance(w.env.request.loop, 1);
	CHECK(policy_spare(w.policy) > WORKER_QUIET_MS);
	w.settings.policyd.time_limit = 100;
	say(request("1.2.3", "r@example.org"));
	loop_fake_advance(w.env.request.loop, WORKER_QUIET_MS + 1);
	CHECK(policy_spare(w.policy) == 0); /* it waits for the answer */
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	loop_fake_advance(w.env.request.loop, WORKER_QUIET_MS);
	CHECK(policy_spare(w.policy) == 0);
	loop_fake_advance(w.env.request.loop, 1);
	CHECK(policy_spare(w.policy) == WORKER_QUIET_MS + 1);
	finish();
}

/* After a reload all goes on, but not for ever. */
static void
retire(void)
{
	struct loop *loop;

	begin();
	loop = w.env.request.loop;
	policy_retire(w.policy);
	loop_fake_advance(loop, POLICY_RETIRED_IDLE_MS - 1);
	say(request("1.2.3", "r@example.org"));
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	loop_fake_advance(loop, POLICY_RETIRED_IDLE_MS - 1);
	say(request("1.2.3", "r2@example.org")); /* has its header */
	CHECK_STR(heard(), "action=dunno\n\n");
	loop_fake_advance(loop, POLICY_RETIRED_IDLE_MS - 1);
	CHECK(w.closed == 0);
	loop_fake_advance(loop, 1);
	CHECK(w.closed == 1 && is_closed());
	finish();

	begin(); /* in a request, and then there is no time any more */
	say(request("1.2.3", "r@example.org"));
	policy_retire(w.policy);
	policy_drain(w.policy);
	CHECK(w.closed == 0);
	double_done(0, SPF_PASS, "a");
	CHECK(begins(heard(), "action=PREPEND "));
	CHECK(w.closed == 1);
	finish();
}

static void
freed_while_busy(void)
{
	begin();
	say(request("1.2.3", "r@example.org"));
	policy_free(w.policy);
	w.policy = NULL;
	CHECK(doubles[0].cancelled);
	CHECK(w.closed == 0);
	CHECK(is_closed());
	finish();
}

/* Sends requests of one message and reads nothing, until no more is taken; how
 * many were sent whole. */
static size_t
flood(void)
{
	static const char again[] = "request=smtpd_access_policy\n"
	                            "protocol_state=RCPT\ninstance=1.2.3\n\n";
	size_t sent = 0, at = 0;
	unsigned stuck = 0;

	say(request("1.2.3", "r@example.org"));
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(heard(), "action=550 "));
	while (stuck < 3) {
		ssize_t n = write(w.fd, again + at, strlen(again) - at);

		if (n > 0)
			at = (at + (size_t)n) % strlen(again);
		sent += n > 0 && at == 0;
		stuck = n > 0 ? 0 : stuck + 1;
		if (n <= 0)
			loop_run(w.env.request.loop);
		CU_ASSERT_FATAL(sent < 100000);
	}
	return sent;
}

/* A peer that sends and does not read makes us stop reading, not grow; when it
 * reads, it gets every reply. */
static void
peer_does_not_read(void)
{
	size_t sent, replies = 0;

	begin();
	sent = flood();
	CHECK(w.closed == 0);
	for (int i = 0; i < 2000; i++) {
		const char *text = heard();

		for (; (text = strstr(text, "action=550")) != NULL; text++)
			replies++;
	}
	CHECK(replies == sent);
	CHECK(ndoubles == 1);
	finish();
}

/* One that does not read its last reply either is left after
 * POLICY_FLUSH_MS. */
static void
flush_limit(void)
{
	uint64_t ms;

	begin();
	flood();
	policy_drain(w.policy);
	CHECK(w.closed == 1);
	loop_fake_advance(w.env.request.loop, POLICY_FLUSH_MS - 1);
	CHECK(loop_fake_next(w.env.request.loop, &ms) && ms == 1);
	CHECK(write(w.fd, "x", 1) != 1 && errno == EAGAIN);
	loop_fake_advance(w.env.request.loop, 1);
	CHECK(!loop_fake_next(w.env.request.loop, &ms));
	CHECK(write(w.fd, "x", 1) != 1 && errno == EPIPE);
	finish();
}

/* --- trouble -------------------------------------------------------------- */

static void
broken_settings(void)
{
	begin();
	w.env.request.settings = NULL;
	w.env.broken = "postseal.conf:3: unknown action \"heeader\"";
	w.env.told = loop_now(w.env.request.loop);
	say(request("1.2.3", "r@example.org"));
	say(request("1.2.3", "r@example.org"));
	CHECK_STR(heard(), "action=dunno\n\naction=dunno\n\n");
	CHECK_STR(tmpdir_read(w.log), ""); /* was told at the start */
	loop_fake_advance(w.env.request.loop, 59999);
	say(request("1.2.4", "r@example.org"));
	CHECK_STR(tmpdir_read(w.log), "");
	loop_fake_advance(w.env.request.loop, 1);
	say(request("1.2.5", "r@example.org"));
	say(request("1.2.6", "r@example.org"));
	CHECK(log_count("postseal.conf:3: ") == 1);
	loop_fake_advance(w.env.request.loop, 60000);
	say(request("1.2.7", "r@example.org"));
	CHECK(log_count("postseal.conf:3: ") == 2);
	finish();
}

/* A check that cannot start is a temperror, and that is in the table. */
static void
no_memory_for_a_check(void)
{
	begin();
	double_fail_at = 1;
	say(request("1.2.3", "r@example.org"));
	CHECK(begins(heard(), "action=DEFER_IF_PERMIT 4.7.24 "));
	CHECK(w.closed == 0);
	finish();
}

/* Memory that is out costs one request an answer, or the connection; it says
 * nothing false, and the next one works. */
static void
every_allocation_fails(void)
{
	unsigned deferred = 0, failed = 0;

	for (long n = 0;; n++) {
		const char *text;

		begin();
		if (!nomem_round(n)) {
			finish();
			break;
		}
		say(request("1.2.3", "r@example.org"));
		if (ndoubles == 1)
			double_done(0, SPF_FAIL, "all");
		turn();
		failed += nomem_end();
		text = heard();
		deferred += begins(text, "action=DEFER_IF_PERMIT 4.");
		CHECK(begins(text, "action=550 5.7.23 ") ||
		    begins(text, "action=DEFER_IF_PERMIT 4.") || w.closed == 1);
		if (w.closed == 0) {
			say(request("1.2.4", "r@example.org"));
			double_done(ndoubles - 1, SPF_FAIL, "all");
			CHECK(begins(heard(), "action=550 5.7.23 "));
		}
		finish();
	}
	CHECK(failed == 0 || deferred > 1); /* 0: valgrind, see nomem.h */
}

static void
no_memory_for_a_connection(void)
{
	for (long n = 0;; n++) {
		struct policy *policy = NULL;
		int pair[2], rc;

		begin();
		CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		if (!nomem_round(n)) {
			close(pair[0]);
			close(pair[1]);
			finish();
			break;
		}
		rc = policy_new(
		    &w.env, pair[1], pair[1], on_closed, &w, &policy);
		nomem_end();
		CHECK(rc == 0 || rc == -ENOMEM);
		if (rc == 0)
			policy_free(policy);
		close(w.fd);
		w.fd = pair[0];
		CHECK(is_closed()); /* the descriptor was taken in any case */
		finish();
	}
}

/* --- the log -------------------------------------------------------------- */

static void
decision_line(void)
{
	static const struct check_result fail = {.result = SPF_FAIL,
	    .domain = "example.com",
	    .mechanism = "all",
	    .lookups = 3,
	    .voids = 1,
	    .security = DNS_SECURE};

	begin();
	say("request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "client_address=192.0.2.1\nhelo_name=h \"x\nsender=u@example.com\n"
	    "recipient=r@example.org\nqueue_id=4AE0FA84398\ninstance=1.2."
	    "3\n\n");
	loop_fake_advance(w.env.request.loop, 7);
	double_answer(0, &fail);
	turn();
	CHECK(log_count(
	          " spf queue_id=4AE0FA84398 client=192.0.2.1 action=reject "
	          "to=r@example.org "
	          "result=fail domain=example.com mechanism=all lookups=3 "
	          "voids=1 dnssec=secure ms=7 helo=\"h \\\"x\" "
	          "from=u@example.com\n") == 1);
	finish();

	begin(); /* no queue id yet; a null sender; HELO is another check */
	w.settings.policyd.helo.check = true;
	table(&w.settings.policyd.helo);
	say(request("1.2.3", "r@example.org"));
	double_done(0, SPF_PASS, "a");
	double_done(1, SPF_NONE, NULL);
	turn();
	CHECK(log_count(" spf instance=1.2.3 client=192.0.2.1 action=header "
	                "to=r@example.org result=none domain=example.com "
	                "lookups=0 voids=0 "
	                "helo_result=pass helo_domain=example.com "
	                "helo_mechanism=a helo_lookups=0 helo_voids=0 ms=0 "
	                "helo=h.example.com from=u@example.com\n") == 1);
	say("request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "client_address=unknown\nhelo_name=h\nsender=\ninstance=2\n\n");
	CHECK(log_count(" spf instance=2 client=unknown action=dunno "
	                "unchecked=\"client_address is not an address\" ms=0 "
	                "helo=h from=<>\n") == 1);
	finish();
}

/* However long and odd a sender makes what it chooses. */
static void
line_keeps_its_front(void)
{
	static char text[8192], odd[700];

	for (int i = 0; i < 2; i++) {
		begin();
		memset(odd, i == 0 ? 'x' : '\001', sizeof odd - 1);
		snprintf(text, sizeof text,
		    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
		    "client_address=192.0.2.1\nhelo_name=%s\n"
		    "sender=%s@example.com\nrecipient=%s@example.org\n"
		    "queue_id=\ninstance=1.2.3\n\n",
		    odd, odd, odd);
		say(text);
		if (ndoubles > 0)
			double_done(0, SPF_FAIL, "all");
		turn();
		CHECK(log_count(" spf instance=1.2.3 client=192.0.2.1 "
		                "action=") == 1);
		CHECK(log_count("example.com") + log_count("unchecked=") > 0);
		CHECK(log_count(" ms=") == 1);
		CHECK(log_count(" to=") == 1 && log_count(" from=") == 1);
		finish();
	}
}

static void
observed_line(void)
{
	begin();
	w.settings.policyd.observe = true;
	say(request("1.2.3", "r@example.org"));
	double_done(0, SPF_FAIL, "all");
	CHECK(begins(heard(), "action=PREPEND Received-SPF: fail "));
	CHECK(log_count(" action=header to=r@example.org result=fail ") == 1);
	CHECK(log_count(" would=\"550 5.7.23 SPF fail for MAIL FROM: ") == 1);
	finish();
}

/* Whatever the sender sends is one line, with the action in it. */
static void
long_and_hostile_line(void)
{
	static char text[12000];
	size_t n;

	begin();
	n = (size_t)snprintf(text, sizeof text,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "client_address=192.0.2.1\ninstance=1\nrecipient=r@example.org\n"
	    "sender=");
	memset(text + n, '\r', 9000);
	strcpy(text + n + 9000, " action=header\xff@example.com\n\n");
	say(text);
	double_done(0, SPF_FAIL, "all");
	turn();
	CHECK(log_count("\n") == 1);
	CHECK(log_count("\r") == 0);
	CHECK(log_count(" action=reject to=r@example.org result=fail ") == 1);
	CHECK(log_count(" action=header") == 0);
	finish();
}

static void
decisions_are_counted(void)
{
	struct stats *stats;

	begin();
	CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
	w.env.stats = stats_slot(stats, 0);
	say(request("1.2.3", "r1@example.org"));
	double_done(0, SPF_FAIL, "all");
	say(request("1.2.3", "r2@example.org"));
	say(request("1.2.4", "r1@example.org"));
	double_done(1, SPF_PASS, "a");
	say("request=smtpd_access_policy\nprotocol_state=CONNECT\n"
	    "client_address=192.0.2.1\n\n");
	say("no request\n\n");
	CHECK(stats_sum(stats, POLICYD_REQUESTS) == 4);
	CHECK(stats_sum(stats, POLICYD_REPEATED) == 1);
	CHECK(stats_sum(stats, POLICYD_UNCHECKED) == 1);
	CHECK(stats_sum(stats, IDENTITY_COUNT_MAIL_FROM + SPF_FAIL) == 1);
	CHECK(stats_sum(stats, IDENTITY_COUNT_MAIL_FROM + SPF_PASS) == 1);
	CHECK(stats_sum(stats, IDENTITY_COUNT_HELO + SPF_PASS) == 0);
	CHECK(stats_sum(stats, POLICYD_ACTION + ACTION_REJECT) == 1);
	CHECK(stats_sum(stats, POLICYD_ACTION + ACTION_HEADER) == 1);
	CHECK(stats_sum(stats, POLICYD_ACTION + ACTION_DUNNO) == 1);
	CHECK(stats_sum(stats, POLICYD_ERROR) == 1);
	finish();
	stats_free(stats);
}

SUITE("policy", T(one_request), T(one_header_for_a_message),
    T(refusals_are_repeated), T(recipients_of_a_message),
    T(copies_of_a_message), T(unchecked_state_between), T(skipped_line),
    T(connect_is_not_remembered), T(instance_limit), T(pipelined),
    T(every_split), T(malformed), T(oversize), T(end_of_input), T(peer_lost),
    T(idle), T(drain), T(retire), T(freed_while_busy), T(peer_does_not_read),
    T(flush_limit), T(broken_settings), T(no_memory_for_a_check),
    T(every_allocation_fails), T(no_memory_for_a_connection), T(decision_line),
    T(line_keeps_its_front), T(observed_line), T(long_and_hostile_line),
    T(decisions_are_counted), T(silent), T(spares))

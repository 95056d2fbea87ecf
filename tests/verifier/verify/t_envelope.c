/*
 * SPF of the envelope, in the session that the MTA has: which identity is
 * evaluated, when it is asked, and what the field and the log say. The rules of
 * SPF itself are rows of tests/common/spf.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/house.h"
#include "tests/support/logged.h"
#include "tests/support/loop_fake.h"
#include "tests/support/nomem.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"

/* It claims what SPF says of it. */
static const char claims[] = "Received-SPF: pass (mx.example.jp) "
                             "client-ip=192.0.2.1; identity=mailfrom\r\n"
                             "Return-Path: <joe@pass.example>\r\n"
                             "Sender: joe@pass.example\r\n"
                             "From: Joe <joe@pass.example>\r\n"
                             "\r\n"
                             "Hello\r\n";

static const char zone[] =
    "pass.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "pass6.example TXT \"v=spf1 ip6:2001:db8::/32 -all\"\n"
    "fail.example TXT \"v=spf1 -all\"\n"
    "why.example TXT \"v=spf1 exp=%{p}.why.example -all\"\n"
    "softfail.example TXT \"v=spf1 ~all\"\n"
    "neutral.example TXT \"v=spf1 ?all\"\n"
    "other.example TXT \"no spf\"\n"
    "syntax.example TXT \"v=spf1 foo:bar -all\"\n"
    "two.example TXT \"v=spf1 -all\"\n"
    "two.example TXT \"v=spf1 +all\"\n"
    "dead.example TXT servfail\n"
    "nomem.example TXT nomem\n"
    "local.example TXT \"v=spf1 exists:%{l}.l.example -all\"\n"
    "joe.l.example A 127.0.0.2\n"
    "joe-b.l.example A 127.0.0.2\n"
    "helo.example TXT \"v=spf1 exists:%{h}.h.example -all\"\n"
    "mail.pass.example.h.example A 127.0.0.2\n"
    "mail.pass.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "mail.fail.example TXT \"v=spf1 -all\"\n"
    "xn--bcher-kva.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "voids.example TXT \"v=spf1 a:v1.example a:v2.example a:v3.example "
    "ip4:192.0.2.1 -all\"\n";

static const struct row {
	const char *name, *sender, *helo; /* as MAIL and HELO have them */
	const char *want;                 /* of the field */
	const char *log;                  /* spf_helo=; NULL: no such key */
	const char *config, *address;     /* NULL: as usual */
	const char *login;
	int questions; /* -1: whatever */
} row[] = {
    /* each result */
    {"pass", "<joe@pass.example>", "mail.fail.example",
        "spf=pass smtp.mailfrom=pass.example", "fail mail.fail.example",
        .questions = -1},
    {"fail", "<joe@fail.example>", "mail.fail.example",
        "spf=fail smtp.mailfrom=fail.example", "fail mail.fail.example",
        .questions = 2},
    {"fail, which nobody wants explained", "<joe@why.example>", "h",
        "spf=fail smtp.mailfrom=why.example", .questions = 1},
    {"softfail", "<joe@softfail.example>", "h",
        "spf=softfail smtp.mailfrom=softfail.example", .questions = 1},
    {"neutral", "<joe@neutral.example>", "h",
        "spf=neutral smtp.mailfrom=neutral.example", .questions = 1},
    {"none: no record", "<joe@other.example>", "h",
        "spf=none smtp.mailfrom=other.example", .questions = 1},
    {"none: no name", "<joe@nowhere.example>", "h",
        "spf=none smtp.mailfrom=nowhere.example", .questions = 1},
    {"permerror: syntax", "<joe@syntax.example>", "h",
        "spf=permerror smtp.mailfrom=syntax.example", .questions = 1},
    {"permerror: two records", "<joe@two.example>", "h",
        "spf=permerror smtp.mailfrom=two.example", .questions = 1},
    {"temperror", "<joe@dead.example>", "h",
        "spf=temperror smtp.mailfrom=dead.example", .questions = 1},
    {"temperror: no memory", "<joe@nomem.example>", "h",
        "spf=temperror smtp.mailfrom=nomem.example", .questions = -1},
    {"IPv6", "<joe@pass6.example>", "h", "spf=pass smtp.mailfrom=pass6.example",
        .address = "IPv6:2001:db8::1", .questions = 1},

    /* HELO never stands for MAIL FROM (CVE-2019-20790) */
    {"HELO passes, MAIL FROM fails", "<joe@fail.example>", "mail.pass.example",
        "spf=fail smtp.mailfrom=fail.example", "pass mail.pass.example",
        .questions = 2},
    {"HELO passes, no record", "<joe@other.example>", "mail.pass.example",
        "spf=none smtp.mailfrom=other.example", "pass mail.pass.example",
        .questions = 2},
    {"HELO passes, a sender without a domain", "<joe>", "mail.pass.example",
        "spf=none", "pass mail.pass.example", .questions = 1},
    {"HELO passes, a sender that is all route", "<@pass.example:>",
        "mail.fail.example", "spf=fail smtp.helo=mail.fail.example",
        .questions = 1},

    /* the null sender */
    {"null", "<>", "mail.pass.example", "spf=pass smtp.helo=mail.pass.example",
        .questions = 1},
    {"null, fail", "<>", "mail.fail.example",
        "spf=fail smtp.helo=mail.fail.example", .questions = 1},
    {"null, as sendmail(1) has it", "", "mail.pass.example",
        "spf=pass smtp.helo=mail.pass.example", .questions = 1},
    {"null, HELO is an address", "<>", "[192.0.2.1]", "spf=none",
        .questions = 0},
    {"null, HELO is a word", "<>", "localhost", "spf=none smtp.helo=localhost",
        .questions = 0},
    {"null, HELO is empty", "<>", "", "spf=none", .questions = 0},

    /* what MAIL may have */
    {"no brackets", "joe@pass.example", "h",
        "spf=pass smtp.mailfrom=pass.example", .questions = 1},
    {"capitals", "<JOE@PASS.EXAMPLE>", "h",
        "spf=pass smtp.mailfrom=pass.example", .questions = 1},
    {"a dot at the end", "<joe@pass.example.>", "h",
        "spf=pass smtp.mailfrom=pass.example", .questions = 1},
    {"a source route", "<@fail.example,@fail.example:joe@local.example>", "h",
        "spf=pass smtp.mailfrom=local.example", .questions = 2},
    {"quotes", "<\"joe\"@local.example>", "h",
        "spf=pass smtp.mailfrom=local.example", .questions = 2},
    {"quoted bytes", "<\"j\\o\\e-b\"@local.example>", "h",
        "spf=pass smtp.mailfrom=local.example", .questions = 2},
    {"another local part", "<ann@local.example>", "h",
        "spf=fail smtp.mailfrom=local.example", .questions = 2},
    {"an @ in quotes", "<\"a@pass.example\"@fail.example>", "h",
        "spf=fail smtp.mailfrom=fail.example", .questions = 1},
    {"a quote in quotes", "<\"a\\\"@pass.example\"@fail.example>", "h",
        "spf=fail smtp.mailfrom=fail.example", .questions = 1},
    {"an address literal", "<joe@[192.0.2.1]>", "h", "spf=none",
        .questions = 0},
    {"U-labels",
        "<joe@b\xc3\xbc"
        "cher.example>",
        "h", "spf=pass smtp.mailfrom=xn--bcher-kva.example", .questions = 1},
    {"what is no name", "<joe@pass.example;spf=pass>", "h", "spf=none",
        .questions = -1},
    {"a comment (CVE-2020-12272)", "<joe@fail.example(.pass.example>", "h",
        "spf=none", .questions = -1},
    {"macros have HELO, too", "<joe@helo.example>", "mail.pass.example",
        "spf=pass smtp.mailfrom=helo.example", "pass mail.pass.example",
        .questions = 3},

    /* limits */
    {"three voids", "<joe@voids.example>", "h",
        "spf=permerror smtp.mailfrom=voids.example", .questions = 4},
    {"three voids are allowed", "<joe@voids.example>", "h",
        "spf=pass smtp.mailfrom=voids.example", .config = "void_lookups = 3",
        .questions = 4},

    /* whose mail */
    {"a user's", "<joe@pass.example>", "mail.pass.example", "none",
        .login = "ann", .questions = 0},
    {"a service for users", "<joe@pass.example>", "mail.pass.example", "none",
        .config = "own_daemons = {\"smtpd\"}", .questions = 0},
    {"of this house", "<joe@pass.example>", "mail.pass.example", "none",
        .config = "trusted_networks = {\"192.0.2.0/24\"}", .questions = 0},
    {"a relay's", "<joe@pass.example>", "mail.pass.example",
        "spf=none reason=\"the client is a relay of ours\"",
        .config = "relays = {\"192.0.2.1\"}", .questions = 0},
    {"of nobody knows where", "<joe@pass.example>", "mail.pass.example",
        "spf=none reason=\"the client's address is not known\"",
        .address = "unknown", .questions = 0},
};

/* A message through a house with that zone. */
static void
deliver(struct house *h, struct mta *m, const struct row *r)
{
	char config[256];

	snprintf(config, sizeof config, HOUSE_NO_DMARC "%s",
	    r->config == NULL ? "" : r->config);
	house_open(h, config);
	house_zone(h, zone);
	house_mta(h, m);
	m->sender = r->sender;
	m->helo = r->helo;
	CHECK(mta_open(m));
	mta_connect(m, r->address == NULL ? "192.0.2.1" : r->address);
	CHECK(mta_message(m, r->login, span_str(claims)) == 'a');
}

/* The log line has the word that the field has: "spf=pass smtp.mailfrom=..." */
static bool
says(const char *line, const char *field)
{
	const char *at = strstr(line, " spf=");

	if (strcmp(field, "none") == 0)
		return at == NULL;
	if (at == NULL)
		return false;
	at += strlen(" spf=");
	at += *at == '"';
	field += strlen("spf=");
	return strncmp(at, field, strcspn(field, " ")) == 0;
}

static void
results(void)
{
	struct logged log;

	logged_begin(&log);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char want[128] = "spf_helo=";
		const char *line;
		struct house h;
		struct mta m;

		suite_row(row[i].name);
		deliver(&h, &m, &row[i]);
		line = logged_line(&log);
		CHECK_STR(house_spf(&h, &m), row[i].want);
		CHECK(row[i].questions < 0 ||
		    resolver_zone_asked_all(h.resolver) ==
		        (unsigned)row[i].questions);
		if (row[i].log != NULL)
			snprintf(
			    want, sizeof want, "spf_helo=\"%s\" ", row[i].log);
		CHECK((strstr(line, want) != NULL) == (row[i].log != NULL));
		CHECK(says(line, row[i].want));
		mta_free(&m);
		house_close(&h);
	}
	suite_row(NULL);
	logged_end(&log);
}

/* Each identity by itself, and the terms of both. */
static void
counted(void)
{
	struct stats *stats;
	const struct stats_slot *slot;
	struct house h;
	struct mta m;

	CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
	slot = stats_look(stats, 0);
	house_open(&h, "relays = {\"192.0.2.9\"}");
	house_zone(&h, zone);
	h.v.stats = stats_slot(stats, 0);
	for (int i = 0; i < 2; i++) { /* the second one is a relay's */
		house_mta(&h, &m);
		m.sender = "<joe@helo.example>";
		m.helo = "mail.fail.example";
		CHECK(mta_open(&m));
		mta_connect(&m, i == 0 ? "192.0.2.1" : "192.0.2.9");
		CHECK(mta_message(&m, NULL, span_str(claims)) == 'a');
		mta_free(&m);
	}
	for (unsigned i = 0; i < SPF_RESULTS; i++) {
		CHECK(stats_get(slot, IDENTITY_COUNT_MAIL_FROM + i) ==
		    (i == SPF_FAIL));
		CHECK(stats_get(slot, IDENTITY_COUNT_HELO + i) ==
		    (i == SPF_FAIL));
	}
	CHECK(stats_get(slot, IDENTITY_COUNT_LOOKUPS) == 1);
	CHECK(stats_get(slot, IDENTITY_COUNT_VOIDS) == 1);
	house_close(&h);
	stats_free(stats);
}

/* --- when it is asked, and waited for ------------------------------------- */

#define SIG "v=1; a=rsa-sha256; d=a.example; s=rsa; h=from:to; bh=@; b=@\n"

static const char text[] = "From: Joe <joe@a.example>\r\n"
                           "To: ann@example.jp\r\n"
                           "\r\n"
                           "Hello\r\n";

/* Three questions one behind the other for the sender, two for HELO. */
static const char deep[] =
    "b.example TXT \"v=spf1 include:c.example -all\"\n"
    "c.example TXT \"v=spf1 a:d.example -all\"\n"
    "d.example A 192.0.2.1\n"
    "client.example TXT \"v=spf1 a:quiet.example -all\"\n"
    "quiet.example A silent\n"
    "quiet._domainkey.a.example TXT silent\n"
    "silent.example TXT silent\n";

/* A connection on which a message is under way. */
struct world {
	struct house h;
	struct mta m;
	struct buf message;
};

static void
begin(struct world *w, const char *config, enum zone_order order, unsigned seed,
    const char *signatures)
{
	house_open(&w->h, config);
	house_zone(&w->h, deep);
	resolver_zone_order(w->h.resolver, order, seed);
	buf_init(&w->message, 1 << 20);
	house_mail(&w->h, signatures, text, &w->message);
	house_connect(&w->h, &w->m, "192.0.2.1");
	w->m.abort_after = false;
}

static void
end(struct world *w)
{
	mta_free(&w->m);
	CHECK(resolver_zone_waiting(w->h.resolver) == 0);
	buf_free(&w->message);
	house_close(&w->h);
}

static void
send_path(struct world *w, char command, const char *path)
{
	mta_send(&w->m, command, span_of(path, strlen(path) + 1));
}

/* The header and the body, and what the end is told. */
static char
send_text(struct world *w)
{
	static const char from[] = "From\0 joe@a.example";
	static const char macros[] = "Ei\0004AE0FA84398";

	w->m.ninserted = 0;
	mta_send(&w->m, 'L', span_of(from, sizeof from));
	mta_send(&w->m, 'N', span_of(NULL, 0));
	mta_send(&w->m, 'B', span_str("Hello\r\n"));
	mta_send(&w->m, 'D', span_of(macros, sizeof macros));
	return mta_send(&w->m, 'E', span_of(NULL, 0));
}

/* Whatever the order of answers, the result is the same; that of HELO, for
 * which nobody waits, has no answer. */
static void
every_order(void)
{
	static const enum zone_order order[] = {
	    ZONE_READY, ZONE_TOGETHER, ZONE_ONE_BY_ONE, ZONE_REVERSED};

	for (unsigned i = 0; i < 24; i++) {
		struct world w;

		begin(&w, HOUSE_NO_DMARC, i < 4 ? order[i] : ZONE_SHUFFLED, i,
		    SIG);
		CHECK(
		    house_wait(&w.h, &w.m,
		        mta_message(&w.m, NULL, buf_view(&w.message))) == 'a');
		CHECK_STR(
		    house_spf(&w.h, &w.m), "spf=pass smtp.mailfrom=b.example");
		CHECK(strncmp(house_field(&w.h, &w.m), "dkim=pass", 9) == 0);
		end(&w);
	}
}

/* At the first recipient, once a message; the answer may be there at its
 * end. */
static void
asked_at_the_first_recipient(void)
{
	struct world w;

	begin(&w, HOUSE_NO_DMARC, ZONE_HELD, 0, "");
	send_path(&w, 'M', "<a@b.example>");
	CHECK(resolver_zone_asked_all(w.h.resolver) == 0);
	send_path(&w, 'R', "<r@r.example>");
	CHECK(resolver_zone_asked_all(w.h.resolver) == 2);
	send_path(&w, 'R', "<s@r.example>");
	CHECK(resolver_zone_asked_all(w.h.resolver) == 2);
	while (resolver_zone_deliver(w.h.resolver, 1) == 1)
		;
	CHECK(send_text(&w) == 'a');
	CHECK_STR(house_spf(&w.h, &w.m), "spf=pass smtp.mailfrom=b.example");
	end(&w);
}

/* All recipients were refused, and another message follows. */
static void
not_asked(void)
{
	struct world w;

	begin(&w, HOUSE_NO_DMARC, ZONE_HELD, 0, "");
	send_path(&w, 'M', "<a@b.example>");
	mta_send(&w.m, 'A', span_of(NULL, 0));
	CHECK(resolver_zone_asked_all(w.h.resolver) == 0);
	send_path(&w, 'M', "<>");
	send_path(&w, 'R', "<r@r.example>");
	CHECK_STR(resolver_zone_log(w.h.resolver), "client.example TXT");
	end(&w);
}

/* While DNS has much to do, nothing is asked for the log alone; HELO of a null
 * sender is no such thing. */
static void
busy(void)
{
	static const char *const sender[] = {"<a@b.example>", "<>"};
	static const char *const asked[] = {
	    "b.example TXT", "client.example TXT"};

	for (int i = 0; i < 2; i++) {
		struct world w;

		begin(&w, "", ZONE_HELD, 0, "");
		resolver_zone_busy(w.h.resolver, true);
		send_path(&w, 'M', sender[i]);
		send_path(&w, 'R', "<r@r.example>");
		CHECK_STR(resolver_zone_log(w.h.resolver), asked[i]);
		mta_send(&w.m, 'A', span_of(NULL, 0));
		end(&w);
	}
}

/* An MTA that shows no recipients: asked at the end of the header. */
static void
no_recipient(void)
{
	struct world w;

	begin(&w, HOUSE_NO_DMARC, ZONE_TOGETHER, 0, "");
	send_path(&w, 'M', "<a@b.example>");
	CHECK(house_wait(&w.h, &w.m, send_text(&w)) == 'a');
	CHECK_STR(house_spf(&w.h, &w.m), "spf=pass smtp.mailfrom=b.example");
	end(&w);
}

/* It waits for the sender's answers, also where there is no key to wait for,
 * and not for HELO's. */
static void
waits(void)
{
	struct world w;

	begin(&w, HOUSE_NO_DMARC, ZONE_HELD, 0, "");
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	CHECK(session_waiting(w.m.session));
	CHECK(session_wait_ms(w.m.session) == 10000);
	CHECK(
	    resolver_zone_deliver_one(w.h.resolver, "client.example", DNS_TXT));
	CHECK(resolver_zone_deliver_one(w.h.resolver, "b.example", DNS_TXT));
	CHECK(resolver_zone_deliver_one(w.h.resolver, "c.example", DNS_TXT));
	CHECK(!session_resumed(w.m.session));
	CHECK(resolver_zone_deliver_one(w.h.resolver, "d.example", DNS_A));
	CHECK(session_resumed(w.m.session));
	CHECK(mta_answer(&w.m, false) == 'a');
	CHECK_STR(house_spf(&w.h, &w.m), "spf=pass smtp.mailfrom=b.example");
	end(&w);
}

/* For keys and for SPF, whichever comes last. */
static void
waits_for_both(void)
{
	static const char key[] = "rsa._domainkey.a.example";

	for (int first = 0; first < 2; first++) {
		struct world w;

		begin(&w, HOUSE_NO_DMARC, ZONE_HELD, 0, SIG);
		CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
		if (first == 1)
			CHECK(resolver_zone_deliver_one(
			    w.h.resolver, key, DNS_TXT));
		resolver_zone_deliver_one(w.h.resolver, "b.example", DNS_TXT);
		resolver_zone_deliver_one(w.h.resolver, "c.example", DNS_TXT);
		CHECK(!session_resumed(w.m.session));
		resolver_zone_deliver_one(w.h.resolver, "d.example", DNS_A);
		CHECK(session_resumed(w.m.session) == (first == 1));
		if (first == 0)
			CHECK(resolver_zone_deliver_one(
			    w.h.resolver, key, DNS_TXT));
		CHECK(session_resumed(w.m.session));
		CHECK(mta_answer(&w.m, false) == 'a');
		CHECK(strncmp(house_field(&w.h, &w.m), "dkim=pass", 9) == 0);
		end(&w);
	}
}

/* What has not come in time_limit is temperror, and says nothing of the others.
 * The log says how long that took. */
static void
silence(void)
{
	static const struct {
		const char *sender, *signature, *spf, *dkim;
	} quiet[] = {
	    {"<a@silent.example>", SIG,
	        "spf=temperror smtp.mailfrom=silent.example", "dkim=pass"},
	    {"<a@silent.example>", "",
	        "spf=temperror smtp.mailfrom=silent.example", "dkim=none"},
	    {"<a@b.example>",
	        "v=1; a=rsa-sha256; d=a.example; s=quiet; h=from; bh=@; b=@\n",
	        "spf=pass smtp.mailfrom=b.example", "dkim=temperror"},
	};
	struct logged log;

	logged_begin(&log);
	for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++) {
		struct world w;

		begin(
		    &w, "time_limit = 3", ZONE_TOGETHER, 0, quiet[i].signature);
		w.m.sender = quiet[i].sender;
		CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
		CHECK(session_wait_ms(w.m.session) == 3000);
		loop_fake_advance(w.h.loop, 2999);
		CHECK(!session_resumed(w.m.session));
		loop_fake_advance(w.h.loop, 1);
		CHECK(mta_answer(&w.m, true) == 'a');
		CHECK_STR(house_spf(&w.h, &w.m), quiet[i].spf);
		CHECK(strncmp(house_field(&w.h, &w.m), quiet[i].dkim,
		          strlen(quiet[i].dkim)) == 0);
		end(&w);
		CHECK(strstr(logged_line(&log), " waited_ms=3000 ") != NULL);
	}
	logged_end(&log);
}

/* The clock of time_limit begins with the end of the header: a slow client's
 * time is not the sender's DNS'. */
static void
slow_client(void)
{
	struct world w;

	begin(&w, HOUSE_NO_DMARC "time_limit = 3", ZONE_HELD, 0, "");
	send_path(&w, 'M', "<a@b.example>");
	send_path(&w, 'R', "<r@r.example>");
	loop_fake_advance(w.h.loop, 60000);
	CHECK(send_text(&w) == 0);
	CHECK(session_wait_ms(w.m.session) == 3000);
	end(&w);
}

/* --- given up ------------------------------------------------------------- */

static void
lose(struct world *w)
{
	session_lost(w->m.session);
	session_free(w->m.session);
	w->m.session = NULL;
}

static void
close_it(struct world *w)
{
	session_free(w->m.session);
	w->m.session = NULL;
}

static void
say_abort(struct world *w)
{
	mta_send(&w->m, 'A', span_of(NULL, 0));
}

static void
say_next_client(struct world *w)
{
	mta_send(&w->m, 'K', span_of(NULL, 0));
}

/* The macros of a next MAIL, of an MTA that forgot to say ABORT. */
static void
say_abort_late(struct world *w)
{
	mta_send(&w->m, 'A', span_of(NULL, 0));
	mta_macros(&w->m, 'M', "i", "x", NULL);
	send_path(w, 'M', "<joe>");
}

/* Whoever goes, and whenever: nothing is asked for them any more. */
static void
given_up(void)
{
	static void (*const go[])(struct world * w) = {
	    lose, close_it, say_abort, say_next_client, say_abort_late};

	for (size_t i = 0; i < sizeof go / sizeof go[0]; i++) {
		struct world w;

		begin(&w, HOUSE_NO_DMARC, ZONE_HELD, 0, "");
		send_path(&w, 'M', "<a@b.example>");
		send_path(&w, 'R', "<r@r.example>");
		CHECK(resolver_zone_waiting(w.h.resolver) == 2);
		go[i](&w);
		CHECK(resolver_zone_waiting(w.h.resolver) == 0);
		CHECK(resolver_zone_deliver(w.h.resolver, 100) == 0);
		loop_fake_advance(w.h.loop, 60000);
		end(&w);
		/* while it waits, only the connection can go */
		if (i > 1)
			continue;
		begin(&w, HOUSE_NO_DMARC, ZONE_HELD, 0, SIG);
		CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
		go[i](&w);
		CHECK(resolver_zone_waiting(w.h.resolver) == 0);
		end(&w);
	}
}

/* A reload, or SIGTERM: the message that is under way gets its result. */
static void
told_to_end(void)
{
	struct world w;

	begin(&w, HOUSE_NO_DMARC, ZONE_HELD, 0, "");
	send_path(&w, 'M', "<a@b.example>");
	send_path(&w, 'R', "<r@r.example>");
	session_finish(w.m.session);
	CHECK(send_text(&w) == 0);
	CHECK(!session_over(w.m.session));
	while (!session_resumed(w.m.session) &&
	    resolver_zone_deliver(w.h.resolver, 1) == 1)
		;
	CHECK(mta_answer(&w.m, false) == 'a');
	CHECK_STR(house_spf(&w.h, &w.m), "spf=pass smtp.mailfrom=b.example");
	CHECK(session_over(w.m.session));
	CHECK(resolver_zone_waiting(w.h.resolver) == 0);
	end(&w);
}

/* Messages of a connection: each has its own. */
static void
one_after_the_other(void)
{
	static const struct {
		const char *sender, *want;
	} message[] = {
	    {"<a@b.example>", "spf=pass smtp.mailfrom=b.example"},
	    {"<>", "spf=temperror smtp.helo=client.example"},
	    {"<a@d.example>", "spf=none smtp.mailfrom=d.example"},
	    {"<a@b.example>", "spf=pass smtp.mailfrom=b.example"},
	};
	struct world w;

	begin(&w, HOUSE_NO_DMARC, ZONE_TOGETHER, 0, "");
	for (size_t i = 0; i < sizeof message / sizeof message[0]; i++) {
		char r;

		w.m.sender = message[i].sender;
		r = mta_message(&w.m, NULL, buf_view(&w.message));
		if (i == 1) {
			loop_fake_advance(w.h.loop, 10000);
			r = mta_answer(&w.m, true);
		}
		CHECK(house_wait(&w.h, &w.m, r) == 'a');
		CHECK_STR(house_spf(&w.h, &w.m), message[i].want);
		w.m.abort_after = i == 1;
	}
	end(&w);
}

/* A header that cannot be looked at: SPF has no need of it. */
static void
large_header(void)
{
	struct world w;

	begin(&w, HOUSE_NO_DMARC, ZONE_TOGETHER, 0, "");
	buf_clear(&w.message);
	for (int i = 0; i < 10001; i++)
		buf_str(&w.message, "X-A: b\r\n");
	buf_str(&w.message, "\r\nHello\r\n");
	CHECK(house_wait(&w.h, &w.m,
	          mta_message(&w.m, NULL, buf_view(&w.message))) == 'a');
	CHECK_STR(house_spf(&w.h, &w.m), "spf=pass smtp.mailfrom=b.example");
	CHECK_STR(house_field(&w.h, &w.m),
	    "dkim=neutral reason=\"too many header fields\"");
	end(&w);
}

/* --- memory that is out --------------------------------------------------- */

/* With the n-th allocation failing: what is answered. False: there are not so
 * many. */
static bool
round_of(long n, struct span sent, struct buf *out)
{
	struct session *s;
	struct house h;
	bool more;

	house_open(&h, "");
	house_zone(&h, zone);
	CU_ASSERT_FATAL(session_new(&verifier_ops, &h.v, NULL, NULL, &s) == 0);
	more = nomem_round(n);
	if (more) {
		(void)session_feed(s, sent, out);
		house_wait_session(&h, s, out);
	}
	nomem_end();
	CHECK(!session_waiting(s));
	session_free(s);
	house_close(&h);
	return more;
}

static bool
has(const struct buf *b, const char *text_of_ours)
{
	return b->n > 0 &&
	    memmem(b->p, b->n, text_of_ours, strlen(text_of_ours)) != NULL;
}

/* A sender that fails, from a host that passes: no failure makes it the
 * host's. */
static void
every_allocation_fails(void)
{
	unsigned failed = 0, unknown = 0;
	struct buf out;
	struct house h;
	struct mta m;
	bool more = true;

	house_open(&h, "");
	house_zone(&h, zone);
	house_mta(&h, &m);
	m.sender = "<joe@fail.example>";
	m.helo = "mail.pass.example";
	m.abort_after = false;
	CHECK(mta_open(&m));
	mta_connect(&m, "192.0.2.1");
	CHECK(mta_message(&m, NULL, span_str(text)) == 'a');
	buf_init(&out, 1 << 20);
	for (long n = 0; more; n++) {
		buf_clear(&out);
		more = round_of(n, buf_view(&m.sent), &out);
		CHECK(!has(&out, "spf=pass") && !has(&out, "smtp.helo"));
		failed += has(&out, "spf=fail smtp.mailfrom=fail.example");
		unknown += has(&out, "spf=temperror");
	}
	CHECK(failed > 0 || suite_under_valgrind());
	CHECK(unknown > 0 || suite_under_valgrind());
	buf_free(&out);
	mta_free(&m);
	house_close(&h);
}

SUITE("envelope", T(results), T(counted), T(every_order),
    T(asked_at_the_first_recipient), T(not_asked), T(busy), T(no_recipient),
    T(waits), T(waits_for_both), T(silence), T(slow_client), T(given_up),
    T(told_to_end), T(one_after_the_other), T(large_header),
    T(every_allocation_fails))

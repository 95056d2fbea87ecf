#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/milter/macros.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static const char config[] =
    "signer { internal_hosts = {\"127.0.0.0/8\", \"::1/128\", "
    "\"192.0.2.0/24\"} }\n"
    "domain \"good.example\" {\n"
    " key \"r\" { file = \"@rsa.pem\" }\n"
    " key \"e\" { file = \"@ed.pem\" }\n}\n"
    "domain \"bad.example\" { key \"a\" { file = \"@none.pem\" } }\n"
    "domain \"waits.example\" {\n"
    " key \"a\" { file = \"@ed.pem\" active = false }\n}\n"
    "domain \"xn--bcher-kva.example\" {\n"
    " key \"a\" { file = \"@ed.pem\" }\n}\n";

static struct arena arena;

/* Header as lines "Name:value", a newline behind each. */
static size_t
split(const char *text, struct field *f)
{
	size_t n = 0;

	while (*text != '\0') {
		size_t colon = strcspn(text, ":"), end = strcspn(text, "\n");

		f[n].name = span_of(text, colon);
		f[n].value = span_of(text + colon + 1, end - colon - 1);
		n++;
		text += end + 1;
	}
	return n;
}

static void
choose(const struct fixture *f, const char *header, const char *client,
    bool authenticated, struct choose *ret)
{
	struct field field[16];
	struct ip ip;
	struct choose_input in = {.client_name = "",
	    .daemon = "",
	    .host = "",
	    .authenticated = authenticated,
	    .fields = {field, split(header, field)},
	    .arena = &arena};

	if (client != NULL && ip_parse(span_str(client), &ip) == 0)
		in.client = &ip;
	arena_reset(&arena);
	choose_message(f->keys, &in, ret);
}

static void
from_fields(void)
{
	static const struct {
		const char *header;
		enum choose_verdict verdict;
		const char *from;
	} row[] = {
	    {"From: a@good.example\n", CHOOSE_SIGN, "good.example"},
	    {"FROM:a@GOOD.Example\n", CHOOSE_SIGN, "good.example"},
	    {"Sender: x@bad.example\nFrom: \"B, C\" <a@good.example>\n"
	     "Reply-To: x@bad.example\n",
	        CHOOSE_SIGN, "good.example"},
	    {"From: a@b\xc3\xbc"
	     "cher.example\n",
	        CHOOSE_SIGN, "xn--bcher-kva.example"},
	    {"To: a@good.example\n", CHOOSE_FROM_MISSING, ""},
	    {"", CHOOSE_FROM_MISSING, ""},
	    {"Resent-From: a@good.example\n", CHOOSE_FROM_MISSING, ""},
	    {"From: a@good.example\nFrom: a@good.example\n",
	        CHOOSE_FROM_REPEATED, ""},
	    {"From: a@good.example\nfrom : ceo@victim.example\n",
	        CHOOSE_FROM_REPEATED, ""},
	    {"From:\n", CHOOSE_FROM_EMPTY, ""},
	    {"From: <>\n", CHOOSE_FROM_EMPTY, ""},
	    {"From: a@good.example, b@other.example\n", CHOOSE_FROM_SEVERAL,
	        ""},
	    {"From: a@good.example <b@other.example>\n", CHOOSE_FROM_BAD, ""},
	    {"From: nobody\n", CHOOSE_FROM_BAD, ""},
	    {"From: a@good..example\n", CHOOSE_FROM_BAD, ""},
	    {"From: a@other.example\n", CHOOSE_DOMAIN_UNKNOWN, "other.example"},
	    {"From: a@sub.good.example\n", CHOOSE_DOMAIN_UNKNOWN,
	        "sub.good.example"},
	    {"From: a@example\n", CHOOSE_DOMAIN_UNKNOWN, "example"},
	    {"From: a@bad.example\n", CHOOSE_DOMAIN_BAD_KEY, "bad.example"},
	    {"From: a@waits.example\n", CHOOSE_DOMAIN_NO_KEY, "waits.example"},
	};
	struct fixture f;
	struct choose c;

	fixture_make(&f, config);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].header);
		choose(&f, row[i].header, "127.0.0.1", false, &c);
		CHECK(c.verdict == row[i].verdict);
		CHECK_STR(c.from, row[i].from);
		CHECK((c.nsign > 0) == (c.verdict == CHOOSE_SIGN));
	}
	choose(&f, row[0].header, "127.0.0.1", false, &c);
	CHECK(c.nsign == 2);
	CHECK_STR(c.sign[0].domain, "good.example");
	CHECK_STR(c.sign[1].key->settings->selector, "e");
	fixture_free(&f);
}

static void
clients(void)
{
	static const struct {
		const char *client;
		bool authenticated;
		enum choose_verdict verdict;
	} row[] = {
	    {"127.0.0.1", false, CHOOSE_SIGN},
	    {"::1", false, CHOOSE_SIGN},
	    {"192.0.2.255", false, CHOOSE_SIGN},
	    {"::ffff:192.0.2.1", false, CHOOSE_SIGN},
	    {"192.0.3.0", false, CHOOSE_CLIENT_OUTSIDE},
	    {"2001:db8::1", false, CHOOSE_CLIENT_OUTSIDE},
	    {"2001:db8::1", true, CHOOSE_SIGN},
	    {NULL, false, CHOOSE_CLIENT_OUTSIDE},
	    {NULL, true, CHOOSE_SIGN},
	};
	struct fixture f;
	struct choose c;

	fixture_make(&f, config);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].client);
		choose(&f, "From: a@good.example\n", row[i].client,
		    row[i].authenticated, &c);
		CHECK(c.verdict == row[i].verdict);
		CHECK_STR(c.from, "good.example");
	}
	/* of two reasons the one that the administrator can change */
	choose(&f, "From: a@other.example\n", "192.0.3.1", false, &c);
	CHECK(c.verdict == CHOOSE_CLIENT_OUTSIDE);
	CHECK_STR(c.from, "other.example");
	choose(&f, "To: x\n", "192.0.3.1", false, &c);
	CHECK(c.verdict == CHOOSE_CLIENT_OUTSIDE);
	fixture_free(&f);
}

/* --- rules, each as a config, a message and what comes out ---------------- */

/* A message and all that is known of it. */
struct rule {
	const char *signer; /* lines in signer { } */
	const char *header;
	const char *client, *name, *daemon, *login, *sender, *rcpt;
	const char *macro, *value;
	bool own; /* the client has an address of this host */
	enum choose_verdict verdict;
	const char *why;
};

#define FROM "From: a@good.example\n"
#define AR "Authentication-Results: mx.good.example; dmarc=fail\n"
#define SPF "Received-SPF: pass (x) receiver=mx.good.example\n"
#define LISTS "list_domains = {\"wide.example\"} "
#define INTERNAL " internal_hosts = {\"192.0.2.7\"}"
#define LIST_FROM "From: \"Bob via List\" <list@wide.example>\n"

static const struct rule rules[] = {
    /* who may send */
    {"", FROM, .client = "192.0.2.1", .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"internal_hosts = {\".corp.example\", \"!bad.corp.example\"}", FROM,
        .client = "192.0.2.1", .name = "pc.corp.example"},
    {"internal_hosts = {\".corp.example\", \"!bad.corp.example\"}", FROM,
        .client = "192.0.2.1", .name = "bad.corp.example",
        .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"internal_hosts = {\"unknown\"}", FROM, .client = "192.0.2.1",
        .name = "unknown", .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"internal_hosts = {\"refile:@hosts\"}", FROM, .client = "192.0.2.1",
        .name = "mail.example.jp"},
    {"internal_hosts = {\"refile:@hosts\"}", FROM, .client = "127.0.0.1"},
    {"", FROM, .client = "192.0.2.1", .own = true},
    {"", FROM, .client = "2001:db8::1", .own = true},
    {"internal_hosts = {\"127.0.0.1\"}", FROM, .client = "192.0.2.1",
        .own = true, .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"internal_hosts = {\"this-host\", \"!192.0.2.1\"}", FROM,
        .client = "192.0.2.1", .own = true, .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"internal_hosts = {\"192.0.2.0/24\", \"!this-host\"}", FROM,
        .client = "192.0.2.1", .own = true, .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"internal_hosts = {\"192.0.2.0/24\", \"!this-host\"}", FROM,
        .client = "192.0.2.1"},
    {"", FROM, .client = "192.0.2.1", .name = "this-host",
        .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"sign_daemons = {\"ORIGINATING\"}", FROM, .client = "192.0.2.1",
        .daemon = "ORIGINATING"},
    {"sign_daemons = {\"ORIGINATING\"}", FROM, .client = "192.0.2.1",
        .daemon = "smtpd", .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"sign_macros = {\"{ours}\"}", FROM, .client = "192.0.2.1",
        .macro = "{ours}", .value = "x"},
    {"sign_macros = {\"{ours}\"}", FROM, .client = "192.0.2.1",
        .macro = "{ours}", .value = "", .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"sign_macros = {\"ours=1|2\"}", FROM, .client = "192.0.2.1",
        .macro = "{ours}", .value = "2"},
    {"sign_macros = {\"{ours}=1|2\"}", FROM, .client = "192.0.2.1",
        .macro = "{ours}", .value = "3", .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"sign_macros = {\"{ours}=1|2\"}", FROM, .client = "192.0.2.1",
        .macro = "{other}", .value = "1", .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},

    /* what is left alone */
    {"ignore_hosts = {\"127.0.0.1\"}", FROM, .client = "127.0.0.1",
        .login = "a", .verdict = CHOOSE_CLIENT_IGNORED,
        .why = "client 127.0.0.1 is in ignore_hosts: 127.0.0.1"},
    {"ignore_hosts = {\"127.0.0.0/8\", \"!127.0.0.1\"}", FROM,
        .client = "127.0.0.1"},
    {"never_sign_daemons = {\"REINJECT\"}", FROM, .client = "127.0.0.1",
        .daemon = "reinject", .login = "a", .verdict = CHOOSE_DAEMON_NEVER,
        .why = "REINJECT is one of never_sign_daemons"},
    {"",
        "Received-SPF: fail (x) client-ip=192.0.2.1; receiver=mx.good.example;"
        " identity=mailfrom\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"",
        "Received-SPF: pass (x) receiver=\"MX.J.Example\"; "
        "identity=helo\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"",
        "Received-SPF: Pass (mailfrom) identity=mailfrom; "
        "receiver=<UNKNOWN>\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", "Received-SPF: none client-ip=192.0.2.1; identity=helo\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", "Received-SPF: pass receiver=mx.far.example; identity=helo\n" FROM,
        .client = "127.0.0.1"},
    {"", "Received-SPF: Pass (mailfrom) receiver=good.example\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", "Received-SPF: Pass (mailfrom) receiver=a.Good.example.\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", "Authentication-Results: (c) mx.good.example. 1; spf=pass\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Authentication-Results of this "
               "host"},
    {"", "Authentication-Results: mx.good.example; none\n" FROM,
        .client = "127.0.0.1"},
    {"", "Authentication-Results: good.example; spf=fail\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Authentication-Results of this "
               "host"},
    {"",
        "X-Comment: SPF not checked: trusted forwarder; "
        "receiver=mx.good.example\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has X-Comment of this host"},
    {"", "X-Comment: SPF not checked: authenticated client\n" FROM,
        .client = "127.0.0.1"},
    /* a stranger is one, whatever the header says */
    {"", "Received-SPF: fail receiver=mx.good.example\n" FROM,
        .client = "192.0.2.1", .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.1 is not internal and not authenticated"},
    {"", "Authentication-Results: mx.far.example; spf=pass\n" FROM,
        .client = "127.0.0.1"},

    /* what was written in this hand-over is no mark, of a login */
    {"", AR AR FROM, .client = "192.0.2.1", .login = "a"},
    {"", AR AR FROM, .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Authentication-Results of this "
               "host"},
    {"",
        "Authentication-Results: mx.good.example; auth=pass "
        "smtp.auth=a\n" FROM,
        .client = "192.0.2.1", .login = "a"},
    {"",
        "Authentication-Results: mx.good.example; auth=pass "
        "smtp.auth=a\n" FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Authentication-Results of this "
               "host"},
    {"", FROM SPF, .client = "192.0.2.1", .login = "a"},
    {"", AR "Received: from pc by client.lan with ESMTP id 1\n" FROM,
        .client = "192.0.2.1", .login = "a"},
    {"", AR "Received: from pc by mx.good.example with ESMTPSA\n" FROM,
        .client = "192.0.2.1", .login = "a"},
    {"", AR "Received: from pc by mx.good.example with HTTP\n" FROM,
        .client = "192.0.2.1", .login = "a"},
    /* what was in it before is one */
    {"", AR "Received: from pc by client.lan; x\n" SPF FROM,
        .client = "192.0.2.1", .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", "Received: from a by b\n" AR FROM, .client = "192.0.2.1", .login = "a",
        .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Authentication-Results of this "
               "host"},
    {"", AR "received : from a by b\n" SPF FROM, .client = "192.0.2.1",
        .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    /* redirected: the mark that stood above our own Received */
    {"", "Resent-From: b@good.example\n" SPF FROM, .client = "192.0.2.1",
        .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", SPF FROM "resent-to: b@far.example\n", .client = "192.0.2.1",
        .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", "Delivered-To: b@good.example\n" SPF FROM, .client = "192.0.2.1",
        .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", SPF "X-Original-To: b@good.example\n" FROM, .client = "192.0.2.1",
        .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", SPF "Return-Path: <b@good.example>\n" FROM, .client = "192.0.2.1",
        .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"",
        SPF "Received: from evil (evil [192.0.2.9]) by mx.good.example "
            "(Postfix) with ESMTPS id 1\n" FROM,
        .client = "192.0.2.1", .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", SPF "Received: from evil by MX.J.example. with smtp\n" FROM,
        .client = "192.0.2.1", .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"", SPF "Received: from evil by mx2.good.example with LMTP;x\n" FROM,
        .client = "192.0.2.1", .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    /* a stranger's HELO, or certificate, cannot make it another host's */
    {"",
        SPF "Received: from by (x [192.0.2.9]) (Client CN \"x) by far.example "
            "with ESMTPSA (\") by mx.good.example with ESMTPS\n" FROM,
        .client = "192.0.2.1", .login = "a", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    /* but what the login may be, it may be */
    {"auth_table = \"@auth\"", "Received: from a by b\n" SPF FROM,
        .client = "192.0.2.1", .login = "al"},
    {"auth_table = \"@auth\"", "Received: from a by b\n" SPF FROM,
        .client = "192.0.2.1", .login = "bob", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {"auth_table = \"@auth\"", SPF FROM, .client = "127.0.0.1",
        .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},

    /* mailing lists */
    {LISTS "list_daemons = {\"LISTS\"}", SPF LIST_FROM, .client = "127.0.0.1",
        .daemon = "lists"},
    {LISTS "list_hosts = {\"192.0.2.7\"}" INTERNAL, SPF LIST_FROM,
        .client = "192.0.2.7"},
    {LISTS "list_daemons = {\"LISTS\"}", SPF LIST_FROM, .client = "127.0.0.1",
        .daemon = "REINJECT", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {LISTS "list_daemons = {\"LISTS\"}", SPF FROM, .client = "127.0.0.1",
        .daemon = "LISTS", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {LISTS "list_daemons = {\"LISTS\"}", SPF "From: a@x.wide.example\n",
        .client = "127.0.0.1", .daemon = "LISTS", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {LISTS "list_daemons = {\"LISTS\"}", SPF LIST_FROM, .client = "192.0.2.9",
        .daemon = "LISTS", .verdict = CHOOSE_CLIENT_OUTSIDE,
        .why = "client 192.0.2.9 is not internal and not authenticated"},
    {"list_daemons = {\"LISTS\"}", SPF LIST_FROM, .client = "127.0.0.1",
        .daemon = "LISTS", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {LISTS "sign_daemons = {\"LISTS\"}", SPF LIST_FROM, .client = "127.0.0.1",
        .daemon = "LISTS", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    /* every service has the host's name, and every filter its address */
    {LISTS "list_daemons = {\"mx.j.example\", \"mx.good.example\"}",
        SPF LIST_FROM, .client = "127.0.0.1", .daemon = "MX.j.example",
        .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {LISTS "list_daemons = {\"mx.j.example\", \"mx.good.example\"}",
        SPF LIST_FROM, .client = "127.0.0.1", .daemon = "mx.good.example",
        .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {LISTS "list_hosts = {\"0.0.0.0/0\", \"::/0\"}", SPF LIST_FROM,
        .client = "127.0.0.1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {LISTS "list_hosts = {\"0.0.0.0/0\", \"::/0\"}", SPF LIST_FROM,
        .client = "::1", .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},
    {LISTS "list_hosts = {\"192.0.2.7\"}" INTERNAL, SPF LIST_FROM,
        .client = "192.0.2.7", .own = true, .verdict = CHOOSE_CAME_IN,
        .why = "it came from outside: it has Received-SPF of this host"},

    /* whom it is from */
    {"exempt_domains = {\"good.example\"}", FROM, .client = "127.0.0.1",
        .verdict = CHOOSE_DOMAIN_EXEMPT,
        .why = "good.example is one of exempt_domains"},
    {"exempt_recipients = {\"far.example\", \"x@y.example\"}", FROM,
        .client = "127.0.0.1", .rcpt = "<bob@FAR.example>",
        .verdict = CHOOSE_RECIPIENT_EXEMPT,
        .why = "a recipient is in exempt_recipients: far.example"},
    {"exempt_recipients = {\".far.example\"}", FROM, .client = "127.0.0.1",
        .rcpt = "bob@sub.far.example", .verdict = CHOOSE_RECIPIENT_EXEMPT,
        .why = "a recipient is in exempt_recipients: .far.example"},
    {"exempt_recipients = {\".far.example\", \"x@y.example\"}", FROM,
        .client = "127.0.0.1", .rcpt = "<bob@far.example>"},
    {"match_envelope = true", FROM, .client = "127.0.0.1",
        .sender = "<x@GOOD.example>"},
    {"match_envelope = true", FROM, .client = "127.0.0.1",
        .sender = "<x@bounce.good.example>", .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "the envelope sender <x@bounce.good.example> is not of the "
               "From domain good.example"},
    {"match_envelope = true", FROM, .client = "127.0.0.1",
        .sender = "<x@example>", .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "the envelope sender <x@example> is not of the From domain "
               "good.example"},
    {"match_envelope = true", "From: a@wide.example\n", .client = "127.0.0.1",
        .sender = "<x@bounce.wide.example>"},
    {"match_envelope = true", "From: a@x.y.wide.example\n",
        .client = "127.0.0.1", .sender = "<x@y.wide.example>"},
    {"match_envelope = true", "From: a@x.wide.example\n", .client = "127.0.0.1",
        .sender = "<x@y.wide.example>", .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "the envelope sender <x@y.wide.example> is not of the From "
               "domain x.wide.example"},
    {"match_envelope = true", "From: a@wide.example\n", .client = "127.0.0.1",
        .sender = "<x@own.wide.example>", .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "the envelope sender <x@own.wide.example> is not of the From "
               "domain wide.example"},
    {"match_envelope = true", "From: a@own.wide.example\n",
        .client = "127.0.0.1", .sender = "<x@wide.example>",
        .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "the envelope sender <x@wide.example> is not of the From "
               "domain own.wide.example"},
    {"match_envelope = true", "From: a@wide.example\n", .client = "127.0.0.1",
        .sender = "<x@example>", .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "the envelope sender <x@example> is not of the From domain "
               "wide.example"},
    {"match_envelope = true", FROM, .client = "127.0.0.1", .login = "al",
        .sender = "<>", .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "a login sends it without an envelope sender"},
    {"match_envelope = true", FROM, .client = "192.0.2.1", .login = "",
        .sender = "", .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "a login sends it without an envelope sender"},
    {"match_envelope = true auth_table = \"@auth\"", FROM,
        .client = "192.0.2.1", .login = "al", .sender = "<>"},
    {"match_envelope = true auth_table = \"@auth\"", FROM,
        .client = "192.0.2.1", .login = "bob", .sender = "<>",
        .verdict = CHOOSE_LOGIN_OTHER,
        .why = "login \"bob\" may not use this From address"},
    {"match_envelope = true", FROM, .client = "127.0.0.1", .sender = "<>"},
    {"match_envelope = true", FROM, .client = "127.0.0.1", .sender = ""},
    {"match_envelope = true", FROM, .client = "127.0.0.1",
        .sender = "<x@other.example>", .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "the envelope sender <x@other.example> is not of the From "
               "domain good.example"},
    {"match_envelope = true", FROM, .client = "127.0.0.1",
        .sender = "<x@notgood.example>", .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "the envelope sender <x@notgood.example> is not of the From "
               "domain good.example"},
    {"match_envelope = true", FROM, .client = "127.0.0.1", .sender = "<x>",
        .verdict = CHOOSE_ENVELOPE_OTHER,
        .why = "the envelope sender <x> is not of the From domain "
               "good.example"},
    {"auth_table = \"@auth\"", FROM, .client = "192.0.2.1", .login = "al"},
    {"auth_table = \"@auth\"", FROM, .client = "127.0.0.1", .login = "bob",
        .verdict = CHOOSE_LOGIN_OTHER,
        .why = "login \"bob\" may not use this From address"},
    {"auth_table = \"@auth\"", FROM, .client = "192.0.2.1",
        .login = "a@good.example"},
    {"auth_table = \"@auth\"", FROM, .client = "127.0.0.1"},

    /* who signs */
    {"", "From: a@sub.good.example\n", .client = "127.0.0.1",
        .verdict = CHOOSE_DOMAIN_UNKNOWN, .why = "no key for sub.good.example"},
    {"", "From: a@b.c.wide.example\n", .client = "127.0.0.1"},
    {"", "From: a@own.wide.example\n", .client = "127.0.0.1"},
    {"", "From: a@xwide.example\n", .client = "127.0.0.1",
        .verdict = CHOOSE_DOMAIN_UNKNOWN, .why = "no key for xwide.example"},
    {"", "DKIM-Signature: v=1; d=good.example; s=r; b=x\n" FROM,
        .client = "127.0.0.1"},
    {"",
        "DKIM-Signature: v=1; d=good.example; s=r; b=x\n"
        "DKIM-Signature: v=1; d=GOOD.example; s=\tE; b=x\n" FROM,
        .client = "127.0.0.1"},
};

/* Entries of the files that the rules name. */
static void
write_files(const struct tmpdir *d)
{
	tmpdir_write(d, "hosts", "127.0.0.1\n::1\n*.example.jp\n");
	tmpdir_write(d, "auth",
	    "al\t*@good.example, x@y.example # two\n"
	    "bob bob@good.example\n* %\n");
}

static void
run_rule(const struct rule *r)
{
	static const char domains[] =
	    "domain \"good.example\" {\n"
	    " key \"r\" { file = \"@rsa.pem\" }\n"
	    " key \"e\" { file = \"@ed.pem\" }\n}\n"
	    "domain \"wide.example\" { subdomains = true\n"
	    " key \"w\" { file = \"@ed.pem\" } }\n"
	    "domain \"own.wide.example\" {\n"
	    " key \"o\" { file = \"@ed.pem\" } }\n";
	struct field field[16];
	struct fixture f;
	struct buf text;
	struct ip ip;
	struct choose c;
	struct choose_input in = {.client_name = r->name ? r->name : "",
	    .daemon = r->daemon ? r->daemon : "",
	    .own = r->own,
	    .host = "mx.j.example",
	    .authenticated = r->login != NULL,
	    .login = span_str(r->login),
	    .sender = span_str(r->sender),
	    .fields = {field, split(r->header, field)},
	    .arena = &arena};

	buf_init(&text, 4096);
	buf_fmt(&text, "hostname = \"mx.good.example\"\nsigner { %s }\n%s",
	    r->signer, domains);
	fixture_make_with(&f, buf_text(&text), write_files);
	if (ip_parse(span_str(r->client), &ip) == 0)
		in.client = &ip;
	if (r->rcpt != NULL)
		in.exempt =
		    choose_recipient(&f.settings->signer, span_str(r->rcpt));
	if (r->macro != NULL)
		in.macro = macros_find(&f.settings->signer.sign_macros,
		    span_str(r->macro), span_str(r->value));
	choose_message(f.keys, &in, &c);
	CHECK(c.verdict == r->verdict);
	if (r->why != NULL) {
		buf_clear(&text);
		choose_explain(&c, &in, &text);
		if (strchr(buf_text(&text), '/') == NULL)
			CHECK_STR(buf_text(&text), r->why);
		else
			CHECK(strncmp(text.p, r->why, strlen(r->why)) == 0);
	}
	buf_free(&text);
	fixture_free(&f);
	arena_reset(&arena);
}

static void
each_rule(void)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		char row[200];

		snprintf(row, sizeof row, "%zu: %s | %s", i, rules[i].signer,
		    rules[i].header);
		suite_row(row);
		run_rule(&rules[i]);
	}
	suite_row(NULL);
}

/* The nearest section counts; a subdomain signs as the domain of the
 * section. */
static void
subdomains(void)
{
	static const char text[] =
	    "domain \"wide.example\" { subdomains = true\n"
	    " key \"w\" { file = \"@ed.pem\" } }\n"
	    "domain \"own.wide.example\" {\n"
	    " key \"o\" { file = \"@ed.pem\" } }\n";
	struct fixture f;
	struct choose c;

	fixture_make(&f, text);
	choose(&f, "From: a@x.own.wide.example\n", "127.0.0.1", false, &c);
	CHECK(c.nsign == 1);
	CHECK_STR(c.sign[0].domain, "wide.example");
	choose(&f, "From: a@own.wide.example\n", "127.0.0.1", false, &c);
	CHECK(c.nsign == 1);
	CHECK_STR(c.sign[0].domain, "own.wide.example");
	fixture_free(&f);
}

/* --- OpenDKIM's tables ---------------------------------------------------- */

static void
write_tables(const struct tmpdir *d)
{
	char text[2000], path[TMPDIR_PATH_MAX], rsa[TMPDIR_PATH_MAX];

	tmpdir_file(d, "ed.pem", path);
	tmpdir_file(d, "rsa.pem", rsa);
	tmpdir_sub(d, "keys");
	tmpdir_sub(d, "keys/one.example");
	tmpdir_sub(d, "keys/two.example");
	tmpdir_copy(d, "ed.pem", "keys/one.example/k.private");
	tmpdir_copy(d, "ed.pem", "keys/two.example/k.private");
	snprintf(text, sizeof text,
	    "k1 one.example:s1:%s\nk2\tone.example:s2:%s\n"
	    "any %%:s3:%s\nfiles %%:s4:./keys/%%/k.private\n"
	    "three.example three.example:s5:%s\nbroken one.example:%s\n"
	    "gone one.example:s6:%s.not\n",
	    path, rsa, path, path, path, path);
	tmpdir_write(d, "KeyTable", text);
	tmpdir_write(d, "re",
	    "*@one.example k1:@%\n*@one.example k2:@other.example\n"
	    "x@wild.* any:nobody\n*@wild.example any: @wild.example # c\n"
	    "*@two.example files\n*@three.example %\n*@lost.example none\n"
	    "*@torn.example broken\n*@gone.example gone\n*@four.example files\n"
	    "*@five.example %\n*.six.example k1:@sub.one.example\n"
	    "*@four.example k1\n*@seven.example k1\n"
	    "*@seven.example %\n*@seven.example files\n"
	    "*@seven.example k2\n*@eight.example k1\n"
	    "*@eight.example gone\n*@nine.example files\n"
	    "*@nine.example %\n*@id.example k1:x%y@one.example\n"
	    "*@two.id.example any:x:y@two.id.example\n"
	    "*@sub.id.example any:@id.example\n"
	    "*@ten.example files\n*@ten.example nokey\n"
	    "*@ten.example broken\n*@ten.example gone\n"
	    "*@ten.example k1\n");
	tmpdir_write(d, "plain",
	    "* k2\n.example k1\na@one.example any:@%\none.example k2\n"
	    "b@.example files\nc@* k1\n");
	snprintf(text, sizeof text,
	    "*@one.example:one.example:%s\n"
	    "*:all.example:%.*s\n*\n",
	    path, (int)strlen(path) - 4, path);
	tmpdir_write(d, "keylist", text);
}

static void
tables(void)
{
	static const struct {
		const char *signer, *from;
		enum choose_verdict verdict;
		const char *signs; /* "domain:selector:identity " each */
	} row[] = {
	    {"refile:@re", "a@one.example", CHOOSE_SIGN,
	        "one.example:s1:@one.example "},
	    {"refile:@re\" sign_all = \"true", "a@one.example", CHOOSE_SIGN,
	        "one.example:s1:@one.example one.example:s2:- "},
	    {"refile:@re", "x@wild.example", CHOOSE_SIGN, "wild.example:s3:- "},
	    {"refile:@re", "X@WILD.org", CHOOSE_SIGN, "wild.org:s3:- "},
	    {"refile:@re\" sign_all = \"true", "x@wild.example", CHOOSE_SIGN,
	        "wild.example:s3:- "},
	    {"refile:@re", "y@wild.example", CHOOSE_SIGN,
	        "wild.example:s3:@wild.example "},
	    {"refile:@re", "a@two.example", CHOOSE_SIGN, "two.example:s4:- "},
	    {"refile:@re", "a@three.example", CHOOSE_SIGN,
	        "three.example:s5:- "},
	    {"refile:@re", "a@lost.example", CHOOSE_DOMAIN_BAD_KEY, ""},
	    {"refile:@re", "a@torn.example", CHOOSE_DOMAIN_BAD_KEY, ""},
	    {"refile:@re", "a@gone.example", CHOOSE_DOMAIN_BAD_KEY, ""},
	    {"refile:@re", "a@four.example", CHOOSE_DOMAIN_NO_KEY, ""},
	    {"refile:@re", "a@five.example", CHOOSE_DOMAIN_NO_KEY, ""},
	    /* with all, a row without a key does not cost the others */
	    {"refile:@re\" sign_all = \"true", "a@four.example", CHOOSE_SIGN,
	        "one.example:s1:- missing 1 KeyTable:4 "},
	    {"refile:@re\" sign_all = \"true", "a@seven.example", CHOOSE_SIGN,
	        "one.example:s1:- one.example:s2:- missing 2 re:15 "},
	    {"refile:@re", "a@seven.example", CHOOSE_SIGN, "one.example:s1:- "},
	    {"refile:@re\" sign_all = \"true", "a@nine.example",
	        CHOOSE_DOMAIN_NO_KEY, ""},
	    /* nor does one that is bad, or a row that is */
	    {"refile:@re\" sign_all = \"true", "a@eight.example", CHOOSE_SIGN,
	        "one.example:s1:- bad 1 KeyTable:7 "},
	    {"refile:@re\" sign_all = \"true", "a@ten.example", CHOOSE_SIGN,
	        "one.example:s1:- missing 1 bad 3 re:26 "},
	    {"refile:@re", "a@ten.example", CHOOSE_DOMAIN_NO_KEY, ""},
	    {"refile:@re\" sign_all = \"true", "a@lost.example",
	        CHOOSE_DOMAIN_BAD_KEY, ""},
	    {"refile:@re", "a@b.six.example", CHOOSE_SIGN,
	        "one.example:s1:@sub.one.example "},
	    /* i=: '%' is the From domain; above d= it is left out */
	    {"refile:@re", "a@id.example", CHOOSE_SIGN,
	        "one.example:s1:xid.exampley@one.example "},
	    {"refile:@re", "a@two.id.example", CHOOSE_SIGN,
	        "two.id.example:s3:x:y@two.id.example "},
	    {"refile:@re", "a@sub.id.example", CHOOSE_SIGN,
	        "sub.id.example:s3:- "},
	    {"refile:@re", "a@else.example", CHOOSE_DOMAIN_UNKNOWN, ""},
	    {"file:@plain", "a@one.example", CHOOSE_SIGN,
	        "one.example:s3:@one.example "},
	    {"file:@plain\" sign_all = \"true", "a@one.example", CHOOSE_SIGN,
	        "one.example:s3:@one.example one.example:s2:- "
	        "one.example:s1:- "},
	    {"@plain", "z@one.example", CHOOSE_SIGN, "one.example:s2:- "},
	    {"@plain", "b@two.example", CHOOSE_SIGN, "two.example:s4:- "},
	    {"@plain", "z@deep.er.example", CHOOSE_SIGN, "one.example:s1:- "},
	    {"@plain", "c@x.org", CHOOSE_SIGN, "one.example:s1:- "},
	    {"@plain", "d@x.org", CHOOSE_SIGN, "one.example:s2:- "},
	    {"keylist:@keylist", "d@one.example", CHOOSE_SIGN,
	        "one.example:ed.pem:- "},
	    {"keylist:@keylist", "d@x.org", CHOOSE_SIGN, "all.example:ed:- "},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		bool list = strncmp(row[i].signer, "keylist:", 8) == 0;
		struct buf text;
		struct fixture f;
		struct choose c;

		suite_row(row[i].from);
		buf_init(&text, 4096);
		buf_fmt(&text, "signer { %s signing_table = \"%s\" }\n",
		    list ? "" : "key_table = \"@KeyTable\"", row[i].signer);
		fixture_make_with(&f, buf_text(&text), write_tables);
		CHECK(f.keys->bad ==
		    (list                             ? 1
		            : row[i].signer[0] == 'r' ? 4
		                                      : 2));
		buf_clear(&text);
		buf_fmt(&text, "From: %s\n", row[i].from);
		choose(&f, buf_text(&text), "127.0.0.1", false, &c);
		CHECK(c.verdict == row[i].verdict);
		buf_clear(&text);
		for (size_t n = 0; n < c.nsign; n++)
			buf_fmt(&text, "%s:%s:%s ", c.sign[n].domain,
			    c.sign[n].key->settings->selector,
			    c.sign[n].identity ? c.sign[n].identity : "-");
		if (c.verdict == CHOOSE_SIGN && c.missing > 0)
			buf_fmt(&text, "missing %zu ", c.missing);
		if (c.verdict == CHOOSE_SIGN && c.bad > 0)
			buf_fmt(&text, "bad %zu ", c.bad);
		if (c.verdict == CHOOSE_SIGN && c.missing + c.bad > 0)
			buf_fmt(
			    &text, "%s:%u ", strrchr(c.file, '/') + 1, c.line);
		else if (c.verdict == CHOOSE_SIGN)
			CHECK(c.file == NULL && c.line == 0);
		CHECK_STR(buf_text(&text), row[i].signs);
		buf_free(&text);
		fixture_free(&f);
	}
	suite_row(NULL);
}

/* A policy service may name the domain of the recipient, who need not be in the
 * domain of the sender. */
static void
receivers_of_tables(void)
{
	static const struct {
		const char *receiver;
		enum choose_verdict verdict;
	} row[] = {
	    {"two.example", CHOOSE_CAME_IN},
	    {"x.six.example", CHOOSE_CAME_IN},
	    {"mx.one.example", CHOOSE_CAME_IN},
	    {"else.example", CHOOSE_SIGN},
	    {"six.example", CHOOSE_SIGN},
	    {"own.org", CHOOSE_CAME_IN},
	    {"mx.Own.ORG.", CHOOSE_CAME_IN},
	    {"notown.org", CHOOSE_SIGN},
	};
	struct fixture f;
	struct buf text;
	struct choose c;

	fixture_make_with(&f,
	    "domain \"own.org\" { key \"a\" { file = \"@ed.pem\" } }\n"
	    "signer { key_table = \"@KeyTable\" signing_table = "
	    "\"refile:@re\" }\n",
	    write_tables);
	buf_init(&text, 4096);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].receiver);
		buf_clear(&text);
		buf_fmt(&text,
		    "Received-SPF: Pass (x) receiver=%s\n"
		    "From: a@one.example\n",
		    row[i].receiver);
		choose(&f, buf_text(&text), "127.0.0.1", false, &c);
		CHECK(c.verdict == row[i].verdict);
	}
	buf_free(&text);
	fixture_free(&f);
}

/* Results of hosts elsewhere stand in mail of our users, too, for whom a row
 * may match every domain. */
static void
results_of_others(void)
{
	static const struct {
		const char *id, *from;
		enum choose_verdict verdict;
	} row[] = {
	    {"mx.far.example", "a@one.example", CHOOSE_SIGN},
	    {"mailhost", "a@one.example", CHOOSE_SIGN},
	    {"two.example", "a@one.example", CHOOSE_SIGN},
	    {"one.example", "a@one.example", CHOOSE_CAME_IN},
	    {"mx.One.example.", "a@one.example", CHOOSE_CAME_IN},
	    {"own.org", "a@one.example", CHOOSE_CAME_IN},
	    {"mx.own.org", "a@one.example", CHOOSE_CAME_IN},
	    {"own.org", "a@x.own.org", CHOOSE_CAME_IN},
	};
	struct fixture f;
	struct buf text;
	struct choose c;

	fixture_make_with(&f,
	    "domain \"own.org\" { subdomains = true "
	    "key \"a\" { file = \"@ed.pem\" } }\n"
	    "signer { key_table = \"@KeyTable\" signing_table = "
	    "\"refile:@re\" }\n",
	    write_tables);
	buf_init(&text, 4096);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].id);
		buf_clear(&text);
		buf_fmt(&text,
		    "Authentication-Results: %s; spf=pass\nFrom: %s\n",
		    row[i].id, row[i].from);
		choose(&f, buf_text(&text), "127.0.0.1", false, &c);
		CHECK(c.verdict == row[i].verdict);
	}
	buf_free(&text);
	fixture_free(&f);
}

/* As a printed guide has it: the signing table names a key that the KeyTable
 * does not have; and the same without "refile:". */
static void
guide(const struct tmpdir *d)
{
	char text[500], path[TMPDIR_PATH_MAX];

	snprintf(text, sizeof text,
	    "20200516._domainkey.example.jp example.jp:20200516:%s\n",
	    tmpdir_file(d, "rsa.pem", path));
	tmpdir_write(d, "KeyTable", text);
	tmpdir_write(
	    d, "SigningTable", "*@example.jp 20200505._domainkey.example.jp\n");
	tmpdir_write(
	    d, "Wildcard", "*@example.jp 20200516._domainkey.example.jp\n");
	tmpdir_write(d, "TrustedHosts", "127.0.0.1\n::1\n*.example.jp\n");
}

static void
guides_tables(void)
{
	static const char config_of[] =
	    "signer { key_table = \"@KeyTable\" "
	    "signing_table = \"%s\" internal_hosts = {\"%s\"} }\n"
	    "domain \"else.example\" { key \"e\" { file = \"@ed.pem\" } }\n";
	char text[500], want[500], a[TMPDIR_PATH_MAX], b[TMPDIR_PATH_MAX];
	struct fixture f;
	struct choose c;

	snprintf(text, sizeof text, config_of, "refile:@SigningTable",
	    "refile:@TrustedHosts");
	fixture_make_with(&f, text, guide);
	fixture_file(&f, "SigningTable", a);
	fixture_file(&f, "KeyTable", b);
	snprintf(want, sizeof want,
	    "%s:1: *@example.jp names the key "
	    "\"20200505._domainkey.example.jp\", which %s does not have; "
	    "%s:1 has \"20200516._domainkey.example.jp\"\n",
	    a, b, b);
	CHECK_STR(buf_text(&f.why), want);
	CHECK(f.keys->bad == 1);
	choose(&f, "From: a@example.jp\n", "127.0.0.1", false, &c);
	CHECK(c.verdict == CHOOSE_DOMAIN_BAD_KEY);
	CHECK_STR(c.file, a);
	CHECK(c.line == 1);
	/* the other domains go on */
	choose(&f, "From: a@else.example\n", "127.0.0.1", false, &c);
	CHECK(c.verdict == CHOOSE_SIGN);
	fixture_free(&f);

	snprintf(text, sizeof text, config_of, "@Wildcard", "@TrustedHosts");
	fixture_make_with(&f, text, guide);
	fixture_file(&f, "Wildcard", a);
	fixture_file(&f, "TrustedHosts", b);
	snprintf(want, sizeof want,
	    "%s:1: *@example.jp can never match: such patterns need "
	    "\"refile:%s\"\n",
	    a, a);
	CHECK_STR(buf_text(&f.why), want);
	snprintf(want, sizeof want,
	    "%s:3: *.example.jp matches nothing: '*' stands for names in a "
	    "refile: only\n",
	    b);
	CHECK_STR(buf_text(&f.warn), want);
	CHECK(f.keys->bad == 1);
	choose(&f, "From: a@example.jp\n", "127.0.0.1", false, &c);
	CHECK(c.verdict == CHOOSE_DOMAIN_UNKNOWN);
	fixture_free(&f);
}

/* A stranger in our name is worth a notice, unless external_ignore has him. */
static void
strangers(void)
{
	static const struct {
		const char *signer, *header;
		bool outside;
	} row[] = {
	    {"", FROM, true},
	    {"", "From: a@else.example\n", false},
	    {"external_ignore = {\"192.0.2.0/24\"}", FROM, false},
	    {"external_ignore = {\"192.0.2.0/24\", \"!192.0.2.1\"}", FROM,
	        true},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char text[500];
		struct fixture f;
		struct choose c;

		snprintf(text, sizeof text,
		    "signer { %s }\ndomain \"good.example\" {\n"
		    " key \"e\" { file = \"@ed.pem\" } }\n",
		    row[i].signer);
		fixture_make(&f, text);
		choose(&f, row[i].header, "192.0.2.1", false, &c);
		CHECK(c.verdict == CHOOSE_CLIENT_OUTSIDE);
		CHECK(c.outside == row[i].outside && c.nsign == 0);
		fixture_free(&f);
	}
}

/* Memory that is out is never a verdict about the message. */
static void
no_memory(void)
{
	struct field field[4];
	struct choose_input in = {.client_name = "",
	    .daemon = "",
	    .host = "",
	    .fields = {field, split(FROM, field)}};
	struct ip ip;
	struct arena none;
	struct fixture f;
	struct choose c;

	fixture_make(&f, config);
	arena_init(&none, 1);
	CHECK(ip_parse(span_str("127.0.0.1"), &ip) == 0);
	in.client = &ip;
	in.arena = &none;
	choose_message(f.keys, &in, &c);
	CHECK(c.verdict == CHOOSE_NO_MEMORY && c.nsign == 0);
	arena_free(&none);
	fixture_free(&f);
}

/* As many signatures as SIGNATURES_MAX, and no more. */
static void
write_many(const struct tmpdir *d)
{
	char path[TMPDIR_PATH_MAX];
	struct buf keys, rows;

	buf_init(&keys, 1 << 16);
	buf_init(&rows, 1 << 16);
	for (int i = 0; i <= SIGNATURES_MAX; i++) {
		buf_fmt(&keys, "k%d a.example:s%d:%s\n", i, i,
		    tmpdir_file(d, "ed.pem", path));
		buf_fmt(&rows, "*@%c.example k%d\n",
		    i == SIGNATURES_MAX ? 'b' : 'a', i);
	}
	buf_str(&rows, "*@b.* k0\n*@c.example k1\n");
	for (int i = 0; i <= SIGNATURES_MAX; i++)
		buf_fmt(&rows, "*@c.example k%d\n", i);
	tmpdir_write(d, "KeyTable", buf_text(&keys));
	tmpdir_write(d, "re", buf_text(&rows));
	buf_free(&keys);
	buf_free(&rows);
}

static void
many_signatures(void)
{
	struct fixture f;
	struct choose c;

	fixture_make_with(&f,
	    "signer { sign_all = true key_table = \"@KeyTable\" "
	    "signing_table = \"refile:@re\" }\n",
	    write_many);
	choose(&f, "From: x@a.example\n", "127.0.0.1", false, &c);
	CHECK(c.verdict == CHOOSE_SIGN && c.nsign == SIGNATURES_MAX);
	choose(&f, "From: x@b.example\n", "127.0.0.1", false, &c);
	CHECK(c.verdict == CHOOSE_SIGN && c.nsign == 2);
	CHECK_STR(c.sign[0].key->settings->selector, "s16");
	choose(&f, "From: x@c.example\n", "127.0.0.1", false, &c);
	/* one key in two rows signs once */
	CHECK(c.verdict == CHOOSE_SIGN && c.nsign == SIGNATURES_MAX - 1);
	fixture_free(&f);
}

static void
begin(void)
{
	arena_init(&arena, 1 << 20);
}

static void
end(void)
{
	arena_free(&arena);
}

/* Each key that cannot be used is a signature that the mail lacks. */
static void
bad_keys_are_counted(void)
{
	struct fixture f;
	struct choose c;

	fixture_make(&f,
	    "domain \"three.example\" {\n"
	    " key \"good\" { file = \"@ed.pem\" }\n"
	    " key \"b1\" { file = \"@none.pem\" }\n"
	    " key \"b2\" { file = \"@none.pem\" }\n}\n");
	choose(&f, "From: a@three.example\n", "127.0.0.1", false, &c);
	CHECK(c.verdict == CHOOSE_SIGN && c.nsign == 1);
	CHECK(c.bad == 2 && c.line == 3);
	fixture_free(&f);
}

SUITE("choose", T(begin), T(bad_keys_are_counted), T(from_fields), T(clients),
    T(each_rule), T(subdomains), T(tables), T(receivers_of_tables),
    T(results_of_others), T(guides_tables), T(strangers), T(no_memory),
    T(many_signatures), T(end))

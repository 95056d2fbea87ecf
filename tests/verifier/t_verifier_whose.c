#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log/log.h"
#include "common/milter/frame.h"
#include "tests/support/house.h"
#include "tests/support/logged.h"
#include "tests/support/nomem.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"
#include "verifier/counters.h"
#include "verifier/limits.h"

#define SIGNED "v=1; a=rsa-sha256; d=a.example; s=rsa; h=from:to; bh=@; b=@\n"
#define DEAD "v=1; a=rsa-sha256; d=a.example; s=dead; h=from:to; bh=@; b=@\n"
#define PASS \
	"dkim=pass (2048-bit key) header.d=a.example header.i=@a.example " \
	"header.a=rsa-sha256 header.s=rsa header.b=*"
#define OURS "!Authentication-Results: mx.example.jp; dkim=pass\n"
#define THEIRS "!Authentication-Results: mx.example.com; dkim=pass\n"

static const char text[] = "From: Joe <joe@a.example>\r\n"
                           "To: ann@example.jp\r\n"
                           "\r\n"
                           "Hello\r\n";

/* --- whose mail, and what is done with it --------------------------------- */

static const struct {
	const char *name;
	const char *config, *address, *login, *sender;
	const char *lines; /* of house_mail() */
	const char *text;  /* NULL: as above */
	const char *deleted, *field;
} row[] = {
    {"a stranger", "", "192.0.2.1", NULL, NULL, OURS SIGNED, NULL, "1", PASS},
    {"a stranger without a forgery", "", "192.0.2.1", NULL, NULL, THEIRS SIGNED,
        NULL, "", PASS},
    {"a stranger by IPv6", "", "IPv6:2001:db8::1", NULL, NULL, OURS SIGNED,
        NULL, "1", PASS},
    {"this host", "", "127.0.0.1", NULL, NULL, OURS SIGNED, NULL, "", "none"},
    {"this host by IPv6", "", "IPv6:::1", NULL, NULL, OURS SIGNED, NULL, "",
        "none"},
    {"a trusted network", "trusted_networks = {\"192.0.2.0/24\"}",
        "192.0.2.255", NULL, NULL, OURS SIGNED, NULL, "", "none"},
    {"beside a trusted network", "trusted_networks = {\"192.0.2.0/24\"}",
        "192.0.3.0", NULL, NULL, OURS SIGNED, NULL, "1", PASS},
    {"nobody is trusted", "trusted_networks = {}", "127.0.0.1", NULL, NULL,
        OURS SIGNED, NULL, "1", PASS},
    {"a relay in a trusted network",
        "trusted_networks = {\"192.0.2.0/24\"}\nrelays = {\"192.0.2.7/32\"}",
        "192.0.2.7", NULL, NULL, OURS SIGNED, NULL, "1", PASS},
    {"beside the relay",
        "trusted_networks = {\"192.0.2.0/24\"}\nrelays = {\"192.0.2.7/32\"}",
        "192.0.2.8", NULL, NULL, OURS SIGNED, NULL, "", "none"},
    {"a relay from elsewhere", "relays = {\"192.0.2.7/32\"}", "192.0.2.7", NULL,
        NULL, OURS SIGNED, NULL, "1", PASS},
    {"logged in", "", "192.0.2.1", "ann", NULL, OURS SIGNED, NULL, "1", "none"},
    {"logged in, unsigned, no forgery", "", "192.0.2.1", "ann", NULL, THEIRS,
        NULL, "", "none"},
    {"logged in from a trusted network", "", "127.0.0.1", "ann", NULL,
        OURS SIGNED, NULL, "1", "none"},
    {"a service for users", "own_daemons = {\"x\", \"smtpd\"}", "192.0.2.1",
        NULL, NULL, OURS SIGNED, NULL, "1", "none"},
    {"another service", "own_daemons = {\"smtp\", \"SMTPD\"}", "192.0.2.1",
        NULL, NULL, OURS SIGNED, NULL, "1", PASS},
    {"a service for users, in a network of relays",
        "own_daemons = smtpd\nrelays = 192.0.2.0/24", "192.0.2.1", NULL, NULL,
        OURS SIGNED, NULL, "1", "none"},
    {"logged in, at a relay", "relays = 192.0.2.1", "192.0.2.1", "ann", NULL,
        OURS SIGNED, NULL, "1", "none"},
    {"a bounce that a user hands in", "", "192.0.2.1", "ann", "<>", OURS SIGNED,
        NULL, "1", "none"},
    {"no address is known", "trusted_networks = {\"0.0.0.0/0\", \"::/0\"}",
        "[UNAVAILABLE]", NULL, NULL, OURS SIGNED, NULL, "1", PASS},
    {"back from a filter on this host", "", "127.0.0.1", NULL, NULL,
        "!Authentication-Results: mx.example.jp; dkim=pass header.d=a.example\n"
        "!X-Filter: clean\n" SIGNED,
        NULL, "", "none"},
    {"back from a filter on another host", "trusted_networks = {\"192.0.2.9\"}",
        "192.0.2.9", NULL, NULL, OURS SIGNED, NULL, "", "none"},
    {"a bounce", "", "192.0.2.1", NULL, "<>", OURS SIGNED, NULL, "1", PASS},
    {"a list", "", "192.0.2.1", NULL, NULL,
        "!List-Id: <l.list.example>\n" OURS SIGNED, NULL, "1", PASS},

    /* every path */
    {"unsigned", "", "192.0.2.1", NULL, NULL, OURS, NULL, "1", "dkim=none"},
    {"no From", "", "192.0.2.1", NULL, NULL, OURS, "To: a@b.example\r\n\r\n",
        "1", "dkim=none"},
    {"no field but the forgery", "", "192.0.2.1", NULL, NULL, OURS, "\r\n", "1",
        "dkim=none"},
    {"a From that is none", "", "192.0.2.1", NULL, NULL, OURS,
        "From: (\r\n\r\nx\r\n", "1", "dkim=none"},
    {"two Froms", "", "192.0.2.1", NULL, NULL, OURS,
        "From: a@b.example\r\nFrom: c@d.example\r\n\r\nx\r\n", "1",
        "dkim=none"},
    {"a signature that is none", "", "192.0.2.1", NULL, NULL,
        OURS "!DKIM-Signature: x\n", NULL, "1",
        "dkim=neutral reason=\"a tag without '='\""},
    {"DNS is dead", "", "192.0.2.1", NULL, NULL, OURS DEAD, NULL, "1",
        "dkim=temperror reason=\"DNS has no answer for the key\" "
        "header.d=a.example header.i=@a.example header.a=rsa-sha256 "
        "header.s=dead header.b=*"},
    {"a signature covers it", "", "192.0.2.1", NULL, NULL,
        "v=1; a=rsa-sha256; d=a.example; s=rsa; "
        "h=from:to:authentication-results; bh=@; b=@\n",
        "Authentication-Results: mx.example.jp; x=y\r\n"
        "From: Joe <joe@a.example>\r\nTo: a@b.example\r\n\r\nx\r\n",
        "1", PASS},

    /* which fields */
    {"the highest index goes first", "", "192.0.2.1", NULL, NULL,
        OURS OURS THEIRS OURS THEIRS SIGNED
        "!X-A: b\n!authentication-RESULTS : (x) MX.example.jp. 1; a=b\n",
        NULL, "6 4 2 1", PASS},
    {"below the other fields", "", "192.0.2.1", NULL, NULL, THEIRS,
        "From: a@b.example\r\nAuthentication-Results: mx.example.jp; a=b\r\n"
        "X-A: b\r\nAuthentication-Results:\r\n mx.example.jp/4 ; a=b\r\n"
        "\r\nx\r\n",
        "3 2", "dkim=none"},
    {"without an id", "", "192.0.2.1", NULL, NULL,
        "!Authentication-Results: spf=pass smtp.mailfrom=a.example\n" THEIRS
        "!Authentication-Results: \n!Authentication-Results: \"mx.exa\n",
        NULL, "4 3 1", "dkim=none"},
    {"another version", "", "192.0.2.1", NULL, NULL,
        "!Authentication-Results: mx.example.com 2; dkim=pass\n", NULL, "1",
        "dkim=none"},
    {"the MTA's own name (macro j)", "", "192.0.2.1", NULL, NULL,
        "!Authentication-Results: mx.example; dkim=pass\n" THEIRS
        "!Authentication-Results: Mx.Example.; dkim=pass\n",
        NULL, "3 1", "dkim=none"},
    {"hostname, too, where there is an id", "authserv_id = \"id.example\"",
        "192.0.2.1", NULL, NULL,
        OURS "!Authentication-Results: id.example; dkim=pass\n" THEIRS, NULL,
        "2 1", "dkim=none"},
    {"further ids", "strip_ids = {\"old.example.jp\", \"*.in.example.jp\"}",
        "192.0.2.1", NULL, NULL,
        "!Authentication-Results: old.example.jp; a=b\n"
        "!Authentication-Results: x.old.example.jp; a=b\n"
        "!Authentication-Results: in.example.jp; a=b\n"
        "!Authentication-Results: x.in.example.jp; a=b\n" OURS,
        NULL, "5 4 1", "dkim=none"},
    {"fields that only this house writes", "", "192.0.2.1", NULL, NULL,
        "!DomainKey-Status: good\n" OURS "!X-Postseal-DMARC: quarantine\n"
        "!domainkey-status: good\n" OURS "!X-Postseal-DMARC: b\n",
        NULL,
        "DomainKey-Status2 2 X-Postseal-DMARC2 DomainKey-Status1 1 "
        "X-Postseal-DMARC1",
        "dkim=none"},
    {"sealed by others", "", "192.0.2.1", NULL, NULL,
        "!ARC-Authentication-Results: i=1; mx.example.jp; dkim=pass\n"
        "!X-Authentication-Results: mx.example.jp; dkim=pass\n"
        "!Received-SPF: pass\n",
        NULL, "", "dkim=none"},
};

static void
whose_mail(void)
{
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct house h;
		struct buf message;
		struct mta m;

		suite_row(row[i].name);
		house_open(&h, row[i].config);
		house_zone(&h, "dead._domainkey.a.example TXT servfail");
		buf_init(&message, 1 << 20);
		house_mail(&h, row[i].lines,
		    row[i].text == NULL ? text : row[i].text, &message);
		house_connect(&h, &m, row[i].address);
		if (row[i].sender != NULL)
			m.sender = row[i].sender;
		CHECK(mta_message(&m, row[i].login, buf_view(&message)) == 'a');
		CHECK_STR(house_deleted(&h, &m), row[i].deleted);
		CHECK_STR(house_field(&h, &m), row[i].field);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
	suite_row(NULL);
}

/* As own_read() would leave it. */
static void
set_own(struct own *o)
{
	static const char *const address[] = {"192.0.2.1", "2001:db8::25"};

	o->v = calloc(2, sizeof *o->v);
	CU_ASSERT_FATAL(o->v != NULL);
	for (; o->n < 2; o->n++)
		CHECK(ip_parse(span_str(address[o->n]), &o->v[o->n]) == 0);
}

/* What is done with a message that has a forged field and a good signature. */
static void
look_as(struct house *h, struct mta *m, const char *name, const char *deleted,
    const char *field)
{
	struct buf message;

	suite_row(name);
	buf_init(&message, 1 << 20);
	house_mail(h, OURS SIGNED, text, &message);
	CHECK(mta_message(m, NULL, buf_view(&message)) == 'a');
	CHECK_STR(house_deleted(h, m), deleted);
	CHECK_STR(house_field(h, m), field);
	buf_free(&message);
}

/* A host with two addresses, which are 192.0.2.1 and 2001:db8::25. */
static void
this_host(void)
{
	static const struct {
		const char *name, *config, *client, *server;
		bool trusted;
	} host[] = {
	    {"itself", "", "192.0.2.1", "192.0.2.1", true},
	    {"at another of its addresses", "", "IPv6:2001:db8::25",
	        "192.0.2.1", true},
	    {"and a Postfix in a container", "", "192.0.2.1", "172.17.0.2",
	        false},
	    {"where Postfix does not say", "", "192.0.2.1", NULL, false},
	    {"another host", "", "192.0.2.2", "192.0.2.1", false},
	    {"it is not trusted", "trusted_networks = 127.0.0.1", "192.0.2.1",
	        "192.0.2.1", false},
	    {"the word beside networks",
	        "trusted_networks = {\"10.0.0.0/8\", \"This-Host\"}",
	        "192.0.2.1", "192.0.2.1", true},
	    {"it is a relay", "relays = 192.0.2.1", "192.0.2.1", "192.0.2.1",
	        false},
	};

	for (size_t i = 0; i < sizeof host / sizeof host[0]; i++) {
		struct house h;
		struct mta m;

		house_open(&h, host[i].config);
		set_own(&h.v.own);
		house_connect(&h, &m, host[i].client);
		if (host[i].server != NULL)
			mta_macros(
			    &m, 'C', "{daemon_addr}", host[i].server, NULL);
		look_as(&h, &m, host[i].name, host[i].trusted ? "" : "1",
		    host[i].trusted ? "none" : PASS);
		mta_free(&m);
		house_close(&h);
	}
	suite_row(NULL);
}

/* Users with a certificate of a CA that Postfix trusts. */
static void
own_macros(void)
{
	static const char joe[] = "own_macros = \"{cert_subject}=Ann|Joe A\"";
	static const struct {
		const char *name, *config, *macro, *value;
		bool user;
	} own[] = {
	    {"a certificate", joe, "{cert_subject}", "Ann", true},
	    {"a name with a blank", joe, "{cert_subject}", "Joe A", true},
	    {"of another", joe, "{cert_subject}", "Joe", false},
	    {"its issuer has that name", joe, "{cert_issuer}", "Ann", false},
	    {"any of a CA", "own_macros = \"{cert_issuer}=Our CA\"",
	        "{cert_issuer}", "Our CA", true},
	    {"any value", "own_macros = {x, \"y\"}", "{y}", "1", true},
	    {"no value", "own_macros = {x, \"y\"}", "{y}", "", false},
	    {"no value, and one of none", "own_macros = \"y=|1\"", "{y}", "",
	        false},
	    {"no name in the certificate", joe, "{cert_subject}", "", false},
	    {"at a relay", "own_macros = y\nrelays = 192.0.2.1", "{y}", "1",
	        true},
	};

	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		struct house h;
		struct mta m;

		house_open(&h, own[i].config);
		house_connect(&h, &m, "192.0.2.1");
		CHECK(strstr(buf_text(&m.lists), "{auth_authen}") != NULL);
		CHECK(own[i].config != joe ||
		    strstr(buf_text(&m.lists), "{cert_subject}") != NULL);
		m.macro = own[i].macro;
		m.macro_value = own[i].value;
		look_as(&h, &m, own[i].name, "1", own[i].user ? "none" : PASS);
		m.macro = NULL; /* nothing stays of it */
		look_as(&h, &m, "the next message", "1", PASS);
		mta_free(&m);
		house_close(&h);
	}
	suite_row(NULL);
}

/* The id that is written. */
static void
ids(void)
{
	static const struct {
		const char *config, *want;
	} id[] = {
	    {HOUSE_NO_DMARC,
	        " mx.example.jp; dkim=none; spf=none "
	        "smtp.mailfrom=b.example"},
	    {HOUSE_NO_DMARC "authserv_id = \"mail\"",
	        " mail; dkim=none; spf=none smtp.mailfrom=b.example"},
	};

	for (size_t i = 0; i < sizeof id / sizeof id[0]; i++) {
		struct house h;
		struct mta m;
		struct buf got;

		house_open(&h, id[i].config);
		CHECK(house_deliver(&h, &m, span_str(text)) == 'a');
		buf_init(&got, 1000);
		for (const char *p = buf_text(&m.inserted[0].value); *p != '\0';
		     p++)
			if (*p != '\n')
				buf_byte(&got, *p == '\t' ? ' ' : *p);
		CHECK_STR(buf_text(&got), id[i].want);
		buf_free(&got);
		mta_free(&m);
		house_close(&h);
	}
}

/* Two messages of a connection, and a user between: nothing stays of the
 * first. */
static void
one_after_the_other(void)
{
	struct buf message;
	struct house h;
	struct mta m;

	house_open(&h, "");
	buf_init(&message, 1 << 20);
	house_mail(&h, OURS THEIRS OURS SIGNED, text, &message);
	house_connect(&h, &m, "192.0.2.1");
	for (int i = 0; i < 3; i++) {
		m.abort_after = i == 1;
		CHECK(mta_message(&m, NULL, buf_view(&message)) == 'a');
		CHECK_STR(house_deleted(&h, &m), "3 1");
		CHECK_STR(house_field(&h, &m), PASS);
		CHECK(mta_message(&m, "ann", buf_view(&message)) == 'a');
		CHECK_STR(house_deleted(&h, &m), "3 1");
		CHECK_STR(house_field(&h, &m), "none");
		CHECK(mta_message(&m, NULL, span_str(text)) == 'a');
		CHECK_STR(house_deleted(&h, &m), "");
		CHECK_STR(house_field(&h, &m), "dkim=none");
	}
	mta_free(&m);
	buf_free(&message);
	house_close(&h);
}

/* --- limits --------------------------------------------------------------- */

static void
put_forged(size_t n, const char *field, struct buf *out)
{
	while (n-- > 0)
		buf_str(out, field);
}

#define MANY "too many forged Authentication-Results fields"
#define REFUSED "550 5.7.1 " MANY "\n"
#define PUT_OFF "451 4.7.1 " MANY "\n"
#define HELD "q " MANY "\n"
#define RELAY "192.0.2.9"

static const char ours[] = "Authentication-Results: mx.example.jp\r\n";
static const char theirs[] = "Authentication-Results: example;\r\n";

static const struct forged {
	size_t n;
	const char *field, *address, *login;
	size_t deleted;
	const char *done; /* in place of that; NULL: it goes on. A reply has a
	                   * digit in front */
	const char *event;
	bool no_hold; /* the MTA has none */
} many[] = {
    {STRIP_MAX, ours, "192.0.2.1", NULL, STRIP_MAX, NULL, .event = "verified"},
    {STRIP_MAX, ours, "192.0.2.1", "ann", STRIP_MAX, NULL, .event = "own"},
    {STRIP_MAX, ours, RELAY, NULL, STRIP_MAX, NULL, .event = "verified"},
    {STRIP_MAX + 1, ours, "192.0.2.1", NULL, 0, REFUSED, .event = "rejected"},
    {STRIP_MAX + 1, ours, "192.0.2.1", "ann", 0, REFUSED, .event = "rejected"},
    {STRIP_MAX + 1, ours, "192.0.2.1", NULL, 0, REFUSED, .event = "rejected",
        .no_hold = true},
    {STRIP_MAX + 1, ours, "127.0.0.1", NULL, 0, "", .event = "trusted"},
    {STRIP_MAX + 1, theirs, "192.0.2.1", NULL, 0, NULL, .event = "verified"},
    {STRIP_MAX + 1, theirs, RELAY, NULL, 0, NULL, .event = "verified"},
    {STRIP_SEEN_MAX + 1, theirs, "192.0.2.1", NULL, 0, REFUSED,
        .event = "rejected"},
    {20000, ours, "192.0.2.1", NULL, 0, REFUSED, .event = "rejected"},

    /* a relay that is refused would tell the sender, who may be anybody */
    {STRIP_MAX + 1, ours, RELAY, NULL, 0, HELD, .event = "held"},
    {STRIP_SEEN_MAX + 1, theirs, RELAY, NULL, 0, HELD, .event = "held"},
    {20000, ours, RELAY, NULL, 0, HELD, .event = "held"},
    {STRIP_MAX + 1, ours, RELAY, NULL, 0, PUT_OFF, .event = "deferred",
        .no_hold = true},
};

static void
check_forged(
    const struct forged *f, struct house *h, struct mta *m, const char *line)
{
	char event[40];
	struct buf want;

	buf_init(&want, 1000);
	for (size_t k = f->deleted; k > 0; k--)
		buf_fmt(&want, k > 1 ? "%zu " : "%zu", k);
	if (f->done == NULL)
		CHECK_STR(house_deleted(h, m), buf_text(&want));
	else
		CHECK_STR(buf_text(&m->done), f->done);
	buf_free(&want);
	snprintf(event, sizeof event, ": %s queue_id=", f->event);
	CHECK(suite_has(line, event));
	CHECK(suite_has(line, " removed=100 ") == (f->deleted > 0));
	CHECK(suite_has(line, " reply=\"") ==
	    (f->done != NULL && f->done[0] != '\0'));
	CHECK(strchr(line, '\n') == strrchr(line, '\n'));
}

/* STRIP_MAX are deleted, and one more lets no message in, but of those who may
 * write them. */
static void
many_forged(void)
{
	struct logged log;

	logged_begin(&log);
	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
		struct stats *stats;
		struct house h;
		struct mta m;
		struct buf message;
		char name[32];

		snprintf(name, sizeof name, "row %zu", i);
		suite_row(name);
		CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
		house_open(&h, "relays = " RELAY);
		h.v.stats = stats_slot(stats, 0);
		buf_init(&message, 4 << 20);
		put_forged(many[i].n, many[i].field, &message);
		house_mail(&h, SIGNED, text, &message);
		house_mta(&h, &m);
		if (many[i].no_hold)
			m.offer.actions &= ~(uint32_t)SMFIF_QUARANTINE;
		CHECK(mta_open(&m));
		mta_connect(&m, many[i].address);
		logged_text(&log);
		CHECK(mta_message(&m, many[i].login, buf_view(&message)) ==
		    (many[i].done != NULL && isdigit(many[i].done[0]) ? 'y'
		                                                      : 'a'));
		check_forged(&many[i], &h, &m, logged_text(&log));
		CHECK(stats_sum(stats, VERIFIER_STRIPPED) == many[i].deleted);
		CHECK(stats_sum(stats, VERIFIER_HELD) ==
		    (strcmp(many[i].event, "held") == 0));
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
		stats_free(stats);
	}
	suite_row(NULL);
	logged_end(&log);
}

/* The refusal finds no room among the answers: the message is put off, and the
 * line does not say that it was refused. */
static void
no_room(void)
{
	struct logged log;
	struct buf message;
	struct house h;
	const char *line;
	struct mta m;

	logged_begin(&log);
	house_open(&h, "");
	buf_init(&message, 4 << 20);
	put_forged(STRIP_MAX + 1, ours, &message);
	house_mail(&h, SIGNED, text, &message);
	house_connect(&h, &m, "192.0.2.1");
	m.out.max = 4 + strlen(REFUSED); /* a byte too few */
	logged_text(&log);
	CHECK(mta_message(&m, NULL, buf_view(&message)) == 'y');
	CHECK(suite_has(buf_text(&m.done), "451 4.3.0 "));
	line = logged_text(&log);
	CHECK(suite_has(line, ": tempfail queue_id="));
	CHECK(suite_has(
	    line, " reason=\"there is no room for all of the answer\""));
	CHECK(strstr(line, " reply=") == NULL);
	mta_free(&m);
	buf_free(&message);
	house_close(&h);
	logged_end(&log);
}

/* An MTA that does not take what must be done to the message, for whomever. */
static void
the_mta_takes_none(void)
{
	static const struct {
		const char *login, *lines;
		uint32_t lacks;
		char answer;
	} mail[] = {
	    {NULL, OURS SIGNED, SMFIF_CHGHDRS, 'y'},
	    {NULL, OURS SIGNED, SMFIF_ADDHDRS, 'y'},
	    {NULL, SIGNED, SMFIF_CHGHDRS, 'a'},
	    {NULL, SIGNED, SMFIF_ADDHDRS, 'y'},
	    {"ann", OURS SIGNED, SMFIF_CHGHDRS, 'y'},
	    {"ann", OURS SIGNED, SMFIF_ADDHDRS, 'a'},
	};

	for (size_t i = 0; i < sizeof mail / sizeof mail[0]; i++) {
		struct logged log;
		struct buf message;
		struct house h;
		struct mta m;
		bool put_off;

		logged_begin(&log);
		house_open(&h, "");
		buf_init(&message, 1 << 20);
		house_mail(&h, mail[i].lines, text, &message);
		house_mta(&h, &m);
		m.offer.actions &= ~mail[i].lacks;
		CHECK(mta_open(&m));
		mta_connect(&m, "192.0.2.1");
		logged_text(&log);
		CHECK(mta_message(&m, mail[i].login, buf_view(&message)) ==
		    mail[i].answer);
		put_off = strstr(logged_text(&log),
		              " reason=\"the MTA does not let us change the "
		              "message\"") != NULL;
		CHECK(put_off == (mail[i].answer == 'y'));
		logged_levels(&log);
		mta_message(&m, mail[i].login, buf_view(&message));
		CHECK(logged_level(&log) == (put_off ? LOG_ERR : LOG_INFO));
		logged_end(&log);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
}

/* Forged fields beyond the header that is kept, counted all the same. */
static void
beyond_what_is_kept(void)
{
	static const struct {
		size_t n;
		const char *field, *why;
	} large[] = {
	    {10001, "X-A: b\r\n", "too many header fields"},
	    {30000, "X-A: 45678901234567890123456789012345678\r\n",
	        "too many header fields"},
	    {9000,
	        "X-A: 456789012345678901234567890123456789012345678901234567"
	        "456789012345678901234567890123456789012345678901234567890123"
	        "456789012345678901234567890123456789012345678901234567890\r\n",
	        "the header is too large"},
	};

	for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
		struct house h;
		struct mta m;
		struct buf message, want;

		suite_row(large[i].why);
		house_open(&h, "");
		buf_init(&message, 4 << 20);
		buf_init(&want, 1000);
		house_mail(&h, OURS THEIRS, "", &message);
		put_forged(large[i].n, large[i].field, &message);
		house_mail(&h, THEIRS OURS SIGNED, text, &message);
		CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
		CHECK_STR(house_deleted(&h, &m), "4 1");
		buf_fmt(&want, "dkim=neutral reason=\"%s\"", large[i].why);
		CHECK_STR(house_field(&h, &m), buf_text(&want));
		mta_free(&m);
		buf_free(&message);
		buf_free(&want);
		house_close(&h);
	}
	suite_row(NULL);
}

/* --- memory that is out --------------------------------------------------- */

struct told {
	bool negotiated;
	char word;  /* 0: the connection is over */
	bool later; /* it is a reply of our own that says so */
	size_t deletions, insertions;
	bool no_memory; /* is said in the field */
};

static struct told
told_of(struct span out)
{
	static const char starved[] = "temperror reason=\"out of memory\"";
	struct told o = {.word = 0};
	struct packet p;
	struct frame f;
	const char *why;
	size_t used;

	frame_init(&f);
	while (frame_parse(&f, out, &p, &used, &why) == PARSE_OK) {
		out = span_skip(out, used);
		o.negotiated = o.negotiated || p.command == 'O';
		o.deletions += p.command == 'm';
		o.insertions += p.command == 'i';
		o.no_memory = o.no_memory ||
		    memmem(p.payload.p, p.payload.n, starved,
		        strlen(starved)) != NULL;
		if (strchr("atry", p.command) == NULL)
			continue;
		o.word = (char)p.command;
		o.later =
		    p.command == 'y' && span_ibegins(p.payload, "451 4.3.0 ");
	}
	return o;
}

/* The same bytes of an MTA, with the n-th allocation failing. */
static bool
round_of(long n, const char *config, struct span sent, struct told *ret)
{
	struct session *s;
	struct house h;
	struct buf out;
	bool more;

	house_open(&h, config);
	CU_ASSERT_FATAL(session_new(&verifier_ops, &h.v, NULL, NULL, &s) == 0);
	/* of a worker that has answered before: there is room for a word */
	buf_init(&out, 1 << 20);
	buf_fmt(&out, "%200s", "");
	buf_clear(&out);
	more = nomem_round(n);
	if (more) {
		(void)session_feed(s, sent, &out);
		house_wait_session(&h, s, &out);
	}
	nomem_end();
	*ret = told_of(buf_view(&out));
	CHECK(!session_waiting(s));
	session_free(s);
	buf_free(&out);
	house_close(&h);
	return more;
}

/* A message goes on without its forged fields, or it does not go on: that is
 * told as a fault of ours, and not of the sender's (RFC 3463: 4.3.0). */
static void
every_allocation_fails(void)
{
	static const struct {
		const char *login, *config, *lines;
	} mail[] = {
	    {NULL, "", OURS SIGNED THEIRS OURS OURS},
	    {"ann", "", OURS SIGNED THEIRS OURS OURS},
	    {NULL, "domainkeys = true",
	        OURS SIGNED THEIRS OURS OURS
	        "%d=a.example; s=rsa; c=simple; h=from; b=@\n"},
	};

	struct logged log;

	logged_begin(&log);
	for (size_t i = 0; i < sizeof mail / sizeof mail[0]; i++) {
		unsigned put_off = 0, rounds = 0, no_memory = 0;
		const char *line;
		struct told o;
		struct buf message;
		struct house h;
		struct mta m;

		suite_row(mail[i].lines);
		house_open(&h, mail[i].config);
		buf_init(&message, 1 << 20);
		house_mail(&h, mail[i].lines, text, &message);
		house_connect(&h, &m, "192.0.2.1");
		m.abort_after = false;
		CHECK(
		    mta_message(&m, mail[i].login, buf_view(&message)) == 'a');
		logged_text(&log);
		for (long n = 0;
		     round_of(n, mail[i].config, buf_view(&m.sent), &o); n++) {
			rounds++;
			put_off += o.word != 'a';
			no_memory += o.no_memory;
			CHECK(o.word == 'a' || o.later || !o.negotiated);
			line = logged_text(&log);
			CHECK((strstr(line, ": tempfail ") != NULL) == o.later);
			CHECK(!o.later ||
			    suite_has(line, " reason=\"out of memory\""));
			CHECK(o.word != 'a' || o.deletions == 3);
			CHECK(o.word != 'a' ||
			    o.insertions == (mail[i].login == NULL));
		}
		CHECK(put_off > 0 || suite_under_valgrind());
		CHECK(put_off < rounds);
		CHECK((no_memory > 0) == (mail[i].login == NULL) ||
		    suite_under_valgrind());
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
	suite_row(NULL);
	logged_end(&log);
}

SUITE("verifier_whose", T(whose_mail), T(this_host), T(own_macros), T(ids),
    T(one_after_the_other), T(many_forged), T(no_room), T(the_mta_takes_none),
    T(beyond_what_is_kept), T(every_allocation_fails))

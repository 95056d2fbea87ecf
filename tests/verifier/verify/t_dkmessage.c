/* DomainKeys in a house that verifies: what stands in the field. */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "tests/support/house.h"
#include "tests/support/logged.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"
#include "verifier/counters.h"

#define ON "domainkeys = true\n"
#define DK "%a=rsa-sha1; d=a.example; s=rsa; c=nofws; q=dns; "
#define AT(s) "%a=rsa-sha1; d=a.example; s=" s "; c=nofws; q=dns; b=@\n"
#define GOOD DK "b=@\n"
#define BROKEN DK "b=AAAA\n"

/* All of the field: mail that DKIM says nothing of. */
#define NONE "dkim=none"
#define D " header.d=a.example"
#define FROM D " header.from=a.example"
#define SENDER D " header.sender=a.example"
#define KEY " (2048-bit key)"
#define PASS NONE "; domainkeys=pass" KEY FROM
#define SAYS(word, why) NONE "; domainkeys=" word " reason=\"" why "\""
#define NEUTRAL(why) SAYS("neutral", why)
#define FAIL SAYS("fail", "signature did not verify") KEY

#define BODY "To: ann@example.jp\r\nSubject: hello\r\n\r\nHello\r\n"

static const char text[] = "From: Joe <joe@a.example>\r\n" BODY;

#define RUN(table) \
	house_check_rows(table, sizeof table / sizeof table[0], ON, text)

/* --- the signature, and what it covers ------------------------------------ */

static const struct house_row signatures[] = {
    {"not wanted", GOOD, NONE, NULL, "", NULL},
    {"unsigned", "", NONE, NULL, NULL, NULL},
    {"good", GOOD, PASS, NULL, NULL, NULL},
    {"simple", "%d=a.example; s=rsa; c=simple; b=@\n", PASS, NULL, NULL, NULL},
    {"another signature", BROKEN, FAIL FROM, NULL, NULL, NULL},
    {"without h=, below it nothing may",
        "%d=a.example; s=rsa; c=nofws; b=@\n"
        "!X: this one is not signed\n",
        FAIL FROM, NULL, NULL, NULL},
    {"above it anything may stand",
        "!X: this one is not signed\n!Received: from x by y; z\n" GOOD, PASS,
        NULL, NULL, NULL},
    {"with h=, below it, too",
        DK "h=from:to; b=@\n!X: this one is not signed\n", PASS, NULL, NULL,
        NULL},
    {"h= of what is not there", DK "h=cc:from:x:to:bcc; b=@\n", PASS, NULL,
        NULL, NULL},
    {"h= in the order of h=", DK "h=subject:to:from; b=@\n", PASS, NULL, NULL,
        NULL},
    {"h= with blanks, in any case", DK "h=TO : \t From:subject; b=@\n", PASS,
        NULL, NULL, NULL},
    {"a field with a folded value, simple",
        "%d=a.example; s=rsa; c=simple; b=@\n", PASS, NULL, NULL,
        "From: joe@a.example\r\nX:  a \r\n\t b \r\n\r\n x \r\n\r\n"},
    {"a field with a folded value, nofws", GOOD, PASS, NULL, NULL,
        "From: joe@a.example\r\nX:  a \r\n\t b \r\n\r\n x \r\n \r\n"},
    {"no body", GOOD, PASS, NULL, NULL, "From: joe@a.example\r\n\r\n"},
    {"no body, simple", "%d=a.example; s=rsa; c=simple; b=@\n", PASS, NULL,
        NULL, "From: joe@a.example\r\n\r\n"},
    {"a body of empty lines", GOOD, PASS, NULL, NULL,
        "From: joe@a.example\r\n\r\n\r\n \r\n"},
    {"beside a pass of DKIM",
        "v=1; a=rsa-sha256; d=a.example; s=rsa; h=from:to; bh=@; b=@\n" GOOD,
        "dkim=pass" KEY " header.d=a.example header.i=@a.example "
        "header.a=rsa-sha256 header.s=rsa header.b=*; domainkeys=pass" KEY FROM,
        NULL, NULL, NULL},
    /* of DKIM it is no signature, nor the other way round */
    {"DKIM's alone",
        "v=1; a=rsa-sha256; d=a.example; s=rsa; h=from:to; bh=@; b=@\n",
        "dkim=pass" KEY " header.d=a.example header.i=@a.example "
        "header.a=rsa-sha256 header.s=rsa header.b=*",
        NULL, NULL, NULL},

    /* tags: all of them are in t_dksignature.c */
    {"a= of sha256", "%a=rsa-sha256; d=a.example; s=rsa; c=nofws; b=@\n",
        NEUTRAL("unknown algorithm in a=") FROM, NULL, NULL, NULL},
    {"no list of tags", "!DomainKey-Signature: x\n",
        NEUTRAL("a tag without '='") " header.from=a.example", NULL, NULL,
        NULL},
};

static void
what_is_signed(void)
{
	RUN(signatures);
}

/* --- whose it is ---------------------------------------------------------- */

static const struct house_row senders[] = {
    {"d= above the domain", GOOD,
        NONE "; domainkeys=pass" KEY D " header.from=b.a.example", NULL, NULL,
        "From: joe@B.A.example\r\n" BODY},
    {"d= below the domain", "%d=b.a.example; s=rsa; c=nofws; b=@\n",
        NEUTRAL("d= is not the sender's domain") " header.d=b.a.example "
                                                 "header.from=a.example",
        NULL, NULL, NULL},
    {"d= at no dot", GOOD,
        NEUTRAL("d= is not the sender's domain") D " header.from=evila.example",
        NULL, NULL, "From: joe@evila.example\r\n" BODY},
    {"d= in another case", "%d=A.Example; s=rsa; c=nofws; b=@\n", PASS, NULL,
        NULL, "From: joe@a.EXAMPLE\r\n" BODY},
    {"Sender comes first", GOOD, NONE "; domainkeys=pass" KEY SENDER, NULL,
        NULL, "From: joe@b.example\r\nSender: ann@a.example\r\n" BODY},
    {"Sender of a list", GOOD,
        NEUTRAL("d= is not the sender's domain") D
        " header.sender=list.example",
        NULL, NULL, "From: joe@a.example\r\nSender: l@list.example\r\n" BODY},
    {"the first of From", GOOD, PASS, NULL, NULL,
        "From: joe@a.example, eve@b.example\r\n" BODY},
    {"the second of From", GOOD,
        NEUTRAL("d= is not the sender's domain") D " header.from=b.example",
        NULL, NULL, "From: eve@b.example, joe@a.example\r\n" BODY},
    {"two in Sender", GOOD, NEUTRAL("the sender's address cannot be told") D,
        NULL, NULL,
        "From: joe@a.example\r\nSender: a@a.example, b@b.example\r\n" BODY},
    {"no From", GOOD, NEUTRAL("the sender's address cannot be told") D, NULL,
        NULL, BODY},
    {"no From, but a Sender", GOOD,
        NEUTRAL("the sender's address cannot be told") D, NULL, NULL,
        "Sender: joe@a.example\r\n" BODY},
    {"two From", GOOD, NEUTRAL("the sender's address cannot be told") D, NULL,
        NULL, "From: joe@a.example\r\nFrom: joe@a.example\r\n" BODY},
    {"two Sender", GOOD, NEUTRAL("the sender's address cannot be told") D, NULL,
        NULL,
        "From: joe@a.example\r\nSender: joe@a.example\r\n"
        "Sender: joe@a.example\r\n" BODY},
    {"From is no address", GOOD,
        NEUTRAL("the sender's address cannot be told") D, NULL, NULL,
        "From: Joe\r\n" BODY},
    {"Sender is no address", GOOD,
        NEUTRAL("the sender's address cannot be told") D, NULL, NULL,
        "From: joe@a.example\r\nSender: Joe\r\n" BODY},
    {"h= without From", DK "h=to:sender; b=@\n",
        NEUTRAL("the sender's field is not in h=") FROM, NULL, NULL, NULL},
    {"h= without Sender", DK "h=to:from; b=@\n",
        NEUTRAL("the sender's field is not in h=") SENDER, NULL, NULL,
        "Sender: joe@a.example\r\nFrom: joe@a.example\r\n" BODY},
    {"h= with Sender alone", DK "h=to:sender; b=@\n",
        NONE "; domainkeys=pass" KEY SENDER, NULL, NULL,
        "Sender: joe@a.example\r\nFrom: joe@a.example\r\n" BODY},
    {"From stands above", "!From: joe@a.example\n" GOOD,
        NEUTRAL("the sender's field is above the signature") FROM, NULL, NULL,
        BODY},
    {"Sender stands above", "!Sender: joe@a.example\n" GOOD,
        NEUTRAL("the sender's field is above the signature") SENDER, NULL, NULL,
        NULL},

    /* several */
    {"the topmost that fits", "%d=list.example; s=rsa; c=nofws; b=@\n" GOOD,
        PASS, NULL, NULL, NULL},
    {"of two that fit, too", BROKEN GOOD, FAIL FROM, NULL, NULL, NULL},
    {"of two that fit, the other way", GOOD BROKEN, FAIL FROM, NULL, NULL,
        NULL},
    {"behind junk", "!DomainKey-Signature: x\n" GOOD, PASS, NULL, NULL, NULL},
    {"none fits: the topmost",
        "!DomainKey-Signature: x\n"
        "%d=list.example; s=rsa; c=nofws; b=@\n",
        NEUTRAL("a tag without '='") " header.from=a.example", NULL, NULL,
        NULL},
    {"the last that is looked at",
        "!DomainKey-Signature: x\n!DomainKey-Signature: y\n" GOOD, PASS, NULL,
        ON "signatures = 3", NULL},
    {"one behind it", "!DomainKey-Signature: x\n!DomainKey-Signature: y\n" GOOD,
        SAYS("policy", "not evaluated") " header.from=a.example", NULL,
        ON "signatures = 2", NULL},
    {"as many as there may be", "!DomainKey-Signature: x\n",
        NEUTRAL("a tag without '='") " header.from=a.example", NULL,
        ON "signatures = 1", NULL},
};

static void
whose_it_is(void)
{
	RUN(senders);
}

/* --- the key -------------------------------------------------------------- */

#define X(record) "x._domainkey.a.example TXT \"" record "\"\n"
#define GRAN(g) X("g=" g "; k=rsa; p=$RSA")
#define WHOLE(address) NONE "; domainkeys=pass" KEY D " header.from=" address
#define NO_G NEUTRAL("g= of the key is not the sender") FROM
#define PERM(why) SAYS("permerror", why) FROM
#define TEMP(why) SAYS("temperror", why) FROM
#define SHORT512 \
	X("p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAPikzn9XJKfhyd5XYkMOSlqp+pbsCnW3" \
	  "WeQ508pxCuoz9gnTmLF4Q8aPH+yqMrZ0IqHzeDhBofDxfV6tYG6FJj8CAwEAAQ==")

static const struct house_row keys[] = {
    {"no name", AT("x"), PERM("no key"), NULL, NULL, NULL},
    {"no TXT", AT("x"), PERM("no key"), "x._domainkey.a.example A 192.0.2.1",
        NULL, NULL},
    {"SERVFAIL", AT("x"), TEMP("DNS has no answer for the key"),
        "x._domainkey.a.example TXT servfail", NULL, NULL},
    {"no memory for the question", AT("x"), TEMP("no answer from DNS in time"),
        "x._domainkey.a.example TXT nomem", NULL, NULL},
    {"revoked", AT("x"), PERM("key revoked"), X("p="), NULL, NULL},
    {"no p=", AT("x"), PERM("no valid key record"), X("k=rsa"), NULL, NULL},
    {"another kind", AT("x"), PERM("the key is not of the kind in a="),
        X("k=ed25519; p=$ED"), NULL, NULL},
    {"no kind at all", AT("x"), PERM("no valid key record"), X("k=dsa; p=$RSA"),
        NULL, NULL},
    {"no key in it", AT("x"), PERM("p= is no RSA key"), X("p=AAAA"), NULL,
        NULL},
    {"a record of DKIM", AT("x"), PASS, X("v=DKIM1; k=rsa; p=$RSA"), NULL,
        NULL},
    {"another v=", AT("x"), PERM("no valid key record"), X("v=DK1; p=$RSA"),
        NULL, NULL},
    {"h= without sha1", AT("x"), PERM("the key is not for sha1"),
        X("h=sha256; p=$RSA"), NULL, NULL},
    {"h= with sha1", AT("x"), PASS, X("h=sha256:sha1; p=$RSA"), NULL, NULL},
    {"s= without mail", AT("x"), PERM("the key is not for mail"),
        X("s=tlsrpt; p=$RSA"), NULL, NULL},
    {"t=s is DKIM's", GOOD,
        NONE "; domainkeys=pass" KEY D " header.from=b.a.example",
        "rsa._domainkey.a.example TXT \"t=s; p=$RSA\"", NULL,
        "From: joe@b.a.example\r\n" BODY},
    {"two records, the second is it", AT("x"), PASS,
        X("v=spf1 -all") X("p=$RSA"), NULL, NULL},
    {"two keys, the second is it", AT("x"), PASS, X("p=$WEAK") X("p=$RSA"),
        NULL, NULL},
    {"testing", AT("x"), NONE "; domainkeys=pass" KEY " (testing)" FROM,
        X("t=y; p=$RSA"), NULL, NULL},
    {"testing, and broken", "%d=a.example; s=x; c=nofws; b=AAAA\n",
        FAIL " (testing)" FROM, X("t=y; p=$RSA"), NULL, NULL},
    {"below the minimum", AT("weak"),
        SAYS("policy", "key too short") " (1024-bit key)" FROM, NULL,
        ON "domainkeys_min_bits = 1025", NULL},
    {"at the minimum", AT("weak"), NONE "; domainkeys=pass (1024-bit key)" FROM,
        NULL, NULL, NULL},
    {"minimum_bits is DKIM's", AT("weak"),
        NONE "; domainkeys=pass (1024-bit key)" FROM, NULL,
        ON "minimum_bits = 2048", NULL},
    {"512 bits", "%d=a.example; s=x; c=nofws; b=AAAA\n",
        SAYS("policy", "key too short") " (512-bit key)" FROM, SHORT512, NULL,
        NULL},
    {"512 bits may be", "%d=a.example; s=x; c=nofws; b=AAAA\n",
        SAYS("fail", "signature did not verify") " (512-bit key)" FROM,
        SHORT512, ON "domainkeys_min_bits = 512", NULL},

    /* g= */
    {"g= of nothing", AT("x"), PASS, GRAN(""), NULL, NULL},
    {"g=*", AT("x"), PASS, GRAN("*"), NULL, NULL},
    {"g= of the sender", AT("x"), WHOLE("joe@a.example"), GRAN("joe"), NULL,
        NULL},
    {"g= in another case", AT("x"), NO_G, GRAN("Joe"), NULL, NULL},
    {"g= of another", AT("x"), NO_G, GRAN("jo"), NULL, NULL},
    {"g= with a star", AT("x"), WHOLE("joe@a.example"), GRAN("j*e"), NULL,
        NULL},
    {"g= with a star for nothing", AT("x"), WHOLE("joe@a.example"),
        GRAN("jo*e"), NULL, NULL},
    {"g= with a star, too short", AT("x"), NO_G, GRAN("joe*e"), NULL, NULL},
    {"g= with a star, another end", AT("x"), NO_G, GRAN("j*o"), NULL, NULL},
    {"g= with a star, another head", AT("x"), NO_G, GRAN("o*e"), NULL, NULL},
    {"g=, and several senders", AT("x"), NO_G, GRAN("joe"), NULL,
        "From: joe@a.example, ann@a.example\r\n" BODY},
    {"g=, and a local part that is not shown", AT("x"), WHOLE("@a.example"),
        GRAN("j oe"), NULL, "From: \"j oe\"@a.example\r\n" BODY},
    {"g=, and broken", "%d=a.example; s=x; c=nofws; b=AAAA\n", FAIL FROM,
        GRAN("joe"), NULL, NULL},
};

static void
the_key(void)
{
	RUN(keys);
}

/* --- never for anything else ---------------------------------------------- */

#define DEAD "%d=a.example; s=dead; c=nofws; b=@\n"
#define REJECT ON "reject = {\"no-pass\", \"not-acceptable\"}\n"
#define DEFER ON "on_temperror = \"defer\"\n"

static void
counts_for_nothing(void)
{
	static const struct {
		const char *name, *lines, *config;
		char word;
	} row[] = {
	    {"a pass saves no mail", GOOD, REJECT, 'y'},
	    {"nor one of a key in test", AT("test"), REJECT, 'y'},
	    {"nor a temperror", DEAD, REJECT, 'y'},
	    {"a fail refuses none", BROKEN, ON, 'a'},
	    {"a temperror puts off none", DEAD, DEFER, 'a'},
	    {"nor beside a pass of DKIM",
	        DEAD "v=1; a=rsa-sha256; d=a.example; s=rsa; h=from:to; bh=@; "
	             "b=@\n",
	        REJECT "on_temperror = \"defer\"\n", 'a'},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct house h;
		struct buf message;
		struct mta m;

		suite_row(row[i].name);
		house_open(&h, row[i].config);
		house_zone(&h,
		    "dead._domainkey.a.example TXT servfail\n"
		    "test._domainkey.a.example TXT \"t=y; p=$RSA\"\n");
		buf_init(&message, 1 << 20);
		house_mail(&h, row[i].lines, text, &message);
		CHECK(house_deliver(&h, &m, buf_view(&message)) == row[i].word);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
	suite_row(NULL);
}

/* --- the log and the counters --------------------------------------------- */

static void
told(const char *lines, const char *config, const char *want)
{
	static const char head[] = " domainkeys=";
	const char *at;
	struct logged log;
	struct house h;
	struct buf message;
	struct mta m;

	logged_begin(&log);
	house_open(&h, config);
	buf_init(&message, 1 << 20);
	house_mail(&h, lines, text, &message);
	CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
	at = strstr(logged_line(&log), head);
	CHECK((at != NULL) == (want != NULL));
	if (at != NULL && want != NULL) {
		at += strlen(head);
		CHECK(strncmp(at, want, strlen(want)) == 0);
		CHECK(at[strlen(want)] == ' ');
	}
	mta_free(&m);
	buf_free(&message);
	house_close(&h);
	logged_end(&log);
}

static void
log_line(void)
{
	told(GOOD, "", NULL);
	told("", ON, NULL);
	told(GOOD, ON, "\"pass d=a.example s=rsa\"");
	told(BROKEN, ON,
	    "\"fail d=a.example s=rsa (signature did not verify)\"");
	told("!DomainKey-Signature: x\n", ON,
	    "\"neutral (a tag without \\\"=\\\")\"");
	/* mail of this house has none */
	told(GOOD, ON "trusted_networks = {\"192.0.2.0/24\"}", NULL);
}

/* One for each message that has such a signature, and none for DKIM. */
static void
counters(void)
{
	static const struct {
		const char *lines;
		enum dkim_result result; /* DKIM_NONE: not counted */
	} row[] = {{GOOD, DKIM_PASS}, {BROKEN, DKIM_FAIL},
	    {"!DomainKey-Signature: x\n", DKIM_NEUTRAL}, {"", DKIM_NONE}};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct stats *stats;
		struct house h;
		struct buf message;
		struct mta m;

		suite_row(row[i].lines);
		CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
		house_open(&h, ON);
		h.v.stats = stats_slot(stats, 0);
		buf_init(&message, 1 << 20);
		house_mail(&h, row[i].lines, text, &message);
		CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
		for (unsigned r = DKIM_NONE; r <= DKIM_PERMERROR; r++) {
			CHECK(stats_sum(stats, VERIFIER_DOMAINKEYS + r) ==
			    (r != DKIM_NONE && r == row[i].result));
			CHECK(stats_sum(stats, VERIFIER_DKIM + r) ==
			    (r == DKIM_NONE));
		}
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
		stats_free(stats);
	}
	suite_row(NULL);
}

/* --- any cutting ---------------------------------------------------------- */

/* The body in pieces, on a connection that had others before. */
static void
in_pieces(void)
{
	static const char body[] = "From: joe@a.example\r\n\r\n"
	                           " a  b\r\n\r\n \t\r\nc \r\n \r\n\r\n";
	static const char *const canon[] = {"nofws", "simple"};

	for (size_t i = 0; i < 2; i++) {
		char lines[200];
		struct house h;
		struct buf message;
		struct mta m;

		snprintf(lines, sizeof lines,
		    "%%d=a.example; s=rsa; c=%s; b=@\n", canon[i]);
		suite_row(canon[i]);
		house_open(&h, ON);
		buf_init(&message, 1 << 20);
		house_mail(&h, lines, body, &message);
		house_connect(&h, &m, "192.0.2.1");
		for (m.cut = 1; m.cut < 40; m.cut++) {
			CHECK(mta_message(&m, NULL, buf_view(&message)) == 'a');
			CHECK_STR(house_field(&h, &m), PASS);
			CHECK(mta_message(&m, NULL, span_str(text)) == 'a');
			CHECK_STR(house_field(&h, &m), NONE);
		}
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
	suite_row(NULL);
}

/* One question for both. */
static void
one_name(void)
{
	struct house h;
	struct buf message;
	struct mta m;

	house_open(&h, ON);
	buf_init(&message, 1 << 20);
	house_mail(&h,
	    "v=1; a=rsa-sha256; d=a.example; s=rsa; h=from; bh=@; b=@\n" GOOD,
	    text, &message);
	CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
	CHECK(
	    strstr(house_field(&h, &m), "; domainkeys=pass" KEY FROM) != NULL);
	CHECK(resolver_zone_asked_all(h.resolver) ==
	    HOUSE_SPF_QUESTIONS + HOUSE_DMARC_QUESTIONS + 1);
	mta_free(&m);
	buf_free(&message);
	house_close(&h);
}

/* One more than eleven signatures of DKIM have. */
static void
twelve_names(void)
{
	struct house h;
	struct buf lines, message;
	struct mta m;

	house_open(&h, ON "signatures = 11");
	buf_init(&lines, 1 << 20);
	buf_init(&message, 1 << 20);
	for (int i = 0; i < 11; i++)
		buf_fmt(&lines,
		    "v=1; a=rsa-sha256; d=a.example; s=n%d; h=from; bh=@; "
		    "b=@\n",
		    i);
	buf_str(&lines, GOOD);
	house_mail(&h, buf_text(&lines), text, &message);
	CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
	CHECK(
	    strstr(house_field(&h, &m), "; domainkeys=pass" KEY FROM) != NULL);
	mta_free(&m);
	buf_free(&lines);
	buf_free(&message);
	house_close(&h);
}

/* A key that does not come, and a message that is given up meanwhile. */
static void
no_answer(void)
{
	struct buf message;
	struct house h;
	struct mta m;

	house_open(&h, ON);
	resolver_zone_order(h.resolver, ZONE_HELD, 0);
	buf_init(&message, 1 << 20);
	house_mail(&h, GOOD, text, &message);
	CHECK(house_deliver(&h, &m, buf_view(&message)) == 0);
	CHECK(session_waiting(m.session));
	CHECK(mta_answer(&m, true) == 'a');
	CHECK_STR(house_field(&h, &m),
	    SAYS("temperror", "no answer from DNS in time") FROM);
	CHECK(mta_message(&m, NULL, buf_view(&message)) == 0);
	CHECK(resolver_zone_waiting(h.resolver) == HOUSE_SPF_QUESTIONS + 1);
	session_free(m.session);
	m.session = NULL;
	CHECK(resolver_zone_waiting(h.resolver) == 0);
	mta_free(&m);
	buf_free(&message);
	house_close(&h);
}

/* As many fields as a message may have, and names in h=: it is a result, no
 * trouble. */
static void
many_fields(void)
{
	for (size_t names = 0; names <= SIGNATURE_NAMES_MAX;
	     names += SIGNATURE_NAMES_MAX) {
		struct buf message;
		struct house h;
		struct mta m;

		house_open(&h, ON);
		buf_init(&message, 4 << 20);
		buf_str(&message,
		    "DomainKey-Signature: d=a.example; s=rsa; c=nofws; "
		    "b=AAAA");
		for (size_t i = 0; i < names; i++)
			buf_str(&message, i == 0 ? "; h=from" : ":x");
		buf_str(&message, "\r\nFrom: joe@a.example\r\n");
		for (size_t i = 2; i < MESSAGE_FIELDS_MAX; i++)
			buf_str(&message, "X: a\r\n");
		buf_str(&message, "\r\n");
		CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
		CHECK_STR(house_field(&h, &m), FAIL FROM);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
}

SUITE("dkmessage", T(what_is_signed), T(whose_it_is), T(the_key),
    T(counts_for_nothing), T(log_line), T(counters), T(in_pieces), T(one_name),
    T(twelve_names), T(no_answer), T(many_fields))

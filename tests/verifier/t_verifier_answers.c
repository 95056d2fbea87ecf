#include <stdio.h>
#include <string.h>

#include "tests/support/hashed.h"
#include "tests/support/house.h"
#include "tests/support/loop_fake.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"
#include "verifier/limits.h"

#define SIG(d, s) "v=1; a=rsa-sha256; d=" d "; s=" s "; h=from:to; bh=@; b=@\n"

/* Six signatures, five names, one of which is asked by two. */
static const char lines[] = SIG("a.example", "rsa") SIG("list.example", "rsa")
    SIG("a.example", "none") SIG("a.example", "bad") SIG("b.a.example",
        "rsa") "v=1; a=rsa-sha256; d=a.example; s=rsa; n=1; h=from:to; bh=@; "
               "b=@\n";

static const char text[] = "From: Joe <joe@a.example>\r\n"
                           "To: ann@example.jp\r\n"
                           "\r\n"
                           "Hello\r\n";

static const char zone[] = "b.example TXT cached\n"
                           "client.example TXT cached\n"
                           "bad._domainkey.a.example TXT servfail\n"
                           "quiet._domainkey.a.example TXT silent\n"
                           "quiet._domainkey.b.example TXT silent\n";

/* A message on its way; asks all that it asks. */
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
	house_zone(&w->h, zone);
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
	buf_free(&w->message);
	house_close(&w->h);
}

/* What the message is told. */
static char
wait_for_it(struct world *w)
{
	return house_wait(
	    &w->h, &w->m, mta_message(&w->m, NULL, buf_view(&w->message)));
}

/* Whatever the order, the results are the same. */
static void
every_order(void)
{
	char want[4096] = "";

	for (unsigned i = 0; i < 24; i++) {
		static const enum zone_order order[] = {
		    ZONE_READY, ZONE_TOGETHER, ZONE_ONE_BY_ONE, ZONE_REVERSED};
		struct world w;
		const char *got;

		begin(&w, "", i < 4 ? order[i] : ZONE_SHUFFLED, i, lines);
		CHECK(wait_for_it(&w) == 'a');
		got = house_field(&w.h, &w.m);
		if (i == 0)
			snprintf(want, sizeof want, "%s", got);
		CHECK_STR(got, want);
		end(&w);
	}
	CHECK(strncmp(want, "dkim=pass", 9) == 0);
	CHECK(strstr(want, "permerror reason=\"no key\"") != NULL);
	CHECK(strstr(want, "temperror") != NULL);
}

/* All at the end of the header, before the body comes; equal names once. */
static void
asked_at_once(void)
{
	struct world w;

	begin(&w, "", ZONE_HELD, 0, lines);
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	CHECK(resolver_zone_asked_all(w.h.resolver) ==
	    HOUSE_SPF_QUESTIONS + HOUSE_DMARC_QUESTIONS + 5);
	CHECK(resolver_zone_waiting(w.h.resolver) == 5);
	CHECK(session_wait_ms(w.m.session) == 10000);
	/* nothing is said before the last one is there */
	for (int i = 0; i < 4; i++) {
		CHECK(resolver_zone_deliver(w.h.resolver, 1) == 1);
		CHECK(!session_resumed(w.m.session));
	}
	CHECK(resolver_zone_deliver(w.h.resolver, 1) == 1);
	CHECK(session_resumed(w.m.session));
	CHECK(mta_answer(&w.m, false) == 'a');
	end(&w);
}

/* What needs no key is not asked for. */
static void
not_asked(void)
{
	static const char *const row[] = {
	    "v=1; a=rsa-sha256; d=a.example; s=x; x=1; h=from:to; bh=@; b=@",
	    "v=1; a=rsa-sha1; d=a.example; s=x; h=from:to; bh=@; b=@",
	    "v=1; a=rsa-sha256; d=a.example; s=x; h=to; bh=@; b=@",
	    "!DKIM-Signature: x",
	    "!X-A: b",
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct world w;

		suite_row(row[i]);
		begin(&w, "", ZONE_HELD, 0, row[i]);
		CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 'a');
		CHECK(resolver_zone_asked_all(w.h.resolver) ==
		    HOUSE_SPF_QUESTIONS + HOUSE_DMARC_QUESTIONS);
		end(&w);
	}
	suite_row(NULL);
}

/* Own mail is not asked for, either. */
static void
not_asked_for_own_mail(void)
{
	struct world w;

	begin(&w, "", ZONE_HELD, 0, lines);
	CHECK(mta_message(&w.m, "ann", buf_view(&w.message)) == 'a');
	CHECK(resolver_zone_asked_all(w.h.resolver) == 0);
	end(&w);
	begin(&w, "trusted_networks = {\"192.0.2.0/24\"}", ZONE_HELD, 0, lines);
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 'a');
	CHECK(resolver_zone_asked_all(w.h.resolver) == 0);
	end(&w);
}

/* One that never answers costs time_limit, and the others count. */
static void
silence(void)
{
	struct world w;
	const char *got;

	begin(&w, "time_limit = 3", ZONE_TOGETHER, 0,
	    SIG("a.example", "quiet") SIG("a.example", "rsa")
	        SIG("b.example", "quiet"));
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	CHECK(session_waiting(w.m.session));
	CHECK(session_wait_ms(w.m.session) == 3000);
	loop_fake_advance(w.h.loop, 2999);
	CHECK(!session_resumed(w.m.session));
	loop_fake_advance(w.h.loop, 1);
	CHECK(mta_answer(&w.m, true) == 'a');
	got = house_field(&w.h, &w.m);
	CHECK(strncmp(got, "dkim=pass (2048-bit key)", 24) == 0);
	CHECK(strstr(got,
	          "dkim=temperror reason=\"no answer from DNS in time\" "
	          "header.d=a.example header.i=@a.example "
	          "header.a=rsa-sha256 header.s=quiet") != NULL);
	CHECK(strstr(got,
	          "dkim=temperror reason=\"no answer from DNS in time\" "
	          "header.d=b.example") != NULL);
	/* what is late finds nobody */
	CHECK(resolver_zone_waiting(w.h.resolver) == 0);
	loop_fake_advance(w.h.loop, 60000);
	end(&w);
}

/* The time of the body counts: what is left of time_limit is waited for. */
static void
time_of_the_body(void)
{
	static const char macros[] = "Ei\0004AE0FA84398";

	for (unsigned took = 0; took <= 4000; took += 1000) {
		struct span body;
		struct world w;
		char r;

		begin(&w, "time_limit = 3", ZONE_HELD, 0,
		    SIG("a.example", "quiet"));
		/* all but the end: a message without it, as ABORT follows
		 * none */
		body = buf_view(&w.message);
		mta_send(&w.m, 'M', span_of("<a@b.example>", 14));
		mta_send(&w.m, 'R', span_of("<r@r.example>", 14));
		while (body.n > 0 && body.p[0] != '\r') {
			struct span line =
			    span_of(body.p, span_find(body, '\r'));
			size_t colon = span_find(line, ':');
			struct buf b;

			buf_init(&b, 100000);
			buf_add(&b, line.p, colon);
			buf_byte(&b, '\0');
			buf_span(&b, span_skip(line, colon + 1));
			buf_byte(&b, '\0');
			mta_send(&w.m, 'L', buf_view(&b));
			buf_free(&b);
			body = span_skip(body, line.n + 2);
		}
		mta_send(&w.m, 'N', span_of(NULL, 0));
		CHECK(resolver_zone_waiting(w.h.resolver) == 1);
		mta_send(&w.m, 'B', span_skip(body, 2));
		loop_fake_advance(w.h.loop, took);
		mta_send(&w.m, 'D', span_of(macros, sizeof macros));
		r = mta_send(&w.m, 'E', span_of(NULL, 0));
		if (took < 3000) {
			CHECK(r == 0 && session_waiting(w.m.session));
			CHECK(session_wait_ms(w.m.session) == 3000 - took);
		} else {
			CHECK(r == 'a' && !session_waiting(w.m.session));
			CHECK(strncmp(house_field(&w.h, &w.m), "dkim=temperror",
			          14) == 0);
		}
		end(&w);
	}
}

/* A message that is given up, or whose MTA goes, while it waits. */
static void
given_up(void)
{
	static const char from[] = "From\0 a@a.example";
	static const char signature[] =
	    "DKIM-Signature\0 v=1; a=rsa-sha256; d=a.example; s=rsa; "
	    "h=from; bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA";
	struct world w;

	/* the connection is lost, and closed */
	begin(&w, "", ZONE_HELD, 0, lines);
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	session_lost(w.m.session);
	session_free(w.m.session);
	w.m.session = NULL;
	CHECK(resolver_zone_waiting(w.h.resolver) == 0);
	CHECK(resolver_zone_deliver(w.h.resolver, 100) == 0);
	end(&w);
	/* the session goes without a word */
	begin(&w, "", ZONE_HELD, 0, lines);
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	CHECK(resolver_zone_waiting(w.h.resolver) == 5);
	session_free(w.m.session);
	w.m.session = NULL;
	CHECK(resolver_zone_waiting(w.h.resolver) == 0);
	CHECK(resolver_zone_deliver(w.h.resolver, 100) == 0);
	end(&w);
	/* ABORT before the end of the message, and another message */
	begin(&w, "", ZONE_HELD, 0, lines);
	mta_send(&w.m, 'M', span_of("<a@b.example>", 14));
	mta_send(&w.m, 'R', span_of("<r@r.example>", 14));
	mta_send(&w.m, 'L', span_of(from, sizeof from));
	mta_send(&w.m, 'L', span_of(signature, sizeof signature));
	mta_send(&w.m, 'N', span_of(NULL, 0));
	CHECK(resolver_zone_waiting(w.h.resolver) == 1);
	mta_send(&w.m, 'A', span_of(NULL, 0));
	CHECK(resolver_zone_waiting(w.h.resolver) == 0);
	CHECK(mta_message(&w.m, NULL, span_str(text)) == 'a');
	CHECK_STR(house_field(&w.h, &w.m), "dkim=none");
	end(&w);
}

/* Messages of a connection, each with its own questions. */
static void
two_messages(void)
{
	struct world w;

	begin(&w, "", ZONE_ONE_BY_ONE, 0, lines);
	for (int i = 0; i < 3; i++) {
		CHECK(wait_for_it(&w) == 'a');
		CHECK(strncmp(house_field(&w.h, &w.m), "dkim=pass", 9) == 0);
		CHECK(resolver_zone_waiting(w.h.resolver) == 0);
		CHECK(resolver_zone_asked(w.h.resolver,
		          "rsa._domainkey.a.example",
		          DNS_TXT) == (unsigned)i + 1);
	}
	end(&w);
}

/* A key of one message is not taken for that of another: what DNS says now
 * counts. */
static void
revoked_meanwhile(void)
{
	static const char sig[] = SIG("a.example", "k");
	struct world w;

	begin(&w, "", ZONE_READY, 0, sig);
	house_zone(&w.h, "k._domainkey.a.example TXT \"p=$RSA\"");
	CHECK(wait_for_it(&w) == 'a');
	CHECK(strncmp(house_field(&w.h, &w.m), "dkim=pass", 9) == 0);
	house_zone(&w.h, "k._domainkey.a.example TXT servfail");
	CHECK(wait_for_it(&w) == 'a');
	CHECK(strncmp(house_field(&w.h, &w.m), "dkim=temperror", 14) == 0);
	end(&w);
}

/* While DNS has much to do, as many names as are allowed, and one more. A name
 * that is asked anyway costs nothing, nor does a signature that needs no
 * key. */
static void
busy(void)
{
#define FIRST SIG("a.example", "rsa") SIG("b.a.example", "rsa")
#define OLD "v=1; a=rsa-sha256; d=a.example; s=q; x=1; h=from; bh=@; b=@\n"
#define AGAIN \
	"v=1; a=rsa-sha256; d=a.example; s=rsa; n=1; h=from:to; bh=@; b=@\n"
	static const struct {
		const char *name, *signatures;
		bool busy;
		unsigned asked;
		const char *end; /* of the field */
	} row[] = {
	    {"at it", FIRST SIG("list.example", "rsa"), true, 3, "b=*"},
	    {"one over it",
	        FIRST SIG("list.example", "rsa") SIG("x.example", "a"), true, 3,
	        "dkim=policy reason=\"not evaluated\" (1 more)"},
	    {"two over it",
	        SIG("y.example", "a") SIG("list.example", "rsa")
	            SIG("x.example", "a") FIRST,
	        true, 3, "dkim=policy reason=\"not evaluated\" (2 more)"},
	    {"not busy", FIRST SIG("list.example", "rsa") SIG("x.example", "a"),
	        false, 4, "header.s=a header.b=*"},
	    {"a name again", FIRST SIG("list.example", "rsa") AGAIN, true, 3,
	        "b=*"},
	    {"no name", FIRST SIG("list.example", "rsa") OLD, true, 3,
	        "header.s=q header.b=*"},
	};

	CHECK(QUESTIONS_BUSY_MAX == 3);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		/* HELO's SPF is for the log, and waits for better times */
		unsigned others =
		    HOUSE_SPF_QUESTIONS + HOUSE_DMARC_QUESTIONS - row[i].busy;
		struct world w;
		const char *got;

		suite_row(row[i].name);
		begin(&w, "", ZONE_TOGETHER, 0, row[i].signatures);
		resolver_zone_busy(w.h.resolver, row[i].busy);
		CHECK(wait_for_it(&w) == 'a');
		CHECK(resolver_zone_asked_all(w.h.resolver) ==
		    others + row[i].asked);
		got = house_field(&w.h, &w.m);
		CHECK(strncmp(got, "dkim=pass", 9) == 0);
		CHECK(strlen(got) > strlen(row[i].end));
		CHECK_STR(got + strlen(got) - strlen(row[i].end), row[i].end);
		end(&w);
	}
	suite_row(NULL);
}

/* --- the worker's own time ------------------------------------------------ */

/* Eleven signatures with as many l=, of each canonicalization in turn. */
static void
put_parts(struct buf *out)
{
	for (unsigned i = 0; i < RESULTS_MAX; i++)
		buf_fmt(out,
		    "v=1; a=%s; d=a.example; s=%s; c=relaxed/%s; l=%u; "
		    "h=from:to; bh=@; b=@\n",
		    i % 3 == 0 ? "ed25519-sha256" : "rsa-sha256",
		    i % 3 == 0 ? "ed" : "rsa",
		    i % 2 == 0 ? "relaxed" : "simple", 300000 + i);
}

/* The body is hashed once for each c=, however many signatures and l= there
 * are. */
static void
body_hashed_once(void)
{
	enum { BODY = 300000 + RESULTS_MAX + 5 };
	struct buf signatures, mail, message;
	struct house h;
	struct mta m;
	const char *got;
	size_t passed = 0;

	house_open(&h, "signatures = 11\npartial_body = \"pass\"");
	buf_init(&signatures, 1 << 20);
	buf_init(&mail, 1 << 20);
	buf_init(&message, 8 << 20);
	put_parts(&signatures);
	buf_str(&mail, "From: joe@a.example\r\nTo: b\r\n\r\n");
	for (size_t i = 0; i < BODY; i++)
		buf_byte(&mail, 'a');
	buf_str(&mail, "\r\n");
	house_mail(&h, buf_text(&signatures), buf_text(&mail), &message);
	hashed = 0;
	CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
	/* and eleven headers of less than 1 KB each */
	CHECK(hashed > 2 * 300000 && hashed < 2 * BODY + 11 * 1000);
	for (got = house_field(&h, &m);
	     (got = strstr(got, "dkim=pass")) != NULL; got++)
		passed++;
	CHECK(passed == RESULTS_MAX);
	mta_free(&m);
	buf_free(&signatures);
	buf_free(&mail);
	buf_free(&message);
	house_close(&h);
}

/* One signature a turn of the loop; another message is verified between two of
 * them, and has its own results. Early results need no turn. */
static void
one_a_turn(void)
{
	struct world w;
	struct mta other;
	struct buf message;
	char r;

	begin(&w, "", ZONE_READY, 0, lines);
	w.m.asks_again = false;
	buf_init(&message, 1 << 20);
	house_mail(&w.h, "!X: y\n!DKIM-Signature: b", text, &message);
	r = mta_message(&w.m, NULL, buf_view(&w.message));
	for (int turn = 1; turn < 6; turn++) {
		CHECK(r == 0);
		CHECK(session_waiting(w.m.session));
		CHECK(session_resumed(w.m.session));
		house_connect(&w.h, &other, "192.0.2.2");
		CHECK(mta_message(&other, NULL, buf_view(&message)) == 'a');
		CHECK(strncmp(house_field(&w.h, &other), "dkim=neutral", 12) ==
		    0);
		mta_free(&other);
		/* however late */
		r = mta_answer(&w.m, turn % 2 == 0);
	}
	CHECK(r == 'a');
	CHECK(strncmp(house_field(&w.h, &w.m), "dkim=pass", 9) == 0);
	buf_free(&message);
	end(&w);
}

/* The connection is lost, or goes, between two signatures; then nothing of it
 * is left, and what comes next has results of its own. */
static void
given_up_between(void)
{
	for (int turns = 0; turns < 5; turns++) {
		struct world w;
		struct mta other;

		begin(&w, "", ZONE_READY, 0, lines);
		w.m.asks_again = false;
		CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
		for (int i = 0; i < turns; i++)
			CHECK(mta_answer(&w.m, false) == 0);
		session_lost(w.m.session);
		CHECK(mta_answer(&w.m, false) == 0);
		session_free(w.m.session);
		w.m.session = NULL;
		house_connect(&w.h, &other, "192.0.2.2");
		CHECK(mta_message(&other, NULL, span_str(text)) == 'a');
		CHECK_STR(house_field(&w.h, &other), "dkim=none");
		mta_free(&other);
		end(&w);
	}
}

/* A message that waits for a silent server keeps no other one. */
static void
others_go_on(void)
{
	struct buf message;
	struct world w;
	struct mta other;

	begin(&w, "", ZONE_TOGETHER, 0, SIG("a.example", "quiet"));
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	buf_init(&message, 1 << 20);
	house_mail(&w.h, SIG("a.example", "rsa"), text, &message);
	house_connect(&w.h, &other, "192.0.2.2");
	CHECK(mta_message(&other, NULL, buf_view(&message)) == 0);
	loop_fake_turn(w.h.loop);
	CHECK(!session_resumed(w.m.session) && session_waiting(w.m.session));
	CHECK(session_resumed(other.session));
	CHECK(mta_answer(&other, false) == 'a');
	CHECK(strncmp(house_field(&w.h, &other), "dkim=pass", 9) == 0);
	mta_free(&other);
	buf_free(&message);
	end(&w);
}

/* An answer over KEY_ANSWER_MAX is not kept, and says what it was. */
static void
too_long(void)
{
	for (size_t i = 0; i < 2 * 3; i++) {
		enum zone_order order = i < 3 ? ZONE_TOGETHER : ZONE_READY;
		size_t pieces = 1 + i % 3;
		struct buf records;
		struct world w;
		const char *got;

		begin(&w, "", order, 0, SIG("a.example", "k"));
		buf_init(&records, 1 << 20);
		buf_str(&records, "k._domainkey.a.example TXT \"p=$RSA\"\n");
		for (size_t k = 1; k < pieces; k++)
			buf_fmt(&records,
			    "k._domainkey.a.example TXT \"n=%0*zu\"\n",
			    KEY_TEXT_MAX, k);
		house_zone(&w.h, buf_text(&records));
		CHECK(wait_for_it(&w) == 'a');
		got = house_field(&w.h, &w.m);
		CHECK(strstr(got,
		          pieces < 3 ? "dkim=pass"
		                     : "dkim=permerror reason=\"key record "
		                       "too long\"") == got);
		buf_free(&records);
		end(&w);
	}
}

/* Thousands of messages may stand in mid-body: an ordinary one, and what is
 * asked for it, fits into one block of the arena. */
static void
holds_little(void)
{
	struct world w;

	begin(&w, "", ZONE_HELD, 0, SIG("a.example", "rsa"));
	CHECK(mta_message(&w.m, NULL, buf_view(&w.message)) == 0);
	CHECK(session_held(w.m.session) > 4 * 1024);
	CHECK(session_held(w.m.session) < 8 * 1000);
	end(&w);
}

SUITE("verifier_answers", T(every_order), T(asked_at_once), T(not_asked),
    T(not_asked_for_own_mail), T(silence), T(time_of_the_body), T(given_up),
    T(two_messages), T(revoked_meanwhile), T(too_long), T(busy),
    T(body_hashed_once), T(one_a_turn), T(given_up_between), T(others_go_on),
    T(holds_little))

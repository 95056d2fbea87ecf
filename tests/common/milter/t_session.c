#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "tests/support/fixture.h"
#include "tests/support/mta.h"
#include "tests/support/suite.h"

/* A literal with its inner NULs, without the last one. */
#define S(text) text, sizeof(text) - 1

static const char config[] =
    "domain \"two.example\" {\n"
    " key \"r\" { file = \"@rsa.pem\" }\n"
    " key \"e\" { file = \"@ed.pem\" }\n}\n"
    "domain \"ed.example\" { key \"e\" { file = \"@ed.pem\" } }\n"
    "domain \"bad.example\" { key \"x\" { file = \"@none.pem\" } }\n";

/* --- negotiation -------------------------------------------------------- */

static void
negotiation(void)
{
	static const uint32_t all = SMFIP_NOHELO | SMFIP_NOUNKNOWN |
	    SMFIP_NODATA | SMFIP_SKIP | SMFIP_HDR_LEADSPC | SMFIP_NR_CONN |
	    SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |
	    SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_BODY;
	static const char lists[] = "0 j {daemon_name} {daemon_addr} "
	                            "{client_addr}\n"
	                            "2 i {auth_type} {auth_authen}\n"
	                            "3 i\n"
	                            "5 i\n";
	const struct {
		struct optneg offer;
		bool open;
		struct optneg agreed;
		const char *lists;
	} row[] = {
	    {{6, 0x1ff, 0x1fffff}, true, {6, 0x101, all}, lists},
	    {{7, 0x1ff, 0x1fffff}, true, {6, 0x101, all}, lists},
	    {{0xffffffff, 0xffffffff, 0xffffffff}, true, {6, 0x101, all},
	        lists},
	    {{6, 0xff, 0x1fffff}, true, {6, 0x1, all}, ""},
	    {{6, 0x100, 0x1fffff}, true, {6, 0x100, all}, lists},
	    {{6, 0, 0}, true, {6, 0, 0}, ""},
	    {{4, 0x3f, 0x3ff}, true, {4, 1, 0x382}, ""},
	    {{3, 0x3f, 0x1ff}, true, {3, 1, 0x182}, ""},
	    {{2, 0x3f, 0x7f}, true, {2, 1, 0x2}, ""},
	    {{1, 0x3f, 0x7f}, false, {0, 0, 0}, ""},
	    {{0, 0x1ff, 0x1fffff}, false, {0, 0, 0}, ""},
	};
	struct fixture f;
	struct mta m;

	fixture_make(&f, config);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		static char name[40];

		snprintf(name, sizeof name, "offer %zu", i);
		suite_row(name);
		mta_init(&m, &signer_ops, &f.signer);
		m.offer = row[i].offer;
		CHECK(mta_open(&m) == row[i].open);
		CHECK(session_over(m.session) != row[i].open);
		CHECK(m.agreed.version == row[i].agreed.version);
		CHECK(m.agreed.actions == row[i].agreed.actions);
		CHECK(m.agreed.protocol == row[i].agreed.protocol);
		if (row[i].open)
			CHECK_STR(buf_text(&m.lists), row[i].lists);
		mta_free(&m);
	}
	CHECK(suite_has(
	    fixture_logged(&f), "milter protocol version is too old"));
	fixture_free(&f);
}

/* --- signing ------------------------------------------------------------ */

static void
start(struct mta *m, struct fixture *f, const char *client)
{
	mta_init(m, &signer_ops, &f->signer);
	CHECK(mta_open(m));
	mta_connect(m, client);
}

/* Postfix without this bit or that, older than this version or that: the same
 * signature. */
static void
every_offer(void)
{
	static const uint32_t version[] = {2, 3, 4, 5, 6};
	struct fixture f;
	struct mta m;

	fixture_make(&f, config);
	for (unsigned i = 0; i < 5 * 44; i++) {
		unsigned bit = i % 44;
		uint32_t protocol = 0x1fffff;
		static char name[60];

		if (bit < 21)
			protocol &= ~(1U << bit);
		else if (bit < 42)
			protocol = 1U << (bit - 21);
		else if (bit == 42)
			protocol = 0;
		snprintf(name, sizeof name, "version %u, protocol %x",
		    version[i / 44], protocol);
		suite_row(name);
		mta_init(&m, &signer_ops, &f.signer);
		m.offer = (struct optneg){version[i / 44], 0x1ff, protocol};
		CHECK(mta_open(&m));
		mta_connect(&m, "127.0.0.1");
		for (int n = 0; n < 2; n++) {
			CHECK(mta_message(
			          &m, NULL, span_str(fixture_message)) == 'a');
			CU_ASSERT_FATAL(m.ninserted == 1);
			CHECK(
			    mta_verify(&m, 0, fixture_key(&f, "ed.example", 0),
			        &f.signer, span_str(fixture_message)) == 0);
		}
		mta_free(&m);
	}
	fixture_free(&f);
}

/* --- cutting ------------------------------------------------------------ */

/* The answers to all that m sent, cut otherwise, from a new session. Their
 * signatures are looked at one by one only where this is the whole message. */
static void
again(struct fixture *f, const struct mta *m, size_t first, size_t step,
    struct buf *out)
{
	struct mta n;

	mta_init(&n, &signer_ops, &f->signer);
	n.cut = 0;
	mta_feed(&n, span_of(m->sent.p, first));
	n.cut = step;
	mta_feed(&n, span_skip(buf_view(&m->sent), first));
	CHECK(n.rest.n == 0 && session_over(n.session));
	buf_clear(out);
	buf_span(out, buf_view(&n.out));
	mta_free(&n);
}

/* A signature is another one when the second of its t= is: t= and what stands
 * behind b= are blanked. */
static void
blank(struct buf *out)
{
	char *p = out->n == 0 ? NULL : memmem(out->p, out->n, "t=1", 3);

	CU_ASSERT_FATAL(p != NULL);
	memset(p + 2, '#', 10);
	p = memmem(p, (size_t)(out->p + out->n - p), "b=", 2);
	CU_ASSERT_FATAL(p != NULL && p[-1] != 'h');
	for (p += 2; *p != '\0'; p++)
		*p = '#';
}

static void
check_again(struct fixture *f, const struct mta *m, size_t first, size_t step,
    const struct buf *want)
{
	struct buf got;

	buf_init(&got, 1 << 20);
	again(f, m, first, step, &got);
	blank(&got);
	CHECK(span_eq(buf_view(&got), buf_view(want)));
	buf_free(&got);
}

static void
every_split(void)
{
	static const uint32_t protocol[] = {0x1fffff, 0};
	struct fixture f;
	struct buf want;
	struct mta m;

	fixture_make(&f, config);
	buf_init(&want, 1 << 20);
	for (int i = 0; i < 2; i++) {
		mta_init(&m, &signer_ops, &f.signer);
		m.offer.protocol = protocol[i];
		CHECK(mta_open(&m));
		mta_connect(&m, "127.0.0.1");
		mta_message(&m, NULL, span_str(fixture_message));
		CHECK(m.ninserted == 1);
		mta_message(&m, NULL, span_str(fixture_foreign));
		mta_send(&m, 'Q', span_of(NULL, 0));
		again(&f, &m, 0, 0, &want);
		CHECK(want.n > 300);
		blank(&want);
		for (size_t at = 0; at <= m.sent.n; at++)
			check_again(&f, &m, at, 0, &want);
		for (size_t step = 1; step < 20; step++)
			check_again(&f, &m, 0, step, &want);
		mta_free(&m);
	}
	buf_free(&want);
	fixture_free(&f);
}

/* A large body, in packets of 65,535 bytes and random cuts. */
static void
large_body(void)
{
	static const char header[] = "From: a@ed.example\r\n\r\n";
	struct fixture f;
	struct buf text;
	struct mta m;
	unsigned seed = 7;

	fixture_make(&f, config);
	buf_init(&text, 1 << 20);
	buf_str(&text, header);
	while (text.n < 400000)
		buf_fmt(&text, "%*d \t %d\r\n", rand_r(&seed) % 70, 1, seed);
	for (int i = 0; i < 20; i++) {
		start(&m, &f, "127.0.0.1");
		m.cut = 1 + (size_t)rand_r(&seed) % 100000;
		CHECK(mta_message(&m, NULL, buf_view(&text)) == 'a');
		CU_ASSERT_FATAL(m.ninserted == 1);
		CHECK(m.body_sent == text.n - strlen(header));
		CHECK(mta_verify(&m, 0, fixture_key(&f, "ed.example", 0),
		          &f.signer, buf_view(&text)) == 0);
		mta_free(&m);
	}
	buf_free(&text);
	fixture_free(&f);
}

/* --- the shape of a session --------------------------------------------- */

/* Goes to the state that the letter of session.c's table names. */
static void
go_to(struct mta *m, char state)
{
	static const char order[] = "rcmdhb";
	const char *end = strchr(order, state);

	for (const char *p = order; end != NULL && p <= end; p++) {
		switch (*p) {
		case 'r':
			mta_open(m);
			m->agreed.protocol &= ~(uint32_t)(SMFIP_NOHELO |
			    SMFIP_NODATA | SMFIP_NOUNKNOWN);
			break;
		case 'c':
			mta_send(m, 'C', span_of(S("h\0004\0\000127.0.0.1\0")));
			break;
		case 'm':
			mta_send(m, 'M', span_of(S("<>\0")));
			break;
		case 'd':
			mta_send(m, 'T', span_of(NULL, 0));
			break;
		case 'h':
			mta_send(m, 'L', span_of(S("From\0 a@ed.example\0")));
			break;
		case 'b':
			mta_send(m, 'N', span_of(NULL, 0));
			break;
		}
	}
}

static struct span
good_payload(char command)
{
	switch (command) {
	case 'O':
		return span_of(S("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"));
	case 'D':
		return span_of(S("Mi\0x\0"));
	case 'C':
		return span_of(S("h\0U"));
	case 'H':
	case 'U':
		return span_of(S("x\0"));
	case 'M':
	case 'R':
		return span_of(S("<a@b.example>\0"));
	case 'L':
		return span_of(S("X\0y\0"));
	case 'B':
		return span_of(S("body"));
	default:
		return span_of(NULL, 0);
	}
}

/* What may come in each state, and nothing else may. */
static void
order(void)
{
	static const char *const row[] = {"n"
	                                  "OQ",
	    "r"
	    "DCAKQ",
	    "c"
	    "DHMAUKQ",
	    "m"
	    "DHRTLNAUKQ",
	    "d"
	    "DLNAKQ",
	    "h"
	    "DLNAKQ",
	    "b"
	    "DBEAKQ"};
	struct fixture f;
	struct mta m;

	fixture_make(&f, config);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		for (const char *c = "ODCHMRTLNBEAUKQ"; *c != '\0'; c++) {
			bool may = strchr(row[i] + 1, *c) != NULL;
			static char name[20];

			snprintf(name, sizeof name, "%c in %c", *c, row[i][0]);
			suite_row(name);
			mta_init(&m, &signer_ops, &f.signer);
			go_to(&m, row[i][0]);
			CHECK(!session_over(m.session));
			fixture_logged(&f);
			if (*c == 'O')
				mta_open(&m);
			else
				mta_send(&m, *c, good_payload(*c));
			CHECK(session_over(m.session) == (!may || *c == 'Q'));
			if (may)
				CHECK(strstr(fixture_logged(&f), "order") ==
				    NULL);
			else
				CHECK(suite_has(fixture_logged(&f),
				    "disconnected reason="
				    "\"command out of order\""));
			mta_free(&m);
		}
	}
	fixture_free(&f);
}

/* Unreadable packets end the connection with one line, at any point of it. */
static void
malformed(void)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *log;
	} row[] = {
	    {S("\0\0\0\0"), "reason=\"packet of length 0\""},
	    {S("GET / HTTP/1.1\r\n"), "reason=\"packet is too long\""},
	    {S("\0\0\0\1z"), "reason=\"unknown command\" command=?"},
	    {S("\0\0\0\2Hx"), "reason=\"string without NUL\" command=HELO"},
	    {S("\0\0\0\2Ax"),
	        "reason=\"bytes after the payload\" "
	        "command=ABORT"},
	    {S("\0\0\0\5O\0\0\0\6"), "reason=\"OPTNEG is too short\""},
	};
	struct fixture f;
	const char *log;
	struct mta m;

	fixture_make(&f, config);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		for (const char *state = "nrcmdhb"; *state != '\0'; state++) {
			suite_row(row[i].log);
			mta_init(&m, &signer_ops, &f.signer);
			go_to(&m, *state);
			buf_clear(&m.out);
			fixture_logged(&f);
			mta_feed(&m, span_of(row[i].bytes, row[i].n));
			CHECK(session_over(m.session));
			CHECK(m.out.n == 0);
			log = fixture_logged(&f);
			CHECK(suite_has(log, row[i].log));
			CHECK(fixture_lines(log) == 1);
			/* nothing is read any more */
			CHECK(session_feed(m.session, span_of(S("\0\0\0\1Q")),
			          &m.out) == 0);
			mta_free(&m);
		}
	}
	fixture_free(&f);
}

/* Packet by packet: what m has sent since `from`. Returns where the next one
 * begins. */
static size_t
packet_end(const struct mta *m, size_t from)
{
	return from + 4 + frame_u32(m->sent.p + from);
}

/* ABORT behind each packet of an authenticated message: nothing of it may be
 * left in the next one, which nobody has authenticated. */
static void
abort_anywhere(void)
{
	struct fixture f;
	struct mta model, m;
	size_t from, at;

	fixture_make(&f, config);
	start(&model, &f, "192.0.2.1");
	from = model.sent.n;
	model.abort_after = false;
	mta_message(&model, "alice", span_str(fixture_message));
	CHECK(model.ninserted == 1);
	for (at = from; at < model.sent.n; at = packet_end(&model, at)) {
		start(&m, &f, "192.0.2.1");
		mta_feed(&m, span_of(model.sent.p + from, at - from));
		buf_clear(&m.out);
		mta_send(&m, 'A', span_of(NULL, 0));
		CHECK(!session_over(m.session));
		CHECK(session_idle(m.session));
		CHECK(mta_message(&m, NULL, span_str(fixture_message)) == 'a');
		CHECK(m.ninserted == 0);
		CHECK(mta_message(&m, "bob", span_str(fixture_message)) == 'a');
		CHECK(m.ninserted == 1);
		CHECK(mta_verify(&m, 0, fixture_key(&f, "ed.example", 0),
		          &f.signer, span_str(fixture_message)) == 0);
		mta_free(&m);
	}
	mta_free(&model);
	fixture_free(&f);
}

/* An MTA that says no ABORT between messages. */
static void
no_abort(void)
{
	struct fixture f;
	struct mta m;

	fixture_make(&f, config);
	start(&m, &f, "192.0.2.1");
	m.abort_after = false;
	mta_message(&m, "alice", span_str(fixture_message));
	CHECK(m.ninserted == 1);
	mta_message(&m, NULL, span_str(fixture_message));
	CHECK(m.ninserted == 0);
	/* macros of MAIL, and then MAIL did not come */
	mta_macros(&m, 'M', "{auth_type}", "PLAIN", NULL);
	mta_message(&m, NULL, span_str(fixture_message));
	CHECK(m.ninserted == 0);
	mta_free(&m);
	fixture_free(&f);
}

static void
quit_nc(void)
{
	struct fixture f;
	struct mta m;

	fixture_make(&f, config);
	start(&m, &f, "127.0.0.1");
	mta_message(&m, NULL, span_str(fixture_message));
	CHECK(m.ninserted == 1);
	mta_send(&m, 'K', span_of(NULL, 0));
	CHECK(!session_over(m.session));
	/* the next SMTP client, from outside */
	mta_connect(&m, "192.0.2.1");
	mta_message(&m, NULL, span_str(fixture_message));
	CHECK(m.ninserted == 0);
	mta_free(&m);
	fixture_free(&f);
}

/* sendmail may send the last piece of the body with the end of the message. */
static void
body_in_end(void)
{
	static const char text[] = "From: a@ed.example\r\n\r\none\r\ntwo\r\n";
	struct fixture f;
	struct mta m;

	fixture_make(&f, config);
	start(&m, &f, "127.0.0.1");
	mta_send(&m, 'M', span_of(S("<>\0")));
	mta_send(&m, 'L', span_of(S("From\0 a@ed.example\0")));
	mta_send(&m, 'N', span_of(NULL, 0));
	mta_send(&m, 'B', span_of(S("one\r")));
	m.ninserted = 0;
	CHECK(mta_send(&m, 'E', span_of(S("\ntwo\r\n"))) == 'a');
	CU_ASSERT_FATAL(m.ninserted == 1);
	CHECK(mta_verify(&m, 0, fixture_key(&f, "ed.example", 0), &f.signer,
	          span_of(S(text))) == 0);
	mta_free(&m);
	fixture_free(&f);
}

static void
time_and_end(void)
{
	struct fixture f;
	struct mta m;

	fixture_make(&f, config);
	mta_init(&m, &signer_ops, &f.signer);
	CHECK(session_timeout(m.session) == MILTER_PACKET_MS);
	go_to(&m, 'r');
	CHECK(session_timeout(m.session) == MILTER_FIRST_MS);
	CHECK(!session_begun(m.session));
	mta_feed(&m, span_of(S("\0\0\0")));
	CHECK(session_timeout(m.session) == MILTER_PACKET_MS);
	mta_free(&m);
	for (const char *state = "rcmdhb"; *state != '\0'; state++) {
		bool idle = *state == 'r' || *state == 'c';
		bool flows = *state == 'h' || *state == 'b';

		mta_init(&m, &signer_ops, &f.signer);
		go_to(&m, *state);
		CHECK(session_idle(m.session) == idle);
		CHECK(session_begun(m.session) == (*state != 'r'));
		CHECK(session_timeout(m.session) ==
		    (uint64_t)(flows        ? MILTER_PACKET_MS
		            : *state == 'r' ? MILTER_FIRST_MS
		                            : MILTER_COMMAND_MS));
		session_finish(m.session);
		CHECK(session_over(m.session) == idle);
		mta_send(&m, 'A', span_of(NULL, 0));
		CHECK(session_over(m.session));
		mta_free(&m);
	}
	/* finishing, a message is still brought to its end */
	start(&m, &f, "127.0.0.1");
	m.abort_after = false;
	mta_send(&m, 'M', span_of(S("<>\0")));
	session_finish(m.session);
	mta_send(&m, 'L', span_of(S("From\0 a@ed.example\0")));
	mta_send(&m, 'N', span_of(NULL, 0));
	m.ninserted = 0;
	CHECK(mta_send(&m, 'E', span_of(NULL, 0)) == 'a');
	CHECK(m.ninserted == 1 && session_over(m.session));
	mta_free(&m);
	/* time is up: one line */
	start(&m, &f, "127.0.0.1");
	fixture_logged(&f);
	session_break(m.session, "timeout");
	CHECK(session_over(m.session));
	CHECK(suite_has(fixture_logged(&f),
	    "disconnected reason=timeout after=CONNECT "
	    "client=127.0.0.1\n"));
	mta_free(&m);
	fixture_free(&f);
}

SUITE("session", T(negotiation), T(every_offer), T(every_split), T(large_body),
    T(order), T(malformed), T(abort_anywhere), T(no_abort), T(quit_nc),
    T(body_in_end), T(time_and_end))

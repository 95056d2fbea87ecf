#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/evp.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/milter/session.h"
#include "signer/counters.h"
#include "signer/limits.h"
#include "signer/sign/hdrsel.h"
#include "tests/support/fixture.h"
#include "tests/support/loop_fake.h"
#include "tests/support/mta.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"

/* A literal with its inner NULs, without the last one. */
#define S(text) text, sizeof(text) - 1

/* Stand before OpenSSL's own. */
static const char *broken = "";

int
EVP_DigestSign(EVP_MD_CTX *c, unsigned char *signature, size_t *n,
    const unsigned char *text, size_t size)
{
	return strcmp(broken, "sign") != 0 &&
	    NOMEM_NEXT(EVP_DigestSign)(c, signature, n, text, size);
}

int
EVP_DigestVerify(EVP_MD_CTX *c, const unsigned char *signature, size_t n,
    const unsigned char *text, size_t size)
{
	return strcmp(broken, "verify") != 0 &&
	    NOMEM_NEXT(EVP_DigestVerify)(c, signature, n, text, size);
}

/* Stand before those of libc: how often the addresses were read, and what it
 * gave. */
static unsigned reads;
static int reads_fail; /* errno */

int
getifaddrs(struct ifaddrs **ret)
{
	reads++;
	errno = reads_fail;
	*ret = NULL;
	return reads_fail == 0 ? 0 : -1;
}

void
freeifaddrs(struct ifaddrs *list)
{
	(void)list;
}

static const char config[] =
    "signer { on_bad_key = \"unsigned\" }\n"
    "domain \"two.example\" {\n"
    " key \"r\" { file = \"@rsa.pem\" }\n"
    " key \"e\" { file = \"@ed.pem\" }\n}\n"
    "domain \"ed.example\" { key \"e\" { file = \"@ed.pem\" } }\n"
    "domain \"bad.example\" { key \"x\" { file = \"@none.pem\" } }\n";

static const char two_message[] =
    "From: alice@two.example\r\nSubject: t\r\n\r\nhi\r\n";

static void
start(struct mta *m, struct fixture *f, const char *client)
{
	mta_init(m, &signer_ops, &f->signer);
	CHECK(mta_open(m));
	mta_connect(m, client);
}

static void
signs(void)
{
	struct fixture f;
	const char *log;
	struct mta m;

	fixture_make(&f, config);
	start(&m, &f, "127.0.0.1");
	CHECK(mta_message(&m, NULL, span_of(S(two_message))) == 'a');
	CU_ASSERT_FATAL(m.ninserted == 2);
	for (size_t i = 0; i < 2; i++) {
		CHECK(m.inserted[i].index == 0);
		CHECK_STR(m.inserted[i].name, "DKIM-Signature");
		CHECK(m.inserted[i].value.p[0] == ' ');
		/* the first key of the config is inserted last: on top */
		CHECK(mta_verify(&m, i, fixture_key(&f, "two.example", 1 - i),
		          &f.signer, span_of(S(two_message))) == 0);
	}
	log = fixture_logged(&f);
	CHECK(fixture_lines(log) == 1);
	CHECK(suite_has(log,
	    "signed queue_id=4AE0FA84398 client=127.0.0.1 "
	    "domain=two.example "
	    "selectors=r,e algorithms=rsa-sha256,ed25519-sha256 "
	    "bytes="));
	CHECK(suite_has(log, " ms="));
	CHECK(mta_message(&m, "al", span_str(fixture_message)) == 'a');
	CHECK(m.ninserted == 1);
	CHECK(mta_verify(&m, 0, fixture_key(&f, "ed.example", 0), &f.signer,
	          span_str(fixture_message)) == 0);
	CHECK(suite_has(fixture_logged(&f), " user=al "));
	mta_send(&m, 'Q', span_of(NULL, 0));
	CHECK(session_over(m.session));
	CHECK_STR(fixture_logged(&f), "");
	mta_free(&m);
	fixture_free(&f);
}

/* --- this host ------------------------------------------------------------ */

/* As own_read() would leave it; signer_free() frees it. */
static void
set_own(struct fixture *f)
{
	static const char *const text[] = {"192.0.2.1", "2001:db8::25"};
	struct own *o = &f->signer.own;

	o->v = calloc(2, sizeof *o->v);
	CU_ASSERT_FATAL(o->v != NULL);
	for (; o->n < 2; o->n++)
		CHECK(ip_parse(span_str(text[o->n]), &o->v[o->n]) == 0);
}

/* A client with an address of this host is internal if Postfix is on this host,
 * too: strangers come to one in a container from such an address. */
static void
this_host(void)
{
	static const struct {
		const char *client, *server;
		bool signs;
	} row[] = {
	    {"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "2001:db8::25", true},
	    {"2001:db8::25", "IPv6:2001:db8::25", true},
	    {"192.0.2.1", "172.17.0.2", false},
	    {"192.0.2.1", "0.0.0.0", false},
	    {"192.0.2.1", NULL, false},
	    {"192.0.2.2", "192.0.2.1", false},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct fixture f;
		struct mta m;

		suite_row(row[i].server);
		fixture_make(&f, config);
		set_own(&f);
		start(&m, &f, row[i].client);
		if (row[i].server != NULL)
			mta_macros(
			    &m, 'C', "{daemon_addr}", row[i].server, NULL);
		mta_message(&m, NULL, span_str(fixture_message));
		CHECK(m.ninserted == row[i].signs);
		mta_free(&m);
		fixture_free(&f);
	}
	suite_row(NULL);
}

/* The addresses of this host are read at the start and each minute, not for a
 * message; one line says when they cannot be. */
static void
own_addresses(void)
{
	static const char line[] =
	    "own_addresses reason=\"Address family not supported by protocol\"";
	struct fixture f;
	struct loop *l;
	struct mta m;

	CHECK(OWN_REFRESH_MS == 60000);
	fixture_make(&f, config);
	CU_ASSERT_FATAL(loop_new(&l) == 0);
	reads = 0;
	reads_fail = EAFNOSUPPORT;
	CHECK(own_watch(&f.signer.own, l) == 0);
	CHECK(reads == 1);
	CHECK(suite_has(fixture_logged(&f), line));
	loop_fake_advance(l, OWN_REFRESH_MS - 1);
	CHECK(reads == 1);
	loop_fake_advance(l, 1);
	CHECK(reads == 2);
	CHECK_STR(fixture_logged(&f), "");
	start(&m, &f, "127.0.0.1");
	mta_message(&m, NULL, span_str(fixture_message));
	mta_free(&m);
	CHECK(reads == 2);
	reads_fail = 0;
	loop_fake_advance(l, OWN_REFRESH_MS);
	reads_fail = EAFNOSUPPORT;
	CHECK(reads == 3);
	fixture_logged(&f);
	loop_fake_advance(l, OWN_REFRESH_MS);
	CHECK(reads == 4);
	CHECK(suite_has(fixture_logged(&f), line));
	reads_fail = 0;
	fixture_free(&f);
	loop_free(l);
}

/* The notice says what would make the client internal; the line is as the
 * config has it. */
static void
mends(void)
{
	static const struct {
		const char *hosts, *line;
	} row[] = {
	    {"", "internal_hosts = {127.0.0.1, ::1, this-host, 192.0.2.9}"},
	    {"signer {\n internal_hosts = {x.example} }\n",
	        "internal_hosts = {x.example, 192.0.2.9}"},
	    {"signer {\n internal_hosts = {\"!10.1.1.1\", \"10.0.0.0/8\"} }\n",
	        "internal_hosts = {\\\"!10.1.1.1\\\", \\\"10.0.0.0/8\\\", "
	        "192.0.2.9}"},
	};
	char text[1000], want[600];

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct fixture f;
		const char *log;
		struct mta m;

		suite_row(row[i].line);
		snprintf(text, sizeof text,
		    "%sdomain \"ed.example\" { key \"e\" { file = "
		    "\"@ed.pem\" } }\n",
		    row[i].hosts);
		fixture_make(&f, text);
		start(&m, &f, "192.0.2.9");
		mta_message(&m, NULL, span_str(fixture_message));
		log = fixture_logged(&f);
		snprintf(want, sizeof want,
		    "%s: signer.internal_hosts: if the client is yours: %s\"",
		    row[i].hosts[0] == '\0' ? "" : ":2", row[i].line);
		CHECK(suite_has(log, want));
		mta_free(&m);
		fixture_free(&f);
	}
	suite_row(NULL);
}

/* A verifier of ours that always said yes would make the other tests empty. */
static void
verifier_notices(void)
{
	char text[1000];
	struct fixture f;
	struct mta m;

	fixture_make(&f, config);
	start(&m, &f, "127.0.0.1");
	mta_message(&m, NULL, span_str(fixture_message));
	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof text, "%s", fixture_message);
		*strstr(text, i == 0 ? "Alice" : "world") = 'X';
		CHECK(mta_verify(&m, 0, fixture_key(&f, "ed.example", 0),
		          &f.signer, span_str(text)) != 0);
	}
	mta_free(&m);
	fixture_free(&f);
}

/* --- signed before -------------------------------------------------------- */

/* A field as an MTA relays it. */
static void
put_signature(struct buf *text, const struct mta_inserted *f)
{
	buf_str(text, "DKIM-Signature:");
	for (size_t i = 0; i < f->value.n; i++) {
		if (f->value.p[i] == '\n')
			buf_byte(text, '\r');
		buf_byte(text, f->value.p[i]);
	}
	buf_str(text, "\r\n");
}

/* The message with these of the signatures that it was given ('0' and '1'), and
 * with forged ones ('f'), top first. */
static void
put_signed(struct buf *text, const struct mta *m, const char *which)
{
	const char *b =
	    memmem(m->inserted[0].value.p, m->inserted[0].value.n, "\tb=", 3);
	struct mta_inserted forged = m->inserted[0];

	CU_ASSERT_FATAL(b != NULL);
	forged.value.n = (size_t)(b - forged.value.p) + 3;
	buf_clear(text);
	for (; *which != '\0'; which++) {
		if (*which != 'f') {
			put_signature(text, &m->inserted[*which - '0']);
			continue;
		}
		/* d=, s=, h= and bh= as they should be, and another b= */
		put_signature(text, &forged);
		text->n -= 2;
		buf_str(text, "AAAA\r\n");
	}
}

/* What is there and verifies is not made again; what only looks like it is. */
static void
signed_before(void)
{
	static const struct {
		const char *there, *from, *to; /* what a filter has changed */
		size_t added;
	} row[] = {
	    {"01", "", "", 0},
	    {"10", "", "", 0},
	    {"1", "", "", 1},
	    {"0", "", "", 1},
	    {"10", "Subject: t", "Subject: u", 2},
	    {"10", "hi", "ho", 2},
	    {"10", "\r\nhi", "X-Filter: seen\r\n\r\nhi", 0},
	    {"f", "", "", 2},
	    {"f1", "", "", 1},
	    {"f10", "", "", 0},
	    {"1ff0", "", "", 1},
	    {"ff10", "", "", 1},
	};
	struct fixture f;
	struct mta first, m;
	struct buf text;
	const char *log;

	fixture_make(&f, config);
	buf_init(&text, 1 << 16);
	start(&first, &f, "127.0.0.1");
	mta_message(&first, NULL, span_of(S(two_message)));
	CU_ASSERT_FATAL(first.ninserted == 2);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const char *at = strstr(two_message, row[i].from);

		suite_row(row[i].there);
		put_signed(&text, &first, row[i].there);
		buf_add(&text, two_message, (size_t)(at - two_message));
		buf_str(&text, row[i].to);
		buf_str(&text, at + strlen(row[i].from));
		start(&m, &f, "127.0.0.1");
		fixture_logged(&f);
		CHECK(mta_message(&m, NULL, buf_view(&text)) == 'a');
		CHECK(m.ninserted == row[i].added);
		log = fixture_logged(&f);
		CHECK(fixture_lines(log) == 1);
		CHECK(suite_has(log,
		    row[i].added > 0
		        ? "signed queue_id=4AE0FA84398 client=127.0.0.1 domain="
		        : "unsigned queue_id=4AE0FA84398 "
		          "client=127.0.0.1 from=two.example "
		          "reason=\"our signature is there "
		          "already\" daemon=smtpd"));
		mta_free(&m);
	}
	mta_free(&first);
	buf_free(&text);
	fixture_free(&f);
}

/* That of another canonicalization of the body cannot be verified here. */
static void
signed_otherwise_before(void)
{
	struct fixture f, g;
	struct mta first, m;
	struct buf text;

	fixture_make(&g,
	    "signer { canonicalization = \"simple/simple\" }\n"
	    "domain \"ed.example\" { key \"e\" { file = \"@ed.pem\" } }\n");
	buf_init(&text, 1 << 16);
	start(&first, &g, "127.0.0.1");
	mta_message(&first, NULL, span_str(fixture_message));
	CU_ASSERT_FATAL(first.ninserted == 1);
	put_signed(&text, &first, "0");
	buf_str(&text, fixture_message);
	start(&m, &g, "127.0.0.1");
	mta_message(&m, NULL, buf_view(&text));
	CHECK(m.ninserted == 0);
	mta_free(&m);
	fixture_make(&f, config);
	start(&m, &f, "127.0.0.1");
	mta_message(&m, NULL, buf_view(&text));
	CHECK(m.ninserted == 1);
	mta_free(&m);
	fixture_free(&f);
	mta_free(&first);
	fixture_free(&g);
	buf_free(&text);
}

/* Simple canonicalization needs the value as it was. Without LEADSPC the MTA
 * has taken a space off, if there was one: then only relaxed is sure to be
 * right. */
static void
simple_canonicalization(void)
{
	struct fixture f;
	struct mta m;

	fixture_make(&f,
	    "signer { canonicalization = \"simple/simple\" }\n"
	    "domain \"ed.example\" { key \"e\" { file = \"@ed.pem\" } }\n");
	for (int leadspc = 0; leadspc < 2; leadspc++) {
		mta_init(&m, &signer_ops, &f.signer);
		if (!leadspc)
			m.offer.protocol &= ~(uint32_t)SMFIP_HDR_LEADSPC;
		CHECK(mta_open(&m));
		mta_connect(&m, "::1");
		mta_message(&m, NULL, span_str(fixture_message));
		CU_ASSERT_FATAL(m.ninserted == 1);
		CHECK(m.inserted[0].value.p[0] == ' ');
		CHECK(m.inserted[0].value.p[1] != ' ');
		CHECK((memmem(m.inserted[0].value.p, m.inserted[0].value.n,
		           "c=simple/simple;", 16) != NULL) == (leadspc != 0));
		CHECK(mta_verify(&m, 0, fixture_key(&f, "ed.example", 0),
		          &f.signer, span_str(fixture_message)) == 0);
		mta_free(&m);
	}
	fixture_free(&f);
}

static void
reasons(void)
{
	static const struct {
		const char *client, *login, *text, *log;
	} row[] = {
	    {"192.0.2.1", NULL, fixture_message,
	        "unsigned queue_id=4AE0FA84398 client=192.0.2.1 "
	        "from=ed.example reason=\"client 192.0.2.1 is "
	        "not internal and not authenticated\""},
	    {"2001:db8::7", NULL, fixture_message, "client=2001:db8::7"},
	    {"127.0.0.1", NULL, fixture_foreign,
	        "from=elsewhere.example "
	        "reason=\"no key for elsewhere.example\""},
	    {"127.0.0.1", NULL, "Subject: x\r\n\r\nhi\r\n",
	        " reason=\"no From field\" daemon"},
	    {"192.0.2.1", "al", "From: a@bad.example\r\n\r\n",
	        "user=al from=bad.example reason=\"a key for bad.example "
	        "cannot be used (test.conf:7)\""},
	    {"127.0.0.1", NULL, "\r\nhi\r\n", "reason=\"no From field\""},
	    {"127.0.0.1", NULL,
	        "From: a@ed.example\r\nFrom: b@ed.example\r\n\r\n",
	        "reason=\"several From fields\""},
	    {"127.0.0.1", NULL, "From: a@ed.example\r\nTo: x\ry\r\n\r\n",
	        "reason=\"a header field cannot arrive as it is\""},
	};
	struct fixture f;
	const char *log;
	struct mta m;

	fixture_make(&f, config);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].log);
		start(&m, &f, row[i].client);
		CHECK(mta_message(&m, row[i].login, span_str(row[i].text)) ==
		    'a');
		CHECK(m.ninserted == 0);
		CHECK(!session_over(m.session));
		/* the MTA keeps the body of what is not signed */
		CHECK(m.body_sent == 0);
		log = fixture_logged(&f);
		CHECK(suite_has(log, row[i].log));
		CHECK(fixture_lines(log) == 1);
		mta_free(&m);
	}
	/* authenticated is enough */
	start(&m, &f, "192.0.2.1");
	mta_message(&m, "alice", span_str(fixture_message));
	CHECK(m.ninserted == 1);
	mta_free(&m);
	fixture_free(&f);
}

static void
no_header_may_be_added(void)
{
	struct fixture f;
	struct mta m;

	fixture_make(&f, config);
	mta_init(&m, &signer_ops, &f.signer);
	m.offer.actions = 0x1fe;
	CHECK(mta_open(&m));
	mta_connect(&m, "127.0.0.1");
	CHECK(mta_message(&m, NULL, span_str(fixture_message)) == 'a');
	CHECK(m.ninserted == 0);
	CHECK(suite_has(
	    fixture_logged(&f), "the MTA does not let us add header fields"));
	mta_free(&m);
	fixture_free(&f);
}

static void
bad_key_tempfail(void)
{
	static const uint32_t protocol[] = {
	    0x1fffff, 0x1fffff & ~(uint32_t)SMFIP_NR_BODY, 0};
	static const char text[] = "From: a@bad.example\r\n\r\n";
	static char body[200000];
	struct fixture f;
	struct buf b;
	struct mta m;

	fixture_make(&f,
	    "signer { on_bad_key = \"tempfail\" }\n"
	    "domain \"bad.example\" { key \"x\" { file = \"@none.pem\" } }\n");
	buf_init(&b, 1 << 20);
	buf_str(&b, text);
	memset(body, 'x', sizeof body);
	buf_add(&b, body, sizeof body);
	for (int i = 0; i < 3; i++) {
		mta_init(&m, &signer_ops, &f.signer);
		m.offer.protocol = protocol[i];
		CHECK(mta_open(&m));
		mta_connect(&m, "127.0.0.1");
		CHECK(mta_message(&m, NULL, buf_view(&b)) == 'y');
		/* SKIP spares the rest of a body, where it may be said */
		CHECK(m.body_sent == (i == 1 ? 65535 : sizeof body));
		CHECK(suite_has(fixture_logged(&f),
		    "tempfail queue_id=4AE0FA84398 client=127.0.0.1 "
		    "from=bad.example "
		    "reason=\"a key for bad.example cannot be used "
		    "(test.conf:2)\""));
		/* the connection goes on */
		CHECK(mta_message(&m, NULL, span_str(fixture_foreign)) == 'a');
		mta_free(&m);
	}
	buf_free(&b);
	fixture_free(&f);
}

static void
limits(void)
{
	static const struct {
		size_t fields, size;
		const char *log;
	} row[] = {
	    {MESSAGE_FIELDS_MAX - 1, 10, "signed"},
	    {MESSAGE_FIELDS_MAX, 10, "too many header fields"},
	    {20, MESSAGE_HEADERS_MAX / 20 - 10, "signed"},
	    {20, MESSAGE_HEADERS_MAX / 20, "the header is too large"},
	};
	struct fixture f;
	const char *log;
	struct buf text;
	struct mta m;

	fixture_make(&f, config);
	buf_init(&text, 4 << 20);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].log);
		buf_clear(&text);
		buf_str(&text, "From: a@ed.example\r\n");
		for (size_t n = 0; n < row[i].fields; n++)
			buf_fmt(&text, "X-Y:%0*d\r\n", (int)row[i].size, 7);
		buf_str(&text, "\r\nbody\r\n");
		start(&m, &f, "127.0.0.1");
		CHECK(mta_message(&m, NULL, buf_view(&text)) == 'a');
		CHECK(
		    (m.ninserted == 1) == (strcmp(row[i].log, "signed") == 0));
		if (m.ninserted == 1)
			CHECK(
			    mta_verify(&m, 0, fixture_key(&f, "ed.example", 0),
			        &f.signer, buf_view(&text)) == 0);
		log = fixture_logged(&f);
		CHECK(suite_has(log, row[i].log));
		CHECK(fixture_lines(log) == 1);
		/* the next message is an ordinary one again */
		mta_message(&m, NULL, span_str(fixture_message));
		CHECK(m.ninserted == 1);
		fixture_logged(&f);
		mta_free(&m);
	}
	buf_free(&text);
	fixture_free(&f);
}

/* A key that is found to be none when it signs: on_bad_key decides. */
static void
key_does_not_work(void)
{
	static const char text[] = "From: a@twisted.example\r\n\r\nhi\r\n";
	static const char *const settings[] = {"unsigned", "tempfail"};
	char conf[400];
	struct fixture f;
	const char *log;
	struct mta m;

	for (int i = 0; i < 2; i++) {
		suite_row(settings[i]);
		snprintf(conf, sizeof conf,
		    "signer { on_bad_key = \"%s\" }\n"
		    "domain \"twisted.example\" {\n"
		    " key \"x\" { file = \"@twisted.pem\" }\n}\n",
		    settings[i]);
		fixture_make(&f, conf);
		CHECK(f.keys->bad == 0);
		start(&m, &f, "127.0.0.1");
		CHECK(mta_message(&m, NULL, span_of(S(text))) ==
		    (i == 0 ? 'a' : 'y'));
		CHECK(m.ninserted == 0);
		log = fixture_logged(&f);
		CHECK(suite_has(log, settings[i]));
		CHECK(suite_has(log,
		    "reason=\"a key for twisted.example cannot be used\""));
		CHECK(suite_has(log, "/twisted.pem daemon=smtpd"));
		mta_free(&m);
		fixture_free(&f);
	}
}

/* While one key is good it signs, whatever on_bad_key says, and each line tells
 * of the other: one that cannot be read, and one that fails when it signs. */
static void
one_key_good(void)
{
	static const char message[] = "From: a@x.example\r\n\r\nhi\r\n";
	static const char *const bad[] = {"none", "garbage", "twisted"};
	char conf[400];
	struct fixture f;
	struct stats *stats;
	struct buf again;
	const char *log;
	struct mta m;

	buf_init(&again, 1 << 16);
	for (int i = 0; i < 6; i++) {
		suite_row(bad[i / 2]);
		snprintf(conf, sizeof conf,
		    "domain \"x.example\" {\n"
		    " key \"%c\" { file = \"@%s.pem\" }\n"
		    " key \"%c\" { file = \"@%s.pem\" }\n}\n",
		    i % 2 ? 'b' : 'g', i % 2 ? bad[i / 2] : "ed",
		    i % 2 ? 'g' : 'b', i % 2 ? "ed" : bad[i / 2]);
		fixture_make(&f, conf);
		CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
		f.signer.stats = stats_slot(stats, 0);
		start(&m, &f, "127.0.0.1");
		CHECK(mta_message(&m, NULL, span_of(S(message))) == 'a');
		CU_ASSERT_FATAL(m.ninserted == 1);
		log = fixture_logged(&f);
		CHECK(suite_has(log,
		    i % 2 ? "selectors=g algorithms=ed25519-sha256 "
		            "bad_key=test.conf:2 "
		          : "selectors=g algorithms=ed25519-sha256 "
		            "bad_key=test.conf:3 "));
		CHECK(stats_sum(stats, SIGNER_SIGNED) == 1);
		CHECK(stats_sum(stats, SIGNER_MISSING) == 1);
		CHECK(stats_sum(stats, MILTER_COUNT_TEMPFAIL) == 0);
		/* and what it has signed needs no other one */
		put_signed(&again, &m, "0");
		buf_str(&again, message);
		CHECK(mta_message(&m, NULL, buf_view(&again)) == 'a');
		CHECK(m.ninserted == 0);
		CHECK(suite_has(fixture_logged(&f), "is there already"));
		mta_free(&m);
		stats_free(stats);
		fixture_free(&f);
	}
	suite_row(NULL);
	buf_free(&again);
}

/* OpenSSL fails, or the memory, so that the signature just made is not right:
 * on_bad_key decides. */
static void
openssl_fails(void)
{
	static const char *const settings[] = {"unsigned", "tempfail"};

	for (int i = 0; i < 4; i++) {
		char conf[400];
		struct fixture f;
		const char *log;
		struct mta m;

		suite_row(settings[i % 2]);
		snprintf(conf, sizeof conf,
		    "signer { verify_own = true on_bad_key = \"%s\" }\n"
		    "domain \"ed.example\" { key \"e\" { file = "
		    "\"@ed.pem\" } }\n",
		    settings[i % 2]);
		fixture_make(&f, conf);
		start(&m, &f, "127.0.0.1");
		CHECK(mta_message(&m, NULL, span_str(fixture_message)) == 'a');
		CHECK(m.ninserted == 1);
		fixture_logged(&f);
		broken = i < 2 ? "verify" : "sign";
		CHECK(mta_message(&m, NULL, span_str(fixture_message)) ==
		    (i % 2 == 0 ? 'a' : 'y'));
		broken = "";
		CHECK(m.ninserted == 0);
		log = fixture_logged(&f);
		CHECK(suite_has(log, settings[i % 2]));
		CHECK(suite_has(log,
		    i < 2 ? "reason=\"the signature just made does not verify\""
		          : "reason=\"OpenSSL failed\""));
		CHECK(fixture_lines(log) == 1);
		mta_free(&m);
		fixture_free(&f);
	}
	suite_row(NULL);
}

/* at_risk and its causes */
static void
at_risk(void)
{
	static const char cte8[] =
	    "From: a@ed.example\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n",
	                  text8[] = "From: a@ed.example\r\n\r\n\xc3\xa4\r\n";
	static const struct {
		const char *signer, *message;
		bool sign;
		const char *logged;
	} row[] = {
	    {"", cte8, true, "at_risk=8bit"},
	    {"at_risk = skip", cte8, false, "at_risk=8bit"},
	    {"at_risk = skip", text8, true, NULL},
	    {"at_risk = skip at_risk_8bit = false", cte8, true, NULL},
	};
	char text[300];

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct fixture f;
		struct mta m;

		snprintf(text, sizeof text,
		    "signer { %s }\ndomain \"ed.example\" { "
		    "key \"e\" { file = \"@ed.pem\" } }\n",
		    row[i].signer);
		suite_row(row[i].signer);
		fixture_make(&f, text);
		start(&m, &f, "127.0.0.1");
		CHECK(mta_message(&m, NULL, span_str(row[i].message)) == 'a');
		CHECK(m.ninserted == row[i].sign);
		CHECK(suite_has(fixture_logged(&f),
		    row[i].logged == NULL ? "signed" : row[i].logged));
		mta_free(&m);
		fixture_free(&f);
	}
	suite_row(NULL);
}

/* Names in h=: nine more than there are Cc fields, of From and what is
 * oversigned. */
static void
names_to_sign(void)
{
	struct fixture f;
	struct buf text;
	struct mta m;

	fixture_make(&f, config);
	buf_init(&text, 1 << 20);
	for (int n = HDRSEL_MAX - 9; n <= HDRSEL_MAX - 8; n++) {
		buf_clear(&text);
		buf_str(&text, "From: a@ed.example\r\n");
		for (int i = 0; i < n; i++)
			buf_str(&text, "Cc: x@y.example\r\n");
		buf_str(&text, "\r\n");
		start(&m, &f, "127.0.0.1");
		CHECK(mta_message(&m, NULL, buf_view(&text)) == 'a');
		CHECK(m.ninserted == (n == HDRSEL_MAX - 9));
		CHECK(suite_has(fixture_logged(&f),
		    m.ninserted == 1 ? "signed" : "too many header fields to"));
		mta_free(&m);
	}
	buf_free(&text);
	fixture_free(&f);
}

/* Memory that is out is a fault of ours, wherever it happens: on_bad_key
 * decides. */
static void
out_of_memory_with(const char *text, enum outcome_kind want)
{
	static const struct origin from = {
	    .known = true, .client = {AF_INET, {127, 0, 0, 1}}};
	struct letter l = {.hash = NULL};
	struct outcome *o = &l.outcome;
	struct message m;
	struct fixture f;
	struct edits e;

	fixture_make(&f, text);
	logged_levels(&f.log);
	message_init(&m);
	/* in the header; then at the end, when h= is made, or the edit; then
	 * not */
	for (size_t max = 100;; max += 100) {
		m.arena.max = max;
		message_field(
		    &m, span_str("From"), span_str(" a@ed.example"), false);
		message_macro(&m, span_str("i"), span_str("4AE0FA84398"));
		edits_init(&e, &m.arena);
		signer_headers(&f.signer, &l, &m, &from, SMFIF_ADDHDRS);
		letter_body(&l, span_str("hi\r\n"));
		signer_end(&f.signer, &l, &m, &e);
		if (o->kind == OUTCOME_SIGN)
			break;
		CHECK(o->kind == want && o->fault);
		CHECK_STR(o->reason, "out of memory");
		signer_log(&f.signer, &l, &m, &from);
		CHECK(logged_level(&f.log) == LOG_ERR);
		CHECK(e.n == 0 && e.error == 0);
		message_reset(&m);
		letter_reset(&l);
		CU_ASSERT_FATAL(max < 100000);
	}
	CHECK(e.n == 1 && e.first->value.n > 100);
	letter_free(&l);
	message_free(&m);
	fixture_free(&f);
}

static const char config_tempfail[] =
    "signer { on_bad_key = \"tempfail\" }\n"
    "domain \"two.example\" {\n"
    " key \"r\" { file = \"@rsa.pem\" }\n"
    " key \"e\" { file = \"@ed.pem\" }\n}\n"
    "domain \"ed.example\" { key \"e\" { file = \"@ed.pem\" } }\n";

static void
out_of_memory(void)
{
	out_of_memory_with(config, OUTCOME_UNSIGNED);
	out_of_memory_with(config_tempfail, OUTCOME_TEMPFAIL);
}

/* The command bytes of all packets in out, into ret. */
static void
commands_of(struct span out, char *ret)
{
	while (out.n > 4) {
		*ret++ = out.p[4];
		out = span_skip(out, 4 + frame_u32(out.p));
	}
	*ret = '\0';
}

/* Each allocation on the way of a message fails once: with on_bad_key =
 * "tempfail" it is put off then, and never goes on unsigned. */
static void
every_allocation(void)
{
	static const char *const domains[] = {"two.example", "ed.example"};
	char packet[100], name[40], seen[64];
	struct session *s;
	struct fixture f;
	struct buf in, out;
	struct mta m;
	bool failed;

	fixture_make(&f, config_tempfail);
	start(&m, &f, "127.0.0.1");
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	for (int i = 0; i < 30000; i++)
		buf_byte(&out, 0); /* its room is there from now on */
	for (int d = 0; d < 2; d++) {
		buf_clear(&m.sent);
		m.abort_after = false;
		snprintf(packet, sizeof packet,
		    "From: a@%s\r\nTo: b@c.example\r\n\r\nhi\r\n", domains[d]);
		mta_message(&m, NULL, span_str(packet));
		buf_clear(&in);
		buf_add(&in, S("\0\0\0\15O\0\0\0\6\0\0\1\1\0\x10\0\0"));
		buf_add(&in, S("\0\0\0\20Ch\0004\0\000127.0.0.1\0"));
		buf_span(&in, buf_view(&m.sent));
		for (long n = 0;; n++) {
			fixture_free(&f);
			fixture_make(&f, config_tempfail);
			buf_clear(&out);
			seen[0] = '\0';
			if (!nomem_round(n))
				break;
			if (session_new(
			        &signer_ops, &f.signer, NULL, NULL, &s) == 0) {
				session_feed(s, buf_view(&in), &out);
				session_free(s);
			}
			failed = nomem_end();
			snprintf(name, sizeof name, "allocation %ld", n);
			suite_row(name);
			commands_of(buf_view(&out), seen);
			if (out.n == 0)
				CHECK(failed);
			else if (!failed || strchr(seen, 'i') != NULL)
				CHECK_STR(strrchr(seen, 'c') + 1,
				    d == 0 ? "iia" : "ia");
			else
				CHECK_STR(strrchr(seen, 'c') + 1, "y");
			suite_row(NULL);
		}
		CHECK(nomem.left > 0);
	}
	mta_free(&m);
	buf_free(&in);
	buf_free(&out);
	fixture_free(&f);
}

/* Its signatures find no room among the answers: the MTA is told to come again,
 * and the line says so. */
static void
no_room(void)
{
	struct stats *stats;
	struct fixture f;
	const char *log;
	struct mta m;

	fixture_make(&f, config);
	CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
	f.signer.stats = stats_slot(stats, 0);
	start(&m, &f, "127.0.0.1");
	m.out.max = 100;
	CHECK(mta_message(&m, NULL, span_of(S(two_message))) == 'y');
	log = fixture_logged(&f);
	CHECK(fixture_lines(log) == 1);
	CHECK(suite_has(log,
	    "tempfail queue_id=4AE0FA84398 client=127.0.0.1 "
	    "from=two.example "
	    "reason=\"there is no room for all of the answer\""));
	CHECK(stats_sum(stats, SIGNER_SIGNED) == 0);
	CHECK(stats_sum(stats, MILTER_COUNT_TEMPFAIL) == 1);
	mta_free(&m);
	stats_free(stats);
	fixture_free(&f);
}

/* What the helper has marked is left out, where on_key_mismatch is skip. */
static void
keys_that_dns_has_not(void)
{
	static const char *const word[] = {"sign", "skip"};

	for (size_t skip = 0; skip < 2; skip++) {
		const struct keyring_domain *d;
		struct stats *stats;
		char text[1000];
		struct fixture f;
		struct mta m;

		snprintf(text, sizeof text,
		    "signer { on_key_mismatch = \"%s\" }\n%s", word[skip],
		    strchr(config, '\n') + 1);
		fixture_make(&f, text);
		CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
		f.signer.stats = stats_slot(stats, 0);
		d = keyring_find(f.keys, span_str("two.example"));
		start(&m, &f, "127.0.0.1");
		keyring_mark(f.keys, &d->key[0], true);
		mta_message(&m, NULL, span_of(S(two_message)));
		CHECK(m.ninserted == (skip ? 1 : 2));
		(void)fixture_logged(&f);
		keyring_mark(f.keys, &d->key[1], true);
		CHECK(mta_message(&m, NULL, span_of(S(two_message))) != 'y');
		CHECK(m.ninserted == (skip ? 0 : 2));
		CHECK(suite_has(fixture_logged(&f),
		    skip ? "on_key_mismatch is skip" : "signed "));
		CHECK(stats_sum(stats,
		          SIGNER_UNSIGNED + UNSIGNED_KEY_MISMATCH) == skip);
		CHECK(stats_sum(stats, SIGNER_SIGNED) == 2 - skip);
		keyring_mark(f.keys, &d->key[0], false);
		keyring_mark(f.keys, &d->key[1], false);
		mta_message(&m, NULL, span_of(S(two_message)));
		CHECK(m.ninserted == 2);
		mta_free(&m);
		stats_free(stats);
		fixture_free(&f);
	}
}

static void
write_tables(const struct tmpdir *d)
{
	char text[500], path[TMPDIR_PATH_MAX];

	snprintf(text, sizeof text, "k a.example:s:%s\nnone %%:t:%s/%%/key\n",
	    tmpdir_file(d, "ed.pem", path), d->path);
	tmpdir_write(d, "KeyTable", text);
	tmpdir_write(d, "re", "*@a.example none\n*@a.example k\n");
}

/* One of two rows that sign has no key: the other signs, and the log says
 * which. */
static void
missing_key(void)
{
	static const char message[] = "From: x@a.example\r\n\r\nhello\r\n";
	char want[TMPDIR_PATH_MAX + 50], path[TMPDIR_PATH_MAX];
	struct stats *stats;
	struct fixture f;
	struct mta m;

	fixture_make_with(&f,
	    "signer { sign_all = true key_table = \"@KeyTable\"\n"
	    " signing_table = \"refile:@re\" }\n",
	    write_tables);
	CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
	f.signer.stats = stats_slot(stats, 0);
	start(&m, &f, "127.0.0.1");
	mta_message(&m, NULL, span_of(S(message)));
	CHECK(m.ninserted == 1);
	snprintf(want, sizeof want,
	    "algorithms=ed25519-sha256 missing_key=%s:2 ",
	    fixture_file(&f, "KeyTable", path));
	CHECK(suite_has(fixture_logged(&f), want));
	CHECK(stats_sum(stats, SIGNER_MISSING) == 1);
	mta_free(&m);
	stats_free(stats);
	fixture_free(&f);
}

/* What the administrator must fix is an error, whatever becomes of the mail;
 * who may have forgotten something is told less loudly. */
static void
levels(void)
{
#define FROM(domain) "From: a@" domain "\r\n\r\nhi\r\n"
	static const char tables[] =
	    "signer { sign_all = true key_table = \"@KeyTable\"\n"
	    " signing_table = \"refile:@re\" }\n";
	static const struct {
		const char *name, *config, *client, *message;
		size_t room; /* for the answers; 0: enough */
		int level;
	} row[] = {
	    {"signed", config, "127.0.0.1", FROM("ed.example"), 0, LOG_INFO},
	    {"nobody's", config, "127.0.0.1", FROM("x.example"), 0, LOG_INFO},
	    {"a stranger", config, "192.0.2.9", FROM("x.example"), 0, LOG_INFO},
	    {"a stranger in our name", config, "192.0.2.9", FROM("ed.example"),
	        0, LOG_NOTICE},
	    {"a key is missing", tables, "127.0.0.1", FROM("a.example"), 0,
	        LOG_WARNING},
	    {"a bad key", config, "127.0.0.1", FROM("bad.example"), 0, LOG_ERR},
	    {"no room", config, "127.0.0.1", FROM("ed.example"), 100, LOG_ERR},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct fixture f;
		struct mta m;

		suite_row(row[i].name);
		fixture_make_with(&f, row[i].config, write_tables);
		start(&m, &f, row[i].client);
		if (row[i].room > 0)
			m.out.max = row[i].room;
		logged_levels(&f.log);
		mta_message(&m, NULL, span_str(row[i].message));
		CHECK(logged_level(&f.log) == row[i].level);
		CHECK(logged_level(&f.log) == -1);
		mta_free(&m);
		fixture_free(&f);
	}
	suite_row(NULL);
#undef FROM
}

SUITE("signer", T(signs), T(this_host), T(own_addresses), T(mends),
    T(verifier_notices), T(signed_before), T(signed_otherwise_before),
    T(simple_canonicalization), T(reasons), T(no_header_may_be_added),
    T(bad_key_tempfail), T(limits), T(key_does_not_work), T(one_key_good),
    T(openssl_fails), T(at_risk), T(names_to_sign), T(out_of_memory),
    T(every_allocation), T(no_room), T(keys_that_dns_has_not), T(missing_key),
    T(levels))

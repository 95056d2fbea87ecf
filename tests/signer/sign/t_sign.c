#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "common/dkim/base64.h"
#include "common/dkim/bodyhash.h"
#include "common/dkim/canon.h"
#include "common/dkim/sigfield.h"
#include "signer/sign/sign.h"
#include "tests/support/eml.h"
#include "tests/support/suite.h"

#define VECTORS "tests/vectors/"

static struct key *
key_of(struct span pem)
{
	const char *why = NULL;
	struct key *k = NULL;

	if (key_new(pem, &k, &why) != 0)
		printf("%s\n", why);
	CU_ASSERT_FATAL(k != NULL);
	return k;
}

static struct key *
key_from(const char *path)
{
	size_t n;
	char *pem = eml_file(path, &n);
	struct key *k = key_of(span_of(pem, n));

	free(pem);
	return k;
}

/* The Ed25519 key of RFC 8463 A.1, a seed in base64, as PKCS#8 (RFC 8410). */
static struct key *
ed25519_key(void)
{
	static const char head[] = "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b"
	                           "\x65\x70\x04\x22\x04\x20";
	unsigned char der[48];
	struct buf pem;
	struct key *k;
	size_t n;
	char *seed = eml_file(VECTORS "rfc8463-A.1-ed25519-seed.b64", &n);

	memcpy(der, head, 16);
	CU_ASSERT_FATAL(
	    base64_read(span_of(seed, n), der + 16, 32, &n) == 0 && n == 32);
	buf_init(&pem, 1000);
	buf_str(&pem, "-----BEGIN PRIVATE KEY-----\n");
	base64_add(&pem, der, sizeof der);
	buf_str(&pem, "\n-----END PRIVATE KEY-----\n");
	k = key_of(buf_view(&pem));
	buf_free(&pem);
	free(seed);
	return k;
}

static void
hash_body(enum canonicalization canon, struct span body, unsigned char *ret)
{
	struct bodyhash *b;

	CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
	bodyhash_begin(b, canon);
	bodyhash_feed(b, body);
	CU_ASSERT_FATAL(bodyhash_end(b, ret) == 0);
	bodyhash_free(b);
}

/* --- published signatures ------------------------------------------------- */

static int
verify_published(
    struct key *k, enum canonicalization body, const char *path, size_t which)
{
	unsigned char hash[BODYHASH_SIZE];
	struct sign *s;
	struct eml e;
	int got;

	CU_ASSERT_FATAL(sign_new(&s) == 0);
	eml_read(path, &e);
	hash_body(body, e.body, hash);
	got = sign_verify(s, k, e.field[which].value, &e.fields, hash);
	eml_free(&e);
	sign_free(s);
	return got;
}

static void
published(void)
{
	struct key *brisbane = key_from(VECTORS "rfc6376-C-private.pem");
	struct key *test = key_from(VECTORS "rfc8463-A.1-rsa.pem");
	struct key *ed = ed25519_key();

	CHECK(verify_published(brisbane, CANON_SIMPLE,
	          VECTORS "rfc6376-A.2-verifies.eml", 0) == 0);
	CHECK(verify_published(brisbane, CANON_SIMPLE,
	          VECTORS "rfc6376-A.2-as-printed.eml", 0) == -EKEYREJECTED);
	CHECK(verify_published(
	          ed, CANON_RELAXED, VECTORS "rfc8463-A.3.eml", 0) == 0);
	CHECK(verify_published(
	          test, CANON_RELAXED, VECTORS "rfc8463-A.3.eml", 1) == 0);
	/* another key, another algorithm */
	CHECK(verify_published(brisbane, CANON_RELAXED,
	          VECTORS "rfc8463-A.3.eml", 1) == -EKEYREJECTED);
	CHECK(verify_published(test, CANON_RELAXED, VECTORS "rfc8463-A.3.eml",
	          0) == -EINVAL);
	key_free(brisbane);
	key_free(test);
	key_free(ed);
}

/* The canonical form of all instances that the published h= of RFC 8463
 * names. */
static void
add_published_fields(const struct eml *e, struct buf *input)
{
	static const char *const names[] = {
	    "From", "To", "Subject", "Date", "Message-ID"};

	for (size_t i = 0; i < 5; i++) {
		for (size_t j = 0; j < e->fields.n; j++) {
			if (span_ieqs(e->field[j].name, names[i]))
				canon_field(input, CANON_RELAXED, &e->field[j]);
		}
	}
}

/* Ed25519 is deterministic: the published text gives the published b=. */
static void
ed25519_made_again(void)
{
	unsigned char digest[DIGEST_SIZE], signature[KEY_SIGNATURE_MAX];
	struct key *ed = ed25519_key();
	struct field bare;
	struct buf input, b64;
	struct eml e;
	size_t n;

	eml_read(VECTORS "rfc8463-A.3.eml", &e);
	buf_init(&input, 4000);
	buf_init(&b64, 4000);
	add_published_fields(&e, &input);
	bare = e.field[0];
	bare.value.n = (size_t)(strstr(bare.value.p, " b=") + 3 - bare.value.p);
	canon_field(&input, CANON_RELAXED, &bare);
	CU_ASSERT_FATAL(EVP_Digest(input.p, input.n - 2, digest, NULL,
	                    EVP_sha256(), NULL) == 1);
	CU_ASSERT_FATAL(key_sign(ed, digest, signature, &n) == 0);
	base64_add(&b64, signature, n);
	CHECK_STR(buf_text(&b64),
	    "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"
	    "Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
	buf_free(&b64);
	buf_free(&input);
	eml_free(&e);
	key_free(ed);
}

/* --- signatures of our own ------------------------------------------------ */

static const char plain[] = "Received: from a by b;\r\n\tFri, 11 Jul 2003\r\n"
                            "From: Joe <joe@football.example.com>\r\n"
                            "To: Suzie <suzie@shopping.example.net>,\r\n"
                            "  more@shopping.example.net\r\n"
                            "subject:  Is  dinner\tready? \r\n"
                            "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
                            "To: a second field of the name\r\n"
                            "MIME-Version: 1.0\r\n"
                            "\r\n"
                            "Hi.\r\n \r\nWe lost  the game.\r\n\r\n";

struct made {
	struct eml e;
	struct arena arena;
	struct named_fields sel;
	unsigned char hash[BODYHASH_SIZE];
	struct sign *s;
	struct buf value;
};

static void
made_begin(struct made *m, const char *text, enum canonicalization body)
{
	eml_parse(span_str(text), &m->e);
	arena_init(&m->arena, 1 << 20);
	CU_ASSERT_FATAL(hdrsel_pick(hdrsel_default(), &m->e.fields, &m->arena,
	                    &m->sel) == 0);
	hash_body(body, m->e.body, m->hash);
	CU_ASSERT_FATAL(sign_new(&m->s) == 0);
	buf_init(&m->value, SIGFIELD_MAX);
}

static void
made_end(struct made *m)
{
	buf_free(&m->value);
	sign_free(m->s);
	arena_free(&m->arena);
	eml_free(&m->e);
}

static struct sign_params
params(enum canonicalization header, enum canonicalization body)
{
	return (struct sign_params){
	    .header_canon = header,
	    .body_canon = body,
	    .domain = span_str("football.example.com"),
	    .selector = span_str("2026a"),
	    .now = 1700000000,
	};
}

static void
ours_verify(void)
{
	struct key *key[] = {
	    key_from(VECTORS "rfc8463-A.1-rsa.pem"), ed25519_key()};

	for (int i = 0; i < 8; i++) {
		enum canonicalization header =
		    i & 1 ? CANON_RELAXED : CANON_SIMPLE;
		enum canonicalization body =
		    i & 2 ? CANON_RELAXED : CANON_SIMPLE;
		struct sign_params p = params(header, body);
		struct key *k = key[i >> 2];
		struct made m;

		made_begin(&m, plain, body);
		CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == 0);
		CHECK(sign_verify(m.s, k, buf_view(&m.value), &m.e.fields,
		          m.hash) == 0);
		/* also when it is one of several in the message */
		m.e.field[m.e.fields.n++] =
		    (struct field){span_str(SIGFIELD_NAME), buf_view(&m.value)};
		CHECK(sign_verify(m.s, k, buf_view(&m.value), &m.e.fields,
		          m.hash) == 0);
		made_end(&m);
	}
	key_free(key[0]);
	key_free(key[1]);
}

/* The same input gives the same bytes, all of them known. */
static void
ours_ed25519(void)
{
	static const char head[] =
	    " v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
	    "\td=football.example.com; s=2026a; q=dns/txt; t=1700000000; "
	    "h=From:From:\n"
	    "\tReply-To:Subject:Subject:Date:Date:To:To:To:Cc:MIME-Version:"
	    "MIME-Version:\n"
	    "\tContent-Type:Content-Transfer-Encoding;\n\tbh=";
	struct sign_params p = params(CANON_RELAXED, CANON_RELAXED);
	struct key *k = ed25519_key();
	char first[1000];
	struct made m;

	made_begin(&m, plain, CANON_RELAXED);
	CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == 0);
	snprintf(first, sizeof first, "%s", buf_text(&m.value));
	CHECK(strncmp(first, head, sizeof head - 1) == 0);
	buf_clear(&m.value);
	CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == 0);
	CHECK_STR(buf_text(&m.value), first);
	made_end(&m);
	key_free(k);
}

static void
tampered(void)
{
	static const char *const change[][2] = {{"joe@", "eve@"},
	    {"dinner", "supper"},
	    {"Fri, 11 Jul 2003 21", "Fri, 12 Jul 2003 21"},
	    {"MIME-Version: 1.0", "MIME-Version: 2.0"},
	    {"a second field", "another fieldx"}};
	struct sign_params p = params(CANON_RELAXED, CANON_RELAXED);
	struct key *k = ed25519_key();
	struct made m;

	made_begin(&m, plain, CANON_RELAXED);
	CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == 0);
	for (size_t i = 0; i < sizeof change / sizeof change[0]; i++) {
		struct eml e;
		char *at;

		suite_row(change[i][0]);
		eml_parse(span_str(plain), &e);
		at = strstr(e.text, change[i][0]);
		CU_ASSERT_FATAL(at != NULL);
		memcpy(at, change[i][1], strlen(change[i][1]));
		CHECK(sign_verify(m.s, k, buf_view(&m.value), &e.fields,
		          m.hash) == -EKEYREJECTED);
		eml_free(&e);
	}
	m.hash[31] ^= 1;
	CHECK(sign_verify(m.s, k, buf_view(&m.value), &m.e.fields, m.hash) ==
	    -EKEYREJECTED);
	made_end(&m);
	key_free(k);
}

/* One more on top, of what a reader shows or is led by, breaks the signature;
 * what a list, a resender or a server on the way adds does not. */
static void
added_field(void)
{
	static const struct {
		const char *name;
		int rc;
	} row[] = {{"fROM", -EKEYREJECTED}, {"Subject", -EKEYREJECTED},
	    {"To", -EKEYREJECTED}, {"Cc", -EKEYREJECTED},
	    {"Reply-To", -EKEYREJECTED}, {"Content-Type", -EKEYREJECTED},
	    {"Content-Transfer-Encoding", -EKEYREJECTED},
	    {"MIME-Version", -EKEYREJECTED}, {"Date", -EKEYREJECTED},
	    {"Message-ID", 0}, {"Sender", 0}, {"List-Id", 0},
	    {"List-Unsubscribe", 0}, {"Resent-From", 0}, {"References", 0},
	    {"Received", 0}, {"DKIM-Signature", 0}, {"X-Loop", 0}};
	struct sign_params p = params(CANON_RELAXED, CANON_SIMPLE);
	struct key *k = ed25519_key();
	struct field more[20];
	struct field_list fields = {more, 0};
	struct made m;

	made_begin(&m, plain, CANON_SIMPLE);
	CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == 0);
	memcpy(more + 1, m.e.field, m.e.fields.n * sizeof more[0]);
	fields.n = m.e.fields.n + 1;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].name);
		more[0] = (struct field){
		    span_str(row[i].name), span_str(" x@y.example")};
		CHECK(sign_verify(m.s, k, buf_view(&m.value), &fields,
		          m.hash) == row[i].rc);
	}
	made_end(&m);
	key_free(k);
}

/* --- on the way ----------------------------------------------------------- */

/* What rspamd signs by default: "(o)" as OVERSIGN, "(x)" as
 * OVERSIGN_PRESENT. */
static const struct hdrsel_rule rspamd_rule[] = {{"From", HDRSEL_OVERSIGN},
    {"Sender", HDRSEL_OVERSIGN_PRESENT}, {"Reply-To", HDRSEL_OVERSIGN},
    {"Subject", HDRSEL_OVERSIGN}, {"Date", HDRSEL_OVERSIGN_PRESENT},
    {"Message-ID", HDRSEL_OVERSIGN_PRESENT}, {"To", HDRSEL_OVERSIGN},
    {"Cc", HDRSEL_OVERSIGN}, {"MIME-Version", HDRSEL_OVERSIGN_PRESENT},
    {"Content-Type", HDRSEL_OVERSIGN_PRESENT},
    {"Content-Transfer-Encoding", HDRSEL_OVERSIGN_PRESENT},
    {"Resent-To", HDRSEL_PRESENT}, {"Resent-From", HDRSEL_PRESENT},
    {"In-Reply-To", HDRSEL_OVERSIGN_PRESENT},
    {"References", HDRSEL_OVERSIGN_PRESENT}, {"List-Id", HDRSEL_PRESENT},
    {"List-Unsubscribe", HDRSEL_PRESENT}, {"List-Post", HDRSEL_PRESENT}};

#define PLAIN_MAIL \
	"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n" \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\nMessage-ID: " \
	"<1@b.example>\r\n"
#define MIME_MAIL \
	"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n" \
	"Content-Transfer-Encoding: 8bit\r\n"

/* A message with these fields, and what comes of it: ours and theirs verify, or
 * not. */
static const struct {
	const char *what, *before, *after;
	bool passes;
} ways[] = {
    {"as it is", PLAIN_MAIL, PLAIN_MAIL, true},
    {"a relay's trace", PLAIN_MAIL,
        "Received: from a by b\r\nReturn-Path: <a@b.example>\r\n" PLAIN_MAIL,
        true},
    {"Mailman's plain forwarding", PLAIN_MAIL MIME_MAIL,
        PLAIN_MAIL MIME_MAIL
        "List-Id: <l.d.example>\r\nList-Unsubscribe: <https://d.example/u>\r\n"
        "List-Post: <mailto:l@d.example>\r\nSender: l-bounces@d.example\r\n"
        "Precedence: list\r\nErrors-To: l-bounces@d.example\r\n",
        true},
    {"Mailman with a prefix", PLAIN_MAIL,
        "From: a@b.example\r\nTo: c@d.example\r\nSubject: [l] x\r\n"
        "Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n"
        "Message-ID: <1@b.example>\r\n",
        false},
    {"Mailman with Reply-To: the list", PLAIN_MAIL,
        PLAIN_MAIL "Reply-To: l@d.example\r\n", false},
    {"a resender", PLAIN_MAIL,
        "Resent-From: e@f.example\r\nResent-To: g@h.example\r\n" PLAIN_MAIL,
        true},
    {"Date and Message-ID of SES, where there were none",
        "From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n", PLAIN_MAIL,
        true},
    {"the same, where there were some", PLAIN_MAIL,
        "From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n"
        "Date: Sat, 12 Jul 2003 04:00:39 +0000\r\n"
        "Message-ID: <2@ses.example>\r\n",
        false},
    {"a hop of 7 bits", PLAIN_MAIL MIME_MAIL,
        PLAIN_MAIL "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
                   "Content-Transfer-Encoding: quoted-printable\r\n",
        false},
    {"always_add_missing_headers of a later Postfix",
        "From: a@b.example\r\nSubject: x\r\nTo: c@d.example\r\n",
        "From: a@b.example\r\nSubject: x\r\nTo: c@d.example\r\n"
        "Message-Id: <20030711.1@d.example>\r\n"
        "Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n",
        true},
    {"undisclosed_recipients_header of a later Postfix",
        "From: a@b.example\r\nSubject: x\r\n",
        "From: a@b.example\r\nSubject: x\r\nTo: undisclosed-recipients:;\r\n",
        false},
};

static int
way(const struct hdrsel_rules *rules, size_t i, struct key *k)
{
	struct sign_params p = params(CANON_RELAXED, CANON_SIMPLE);
	struct arena arena;
	struct named_fields sel;
	struct made m;
	struct eml e;
	char text[2000];
	int rc;

	snprintf(text, sizeof text, "%s\r\nHi.\r\n", ways[i].before);
	made_begin(&m, text, CANON_SIMPLE);
	arena_init(&arena, 1 << 20);
	CHECK(hdrsel_pick(rules, &m.e.fields, &arena, &sel) == 0);
	CHECK(sign_field(m.s, k, &p, &sel, m.hash, &m.value) == 0);
	snprintf(text, sizeof text, "%s\r\nHi.\r\n", ways[i].after);
	eml_parse(span_str(text), &e);
	rc = sign_verify(m.s, k, buf_view(&m.value), &e.fields, m.hash);
	eml_free(&e);
	arena_free(&arena);
	made_end(&m);
	return rc;
}

static void
on_the_way(void)
{
	static const struct hdrsel_rules rspamd = {
	    rspamd_rule, sizeof rspamd_rule / sizeof rspamd_rule[0]};
	struct key *k = ed25519_key();

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		int want = ways[i].passes ? 0 : -EKEYREJECTED;

		suite_row(ways[i].what);
		CHECK(way(hdrsel_default(), i, k) == want);
		CHECK(way(&rspamd, i, k) == want);
	}
	suite_row(NULL);
	key_free(k);
}

/* --- what goes wrong ------------------------------------------------------ */

static void
unsound_field(void)
{
	struct sign_params p = params(CANON_RELAXED, CANON_SIMPLE);
	struct key *k = ed25519_key();
	struct made m;

	made_begin(&m, plain, CANON_SIMPLE);
	m.e.field[4].value = span_of(" a\0b", 4);
	CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == -EBADMSG);
	m.e.field[4].value = span_str(" a\nBcc: x@y.example");
	CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == -EBADMSG);
	/* not among the signed ones */
	m.e.field[4].value = span_str(" a");
	m.e.field[0].value = span_str(" a\rb");
	CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == 0);
	made_end(&m);
	key_free(k);
}

static void
no_room(void)
{
	struct sign_params p = params(CANON_RELAXED, CANON_SIMPLE);
	struct key *k = ed25519_key();
	struct made m;
	size_t need;

	made_begin(&m, plain, CANON_SIMPLE);
	CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == 0);
	need = m.value.n;
	for (size_t room = 0; room <= need; room++) {
		struct buf small;

		buf_init(&small, room);
		CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &small) ==
		    (room == need ? 0 : -EMSGSIZE));
		buf_free(&small);
	}
	made_end(&m);
	key_free(k);
}

/* A signed field of a megabyte, all folds, fits. */
static void
large_field(void)
{
	enum { N = MESSAGE_HEADERS_MAX / 2 };
	struct sign_params p = params(CANON_SIMPLE, CANON_SIMPLE);
	struct key *k = ed25519_key();
	char *value = malloc((size_t)2 * N);
	struct made m;

	CU_ASSERT_FATAL(value != NULL);
	for (size_t i = 0; i < N; i++)
		memcpy(value + 2 * i, "\n ", 2);
	made_begin(&m, plain, CANON_SIMPLE);
	m.e.field[3].value = span_of(value, (size_t)2 * N);
	CHECK(sign_field(m.s, k, &p, &m.sel, m.hash, &m.value) == 0);
	CHECK(
	    sign_verify(m.s, k, buf_view(&m.value), &m.e.fields, m.hash) == 0);
	made_end(&m);
	free(value);
	key_free(k);
}

static void
unreadable(void)
{
	static const char *const values[] = {"", "v=1", " b=;",
	    " v=1; a=rsa-sha1; d=a.example; s=b; h=from; bh=; b=",
	    " v=1; a=ed25519-sha256; d=a.example; s=b; h=from; bh=x; b=; b="};
	static const unsigned char zero[2 * KEY_ED25519_SIZE];
	struct key *k = ed25519_key();
	struct made m;
	struct buf many;

	made_begin(&m, plain, CANON_SIMPLE);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		suite_row(values[i]);
		CHECK(sign_verify(m.s, k, span_str(values[i]), &m.e.fields,
		          m.hash) == -EINVAL);
	}
	suite_row("more names in h= than anybody needs");
	for (size_t extra = 0; extra < 2; extra++) {
		buf_init(&many, 100000);
		buf_str(&many, "v=1; a=ed25519-sha256; d=a.example; s=b; b=");
		base64_add(&many, zero, sizeof zero);
		buf_str(&many, "; bh=");
		base64_add(&many, m.hash, BODYHASH_SIZE);
		buf_str(&many, "; h=from");
		for (size_t i = 1; i < SIGNATURE_NAMES_MAX + extra; i++)
			buf_str(&many, ":to");
		CHECK(sign_verify(m.s, k, buf_view(&many), &m.e.fields,
		          m.hash) == (extra == 0 ? -EKEYREJECTED : -EINVAL));
		buf_free(&many);
	}
	made_end(&m);
	key_free(k);
}

/* b= empty, in the middle, with folds inside, and a signature that is none. */
static void
other_shapes(void)
{
	struct key *k = ed25519_key();
	struct made m;
	struct buf v;
	static const struct {
		const char *b;
		int want;
	} row[] = {{"", -EINVAL}, {" \n\t", -EINVAL}, {"AA=A", -EINVAL},
	    {"?", -EINVAL}, {"AAAA", -EKEYREJECTED},
	    {"\n AA\n AA\n ", -EKEYREJECTED}};

	made_begin(&m, plain, CANON_SIMPLE);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].b);
		buf_init(&v, 1000);
		buf_fmt(&v,
		    "v=1; a=ed25519-sha256; b=%s; d=a.example; s=b; h=from; "
		    "bh=",
		    row[i].b);
		base64_add(&v, m.hash, BODYHASH_SIZE);
		CHECK(sign_verify(m.s, k, buf_view(&v), &m.e.fields, m.hash) ==
		    row[i].want);
		buf_free(&v);
	}
	made_end(&m);
	key_free(k);
}

SUITE("sign", T(published), T(ed25519_made_again), T(ours_verify),
    T(ours_ed25519), T(tampered), T(added_field), T(on_the_way),
    T(unsound_field), T(no_room), T(large_field), T(unreadable),
    T(other_shapes))

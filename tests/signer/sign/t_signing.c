#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dkim/base64.h"
#include "common/dkim/sigfield.h"
#include "common/limits.h"
#include "signer/limits.h"
#include "signer/sign/signing.h"
#include "tests/support/cputime.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

#define KEYS \
	"domain \"x.example\" {\n" \
	" key \"r\" { file = \"@rsa.pem\" }\n" \
	" key \"e\" { file = \"@ed.pem\" }\n}\n"

enum { NOW = 1700000000 };

static void
add_field(struct message *m, const char *name, const char *value)
{
	message_field(m, span_str(name), span_str(value), false);
}

/* A message at its end. */
static void
make_message(struct message *m)
{
	message_init(m);
	add_field(m, "Subject", " t");
	add_field(m, "From", " a@x.example");
	add_field(m, "X-Own", " 1");
}

/* At its end, with a body that is the same in both canonical forms. */
static int
begin(struct signing *g, struct message *m, time_t now)
{
	unsigned char hash[BODYHASH_SIZE];
	struct bodyhash *b;

	CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
	bodyhash_begin(b, CANON_SIMPLE);
	bodyhash_feed(b, span_str("body\r\n"));
	CHECK(bodyhash_end(b, hash) == 0);
	bodyhash_free(b);
	return signing_begin(g, m, hash, now);
}

static struct signing_as
as_key(const struct fixture *f, size_t i)
{
	return (struct signing_as){.key = f->keys->domain[0].key[i].key,
	    .domain = span_str("x.example"),
	    .selector = span_str("s"),
	    .identity = span_str("@x.example")};
}

static int
has(struct span value, const char *want)
{
	return memmem(value.p, value.n, want, strlen(want)) != NULL;
}

/* Both keys sign the same message in one pass; each verifies. */
static void
both_keys(void)
{
	struct fixture f;
	struct message m;
	struct span value;

	fixture_make(&f, "signer { verify_own = true }\n" KEYS);
	make_message(&m);
	CHECK(begin(&f.signer.signing, &m, NOW) == 0);
	for (size_t i = 0; i < 2; i++) {
		struct signing_as as = as_key(&f, i);

		CHECK(signing_make(&f.signer.signing, &as, &value) == 0);
		CHECK(has(value, i == 0 ? "a=rsa-sha256;" : "a=ed25519"));
		CHECK(has(value, "c=relaxed/relaxed;"));
		CHECK(has(value, "t=1700000000;"));
		CHECK(!has(value, "x="));
		CHECK(has(value, "i=@x.example;"));
		CHECK(has(value, "h=From:From:Reply-To:"));
	}
	message_free(&m);
	fixture_free(&f);
}

static void
settings(void)
{
	static const struct {
		const char *config;
		const char *want;
	} row[] = {
	    {"signer { canonicalization = \"simple/simple\" }\n" KEYS,
	        "c=simple/simple;"},
	    {"signer { canonicalization = \"simple/relaxed\" }\n" KEYS,
	        "c=simple/relaxed;"},
	    {"signer { canonicalization = \"relaxed/simple\" }\n" KEYS,
	        "c=relaxed/simple;"},
	    {"signer { signature_ttl = 1 }\n" KEYS, "x=1700000001;"},
	    {"signer { signature_ttl = 31536000 }\n" KEYS, "x=1731536000;"},
	    {"signer { sign_headers = {\"*\", \"X-Own\"} }\n" KEYS,
	        "Content-Transfer-Encoding:X-Own;"},
	    {"signer { sign_headers = {\"From\", \"Subject!\"} }\n" KEYS,
	        "h=From:Subject:Subject;"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct signing_as as;
		struct fixture f;
		struct message m;
		struct span value;

		suite_row(row[i].want);
		fixture_make(&f, row[i].config);
		as = as_key(&f, 1);
		make_message(&m);
		CHECK(begin(&f.signer.signing, &m, NOW) == 0);
		CHECK(signing_make(&f.signer.signing, &as, &value) == 0);
		CHECK(has(value, row[i].want));
		CHECK(sign_verify(f.signer.signing.sign, as.key, value,
		          &f.signer.signing.all, f.signer.signing.hash) == 0);
		message_free(&m);
		fixture_free(&f);
	}
}

/* The fields change between signing and verifying, as by a broken memory; only
 * who verifies notices. */
static void
verify_own(void)
{
	static const struct {
		const char *config;
		int want;
	} row[] = {
	    {"signer { verify_own = true }\n" KEYS, -EKEYREJECTED},
	    {"signer { verify_own = false }\n" KEYS, 0},
	};

	for (size_t i = 0; i < 4; i++) {
		struct signing_as as;
		struct fixture f;
		struct message m;
		struct span value = {"untouched", 9};

		suite_row(row[i / 2].config);
		fixture_make(&f, row[i / 2].config);
		as = as_key(&f, i % 2);
		make_message(&m);
		CHECK(begin(&f.signer.signing, &m, NOW) == 0);
		f.signer.signing.all.n = 1; /* no From */
		CHECK(signing_make(&f.signer.signing, &as, &value) ==
		    row[i / 2].want);
		CHECK(has(value, "untouched") == (row[i / 2].want != 0));
		message_free(&m);
		fixture_free(&f);
	}
}

/* A tag of the signature, which stands behind white space. */
static int
has_tag(struct span value, const char *tag)
{
	char one[40], two[40];

	snprintf(one, sizeof one, " %s", tag);
	snprintf(two, sizeof two, "\t%s", tag);
	return has(value, one) || has(value, two);
}

/* A clock that cannot be right is not written down, nor is what follows from
 * it. */
static void
clocks(void)
{
	static const struct {
		time_t now;
		const char *t, *x; /* NULL: none */
	} row[] = {
	    {-1, NULL, NULL}, {INT64_MIN, NULL, NULL}, {0, NULL, NULL},
	    {1577836799, NULL, NULL}, /* 2019-12-31 23:59:59 */
	    {1577836800, "t=1577836800;", "x=1577836810;"},
	    {4102444800, "t=4102444800;", "x=4102444810;"}, /* 2100 */
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct signing_as as;
		struct fixture f;
		struct message m;
		struct span value;

		suite_row(row[i].t == NULL ? "wrong clock" : row[i].t);
		fixture_make(&f,
		    "signer { signature_ttl = 10 verify_own = true }\n" KEYS);
		as = as_key(&f, 1);
		make_message(&m);
		CHECK(begin(&f.signer.signing, &m, row[i].now) == 0);
		CHECK(signing_make(&f.signer.signing, &as, &value) == 0);
		CHECK(has_tag(value, "t=") == (row[i].t != NULL));
		CHECK(has_tag(value, "x=") == (row[i].x != NULL));
		CHECK(row[i].t == NULL || has_tag(value, row[i].t));
		CHECK(row[i].x == NULL || has_tag(value, row[i].x));
		message_free(&m);
		fixture_free(&f);
	}
}

/* The message with a signature in front of it. */
static void
put_before(struct message *m, struct span value)
{
	message_init(m);
	message_field(m, span_str("DKIM-Signature"), value, false);
	add_field(m, "Subject", " t");
	add_field(m, "From", " a@x.example");
	add_field(m, "X-Own", " 1");
}

/* One of ours is there, until its x= is over. */
static void
present(void)
{
	static const struct {
		const char *config;
		time_t now;
		bool want;
	} row[] = {
	    {KEYS, NOW + 400000000, true},
	    {"signer { signature_ttl = 10 }\n" KEYS, NOW, true},
	    {"signer { signature_ttl = 10 }\n" KEYS, NOW + 9, true},
	    {"signer { signature_ttl = 10 }\n" KEYS, NOW + 10, false},
	    {"signer { signature_ttl = 10 }\n" KEYS, NOW + 11, false},
	    /* a wrong clock cannot tell, so it is signed once more */
	    {"signer { signature_ttl = 10 }\n" KEYS, -1, false},
	    {KEYS, -1, true},
	};

	for (size_t i = 0; i < 2 * (sizeof row / sizeof row[0]); i++) {
		struct fixture f;
		struct signing *g = &f.signer.signing;
		struct message m, again;
		struct signing_as as;
		struct span value;

		suite_row(row[i / 2].config);
		fixture_make(&f, row[i / 2].config);
		as = as_key(&f, i % 2);
		make_message(&m);
		CHECK(begin(g, &m, NOW) == 0);
		CHECK(!signing_present(g, &as));
		CHECK(signing_make(g, &as, &value) == 0);
		put_before(&again, value);
		CHECK(begin(g, &again, row[i / 2].now) == 0);
		CHECK(signing_present(g, &as) == row[i / 2].want);
		message_free(&again);
		message_free(&m);
		fixture_free(&f);
	}
}

/* A signature that is none of ours, as large as the limits allow: n names in
 * h=, and bytes of b=. */
static void
forge(const struct signing *g, size_t n, size_t bytes, struct buf *out)
{
	static const unsigned char zero[1024];

	buf_str(
	    out, " v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.example; s=s; h=");
	for (size_t i = 0; i < n; i++)
		buf_fmt(out, "%s%052zu", i == 0 ? "" : ":", i);
	buf_str(out, "; bh=");
	base64_add(out, g->hash, BODYHASH_SIZE);
	buf_str(out, "; b=");
	base64_add(out, zero, bytes);
}

/* Many fields and many names in h=, which anybody can write, cost no more than
 * some signatures. */
static void
costly(void)
{
	static const struct {
		size_t names, bytes; /* the key's are 256 */
	} row[] = {{HDRSEL_MAX, 256}, {HDRSEL_MAX + 1, 256}, {HDRSEL_MAX, 255}};
	struct fixture f;
	struct signing *g = &f.signer.signing;
	struct signing_as as;
	struct message m;
	struct buf value;
	double from;

	fixture_make(&f, KEYS);
	as = as_key(&f, 0);
	buf_init(&value, SIGFIELD_MAX);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		make_message(&m);
		CHECK(begin(g, &m, NOW) == 0);
		buf_clear(&value);
		forge(g, row[i].names, row[i].bytes, &value);
		CU_ASSERT_FATAL(buf_error(&value) == 0);
		message_free(&m);
		put_before(&m, buf_view(&value));
		for (size_t n = 1; n < SIGNED_TRIED_MAX; n++)
			message_field(&m, span_str("DKIM-Signature"),
			    buf_view(&value), false);
		while (m.nfields < MESSAGE_FIELDS_MAX)
			add_field(&m,
			    "00000000000000000000000000000000000000000000000"
			    "09999",
			    " x");
		CHECK(m.trouble == MESSAGE_FINE);
		CHECK(begin(g, &m, NOW) == 0);
		from = cputime_us();
		CHECK(!signing_present(g, &as));
		/* 25 ms here, and over a second if each name went over all
		 * fields; generous for slow machines and sanitizers */
		CHECK(cputime_us() - from < 250e3 || suite_under_valgrind());
		message_free(&m);
	}
	buf_free(&value);
	fixture_free(&f);
}

static void
no_from(void)
{
	struct fixture f;
	struct message m;

	fixture_make(&f, KEYS);
	message_init(&m);
	add_field(&m, "From ", " a@x.example");
	CHECK(begin(&f.signer.signing, &m, NOW) == -EBADMSG);
	message_free(&m);
	fixture_free(&f);
}

SUITE("signing", T(both_keys), T(settings), T(verify_own), T(clocks),
    T(present), T(costly), T(no_from))

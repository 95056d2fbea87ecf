#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/signing.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

#define KEYS \
	"domain \"x.example\" {\n" \
	" key \"r\" { file = \"@rsa.pem\" }\n" \
	" key \"e\" { file = \"@ed.pem\" }\n}\n"

enum { NOW = 1000000000 };

static void
add_field(struct message *m, const char *name, const char *value)
{
	message_field(m, span_str(name), span_str(value), false);
}

/* A message at its end. */
static void
make_message(struct message *m, const struct fixture *f)
{
	message_init(m);
	add_field(m, "Subject", " t");
	add_field(m, "From", " a@x.example");
	add_field(m, "X-Own", " 1");
	CHECK(message_hash(m, f->settings->signer.body_canon) == 0);
	message_body(m, span_str("body\r\n"));
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
	make_message(&m, &f);
	CHECK(signing_begin(&f.signer.signing, &m, NOW) == 0);
	for (size_t i = 0; i < 2; i++) {
		struct signing_as as = as_key(&f, i);

		CHECK(signing_make(&f.signer.signing, &as, &value) == 0);
		CHECK(has(value, i == 0 ? "a=rsa-sha256;" : "a=ed25519"));
		CHECK(has(value, "c=relaxed/relaxed;"));
		CHECK(has(value, "t=1000000000;"));
		CHECK(!has(value, "x="));
		CHECK(has(value, "i=@x.example;"));
		CHECK(has(value, "h=From:From:Subject;"));
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
	    {"signer { signature_ttl = 1 }\n" KEYS, "x=1000000001;"},
	    {"signer { signature_ttl = 31536000 }\n" KEYS, "x=1031536000;"},
	    {"signer { sign_headers = {\"*\", \"X-Own\"} }\n" KEYS,
	        "h=From:From:Subject:X-Own;"},
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
		make_message(&m, &f);
		CHECK(signing_begin(&f.signer.signing, &m, NOW) == 0);
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
		make_message(&m, &f);
		CHECK(signing_begin(&f.signer.signing, &m, NOW) == 0);
		f.signer.signing.all.n = 1; /* no From */
		CHECK(signing_make(&f.signer.signing, &as, &value) ==
		    row[i / 2].want);
		CHECK(has(value, "untouched") == (row[i / 2].want != 0));
		message_free(&m);
		fixture_free(&f);
	}
}

static void
no_from(void)
{
	struct fixture f;
	struct message m;

	fixture_make(&f, KEYS);
	message_init(&m);
	add_field(&m, "From ", " a@x.example");
	CHECK(message_hash(&m, CANON_RELAXED) == 0);
	CHECK(signing_begin(&f.signer.signing, &m, NOW) == -EBADMSG);
	message_free(&m);
	fixture_free(&f);
}

SUITE("signing", T(both_keys), T(settings), T(verify_own), T(no_from))

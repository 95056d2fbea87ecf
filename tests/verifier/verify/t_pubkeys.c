#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "signer/keys/keys.h"
#include "tests/support/nomem.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"
#include "verifier/limits.h"
#include "verifier/verify/pubkeys.h"

/* The text of p= for a private key. */
static void
text_of(const char *pem, struct buf *out)
{
	struct key *k;
	const char *why;

	CU_ASSERT_FATAL(key_new(span_str(pem), &k, &why) == 0);
	buf_init(out, 4096);
	CU_ASSERT_FATAL(key_public(k, out) == 0);
	key_free(k);
}

static void
kept(void)
{
	struct buf rsa, ed;
	struct pubkeys *c;
	struct pubkey *a, *b;
	const char *why;

	text_of(pem_rsa2048, &rsa);
	text_of(pem_ed25519, &ed);
	CU_ASSERT_FATAL(pubkeys_new(&c) == 0);
	CHECK(pubkeys_get(c, KEY_RSA_SHA256, buf_view(&rsa), &a, &why) == 0);
	CHECK(pubkeys_get(c, KEY_ED25519_SHA256, buf_view(&ed), &b, &why) == 0);
	CHECK(pubkey_bits(b) == 256);
	CHECK(pubkeys_get(c, KEY_RSA_SHA256, buf_view(&rsa), &b, &why) == 0);
	CHECK(a == b && pubkey_bits(a) == 2048);
	/* the same text as another kind of key is another key, or none */
	CHECK(pubkeys_get(c, KEY_ED25519_SHA256, buf_view(&rsa), &b, &why) ==
	    -EINVAL);
	CHECK_STR(why, "p= is no Ed25519 key");
	CHECK(pubkeys_get(c, KEY_RSA_SHA256, buf_view(&rsa), &b, &why) == 0);
	CHECK(pubkey_algorithm(b) == KEY_RSA_SHA256);
	pubkeys_free(c);
	buf_free(&rsa);
	buf_free(&ed);
}

static void
refused(void)
{
	static const struct {
		const char *text, *why;
	} row[] = {
	    {"A", "p= is no base64"},
	    {"AA\"", "p= is no base64"},
	    {"AAAA", "p= is no RSA key"},
	    {"MAA=", "p= is no RSA key"},
	};
	static char text[KEY_TEXT_MAX];
	struct pubkeys *c;
	struct pubkey *k = NULL;
	const char *why;

	CU_ASSERT_FATAL(pubkeys_new(&c) == 0);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].text);
		CHECK(pubkeys_get(c, KEY_RSA_SHA256, span_str(row[i].text), &k,
		          &why) == -EINVAL);
		CHECK_STR(why, row[i].why);
	}
	suite_row(NULL);
	memset(text, 'A', sizeof text);
	CHECK(pubkeys_get(c, KEY_RSA_SHA256, span_of(text, sizeof text), &k,
	          &why) == -EINVAL);
	CHECK_STR(why, "p= is no RSA key");
	CHECK(k == NULL);
	pubkeys_free(c);
	pubkeys_free(NULL);
}

/* More keys than places: each is right whenever it is asked for. */
static void
many(void)
{
	enum { KEYS = 4 * PUBKEYS_MAX };
	struct pubkeys *c;

	CU_ASSERT_FATAL(pubkeys_new(&c) == 0);
	for (unsigned i = 0; i < 2 * KEYS; i++) {
		char text[45];
		struct pubkey *k;
		const char *why;

		/* 32 bytes of which OpenSSL looks at none before it verifies */
		snprintf(text, sizeof text, "%04u%039u=", i % KEYS, 0U);
		CHECK(pubkeys_get(c, KEY_ED25519_SHA256, span_str(text), &k,
		          &why) == 0);
	}
	pubkeys_free(c);
}

static void
no_memory(void)
{
	struct pubkeys *c;
	struct buf rsa;
	unsigned failed = 0;

	text_of(pem_rsa2048, &rsa);
	CU_ASSERT_FATAL(pubkeys_new(&c) == 0);
	for (long n = 0; nomem_round(n); n++) {
		struct pubkey *k;
		const char *why;
		int rc =
		    pubkeys_get(c, KEY_RSA_SHA256, buf_view(&rsa), &k, &why);

		CHECK(rc == (nomem_end() ? -ENOMEM : 0));
		failed += rc != 0;
		if (rc == 0)
			CHECK(pubkey_bits(k) == 2048);
	}
	CHECK(failed == 2 || suite_under_valgrind());
	pubkeys_free(c);
	buf_free(&rsa);
}

SUITE("pubkeys", T(kept), T(refused), T(many), T(no_memory))

#include <stdlib.h>

#include "common/dkim/base64.h"
#include "common/dkim/bodyhash.h"
#include "common/dkim/keyrecord.h"
#include "common/dkim/verify.h"
#include "tests/support/eml.h"
#include "tests/support/suite.h"

#define VECTORS "tests/vectors/"

/* The key of a published record, as DNS has it. */
static struct pubkey *
key_of(const char *record)
{
	unsigned char bytes[1024];
	struct pubkey *k = NULL;
	struct keyrecord r;
	const char *why;
	size_t n;

	CU_ASSERT_FATAL(
	    keyrecord_parse(span_str(record), &r, &why) == PARSE_OK);
	CU_ASSERT_FATAL(base64_read_tag(r.key, bytes, sizeof bytes, &n) == 0);
	CU_ASSERT_FATAL(
	    pubkey_new(r.algorithm, span_of(bytes, n), &k, &why) == 0);
	return k;
}

#define ED25519 \
	"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define RSA \
	"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR" \
	"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/" \
	"byYzCNb3W91y3FutAC" \
	"DfzwQ/BC/e/" \
	"8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3" \
	"Ip3G+2kryOTIKT+l/K4w3QIDAQAB"

/* The whole body, or its first `length` canonical bytes. */
static void
hash_body(const struct eml *e, const struct signature *s, unsigned char *ret)
{
	struct bodyhash *b;

	CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
	bodyhash_begin_part(
	    b, s->body_canon, s->has_length ? s->length : UINT64_MAX);
	bodyhash_feed(b, e->body);
	CU_ASSERT_FATAL(bodyhash_end(b, ret) == 0);
	bodyhash_free(b);
}

static enum dkim_result
verified(const struct eml *e, size_t which, const char *record,
    const char **ret_reason)
{
	unsigned char hash[BODYHASH_SIZE];
	struct verify_header header = {.known = false};
	struct pubkey *key = key_of(record);
	struct signature s;
	struct verify *v;
	enum dkim_result got;

	*ret_reason = NULL;
	CU_ASSERT_FATAL(verify_new(&v) == 0);
	CU_ASSERT_FATAL(
	    signature_read(e->field[which].value, &s, ret_reason) == DKIM_PASS);
	hash_body(e, &s, hash);
	got = verify_signature(v, &s, &e->field[which], &e->fields, hash, key,
	    &header, ret_reason);
	verify_free(v);
	pubkey_free(key);
	return got;
}

/* RFC 8463 A.3 has both kinds of key. */
static void
published(void)
{
	const char *why;
	struct eml e;

	eml_read(VECTORS "rfc8463-A.3.eml", &e);
	CHECK(verified(&e, 0, ED25519, &why) == DKIM_PASS);
	CHECK(verified(&e, 1, RSA, &why) == DKIM_PASS);
	CHECK(verified(&e, 0, RSA, &why) == DKIM_PERMERROR);
	CHECK_STR(why, "the key is not of the kind in a=");
	CHECK(verified(&e, 1, ED25519, &why) == DKIM_PERMERROR);
	eml_free(&e);
}

/* A byte of any part changed. */
static void
changed(void)
{
	static const struct {
		const char *what, *reason;
	} row[] = {
	    {"Is dinner", "signature did not verify"},
	    {"joe@football", "signature did not verify"},
	    {"Hi.", "body hash did not verify"},
	    {"relaxed/relaxed", "signature did not verify"},
	    {"/gCrinpc", "signature did not verify"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		size_t n;
		char *text = eml_file(VECTORS "rfc8463-A.3.eml", &n);
		char *at = strstr(text, row[i].what);
		const char *why;
		struct eml e;

		suite_row(row[i].what);
		CU_ASSERT_FATAL(at != NULL);
		if (strcmp(row[i].what, "relaxed/relaxed") == 0)
			memcpy(at, "simple/relaxed ", 15);
		else
			at[1] ^= at[1] == 's' ? 'Z' ^ 's' : 4;
		eml_parse(span_of(text, n), &e);
		CHECK(verified(&e, 0, ED25519, &why) == DKIM_FAIL);
		CHECK_STR(why, row[i].reason);
		eml_free(&e);
		free(text);
	}
	suite_row(NULL);
}

/* What stands below the signed fields does not matter if its name is not in h=,
 * and a second field with a name in h= does when it is the lower one. */
static void
added(void)
{
	static const struct {
		const char *field;
		bool at_end;
		enum dkim_result want;
	} row[] = {
	    {"X-New: a\r\n", true, DKIM_PASS},
	    {"Subject: another\r\n", true, DKIM_FAIL},
	    {"To: another\r\n", false, DKIM_PASS},
	    {"To: another\r\n", true, DKIM_FAIL},
	    {"Subject: named once more\r\n", false, DKIM_FAIL},
	    {"DKIM-Signature: v=1\r\n", true, DKIM_PASS},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		size_t n;
		char *text = eml_file(VECTORS "rfc8463-A.3.eml", &n);
		size_t at = row[i].at_end
		    ? (size_t)(strstr(text, "\r\n\r\n") + 2 - text)
		    : 0;
		const char *why;
		struct buf all;
		struct eml e;

		suite_row(row[i].field);
		buf_init(&all, 1 << 20);
		buf_add(&all, text, at);
		buf_str(&all, row[i].field);
		buf_add(&all, text + at, n - at);
		eml_parse(buf_view(&all), &e);
		CHECK(verified(&e, row[i].at_end ? 0 : 1, ED25519, &why) ==
		    row[i].want);
		eml_free(&e);
		buf_free(&all);
		free(text);
	}
	suite_row(NULL);
}

/* Simple takes the name of the signature's own field as it stands, too
 * (3.4.1). */
static void
own_name(void)
{
	size_t n;
	char *record = eml_file(
	    VECTORS "rfc6376-C-brisbane._domainkey.example.com.txt", &n);
	char *text = eml_file(VECTORS "rfc6376-A.2-verifies.eml", &n);
	char *name = strstr(text, "DKIM-Signature:");
	const char *why;
	struct eml e;

	CU_ASSERT_FATAL(name != NULL);
	eml_parse(span_of(text, n), &e);
	CHECK(verified(&e, 0, record, &why) == DKIM_PASS);
	eml_free(&e);
	memcpy(name, "Dkim", 4);
	eml_parse(span_of(text, n), &e);
	CHECK(verified(&e, 0, record, &why) == DKIM_FAIL);
	CHECK_STR(why, "signature did not verify");
	eml_free(&e);
	free(text);
	free(record);
}

SUITE("verify", T(own_name), T(published), T(changed), T(added))

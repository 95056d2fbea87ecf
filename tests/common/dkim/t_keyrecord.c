#include <stdio.h>
#include <stdlib.h>

#include "common/bytes/buf.h"
#include "common/dkim/keyrecord.h"
#include "tests/support/eml.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

enum { Y = 1, S = 2, NO_SHA256 = 4, NO_EMAIL = 8, NO_SHA1 = 16 };

static const struct {
	const char *text;
	const char *why; /* NULL: it is one */
	enum key_algorithm algorithm;
	unsigned flags;
	const char *key, *notes;
} rows[] = {
    {"p=ABCD", NULL, KEY_RSA_SHA256, 0, "ABCD", ""},
    {"v=DKIM1; p=ABCD", NULL, KEY_RSA_SHA256, 0, "ABCD", ""},
    {"v=DKIM1; k=rsa; p=AB CD ;", NULL, KEY_RSA_SHA256, 0, "AB CD", ""},
    {"v=DKIM1;k=ed25519;p=ABCD", NULL, KEY_ED25519_SHA256, 0, "ABCD", ""},
    {"k=ed25519; p=", NULL, KEY_ED25519_SHA256, 0, "", ""},
    {"p=A; t=y", NULL, KEY_RSA_SHA256, Y, "A", ""},
    {"p=A; t=s", NULL, KEY_RSA_SHA256, S, "A", ""},
    {"p=A; t=y : s:x", NULL, KEY_RSA_SHA256, Y | S, "A", ""},
    {"p=A; t=Y", NULL, KEY_RSA_SHA256, 0, "A", ""},
    {"p=A; h=sha1", NULL, KEY_RSA_SHA256, NO_SHA256, "A", ""},
    {"p=A; h=sha256", NULL, KEY_RSA_SHA256, NO_SHA1, "A", ""},
    {"p=A; h=sha1:sha256", NULL, KEY_RSA_SHA256, 0, "A", ""},
    {"p=A; h=", NULL, KEY_RSA_SHA256, NO_SHA256 | NO_SHA1, "A", ""},
    {"p=A; s=*", NULL, KEY_RSA_SHA256, 0, "A", ""},
    {"p=A; s=tlsrpt:email", NULL, KEY_RSA_SHA256, 0, "A", ""},
    {"p=A; s=tlsrpt", NULL, KEY_RSA_SHA256, NO_EMAIL, "A", ""},
    {"p=A; n=hello=20there; g=*; x=y", NULL, KEY_RSA_SHA256, 0, "A",
        "hello=20there"},
    {"", "no tags at all", 0, 0, NULL, NULL},
    {"v=DKIM1; k=rsa", "no p= with the key", 0, 0, NULL, NULL},
    {"p=A; v=DKIM1", "v= is not the first tag", 0, 0, NULL, NULL},
    {"v=DKIM2; p=A", "v= is not DKIM1", 0, 0, NULL, NULL},
    {"v=dkim1; p=A", "v= is not DKIM1", 0, 0, NULL, NULL},
    {"v=spf1 -all", "v= is not DKIM1", 0, 0, NULL, NULL},
    {"k=dsa; p=A", "k= is neither rsa nor ed25519", 0, 0, NULL, NULL},
    {"k=RSA; p=A", "k= is neither rsa nor ed25519", 0, 0, NULL, NULL},
    {"p=A; p=B", "the same tag twice", 0, 0, NULL, NULL},
    {"\"v=DKIM1; p=A\"",
        "a tag's name is not a letter with letters, digits or \"_\" after it",
        0, 0, NULL, NULL},
    {"v=DKIM1 p=A", "v= is not DKIM1", 0, 0, NULL, NULL},
};

static unsigned
flags(const struct keyrecord *k)
{
	return (k->testing ? Y : 0U) | (k->exact_domain ? S : 0U) |
	    (k->no_sha256 ? NO_SHA256 : 0U) | (k->no_sha1 ? NO_SHA1 : 0U) |
	    (k->no_email ? NO_EMAIL : 0U);
}

static void
reading(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span in = guard_copy(span_str(rows[i].text));
		struct keyrecord k = {.testing = true};
		const char *why = NULL;
		enum parse got = keyrecord_parse(in, &k, &why);

		suite_row(rows[i].text);
		CHECK(got == (rows[i].why == NULL ? PARSE_OK : PARSE_BAD));
		CHECK_STR(why, rows[i].why);
		if (rows[i].why == NULL && got == PARSE_OK) {
			CHECK(k.algorithm == rows[i].algorithm);
			CHECK(flags(&k) == rows[i].flags);
			CHECK(span_eq(k.key, span_str(rows[i].key)));
			CHECK(span_eq(k.notes, span_str(rows[i].notes)));
		} else {
			CHECK(k.testing);
		}
		guard_free(in);
	}
}

static void
published(void)
{
	size_t n;
	char *text = eml_file(
	    "tests/vectors/rfc6376-C-brisbane._domainkey.example.com.txt", &n);
	struct keyrecord k;
	const char *why;

	CHECK(keyrecord_parse(span_of(text, n), &k, &why) == PARSE_OK);
	CHECK(k.algorithm == KEY_RSA_SHA256 && k.key.n == 216);
	free(text);
}

static const struct {
	struct keyrecord k;
	const char *value;
} printed[] = {
    {{.algorithm = KEY_RSA_SHA256, .key = {"ABCD", 4}},
        "v=DKIM1; k=rsa; p=ABCD"},
    {{.algorithm = KEY_ED25519_SHA256, .key = {"ABCD", 4}},
        "v=DKIM1; k=ed25519; p=ABCD"},
    {{.algorithm = KEY_RSA_SHA256}, "v=DKIM1; k=rsa; p="},
    {{.algorithm = KEY_RSA_SHA256, .key = {"AB", 2}, .testing = true},
        "v=DKIM1; k=rsa; t=y; p=AB"},
    {{.algorithm = KEY_RSA_SHA256, .key = {"AB", 2}, .exact_domain = true},
        "v=DKIM1; k=rsa; t=s; p=AB"},
    {{.algorithm = KEY_RSA_SHA256,
         .key = {"AB", 2},
         .testing = true,
         .exact_domain = true,
         .notes = {"a=20b", 5}},
        "v=DKIM1; k=rsa; t=y:s; n=a=20b; p=AB"},
};

/* What is printed can be read, and is the same again. */
static void
printing(void)
{
	for (size_t i = 0; i < sizeof printed / sizeof printed[0]; i++) {
		const struct keyrecord *k = &printed[i].k;
		struct keyrecord again;
		const char *why;
		struct buf out;

		suite_row(printed[i].value);
		buf_init(&out, 1000);
		keyrecord_print(k, &out);
		CHECK_STR(buf_text(&out), printed[i].value);
		CHECK(
		    keyrecord_parse(buf_view(&out), &again, &why) == PARSE_OK);
		CHECK(again.algorithm == k->algorithm);
		CHECK(flags(&again) == flags(k));
		CHECK(span_eq(again.key, k->key));
		CHECK(span_eq(again.notes, k->notes));
		buf_free(&out);
	}
}

/* The strings of the zone's lines joined, as DNS hands them out; -1 when one
 * has more than 255 octets. */
static int
join(const char *zone, char *ret)
{
	const char *p = zone;
	int n = 0;

	while ((p = strchr(p, '"')) != NULL) {
		int start = n;

		for (p++; *p != '"'; p++) {
			if (*p == '\\')
				p++;
			ret[n++] = *p;
		}
		p++;
		if (n - start > 255)
			return -1;
	}
	ret[n] = '\0';
	return n;
}

static void
zone_lines(void)
{
	static char key[2000], joined[3000];
	const struct span sel = span_str("2026a");
	const struct span dom = span_str("example.jp");

	memset(key, 'A', sizeof key);
	for (size_t n = 0; n < 1500; n++) {
		struct keyrecord k = {.algorithm = KEY_RSA_SHA256,
		    .key = span_of(key, n),
		    .notes = span_str("\"quoted\" and back\\slash")};
		struct buf zone, value;

		buf_init(&zone, 4000);
		buf_init(&value, 4000);
		keyrecord_zone(&k, sel, dom, &zone);
		keyrecord_print(&k, &value);
		CU_ASSERT_FATAL(buf_error(&zone) == 0);
		CHECK(strncmp(buf_text(&zone),
		          "2026a._domainkey.example.jp. IN TXT ", 36) == 0);
		CHECK(zone.p[zone.n - 1] == '\n');
		CU_ASSERT_FATAL(join(buf_text(&zone), joined) > 0);
		CHECK_STR(joined, buf_text(&value));
		buf_free(&zone);
		buf_free(&value);
	}
}

static void
zone_text(void)
{
	static const char head[] = "rsa._domainkey.a.example. IN TXT (\n"
	                           "\t\"v=DKIM1; k=rsa; \"\n"
	                           "\t\"p=AAA";
	static char key[392];
	struct keyrecord k = {.algorithm = KEY_ED25519_SHA256,
	    .key = span_str("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")};
	struct buf out;
	const char *line;

	buf_init(&out, 4000);
	keyrecord_zone(&k, span_str("ed"), span_str("a.example"), &out);
	CHECK_STR(buf_text(&out),
	    "ed._domainkey.a.example. IN TXT \"v=DKIM1; k=ed25519; "
	    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n");
	buf_clear(&out);
	memset(key, 'A', sizeof key);
	k = (struct keyrecord){
	    .algorithm = KEY_RSA_SHA256, .key = span_of(key, sizeof key)};
	keyrecord_zone(&k, span_str("rsa"), span_str("a.example"), &out);
	line = buf_text(&out);
	CHECK(strncmp(line, head, sizeof head - 1) == 0);
	CHECK(strcmp(line + out.n - 6, "AA\" )\n") == 0);
	buf_free(&out);
}

static void
zone_no_room(void)
{
	struct keyrecord k = {
	    .algorithm = KEY_RSA_SHA256, .key = span_str("ABCD")};
	struct buf out;

	for (size_t room = 0; room < 50; room++) {
		buf_init(&out, room);
		keyrecord_zone(&k, span_str("s"), span_str("d.example"), &out);
		CHECK(buf_error(&out) != 0);
		buf_free(&out);
	}
}

static void
words(void)
{
	CHECK_STR(key_algorithm_word(KEY_RSA_SHA256), "rsa-sha256");
	CHECK_STR(key_algorithm_word(KEY_ED25519_SHA256), "ed25519-sha256");
	CHECK_STR(key_type_word(KEY_RSA_SHA256), "rsa");
	CHECK_STR(key_type_word(KEY_ED25519_SHA256), "ed25519");
}

/* g= is read, whatever is in it; absent and empty are the same. */
static void
granularity(void)
{
	static const char *const row[][2] = {{"p=A", ""}, {"g=; p=A", ""},
	    {"g=*; p=A", "*"}, {"p=A; g= joe ;", "joe"}};
	struct keyrecord k;
	const char *why;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i][0]);
		CHECK(
		    keyrecord_parse(span_str(row[i][0]), &k, &why) == PARSE_OK);
		CHECK(span_eq(k.granularity, span_str(row[i][1])));
	}
	suite_row(NULL);
}

SUITE("keyrecord", T(reading), T(granularity), T(published), T(printing),
    T(zone_lines), T(zone_text), T(zone_no_room), T(words))

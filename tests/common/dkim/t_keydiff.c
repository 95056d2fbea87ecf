#include "common/dkim/keydiff.h"
#include "tests/support/suite.h"

#define HALF "AAECAwQFBgcICQoLDA0ODw=="
#define GOOD "v=DKIM1; k=ed25519; p=" HALF

static void
compares(void)
{
	static const struct {
		const char *txt[3];
		enum keydiff want;
		const char *text; /* a part of it */
	} rows[] = {
	    {{GOOD}, KEYDIFF_OK, "key OK"},
	    {{"k=ed25519; p=" HALF}, KEYDIFF_OK, "key OK"},
	    {{"v=DKIM1; k=ed25519; t=y; p=" HALF}, KEYDIFF_TESTING, "t=y"},
	    {{"v=DKIM1; k=ed25519; p=AAECAwQF BgcICQoLDA0ODw=="},
	        KEYDIFF_SPACES, "spaces in p="},
	    {{"v=spf1 -all"}, KEYDIFF_NOKEY, "no key record"},
	    {{"v=spf1 -all", "hello"}, KEYDIFF_NOKEY, "none of the 2"},
	    {{GOOD, "v=DKIM1; k=rsa; p=AAAA"}, KEYDIFF_SEVERAL, "2 TXT"},
	    {{"\"" GOOD "\""}, KEYDIFF_QUOTES, "it is the right key"},
	    {{"v=DKIM1\\; k=ed25519\\; p=" HALF}, KEYDIFF_QUOTES,
	        "it is the right key"},
	    {{"v=DKIM1; k=ed25519; p=\"" HALF "\""}, KEYDIFF_QUOTES, "quotes"},
	    {{"\"v=DKIM1; k=rsa; p=AAAA\""}, KEYDIFF_QUOTES,
	        "part of the record. "},
	    {{"v=DKIM1; k=ed25519; p=AAECAwQF", "BgcICQoLDA0ODw=="},
	        KEYDIFF_SPLIT, "2 TXT records"},
	    {{"BgcICQoLDA0ODw==", "v=DKIM1; k=ed25519; p=AAECAwQF"},
	        KEYDIFF_SPLIT, "2 TXT records"},
	    {{"ODw==", "BgcICQoLDA0", "v=DKIM1; k=ed25519; p=AAECAwQF"},
	        KEYDIFF_SPLIT, "3 TXT records"},
	    {{"v=DKIM1; k=ed25519; p=AAECAwQF"}, KEYDIFF_CUT,
	        "first 8 of 24 characters"},
	    {{"v=DKIM1; k=dsa; p=" HALF}, KEYDIFF_SYNTAX, "k= is neither"},
	    {{"v=DKIM1; k=ed25519; p="}, KEYDIFF_REVOKED, "revoked"},
	    {{"v=DKIM1; p=" HALF}, KEYDIFF_TYPE, "k=rsa"},
	    {{"v=DKIM1; k=ed25519; p=BBECAwQFBgcICQoLDA0ODw=="}, KEYDIFF_OTHER,
	        "other key"},
	    {{"v=DKIM1; k=ed25519; h=sha1; p=" HALF}, KEYDIFF_NARROWED, "h="},
	    {{"v=DKIM1; k=ed25519; s=tlsrpt; p=" HALF}, KEYDIFF_NARROWED, "s="},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dns_record record[3];
		struct dns_answer a = {.status = DNS_FOUND, .record = record};
		struct buf text;
		enum keydiff got;

		suite_row(rows[i].txt[0]);
		for (; a.n < 3 && rows[i].txt[a.n] != NULL; a.n++)
			record[a.n].txt = span_str(rows[i].txt[a.n]);
		buf_init(&text, 4096);
		got = keydiff_compare(
		    &a, KEY_ED25519_SHA256, span_str(HALF), &text);
		CHECK_STR(keydiff_word(got), keydiff_word(rows[i].want));
		CHECK(strstr(buf_text(&text), rows[i].text) != NULL);
		CHECK(keydiff_good(got) == (rows[i].want <= KEYDIFF_SPACES));
		buf_free(&text);
	}
	suite_row(NULL);
}

static void
says_what_is_not_there(void)
{
	struct dns_answer a = {.status = DNS_NXDOMAIN};
	struct buf text;

	buf_init(&text, 4096);
	CHECK(keydiff_compare(&a, KEY_RSA_SHA256, span_str(HALF), &text) ==
	    KEYDIFF_MISSING);
	a.status = DNS_NODATA;
	CHECK(keydiff_compare(&a, KEY_RSA_SHA256, span_str(HALF), &text) ==
	    KEYDIFF_MISSING);
	a.status = DNS_TEMPERROR;
	a.why = "timeout";
	CHECK(keydiff_compare(&a, KEY_RSA_SHA256, span_str(HALF), &text) ==
	    KEYDIFF_NODNS);
	CHECK(strstr(buf_text(&text), "(timeout)") != NULL);
	buf_free(&text);
}

SUITE("keydiff", T(compares), T(says_what_is_not_there))

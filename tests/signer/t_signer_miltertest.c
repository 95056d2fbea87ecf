/*
 * What the scripts of OpenDKIM's own test suite (opendkim/tests/t-sign-*.lua,
 * t-dontsign.lua, t-peer.lua, for its miltertest) say of a milter that signs,
 * as rows for ours, with tables in its format. Theirs that have none here test
 * what we leave out: l=, ATPS, reports (r=), conditional signatures (!cd=), and
 * Lua.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/mta.h"
#include "tests/support/suite.h"

/* SHA-256 of the body below, in the two canonical forms. */
#define BH_SIMPLE "bh=kzn2nNCdU7Qa72BEarOCWiyyiSB9MWkaqw0wdAXExdQ=;"
#define BH_RELAXED "bh=wreRIbP2HCru6cw0WvVMJ6E6624lK4ibzCHroeCXP3A=;"

#define DOMAIN "domain \"sign.example\" { key \"s1\" { file = \"@ed.pem\" } }\n"

enum { WANTS = 8 };

static const struct row {
	const char *name; /* of the script */
	const char *config;
	const char *from;
	const char *macro, *value; /* with MAIL */
	char answer;               /* the last: 'a' or 'y' */
	size_t signatures;
	const char *has[WANTS]; /* in the one on top */
	const char *has_not;
	const char *second[WANTS]; /* in the one below */
} rows[] = {
    {.name = "ss",
        .config = "signer { canonicalization = \"simple/simple\" }\n" DOMAIN,
        .from = "me@sign.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" v=1;", " c=simple/simple;", " d=sign.example;", " s=s1;",
            BH_SIMPLE, " h=From:From:Reply-To:Subject:"}},
    {.name = "rs",
        .config = "signer { canonicalization = \"relaxed/simple\" }\n" DOMAIN,
        .from = "me@sign.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" v=1;", " c=relaxed/simple;", " d=sign.example;", BH_SIMPLE}},
    {.name = "rr",
        .config = DOMAIN,
        .from = "me@sign.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" c=relaxed/relaxed;", BH_RELAXED}},
    {.name = "ss-all, one key for any domain",
        .config = "signer { key_table = \"@any\" signing_table = \"@all\" }\n",
        .from = "me@whoever.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" d=whoever.example;", " s=any;"}},
    {.name = "ss-ltag: never",
        .config = DOMAIN,
        .from = "me@sign.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" d=sign.example;"},
        .has_not = " l="},
    {.name = "ss-macro",
        .config = "signer { internal_hosts = {} sign_macros = "
                  "{\"testmacro\"} }\n" DOMAIN,
        .from = "me@sign.example",
        .macro = "{testmacro}",
        .value = "foobar",
        .answer = 'a',
        .signatures = 1,
        .has = {" d=sign.example;"}},
    {.name = "ss-macro: without it",
        .config = "signer { internal_hosts = {} sign_macros = "
                  "{\"testmacro\"} }\n" DOMAIN,
        .from = "me@sign.example",
        .answer = 'a'},
    {.name = "ss-macro-value",
        .config = "signer { internal_hosts = {} sign_macros = "
                  "{\"testmacro=testvalue\"} }\n" DOMAIN,
        .from = "me@sign.example",
        .macro = "{testmacro}",
        .value = "testvalue",
        .answer = 'a',
        .signatures = 1,
        .has = {" d=sign.example;"}},
    {.name = "ss-macro-value: another one",
        .config = "signer { internal_hosts = {} sign_macros = "
                  "{\"testmacro=testvalue\"} }\n" DOMAIN,
        .from = "me@sign.example",
        .macro = "{testmacro}",
        .value = "testvalue2",
        .answer = 'a'},
    {.name = "ss-replace: a host's name in From, the domain's signature",
        .config = "domain \"sign.example\" { subdomains = true\n"
                  " key \"s1\" { file = \"@ed.pem\" } }\n",
        .from = "me@host.sign.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" d=sign.example;", " s=s1;"}},
    {.name = "ss-x",
        .config = "signer { signature_ttl = 600 }\n" DOMAIN,
        .from = "me@sign.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" x=", " t="}},
    {.name = "rs-tables: no identity",
        .config = "signer { key_table = \"@keys\" signing_table = \"@users\" "
                  "}\n",
        .from = "one@sign.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" d=sign.example;", " s=k1;"},
        .has_not = " i="},
    {.name = "rs-tables: an identity",
        .config = "signer { key_table = \"@keys\" signing_table = \"@users\" "
                  "}\n",
        .from = "two@sign.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" d=sign.example;", " s=k1;", " i=signer@sign.example;"}},
    {.name = "rs-tables-token: the domain of From, an identity below it",
        .config = "signer { key_table = \"@any\" signing_table = \"@users\" "
                  "}\n",
        .from = "three@sign.example",
        .answer = 'a',
        .signatures = 1,
        .has = {" d=sign.example;", " s=any;", " i=signer@sub.sign.example;"}},
    {.name = "rs-tables-bad",
        .config = "signer { key_table = \"@torn\" signing_table = \"@users\"\n"
                  " on_bad_key = \"tempfail\" }\n",
        .from = "one@sign.example",
        .answer = 'y'},
    {.name = "rs-multiple: the first row on top, in another domain's name",
        .config = "signer { key_table = \"@keys\" signing_table = "
                  "\"refile:@both\"\n sign_all = true }\n",
        .from = "me@sign.example",
        .answer = 'a',
        .signatures = 2,
        .has = {" d=other.example;", " s=k2;", BH_RELAXED},
        .second = {" d=sign.example;", " s=k1;", BH_RELAXED}},
    {.name = "dontsign: mta.c's recipient",
        .config = "signer { exempt_recipients = {\"r.example\"} }\n" DOMAIN,
        .from = "me@sign.example",
        .answer = 'a'},
};

static void
write_tables(const struct tmpdir *d)
{
	char path[TMPDIR_PATH_MAX], text[2000];

	tmpdir_file(d, "ed.pem", path);
	snprintf(text, sizeof text,
	    "key1 sign.example:k1:%s\nkey2 other.example:k2:%s\n"
	    "any %%:any:%s\n",
	    path, path, path);
	tmpdir_write(d, "keys", text);
	snprintf(
	    text, sizeof text, "any %%:any:%s\nkey1 %%:any:%s\n", path, path);
	tmpdir_write(d, "any", text);
	tmpdir_write(d, "torn", "key1 sign.example:k1:/no/such/key\n");
	tmpdir_write(d, "all", "* any\n");
	tmpdir_write(d, "users",
	    "one@sign.example key1\n"
	    "two@sign.example key1:signer@sign.example\n"
	    "three@sign.example key1:signer@sub.sign.example\n");
	tmpdir_write(d, "both", "*@sign.example key2\n*@sign.example key1\n");
	tmpdir_write(d, "peers",
	    "peer.sign.example\n.sign.example\n!nopeer.sign.example\n"
	    "!.nopeer.sign.example\nyes.nopeer.sign.example\n"
	    "smtp.other.example\n"
	    "192.0.2.0/24\n!192.0.2.64\n!192.0.2.128/30\n"
	    "2001:db8::/64\n!2001:db8::fff0/126\n");
}

static void
check_text(const struct mta_inserted *f, const char *const *has)
{
	struct buf text;

	/* one line, folds as spaces */
	buf_init(&text, 1 << 16);
	for (size_t i = 0; i < f->value.n; i++) {
		if (f->value.p[i] != '\n')
			buf_byte(
			    &text, f->value.p[i] == '\t' ? ' ' : f->value.p[i]);
	}
	CHECK_STR(f->name, "DKIM-Signature");
	CHECK(f->index == 0);
	for (size_t i = 0; i < WANTS && has[i] != NULL; i++)
		CHECK(suite_has(buf_text(&text), has[i]));
	buf_free(&text);
}

static bool
has(const struct mta_inserted *f, const char *text)
{
	return memmem(f->value.p, f->value.n, text, strlen(text)) != NULL;
}

static void
check_row(const struct row *r)
{
	struct fixture f;
	struct mta m;
	struct buf text;
	const char *log;

	fixture_make_with(&f, r->config, write_tables);
	buf_init(&text, 4096);
	buf_fmt(&text,
	    "From: %s\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
	    "Subject: A test of signatures\r\n\r\n"
	    "One line,\r\n\tand one more.  \r\n\r\n\r\n",
	    r->from);
	mta_init(&m, &signer_ops, &f.signer);
	m.macro = r->macro;
	m.macro_value = r->value;
	CHECK(mta_open(&m));
	mta_connect(&m, "127.0.0.1");
	fixture_logged(&f);
	for (int again = 0; again < 2; again++) {
		CHECK(mta_message(&m, NULL, buf_view(&text)) == r->answer);
		CU_ASSERT_FATAL(m.ninserted == r->signatures);
		log = fixture_logged(&f);
		CHECK(suite_has(log,
		    r->answer == 'y'         ? ": tempfail queue_id="
		        : r->signatures == 0 ? ": unsigned queue_id="
		                             : ": signed queue_id="));
		if (r->signatures == 0)
			continue;
		check_text(&m.inserted[m.ninserted - 1], r->has);
		if (r->signatures == 2)
			check_text(&m.inserted[0], r->second);
		CHECK(r->has_not == NULL ||
		    !has(&m.inserted[m.ninserted - 1], r->has_not));
	}
	mta_free(&m);
	buf_free(&text);
	fixture_free(&f);
}

static void
signs(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].name);
		check_row(&rows[i]);
	}
}

/* peer: mail of these clients is left alone, by name and by address, but for
 * the exceptions. */
static void
peers(void)
{
	static const struct {
		const char *name, *address;
		bool left_alone;
	} peer[] = {
	    {"peer.sign.example", "127.0.0.1", true},
	    {"bob.sign.example", "127.0.0.1", true},
	    {"bob.other.example", "127.0.0.1", false},
	    {"nopeer.sign.example", "127.0.0.1", false},
	    {"x.nopeer.sign.example", "127.0.0.1", false},
	    {"yes.nopeer.sign.example", "127.0.0.1", true},
	    {"smtp.other.example", "127.0.0.1", true},
	    {"localhost", "127.0.0.1", false},
	    {"localhost", "192.0.2.1", true},
	    {"localhost", "192.0.2.64", false},
	    {"localhost", "192.0.2.127", true},
	    {"localhost", "192.0.2.128", false},
	    {"localhost", "192.0.2.131", false},
	    {"localhost", "192.0.2.132", true},
	    {"localhost", "2001:db8:1::1", false},
	    {"localhost", "2001:db8::91", true},
	    {"localhost", "2001:db8::fff0", false},
	    {"localhost", "2001:db8::fff3", false},
	    {"localhost", "2001:db8::fff4", true},
	};
	static const char text[] = "From: me@sign.example\r\n\r\nhi\r\n";
	struct fixture f;
	struct mta m;

	fixture_make_with(&f,
	    "signer { ignore_hosts = {\"@peers\"}\n"
	    " internal_hosts = {\"0.0.0.0/0\", \"::/0\"} }\n" DOMAIN,
	    write_tables);
	for (size_t i = 0; i < sizeof peer / sizeof peer[0]; i++) {
		suite_row(peer[i].name);
		mta_init(&m, &signer_ops, &f.signer);
		m.client = peer[i].name;
		CHECK(mta_open(&m));
		mta_connect(&m, peer[i].address);
		CHECK(mta_message(&m, NULL, span_str(text)) == 'a');
		CHECK(m.ninserted == (peer[i].left_alone ? 0 : 1));
		CHECK((strstr(fixture_logged(&f), "is in ignore_hosts") !=
		          NULL) == peer[i].left_alone);
		mta_free(&m);
	}
	fixture_free(&f);
}

SUITE("signer_miltertest", T(signs), T(peers))

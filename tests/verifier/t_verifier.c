#include <stdio.h>
#include <stdlib.h>

#include "common/dns/resolver.h"
#include "tests/support/dkimsign.h"
#include "tests/support/loop_fake.h"
#include "tests/support/mta.h"
#include "tests/support/pem.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"
#include "verifier/verifier.h"

enum { NOW = 1800000000 };

/* One worker, its zone with the keys of a.example: rsa, weak (1024 bits), ed. */
struct house {
	struct settings *settings;
	struct loop *loop;
	struct resolver *resolver;
	struct verifier v;
	struct key *rsa, *weak, *ed;
};

static struct key *
key_from(const char *pem)
{
	struct key *k;
	const char *why;

	CU_ASSERT_FATAL(key_new(span_str(pem), &k, &why) == 0);
	return k;
}

/* The record at NAME._domainkey.DOMAIN: that of the key, with more in front. */
static void
publish(struct house *h, const char *name, struct key *key, const char *tags)
{
	struct buf line;

	buf_init(&line, 4096);
	buf_fmt(&line, "%s TXT \"%s", name, tags);
	if (key != NULL)
		dkimsign_record(key, &line);
	buf_str(&line, "\"\n");
	resolver_zone_load(h->resolver, buf_text(&line));
	buf_free(&line);
}

static void
open_house(struct house *h, const char *config)
{
	struct buf text, why;

	buf_init(&text, 65536);
	buf_init(&why, 65536);
	buf_fmt(
	    &text, "hostname = \"mx.example.jp\"\nverifier {\n%s\n}\n", config);
	if (settings_parse("test.conf", buf_view(&text), SETTINGS_VERIFIER,
	        &h->settings, &why, &why) != 0) {
		printf("%s", buf_text(&why));
		exit(1);
	}
	CU_ASSERT_FATAL(loop_new(&h->loop) == 0);
	CU_ASSERT_FATAL(
	    resolver_new(h->loop, &h->settings->dns, &h->resolver) == 0);
	CU_ASSERT_FATAL(
	    verifier_init(&h->v, h->settings, h->loop, h->resolver) == 0);
	h->v.time = NOW;
	h->rsa = key_from(pem_rsa2048);
	h->weak = key_from(pem_rsa1024);
	h->ed = key_from(pem_ed25519);
	publish(h, "rsa._domainkey.a.example", h->rsa, "");
	publish(h, "weak._domainkey.a.example", h->weak, "");
	publish(h, "ed._domainkey.a.example", h->ed, "");
	publish(h, "rsa._domainkey.list.example", h->rsa, "");
	buf_free(&text);
	buf_free(&why);
}

static void
close_house(struct house *h)
{
	verifier_free(&h->v);
	resolver_free(h->resolver);
	loop_free(h->loop);
	settings_free(h->settings);
	key_free(h->rsa);
	key_free(h->weak);
	key_free(h->ed);
}

/* --- one signature, each rule a row ------------------------------------------- */

#define RSA "v=1; a=rsa-sha256; d=a.example; s=rsa; "
#define TAIL "h=from:to; bh=@; b=@"
#define GOOD "(2048-bit key) header.d=a.example header.i=@a.example"

static const struct {
	const char *name;
	const char *tags;
	const char *want; /* what must stand in the field */
	const char *zone;
} row[] = {
    {"good", RSA "c=relaxed/relaxed; " TAIL, "dkim=pass " GOOD, NULL},
    {"simple", RSA TAIL, "dkim=pass " GOOD, NULL},
    {"ed25519", "v=1; a=ed25519-sha256; d=a.example; s=ed; " TAIL,
        "dkim=pass (256-bit key) header.d=a.example", NULL},
    {"1024 bits", "v=1; a=rsa-sha256; d=a.example; s=weak; " TAIL,
        "dkim=pass (1024-bit key)", NULL},
    {"i=", RSA "i=joe@b.a.example; " TAIL,
        "header.i=joe@b.a.example\n\theader.a=rsa-sha256", NULL},
    {"no key", "v=1; a=rsa-sha256; d=a.example; s=none; " TAIL,
        "dkim=permerror reason=\"no key\" header.d=a.example", NULL},
    {"no TXT", "v=1; a=rsa-sha256; d=a.example; s=mx; " TAIL,
        "dkim=permerror reason=\"no key\"",
        "mx._domainkey.a.example A 192.0.2.1"},
    {"SERVFAIL", "v=1; a=rsa-sha256; d=a.example; s=bad; " TAIL,
        "dkim=temperror reason=\"DNS has no answer for the key\"",
        "bad._domainkey.a.example TXT servfail"},
    {"bogus", "v=1; a=rsa-sha256; d=a.example; s=bad; " TAIL, "dkim=temperror",
        "bad._domainkey.a.example TXT bogus"},
    {"revoked", "v=1; a=rsa-sha256; d=a.example; s=gone; " TAIL,
        "dkim=permerror reason=\"key revoked\"",
        "gone._domainkey.a.example TXT \"v=DKIM1; p=\""},
    {"a record that is no key", "v=1; a=rsa-sha256; d=a.example; s=spf; " TAIL,
        "dkim=permerror reason=\"no valid key record\"",
        "spf._domainkey.a.example TXT \"v=spf1 -all\""},
    {"another kind of key", "v=1; a=ed25519-sha256; d=a.example; s=rsa; " TAIL,
        "dkim=permerror reason=\"the key is not of the kind in a=\"", NULL},
    {"expired", RSA "t=1; x=1799999699; " TAIL,
        "dkim=policy reason=\"expired\"", NULL},
    {"expired, within the drift", RSA "x=1799999700; " TAIL, "dkim=pass", NULL},
    {"in the future", RSA "t=1800000301; " TAIL,
        "dkim=policy reason=\"signed in the future\"", NULL},
    {"in the future, within the drift", RSA "t=1800000300; " TAIL, "dkim=pass",
        NULL},
    {"l= of all", RSA "l=7; " TAIL, "dkim=pass", NULL},
    {"l= of less", RSA "l=2; " TAIL,
        "dkim=policy reason=\"a part of the body is not signed\"", NULL},
    {"l=0", RSA "l=0; " TAIL,
        "dkim=policy reason=\"a part of the body is not signed\"", NULL},
    {"l= of more", RSA "l=8; " TAIL,
        "dkim=permerror reason=\"l= is more than the body\"", NULL},
    {"another body",
        RSA "h=from:to; b=AAAA; bh="
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "dkim=fail reason=\"body hash did not verify\"", NULL},
    {"another signature", RSA "h=from:to; bh=@; b=AAAA",
        "dkim=fail reason=\"signature did not verify\"", NULL},
    {"rsa-sha1", "v=1; a=rsa-sha1; d=a.example; s=rsa; " TAIL,
        "dkim=permerror reason=\"rsa-sha1 is not secure\" "
        "header.d=a.example\n"
        "\theader.i=@a.example header.a=rsa-sha1",
        NULL},
    {"a tag twice", RSA "s=rsa; " TAIL,
        "dkim=neutral reason=\"the same tag twice\"", NULL},
    {"From is not signed", RSA "h=to; bh=@; b=@",
        "dkim=permerror reason=\"From is not in h=\"", NULL},
};

static const char text[] = "From: Joe <joe@a.example>\r\n"
                           "To: ann@example.jp\r\n"
                           "Subject: hello\r\n"
                           "\r\n"
                           "Hello\r\n";

/* Has the message verified and puts the field into m->inserted[0]. */
static char
deliver(struct house *h, struct mta *m, struct span message)
{
	mta_init(m, &verifier_ops, &h->v);
	CHECK(mta_open(m));
	mta_connect(m, "192.0.2.1");
	return mta_message(m, NULL, message);
}

static const char *
field_of(struct mta *m)
{
	return m->ninserted == 1 ? buf_text(&m->inserted[0].value) : "none";
}

static void
rules(void)
{
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct house h;
		struct buf message;
		struct mta m;
		const char *got;

		suite_row(row[i].name);
		open_house(&h, "");
		if (row[i].zone != NULL)
			resolver_zone_load(h.resolver, row[i].zone);
		buf_init(&message, 1 << 20);
		dkimsign(row[i].tags,
		    strstr(row[i].tags, "s=ed;") != NULL         ? h.ed
		        : strstr(row[i].tags, "s=weak;") != NULL ? h.weak
		                                                 : h.rsa,
		    span_str(text), &message);
		buf_str(&message, text);
		CHECK(deliver(&h, &m, buf_view(&message)) == 'a');
		got = field_of(&m);
		CHECK(strstr(got, row[i].want) != NULL);
		if (strstr(got, row[i].want) == NULL)
			printf("got: %s\nwant: %s\n", got, row[i].want);
		mta_free(&m);
		buf_free(&message);
		close_house(&h);
	}
	suite_row(NULL);
}

SUITE("verifier", T(rules))

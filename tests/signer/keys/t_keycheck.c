#include <stdio.h>
#include <string.h>

#include "signer/keys/keycheck.h"
#include "signer/limits.h"
#include "tests/support/fixture.h"
#include "tests/support/loop_fake.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"

static const char config[] =
    "domain \"ed.example\" { key \"e\" { file = \"@ed.pem\" } }\n"
    "domain \"rsa.example\" { key \"r\" { file = \"@rsa.pem\" }\n"
    " key \"off\" { file = \"@ed.pem\" active = false } }\n";

struct world {
	struct fixture f;
	struct loop *loop;
	struct resolver *resolver;
	struct stats *stats;
	struct keycheck *check;
	char ed[200], rsa[1000]; /* p= of both */
};

static void
half(const struct keyring_key *k, char *ret, size_t size)
{
	struct buf b;

	buf_init(&b, size);
	CU_ASSERT_FATAL(key_public(k->key, &b) == 0);
	snprintf(ret, size, "%s", buf_text(&b));
	buf_free(&b);
}

static void
start(struct world *w)
{
	static const struct dns_settings dns = {.timeout = 5};

	fixture_make(&w->f, config);
	half(&w->f.keys->domain[0].key[0], w->ed, sizeof w->ed);
	half(&w->f.keys->domain[1].key[0], w->rsa, sizeof w->rsa);
	CU_ASSERT_FATAL(loop_new(&w->loop) == 0);
	CU_ASSERT_FATAL(resolver_new(w->loop, &dns, &w->resolver) == 0);
	CU_ASSERT_FATAL(stats_new(1, &w->stats) == 0);
	CU_ASSERT_FATAL(
	    keycheck_new(w->f.keys, stats_slot(w->stats, 0), &w->check) == 0);
	/* nothing was asked, and the secrets are gone */
	CHECK(w->f.keys->domain[0].key[0].key == NULL);
	CU_ASSERT_FATAL(keycheck_start(w->check, w->loop, w->resolver) == 0);
}

static void
stop(struct world *w)
{
	keycheck_free(w->check);
	stats_free(w->stats);
	resolver_free(w->resolver);
	loop_free(w->loop);
	fixture_free(&w->f);
}

/* The state of ed.example's key: "ok", "mismatch record", ... Static. */
static const char *
state(struct world *w)
{
	static char text[200];
	struct control_key k;

	for (size_t i = 0; keycheck_key(w->check, i, &k); i++) {
		if (strcmp(k.domain, "ed.example") != 0)
			continue;
		snprintf(text, sizeof text, "%s %s", k.state, k.detail);
		return text;
	}
	return "ok";
}

static bool
marked(const struct world *w)
{
	return keyring_mismatch(w->f.keys, &w->f.keys->domain[0].key[0]);
}

/* template with the key in place of '@'. */
static void
fill(const char *template, const char *key, char *ret, size_t size)
{
	size_t n = strcspn(template, "@");

	snprintf(ret, size, "%.*s%s%s", (int)n, template,
	    template[n] == '@' ? key : "",
	    template[n] == '@' ? template + n + 1 : "");
}

static void
records(void)
{
	static const struct {
		const char *zone, *state;
	} row[] = {
	    {"e._domainkey.ed.example TXT \"v=DKIM1; k=ed25519; p=@\"", "ok"},
	    {"e._domainkey.ed.example TXT \"k=ed25519; t=y; p=AA@\" ",
	        "mismatch another key"},
	    {"e._domainkey.ed.example TXT \"k=ed25519; p= @ \" ", "ok"},
	    {"e._domainkey.ed.example TXT \"k=ed25519; p=MCow\"",
	        "mismatch another key"},
	    {"e._domainkey.ed.example TXT \"k=ed25519; t=y; p=@\"", "ok"},
	    {"e._domainkey.ed.example TXT \"k=ed25519; p=\"",
	        "mismatch the key is revoked: p= is empty"},
	    {"e._domainkey.ed.example TXT \"p=@\"",
	        "mismatch k= is of another kind of key"},
	    {"e._domainkey.ed.example TXT \"k=ed25519; p=@; h=sha1\"",
	        "mismatch h= or s= keeps the key from signing mail"},
	    {"e._domainkey.ed.example TXT \"hello\"\n"
	     "e._domainkey.ed.example TXT \"k=ed25519; p=@\"",
	        "ok"},
	    {"e._domainkey.ed.example A 192.0.2.1",
	        "mismatch there is no record"},
	    {"ed.example A 192.0.2.1", "mismatch there is no record"},
	    {"e._domainkey.ed.example TXT servfail", "unknown SERVFAIL"},
	    {"e._domainkey.ed.example TXT bogus", "unknown SERVFAIL"},
	    {"e._domainkey.ed.example TXT silent", "unknown timeout"},
	    {"e._domainkey.ed.example TXT nomem", "unknown out of memory"},
	};
	static const enum zone_order order[] = {ZONE_READY, ZONE_REVERSED};

	for (size_t i = 0; i < 2 * sizeof row / sizeof *row; i++) {
		char zone[1000];
		struct world w;

		start(&w);
		fill(row[i / 2].zone, w.ed, zone, sizeof zone);
		resolver_zone_load(w.resolver, zone);
		resolver_zone_order(w.resolver, order[i % 2], 0);
		CHECK_STR(state(&w), "pending ");
		loop_fake_advance(w.loop, 6000);
		suite_row(row[i / 2].zone);
		CHECK_STR(state(&w), row[i / 2].state);
		CHECK(marked(&w) == (strncmp(state(&w), "mis", 3) == 0));
		/* the inactive key is nobody's affair */
		CHECK(resolver_zone_asked(w.resolver,
		          "off._domainkey.rsa.example", DNS_TXT) == 0);
		CHECK(stats_sum(w.stats, KEYCHECK_OK) +
		        stats_sum(w.stats, KEYCHECK_MISMATCH) +
		        stats_sum(w.stats, KEYCHECK_UNKNOWN) ==
		    2);
		CHECK(stats_sum(w.stats, KEYCHECK_CHECKED) > 0);
		stop(&w);
	}
}

static void
silence_of_dns_changes_nothing(void)
{
	char zone[1500];
	struct world w;

	start(&w);
	snprintf(
	    zone, sizeof zone, "r._domainkey.rsa.example TXT \"p=%s\"", w.rsa);
	resolver_zone_load(w.resolver, zone);
	loop_fake_advance(w.loop, 0);
	CHECK(stats_sum(w.stats, KEYCHECK_OK) == 1);
	CHECK(stats_sum(w.stats, KEYCHECK_MISMATCH) == 1);
	CHECK(marked(&w));
	CHECK(suite_has(fixture_logged(&w.f),
	    "key_mismatch domain=ed.example selector=e "
	    "record=\"there is no record\""));
	resolver_zone_load(w.resolver,
	    "e._domainkey.ed.example TXT servfail\n"
	    "r._domainkey.rsa.example ANY servfail\n");
	loop_fake_advance(w.loop, KEYCHECK_MS - 1);
	CHECK(resolver_zone_asked_all(w.resolver) == 2);
	loop_fake_advance(w.loop, 1);
	CHECK(resolver_zone_asked_all(w.resolver) == 4);
	CHECK(marked(&w));
	CHECK(stats_sum(w.stats, KEYCHECK_OK) == 1);
	CHECK(stats_sum(w.stats, KEYCHECK_MISMATCH) == 1);
	CHECK_STR(fixture_logged(&w.f), "");
	stop(&w);
}

static void
asked_again_sooner_when_dns_was_silent(void)
{
	struct world w;

	start(&w);
	resolver_zone_load(
	    w.resolver, "e._domainkey.ed.example TXT servfail\n");
	loop_fake_advance(w.loop, KEYCHECK_AGAIN_MS - 1);
	CHECK(resolver_zone_asked_all(w.resolver) == 2);
	loop_fake_advance(w.loop, 1);
	CHECK(resolver_zone_asked_all(w.resolver) == 4);
	stop(&w);
}

static void
secrets_are_gone(void)
{
	struct world w;

	start(&w);
	CHECK(w.f.keys->domain[0].key[0].key == NULL);
	CHECK(w.f.keys->domain[1].key[0].key == NULL);
	CHECK(keyring_find(w.f.keys, span_str("ed.example")) != NULL);
	resolver_zone_order(w.resolver, ZONE_HELD, 0);
	loop_fake_advance(w.loop, 0);
	CHECK(resolver_zone_waiting(w.resolver) == 2);
	stop(&w); /* with questions that wait */
}

SUITE("keycheck", T(records), T(silence_of_dns_changes_nothing),
    T(asked_again_sooner_when_dns_was_silent), T(secrets_are_gone))

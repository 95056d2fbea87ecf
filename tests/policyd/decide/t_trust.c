/* Trust that asks DNS, with real checks: HELO names, forwarders, and "v=spf1
 * -all", whichever way the answers arrive. */
#include <stdio.h>
#include <string.h>

#include "policyd/decide/trust.h"
#include "tests/support/loop_fake.h"
#include "tests/support/spfrun.h"
#include "tests/support/suite.h"

static const char zone[] =
    "move.example A 192.0.2.1\n"
    "move.example A 192.0.2.2\n"
    "move.example AAAA 2001:db8::1\n"
    "dead.example A servfail\n"
    "late.example A silent\n"
    "one.example TXT \"v=spf1 include:in.example -all\"\n"
    "in.example TXT \"v=spf1 a:h.example -all\"\n"
    "h.example A 192.0.2.9\n"
    "two.example TXT \"v=spf1 mx ?all\"\n"
    "two.example MX 1 h.example\n"
    "two.example MX 2 i.example\n"
    "i.example A 192.0.2.10\n"
    "soft.example TXT \"v=spf1 ~all\"\n"
    "bad.example TXT \"v=spf1 foo:bar -all\"\n"
    "gone.example TXT servfail\n"
    "mute.example TXT silent\n"
    "flat.example TXT \"v=spf1 ip4:192.0.2.9 -all\"\n";

static char move[] = "move.example", dead[] = "dead.example",
            late[] = "late.example", one[] = "one.example",
            two[] = "two.example", soft[] = "soft.example",
            bad[] = "bad.example", gone[] = "gone.example",
            none[] = "none.example", mute[] = "mute.example",
            flat[] = "flat.example";
static char *helos[] = {dead, late, move};
static char *relays[] = {soft, bad, gone, none, one, two};

static const struct policyd_settings policy = {
    .trusted_helo = {helos, 3}, .trusted_forwarders = {relays, 6}};

struct seen {
	struct trust *trust;
	unsigned changes;
};

static void
changed(void *arg)
{
	struct seen *s = arg;
	const char *by;
	enum skip skip;

	s->changes++;
	CHECK(trust_look(s->trust, &skip, &by) != TRUST_OPEN);
}

/* What is trusted in the end; NULL: nothing. */
static const char *
ask(struct spfrun *s, const struct policyd_settings *p, const char *client,
    const char *helo, enum skip *ret_skip)
{
	struct check_input in = {.subject.helo = span_str(helo),
	    .subject.receiver = "mx.example",
	    .void_max = 2,
	    .prefetch = s->prefetch,
	    .identity = IDENTITY_MAIL_FROM};
	struct seen seen = {0};
	const char *by = NULL;
	enum trust_state state;

	resolver_zone_order(s->resolver, s->order, s->seed);
	*ret_skip = SKIP_NO;
	CU_ASSERT_FATAL(ip_parse(span_str(client), &in.subject.client) == 0);
	CU_ASSERT_FATAL(trust_start(s->loop, s->resolver, p, &in, changed,
	                    &seen, &seen.trust) == 0);
	CHECK(seen.changes == 0); /* never inside the call */
	for (int i = 0; i < 200; i++)
		loop_fake_turn(s->loop);
	state = trust_look(seen.trust, ret_skip, &by);
	CHECK(state != TRUST_OPEN);
	CHECK(seen.changes <= 1);
	CHECK((state == TRUST_YES) == (by != NULL));
	trust_free(seen.trust);
	return by;
}

static void
who_is_trusted(void)
{
	static const struct {
		const char *client, *helo;
		enum skip skip;
		const char *by, *also; /* also right: answered first */
	} row[] = {
	    {"192.0.2.1", "move.example", SKIP_HELO, move, NULL},
	    {"192.0.2.2", "MOVE.example", SKIP_HELO, move, NULL},
	    {"2001:db8::1", "move.example", SKIP_HELO, move, NULL},
	    {"::ffff:192.0.2.1", "move.example", SKIP_HELO, move, NULL},
	    {"192.0.2.3", "move.example", SKIP_NO, NULL, NULL},
	    {"2001:db8::2", "move.example", SKIP_NO, NULL, NULL},
	    {"192.0.2.1", "a.move.example", SKIP_NO, NULL, NULL},
	    {"192.0.2.1", "other.example", SKIP_NO, NULL, NULL},
	    {"192.0.2.1", "dead.example", SKIP_NO, NULL, NULL},
	    /* both relays permit this one */
	    {"192.0.2.9", "dead.example", SKIP_FORWARDER, one, two},
	    {"192.0.2.9", "other.example", SKIP_FORWARDER, one, two},
	    {"192.0.2.9", "move.example", SKIP_FORWARDER, one, two},
	    {"192.0.2.10", "", SKIP_FORWARDER, two, NULL},
	    {"192.0.2.11", "[192.0.2.11]", SKIP_NO, NULL, NULL},
	};

	for (size_t way = 0; way < SPFRUN_WAYS; way++) {
		for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
			struct spfrun s;
			const char *by;
			enum skip skip;

			spfrun_open(&s);
			spfrun_zone(&s, zone);
			spfrun_choose(&s, &spfrun_ways[way]);
			suite_row(row[i].client);
			by =
			    ask(&s, &policy, row[i].client, row[i].helo, &skip);
			if (row[i].also == NULL || by != row[i].also)
				CHECK_STR(by, row[i].by);
			CHECK(skip == row[i].skip);
			spfrun_close(&s);
		}
	}
}

/* Whose DNS is silent hides no other who vouches: neither the HELO name nor a
 * relay that comes first in the config. */
static void
silence_hides_nobody(void)
{
	char *list[] = {mute, flat};
	const struct policyd_settings p = {
	    .trusted_helo = {helos, 3}, .trusted_forwarders = {list, 2}};
	static const char *const helo[] = {"other.example", "late.example"};

	for (size_t i = 0; i < 2; i++) {
		struct spfrun s;
		enum skip skip;

		spfrun_open(&s);
		spfrun_zone(&s, zone);
		s.order = ZONE_TOGETHER;
		suite_row(helo[i]);
		CHECK_STR(ask(&s, &p, "192.0.2.9", helo[i], &skip), flat);
		CHECK(skip == SKIP_FORWARDER);
		spfrun_close(&s);
	}
	suite_row(NULL);
}

/* Nothing is asked for a HELO that is not listed, nor where nothing is. */
static void
nothing_to_ask(void)
{
	static const struct policyd_settings helo_only = {
	    .trusted_helo = {helos, 3}};
	struct spfrun s;
	enum skip skip;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	CHECK_STR(ask(&s, &helo_only, "192.0.2.1", "h.example", &skip), NULL);
	CHECK(resolver_zone_asked_all(s.resolver) == 0);
	CHECK_STR(
	    ask(&s, &helo_only, "192.0.2.1", "move.example", &skip), move);
	CHECK(resolver_zone_asked_all(s.resolver) == 1);
	/* A HELO that settles it leaves the forwarders alone. */
	resolver_zone_forget(s.resolver);
	CHECK_STR(ask(&s, &policy, "192.0.2.1", "move.example", &skip), move);
	CHECK(resolver_zone_asked_all(s.resolver) == 1);
	spfrun_close(&s);
}

/* All at once: the forwarders' records in the first turn. */
static void
side_by_side(void)
{
	struct check_input in = {.subject.helo = span_str("h.example"),
	    .subject.receiver = "mx.example",
	    .void_max = 2,
	    .prefetch = true,
	    .identity = IDENTITY_MAIL_FROM};
	struct seen seen = {0};
	struct spfrun s;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	resolver_zone_order(s.resolver, ZONE_HELD, 0);
	CU_ASSERT_FATAL(
	    ip_parse(span_str("192.0.2.9"), &in.subject.client) == 0);
	CHECK(trust_start(s.loop, s.resolver, &policy, &in, changed, &seen,
	          &seen.trust) == 0);
	CHECK(resolver_zone_asked_all(s.resolver) == 6);
	trust_free(seen.trust); /* and all are cancelled */
	CHECK(seen.changes == 0);
	spfrun_close(&s);
}

/* Cancelled while the HELO name's addresses are on their way. */
static void
cancelled(void)
{
	struct check_input in = {.subject.helo = span_str("late.example"),
	    .subject.receiver = "mx.example",
	    .identity = IDENTITY_MAIL_FROM};
	struct seen seen = {0};
	struct spfrun s;
	const char *by;
	enum skip skip;

	spfrun_open(&s);
	spfrun_zone(&s, zone);
	resolver_zone_order(s.resolver, ZONE_TOGETHER, 0);
	CU_ASSERT_FATAL(
	    ip_parse(span_str("192.0.2.3"), &in.subject.client) == 0);
	CHECK(trust_start(s.loop, s.resolver, &policy, &in, changed, &seen,
	          &seen.trust) == 0);
	for (int i = 0; i < 20; i++)
		loop_fake_turn(s.loop);
	CHECK(trust_look(seen.trust, &skip, &by) == TRUST_OPEN);
	trust_free(seen.trust);
	trust_free(NULL);
	CHECK(trust_look(NULL, &skip, &by) == TRUST_NO);
	spfrun_close(&s);
}

SUITE("trust", T(who_is_trusted), T(silence_hides_nobody), T(nothing_to_ask),
    T(side_by_side), T(cancelled))

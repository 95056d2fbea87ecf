/* Real: no fake stands in for the loop and the resolver. */
/*
 * How many packets one check sends to a zone that says nothing: the real
 * resolver on the real loop, asking a scripted server that counts.
 *
 * Each question is put twice. Evaluation alone needs one that is silent, or the
 * ten names of a ptr; what is asked early beside it is bounded (early.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes/buf.h"
#include "common/limits.h"
#include "common/spf/check.h"
#include "tests/support/clock.h"
#include "tests/support/dnsd.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

enum { PUT = 2 /* packets for one question */ };

struct rig {
	struct dnsd *server;
	struct loop *loop;
	struct resolver *resolver;
	enum spf_result result;
};

static void
rig_open(struct rig *rig, const char *zone)
{
	struct dns_server at = {.ip = ip_bytes("\177\0\0\1", 4)};
	struct dns_settings dns = {.servers = {.v = &at, .n = 1}, .timeout = 1};

	clock_script();
	*rig = (struct rig){.server = dnsd_start(zone)};
	at.port = dnsd_port(rig->server);
	CU_ASSERT_EQUAL_FATAL(loop_new(&rig->loop), 0);
	CU_ASSERT_EQUAL_FATAL(resolver_new(rig->loop, &dns, &rig->resolver), 0);
}

static void
rig_close(struct rig *rig)
{
	resolver_free(rig->resolver);
	loop_free(rig->loop);
	dnsd_stop(rig->server);
}

static void
done(void *arg, const struct check_result *r)
{
	struct rig *rig = arg;

	rig->result = r->result;
	loop_stop(rig->loop);
}

static void
rig_check(struct rig *rig, bool prefetch)
{
	struct check_input in = {.subject.sender = span_str("u@a.example"),
	    .subject.client = ip_bytes("\300\0\2\1", 4),
	    .subject.helo = span_str("mail.example.org"),
	    .void_max = 2,
	    .prefetch = prefetch,
	    .identity = IDENTITY_MAIL_FROM};
	struct check *c;

	dnsd_forget(rig->server);
	CU_ASSERT_EQUAL_FATAL(
	    check_start(rig->loop, rig->resolver, &in, done, rig, &c), 0);
	loop_run(rig->loop);
}

/* The packets that a check sends to names below evil.example, which are
 * silent. */
static unsigned
packets(const char *zone, unsigned answered, bool prefetch)
{
	struct rig rig;
	unsigned n;

	rig_open(&rig, zone);
	rig_check(&rig, prefetch);
	n = dnsd_total(rig.server);
	rig_close(&rig);
	CHECK(n > answered);
	return n - answered;
}

/* Ten terms, each of which is silent: the record, which is late enough for all
 * to be asked early, is the only answer. */
static void
terms_of_a_silent_zone(void)
{
	static const char *const rows[] = {"a", "exists", "include", "mx"};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf zone;

		buf_init(&zone, 1 << 16);
		buf_str(&zone, "a.example TXT delay=20\n");
		for (int k = 0; k < 10; k++)
			buf_fmt(&zone, "h%d.evil.example ANY timeout\n", k);
		buf_str(&zone, "a.example TXT \"v=spf1");
		for (int k = 0; k < 10; k++)
			buf_fmt(&zone, " %s:h%d.evil.example", rows[i], k);
		buf_str(&zone, " -all\"\n");
		suite_row(rows[i]);
		CHECK(packets(buf_text(&zone), 1, false) == PUT);
		CHECK(packets(buf_text(&zone), 1, true) ==
		    PUT * SPF_UNANSWERED_MAX);
		buf_free(&zone);
	}
	suite_row(NULL);
}

/* Ten mx of ten hosts each, which are silent: they are 100 questions. */
static void
hosts_of_a_silent_zone(void)
{
	struct buf zone;

	buf_init(&zone, 1 << 16);
	buf_str(&zone, "a.example TXT delay=20\na.example TXT \"v=spf1");
	for (int i = 0; i < 10; i++)
		buf_fmt(&zone, " mx:m%d.example", i);
	buf_str(&zone, " -all\"\n");
	for (int i = 0; i < 100; i++)
		buf_fmt(&zone,
		    "m%d.example MX 1 h%d.evil.example\n"
		    "h%d.evil.example ANY timeout\n",
		    i / 10, i, i);
	CHECK(packets(buf_text(&zone), 2, false) == PUT);
	CHECK(packets(buf_text(&zone), 11, true) == PUT * SPF_UNANSWERED_MAX);
	buf_free(&zone);
}

/* Names of the client are no reason to end the check: it comes to the next
 * term, and that zone is known to be silent. */
static void
silent_in_this_check(void)
{
	struct buf zone;

	buf_init(&zone, 1 << 16);
	buf_str(&zone,
	    "a.example TXT delay=20\n"
	    "a.example TXT \"v=spf1 ptr:evil.example mx:m.example -all\"\n"
	    "m.example MX delay=50\n");
	for (int i = 0; i < 10; i++)
		buf_fmt(&zone,
		    "1.2.0.192.in-addr.arpa PTR p%d.evil.example\n"
		    "p%d.evil.example ANY timeout\n"
		    "m.example MX 1 h%d.evil.example\n"
		    "h%d.evil.example ANY timeout\n",
		    i, i, i, i);
	/* all names of the client, and the first host */
	for (int prefetch = 0; prefetch < 2; prefetch++)
		CHECK(packets(buf_text(&zone), 3, prefetch) == PUT * (10 + 1));
	buf_free(&zone);
}

SUITE("spf_silence", T(terms_of_a_silent_zone), T(hosts_of_a_silent_zone),
    T(silent_in_this_check))

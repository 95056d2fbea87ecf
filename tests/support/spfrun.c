#include <stdio.h>
#include <stdlib.h>

#include "common/limits.h"
#include "tests/support/loop_fake.h"
#include "tests/support/spfrun.h"

enum { SOON = DNS_PATIENCE_MS - 1, LATE = 20 };

const struct spfrun_way spfrun_ways[SPFRUN_WAYS] = {
    {"ready", ZONE_READY, 0, true, LATE},
    {"ready, no prefetch", ZONE_READY, 0, false, LATE},
    {"together", ZONE_TOGETHER, 0, true, LATE},
    {"together, soon", ZONE_TOGETHER, 0, true, SOON},
    {"one by one", ZONE_ONE_BY_ONE, 0, true, LATE},
    {"one by one, soon", ZONE_ONE_BY_ONE, 0, true, SOON},
    {"one by one, no prefetch", ZONE_ONE_BY_ONE, 0, false, LATE},
    {"reversed", ZONE_REVERSED, 0, true, LATE},
    {"reversed, no prefetch", ZONE_REVERSED, 0, false, LATE},
    {"shuffled", ZONE_SHUFFLED, 1, true, LATE},
    {"shuffled again", ZONE_SHUFFLED, 2, true, LATE},
};

_Noreturn static void
die(const char *what)
{
	fflush(stdout);
	fprintf(stderr, "spfrun: %s\n", what);
	abort();
}

void
spfrun_open(struct spfrun *s)
{
	static const struct dns_settings dns = {.timeout = 5};

	*s = (struct spfrun){.order = ZONE_READY,
	    .void_max = 2,
	    .prefetch = true,
	    .delay = LATE};
	if (loop_new(&s->loop) != 0 ||
	    resolver_new(s->loop, &dns, &s->resolver) != 0)
		die("out of memory");
}

void
spfrun_close(struct spfrun *s)
{
	if (resolver_zone_waiting(s->resolver) != 0)
		die("a check is gone, but waits for an answer");
	resolver_free(s->resolver);
	loop_free(s->loop);
}

void
spfrun_zone(struct spfrun *s, const char *text)
{
	resolver_zone_load(s->resolver, text);
}

void
spfrun_choose(struct spfrun *s, const struct spfrun_way *way)
{
	s->order = way->order;
	s->seed = way->seed;
	s->prefetch = way->prefetch;
	s->delay = way->delay;
}

struct outcome {
	struct spfrun_result result;
	unsigned calls;
};

static void
copy(char *to, size_t n, const char *from)
{
	if (snprintf(to, n, "%s", from == NULL ? "" : from) >= (int)n)
		die("a text is longer than expected");
}

static void
done(void *arg, const struct check_result *r)
{
	struct outcome *o = arg;
	struct spfrun_result *to = &o->result;

	o->calls++;
	to->result = r->result;
	to->lookups = r->lookups;
	to->voids = r->voids;
	to->queries = r->queries;
	to->no_mail = r->no_mail;
	to->security = r->security;
	copy(to->domain, sizeof to->domain, r->domain);
	copy(to->mechanism, sizeof to->mechanism, r->mechanism);
	copy(to->problem, sizeof to->problem, r->problem);
	copy(to->explanation, sizeof to->explanation, r->explanation);
}

struct spfrun_result
spfrun_check(
    struct spfrun *s, const char *client, const char *helo, const char *sender)
{
	struct check_input in = {.subject.sender = span_str(sender),
	    .subject.helo = span_str(helo),
	    .subject.receiver = "mx.receiver.example",
	    .now = 1700000000,
	    .void_max = s->void_max,
	    .prefetch = s->prefetch,
	    .identity = IDENTITY_MAIL_FROM};
	struct outcome o = {.calls = 0};
	struct check *c;

	resolver_zone_delay(s->resolver, s->delay);
	resolver_zone_order(s->resolver, s->order, s->seed);
	resolver_zone_forget(s->resolver);
	if (ip_parse(span_str(client), &in.subject.client) != 0)
		die("the client is no address");
	if (check_start(s->loop, s->resolver, &in, done, &o, &c) != 0)
		die("out of memory");
	if (o.calls != 0)
		die("done() was called inside check_start()");
	while (o.calls == 0) {
		uint64_t ms;

		o.result.turns++;
		if (loop_fake_turn(s->loop))
			continue;
		if (!loop_fake_next(s->loop, &ms))
			die("the check waits for nothing");
		loop_fake_advance(s->loop, ms);
	}
	loop_fake_advance(s->loop, 0);
	if (o.calls != 1)
		die("done() was called again");
	o.result.sent = resolver_zone_sent_all(s->resolver);
	return o.result;
}

struct check *
spfrun_hold(struct spfrun *s, const char *client, const char *zone,
    void (*told)(void *arg, const struct check_result *r), void *arg)
{
	struct check_input in = {.subject.sender = span_str("u@a.example"),
	    .subject.helo = span_str("mail.example.org"),
	    .void_max = 2,
	    .prefetch = true,
	    .identity = IDENTITY_MAIL_FROM};
	struct check *c = NULL;

	spfrun_open(s);
	spfrun_zone(s, zone);
	resolver_zone_order(s->resolver, ZONE_HELD, 0);
	if (ip_parse(span_str(client), &in.subject.client) != 0 ||
	    check_start(s->loop, s->resolver, &in, told, arg, &c) != 0)
		die("check_start() fails");
	return c;
}

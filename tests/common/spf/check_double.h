/*
 * check_double.h - stands in for common/spf/check.c in one test program: the
 * test sees what was asked, and answers when and what it likes.
 *
 * Included once in a program, after which check.o of the library is not linked.
 * Calls that check.h forbids (a cancel of what is not running) abort.
 */
#ifndef POSTSEAL_TESTS_CHECK_DOUBLE_H
#define POSTSEAL_TESTS_CHECK_DOUBLE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/spf/check.h"

enum { DOUBLE_MAX = 72 };

struct check {
	bool running;
	bool cancelled;
	char sender[512];
	char helo[512];
	char client[IP_TEXT_MAX];
	const char *receiver;
	unsigned void_max;
	bool prefetch;
	const struct check_result *verdict; /* of check_expire(); or NULL */
	struct check_result late;
	struct arena *arena;
	void (*done)(void *arg, const struct check_result *result);
	void *arg;
};

/* Every check that was started, in order. */
static struct check doubles[DOUBLE_MAX];
static size_t ndoubles;

/* The check_start() so many calls from now fails; 0: none does. */
static unsigned double_fail_at;

static void
double_text(char *to, size_t n, const char *head, struct span tail)
{
	snprintf(to, n, "%s%.*s", head, (int)tail.n, tail.n == 0 ? "" : tail.p);
}

int
check_start(struct loop *loop, struct resolver *resolver,
    const struct check_input *in,
    void (*done)(void *arg, const struct check_result *result), void *arg,
    struct check **ret)
{
	struct check *c = &doubles[ndoubles];

	if (double_fail_at > 0 && --double_fail_at == 0)
		return -ENOMEM;
	if (loop == NULL || ndoubles == DOUBLE_MAX)
		abort();
	*c = (struct check){.running = true,
	    .receiver = in->subject.receiver,
	    .void_max = in->void_max,
	    .prefetch = in->prefetch,
	    .arena = in->arena,
	    .done = done,
	    .arg = arg};
	double_text(c->helo, sizeof c->helo, "", in->subject.helo);
	if (in->identity == IDENTITY_HELO || in->subject.sender.n == 0)
		double_text(c->sender, sizeof c->sender, "postmaster@",
		    in->subject.helo);
	else
		double_text(
		    c->sender, sizeof c->sender, "", in->subject.sender);
	ip_text(&in->subject.client, c->client);
	ndoubles++;
	(void)resolver;
	*ret = c;
	return 0;
}

void
check_cancel(struct check *c)
{
	if (!c->running)
		abort();
	c->running = false;
	c->cancelled = true;
}

const struct check_result check_no_memory = {
    .result = SPF_TEMPERROR, .domain = "", .problem = "out of memory"};

const struct check_result *
check_expire(struct check *c)
{
	const char *at = strrchr(c->sender, '@');

	if (c->verdict != NULL)
		return c->verdict;
	c->late = (struct check_result){.result = SPF_TEMPERROR,
	    .domain = at == NULL ? "" : at + 1,
	    .problem = "time limit exceeded"};
	return &c->late;
}

/* A copy, as check.h has it where there is an arena. */
static const struct check_result *
double_keep(struct arena *a, const struct check_result *r)
{
	struct check_result *copy =
	    a == NULL ? NULL : arena_alloc(a, sizeof *r);

	if (copy == NULL)
		return a == NULL ? r : &check_no_memory;
	*copy = *r;
	copy->domain = arena_dup(a, span_str(r->domain));
	if (r->mechanism != NULL)
		copy->mechanism = arena_dup(a, span_str(r->mechanism));
	if (r->problem != NULL)
		copy->problem = arena_dup(a, span_str(r->problem));
	if (r->explanation != NULL)
		copy->explanation = arena_dup(a, span_str(r->explanation));
	return copy;
}

/* Nobody looks into a double. */
const struct lookups *
check_lookups(const struct check *c)
{
	(void)c;
	return NULL;
}

/* Answers check i, which must be running. */
static void
double_answer(size_t i, const struct check_result *r)
{
	struct check *c = &doubles[i];

	if (i >= ndoubles || !c->running)
		abort();
	c->running = false;
	c->done(c->arg, double_keep(c->arena, r));
}

/* The same with a result for example.com; mechanism may be NULL. Its texts are
 * overwritten after the call, as check.h allows. */
static inline void
double_done(size_t i, enum spf_result result, const char *mechanism)
{
	char domain[] = "example.com", text[64];
	struct check_result r = {.result = result, .domain = domain};

	if (mechanism != NULL) {
		snprintf(text, sizeof text, "%s", mechanism);
		r.mechanism = text;
	}
	double_answer(i, &r);
	memset(domain, '#', sizeof domain);
	memset(text, '#', sizeof text);
}

static void
double_reset(void)
{
	ndoubles = 0;
	double_fail_at = 0;
}

#endif

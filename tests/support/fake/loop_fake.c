#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include <event2/event.h>

#include "common/io/loop.h"
#include "common/io/timers.h"
#include "common/limits.h"
#include "tests/support/loop_fake.h"

struct loop {
	struct event_base *base; /* for descriptors; no event has a timeout */
	struct timers timers;
	uint64_t now;
	bool stopped;
	bool ending;
	int lingering;
	struct signal_watch *watches;
	char scratch[READ_CHUNK];
};

struct signal_watch {
	struct loop *loop;
	struct signal_watch *next;
	int signo;
	void (*got)(void *arg, int signo);
	void *arg;
};

int
loop_new(struct loop **ret)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	l->base = event_base_new();
	if (l->base == NULL) {
		free(l);
		return -ENOMEM;
	}
	l->now = 1000000;
	timers_init(&l->timers, l);
	signal(SIGPIPE, SIG_IGN);
	*ret = l;
	return 0;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	timers_free(&l->timers);
	event_base_free(l->base);
	free(l);
}

bool
loop_fake_turn(struct loop *l)
{
	uint64_t before;
	struct timer *m;
	bool fired = false;

	event_base_loop(l->base, EVLOOP_NONBLOCK);
	before = l->timers.seq;
	while (!l->stopped &&
	    (m = timers_due(&l->timers, l->now, before)) != NULL) {
		m->fire(m->arg);
		fired = true;
	}
	return fired;
}

static void
settle(struct loop *l)
{
	while (!l->stopped && loop_fake_turn(l))
		;
}

int
loop_run(struct loop *l)
{
	l->stopped = false;
	settle(l);
	return 0;
}

void
loop_fake_advance(struct loop *l, uint64_t ms)
{
	uint64_t end = l->now + ms, at;

	l->stopped = false;
	settle(l);
	while (!l->stopped && timers_next(&l->timers, &at) && at <= end) {
		l->now = at;
		settle(l);
	}
	l->now = end;
}

bool
loop_fake_next(struct loop *l, uint64_t *ret_ms)
{
	uint64_t at;

	if (!timers_next(&l->timers, &at))
		return false;
	*ret_ms = at > l->now ? at - l->now : 0;
	return true;
}

bool
loop_fake_stopped(const struct loop *l)
{
	return l->stopped;
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
	event_base_loopbreak(l->base);
}

void
loop_end(struct loop *l)
{
	l->ending = true;
	if (l->lingering == 0)
		loop_stop(l);
}

void
loop_linger(struct loop *l, int change)
{
	l->lingering += change;
	if (l->ending && l->lingering == 0)
		loop_stop(l);
}

uint64_t
loop_now(struct loop *l)
{
	return l->now;
}

char *
loop_scratch(struct loop *l)
{
	return l->scratch;
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

int
timer_new(
    struct loop *l, void (*fire)(void *arg), void *arg, struct timer **ret)
{
	return timers_make(&l->timers, fire, arg, ret);
}

void
timer_set(struct timer *t, uint64_t ms)
{
	timers_set(t, t->owner->loop->now + ms);
}

void
timer_clear(struct timer *t)
{
	timers_clear(t);
}

void
timer_free(struct timer *t)
{
	if (t != NULL)
		timers_drop(t);
}

int
signal_new(struct loop *l, int signo, void (*got)(void *arg, int signo),
    void *arg, struct signal_watch **ret)
{
	struct signal_watch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	*s = (struct signal_watch){l, l->watches, signo, got, arg};
	l->watches = s;
	*ret = s;
	return 0;
}

void
signal_free(struct signal_watch *s)
{
	struct signal_watch **at;

	if (s == NULL)
		return;
	for (at = &s->loop->watches; *at != s; at = &(*at)->next)
		;
	*at = s->next;
	free(s);
}

void
loop_fake_signal(struct loop *l, int signo)
{
	struct signal_watch *next;

	for (struct signal_watch *s = l->watches; s != NULL; s = next) {
		next = s->next;
		if (s->signo == signo)
			s->got(s->arg, signo);
	}
}

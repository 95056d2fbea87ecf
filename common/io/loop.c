/*
 * libevent has no timer of ours: all deadlines stand in one heap (timers.c),
 * and one event wakes the loop for the nearest. That event is set once while
 * memory is there, and so can always be set again.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <event2/event.h>

#include "common/io/loop.h"
#include "common/io/timers.h"
#include "common/limits.h"
#include "common/log/log.h"

struct loop {
	struct event_base *base;
	struct event *wake; /* one event for all timers: the nearest deadline */
	uint64_t wake_at;   /* for which it is set */
	bool firing;        /* timers run now; wake is set when they have */
	bool stopped;
	bool ending;
	int lingering;
	struct timers timers;
	char scratch[READ_CHUNK];
};

/* libevent writes to stderr by default; one message says little, and they may
 * be many, but the log drops what its reader does not take. */
static void
on_message(int severity, const char *text)
{
	static const int level[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};

	log_event(level[severity >= 0 && severity <= 3 ? severity : 3],
	    "libevent", "%s", text);
}

struct signal_watch {
	struct event *event;
	void (*got)(void *arg, int signo);
	void *arg;
};

uint64_t
loop_now(struct loop *l)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * Sets the wake event for the nearest deadline. One that is set too early stays
 * so: a wake-up in vain is cheaper than a change for every cleared timer.
 */
static void
arm(struct loop *l)
{
	bool pending = event_pending(l->wake, EV_TIMEOUT, NULL);
	uint64_t at, now, ms;

	if (!timers_next(&l->timers, &at)) {
		event_del(l->wake);
		return;
	}
	if (pending && l->wake_at <= at)
		return;
	now = loop_now(l);
	ms = at > now ? at - now : 0;
	l->wake_at = at;
	event_add(l->wake,
	    &(struct timeval){
	        .tv_sec = (time_t)(ms / 1000),
	        .tv_usec = (suseconds_t)(ms % 1000 * 1000),
	    });
}

static void
wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	uint64_t now = loop_now(l), before = l->timers.seq;
	struct timer *m;

	l->firing = true;
	while (!l->stopped && (m = timers_due(&l->timers, now, before)) != NULL)
		m->fire(m->arg);
	l->firing = false;
	arm(l);
}

/* libevent needs memory for its first deadline, and keeps it: afterwards wake
 * can be set whatever happens, so that no timer is lost. */
static int
make_wake(struct loop *l)
{
	static const struct timeval any = {.tv_sec = 1};

	l->wake = event_new(l->base, -1, 0, wake, l);
	if (l->wake == NULL || event_add(l->wake, &any) != 0)
		return -ENOMEM;
	event_del(l->wake);
	return 0;
}

int
loop_new(struct loop **ret)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	event_set_log_callback(on_message);
	timers_init(&l->timers, l);
	l->base = event_base_new();
	if (l->base == NULL || make_wake(l) != 0) {
		loop_free(l);
		return -ENOMEM;
	}
	signal(SIGPIPE, SIG_IGN);
	*ret = l;
	return 0;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	if (l->wake != NULL)
		event_free(l->wake);
	if (l->base != NULL)
		event_base_free(l->base);
	timers_free(&l->timers);
	free(l);
}

int
loop_run(struct loop *l)
{
	l->stopped = false;
	return event_base_loop(l->base, 0) < 0 ? -EIO : 0;
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
	struct loop *l = t->owner->loop;
	uint64_t now = loop_now(l);

	timers_set(t, ms > UINT64_MAX - now ? UINT64_MAX : now + ms);
	if (!l->firing)
		arm(l);
}

void
timer_clear(struct timer *t)
{
	struct loop *l = t->owner->loop;

	timers_clear(t);
	if (!l->firing)
		arm(l);
}

void
timer_free(struct timer *t)
{
	if (t == NULL)
		return;
	timer_clear(t);
	timers_drop(t);
}

static void
got_signal(evutil_socket_t signo, short what, void *arg)
{
	struct signal_watch *s = arg;

	s->got(s->arg, (int)signo);
}

int
signal_new(struct loop *l, int signo, void (*got)(void *arg, int signo),
    void *arg, struct signal_watch **ret)
{
	struct signal_watch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	*s = (struct signal_watch){.got = got, .arg = arg};
	s->event = evsignal_new(l->base, signo, got_signal, s);
	if (s->event == NULL || event_add(s->event, NULL) != 0) {
		signal_free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void
signal_free(struct signal_watch *s)
{
	if (s == NULL)
		return;
	if (s->event != NULL)
		event_free(s->event);
	free(s);
}

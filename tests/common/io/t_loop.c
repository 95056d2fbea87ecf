/* Real: no fake stands in for the loop and the resolver. */
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/io/loop.h"
#include "common/limits.h"
#include "tests/support/suite.h"

struct trace {
	struct loop *loop;
	struct timer *timer[4];
	char order[64]; /* a letter for each thing that happened */
	int left;
};

static void
note(struct trace *t, char c)
{
	size_t n = strlen(t->order);

	if (n + 1 < sizeof t->order)
		t->order[n] = c;
}

static void
fire_a(void *arg)
{
	note(arg, 'a');
}

static void
fire_b(void *arg)
{
	note(arg, 'b');
}

static void
fire_stop(void *arg)
{
	struct trace *t = arg;

	note(t, 's');
	loop_stop(t->loop);
}

static void
fire_over(void *arg)
{
	struct trace *t = arg;

	note(t, 'o');
	loop_linger(t->loop, -1);
}

static void
start(struct trace *t)
{
	*t = (struct trace){0};
	CU_ASSERT_FATAL(loop_new(&t->loop) == 0);
}

static void
add(struct trace *t, int i, void (*fire)(void *arg))
{
	CU_ASSERT_FATAL(timer_new(t->loop, fire, t, &t->timer[i]) == 0);
}

static void
finish(struct trace *t)
{
	for (int i = 0; i < 4; i++)
		timer_free(t->timer[i]);
	loop_free(t->loop);
}

static void
ends_when_nothing_is_left(void)
{
	struct trace t;

	start(&t);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	add(&t, 0, fire_a);
	add(&t, 1, fire_b);
	timer_set(t.timer[0], 0);
	timer_set(t.timer[1], 60 * 1000);
	timer_clear(t.timer[1]);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK_STR(t.order, "a");
	finish(&t);
}

static void
timers_fire_by_deadline(void)
{
	struct trace t;
	uint64_t begin;

	start(&t);
	begin = loop_now(t.loop);
	add(&t, 0, fire_a);
	add(&t, 1, fire_b);
	add(&t, 2, fire_stop);
	add(&t, 3, fire_a);
	timer_set(t.timer[2], 30);
	timer_set(t.timer[3], 60 * 1000);
	timer_set(t.timer[0], 20);
	timer_set(t.timer[1], 10);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK_STR(t.order, "bas");
	CHECK(loop_now(t.loop) - begin >= 30);
	CHECK(loop_now(t.loop) - begin < 5000);
	finish(&t);
}

static void
a_later_deadline_replaces_the_first(void)
{
	struct trace t;
	uint64_t begin;

	start(&t);
	begin = loop_now(t.loop);
	add(&t, 0, fire_a);
	timer_set(t.timer[0], 1);
	timer_set(t.timer[0], 40);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK_STR(t.order, "a");
	CHECK(loop_now(t.loop) - begin >= 40);
	timer_set(t.timer[0], 60 * 1000);
	timer_set(t.timer[0], 1);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK_STR(t.order, "aa");
	CHECK(loop_now(t.loop) - begin < 5000);
	finish(&t);
}

static void
fire_again(void *arg)
{
	struct trace *t = arg;

	note(t, 'g');
	if (--t->left > 0)
		timer_set(t->timer[0], 0);
}

/* A timer that always sets itself to 0 ms does not keep others waiting. */
static void
deferred_is_the_next_turn(void)
{
	struct trace t;

	start(&t);
	t.left = 3;
	add(&t, 0, fire_again);
	add(&t, 1, fire_b);
	timer_set(t.timer[0], 0);
	timer_set(t.timer[1], 0);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK_STR(t.order, "gbgg");
	finish(&t);
}

static void
fire_free(void *arg)
{
	struct trace *t = arg;

	note(t, 'f');
	timer_free(t->timer[0]);
	timer_free(t->timer[1]); /* due in this very turn */
	t->timer[0] = t->timer[1] = NULL;
}

static void
free_from_a_callback(void)
{
	struct trace t;

	start(&t);
	add(&t, 0, fire_free);
	add(&t, 1, fire_b);
	timer_set(t.timer[0], 0);
	timer_set(t.timer[1], 0);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK_STR(t.order, "f");
	finish(&t);
}

/* What is due behind the one that stops is not lost. */
static void
stop_and_run_again(void)
{
	struct trace t;

	start(&t);
	add(&t, 0, fire_stop);
	add(&t, 1, fire_b);
	timer_set(t.timer[0], 0);
	timer_set(t.timer[1], 0);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK_STR(t.order, "s");
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK_STR(t.order, "sb");
	finish(&t);
}

static void
got_signal(void *arg, int signo)
{
	note(arg, signo == SIGUSR1 ? '1' : '?');
	fire_stop(arg);
}

static void
raise_usr1(void *arg)
{
	raise(SIGUSR1);
}

static void
signals_come_from_the_loop(void)
{
	struct trace t;
	struct signal_watch *s = NULL;

	start(&t);
	add(&t, 0, raise_usr1);
	CU_ASSERT_FATAL(signal_new(t.loop, SIGUSR1, got_signal, &t, &s) == 0);
	timer_set(t.timer[0], 0);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK_STR(t.order, "1s");
	signal_free(s);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	finish(&t);
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	char c;

	CHECK(read(fd, &c, 1) == 1);
	note(arg, c);
}

/* While timers of 0 ms run all the time, descriptors are looked at, too. */
static void
timers_do_not_starve_descriptors(void)
{
	struct trace t;
	struct event *e;
	int fd[2];

	start(&t);
	CU_ASSERT_FATAL(pipe(fd) == 0);
	CU_ASSERT_FATAL(write(fd[1], "x", 1) == 1);
	e = event_new(loop_base(t.loop), fd[0], EV_READ, readable, &t);
	CU_ASSERT_FATAL(e != NULL && event_add(e, NULL) == 0);
	t.left = 20;
	add(&t, 0, fire_again);
	timer_set(t.timer[0], 0);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CHECK(strlen(t.order) == 21);
	CHECK(
	    strchr(t.order, 'x') != NULL && strchr(t.order, 'x') < t.order + 3);
	event_free(e);
	close(fd[0]);
	close(fd[1]);
	finish(&t);
}

static void
pipe_signal_is_ignored(void)
{
	struct trace t;
	int fd[2];

	start(&t);
	CU_ASSERT_FATAL(pipe(fd) == 0);
	close(fd[0]);
	CHECK(write(fd[1], "x", 1) == -1);
	close(fd[1]);
	memset(loop_scratch(t.loop), 0, READ_CHUNK);
	finish(&t);
}

static void
ends_when_nothing_lingers(void)
{
	struct trace t;

	start(&t);
	add(&t, 0, fire_over);
	add(&t, 1, fire_over);
	add(&t, 2, fire_b);
	loop_linger(t.loop, 1);
	loop_linger(t.loop, 1);
	loop_end(t.loop);
	timer_set(t.timer[0], 1);
	timer_set(t.timer[1], 2);
	timer_set(t.timer[2], 60 * 1000);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CU_ASSERT_STRING_EQUAL(t.order, "oo");
	finish(&t);

	/* with nothing that lingers it ends at once, and else not at all */
	start(&t);
	add(&t, 0, fire_over);
	add(&t, 1, fire_stop);
	loop_linger(t.loop, 1);
	timer_set(t.timer[0], 0);
	timer_set(t.timer[1], 2);
	CU_ASSERT_EQUAL(loop_run(t.loop), 0);
	CU_ASSERT_STRING_EQUAL(t.order, "os");
	finish(&t);
}

SUITE("loop", T(ends_when_nothing_is_left), T(timers_fire_by_deadline),
    T(a_later_deadline_replaces_the_first), T(deferred_is_the_next_turn),
    T(free_from_a_callback), T(stop_and_run_again),
    T(ends_when_nothing_lingers), T(signals_come_from_the_loop),
    T(timers_do_not_starve_descriptors), T(pipe_signal_is_ignored))

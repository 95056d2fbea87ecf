/*
 * The table of workers, mostly without processes: a worker is a channel whose
 * other end the test holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/process/children.h"
#include "tests/support/await.h"
#include "tests/support/suite.h"

enum {
	CREW = 3,
	NOBODY = 999999, /* no process has this number */
	MANY = 1000000
};

struct fixture {
	struct children c;
	int end[CREW]; /* the workers' ends */
};

/* CREW workers of generation 1, all ready. */
static void
start(struct fixture *f)
{
	CU_ASSERT_FATAL(children_init(&f->c) == 0);
	for (int i = 0; i < CREW; i++) {
		int pair[2];

		CU_ASSERT_FATAL(
		    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
		f->end[i] = pair[1];
		f->c.v[i] = (struct child){.pid = NOBODY,
		    .channel = pair[0],
		    .number = (unsigned)i + 1,
		    .generation = 1,
		    .fullest = 2 * MANY,
		    .ready = true};
	}
}

static void
done(struct fixture *f)
{
	children_free(&f->c);
	for (int i = 0; i < CREW; i++) {
		if (f->end[i] >= 0)
			close(f->end[i]);
	}
}

static int
some_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CU_ASSERT_FATAL(fd >= 0);
	return fd;
}

static int
give(struct fixture *f)
{
	int fd = some_fd(), rc = children_give(&f->c, 1, fd);

	if (rc != 0)
		close(fd);
	return rc;
}

static void
check_sent(struct fixture *f, uint64_t a, uint64_t b, uint64_t c)
{
	CU_ASSERT_EQUAL(f->c.v[0].sent, a);
	CU_ASSERT_EQUAL(f->c.v[1].sent, b);
	CU_ASSERT_EQUAL(f->c.v[2].sent, c);
}

static void
the_fewest_gets_the_next(void)
{
	struct fixture f;

	start(&f);
	for (int i = 0; i < 9; i++)
		CU_ASSERT_EQUAL(give(&f), 0);
	check_sent(&f, 3, 3, 3);
	stats_add(stats_slot(f.c.stats, 1), STATS_CLOSED, 2);
	CU_ASSERT_EQUAL(give(&f), 0);
	CU_ASSERT_EQUAL(give(&f), 0);
	check_sent(&f, 3, 5, 3);
	/* What an earlier worker closed in the same slot does not count. */
	f.c.v[2].base = 0;
	stats_add(stats_slot(f.c.stats, 0), STATS_CLOSED, 50);
	f.c.v[0].base = 50;
	CU_ASSERT_EQUAL(give(&f), 0);
	CU_ASSERT_EQUAL(give(&f), 0);
	CU_ASSERT_EQUAL(give(&f), 0);
	check_sent(&f, 4, 6, 4);
	done(&f);
}

/* A process that does nothing; its end is seen by children_reap(). */
static pid_t
sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	CU_ASSERT_FATAL(pid > 0);
	return pid;
}

/* The next one that ends. */
static void
reap(struct fixture *f, struct child_end *ret)
{
	struct await a = {0};

	while (!children_reap(&f->c, ret) && await_more(&a, "a worker's end"))
		;
}

static void
who_does_not_move_is_killed(void)
{
	struct fixture f;
	struct child_end e;

	start(&f);
	f.c.v[0].pid = sleeper();
	for (int i = 0; i < WORKER_BEATS_MISSED_MAX - 1; i++) {
		stats_add(stats_slot(f.c.stats, 1), STATS_WORKER_BEATS, 1);
		stats_add(stats_slot(f.c.stats, 2), STATS_WORKER_BEATS, 1);
		children_watch(&f.c);
		CHECK(children_ready(&f.c, 1) == (i < 1 ? 3 : 2));
		CHECK(!children_reap(&f.c, &e));
	}
	/* moves at the last moment, and takes again */
	stats_add(stats_slot(f.c.stats, 0), STATS_WORKER_BEATS, 1);
	for (int i = 0; i <= WORKER_BEATS_MISSED_MAX; i++) {
		stats_add(stats_slot(f.c.stats, 1), STATS_WORKER_BEATS, 1);
		stats_add(stats_slot(f.c.stats, 2), STATS_WORKER_BEATS, 1);
		children_watch(&f.c);
		if (i == 0)
			CHECK(children_ready(&f.c, 1) == 3);
	}
	reap(&f, &e);
	CHECK(e.place == 0 && WIFSIGNALED(e.status) &&
	    WTERMSIG(e.status) == SIGKILL && children_died(&e));
	done(&f);
}

/* The others of the crew move; then it is looked. */
static void
watch_one(struct fixture *f)
{
	stats_add(stats_slot(f->c.stats, 1), STATS_WORKER_BEATS, 1);
	stats_add(stats_slot(f->c.stats, 2), STATS_WORKER_BEATS, 1);
	children_watch(&f->c);
}

/* What polls as readable is taken. */
static void
hear_one(struct fixture *f)
{
	struct pollfd p[WORKERS_TOTAL_MAX];

	children_poll(&f->c, p);
	CHECK(poll(p, 1, 0) == 1);
	children_event(&f->c, &p[0]);
}

/* It takes connections as soon as it says so, however long it took to get
 * there: nobody waits for the next look. */
static void
who_starts_slowly_is_alive(void)
{
	struct fixture f;
	char word = WORKER_READY;

	start(&f);
	f.c.v[0].ready = false;
	for (int i = 0; i < WORKER_BEATS_MISSED_MAX - 1; i++)
		watch_one(&f);
	CHECK(children_ready(&f.c, 1) == 2);
	stats_add(stats_slot(f.c.stats, 0), STATS_WORKER_BEATS, 1);
	CHECK(send(f.end[0], &word, 1, 0) == 1);
	hear_one(&f);
	CHECK(children_ready(&f.c, 1) == 3);
	done(&f);
}

/* So does one that was busy for long, as soon as it moves; and that counts for
 * the next look, too. */
static void
who_moves_again_takes(void)
{
	struct fixture f;

	start(&f);
	watch_one(&f);
	watch_one(&f);
	CHECK(children_ready(&f.c, 1) == 2);
	stats_add(stats_slot(f.c.stats, 0), STATS_WORKER_BEATS, 1);
	CHECK(children_ready(&f.c, 1) == 3);
	watch_one(&f);
	watch_one(&f);
	CHECK(children_ready(&f.c, 1) == 3);
	watch_one(&f);
	CHECK(children_ready(&f.c, 1) == 2);
	done(&f);
}

/* From its birth to the first look is no whole beat. */
static void
who_is_new_has_its_time(void)
{
	struct children c;
	struct worker *self = NULL;
	struct child_end e;
	struct await a = {0};

	CU_ASSERT_FATAL(children_init(&c) == 0);
	CU_ASSERT_FATAL(children_fork(&c, 1, 0, &self) == 0);
	if (self != NULL) {
		pause();
		_exit(0);
	}
	for (int i = 0; i <= WORKER_BEATS_MISSED_MAX; i++) {
		CHECK(kill(c.v[0].pid, 0) == 0 && !children_reap(&c, &e));
		CHECK(c.v[0].missed < WORKER_BEATS_MISSED_MAX);
		children_watch(&c);
	}
	while (!children_reap(&c, &e) && await_more(&a, "a worker's end"))
		;
	CHECK(WIFSIGNALED(e.status) && WTERMSIG(e.status) == SIGKILL);
	children_free(&c);
}

/* Its end says that the child has beaten: only then that fork() returns. */
static int child_beats[2] = {-1, -1};

static void
let_the_child_begin(void)
{
	char byte;

	if (child_beats[0] < 0)
		return;
	close(child_beats[1]);
	CHECK(read(child_beats[0], &byte, 1) == 0);
	close(child_beats[0]);
	child_beats[0] = -1;
}

/* A worker may be quicker than fork() in its parent. Its first sign of life
 * counts, and the next may be due just after we looked. */
static void
who_is_quick_is_alive(void)
{
	struct children c;
	struct worker *self = NULL;
	struct child_end e;
	struct await a = {0};

	CU_ASSERT_FATAL(children_init(&c) == 0);
	CU_ASSERT_FATAL(pipe(child_beats) == 0);
	CU_ASSERT_FATAL(pthread_atfork(NULL, let_the_child_begin, NULL) == 0);
	CU_ASSERT_FATAL(children_fork(&c, 1, 0, &self) == 0);
	if (self != NULL) {
		stats_add(worker_stats(self), STATS_WORKER_BEATS, 1);
		close(child_beats[0]);
		close(child_beats[1]);
		pause();
		_exit(0);
	}
	c.v[0].ready = true;
	children_watch(&c);
	CHECK(children_ready(&c, 1) == 1);
	children_watch(&c);
	CHECK(children_ready(&c, 1) == 1);
	children_watch(&c);
	CHECK(children_ready(&c, 1) == 0);
	children_kill(&c, 1, 1, SIGKILL);
	while (!children_reap(&c, &e) && await_more(&a, "a worker's end"))
		;
	children_free(&c);
}

/* Each place has a back-off of its own: 1 s, doubling to 10 s, and none for who
 * lived. */
static void
places_back_off(void)
{
	static const uint64_t want[] = {1000, 2000, 4000, 8000, 10000, 10000};
	struct child_end e = {.place = 1, .was = {.started = 5000}};
	struct fixture f;
	uint64_t next;

	start(&f);
	f.c.v[1].pid = 0;
	f.c.v[2].pid = 0;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		children_back_off(&f.c, &e, 5999);
		CHECK(children_waiting(&f.c, 5999, &next) == 1);
		CHECK(next == 5999 + want[i]);
	}
	e.place = 2;
	children_back_off(&f.c, &e, 5999);
	CHECK(children_waiting(&f.c, 5999, &next) == 2 && next == 6999);
	CHECK(children_waiting(&f.c, 6999, &next) == 1 && next == 15999);
	e.place = 1;
	children_back_off(&f.c, &e, 6000); /* lived for a second */
	CHECK(children_waiting(&f.c, 6999, &next) == 0);
	children_back_off(&f.c, &e, 5999);
	children_forgive(&f.c);
	CHECK(children_waiting(&f.c, 5999, &next) == 0);
	CHECK(next == UINT64_MAX);
	done(&f);
}

static void
only_who_is_ready_and_of_the_generation(void)
{
	struct fixture f;

	start(&f);
	f.c.v[0].ready = false;
	f.c.v[1].generation = 2;
	CU_ASSERT_EQUAL(children_present(&f.c, 1), 2);
	CU_ASSERT_EQUAL(children_ready(&f.c, 1), 1);
	CU_ASSERT_EQUAL(children_ready(&f.c, 2), 1);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(give(&f), 0);
	check_sent(&f, 0, 0, 4);
	f.c.v[2].ready = false;
	CU_ASSERT_EQUAL(give(&f), -EAGAIN);
	done(&f);
}

static void
a_full_channel_passes_on(void)
{
	struct fixture f;
	uint64_t n;

	start(&f);
	f.c.v[2].ready = false;
	/* The second one has far more connections, but room for more. */
	f.c.v[1].sent = MANY;
	while (f.c.v[1].sent == MANY)
		CU_ASSERT_EQUAL_FATAL(give(&f), 0);
	n = f.c.v[0].sent;
	CHECK(n > 50 && n < 100000);
	while (give(&f) == 0)
		;
	CU_ASSERT_EQUAL(f.c.v[0].sent, n);
	/* When it has read, it is the first choice again. */
	for (char c; recv(f.end[0], &c, 1, MSG_DONTWAIT) == 1;)
		;
	CU_ASSERT_EQUAL(give(&f), 0);
	CU_ASSERT_EQUAL(f.c.v[0].sent, n + 1);
	done(&f);
}

static void
a_full_one_gets_no_more(void)
{
	struct fixture f;

	start(&f);
	f.c.v[0].fullest = 1;
	f.c.v[1].fullest = f.c.v[2].fullest = 3;
	for (int i = 0; i < 7; i++)
		CU_ASSERT_EQUAL(give(&f), 0);
	check_sent(&f, 1, 3, 3);
	CU_ASSERT_EQUAL(give(&f), -EUSERS);
	check_sent(&f, 1, 3, 3);
	stats_add(stats_slot(f.c.stats, 2), STATS_CLOSED, 1);
	CU_ASSERT_EQUAL(give(&f), 0);
	CU_ASSERT_EQUAL(give(&f), -EUSERS);
	check_sent(&f, 1, 3, 4);
	/* One that has room, but none in its channel, is no reason to say
	 * so. */
	f.c.v[1].fullest = f.c.v[2].fullest = MANY;
	f.c.v[2].ready = false;
	while (give(&f) == 0)
		;
	CU_ASSERT_EQUAL(give(&f), -EAGAIN);
	done(&f);
}

static void
a_dead_one_is_passed_over(void)
{
	struct fixture f;

	start(&f);
	close(f.end[0]);
	f.end[0] = -1;
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(give(&f), 0);
	check_sent(&f, 0, 2, 2);
	/* Its place stays taken until it is reaped. */
	CU_ASSERT_EQUAL(children_ready(&f.c, 1), 2);
	CU_ASSERT_EQUAL(children_present(&f.c, 1), 3);
	done(&f);
}

static void
what_workers_say(void)
{
	struct fixture f;
	struct pollfd p[WORKERS_TOTAL_MAX];
	char word = WORKER_READY;

	start(&f);
	f.c.v[0].ready = false;
	CHECK(send(f.end[0], &word, 1, 0) == 1);
	word = WORKER_LEAVING;
	CHECK(send(f.end[1], &word, 1, 0) == 1);
	close(f.end[2]);
	f.end[2] = -1;
	CU_ASSERT_EQUAL(children_poll(&f.c, p), 3);
	CHECK(poll(p, 3, 0) == 3);
	for (int i = 0; i < 3; i++)
		children_event(&f.c, &p[i]);
	CHECK(f.c.v[0].ready && f.c.v[0].channel >= 0);
	CHECK(!f.c.v[1].ready && f.c.v[1].leaving && f.c.v[1].channel < 0);
	CHECK(!f.c.v[2].ready && !f.c.v[2].leaving && f.c.v[2].channel < 0);
	CU_ASSERT_EQUAL(children_present(&f.c, 1), 2);
	CU_ASSERT_EQUAL(children_poll(&f.c, p), 1);
	done(&f);
}

static void
drain_closes_the_channels_of_others(void)
{
	struct fixture f;
	char c;

	start(&f);
	f.c.v[1].generation = 2;
	children_drain(&f.c, 2);
	CHECK(recv(f.end[0], &c, 1, MSG_DONTWAIT) == 0);
	CHECK(recv(f.end[1], &c, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK(recv(f.end[2], &c, 1, MSG_DONTWAIT) == 0);
	done(&f);
}

/* A worker of the test: waits on its channel, ends with 3 at its end. */
static int
fork_one(struct fixture *f, unsigned generation)
{
	struct worker *self;

	fflush(NULL);
	CU_ASSERT_FATAL(children_fork(&f->c, generation, 5, &self) == 0);
	if (self == NULL)
		return 0;
	signal(SIGTERM, SIG_DFL);
	/* Nothing of the others is open here. */
	for (int i = 0; i < WORKERS_TOTAL_MAX; i++) {
		if (f->c.v[i].channel >= 0 || f->c.v[i].pid != 0)
			_exit(9);
	}
	stats_add(worker_stats(self), STATS_CLOSED, 1);
	alarm(20); /* should the test not live to end it */
	for (;;)
		pause();
}

static struct child_end
ended(struct fixture *f)
{
	struct child_end e = {0};

	reap(f, &e);
	CHECK(e.was.pid > 0);
	return e;
}

static void
signals_go_to_the_generations_named(void)
{
	struct fixture f;
	struct child_end e;

	f = (struct fixture){.end = {-1, -1, -1}};
	CU_ASSERT_FATAL(children_init(&f.c) == 0);
	for (unsigned generation = 1; generation <= 3; generation++)
		fork_one(&f, generation);
	CU_ASSERT_EQUAL(children_alive(&f.c), 3);
	CU_ASSERT_EQUAL(f.c.v[2].number, 3);
	CU_ASSERT_EQUAL(f.c.v[2].started, 5);
	f.c.v[1].sent = 5;
	children_kill(&f.c, 2, 2, SIGTERM);
	e = ended(&f);
	CU_ASSERT_EQUAL(e.was.generation, 2);
	CHECK(e.was.killed);
	CHECK(WIFSIGNALED(e.status) && WTERMSIG(e.status) == SIGTERM);
	CHECK(e.connections == 5 || e.connections == 4);
	CU_ASSERT_EQUAL(children_alive(&f.c), 2);
	CU_ASSERT_EQUAL(children_present(&f.c, 2), 0);
	CHECK(!children_reap(&f.c, &e));
	/* Told once; SIGKILL is another thing. */
	f.c.v[0].killed = true;
	children_kill(&f.c, 1, 3, SIGTERM);
	e = ended(&f);
	CU_ASSERT_EQUAL(e.was.generation, 3);
	children_kill(&f.c, 1, 3, SIGKILL);
	e = ended(&f);
	CU_ASSERT_EQUAL(e.was.generation, 1);
	CHECK(WIFSIGNALED(e.status) && WTERMSIG(e.status) == SIGKILL);
	CU_ASSERT_EQUAL(children_alive(&f.c), 0);
	done(&f);
}

static void
old_generations_are_told_to_finish(void)
{
	struct fixture f;
	struct child_end e;

	f = (struct fixture){.end = {-1, -1, -1}};
	CU_ASSERT_FATAL(children_init(&f.c) == 0);
	for (unsigned generation = 1; generation <= 3; generation++)
		fork_one(&f, generation);
	children_retire(&f.c, 1);
	CHECK(!f.c.v[0].killed);
	children_retire(&f.c, 4);
	CHECK(f.c.v[0].killed && f.c.v[1].killed && !f.c.v[2].killed);
	for (int i = 0; i < 2; i++) {
		e = ended(&f);
		CHECK(WIFSIGNALED(e.status) && WTERMSIG(e.status) == SIGTERM);
	}
	children_kill(&f.c, 3, 3, SIGKILL);
	CU_ASSERT_EQUAL(ended(&f).was.generation, 3);
	done(&f);
}

static void
so_many_and_no_more(void)
{
	struct fixture f;
	struct worker *self;

	start(&f);
	for (int i = CREW; i < WORKERS_TOTAL_MAX - 1; i++)
		f.c.v[i] = (struct child){.pid = NOBODY, .channel = -1};
	CU_ASSERT_EQUAL(children_room(&f.c), 1);
	fork_one(&f, 1);
	CU_ASSERT_EQUAL(children_room(&f.c), 0);
	CU_ASSERT_EQUAL(children_fork(&f.c, 1, 0, &self), -EAGAIN);
	kill(f.c.v[WORKERS_TOTAL_MAX - 1].pid, SIGKILL);
	CU_ASSERT_EQUAL(ended(&f).was.number, 1);
	CU_ASSERT_EQUAL(children_room(&f.c), 1);
	done(&f);
}

SUITE("children", T(the_fewest_gets_the_next), T(who_does_not_move_is_killed),
    T(who_starts_slowly_is_alive), T(who_moves_again_takes),
    T(who_is_new_has_its_time), T(who_is_quick_is_alive), T(places_back_off),
    T(only_who_is_ready_and_of_the_generation), T(a_full_channel_passes_on),
    T(a_full_one_gets_no_more), T(a_dead_one_is_passed_over),
    T(what_workers_say), T(drain_closes_the_channels_of_others),
    T(signals_go_to_the_generations_named),
    T(old_generations_are_told_to_finish), T(so_many_and_no_more))

/*
 * The child's side of the channel, with the test as its supervisor.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/process/children.h"
#include "common/process/worker.h"
#include "tests/support/descriptors.h"
#include "tests/support/loop_fake.h"
#include "tests/support/suite.h"

enum { HOLD_MAX = 8 };

struct wing {
	struct loop *loop;
	struct stats *stats;
	struct worker *worker;
	int channel; /* the supervisor's end; -1: closed */
	int held[HOLD_MAX];
	unsigned nheld;
	unsigned spared; /* connections that may go */
	char orders[8];  /* 'd', 'f' */
};

static void
on_accepted(void *arg, int fd)
{
	struct wing *w = arg;

	CU_ASSERT_FATAL(w->nheld < HOLD_MAX);
	w->held[w->nheld++] = fd;
}

static void
on_order(void *arg, enum worker_order order)
{
	struct wing *w = arg;
	size_t n = strlen(w->orders);

	w->orders[n] = order == WORKER_DRAIN ? 'd' : 'f';
}

static const struct worker_events events = {
    .accepted = on_accepted, .order = on_order};

static void
start(struct wing *w)
{
	int pair[2];

	*w = (struct wing){.channel = -1};
	CU_ASSERT_FATAL(loop_new(&w->loop) == 0);
	CU_ASSERT_FATAL(stats_new(1, &w->stats) == 0);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	CU_ASSERT_FATAL(worker_new(pair[1], 7, 3, stats_slot(w->stats, 0),
	                    &w->worker) == 0);
	w->channel = pair[0];
	CU_ASSERT_FATAL(worker_watch(w->worker, w->loop, &events, w) == 0);
}

static void
hang_up(struct wing *w)
{
	close(w->channel);
	w->channel = -1;
}

static void
drop_one(struct wing *w)
{
	close(w->held[--w->nheld]);
	worker_closed(w->worker);
}

static void
done(struct wing *w)
{
	while (w->nheld > 0)
		drop_one(w);
	worker_unwatch(w->worker);
	worker_free(w->worker);
	if (w->channel >= 0)
		hang_up(w);
	stats_free(w->stats);
	loop_free(w->loop);
}

/* Sends one end of a new socket pair; returns the other. */
static int
hand_over(struct wing *w)
{
	struct children c = {.stats = w->stats};
	int pair[2];

	CU_ASSERT_FATAL(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++)
		c.v[i].channel = -1;
	c.v[0] = (struct child){.pid = 1,
	    .channel = w->channel,
	    .generation = 3,
	    .fullest = 1,
	    .base = stats_get(stats_slot(w->stats, 0), STATS_CLOSED),
	    .ready = true};
	CU_ASSERT_EQUAL(children_give(&c, 3, pair[0]), 0);
	CU_ASSERT_EQUAL(c.v[0].sent, 1);
	CHECK(fcntl(pair[0], F_GETFD) == -1);
	return pair[1];
}

static char
heard(struct wing *w)
{
	char c = '\0';

	(void)!recv(w->channel, &c, 1, MSG_DONTWAIT);
	return c;
}

static uint64_t
counted(struct wing *w, enum stats_counter c)
{
	return stats_sum(w->stats, c);
}

/* Given to the worker and not yet closed. */
static uint64_t
connections(struct wing *w)
{
	return counted(w, STATS_ACCEPTED) - counted(w, STATS_CLOSED);
}

static void
takes_and_counts(void)
{
	struct wing w;
	int peer[2];
	char c;

	start(&w);
	CU_ASSERT_EQUAL(heard(&w), WORKER_READY);
	CU_ASSERT_EQUAL(worker_number(w.worker), 7);
	CU_ASSERT_EQUAL(worker_generation(w.worker), 3);
	CU_ASSERT_PTR_EQUAL(worker_stats(w.worker), stats_slot(w.stats, 0));
	for (int i = 0; i < 2; i++)
		peer[i] = hand_over(&w);
	loop_run(w.loop);
	CU_ASSERT_EQUAL_FATAL(w.nheld, 2);
	CU_ASSERT_EQUAL(connections(&w), 2);
	CHECK((fcntl(w.held[0], F_GETFD) & FD_CLOEXEC) != 0);
	CHECK((fcntl(w.held[0], F_GETFL) & O_NONBLOCK) != 0);
	CHECK(write(peer[1], "x", 1) == 1 && read(w.held[1], &c, 1) == 1);
	drop_one(&w);
	CU_ASSERT_EQUAL(connections(&w), 1);
	CU_ASSERT_EQUAL(counted(&w, STATS_ACCEPTED), 2);
	CU_ASSERT_EQUAL(counted(&w, STATS_CLOSED), 1);
	drop_one(&w);
	/* Without connections it goes on waiting for them. */
	loop_run(w.loop);
	CHECK(!loop_fake_stopped(w.loop));
	for (int i = 0; i < 2; i++)
		close(peer[i]);
	done(&w);
}

static void
end_of_channel_is_drain(void)
{
	struct wing w;
	int peer;

	start(&w);
	peer = hand_over(&w);
	hang_up(&w);
	loop_run(w.loop);
	/* What was sent before the end is served. */
	CU_ASSERT_EQUAL_FATAL(w.nheld, 1);
	CHECK_STR(w.orders, "d");
	CHECK(!loop_fake_stopped(w.loop));
	loop_run(w.loop);
	CHECK_STR(w.orders, "d");
	drop_one(&w);
	CHECK(loop_fake_stopped(w.loop));
	close(peer);
	done(&w);
}

static void
without_connections_drain_is_the_end(void)
{
	struct wing w;

	start(&w);
	hang_up(&w);
	loop_run(w.loop);
	CHECK_STR(w.orders, "d");
	CHECK(loop_fake_stopped(w.loop));
	done(&w);
}

static void
drain_has_a_limit(void)
{
	struct wing w;
	int peer;

	start(&w);
	peer = hand_over(&w);
	hang_up(&w);
	loop_run(w.loop);
	loop_fake_advance(w.loop, WORKER_DRAIN_SECONDS * 1000 - 1);
	CHECK_STR(w.orders, "d");
	loop_fake_advance(w.loop, 1);
	CHECK_STR(w.orders, "df");
	loop_fake_advance(w.loop, WORKER_FINISH_SECONDS * 1000 - 1);
	CHECK(!loop_fake_stopped(w.loop));
	loop_fake_advance(w.loop, 1);
	CHECK(loop_fake_stopped(w.loop));
	CU_ASSERT_EQUAL(connections(&w), 1);
	close(peer);
	done(&w);
}

static void
term_is_finish(void)
{
	struct wing w;
	int peer;

	start(&w);
	CU_ASSERT_EQUAL(heard(&w), WORKER_READY);
	peer = hand_over(&w);
	loop_fake_signal(w.loop, SIGTERM);
	CHECK_STR(w.orders, "f");
	CU_ASSERT_EQUAL(heard(&w), WORKER_LEAVING);
	CHECK(send(w.channel, "", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	/* What was in the channel comes still. */
	loop_run(w.loop);
	CU_ASSERT_EQUAL_FATAL(w.nheld, 1);
	CHECK(!loop_fake_stopped(w.loop));
	loop_fake_signal(w.loop, SIGTERM);
	CHECK_STR(w.orders, "f");
	/* It is told when it has had time to say something. */
	loop_fake_advance(w.loop, WORKER_LATE_MS - 1);
	CHECK_STR(w.orders, "f");
	loop_fake_advance(w.loop, 1);
	CHECK_STR(w.orders, "ff");
	drop_one(&w);
	CHECK(loop_fake_stopped(w.loop));
	close(peer);
	done(&w);
}

static void
finish_follows_drain(void)
{
	struct wing w;
	int peer;

	start(&w);
	peer = hand_over(&w);
	hang_up(&w);
	loop_run(w.loop);
	loop_fake_signal(w.loop, SIGTERM);
	CHECK_STR(w.orders, "df");
	loop_fake_advance(w.loop, WORKER_FINISH_SECONDS * 1000 - 1);
	CHECK(!loop_fake_stopped(w.loop));
	loop_fake_advance(w.loop, 1);
	CHECK(loop_fake_stopped(w.loop));
	CHECK_STR(w.orders, "df");
	close(peer);
	done(&w);
}

/* As the kernel delivers it when this process may open no more; t_supervisor.c
 * has the real thing. The books must agree. */
static void
without_descriptor_a_connection_is_lost(void)
{
	struct wing w;

	start(&w);
	CHECK(send(w.channel, "", 1, 0) == 1);
	(void)log_open(NULL, "test"); /* an error line is due */
	loop_run(w.loop);
	CU_ASSERT_EQUAL(w.nheld, 0);
	CU_ASSERT_EQUAL(connections(&w), 0);
	CU_ASSERT_EQUAL(counted(&w, STATS_ACCEPTED), 1);
	CU_ASSERT_EQUAL(counted(&w, STATS_CLOSED), 1);
	done(&w);
}

/* Who can be spared, and how well. */
static void
spares(void)
{
	static const struct {
		bool begun, in_use;
		uint64_t quiet;
		int rank;
	} row[] = {{false, false, WORKER_NEW_MS - 1, 0},
	    {true, false, WORKER_QUIET_MS, 0}, {true, true, 3600 * 1000, 0},
	    {true, false, WORKER_QUIET_MS + 1, 1},
	    {true, false, 7200 * 1000, 2}, {false, false, WORKER_NEW_MS, 3},
	    {false, false, WORKER_NEW_MS + 1, 4}};
	uint64_t last = 0;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		uint64_t n =
		    worker_spare(row[i].begun, row[i].in_use, row[i].quiet);

		CHECK(row[i].rank == 0 ? n == 0 : n > last);
		last = n;
	}
}

static bool
give_up(void *arg)
{
	struct wing *w = arg;

	if (w->spared == 0)
		return false;
	w->spared--;
	drop_one(w);
	return true;
}

static void
what_descriptors_allow(void)
{
	static const struct {
		rlim_t descriptors;
		unsigned want;
	} rows[] = {
	    {0, 1},
	    {42, 1},
	    {44, 1},
	    {45, 2}, /* 11 for DNS, 32 */
	    {64, 16},
	    {1024, 736},
	    {WORKER_CONNECTIONS_MAX + DNS_PORTS + 32 - 1,
	        WORKER_CONNECTIONS_MAX - 1},
	    {WORKER_CONNECTIONS_MAX + DNS_PORTS + 32, WORKER_CONNECTIONS_MAX},
	    {WORKER_CONNECTIONS_MAX + DNS_PORTS + 32 + 1,
	        WORKER_CONNECTIONS_MAX},
	    {524288, WORKER_CONNECTIONS_MAX},
	    {RLIM_INFINITY, WORKER_CONNECTIONS_MAX},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CU_ASSERT_EQUAL(
		    worker_fullest(rows[i].descriptors), rows[i].want);
}

/* The last place is always kept free, at once or when somebody can be
 * spared. */
static void
room_is_made(void)
{
	static const struct worker_events spare_events = {
	    .accepted = on_accepted, .order = on_order, .spare = give_up};
	enum { TWO = 45 }; /* places for two */
	struct rlimit before;
	struct wing w;
	int peer[3];

	start(&w);
	worker_unwatch(w.worker);
	CU_ASSERT_EQUAL(worker_fullest(TWO), 2);
	before = descriptors_limit(TWO);
	CU_ASSERT_FATAL(worker_watch(w.worker, w.loop, &spare_events, &w) == 0);
	descriptors_back(&before);
	w.spared = 1;
	peer[0] = hand_over(&w);
	loop_fake_turn(w.loop);
	CU_ASSERT_EQUAL(connections(&w), 1);
	peer[1] = hand_over(&w);
	loop_fake_turn(w.loop);
	CU_ASSERT_EQUAL(connections(&w), 1);
	peer[2] = hand_over(&w);
	loop_fake_turn(w.loop);
	CU_ASSERT_EQUAL(connections(&w), 2); /* all in use */
	w.spared = 1;
	loop_fake_advance(w.loop, 200);
	CU_ASSERT_EQUAL(connections(&w), 1);
	for (int i = 0; i < 3; i++)
		close(peer[i]);
	done(&w);
}

SUITE("worker", T(spares), T(what_descriptors_allow), T(room_is_made),
    T(takes_and_counts), T(end_of_channel_is_drain),
    T(without_connections_drain_is_the_end), T(drain_has_a_limit),
    T(term_is_finish), T(finish_follows_drain),
    T(without_descriptor_a_connection_is_lost))

/* Real: no fake stands in for the loop and the resolver. */
/*
 * The supervisor as a process of its own: it and its workers run the echo
 * daemon below, the tests are its clients and its administrator. What the
 * daemon shall do wrong stands in memory that all of them share.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io/conn.h"
#include "common/limits.h"
#include "common/log/log.h"
#include "common/process/supervisor.h"
#include "tests/support/await.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { SLOW_MS = 20, MANY = 64, LINE_MAX_ = 128 };

/* Shared by the tests, the supervisor and its workers. */
struct knobs {
	_Atomic int load_fails;
	_Atomic int serve_fails;     /* before it is ready */
	_Atomic int dies_when_ready; /* 1: when this is 2 */
	_Atomic int bad_group;
	_Atomic int nowhere;   /* listen is empty */
	_Atomic int moves_log; /* a reload logs into log2 */
	_Atomic int loads;
	_Atomic int unloads; /* in the supervisor */
	_Atomic int forks;   /* calls of serve() */
	_Atomic int hold;    /* no slow answer yet */
	_Atomic int slow;    /* clients that wait for one */
	_Atomic int orders;  /* of workers, to finish */
};

struct daemon {
	struct tmpdir dir;
	char socket[TMPDIR_PATH_MAX];
	char log[TMPDIR_PATH_MAX];
	char log2[TMPDIR_PATH_MAX];
	char control[TMPDIR_PATH_MAX]; /* "": there is none */
	unsigned workers;
	const char *user;
	pid_t pid;
	struct knobs *knobs;
	bool replace; /* another one's socket */
	int passed;   /* a listener; 0: none */
};

/* --- the echo daemon ------------------------------------------------------ */

struct settings_ {
	struct daemon_settings daemon;
	struct endpoint endpoint;
	struct endpoint control;
	int number;
};

struct echo {
	struct loop *loop;
	struct worker *worker;
	struct settings_ *settings;
	struct daemon *daemon;
	struct client *clients;
	bool finish;
};

struct client {
	struct echo *echo;
	struct client *next;
	struct conn *conn;
	struct timer *slow;
};

static void
client_free(struct client *c)
{
	struct client **at = &c->echo->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	conn_free(c->conn);
	timer_free(c->slow);
	worker_closed(c->echo->worker);
	free(c);
}

static void
client_answer(struct client *c, const char *text)
{
	char line[LINE_MAX_];
	int n = snprintf(line, sizeof line, "%d %d %u %s\n", (int)getpid(),
	    c->echo->settings->number, (unsigned)geteuid(), text);

	if (conn_write(c->conn, line, (size_t)n) != 0)
		abort();
}

/* The answer of a "slow" line; until then the client is busy. */
static void
client_slow(void *arg)
{
	struct client *c = arg;

	if (c->echo->daemon->knobs->hold) {
		timer_set(c->slow, SLOW_MS);
		return;
	}
	client_answer(c, "slow");
	if (c->echo->finish)
		client_free(c);
	else
		conn_resume(c->conn);
}

static size_t
client_data(void *arg, struct span in)
{
	struct client *c = arg;
	size_t n = span_find(in, '\n');
	char text[32] = "";

	if (n == in.n || n >= sizeof text)
		return 0;
	memcpy(text, in.p, n);
	if (strcmp(text, "slow") == 0) {
		conn_pause(c->conn);
		timer_set(c->slow, SLOW_MS);
		c->echo->daemon->knobs->slow++;
	} else {
		client_answer(c, text);
	}
	return n + 1;
}

static void
client_end(void *arg, enum conn_end how)
{
	client_free(arg);
}

static void
echo_accepted(void *arg, int fd)
{
	static const struct conn_events events = {
	    .data = client_data, .end = client_end};
	struct echo *e = arg;
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL || timer_new(e->loop, client_slow, c, &c->slow) != 0 ||
	    conn_new(e->loop, fd, fd, 64, &events, c, &c->conn) != 0)
		abort();
	c->echo = e;
	c->next = e->clients;
	e->clients = c;
	client_answer(c, "hello");
}

static void
echo_order(void *arg, enum worker_order order)
{
	struct echo *e = arg;
	struct client *c, *next;

	if (order == WORKER_DRAIN)
		return;
	e->finish = true;
	for (c = e->clients; c != NULL; c = next) {
		next = c->next;
		/* Busy clients wait for their slow answer. */
		conn_pause(c->conn);
		timer_set(c->slow, SLOW_MS);
	}
	e->daemon->knobs->orders++;
}

static int
echo_serve(void *arg, struct worker *w, void *generation)
{
	static const struct worker_events events = {
	    .accepted = echo_accepted, .order = echo_order};
	struct daemon *d = arg;
	struct echo e = {.worker = w, .settings = generation, .daemon = d};
	int rc;

	d->knobs->forks++;
	if (d->knobs->serve_fails)
		return -EIO;
	rc = loop_new(&e.loop);
	if (rc != 0)
		return rc;
	rc = worker_watch(w, e.loop, &events, &e);
	if (rc == 0 && d->knobs->dies_when_ready) {
		struct await a = {0};

		while (d->knobs->dies_when_ready == 1 &&
		    await_more(&a, "a start of all"))
			;
		rc = -ESRCH;
	}
	if (rc == 0)
		rc = loop_run(e.loop);
	while (e.clients != NULL)
		client_free(e.clients);
	worker_unwatch(w);
	loop_free(e.loop);
	return rc;
}

static int
echo_load(void *arg, struct supervisor_plan *ret)
{
	struct daemon *d = arg;
	struct settings_ *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	if (d->knobs->load_fails) {
		log_event(LOG_ERR, "config", "as the test wants it");
		free(s);
		return -EINVAL;
	}
	if (d->knobs->moves_log && log_prepare(d->log2) != 0)
		abort();
	s->number = ++d->knobs->loads;
	s->endpoint.addr.un.sun_family = AF_UNIX;
	s->endpoint.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    strlen(d->socket) + 1);
	memcpy(s->endpoint.addr.un.sun_path, d->socket, sizeof d->socket);
	s->daemon = (struct daemon_settings){.user = d->user,
	    .listen = {&s->endpoint, d->knobs->nowhere ? 0 : 1},
	    .socket_mode = 0660,
	    .socket_group = d->knobs->bad_group ? "no-such-group" : NULL};
	s->control = s->endpoint;
	memcpy(s->control.addr.un.sun_path, d->control, sizeof d->control);
	if (d->control[0] != '\0')
		s->daemon.control = (struct endpoint_list){&s->control, 1};
	*ret = (struct supervisor_plan){.daemon = &s->daemon,
	    .replace = d->replace,
	    .workers = d->workers,
	    .generation = s};
	return 0;
}

static void
echo_unload(void *arg, void *generation)
{
	struct daemon *d = arg;

	if (getpid() == d->pid)
		d->knobs->unloads++;
	free(generation);
}

static const struct stats_report echo_report = {
    .prefix = "echo_", .rows = stats_supervisor};

static const struct supervisor_ops ops = {
    echo_load, echo_unload, echo_serve, NULL, "echo", NULL, &echo_report};

/* --- the administrator ---------------------------------------------------- */

static void
prepare(struct daemon *d, unsigned workers)
{
	*d = (struct daemon){.workers = workers, .user = "nobody"};
	tmpdir_make(&d->dir);
	tmpdir_file(&d->dir, "socket", d->socket);
	tmpdir_file(&d->dir, "log", d->log);
	tmpdir_file(&d->dir, "log2", d->log2);
	d->knobs = mmap(NULL, sizeof(*d->knobs), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(d->knobs != MAP_FAILED);
	/* Workers of a supervisor that was killed become our children. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void
launch(struct daemon *d)
{
	int code;

	fflush(NULL);
	d->pid = fork();
	CU_ASSERT_FATAL(d->pid >= 0);
	if (d->pid != 0)
		return;
	d->pid = getpid();
	if (d->passed > 0) {
		char text[20];

		dup2(d->passed, 3);
		snprintf(text, sizeof text, "%d", (int)d->pid);
		setenv("LISTEN_PID", text, 1);
		setenv("LISTEN_FDS", "1", 1);
	}
	/* no client's end stays open here */
	close_range(d->passed > 0 ? 4 : 3, ~0U, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (log_open(d->log, "echo") != 0)
		abort();
	code = supervisor_run(&ops, d);
	munmap(d->knobs, sizeof(*d->knobs));
	exit(code);
}

/* Waits for a child; its exit code, or minus the signal. */
static int
ended(pid_t child)
{
	struct await a = {0};
	int status;
	pid_t pid;

	while ((pid = waitpid(child, &status, WNOHANG)) == 0 &&
	    await_more(&a, "the end of a process"))
		;
	CU_ASSERT_FATAL(pid > 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
cleanup(struct daemon *d)
{
	munmap(d->knobs, sizeof(*d->knobs));
	tmpdir_remove(&d->dir);
}

static unsigned
logged(struct daemon *d, const char *text)
{
	return await_lines(d->log, text);
}

/* Waits until n lines have it; no more than these may. */
static bool
gets_logged(struct daemon *d, const char *text, unsigned n)
{
	return await_logged(d->log, text, n) && logged(d, text) == n;
}

/* Waits for a knob that a worker turns up. */
static void
turned(const _Atomic int *knob, int n, const char *what)
{
	struct await a = {0};

	while (*knob < n && await_more(&a, what))
		;
}

static void
start(struct daemon *d, unsigned workers)
{
	prepare(d, workers);
	launch(d);
	CHECK(gets_logged(d, "started generation=1", 1));
}

static void
stop(struct daemon *d)
{
	kill(d->pid, SIGTERM);
	CHECK(ended(d->pid) == 0);
	CHECK(access(d->socket, F_OK) == -1 && errno == ENOENT);
	cleanup(d);
}

/* --- the clients ---------------------------------------------------------- */

struct line {
	int pid;
	int generation;
	unsigned uid;
	char text[32];
};

static int
try_dial(const struct daemon *d)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct timeval patience = {AWAIT_SECONDS, 0};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(un.sun_path, d->socket, sizeof d->socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
dial(const struct daemon *d)
{
	int fd = try_dial(d);

	CU_ASSERT_FATAL(fd >= 0);
	return fd;
}

/* False at the end of file, an error, or when nothing comes in time. */
static bool
hear(int fd, struct line *ret)
{
	char text[LINE_MAX_] = "";
	size_t n = 0;

	while (n + 1 < sizeof text && read(fd, &text[n], 1) == 1 &&
	    text[n] != '\n')
		n++;
	*ret = (struct line){0};
	return sscanf(text, "%d %d %u %31s", &ret->pid, &ret->generation,
	           &ret->uid, ret->text) == 4;
}

static bool
ask(int fd, const char *text, struct line *ret)
{
	char line[32];
	int n = snprintf(line, sizeof line, "%s\n", text);

	return send(fd, line, (size_t)n, MSG_NOSIGNAL) == n && hear(fd, ret) &&
	    strcmp(ret->text, text) == 0;
}

/* Makes the client busy, until knobs->hold is 0 again. */
static void
keep_busy(struct daemon *d, int fd)
{
	int before = d->knobs->slow;

	d->knobs->hold = 1;
	CHECK(send(fd, "slow\n", 5, MSG_NOSIGNAL) == 5);
	turned(&d->knobs->slow, before + 1, "a busy client");
}

static bool
greeted(int fd, struct line *ret)
{
	return hear(fd, ret) && strcmp(ret->text, "hello") == 0;
}

/* What the control socket says; "" when nobody answers. Static. */
static const char *
status_of(const struct daemon *d)
{
	static char text[64 * 1024];
	struct daemon control = *d;
	size_t n = 0;
	ssize_t got = 1;
	int fd;

	memcpy(control.socket, d->control, sizeof d->control);
	fd = try_dial(&control);
	text[0] = '\0';
	if (fd < 0)
		return text;
	if (send(fd, "status\n", 7, MSG_NOSIGNAL) != 7)
		got = 0;
	while (got > 0 && n < sizeof text - 1) {
		got = read(fd, text + n, sizeof text - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = '\0';
	close(fd);
	return text;
}

static bool
await_status(const struct daemon *d, const char *want)
{
	struct await a = {0};
	bool more = true;

	/* once is enough: the next one may ask a helper that is being
	 * replaced */
	while (more && strstr(status_of(d), want) == NULL)
		more = await_more(&a, want);
	return more;
}

/* --- the tests ------------------------------------------------------------ */

/*
 * SIGTERM with a worker that cannot hear it. Begun by the first test, looked at
 * by another one, some seconds later. The end of SUPERVISOR_STOP_SECONDS is
 * seen in tests/e2e/cases.d.
 */
static struct stuck {
	struct daemon d;
	struct line a;
	int fd;
} stuck;

static void
a_worker_hangs(void)
{
	if (suite_skip_valgrind())
		return; /* the other test comes too late */
	start(&stuck.d, 1);
	stuck.fd = dial(&stuck.d);
	CU_ASSERT_FATAL(greeted(stuck.fd, &stuck.a));
	kill(stuck.a.pid, SIGSTOP);
	kill(stuck.d.pid, SIGTERM);
}

static void
it_is_waited_for_until_told_again(void)
{
	uint64_t begin = await_now_ms();
	int fd;

	if (suite_skip_valgrind())
		return;
	CHECK(waitpid(stuck.d.pid, NULL, WNOHANG) == 0);
	fd = dial(&stuck.d); /* the backlog is still there */
	kill(stuck.d.pid, SIGTERM);
	CHECK(ended(stuck.d.pid) == 0);
	CHECK(await_now_ms() - begin < SUPERVISOR_STOP_SECONDS * 500);
	CHECK(access(stuck.d.socket, F_OK) == -1);
	close(fd);
	CHECK(logged(&stuck.d, "signal=9 connections=1") == 1);
	CHECK(!hear(stuck.fd, &stuck.a));
	close(stuck.fd);
	cleanup(&stuck.d);
}

static void
work_is_shared_evenly(void)
{
	struct daemon d;
	struct line hello, echo;
	int fd[MANY], first = 0, pid = 0;

	start(&d, 2);
	for (int i = 0; i < MANY; i++) {
		fd[i] = dial(&d);
		CHECK(greeted(fd[i], &hello));
		pid = pid == 0 ? hello.pid : pid;
		first += hello.pid == pid;
	}
	CU_ASSERT_EQUAL(first, MANY / 2);
	for (int i = 0; i < MANY; i++)
		CHECK(ask(fd[i], "echo", &echo));
	/* The worker that lost its clients gets the next ones. */
	first = 0;
	for (int i = 0; i < MANY; i++) {
		CHECK(ask(fd[i], "echo", &echo));
		if (echo.pid == pid) {
			close(fd[i]);
			fd[i] = -1;
		}
	}
	for (int i = 0; i < MANY; i++) {
		if (fd[i] >= 0)
			continue;
		fd[i] = dial(&d);
		CHECK(greeted(fd[i], &hello));
		first += hello.pid == pid;
	}
	CHECK(first >= MANY / 2 - 2);
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
	stop(&d);
}

static void
a_killed_worker_is_replaced(void)
{
	struct daemon d;
	struct line a, b, c;
	uint64_t killed;
	int fd[2], again;

	start(&d, 2);
	for (int i = 0; i < 2; i++)
		fd[i] = dial(&d);
	CHECK(greeted(fd[0], &a) && greeted(fd[1], &b) && a.pid != b.pid);
	CU_ASSERT_FATAL(a.pid > 1);
	killed = await_now_ms();
	kill(a.pid, SIGKILL);
	/* Clients go on coming meanwhile, and each is served. */
	for (int i = 0; i < 20; i++) {
		again = dial(&d);
		if (greeted(again, &c))
			CHECK(c.pid != a.pid);
		else /* was with the dead one already */
			CHECK(i == 0);
		close(again);
	}
	CHECK(!hear(fd[0], &c));
	CHECK(ask(fd[1], "echo", &c) && c.pid == b.pid);
	CHECK(gets_logged(&d, "worker_died", 1));
	CHECK(logged(&d, "signal=9 connections=") == 1);
	/* Died young: its place stays empty for a second. */
	CHECK(d.knobs->forks == 2 || await_now_ms() - killed >= 1000);
	for (int i = 0; i < 2; i++)
		close(fd[i]);
	stop(&d);
}

static void
a_reload_is_a_new_generation(void)
{
	struct daemon d;
	struct line a, b;
	char rotated[TMPDIR_PATH_MAX];
	int old, new;
	uint64_t begin;
	bool late;

	start(&d, 1);
	old = dial(&d);
	CHECK(greeted(old, &a) && a.generation == 1);
	/* As logrotate(8) does it. */
	CHECK(rename(d.log, tmpdir_file(&d.dir, "log.1", rotated)) == 0);
	begin = await_now_ms();
	kill(d.pid, SIGHUP);
	CHECK(gets_logged(&d, "reloaded generation=2", 1));
	CHECK(ask(old, "echo", &b) && b.pid == a.pid && b.generation == 1);
	new = dial(&d);
	CHECK(greeted(new, &b) && b.generation == 2 && b.pid != a.pid);
	CU_ASSERT_EQUAL(d.knobs->unloads, 1);
	close(old);
	CHECK(gets_logged(&d, "worker_ended", 1));
	CHECK(kill(a.pid, 0) == -1 && errno == ESRCH);
	/* HUPs within a second are one. */
	for (int i = 0; i < 5; i++) {
		kill(d.pid, SIGHUP);
		poll(NULL, 0, 2); /* that they are not one signal */
	}
	late = await_now_ms() - begin >= 1000;
	CHECK(gets_logged(&d, "reloaded generation=3", 1));
	CHECK(await_now_ms() - begin >= 950);
	CHECK(d.knobs->loads == 3 || late);
	CHECK(ask(new, "echo", &b) && b.generation == 2);
	close(new);
	stop(&d);
}

/* With the settings that name it. */
static void
the_log_moves(void)
{
	struct daemon d;
	struct line a, b;
	int fd;

	start(&d, 1);
	fd = dial(&d);
	CHECK(greeted(fd, &a));
	d.knobs->moves_log = 1;
	kill(d.pid, SIGHUP);
	CHECK(await_logged(d.log2, "reloaded generation=2", 1));
	CU_ASSERT_EQUAL(logged(&d, "reloaded"), 0);
	close(fd);
	CHECK(await_logged(d.log2, "worker_ended", 1));
	fd = dial(&d);
	CHECK(greeted(fd, &b) && b.pid != a.pid);
	kill(b.pid, SIGKILL);
	CHECK(await_logged(d.log2, "worker_died", 1));
	CHECK(await_logged(d.log2, "worker_started", 1));
	close(fd);
	kill(d.pid, SIGTERM);
	CHECK(ended(d.pid) == 0);
	CU_ASSERT_EQUAL(await_lines(d.log2, "stopped"), 1);
	CU_ASSERT_EQUAL(logged(&d, "stopped"), 0);
	cleanup(&d);
}

static void
reload_in_vain(int load_fails, int serve_fails, int bad_group, const char *why)
{
	struct daemon d;
	struct line a, b;
	int fd, again;

	start(&d, 1);
	fd = dial(&d);
	CHECK(greeted(fd, &a));
	d.knobs->load_fails = load_fails;
	d.knobs->serve_fails = serve_fails;
	d.knobs->bad_group = bad_group;
	d.knobs->moves_log = 1;
	kill(d.pid, SIGHUP);
	CHECK(gets_logged(&d, "reload_failed", 1));
	CHECK(logged(&d, why) == 1);
	CHECK(ask(fd, "echo", &b));
	again = dial(&d);
	CHECK(greeted(again, &b) && b.pid == a.pid && b.generation == 1);
	CU_ASSERT_EQUAL(d.knobs->unloads, !load_fails);
	CU_ASSERT_EQUAL(logged(&d, "reloaded"), 0);
	CU_ASSERT_EQUAL(await_lines(d.log2, ""), 0);
	close(fd);
	close(again);
	stop(&d);
}

static void
a_failed_reload_changes_nothing(void)
{
	reload_in_vain(1, 0, 0, "as the test wants it");
	reload_in_vain(0, 1, 0, "a worker ended before it was ready");
	reload_in_vain(0, 0, 1, "there is no group 'no-such-group'");
}

static void
term_waits_for_the_busy(void)
{
	struct daemon d;
	struct line a;
	int idle, busy, late;

	start(&d, 2);
	idle = dial(&d);
	busy = dial(&d);
	CHECK(greeted(idle, &a) && greeted(busy, &a));
	keep_busy(&d, busy);
	kill(d.pid, SIGTERM);
	turned(&d.knobs->orders, 2, "an order to finish");
	late = dial(&d); /* waits for the next daemon */
	d.knobs->hold = 0;
	CHECK(hear(busy, &a) && strcmp(a.text, "slow") == 0);
	CHECK(!hear(busy, &a));
	CHECK(ended(d.pid) == 0);
	CHECK(access(d.socket, F_OK) == -1);
	CHECK(logged(&d, "stopped") == 1);
	CHECK(logged(&d, "worker_ended") == 2);
	CU_ASSERT_EQUAL(d.knobs->unloads, 1);
	CHECK(!hear(late, &a));
	close(idle);
	close(busy);
	close(late);
	cleanup(&d);
}

/* kill(1) by the administrator, of one worker. */
static void
a_worker_told_to_end_is_replaced_at_once(void)
{
	struct daemon d;
	struct line a, b;
	int busy, fd;

	start(&d, 1);
	busy = dial(&d);
	CU_ASSERT_FATAL(greeted(busy, &a));
	keep_busy(&d, busy);
	kill(a.pid, SIGTERM);
	CHECK(gets_logged(&d, "worker_started worker=2", 1));
	CHECK(logged(&d, "worker_ended") == 0);
	fd = dial(&d);
	CHECK(greeted(fd, &b) && b.pid != a.pid);
	d.knobs->hold = 0;
	CHECK(hear(busy, &a) && strcmp(a.text, "slow") == 0);
	CHECK(!hear(busy, &a));
	CHECK(gets_logged(&d, "worker_ended worker=1", 1));
	CHECK(ask(fd, "echo", &b));
	CHECK(logged(&d, "worker_started") == 2);
	close(fd);
	close(busy);
	stop(&d);
}

/* The only worker sleeps: its channel fills up, and the backlog behind it. */
static void
nobody_is_lost_behind_a_full_channel(void)
{
	enum { CROWD = 600 }; /* twice what a channel holds */
	struct daemon d;
	struct line a;
	int fd[CROWD], first, served = 0;

	start(&d, 1);
	first = dial(&d);
	CU_ASSERT_FATAL(greeted(first, &a));
	kill(a.pid, SIGSTOP);
	for (int i = 0; i < CROWD; i++)
		fd[i] = dial(&d);
	poll(NULL, 0, 50); /* that no more fits shows only in time */
	kill(a.pid, SIGCONT);
	for (int i = 0; i < CROWD; i++) {
		served += greeted(fd[i], &a);
		close(fd[i]);
	}
	CU_ASSERT_EQUAL(served, CROWD);
	close(first);
	stop(&d);
}

/* Its workers find the channel at its end. */
static void
workers_outlive_a_killed_supervisor(void)
{
	struct daemon d;
	struct line a, b, c;
	int fd[3];

	start(&d, 3);
	kill(d.pid, SIGHUP); /* workers of both kinds of fork were here */
	CHECK(gets_logged(&d, "reloaded generation=2", 1));
	for (int i = 0; i < 3; i++)
		fd[i] = dial(&d);
	CHECK(greeted(fd[0], &a) && greeted(fd[1], &b) && greeted(fd[2], &c));
	close(fd[2]);
	kill(d.pid, SIGKILL);
	CHECK(ended(d.pid) == -SIGKILL);
	/* The idle one ends, and with it the last who could hold the
	 * listener. */
	CHECK(ended(c.pid) == 0);
	CHECK(try_dial(&d) == -1);
	for (int i = 0; i < 2; i++)
		CHECK(ask(fd[i], "echo", &c));
	close(fd[0]);
	CHECK(ended(a.pid) == 0);
	CHECK(ask(fd[1], "echo", &c) && c.pid == b.pid);
	/* A new supervisor takes the place of the file that is left. */
	launch(&d);
	CHECK(gets_logged(&d, "started generation=1", 2));
	CHECK(ask(fd[1], "echo", &c) && c.pid == b.pid);
	close(fd[1]);
	CHECK(ended(b.pid) == 0);
	stop(&d);
}

/* The lowest descriptor that the process has not open. */
static rlim_t
free_descriptor(pid_t pid)
{
	char path[64];
	struct stat st;
	rlim_t fd = 0;

	do {
		snprintf(
		    path, sizeof path, "/proc/%d/fd/%d", (int)pid, (int)fd++);
	} while (lstat(path, &st) == 0);
	return fd - 1;
}

/* Clock ticks (of 10 ms) that a process has used. */
static unsigned long
ticks(pid_t pid)
{
	char path[64], text[512] = "";
	unsigned long user = 0, system = 0;
	const char *rest;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	CU_ASSERT_FATAL(f != NULL);
	rest = fgets(text, sizeof text, f) == NULL ? NULL : strrchr(text, ')');
	fclose(f);
	CHECK(rest != NULL &&
	    sscanf(rest,
	        ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
	        &system) == 2);
	return user + system;
}

static void
without_descriptors_accepting_pauses(void)
{
	struct daemon d;
	struct rlimit before, low;
	struct line a;
	unsigned long used;
	int fd;

	start(&d, 1);
	CU_ASSERT_FATAL(prlimit(d.pid, RLIMIT_NOFILE, NULL, &before) == 0);
	low = before;
	low.rlim_cur = free_descriptor(d.pid);
	CU_ASSERT_FATAL(prlimit(d.pid, RLIMIT_NOFILE, &low, NULL) == 0);
	fd = dial(&d);
	CHECK(gets_logged(&d, "accept_paused", 1));
	used = ticks(d.pid);
	poll(NULL, 0, 300); /* the time of more than one pause, but one line */
	CHECK(logged(&d, "accept_paused") == 1);
	CHECK(ticks(d.pid) - used < 15);
	CU_ASSERT_FATAL(prlimit(d.pid, RLIMIT_NOFILE, &before, NULL) == 0);
	CHECK(greeted(fd, &a));
	close(fd);
	stop(&d);
}

/* With 64 descriptors a worker takes 16 connections. Those that come behind
 * wait, and none is lost. */
static void
full_workers_get_no_more(void)
{
	enum { EACH = 16, WORKERS = 2, ALL = 120 };
	struct rlimit low = {64, 64};
	struct daemon d;
	struct line a;
	int fd[ALL];

	if (suite_skip_valgrind())
		return;
	prepare(&d, WORKERS);
	launch(&d);
	CHECK(gets_logged(&d, "started generation=1", 1));
	/* for workers that come from now on */
	CU_ASSERT_FATAL(prlimit(d.pid, RLIMIT_NOFILE, &low, NULL) == 0);
	kill(d.pid, SIGHUP);
	CHECK(gets_logged(&d, "reloaded generation=2", 1));
	for (int i = 0; i < ALL; i++)
		fd[i] = dial(&d);
	for (int i = 0; i < EACH * WORKERS; i++)
		CHECK(greeted(fd[i], &a));
	CHECK(gets_logged(&d, "accept_paused", 1));
	for (int i = EACH * WORKERS; i < ALL; i++)
		CHECK(
		    recv(fd[i], &a, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	/* Each that ends makes room for the next. */
	for (int i = EACH * WORKERS; i < ALL; i++) {
		close(fd[i - EACH * WORKERS]);
		CHECK(greeted(fd[i], &a));
	}
	CHECK(logged(&d, "accept_paused") == 1);
	CHECK(logged(&d, "connection_lost") == 0);
	for (int i = ALL - EACH * WORKERS; i < ALL; i++)
		close(fd[i]);
	stop(&d);
}

/* The worker cannot take the connection, but goes on; the books agree. */
static void
without_descriptors_in_the_worker(void)
{
	struct daemon d;
	struct rlimit before, low;
	struct line a, b;
	int fd, lost, again;

	start(&d, 1);
	fd = dial(&d);
	CHECK(greeted(fd, &a));
	if (prlimit(a.pid, RLIMIT_NOFILE, NULL, &before) != 0) {
		/* Of another user, and we have no CAP_SYS_RESOURCE. */
		close(fd);
		stop(&d);
		return;
	}
	low = before;
	low.rlim_cur = 3;
	CU_ASSERT_FATAL(prlimit(a.pid, RLIMIT_NOFILE, &low, NULL) == 0);
	lost = dial(&d);
	CHECK(!hear(lost, &b));
	CHECK(gets_logged(&d, "connection_lost", 1));
	CHECK(ask(fd, "echo", &b));
	CU_ASSERT_FATAL(prlimit(a.pid, RLIMIT_NOFILE, &before, NULL) == 0);
	again = dial(&d);
	CHECK(greeted(again, &b) && b.pid == a.pid);
	close(fd);
	close(lost);
	close(again);
	kill(d.pid, SIGTERM);
	CHECK(ended(d.pid) == 0);
	CHECK(logged(&d, "connections=0") == 1);
	cleanup(&d);
}

/* Its workers die as soon as all of them are ready; later ones at once. */
static void
start_to_die(struct daemon *d, unsigned workers)
{
	prepare(d, workers);
	d->knobs->dies_when_ready = 1;
	launch(d);
	CHECK(gets_logged(d, "started generation=1", 1));
	d->knobs->dies_when_ready = 2;
}

static void
a_crash_loop_backs_off(void)
{
	struct daemon d;
	uint64_t begin;
	struct line a;
	int fd;

	start_to_die(&d, 1);
	begin = await_now_ms();
	CHECK(gets_logged(&d, "worker_died", 1));
	CU_ASSERT_EQUAL(d.knobs->forks, 1);
	CHECK(gets_logged(&d, "worker_died", 2));
	CHECK(await_now_ms() - begin >= 950);
	CU_ASSERT_EQUAL(d.knobs->forks, 2);
	begin = await_now_ms();
	fd = dial(&d); /* waits in the backlog */
	/* The next one comes after 2 s; a reload does not wait for that. */
	d.knobs->dies_when_ready = 0;
	kill(d.pid, SIGHUP);
	CHECK(greeted(fd, &a) && a.generation == 2);
	CHECK(await_now_ms() - begin < 1900);
	close(fd);
	stop(&d);
}

/* When all die at once, young, each waits for its own second, and not for the
 * sum. */
static void
each_worker_backs_off_by_itself(void)
{
	enum { CREW = 4 };
	struct daemon d;
	uint64_t begin;
	struct line a;
	int fd;

	if (suite_skip_valgrind())
		return; /* the first is back before the last has died */
	start_to_die(&d, CREW);
	CHECK(gets_logged(&d, "worker_died", CREW));
	begin = await_now_ms();
	d.knobs->dies_when_ready = 0;
	fd = dial(&d);
	CHECK(greeted(fd, &a));
	CHECK(await_now_ms() - begin < (CREW - 1) * 1000);
	close(fd);
	stop(&d);
}

static void
a_bad_start_ends_the_program(void)
{
	struct daemon d, second;

	prepare(&d, 1);
	d.knobs->load_fails = 1;
	launch(&d);
	CHECK(ended(d.pid) == 1);
	CHECK(logged(&d, "start_failed") == 1);
	cleanup(&d);

	prepare(&d, 1);
	d.knobs->serve_fails = 1;
	launch(&d);
	CHECK(ended(d.pid) == 1);
	CHECK(logged(&d, "start_failed") == 1);
	CHECK(access(d.socket, F_OK) == -1);
	cleanup(&d);

	start(&d, 1);
	prepare(&second, 1);
	memcpy(second.socket, d.socket, sizeof d.socket);
	launch(&second);
	CHECK(ended(second.pid) == 1);
	CHECK(logged(&second, "another process listens there") == 1);
	cleanup(&second);
	close(dial(&d));
	stop(&d);
}

/* A wing that nobody wants: systemd does not start it again. While one runs,
 * that is a mistake. */
static void
an_empty_list_ends_it_well(void)
{
	struct daemon d;

	prepare(&d, 1);
	d.knobs->nowhere = 1;
	launch(&d);
	CHECK(ended(d.pid) == 0);
	CHECK(logged(&d, "start_failed") == 0);
	CHECK(logged(&d,
	          "listening reason=\"nowhere: listen is empty, there "
	          "is nothing to do\"") == 1);
	cleanup(&d);
	start(&d, 1);
	d.knobs->nowhere = 1;
	kill(d.pid, SIGHUP);
	CHECK(gets_logged(&d, "reload_failed", 1));
	close(dial(&d));
	stop(&d);
}

/* The next daemon listens before the old one is told to end: then that is gone
 * at once, and its workers finish what they have. */
static void
the_next_one_takes_its_place(void)
{
	struct daemon d, next;
	struct line a, b;
	int old, new;

	start(&d, 4); /* three have nothing to finish */
	old = dial(&d);
	CHECK(greeted(old, &a));
	prepare(&next, 1);
	memcpy(next.socket, d.socket, sizeof d.socket);
	next.replace = true;
	launch(&next);
	CHECK(gets_logged(&next, "started generation=1", 1));
	CHECK(ask(old, "echo", &b) && b.pid == a.pid);
	kill(d.pid, SIGTERM);
	CHECK(ended(d.pid) == 0);
	CHECK(logged(&d, "stopped workers_left=1") == 1);
	new = dial(&d);
	CHECK(greeted(new, &b) && b.pid != a.pid);
	CHECK(ask(old, "echo", &b) && b.pid == a.pid);
	close(old);
	CHECK(ended(a.pid) == 0);
	CHECK(ask(new, "echo", &b));
	close(new);
	stop(&next);
	cleanup(&d);
}

/* Who came to the old socket before the next daemon took its name is served by
 * the old one, however many they are. */
static void
who_came_before_is_served(void)
{
	enum { CALLERS = 200 };
	struct daemon d, next;
	struct line a;
	int fd[CALLERS];
	unsigned served = 0;

	start(&d, 1);
	kill(d.pid, SIGSTOP);
	for (int i = 0; i < CALLERS; i++)
		fd[i] = dial(&d);
	prepare(&next, 1);
	memcpy(next.socket, d.socket, sizeof d.socket);
	next.replace = true;
	launch(&next);
	CHECK(gets_logged(&next, "started generation=1", 1));
	kill(d.pid, SIGTERM);
	kill(d.pid, SIGCONT);
	for (int i = 0; i < CALLERS; i++) {
		served += greeted(fd[i], &a);
		close(fd[i]);
	}
	CU_ASSERT_EQUAL(served, CALLERS);
	CHECK(ended(d.pid) == 0);
	stop(&next);
	cleanup(&d);
}

/* The service manager, which keeps a listener. */
static int
keep(int manager)
{
	char text[1024];
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {text, sizeof text - 1};
	int fd = -1;

	for (int i = 0; i < 100 && fd < 0; i++) {
		struct msghdr msg = {.msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = &control,
		    .msg_controllen = sizeof control};
		ssize_t n = recvmsg(manager, &msg, 0);

		text[n < 0 ? 0 : n] = '\0';
		if (strncmp(text, "FDSTORE=1\n", 10) != 0)
			continue;
		setenv("LISTEN_FDNAMES", strstr(text, "FDNAME=") + 7, 1);
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof fd);
	}
	return fd;
}

static void
a_kept_socket_survives(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct timeval patience = {AWAIT_SECONDS, 0};
	struct daemon d;
	struct line a, b;
	int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), old, new;

	prepare(&d, 1);
	tmpdir_file(&d.dir, "notify", un.sun_path);
	CU_ASSERT_FATAL(bind(manager, (struct sockaddr *)&un, sizeof un) == 0);
	setsockopt(
	    manager, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setenv("NOTIFY_SOCKET", un.sun_path, 1);
	setenv("FDSTORE", "64", 1);
	launch(&d);
	CHECK(gets_logged(&d, "started generation=1", 1));
	d.passed = keep(manager);
	CU_ASSERT_FATAL(d.passed >= 0);
	old = dial(&d);
	CHECK(greeted(old, &a));
	for (int signo = SIGTERM; signo != 0;
	     signo = signo == SIGTERM ? SIGKILL : 0) {
		unsigned starts = logged(&d, "started generation=1");

		kill(d.pid, signo);
		CHECK(ended(d.pid) == (signo == SIGTERM ? 0 : -SIGKILL));
		new = dial(&d); /* nobody is there, but it waits */
		CHECK(ask(old, "echo", &b) && b.pid == a.pid);
		launch(&d);
		CHECK(gets_logged(&d, "started generation=1", starts + 1));
		CHECK(greeted(new, &b) && b.pid != a.pid);
		close(new);
	}
	close(old);
	CHECK(ended(a.pid) == 0);
	CHECK(logged(&d, "listening on=") == 1);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("FDSTORE");
	unsetenv("LISTEN_FDNAMES");
	kill(d.pid, SIGTERM);
	CHECK(ended(d.pid) == 0);
	close(d.passed);
	close(manager);
	cleanup(&d);
}

static void
the_helper_tells(void)
{
	struct daemon d;
	struct line a;
	int fd;

	prepare(&d, 2);
	tmpdir_file(&d.dir, "control", d.control);
	launch(&d);
	CHECK(gets_logged(&d, "started generation=1", 1));
	CHECK(await_status(&d, "\"generation\":1,"));
	fd = dial(&d);
	CHECK(greeted(fd, &a));
	CHECK(await_status(&d, "\"connections\":1}"));
	kill(d.pid, SIGHUP);
	CHECK(await_status(&d, "\"reloads_total\":1,"));
	CHECK(await_status(&d, "\"generation\":2,"));
	close(fd);
	CHECK(logged(&d, "helper_died") == 0);
	CHECK(logged(&d, "worker_died") == 0);
	stop(&d);

	/* without its socket there is no helper, and all else goes on */
	prepare(&d, 1);
	tmpdir_file(&d.dir, "none/control", d.control);
	launch(&d);
	CHECK(gets_logged(&d, "started generation=1", 1));
	CHECK(logged(&d, " control reason=") == 1);
	fd = dial(&d);
	CHECK(greeted(fd, &a));
	close(fd);
	stop(&d);
}

/* --- signals -------------------------------------------------------------- */

/* What another program means by it ends ours by default. Told: the
 * supervisor says so, in a line; the others go on in silence, as most often
 * all of them are sent it. */
static const struct {
	int signo;
	bool told;
} meaningless[] = {
    {SIGUSR1, true}, {SIGUSR2, true}, {SIGALRM, true}, {SIGVTALRM, true},
    {SIGPROF, true}, {SIGPOLL, true}, {SIGPWR, true},
    {SIGPIPE, false},                    /* of what it writes itself */
    {SIGXFSZ, false}, {SIGWINCH, false}, /* ignored by default */
    {SIGURG, false}, {SIGCHLD, false},
    {SIGTSTP, false}, /* it stops, or not, ... */
    {SIGCONT, false}, /* ... and goes on */
};

/* The child of the supervisor that is not this one; 0: there is none. */
static pid_t
other_child(const struct daemon *d, pid_t worker)
{
	char path[64];
	pid_t first = 0, second = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)d->pid,
	    (int)d->pid);
	f = fopen(path, "r");
	CU_ASSERT_FATAL(f != NULL);
	(void)!fscanf(f, "%d %d", &first, &second);
	fclose(f);
	return first == worker ? second : first;
}

static void
meaningless_signals_end_nobody(void)
{
	size_t n = sizeof meaningless / sizeof meaningless[0], told = 0;
	struct daemon d;
	struct line a, b;
	pid_t helper;
	int fd;

	prepare(&d, 1);
	tmpdir_file(&d.dir, "control", d.control);
	launch(&d);
	CHECK(await_status(&d, "\"generation\":1,"));
	fd = dial(&d);
	CHECK(greeted(fd, &a));
	helper = other_child(&d, a.pid);
	CHECK(helper > 0);
	for (size_t i = 0; i < n; i++) {
		char text[64];

		kill(a.pid, meaningless[i].signo);
		kill(helper, meaningless[i].signo);
		kill(d.pid, meaningless[i].signo);
		if (!meaningless[i].told)
			continue;
		told++;
		snprintf(text, sizeof text, "\"signal %d is ignored; ",
		    meaningless[i].signo);
		CHECK(gets_logged(&d, text, 1));
	}
	for (int signo = SIGHUP; signo <= SIGQUIT; signo++) {
		kill(a.pid, signo); /* by a terminal, to everybody */
		kill(helper, signo);
	}
	CHECK(ask(fd, "echo", &b) && b.pid == a.pid);
	CHECK(await_status(&d, "\"generation\":1,"));
	CHECK(other_child(&d, a.pid) == helper);
	CHECK(logged(&d, " signal reason=") == told);
	CHECK(logged(&d, "worker_died") + logged(&d, "helper_died") == 0);
	close(fd);
	stop(&d);
}

static void
quit_is_term(void)
{
	struct daemon d;
	struct line a;
	int fd;

	start(&d, 1);
	fd = dial(&d);
	CHECK(greeted(fd, &a));
	keep_busy(&d, fd);
	kill(d.pid, SIGQUIT);
	turned(&d.knobs->orders, 1, "an order to finish");
	d.knobs->hold = 0;
	CHECK(hear(fd, &a) && strcmp(a.text, "slow") == 0);
	CHECK(ended(d.pid) == 0);
	CHECK(access(d.socket, F_OK) == -1 && errno == ENOENT);
	close(fd);
	cleanup(&d);
}

/* As a program may leave them to those that it starts. */
static void
inherited_signals_are_mended(void)
{
	sigset_t all, before;
	struct daemon d;
	struct line a, b;
	int fd;

	prepare(&d, 1);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGCHLD, SIG_IGN);
	launch(&d);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	CHECK(gets_logged(&d, "started generation=1", 1));
	fd = dial(&d);
	CHECK(greeted(fd, &a));
	kill(a.pid, SIGKILL);
	CHECK(gets_logged(&d, "worker_died", 1));
	close(fd);
	fd = dial(&d);
	CHECK(greeted(fd, &b) && b.pid != a.pid);
	close(fd);
	stop(&d);
}

static void
workers_are_not_root(void)
{
	struct daemon d;
	struct line a;
	int fd;

	if (!suite_as_root())
		return;
	start(&d, 1);
	fd = dial(&d);
	CHECK(greeted(fd, &a) && a.uid != 0);
	close(fd);
	stop(&d);
	for (int i = 0; i < 2; i++) {
		prepare(&d, 1);
		d.user = i == 0 ? "root" : "no-such-user";
		launch(&d);
		CHECK(ended(d.pid) == 1);
		CHECK(logged(&d,
		          i == 0 ? "must not run as 'root'"
		                 : "no user 'no-such-user'") == 1);
		cleanup(&d);
	}
}

SUITE("supervisor", T(an_empty_list_ends_it_well), T(work_is_shared_evenly),
    T(a_killed_worker_is_replaced), T(a_reload_is_a_new_generation),
    T(the_log_moves), T(a_failed_reload_changes_nothing),
    T(term_waits_for_the_busy), T(a_worker_told_to_end_is_replaced_at_once),
    T(nobody_is_lost_behind_a_full_channel),
    T(workers_outlive_a_killed_supervisor),
    T(without_descriptors_accepting_pauses), T(full_workers_get_no_more),
    T(without_descriptors_in_the_worker), T(a_worker_hangs),
    T(a_crash_loop_backs_off), T(each_worker_backs_off_by_itself),
    T(it_is_waited_for_until_told_again), T(a_bad_start_ends_the_program),
    T(meaningless_signals_end_nobody), T(quit_is_term),
    T(inherited_signals_are_mended), T(workers_are_not_root),
    T(the_helper_tells), T(the_next_one_takes_its_place),
    T(a_kept_socket_survives), T(who_came_before_is_served))

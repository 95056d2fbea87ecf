/*
 * One thread, one poll(2), no callbacks: each turn does what is due, then waits
 * for the nearest of eight times (patience). A reload is a second generation
 * beside the first; it comes into force when all of its workers have said that
 * they are ready, or is dropped whole.
 *
 * The trap: a child returns from the loop as somebody else. After
 * fork_workers() and fork_helper() it must leave the supervisor's state alone
 * but for what generation.c takes over.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/process/acceptor.h"
#include "common/process/children.h"
#include "common/process/fdstore.h"
#include "common/process/generation.h"
#include "common/process/notify.h"
#include "common/process/signals.h"
#include "common/process/supervisor.h"

enum {
	HOLD_MS = 10,    /* when every channel is full */
	STILL_MS = 100,  /* when no worker moves */
	HUP_MS = 1000,   /* reloads begin no faster */
	AGAIN_MS = 1000, /* after a fork(2) that failed */
	KILL_MS = 1000   /* what SIGKILL may take */
};

struct supervisor {
	const struct supervisor_ops *ops;
	void *arg;
	struct children children;
	struct generation now;  /* in force */
	struct generation next; /* its workers are not all ready yet */
	uint64_t next_until;
	const char *next_bad; /* why it cannot come into force */
	struct helper_child helper;
	struct stats_slot *stats; /* its own counters */
	int signals;
	bool hup;
	uint64_t hup_at; /* no reload before */
	uint64_t fork_at;
	uint64_t watch_at; /* children_watch() */
	struct acceptor acceptor;
	bool stop;
	bool hurry; /* told to stop once more */
	int code;
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- generations --------------------------------------------------------- */

/* If the first one fails, that was all. */
static void
failed(struct supervisor *s)
{
	if (s->now.number != 0) {
		stats_add(s->stats, STATS_RELOADS_FAILED, 1);
		notify_send("READY=1");
		return;
	}
	s->stop = true;
	s->code = 1;
}

/* Makes the next generation; its workers are forked by and by. */
static void
load(struct supervisor *s)
{
	int rc;

	if (s->hup) {
		s->hup = false;
		s->hup_at = now_ms() + HUP_MS;
		notify_reloading();
		(void)log_reopen(); /* on failure the old file stays open */
	}
	rc = generation_load(
	    s->ops, s->arg, &s->now, children_room(&s->children), &s->next);
	if (rc == -EUSERS)
		children_retire(&s->children, s->now.number);
	if (rc == -ENODATA) { /* else systemd would try again and again */
		notify_send("READY=1");
		s->stop = true;
		return;
	}
	if (rc != 0) {
		failed(s);
		return;
	}
	s->next_bad = NULL;
	s->next_until = now_ms() + WORKER_READY_SECONDS * 1000;
}

static void
count_commit(struct supervisor *s)
{
	stats_set(s->stats, STATS_GENERATION, s->now.number);
	stats_set(s->stats, STATS_LOADED, s->now.read);
	if (s->now.number == 1)
		stats_set(s->stats, STATS_STARTED, (uint64_t)time(NULL));
	else
		stats_add(s->stats, STATS_RELOADS, 1);
}

/* All workers of the next generation are ready: it comes into force. */
static void
commit(struct supervisor *s)
{
	generation_replace(s->ops, s->arg, &s->now, &s->next);
	children_forgive(&s->children);
	s->fork_at = 0;
	count_commit(s);
	helper_tell(&s->helper); /* the next one has the new settings */
	notify_send("READY=1");
	children_drain(&s->children, s->now.number);
}

/* The next generation failed; nobody was ever connected to its workers. */
static void
abandon(struct supervisor *s)
{
	unsigned number = s->next.number;

	children_kill(&s->children, number, number, SIGKILL);
	children_drain(&s->children, s->now.number);
	generation_abandon(s->ops, s->arg, &s->next);
}

static void
settle(struct supervisor *s)
{
	const struct generation *g = &s->next;

	if (g->number == 0)
		return;
	if (s->next_bad == NULL && now_ms() >= s->next_until)
		s->next_bad = "a worker was not ready in time";
	if (s->next_bad != NULL) {
		generation_refuse(&s->now, s->next_bad);
		abandon(s);
		failed(s);
	} else if (children_ready(&s->children, g->number) == g->workers) {
		commit(s);
	}
}

/* --- workers ------------------------------------------------------------- */

/* True if workers are missing; *ret_at is when one may be forked. */
static bool
missing(const struct supervisor *s, uint64_t *ret_at)
{
	unsigned present = children_present(&s->children, s->now.number);
	unsigned waiting = children_waiting(&s->children, now_ms(), ret_at);

	if (s->now.number == 0 || present >= s->now.workers)
		return false;
	if (present + waiting < s->now.workers || s->fork_at > *ret_at)
		*ret_at = s->fork_at;
	return true;
}

static bool
fork_due(const struct supervisor *s)
{
	uint64_t at;

	return missing(s, &at) && now_ms() >= at;
}

static int
fork_one(struct supervisor *s, struct generation *g, struct worker **ret_self)
{
	int rc = children_fork(&s->children, g->number, now_ms(), ret_self);

	if (rc == 0 && *ret_self == NULL)
		g->forked++;
	else if (rc != 0)
		log_event(LOG_ERR, "worker_failed", "fork: %s", strerror(-rc));
	return rc;
}

/* Forks what is due. In a new worker, *ret_self is set. */
static void
fork_workers(struct supervisor *s, struct worker **ret_self)
{
	while (*ret_self == NULL && fork_due(s)) {
		if (fork_one(s, &s->now, ret_self) != 0)
			s->fork_at = now_ms() + AGAIN_MS;
	}
	while (*ret_self == NULL && s->next_bad == NULL &&
	    s->next.forked < s->next.workers) {
		if (fork_one(s, &s->next, ret_self) != 0)
			s->next_bad = "a worker could not be forked";
	}
}

/* The place of a worker that ended by itself may have to wait for the next one;
 * in the generation that is not in force yet, one that ended spoils it all. */
static void
reap(struct supervisor *s)
{
	struct child_end e;

	while (children_reap(&s->children, &e)) {
		if (e.was.number == 0) {
			if (e.was.pid == s->helper.pid)
				helper_ended(&s->helper, e.status, now_ms());
			continue;
		}
		children_log_end(&e);
		if (children_died(&e))
			stats_add(s->stats, STATS_WORKERS_DIED, 1);
		if (e.was.killed || e.was.leaving || s->stop)
			continue;
		if (e.was.generation == s->now.number)
			children_back_off(&s->children, &e, now_ms());
		else if (e.was.generation == s->next.number)
			s->next_bad = "a worker ended before it was ready";
	}
}

/* In a child: nothing of the supervisor's is left but what is inherited. */
static void
leave(struct supervisor *s)
{
	sigset_t mask;

	close(s->signals);
	acceptor_close(&s->acceptor);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

static int
work(struct supervisor *s, struct worker *self)
{
	bool now = worker_generation(self) == s->now.number;
	int code;

	leave(s);
	code = generation_serve(s->ops, s->arg, now ? &s->now : &s->next,
	    now ? &s->next : &s->now, self);
	children_free(&s->children);
	return code;
}

static void
watch(struct supervisor *s)
{
	if (now_ms() < s->watch_at)
		return;
	children_watch(&s->children);
	s->watch_at = now_ms() + WORKER_BEAT_MS;
}

/* --- the helper ----------------------------------------------------------- */

static bool
helper_wanted(const struct supervisor *s)
{
	const struct generation *g = &s->now;

	return g->number != 0 && s->helper.pid == 0 &&
	    (s->ops->help != NULL || g->control.n + g->metrics.n > 0);
}

/* Forks it if it is due. True in the helper. */
static bool
fork_helper(struct supervisor *s)
{
	bool child = false;

	if (helper_wanted(s) && now_ms() >= s->helper.next)
		(void)helper_fork(&s->helper, now_ms(), &child);
	return child;
}

static int
help(struct supervisor *s, pid_t parent)
{
	struct helper_env env = {.view = {.daemon = s->ops->name,
	                             .config = s->ops->config,
	                             .report = s->ops->report,
	                             .stats = s->children.stats,
	                             .workers = WORKERS_TOTAL_MAX},
	    .slot = stats_slot(s->children.stats, CHILDREN_SLOT_HELPER),
	    .parent = parent};
	int code;

	leave(s);
	children_forget(&s->children);
	code = generation_help(s->ops, s->arg, &s->now, &s->next, &env);
	children_free(&s->children);
	return code;
}

/* --- connections --------------------------------------------------------- */

static bool
accepting(const struct supervisor *s)
{
	return acceptor_ready(&s->acceptor, now_ms()) &&
	    children_ready(&s->children, s->now.number) > 0;
}

/* Nobody tells us when one moves again. Until then connections are better off
 * in the backlog: if it does not move they wait there for its successor, and
 * would be lost with it. */
static bool
standing_still(const struct supervisor *s)
{
	return children_ready(&s->children, s->now.number) == 0 &&
	    children_present(&s->children, s->now.number) > 0;
}

/* --- the loop ------------------------------------------------------------ */

static void
read_signals(struct supervisor *s)
{
	struct signalfd_siginfo got;

	while (read(s->signals, &got, sizeof got) == (ssize_t)sizeof got) {
		switch (got.ssi_signo) {
		case SIGHUP:
			s->hup = true;
			break;
		case SIGTERM:
		case SIGINT:
		case SIGQUIT:
			s->hurry = s->stop;
			s->stop = true;
			break;
		case SIGCHLD:
			reap(s);
			break;
		default:
			signals_log_meaningless((int)got.ssi_signo,
			    "SIGHUP reads the config again, SIGTERM ends");
		}
	}
}

static void
sooner(uint64_t *at, bool wanted, uint64_t other)
{
	if (wanted && other < *at)
		*at = other;
}

/* ms until something is due by the clock, -1: nothing. In this order: a reload
 * that was asked for too soon after the last; the time that a new generation
 * has to get ready; accepting again after descriptors were out; a connection
 * that no worker took yet; a worker to be forked; the look at workers that
 * stand still; the same, when none of them moves; the helper. */
static int
patience(const struct supervisor *s)
{
	uint64_t now = now_ms(), at = UINT64_MAX, due;

	sooner(&at, s->hup && s->next.number == 0, s->hup_at);
	sooner(&at, s->next.number != 0, s->next_until);
	sooner(&at, s->acceptor.next > now, s->acceptor.next);
	sooner(&at, s->acceptor.held >= 0, now + HOLD_MS);
	if (missing(s, &due))
		sooner(&at, true, due);
	sooner(&at, children_alive(&s->children) > 0, s->watch_at);
	sooner(&at, standing_still(s), now + STILL_MS);
	sooner(&at, helper_wanted(s), s->helper.next);
	if (at == UINT64_MAX)
		return -1;
	return at <= now ? 0 : (int)(at - now);
}

static void
turn(struct supervisor *s)
{
	struct pollfd p[1 + WORKERS_TOTAL_MAX + LISTEN_MAX];
	size_t n = 0, channels;

	acceptor_pass(&s->acceptor, &s->children, s->now.number);
	p[n++] = (struct pollfd){.fd = s->signals, .events = POLLIN};
	n += children_poll(&s->children, p + n);
	channels = n;
	for (size_t i = 0; accepting(s) && i < s->now.listen.n; i++) {
		p[n++] = (struct pollfd){
		    .fd = s->now.listen.v[i].fd, .events = POLLIN};
	}
	if (poll(p, n, patience(s)) <= 0)
		return;
	for (size_t i = 1; i < channels; i++)
		children_event(&s->children, &p[i]);
	for (size_t i = channels; i < n; i++) {
		if (p[i].revents != 0)
			acceptor_take(&s->acceptor, p[i].fd, &s->children,
			    s->now.number, now_ms());
	}
	if (p[0].revents != 0)
		read_signals(s);
}

/* Waits until all workers have ended, at most until then, or until told to stop
 * once more (not if that was before). */
static void
await_workers(struct supervisor *s, uint64_t until)
{
	struct pollfd p = {.fd = s->signals, .events = POLLIN};
	uint64_t now;

	s->hurry = false;
	while ((children_alive(&s->children) > 0 || s->helper.pid != 0) &&
	    !s->hurry && (now = now_ms()) < until) {
		poll(&p, 1, (int)(until - now));
		read_signals(s);
	}
}

static void
end_helper(struct supervisor *s)
{
	if (s->helper.pid != 0)
		kill(s->helper.pid, SIGKILL);
}

/* Nobody comes after us, or nobody that we know of. */
static void
finish(struct supervisor *s)
{
	children_drain(&s->children, 0);
	children_kill(&s->children, 0, UINT_MAX, SIGTERM);
	await_workers(s, now_ms() + SUPERVISOR_STOP_SECONDS * 1000);
	children_kill(&s->children, 0, UINT_MAX, SIGKILL);
	end_helper(s);
	await_workers(s, now_ms() + KILL_MS);
}

/* What has come to a listener goes to our workers, however much it is. */
static void
accept_all(struct supervisor *s, int listener, uint64_t until)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	while (now_ms() < until && poll(&p, 1, 0) > 0) {
		acceptor_take(&s->acceptor, listener, &s->children,
		    s->now.number, now_ms());
		acceptor_pass(&s->acceptor, &s->children, s->now.number);
		if (!acceptor_ready(&s->acceptor, now_ms()))
			poll(NULL, 0, HOLD_MS);
	}
}

/* What came to a socket that another daemon has replaced is ours to serve; what
 * the service manager keeps is left to the next daemon. */
static void
accept_rest(struct supervisor *s)
{
	uint64_t until = now_ms() + KILL_MS;

	for (size_t i = 0; i < s->now.listen.n; i++) {
		if (!s->now.listen.v[i].kept)
			accept_all(s, s->now.listen.v[i].fd, until);
	}
	while (s->acceptor.held >= 0 && now_ms() < until) {
		poll(NULL, 0, HOLD_MS);
		acceptor_pass(&s->acceptor, &s->children, s->now.number);
	}
}

/* The next daemon gets all that is new. The workers stay behind, without us,
 * for the sessions that they have: one that was cut could go on unsigned. A
 * worker that has none ends now, and is not counted as left. */
static void
hand_over(struct supervisor *s)
{
	uint64_t until = now_ms() + KILL_MS;
	struct pollfd p = {.fd = s->signals, .events = POLLIN};
	uint64_t now;

	accept_rest(s);
	children_drain(&s->children, 0);
	while ((s->helper.pid != 0 || children_idle(&s->children) > 0) &&
	    (now = now_ms()) < until) {
		poll(&p, 1, (int)(until - now));
		read_signals(s);
	}
	end_helper(s);
}

static void
shut_down(struct supervisor *s)
{
	struct log_line l;

	notify_send("STOPPING=1");
	if (s->next.number != 0)
		abandon(s);
	helper_tell(&s->helper);
	if (listen_goes_on(&s->now.listen))
		hand_over(s);
	else
		finish(s);
	acceptor_close(&s->acceptor);
	log_begin(&l, LOG_NOTICE, "stopped");
	log_num(&l, "workers_left", children_alive(&s->children));
	log_end(&l);
	generation_end(s->ops, s->arg, &s->now);
	children_free(&s->children);
	close(s->signals);
}

static int
take_signals(struct supervisor *s)
{
	static const int taken[] = {
	    SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGCHLD, SIGNALS_MEANINGLESS};
	sigset_t set;

	signals_begin();
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
		sigaddset(&set, taken[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -errno;
	s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->signals < 0 ? -errno : 0;
}

static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int
supervisor_run(const struct supervisor_ops *ops, void *arg)
{
	struct supervisor s = {
	    .ops = ops, .arg = arg, .acceptor = ACCEPTOR_INIT};
	struct worker *self = NULL;
	pid_t pid = getpid();
	int rc = take_signals(&s);

	raise_descriptors();
	if (rc == 0)
		rc = children_init(&s.children);
	if (rc == 0)
		rc = fdstore_take(&s.now.listen);
	if (rc != 0) {
		log_event(LOG_ERR, "start_failed", "%s", strerror(-rc));
		return 1;
	}
	s.stats = stats_slot(s.children.stats, CHILDREN_SLOT_SUPERVISOR);
	load(&s);
	while (!s.stop) {
		fork_workers(&s, &self);
		if (self != NULL)
			return work(&s, self);
		if (fork_helper(&s))
			return help(&s, pid);
		settle(&s);
		watch(&s);
		if (s.hup && s.next.number == 0 && now_ms() >= s.hup_at)
			load(&s);
		else if (!s.stop)
			turn(&s);
	}
	shut_down(&s);
	return s.code;
}

/*
 * How much a worker has to do is read from counters that it writes itself
 * (accepted by us, closed by it), so no message about that is needed. They may
 * be late, but never early.
 *
 * The trap is a crash loop: a place whose worker died young waits, twice as
 * long each time; other places do not.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log/log.h"
#include "common/process/children.h"

int
children_init(struct children *c)
{
	*c = (struct children){0};
	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++)
		c->v[i].channel = -1;
	return stats_new(CHILDREN_SLOTS, &c->stats);
}

static void
hang_up(struct child *w)
{
	if (w->channel >= 0)
		close(w->channel);
	w->channel = -1;
	w->ready = false;
}

void
children_forget(struct children *c)
{
	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		hang_up(&c->v[i]);
		c->v[i].pid = 0;
	}
}

void
children_free(struct children *c)
{
	children_forget(c);
	stats_free(c->stats);
	c->stats = NULL;
}

/* One that was in trouble, if there is one, so that its trouble is
 * remembered. */
static struct child *
free_place(struct children *c, uint64_t now)
{
	struct child *best = NULL;

	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		struct child *w = &c->v[i];

		if (w->pid == 0 && w->again <= now &&
		    (best == NULL || (best->backoff == 0 && w->backoff > 0)))
			best = w;
	}
	return best;
}

/* --- places that stay empty ----------------------------------------------- */

enum {
	EARLY_MS = 1000, /* who dies younger is in a crash loop */
	BACKOFF_MAX_MS = 10 * 1000
};

void
children_back_off(struct children *c, const struct child_end *e, uint64_t now)
{
	struct child *w = &c->v[e->place];

	if (now - e->was.started >= EARLY_MS)
		w->backoff = 0;
	else if (w->backoff == 0)
		w->backoff = EARLY_MS;
	else if (w->backoff < BACKOFF_MAX_MS / 2)
		w->backoff *= 2;
	else
		w->backoff = BACKOFF_MAX_MS;
	w->again = now + w->backoff;
}

void
children_forgive(struct children *c)
{
	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++)
		c->v[i].backoff = c->v[i].again = 0;
}

unsigned
children_waiting(const struct children *c, uint64_t now, uint64_t *ret_next)
{
	unsigned n = 0;

	*ret_next = UINT64_MAX;
	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		const struct child *w = &c->v[i];

		if (w->pid != 0 || w->again <= now)
			continue;
		n++;
		if (w->again < *ret_next)
			*ret_next = w->again;
	}
	return n;
}

/* --- forking -------------------------------------------------------------- */

static struct stats_slot *
slot_of(const struct children *c, const struct child *w)
{
	return stats_slot(c->stats, (size_t)(w - c->v));
}

static uint64_t
beats_of(const struct children *c, const struct child *w)
{
	return stats_get(slot_of(c, w), STATS_WORKER_BEATS);
}

/* For the helper: who works in this slot. */
static void
show(const struct children *c, const struct child *w)
{
	struct stats_slot *slot = slot_of(c, w);

	stats_set(slot, STATS_WORKER_NUMBER, w->number);
	stats_set(slot, STATS_WORKER_GENERATION, w->generation);
	stats_set(slot, STATS_WORKER_PID, (uint64_t)w->pid);
}

/* Nobody does any more; what it still had is lost, and so it is closed. */
static void
unshow(const struct children *c, const struct child *w)
{
	struct stats_slot *slot = slot_of(c, w);
	uint64_t accepted = stats_get(slot, STATS_ACCEPTED);

	stats_set(slot, STATS_CLOSED, accepted);
	stats_set(slot, STATS_WORKER_PID, 0);
}

int
children_fork(struct children *c, unsigned generation, uint64_t now,
    struct worker **ret_self)
{
	struct child *w = free_place(c, now);
	struct rlimit limit;
	uint64_t beats;
	int pair[2], rc;
	pid_t pid;

	if (w == NULL)
		return -EAGAIN;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	/* before it can give a sign of life, else its first one is missed */
	beats = beats_of(c, w);
	pid = fork();
	if (pid < 0) {
		rc = -errno;
		close(pair[0]);
		close(pair[1]);
		return rc;
	}
	*ret_self = NULL;
	if (pid == 0) {
		close(pair[0]);
		children_forget(c);
		/* A child that returned an error would be a second
		 * supervisor. */
		if (worker_new(pair[1], c->last + 1, generation, slot_of(c, w),
		        ret_self) != 0)
			_exit(1);
		return 0;
	}
	close(pair[1]);
	*w = (struct child){.pid = pid,
	    .channel = pair[0],
	    .number = ++c->last,
	    .generation = generation,
	    .started = now,
	    .fullest = worker_fullest(limit.rlim_cur),
	    .base = stats_get(slot_of(c, w), STATS_CLOSED),
	    .beats = beats,
	    .missed = -1,
	    .backoff = w->backoff};
	show(c, w);
	return 0;
}

unsigned
children_room(const struct children *c)
{
	return WORKERS_TOTAL_MAX - children_alive(c);
}

unsigned
children_alive(const struct children *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++)
		n += c->v[i].pid != 0;
	return n;
}

unsigned
children_present(const struct children *c, unsigned generation)
{
	unsigned n = 0;

	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		const struct child *w = &c->v[i];

		n += w->pid != 0 && w->generation == generation && !w->leaving;
	}
	return n;
}

enum { BEATS_MISSED_TAKES = 2 };

/* One that was slow takes again as soon as it moves, and not after the next
 * look: it may be the only one. */
static bool
takes(const struct children *c, const struct child *w, unsigned generation)
{
	return w->pid != 0 && w->ready && w->generation == generation &&
	    (w->missed < BEATS_MISSED_TAKES || beats_of(c, w) != w->beats);
}

unsigned
children_ready(const struct children *c, unsigned generation)
{
	unsigned n = 0;

	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++)
		n += takes(c, &c->v[i], generation);
	return n;
}

static uint64_t
load_of(const struct children *c, const struct child *w)
{
	uint64_t closed = stats_get(slot_of(c, w), STATS_CLOSED) - w->base;

	/* A count can be late, but not early: this is never negative. */
	return w->sent - closed;
}

/* One byte and the descriptor: a message without any byte would be the end of
 * the channel to its reader. */
static int
send_fd(int channel, int fd)
{
	char byte = 0;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control,
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(channel, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno
	                                                               : 0;
}

/* The ready worker with the fewest connections, of those that may have more and
 * are not yet tried; NULL if there is none. *full is set if one may not have
 * more. */
static struct child *
least(struct children *c, unsigned generation, const bool *tried, bool *full)
{
	struct child *best = NULL;

	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		struct child *w = &c->v[i];

		if (tried[i] || !takes(c, w, generation))
			continue;
		if (load_of(c, w) >= w->fullest)
			*full = true;
		else if (best == NULL || load_of(c, w) < load_of(c, best))
			best = w;
	}
	return best;
}

unsigned
children_idle(const struct children *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++)
		n += c->v[i].pid != 0 && load_of(c, &c->v[i]) == 0;
	return n;
}

int
children_give(struct children *c, unsigned generation, int fd)
{
	bool tried[WORKERS_TOTAL_MAX] = {false}, any = false, full = false;
	struct child *w;

	while ((w = least(c, generation, tried, &full)) != NULL) {
		int rc = send_fd(w->channel, fd);

		any = true;
		if (rc == 0) {
			w->sent++;
			close(fd);
			return 0;
		}
		/* It ends; its channel or SIGCHLD will tell. */
		if (rc == -EPIPE || rc == -ECONNRESET)
			w->ready = false;
		tried[w - c->v] = true;
	}
	return full && !any ? -EUSERS : -EAGAIN;
}

size_t
children_poll(const struct children *c, struct pollfd *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		const struct child *w = &c->v[i];

		if (w->pid != 0 && w->channel >= 0)
			ret[n++] =
			    (struct pollfd){.fd = w->channel, .events = POLLIN};
	}
	return n;
}

void
children_event(struct children *c, const struct pollfd *p)
{
	struct child *w = c->v;
	char byte;
	ssize_t n;

	if ((p->revents & (POLLIN | POLLHUP | POLLERR)) == 0)
		return;
	while (w < c->v + WORKERS_TOTAL_MAX && w->channel != p->fd)
		w++;
	if (w == c->v + WORKERS_TOTAL_MAX)
		return;
	n = recv(w->channel, &byte, 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && byte == WORKER_READY) {
		w->ready = true;
		return;
	}
	w->leaving = n > 0;
	hang_up(w);
}

void
children_drain(struct children *c, unsigned but)
{
	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		if (c->v[i].generation != but)
			hang_up(&c->v[i]);
	}
}

void
children_kill(struct children *c, unsigned first, unsigned last, int signo)
{
	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		struct child *w = &c->v[i];

		if (w->pid == 0 || w->generation < first ||
		    w->generation > last || (w->killed && signo != SIGKILL))
			continue;
		kill(w->pid, signo);
		w->killed = true;
	}
}

void
children_retire(struct children *c, unsigned now)
{
	unsigned oldest = now;

	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		const struct child *w = &c->v[i];

		if (w->pid != 0 && !w->killed && w->generation < oldest)
			oldest = w->generation;
	}
	if (oldest < now)
		children_kill(
		    c, oldest, oldest + (now - 1 - oldest) / 2, SIGTERM);
}

void
children_watch(struct children *c)
{
	for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
		struct child *w = &c->v[i];
		uint64_t beats = beats_of(c, w);

		if (w->pid == 0)
			continue;
		w->missed = beats == w->beats ? w->missed + 1 : 0;
		w->beats = beats;
		if (w->missed != WORKER_BEATS_MISSED_MAX)
			continue;
		log_event(LOG_ERR, "worker_stuck",
		    "worker %u, pid %d, has not moved for %d s", w->number,
		    (int)w->pid,
		    WORKER_BEATS_MISSED_MAX * WORKER_BEAT_MS / 1000);
		kill(w->pid, SIGKILL);
	}
}

bool
children_reap(struct children *c, struct child_end *ret)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < WORKERS_TOTAL_MAX; i++) {
			struct child *w = &c->v[i];

			if (w->pid != pid)
				continue;
			hang_up(w);
			*ret = (struct child_end){i, *w, status, load_of(c, w)};
			unshow(c, w);
			w->pid = 0;
			return true;
		}
		*ret = (struct child_end){
		    .was = {.pid = pid, .channel = -1}, .status = status};
		return true;
	}
	return false;
}

bool
children_died(const struct child_end *e)
{
	return !e->was.killed &&
	    (!WIFEXITED(e->status) || WEXITSTATUS(e->status) != 0);
}

void
children_log_end(const struct child_end *e)
{
	bool exited = WIFEXITED(e->status);
	struct log_line l;

	log_begin(&l, children_died(e) ? LOG_ERR : LOG_INFO,
	    children_died(e) ? "worker_died" : "worker_ended");
	log_num(&l, "worker", e->was.number);
	log_num(&l, "generation", e->was.generation);
	log_num(&l, "pid", e->was.pid);
	if (exited)
		log_num(&l, "exit", WEXITSTATUS(e->status));
	else
		log_num(&l, "signal", WTERMSIG(e->status));
	log_num(&l, "connections", (long long)e->connections);
	log_end(&l);
}

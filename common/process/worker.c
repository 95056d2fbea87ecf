/*
 * The order to drain is the end of the channel, so it never overtakes a
 * connection that was given before it, and comes also when the supervisor is
 * killed. What was sent before SIGTERM is still read and served (finish).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/process/worker.h"

enum { ROOM_MS = 200, TELL_AGAIN_MS = 60 * 1000 };

struct worker {
	int channel;
	unsigned number;
	unsigned generation;
	struct stats_slot *slot;
	unsigned connections;
	bool drain;  /* the channel is at its end */
	bool finish; /* the order was given */

	/* while watched */
	struct loop *loop;
	const struct worker_events *events;
	void *arg;
	struct event *readable;
	struct signal_watch *term;
	struct timer *limit; /* of the last order */
	unsigned fullest;    /* connections that there is a place for */
	uint64_t told;       /* when it was logged that all are taken */
	struct timer *room;  /* to look again for one that can be spared */
	struct timer *late;  /* the order again, for who came behind it */
	struct timer *beat;
};

int
worker_new(int channel, unsigned number, unsigned generation,
    struct stats_slot *slot, struct worker **ret)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		close(channel);
		return -ENOMEM;
	}
	*w = (struct worker){.channel = channel,
	    .number = number,
	    .generation = generation,
	    .slot = slot};
	*ret = w;
	return 0;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	close(w->channel);
	free(w);
}

static void
end_if_idle(struct worker *w)
{
	if (w->drain && w->connections == 0)
		loop_end(w->loop);
}

static void
drain(struct worker *w)
{
	event_del(w->readable);
	w->drain = true;
	if (!w->finish) {
		timer_set(w->limit, WORKER_DRAIN_SECONDS * 1000);
		w->events->order(w->arg, WORKER_DRAIN);
	}
	end_if_idle(w);
}

/* If nobody is there to hear it, the channel is at its end, and we shall
 * see. */
static void
say(struct worker *w, enum worker_word word)
{
	char byte = (char)word;

	(void)send(w->channel, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What the supervisor has sent already is still read and served. */
static void
finish(struct worker *w)
{
	if (w->finish)
		return;
	w->finish = true;
	say(w, WORKER_LEAVING);
	shutdown(w->channel, SHUT_RD);
	timer_set(w->limit, WORKER_FINISH_SECONDS * 1000);
	w->events->order(w->arg, WORKER_FINISH);
}

static void
on_limit(void *arg)
{
	struct worker *w = arg;

	if (w->finish)
		loop_stop(w->loop);
	else
		finish(w);
}

static void
on_term(void *arg, int signo)
{
	finish(arg);
}

/* The descriptor in a message, or -1. */
static int
passed_fd(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd;

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof fd))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

static void
on_late(void *arg)
{
	struct worker *w = arg;

	w->events->order(w->arg, WORKER_FINISH);
}

uint64_t
worker_spare(bool begun, bool in_use, uint64_t quiet)
{
	if (!begun)
		return quiet >= WORKER_NEW_MS ? UINT64_MAX / 2 + quiet : 0;
	return !in_use && quiet > WORKER_QUIET_MS ? quiet : 0;
}

/* Who comes next shall find a place. If nobody can be spared now, somebody may
 * be soon. */
static void
make_room(void *arg)
{
	struct worker *w = arg;
	uint64_t now = loop_now(w->loop);

	if (w->connections < w->fullest || w->events->spare == NULL)
		return;
	if (!w->events->spare(w->arg)) {
		timer_set(w->room, ROOM_MS);
		return;
	}
	if (w->told != 0 && now - w->told < TELL_AGAIN_MS)
		return;
	w->told = now;
	log_event(LOG_WARNING, "crowded",
	    "every place of a worker is taken (%u): connections on which "
	    "nothing is said are closed",
	    w->fullest);
}

static void
accepted(struct worker *w, int fd)
{
	log_switch(); /* none comes before our settings are in force */
	w->connections++;
	stats_add(w->slot, STATS_ACCEPTED, 1);
	if (fd >= 0) {
		w->events->accepted(w->arg, fd);
		/* It has not heard the order, and what it says first is on its
		 * way. */
		if (w->finish)
			timer_set(w->late, WORKER_LATE_MS);
		make_room(w);
	} else {
		/* The kernel has closed it: this process may open no more. */
		log_event(LOG_ERR, "connection_lost", "out of descriptors");
		worker_closed(w);
	}
}

/* One connection a turn, so that those that are there get their turn, too. */
static void
on_channel(evutil_socket_t channel, short what, void *arg)
{
	struct worker *w = arg;
	char byte;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control,
	};
	ssize_t n = recvmsg(channel, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	/* A supervisor that ends without having read our last word resets the
	 * channel. That is told once, and in front of what it has sent. */
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
		return;
	if (n <= 0)
		drain(w);
	else
		accepted(w, passed_fd(&msg));
}

/* The supervisor looks whether it goes on (children_watch). */
static void
on_beat(void *arg)
{
	struct worker *w = arg;

	stats_add(w->slot, STATS_WORKER_BEATS, 1);
	timer_set(w->beat, WORKER_BEAT_MS);
}

static int
make_events(struct worker *w)
{
	int rc = timer_new(w->loop, on_limit, w, &w->limit);

	if (rc == 0)
		rc = timer_new(w->loop, on_late, w, &w->late);
	if (rc == 0)
		rc = timer_new(w->loop, on_beat, w, &w->beat);
	if (rc == 0)
		rc = timer_new(w->loop, make_room, w, &w->room);
	if (rc == 0)
		rc = signal_new(w->loop, SIGTERM, on_term, w, &w->term);
	if (rc != 0)
		return rc;
	w->readable = event_new(loop_base(w->loop), w->channel,
	    EV_READ | EV_PERSIST, on_channel, w);
	if (w->readable == NULL || event_add(w->readable, NULL) != 0)
		return -ENOMEM;
	return 0;
}

unsigned
worker_fullest(rlim_t descriptors)
{
	rlim_t dns = descriptors / 4 < DNS_PORTS ? descriptors / 4 : DNS_PORTS;
	rlim_t own = dns + WORKER_DESCRIPTORS;

	if (descriptors <= own)
		return 1;
	return descriptors - own < WORKER_CONNECTIONS_MAX
	    ? (unsigned)(descriptors - own)
	    : WORKER_CONNECTIONS_MAX;
}

int
worker_watch(struct worker *w, struct loop *l,
    const struct worker_events *events, void *arg)
{
	struct rlimit limit;
	sigset_t term;
	int rc;

	w->fullest = getrlimit(RLIMIT_NOFILE, &limit) == 0
	    ? worker_fullest(limit.rlim_cur)
	    : WORKER_CONNECTIONS_MAX;
	w->loop = l;
	w->events = events;
	w->arg = arg;
	rc = make_events(w);
	if (rc != 0)
		return rc;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	on_beat(w); /* first: who hears that it is ready looks for this */
	say(w, WORKER_READY);
	return 0;
}

void
worker_unwatch(struct worker *w)
{
	if (w->readable != NULL)
		event_free(w->readable);
	signal_free(w->term);
	timer_free(w->limit);
	timer_free(w->late);
	timer_free(w->beat);
	w->readable = NULL;
	w->term = NULL;
	timer_free(w->room);
	w->limit = w->late = w->beat = w->room = NULL;
	w->loop = NULL;
}

void
worker_closed(struct worker *w)
{
	w->connections--;
	stats_add(w->slot, STATS_CLOSED, 1);
	if (w->loop != NULL)
		end_if_idle(w);
}

unsigned
worker_number(const struct worker *w)
{
	return w->number;
}

unsigned
worker_generation(const struct worker *w)
{
	return w->generation;
}

struct stats_slot *
worker_stats(struct worker *w)
{
	return w->slot;
}

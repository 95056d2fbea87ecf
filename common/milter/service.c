/*
 * The trick: one timer a connection does all of a WAIT. It fires when the wing
 * has something to say (session_resume() sets it to now, so that the wing is
 * asked from the loop and not from inside its own call), when the MTA must hear
 * of us, and at the deadline.
 *
 * The trap is drop(): it frees the peer, so whoever may have finished one
 * returns.
 */
#include "common/milter/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io/conn.h"
#include "common/limits.h"
#include "common/log/log.h"
#include "common/milter/command.h"

struct service {
	struct worker *worker;
	struct loop *loop;
	const struct milter_ops *ops;
	void *wing;
	struct buf out; /* answers to what one read(2) brought */
	struct peer *first;
	size_t held; /* by all peers */
};

struct peer {
	struct service *service;
	struct session *session;
	struct conn *conn;
	uint64_t timeout; /* as set on conn */
	size_t held;      /* of a message, and of a packet in conn */

	/* While the wing waits */
	struct timer *timer;
	bool waits;
	uint64_t deadline, progress; /* loop_now() when each is due */
	struct peer *next, *prev;
};

/* Forgets the peer; its stream was freed or handed on. */
static void
drop(struct peer *p)
{
	struct service *v = p->service;

	if (p->prev != NULL)
		p->prev->next = p->next;
	else
		v->first = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	v->held -= p->held;
	session_free(p->session);
	timer_free(p->timer);
	free(p);
	worker_closed(v->worker);
}

/* Closes the connection when what is queued has been written. */
static void
finish(struct peer *p)
{
	conn_finish(p->conn, MILTER_PACKET_MS);
	drop(p);
}

static void
watch_time(struct peer *p)
{
	uint64_t ms = session_timeout(p->session);

	if (ms == p->timeout)
		return;
	p->timeout = ms;
	conn_set_timeout(p->conn, ms);
}

/* Keeps the sum of what is held under MILTER_HELD_MAX: whoever holds most is
 * cut off, and so on. A loop over all, but each round frees a lot. */
static void
watch_memory(struct peer *p, size_t held)
{
	struct service *v = p->service;

	v->held = v->held - p->held + held;
	p->held = held;
	while (v->held > MILTER_HELD_MAX) {
		struct peer *most = v->first;

		for (struct peer *q = v->first; q != NULL; q = q->next) {
			if (q->held > most->held)
				most = q;
		}
		session_break(most->session,
		    "memory is short, and this connection holds the most");
		v->held -= most->held;
		most->held = 0;
		if (most != p)
			finish(most);
	}
}

/* --- waiting -------------------------------------------------------------- */

/* Sets the timer to what is due next. */
static void
watch_wait(struct peer *p)
{
	uint64_t now = loop_now(p->service->loop), at = p->deadline;

	if (p->progress < at)
		at = p->progress;
	if (session_resumed(p->session) || at < now)
		at = now;
	timer_set(p->timer, at - now);
}

/* The wing waits, or does not any more: reading stops, or goes on. */
static void
watch_reading(struct peer *p)
{
	uint64_t now = loop_now(p->service->loop);
	bool waits = session_waiting(p->session);

	if (waits && !p->waits) {
		conn_pause(p->conn);
		p->deadline = now + session_wait_ms(p->session);
		p->progress = now + MILTER_PROGRESS_MS;
	} else if (!waits && p->waits) {
		conn_resume(p->conn);
	}
	p->waits = waits;
	if (waits)
		watch_wait(p);
}

/* Writes what was answered, and sees what is next; rest: bytes of the MTA's
 * that are not read yet. */
static void
settle(struct peer *p, struct buf *out, size_t rest)
{
	if (buf_error(out) != 0)
		session_break(p->session,
		    buf_error(out) == -ENOMEM ? "out of memory"
		                              : "too many commands at once");
	else if (out->n > 0 && conn_write(p->conn, out->p, out->n) != 0)
		session_break(p->session, "the answers are not read");
	if (!session_over(p->session))
		watch_memory(p, session_held(p->session) + rest);
	if (session_over(p->session)) {
		finish(p);
		return;
	}
	watch_time(p);
	watch_reading(p);
}

/* session_resume(), from anywhere. */
static void
on_ready(void *arg)
{
	struct peer *p = arg;

	if (p->waits)
		watch_wait(p);
}

static void
on_wait(void *arg)
{
	struct peer *p = arg;
	struct buf *out = &p->service->out;
	uint64_t now = loop_now(p->service->loop);
	bool late = now >= p->deadline;

	buf_clear(out);
	if (late || session_resumed(p->session)) {
		session_answer(p->session, late, out);
	} else {
		command_reply(out, SMFIR_PROGRESS);
		p->progress = now + MILTER_PROGRESS_MS;
	}
	settle(p, out, 0);
}

/* --- the stream ----------------------------------------------------------- */

static size_t
on_data(void *arg, struct span in)
{
	struct peer *p = arg;
	struct buf *out = &p->service->out;
	size_t used;

	buf_clear(out);
	used = session_feed(p->session, in, out);
	settle(p, out, in.n - used);
	return used;
}

static void
on_end(void *arg, enum conn_end how)
{
	struct peer *p = arg;

	switch (how) {
	case CONN_EOF:
	case CONN_LOST:
		session_lost(p->session);
		break;
	case CONN_TIMEOUT:
		session_break(p->session, "timeout");
		break;
	case CONN_FULL:
		session_break(p->session, "too much is unread");
		break;
	}
	conn_free(p->conn);
	drop(p);
}

/* The worker ends. */
static void
cut(struct peer *p)
{
	if (!session_idle(p->session))
		session_break(p->session, "the daemon ends");
	conn_free(p->conn);
	drop(p);
}

/* An MTA that sends no more has gone. */
static const struct conn_events stream_events = {
    .data = on_data, .end = on_end, .whole = true};

static void
unmake(struct peer *p)
{
	session_free(p->session);
	timer_free(p->timer);
	free(p);
}

/* 0, or -errno with fd closed. */
static int
welcome(struct service *v, int fd)
{
	struct peer *p = calloc(1, sizeof *p);
	int rc;

	if (p == NULL) {
		close(fd);
		return -ENOMEM;
	}
	p->service = v;
	rc = session_new(v->ops, v->wing, on_ready, p, &p->session);
	if (rc == 0)
		rc = timer_new(v->loop, on_wait, p, &p->timer);
	if (rc != 0)
		close(fd);
	else
		rc = conn_new(
		    v->loop, fd, fd, FRAME_KEEP, &stream_events, p, &p->conn);
	if (rc != 0) {
		unmake(p);
		return rc;
	}
	p->next = v->first;
	if (p->next != NULL)
		p->next->prev = p;
	v->first = p;
	watch_time(p);
	return 0;
}

static void
on_accepted(void *arg, int fd)
{
	struct service *v = arg;
	int rc = welcome(v, fd);

	if (rc == 0)
		return;
	log_event(LOG_ERR, "accept", "%s", strerror(-rc));
	worker_closed(v->worker);
}

static void
on_order(void *arg, enum worker_order order)
{
	struct service *v = arg;
	struct peer *p = v->first, *next;

	switch (order) {
	case WORKER_DRAIN:
		return;
	case WORKER_FINISH:
		break;
	}
	for (; p != NULL; p = next) {
		next = p->next;
		session_finish(p->session);
		if (session_over(p->session))
			finish(p);
	}
}

static uint64_t
rank(const struct peer *p)
{
	return worker_spare(session_begun(p->session),
	    !session_idle(p->session), conn_quiet(p->conn));
}

static bool
on_spare(void *arg)
{
	struct service *v = arg;
	struct peer *best = NULL;

	for (struct peer *p = v->first; p != NULL; p = p->next) {
		if (rank(p) > (best == NULL ? 0 : rank(best)))
			best = p;
	}
	if (best != NULL)
		finish(best);
	return best != NULL;
}

static const struct worker_events events = {
    .accepted = on_accepted, .order = on_order, .spare = on_spare};

int
service_new(struct loop *l, struct worker *w, const struct milter_ops *ops,
    void *wing, struct service **ret)
{
	struct service *v = calloc(1, sizeof *v);
	int rc;

	if (v == NULL)
		return -ENOMEM;
	v->loop = l;
	v->worker = w;
	v->ops = ops;
	v->wing = wing;
	buf_init(&v->out, CONN_OUT_MAX);
	rc = worker_watch(w, l, &events, v);
	if (rc != 0) {
		service_free(v);
		return rc;
	}
	*ret = v;
	return 0;
}

void
service_free(struct service *v)
{
	while (v->first != NULL)
		cut(v->first);
	worker_unwatch(v->worker);
	buf_free(&v->out);
	free(v);
}

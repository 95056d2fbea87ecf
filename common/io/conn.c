/*
 * Who is called when. `reading` means that none of the others holds:
 *
 *     paused     conn_pause(): nothing is read. The first time that something
 *                comes, look() asks the socket whether the peer is gone; then
 *                again each PEEK_MS, with the read event off, as bytes that
 *                nobody takes would wake us for ever.
 *     again      conn_resume() came while some of the rest was left, or inside
 *                data(): the rest is shown before anything is read.
 *     ending     a failure inside a call of the owner's; end() is told at the
 *                next turn, never inside that call.
 *     ended      end() was told: nothing is read, writing may go on.
 *     finishing  conn_finish(), events is NULL: the queue is written, or time
 *                is over, and the connection frees itself.
 *     freed      conn_free() inside a callback: leave() frees it when the last
 *                callback of ours has returned.
 *
 * The trap is that any callback may free the connection. So each function that
 * the loop calls stands between enter() and leave(), and looks at nothing
 * behind a callback but c->freed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/bytes/buf.h"
#include "common/io/conn.h"
#include "common/limits.h"

enum {
	PEEK_MS = 500,        /* how often a paused peer is looked at */
	RETRY_MS = 10,        /* when memory for an event was out */
	REST_SMALL = 4 * 1024 /* an empty rest larger than this is given back */
};

struct conn {
	struct loop *loop;
	int in;
	int out;
	size_t keep;
	const struct conn_events *events; /* NULL: finishing, nobody listens */
	void *arg;
	struct event *rd;   /* NULL: `in` is a file, read by the timer `next` */
	struct event *wr;   /* NULL: `out` is a file, which never blocks */
	struct buf rest;    /* read and not consumed */
	struct buf queue;   /* to be written */
	struct timer *next; /* 0 ms: what is to be done at the next turn */
	struct timer *idle; /* timeout, or the deadline of conn_finish() */
	struct timer *peek; /* paused: is the peer still there? */
	uint64_t timeout;   /* ms; 0: none */
	uint64_t touched;   /* when a byte was last read or written */
	enum conn_end how;  /* what end() shall be told, when ending is set */
	bool ending;        /* end() is to be called at the next turn */
	bool ended;         /* end() was called */
	bool broken;        /* what is written is thrown away */
	bool paused;
	bool again;     /* resumed: the rest is to be shown again */
	bool freed;     /* conn_free() was called from a callback */
	bool lingers;   /* conn_finish() was called, and the loop knows */
	unsigned depth; /* callbacks of ours that run now */
};

/* Epoll takes sockets, pipes and terminals, but no regular files (EPERM). */
static bool
pollable(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct stat st;
	int ep, rc;

	if (fstat(fd, &st) == 0 &&
	    (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode)))
		return true;
	ep = epoll_create1(EPOLL_CLOEXEC);
	if (ep < 0)
		return true;
	rc = epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
	close(ep);
	return rc == 0;
}

static void
destroy(struct conn *c)
{
	if (c->rd != NULL)
		event_free(c->rd);
	if (c->wr != NULL)
		event_free(c->wr);
	timer_free(c->next);
	timer_free(c->idle);
	timer_free(c->peek);
	buf_free(&c->rest);
	buf_free(&c->queue);
	close(c->in);
	if (c->out != c->in)
		close(c->out);
	if (c->lingers)
		loop_linger(c->loop, -1);
	free(c);
}

/* Every callback of the loop stands between enter() and leave(): the owner may
 * free the connection from any of his own. */
static void
enter(struct conn *c)
{
	c->depth++;
}

static void
leave(struct conn *c)
{
	if (--c->depth == 0 && c->freed)
		destroy(c);
}

void
conn_free(struct conn *c)
{
	if (c == NULL)
		return;
	c->events = NULL;
	c->freed = true;
	if (c->depth == 0)
		destroy(c);
}

static bool
reading(const struct conn *c)
{
	return c->events != NULL && !c->freed && !c->paused && !c->ended &&
	    !c->ending;
}

/* Waits for more to read, if that is wanted. */
static void
want_read(struct conn *c)
{
	if (!reading(c))
		return;
	if (c->rd == NULL)
		timer_set(c->next, 0);
	else if (event_add(c->rd, NULL) != 0)
		timer_set(c->next, RETRY_MS);
}

static void
touch(struct conn *c)
{
	if (c->timeout != 0)
		c->touched = loop_now(c->loop);
}

/* Tells the owner, once. Only from a callback of the loop. */
static void
tell_end(struct conn *c, enum conn_end how)
{
	if (c->rd != NULL)
		event_del(c->rd);
	timer_clear(c->peek);
	timer_clear(c->idle);
	c->ending = false;
	c->ended = true;
	c->events->end(c->arg, how);
}

/* Nothing is written from now on. */
static void
cut(struct conn *c)
{
	c->broken = true;
	buf_free(&c->queue);
	if (c->wr != NULL)
		event_del(c->wr);
}

/* The peer is gone for good. Only from a callback of the loop. */
static void
lose(struct conn *c)
{
	cut(c);
	if (c->events == NULL)
		conn_free(c);
	else if (!c->ended)
		tell_end(c, CONN_LOST);
}

/* As tell_end(), from a call of the owner, who is not called back inside it. */
static void
end_later(struct conn *c, enum conn_end how)
{
	if (c->ended || c->ending)
		return;
	c->ending = true;
	c->how = how;
	timer_set(c->next, 0);
}

/* Keeps what the owner left of `in`, which lies in rest or in scratch. */
static void
keep_rest(struct conn *c, struct span in, size_t used)
{
	if (used > in.n)
		used = in.n;
	if (in.p == c->rest.p) {
		buf_drop(&c->rest, used);
	} else {
		buf_clear(&c->rest);
		if (buf_span(&c->rest, span_skip(in, used)) != 0) {
			lose(c);
			return;
		}
	}
	if (c->rest.n == 0 && c->rest.cap > REST_SMALL)
		buf_free(&c->rest);
	/* A paused owner has not looked at all of it yet. */
	if (c->rest.n > c->keep && reading(c))
		tell_end(c, CONN_FULL);
}

static void
show(struct conn *c, struct span in)
{
	size_t used = c->events->data(c->arg, in);

	if (c->freed || c->events == NULL)
		return;
	/* Who consumes nothing waits for more, also if he resumed meanwhile. */
	if (used == 0)
		c->again = false;
	keep_rest(c, in, used);
}

/*
 * One read(2) and one data(). A short rest is put in front of the new bytes in
 * the scratch buffer, so that a large packet cut in the middle does not make
 * every connection hold a large buffer; to a long one they are appended.
 */
static void
pull(struct conn *c)
{
	char *scratch = loop_scratch(c->loop);
	size_t front = c->rest.n <= READ_CHUNK / 2 ? c->rest.n : 0;
	ssize_t n = read(c->in, scratch + front, READ_CHUNK - front);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		lose(c);
		return;
	}
	if (n == 0) {
		tell_end(c, CONN_EOF);
		return;
	}
	touch(c);
	if (front == c->rest.n) {
		if (front > 0)
			memcpy(scratch, c->rest.p, front);
		show(c, span_of(scratch, front + (size_t)n));
	} else if (buf_add(&c->rest, scratch, (size_t)n) != 0) {
		lose(c);
	} else {
		show(c, buf_view(&c->rest));
	}
}

/* The rest once more after a pause, or what is new. */
static void
serve(struct conn *c)
{
	bool again = c->again;

	c->again = false;
	if (!again)
		pull(c);
	else if (c->rest.n > 0)
		show(c, buf_view(&c->rest));
	if (c->freed)
		return;
	want_read(c);
	/* Paused at what was left: look() is to see when the peer is lost. */
	if (c->paused && c->events != NULL && !c->ended && c->rd != NULL &&
	    event_add(c->rd, NULL) != 0)
		timer_set(c->peek, PEEK_MS);
}

/*
 * A paused connection reads nothing, but an owner who works for a peer that is
 * gone should stop. Only `out` can tell: the end of `in` may be a half-close.
 * But TCP shows no more than that when a peer closes, so an owner who knows
 * none is asked for the end of the input, too.
 */
static void
look(struct conn *c)
{
	short half = c->events->whole ? POLLRDHUP : 0;
	struct pollfd out = {.fd = c->out, .events = half};

	if (poll(&out, 1, 0) == 1 &&
	    (out.revents & (POLLERR | POLLHUP | half)) != 0) {
		lose(c);
		return;
	}
	event_del(c->rd);
	timer_set(c->peek, PEEK_MS);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	enter(c);
	if (reading(c))
		serve(c);
	else if (c->paused && !c->ended && !c->ending)
		look(c);
	else
		event_del(c->rd);
	leave(c);
}

static void
on_peek(void *arg)
{
	struct conn *c = arg;

	enter(c);
	look(c);
	leave(c);
}

static void
on_next(void *arg)
{
	struct conn *c = arg;

	enter(c);
	if (c->ending)
		tell_end(c, c->how);
	else if (reading(c))
		serve(c);
	leave(c);
}

static void
on_idle(void *arg)
{
	struct conn *c = arg;
	uint64_t quiet = loop_now(c->loop) - c->touched;

	enter(c);
	if (c->events == NULL)
		conn_free(c);
	else if (quiet < c->timeout)
		timer_set(c->idle, c->timeout - quiet);
	else if (!c->ending)
		tell_end(c, CONN_TIMEOUT);
	leave(c);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	ssize_t n = write(c->out, c->queue.p, c->queue.n);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	enter(c);
	if (n < 0) {
		lose(c);
	} else {
		touch(c);
		buf_drop(&c->queue, (size_t)n);
	}
	if (!c->broken && c->queue.n == 0) {
		event_del(c->wr);
		buf_free(&c->queue);
		if (c->events == NULL)
			conn_free(c);
		else if (c->events->drained != NULL)
			c->events->drained(c->arg);
	}
	leave(c);
}

static int
nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

static int
make_events(struct conn *c)
{
	struct event_base *base = loop_base(c->loop);
	int rc = timer_new(c->loop, on_next, c, &c->next);

	if (rc == 0)
		rc = timer_new(c->loop, on_idle, c, &c->idle);
	if (rc == 0)
		rc = timer_new(c->loop, on_peek, c, &c->peek);
	if (rc == 0 && pollable(c->in)) {
		c->rd = event_new(
		    base, c->in, EV_READ | EV_PERSIST, on_readable, c);
		rc = c->rd == NULL ? -ENOMEM : 0;
	}
	if (rc == 0 && pollable(c->out)) {
		c->wr = event_new(
		    base, c->out, EV_WRITE | EV_PERSIST, on_writable, c);
		rc = c->wr == NULL ? -ENOMEM : 0;
	}
	return rc;
}

int
conn_new(struct loop *l, int in, int out, size_t keep,
    const struct conn_events *events, void *arg, struct conn **ret)
{
	struct conn *c = calloc(1, sizeof(*c));
	int rc = c == NULL ? -ENOMEM : 0;

	if (c == NULL) {
		close(in);
		if (out != in)
			close(out);
		return rc;
	}
	*c = (struct conn){.loop = l,
	    .in = in,
	    .out = out,
	    .keep = keep,
	    .events = events,
	    .arg = arg};
	buf_init(&c->rest, keep + READ_CHUNK);
	buf_init(&c->queue, CONN_OUT_MAX);
	rc = nonblock(in);
	if (rc == 0)
		rc = nonblock(out);
	if (rc == 0)
		rc = make_events(c);
	if (rc != 0) {
		destroy(c);
		return rc;
	}
	want_read(c);
	*ret = c;
	return 0;
}

/* Writes what the peer takes now. 0 and the bytes written, or -errno. */
static int
write_some(struct conn *c, const char *p, size_t n, size_t *ret_done)
{
	size_t done = 0;

	while (done < n) {
		ssize_t rc = write(c->out, p + done, n - done);

		if (rc < 0 && errno == EINTR)
			continue;
		/* A file is never busy: if it says so, it is no use to wait. */
		if (rc < 0 && errno == EAGAIN && c->wr != NULL)
			break;
		if (rc < 0)
			return -errno;
		touch(c);
		done += (size_t)rc;
	}
	*ret_done = done;
	return 0;
}

int
conn_write(struct conn *c, const void *p, size_t n)
{
	size_t done = 0;
	int rc;

	if (c->broken)
		return 0;
	if (c->queue.n == 0 && write_some(c, p, n, &done) != 0) {
		cut(c);
		end_later(c, CONN_LOST);
		return 0;
	}
	if (done == n)
		return 0;
	rc = buf_add(&c->queue, (const char *)p + done, n - done);
	if (rc == 0 && event_add(c->wr, NULL) != 0)
		rc = -ENOMEM;
	if (rc != 0) {
		/* The peer would see a reply with a hole. */
		cut(c);
		end_later(c, CONN_FULL);
	}
	return rc;
}

size_t
conn_queued(const struct conn *c)
{
	return c->queue.n;
}

void
conn_finish(struct conn *c, uint64_t ms)
{
	c->events = NULL;
	if (c->rd != NULL)
		event_del(c->rd);
	timer_clear(c->peek);
	timer_clear(c->next);
	timer_set(c->idle, ms);
	if (c->broken || c->queue.n == 0) {
		conn_free(c);
		return;
	}
	c->lingers = true;
	loop_linger(c->loop, 1);
}

void
conn_pause(struct conn *c)
{
	c->paused = true;
}

void
conn_resume(struct conn *c)
{
	if (!c->paused)
		return;
	c->paused = false;
	timer_clear(c->peek);
	/* Inside data() nobody knows yet what will be left. */
	c->again = c->rest.n > 0 || c->depth > 0;
	if (c->again && reading(c))
		timer_set(c->next, 0);
	else
		want_read(c);
}

uint64_t
conn_quiet(const struct conn *c)
{
	return loop_now(c->loop) - c->touched;
}

void
conn_set_timeout(struct conn *c, uint64_t ms)
{
	c->timeout = ms;
	c->touched = loop_now(c->loop);
	if (ms == 0 || c->ended)
		timer_clear(c->idle);
	else
		timer_set(c->idle, ms);
}

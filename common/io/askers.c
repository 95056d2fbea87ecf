/*
 * Anybody on this host may connect, so everything is bounded: one question, one
 * answer, then nothing more is read. The list is in order of age: the one that
 * has waited longest is its first, and goes when one more comes than there may
 * be.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/io/askers.h"
#include "common/io/conn.h"
#include "common/limits.h"
#include "common/log/log.h"

struct asker {
	struct askers *all;
	struct conn *conn;
	struct timer *limit;
	struct asker *next; /* a younger one */
};

struct askers {
	struct loop *loop;
	const struct askers_kind *kind;
	void *arg;
	struct event *readable;
	struct timer *pause;
	int fd;
	unsigned n;
	struct asker *oldest;
};

/* --- one of them ---------------------------------------------------------- */

/* It goes, and what it was not sent yet with it. */
static void
drop(struct asker *a)
{
	struct asker **at = &a->all->oldest;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	a->all->n--;
	conn_free(a->conn);
	timer_free(a->limit);
	free(a);
}

static void
on_limit(void *arg)
{
	drop(arg);
}

static void
on_end(void *arg, enum conn_end how)
{
	struct asker *a = arg;

	/* The end of what it says is no end of what it reads. */
	if (how != CONN_EOF || conn_queued(a->conn) == 0)
		drop(a);
}

static size_t
on_data(void *arg, struct span in)
{
	struct asker *a = arg;
	const struct askers *all = a->all;
	struct buf out;

	buf_init(&out, CONN_OUT_MAX);
	if (!all->kind->answer(all->arg, in, &out)) {
		buf_free(&out);
		return 0;
	}
	if (buf_error(&out) != 0 || conn_write(a->conn, out.p, out.n) != 0 ||
	    conn_queued(a->conn) == 0)
		drop(a);
	else
		conn_pause(a->conn); /* one question is enough */
	buf_free(&out);
	return in.n;
}

static const struct conn_events events = {
    .data = on_data, .end = on_end, .drained = on_limit};

static void
welcome(struct askers *all, int fd)
{
	struct asker *a = calloc(1, sizeof *a), **at = &all->oldest;

	if (a == NULL || timer_new(all->loop, on_limit, a, &a->limit) != 0) {
		free(a);
		close(fd);
		return;
	}
	if (conn_new(all->loop, fd, fd, all->kind->most, &events, a,
	        &a->conn) != 0) {
		timer_free(a->limit);
		free(a);
		return;
	}
	timer_set(a->limit, ASKERS_MS);
	a->all = all;
	while (*at != NULL)
		at = &(*at)->next;
	*at = a;
	if (++all->n > ASKERS_MAX)
		drop(all->oldest);
}

/* --- all of them ---------------------------------------------------------- */

static void
on_pause(void *arg)
{
	struct askers *all = arg;

	(void)event_add(all->readable, NULL);
}

/* Descriptors or memory are out: who asks for less often does not help them
 * that mail needs. */
static void
rest(struct askers *all, int error)
{
	log_event(LOG_WARNING, "accept_paused", "%s: %s", all->kind->name,
	    strerror(error));
	event_del(all->readable);
	timer_set(all->pause, ASKERS_PAUSE_MS);
}

static void
on_readable(evutil_socket_t listener, short what, void *arg)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		welcome(arg, fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	    errno == ENOBUFS)
		rest(arg, errno);
}

int
askers_new(struct loop *l, int fd, const struct askers_kind *kind, void *arg,
    struct askers **ret)
{
	struct askers *all = calloc(1, sizeof *all);
	int rc = -ENOMEM;

	if (all == NULL)
		return rc;
	*all = (struct askers){.loop = l, .kind = kind, .arg = arg, .fd = fd};
	all->readable =
	    event_new(loop_base(l), fd, EV_READ | EV_PERSIST, on_readable, all);
	if (all->readable != NULL && event_add(all->readable, NULL) == 0)
		rc = timer_new(l, on_pause, all, &all->pause);
	if (rc == 0)
		*ret = all;
	else
		askers_free(all);
	return rc;
}

void
askers_free(struct askers *all)
{
	if (all == NULL)
		return;
	while (all->oldest != NULL)
		drop(all->oldest);
	if (all->readable != NULL)
		event_free(all->readable);
	timer_free(all->pause);
	free(all);
}

/*
 * A connection that no worker takes is held, one at a time, and nothing more is
 * accepted meanwhile: the rest waits in the backlog, where the kernel counts
 * them. When descriptors are out, accept(2) would fail at once again and again:
 * PAUSE_MS keeps us from spinning.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log/log.h"
#include "common/process/acceptor.h"

enum {
	BURST = 32,     /* then signals and other listeners have a turn */
	PAUSE_MS = 200, /* when descriptors or memory are out */
	FULL_MS = 60 * 1000
};

bool
acceptor_ready(const struct acceptor *a, uint64_t now)
{
	return a->held < 0 && now >= a->next;
}

static int
pass(struct acceptor *a, struct children *c, unsigned generation, int fd)
{
	int rc = children_give(c, generation, fd);

	a->held = rc == 0 ? -1 : fd;
	return rc;
}

static void
full(struct acceptor *a, uint64_t now)
{
	if (now >= a->full) {
		log_event(LOG_ERR, "accept_paused",
		    "each worker has as many connections as it may have");
		a->full = now + FULL_MS;
	}
}

/* The backlog waits, and nobody spins. */
static void
failed(struct acceptor *a, uint64_t now, int error)
{
	a->next = now + PAUSE_MS;
	if (!a->bad)
		log_event(LOG_ERR, "accept_paused", "%s", strerror(error));
	a->bad = true;
}

void
acceptor_take(struct acceptor *a, int listener, struct children *c,
    unsigned generation, uint64_t now)
{
	for (int i = 0; i < BURST && a->held < 0; i++) {
		int fd =
		    accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			a->bad = false;
			if (pass(a, c, generation, fd) == -EUSERS)
				full(a, now);
		} else if (errno == EMFILE || errno == ENFILE ||
		    errno == ENOBUFS || errno == ENOMEM) {
			failed(a, now, errno);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
		/* Else this one connection failed (accept(2) lists why). */
	}
}

void
acceptor_pass(struct acceptor *a, struct children *c, unsigned generation)
{
	if (a->held >= 0)
		(void)pass(a, c, generation, a->held);
}

void
acceptor_close(struct acceptor *a)
{
	if (a->held >= 0)
		close(a->held);
	a->held = -1;
}

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/acceptor.h"
#include "common/log.h"

enum {
	BURST = 32,    /* then signals and other listeners have a turn */
	PAUSE_MS = 200 /* when descriptors or memory are out */
};

bool
acceptor_ready(const struct acceptor *a, uint64_t now)
{
	return a->held < 0 && now >= a->next;
}

static void
pass(struct acceptor *a, struct children *c, unsigned generation, int fd)
{
	a->held = children_give(c, generation, fd) == 0 ? -1 : fd;
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
			pass(a, c, generation, fd);
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
		pass(a, c, generation, a->held);
}

void
acceptor_close(struct acceptor *a)
{
	if (a->held >= 0)
		close(a->held);
	a->held = -1;
}

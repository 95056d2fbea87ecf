/*
 * The trick: the work waits in the middle of anything, so a child writes: it
 * hears of each step over a socket, and of the end when that closes.
 *
 * The trap: a pipe would kill us when the child was killed.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/limits.h"
#include "admin/tool/progress.h"

enum { STEP_MAX = 70 }; /* a line of a terminal */

/* To the beginning of the line, and nothing behind it. */
#define CLEAR "\r\033[K"

static void
draw(int to, const char *step)
{
	char line[STEP_MAX + sizeof CLEAR + 4];
	int n = snprintf(
	    line, sizeof line, CLEAR "%s%s", step, *step == '\0' ? "" : " ...");

	(void)!write(to, line, (size_t)n);
}

/* In the child: a packet is a step. */
static void
serve(int from, int to)
{
	char step[STEP_MAX + 1] = "";
	bool shown = false;

	for (;;) {
		struct pollfd p = {.fd = from, .events = POLLIN};
		int rc = poll(&p, 1, shown ? -1 : PROGRESS_MS);
		ssize_t n = 1;

		if (rc < 0 && errno != EINTR)
			break;
		if (rc > 0) {
			n = recv(from, step, STEP_MAX, 0);
			if (n <= 0)
				break;
			step[n] = '\0';
		}
		shown = shown || rc == 0;
		if (shown)
			draw(to, step);
	}
	if (shown)
		draw(to, "");
	_exit(0);
}

void
progress_begin(struct progress *p, int to)
{
	int pair[2];

	*p = (struct progress){.fd = -1};
	if (!isatty(to) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return;
	p->pid = fork();
	if (p->pid == 0) {
		close(pair[0]);
		serve(pair[1], to);
	}
	close(pair[1]);
	if (p->pid > 0)
		p->fd = pair[0];
	else
		close(pair[0]);
}

void
progress_step(struct progress *p, const char *fmt, ...)
{
	char step[STEP_MAX + 1];
	va_list ap;

	if (p->fd < 0)
		return;
	va_start(ap, fmt);
	vsnprintf(step, sizeof step, fmt, ap);
	va_end(ap);
	(void)send(p->fd, step, strlen(step), MSG_NOSIGNAL);
}

void
progress_end(struct progress *p)
{
	if (p->fd < 0)
		return;
	close(p->fd);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	p->fd = -1;
}

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/conn.h"
#include "common/control.h"
#include "common/limits.h"

struct control {
	struct loop *loop;
	const struct control_view *view;
	struct event *readable;
	int fd;
	unsigned clients;
	struct asker *first;
};

struct asker {
	struct control *control;
	struct conn *conn;
	struct asker *next, *prev;
};

/* Forgets the asker; its connection was freed or handed on. Then there is room
 * for one that waits. */
static void
drop(struct asker *a)
{
	struct control *c = a->control;

	if (a->prev != NULL)
		a->prev->next = a->next;
	else
		c->first = a->next;
	if (a->next != NULL)
		a->next->prev = a->prev;
	free(a);
	c->clients--;
	(void)event_add(c->readable, NULL);
}

static void
answer(struct asker *a, struct span command)
{
	static const char unknown[] = "{\"error\": \"unknown command\"}\n";
	static const char failed[] = "{\"error\": \"out of memory\"}\n";
	struct buf out;

	buf_init(&out, CONN_OUT_MAX);
	if (span_eq(command, span_str("status"))) {
		if (control_status(a->control->view, &out) != 0) {
			buf_clear(&out);
			buf_str(&out, failed);
		}
	} else {
		buf_str(&out, unknown);
	}
	(void)conn_write(a->conn, out.p, out.n);
	buf_free(&out);
	conn_finish(a->conn, CONTROL_MS);
	drop(a);
}

static size_t
on_data(void *arg, struct span in)
{
	size_t n = span_find(in, '\n');

	if (n == in.n)
		return 0;
	answer(arg, span_of(in.p, n));
	return n + 1;
}

static void
on_end(void *arg, enum conn_end how)
{
	struct asker *a = arg;

	conn_free(a->conn);
	drop(a);
}

static const struct conn_events events = {.data = on_data, .end = on_end};

static void
welcome(struct control *c, int fd)
{
	struct asker *a = calloc(1, sizeof *a);

	if (a == NULL) {
		close(fd);
		return;
	}
	if (conn_new(c->loop, fd, fd, CONTROL_LINE_MAX, &events, a, &a->conn) !=
	    0) {
		free(a);
		return;
	}
	conn_set_timeout(a->conn, CONTROL_MS);
	a->control = c;
	a->next = c->first;
	if (a->next != NULL)
		a->next->prev = a;
	c->first = a;
	c->clients++;
}

/* Those that are too many wait in the backlog. */
static void
on_readable(evutil_socket_t listener, short what, void *arg)
{
	struct control *c = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		welcome(c, fd);
	if (c->clients >= CONTROL_CLIENTS_MAX)
		event_del(c->readable);
}

int
control_new(
    struct loop *l, int fd, const struct control_view *v, struct control **ret)
{
	struct control *c = calloc(1, sizeof *c);

	if (c == NULL)
		return -ENOMEM;
	*c = (struct control){.loop = l, .view = v, .fd = fd};
	c->readable =
	    event_new(loop_base(l), fd, EV_READ | EV_PERSIST, on_readable, c);
	if (c->readable == NULL || event_add(c->readable, NULL) != 0) {
		control_free(c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	while (c->first != NULL)
		on_end(c->first, CONN_EOF);
	if (c->readable != NULL)
		event_free(c->readable);
	free(c);
}

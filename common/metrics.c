#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/http.h>

#include "common/metrics.h"

enum {
	SECONDS_MAX = 10, /* for a request and its answer */
	REQUEST_MAX = 8 * 1024,
	TEXT_MAX = 1024 * 1024
};

struct metrics {
	struct evhttp *http;
	const struct stats *stats;
	enum stats_owner daemon;
};

static void
reply(struct evhttp_request *r, const struct buf *text)
{
	struct evbuffer *body = evhttp_request_get_output_buffer(r);

	if (buf_error(text) != 0 || evbuffer_add(body, text->p, text->n) != 0) {
		evhttp_send_error(r, HTTP_INTERNAL, NULL);
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(r), "Content-Type",
	    "text/plain; version=0.0.4; charset=utf-8");
	evhttp_send_reply(r, HTTP_OK, "OK", NULL);
}

static void
on_metrics(struct evhttp_request *r, void *arg)
{
	struct metrics *m = arg;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	(void)metrics_text(m->stats, m->daemon, &text);
	reply(r, &text);
	buf_free(&text);
}

static void
on_other(struct evhttp_request *r, void *arg)
{
	evhttp_send_error(r, HTTP_NOTFOUND, NULL);
}

int
metrics_new(struct loop *l, int fd, const struct stats *s,
    enum stats_owner daemon, struct metrics **ret)
{
	struct metrics *m = calloc(1, sizeof *m);
	int own;

	if (m != NULL)
		m->http = evhttp_new(loop_base(l));
	if (m == NULL || m->http == NULL) {
		free(m);
		return -ENOMEM;
	}
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* evhttp closes it */
	m->stats = s;
	m->daemon = daemon;
	evhttp_set_allowed_methods(m->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_timeout(m->http, SECONDS_MAX);
	evhttp_set_max_headers_size(m->http, REQUEST_MAX);
	evhttp_set_max_body_size(m->http, REQUEST_MAX);
	evhttp_set_gencb(m->http, on_other, m);
	if (own < 0 || evhttp_set_cb(m->http, "/metrics", on_metrics, m) != 0 ||
	    evhttp_accept_socket(m->http, own) != 0) {
		evhttp_free(m->http);
		free(m);
		if (own >= 0)
			close(own);
		return -ENOMEM;
	}
	*ret = m;
	return 0;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	evhttp_free(m->http);
	free(m);
}

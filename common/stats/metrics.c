/*
 * As much of HTTP (RFC 9112) as a scraper needs: one request, whose header is read
 * to its empty line and whose first line alone counts; one answer; the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/askers.h"
#include "common/io/conn.h"
#include "common/limits.h"
#include "common/stats/metrics.h"

struct metrics {
	const struct stats *stats;
	const struct stats_report *report;
	struct askers *askers;
};

/* True if the empty line behind the header has come; LF alone ends lines, too. */
static bool
is_whole(struct span in)
{
	return memmem(in.p, in.n, "\n\r\n", 3) != NULL ||
	    memmem(in.p, in.n, "\n\n", 2) != NULL;
}

/* The next word of *line; empty at its end. */
static struct span
next_word(struct span *line)
{
	struct span word = span_of(line->p, span_find(*line, ' '));

	*line = span_skip(*line, word.n + 1);
	return word;
}

/* The status of an answer to this first line of a request. */
static const char *
status_of(struct span line, bool *ret_head)
{
	struct span method = next_word(&line), path = next_word(&line);

	*ret_head = span_eq(method, span_str("HEAD"));
	path.n = span_find(path, '?');
	if (line.n < 5 || memcmp(line.p, "HTTP/", 5) != 0)
		return "400 Bad Request";
	if (!*ret_head && !span_eq(method, span_str("GET")))
		return "405 Method Not Allowed";
	return span_eq(path, span_str("/metrics")) ? "200 OK" : "404 Not Found";
}

static void
put_answer(
    const char *status, bool head, const struct buf *body, struct buf *out)
{
	buf_fmt(out,
	    "HTTP/1.1 %s\r\n"
	    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n"
	    "%sConnection: close\r\n\r\n",
	    status, body->n,
	    status[0] == '4' && status[2] == '5' ? "Allow: GET, HEAD\r\n" : "");
	if (!head)
		buf_span(out, buf_view(body));
}

static bool
answer(void *arg, struct span question, struct buf *out)
{
	const struct metrics *m = arg;
	const char *status;
	struct buf body;
	bool head;

	if (!is_whole(question))
		return false;
	status =
	    status_of(span_of(question.p, span_find(question, '\n')), &head);
	buf_init(&body, METRICS_TEXT_MAX);
	if (status[0] != '2')
		buf_fmt(&body, "%s\n", status);
	else if (metrics_text(m->stats, m->report, &body) != 0) {
		buf_clear(&body);
		status = "500 Internal Server Error";
	}
	put_answer(status, head, &body, out);
	buf_free(&body);
	return true;
}

int
metrics_new(struct loop *l, int fd, const struct stats *s,
    const struct stats_report *report, struct metrics **ret)
{
	static const struct askers_kind kind = {
	    "metrics", METRICS_REQUEST_MAX, answer};
	struct metrics *m = calloc(1, sizeof *m);
	int rc;

	if (m == NULL)
		return -ENOMEM;
	m->stats = s;
	m->report = report;
	rc = askers_new(l, fd, &kind, m, &m->askers);
	if (rc == 0)
		*ret = m;
	else
		free(m);
	return rc;
}

void
metrics_free(struct metrics *m)
{
	if (m != NULL)
		askers_free(m->askers);
	free(m);
}

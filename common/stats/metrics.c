/*
 * As much of HTTP (RFC 9112) as a scraper needs: one request, whose header is
 * read to its empty line and whose first line alone counts; one answer; the
 * end.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/askers.h"
#include "common/io/conn.h"
#include "common/limits.h"
#include "common/stats/metrics.h"

/* --- the text ------------------------------------------------------------- */

struct writer {
	const struct stats *stats;
	struct buf *out;
	const char *prefix; /* of every family */
	const char *family; /* the last one; NULL: none yet */
};

/* HELP and TYPE, once a family. */
static void
begin(struct writer *w, const char *family, const char *help, const char *type)
{
	if (w->family != NULL && strcmp(w->family, family) == 0)
		return;
	w->family = family;
	buf_fmt(w->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", w->prefix, family,
	    help, w->prefix, family, type);
}

/* The value of a label, escaped as the format wants. */
static void
put_value(const char *value, struct buf *out)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			buf_str(out, "\\n");
			continue;
		}
		if (*value == '"' || *value == '\\')
			buf_byte(out, '\\');
		buf_byte(out, *value);
	}
}

static void
put_label(const char *label, const char *value, bool first, struct buf *out)
{
	buf_fmt(out, "%s%s=\"", first ? "{" : ",", label);
	put_value(value, out);
	buf_byte(out, '"');
}

static void
put_counter(void *arg, const struct stats_row *c)
{
	struct writer *w = arg;

	begin(w, c->family, c->help, c->gauge ? "gauge" : "counter");
	buf_fmt(w->out, "%s%s", w->prefix, c->family);
	for (size_t i = 0; i < 2 && c->label[i] != NULL; i++)
		put_label(c->label[i], c->value[i], i == 0, w->out);
	if (c->label[0] != NULL)
		buf_byte(w->out, '}');
	buf_fmt(w->out, " %" PRIu64 "\n", stats_sum(w->stats, c->first));
}

static void
put_times(struct writer *w, const struct stats_times *t)
{
	uint64_t count = 0;

	begin(w, t->family, t->help, "histogram");
	for (unsigned i = 0; i < STATS_BUCKETS; i++) {
		uint64_t le = stats_bucket_ms(i);

		count += stats_sum(w->stats, t->first + i);
		buf_fmt(w->out, "%s%s_bucket{le=\"", w->prefix, t->family);
		if (le == UINT64_MAX)
			buf_str(w->out, "+Inf");
		else
			buf_fmt(w->out, "%g", (double)le / 1000);
		buf_fmt(w->out, "\"} %" PRIu64 "\n", count);
	}
	buf_fmt(w->out, "%s%s_sum %g\n%s%s_count %" PRIu64 "\n", w->prefix,
	    t->family,
	    (double)stats_sum(w->stats, t->first + STATS_BUCKETS) / 1000,
	    w->prefix, t->family, count);
}

static void
put_domain(struct writer *w, const struct stats_domains *all,
    const struct stats_domain *d)
{
	for (size_t k = 0; k < STATS_KINDS; k++) {
		if (d->n[k] == 0)
			continue;
		begin(w, all->family, all->help, "counter");
		buf_fmt(w->out, "%s%s", w->prefix, all->family);
		put_label("domain", d->name, true, w->out);
		put_label(all->label, all->value[k], false, w->out);
		buf_fmt(w->out, "} %" PRIu64 "\n", d->n[k]);
	}
}

int
metrics_text(
    const struct stats *s, const struct stats_report *report, struct buf *out)
{
	struct writer w = {.stats = s, .out = out, .prefix = report->prefix};
	struct stats_domain d;

	stats_walk(report->rows, put_counter, &w);
	if (report->times != NULL)
		put_times(&w, report->times);
	for (size_t i = 0; report->domains != NULL && i <= STATS_DOMAINS_MAX;
	     i++) {
		if (stats_domain(s, i, &d))
			put_domain(&w, report->domains, &d);
	}
	return buf_error(out);
}

/* --- over HTTP ------------------------------------------------------------ */

struct metrics {
	const struct stats *stats;
	const struct stats_report *report;
	struct askers *askers;
};

/* True if the empty line behind the header has come; LF alone ends lines,
 * too. */
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

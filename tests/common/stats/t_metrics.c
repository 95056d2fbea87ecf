/*
 * Prometheus' text, and that the dashboard and the alert rules of conf/ name
 * only what there is. The program is run from the top of the tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/limits.h"
#include "common/stats/metrics.h"
#include "policyd/counters.h"
#include "signer/counters.h"
#include "tests/support/asker.h"
#include "tests/support/loop_fake.h"
#include "tests/support/suite.h"
#include "verifier/counters.h"

static struct stats *
make(void)
{
	struct stats *s;

	CU_ASSERT_FATAL(stats_new(3, &s) == 0);
	stats_add(stats_slot(s, 0), IDENTITY_COUNT_HELO + SPF_FAIL, 2);
	stats_add(stats_slot(s, 2), IDENTITY_COUNT_HELO + SPF_FAIL, 3);
	stats_add_time(stats_slot(s, 0), DNS_COUNT_TIME, 1);
	stats_add_time(stats_slot(s, 1), DNS_COUNT_TIME, 7);
	stats_add_time(stats_slot(s, 1), DNS_COUNT_TIME, 9000);
	stats_add_domain(stats_slot(s, 0), span_str("a\"b\\c\nd"), SIGNER_RSA);
	stats_add_domain(
	    stats_slot(s, 0), span_str("e.example"), SIGNER_ED25519);
	return s;
}

static void
text_of(const struct stats_report *report, struct buf *out)
{
	struct stats *s = make();

	buf_init(out, 1024 * 1024);
	CU_ASSERT_FATAL(metrics_text(s, report, out) == 0);
	stats_free(s);
}

static void
has(struct buf *text, const char *want)
{
	suite_row(want);
	CHECK(strstr(buf_text(text), want) != NULL);
}

static void
text(void)
{
	struct buf p, s;

	text_of(&policyd_counters, &p);
	text_of(&signer_counters, &s);
	has(&p,
	    "\npostseal_policyd_spf_results_total{identity=\"helo\","
	    "result=\"fail\"} 5\n");
	has(&p, "# TYPE postseal_policyd_spf_results_total counter\n");
	has(&p, "# TYPE postseal_policyd_generation gauge\n");
	has(&p, "_dns_latency_seconds_bucket{le=\"0.001\"} 1\n");
	has(&p, "_dns_latency_seconds_bucket{le=\"0.005\"} 1\n");
	has(&p, "_dns_latency_seconds_bucket{le=\"0.01\"} 2\n");
	has(&p, "_dns_latency_seconds_bucket{le=\"5\"} 2\n");
	has(&p, "_dns_latency_seconds_bucket{le=\"+Inf\"} 3\n");
	has(&p, "_dns_latency_seconds_sum 9.008\n");
	has(&p, "_dns_latency_seconds_count 3\n");
	has(&s,
	    "\npostseal_signer_signatures_total{domain=\"a\\\"b\\\\c\\nd\","
	    "algorithm=\"rsa-sha256\"} 1\n");
	has(&s, "{domain=\"e.example\",algorithm=\"ed25519-sha256\"} 1\n");
	has(&s, "_unsigned_messages_total{reason=\"client_outside\"} 0\n");
	CHECK(strstr(buf_text(&p), "unsigned") == NULL);
	CHECK(strstr(buf_text(&s), "spf_") == NULL);
	buf_free(&p);
	buf_free(&s);
}

/* Each family has its HELP and TYPE once, in front of its samples. */
static void
families_stand_together(void)
{
	struct buf text;
	size_t types = 0;
	char *all;

	text_of(&signer_counters, &text);
	all = strdup(buf_text(&text));
	for (char *line = strtok(all, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		char type[200];
		size_t n;

		if (strncmp(line, "# TYPE ", 7) != 0)
			continue;
		types++;
		n = (size_t)snprintf(type, sizeof type, "# TYPE %.*s ",
		    (int)strcspn(line + 7, " "), line + 7);
		suite_row(type);
		CHECK(strncmp(line, type, n) == 0);
		CHECK(strstr(strstr(text.p, type) + n, type) == NULL);
	}
	CHECK(types > 10);
	free(all);
	buf_free(&text);
}

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t size = 0;
	char *s = NULL;

	CU_ASSERT_FATAL(f != NULL);
	CU_ASSERT_FATAL(getdelim(&s, &size, '\0', f) > 0);
	fclose(f);
	return s;
}

/* Every name in the file is that of a sample. Returns how many it has. */
static size_t
only_known(const char *path)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
	char *s = read_file(path), name[100];
	struct buf p, g, v;
	size_t n = 0;

	text_of(&policyd_counters, &p);
	text_of(&signer_counters, &g);
	text_of(&verifier_counters, &v);
	for (char *at = s; (at = strstr(at, "postseal_")) != NULL; n++) {
		size_t length = strspn(at, letters);

		/* label_values() has a pattern of all */
		if (at[length] == '(') {
			at += length;
			continue;
		}
		snprintf(name, sizeof name, "\n%.*s", (int)length, at);
		suite_row(name);
		CHECK(strstr(buf_text(&p), name) != NULL ||
		    strstr(buf_text(&g), name) != NULL ||
		    strstr(buf_text(&v), name) != NULL);
		at += length;
	}
	buf_free(&p);
	buf_free(&g);
	buf_free(&v);
	free(s);
	return n;
}

static void
conf_names_what_there_is(void)
{
	json_t *dashboard;

	CHECK(only_known("conf/grafana-dashboard.json") > 20);
	CHECK(only_known("conf/alerts.yml") > 8);
	dashboard = json_load_file("conf/grafana-dashboard.json", 0, NULL);
	CHECK(json_array_size(json_object_get(dashboard, "panels")) > 10);
	json_decref(dashboard);
}

/* --- over HTTP ------------------------------------------------------------ */

struct world {
	struct asker asker;
	struct stats *stats;
	struct metrics *metrics;
};

static void
start(struct world *w)
{
	asker_begin(&w->asker);
	w->stats = make();
	CU_ASSERT_FATAL(metrics_new(w->asker.loop, w->asker.fd, w->stats,
	                    &signer_counters, &w->metrics) == 0);
}

static void
stop(struct world *w)
{
	metrics_free(w->metrics);
	asker_end(&w->asker);
	stats_free(w->stats);
}

static void
requests(void)
{
	static const struct {
		const char *request, *status;
		bool text;
	} rows[] = {
	    {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", true},
	    {"GET /metrics HTTP/1.0\r\n\r\n", "200 OK", true},
	    {"GET /metrics HTTP/1.0\n\n", "200 OK", true},
	    {"GET /metrics?a=b HTTP/1.1\r\n\r\n", "200 OK", true},
	    {"HEAD /metrics HTTP/1.1\r\n\r\n", "200 OK", false},
	    {"GET / HTTP/1.1\r\n\r\n", "404 Not Found", false},
	    {"GET /metricsx HTTP/1.1\r\n\r\n", "404 Not Found", false},
	    {"POST /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed", false},
	    {"GET /metrics\r\n\r\n", "400 Bad Request", false},
	    {"status\n\n", "400 Bad Request", false},
	    {"\n\n", "400 Bad Request", false},
	};
	static struct world w;

	start(&w);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char status[100];
		const char *got, *body;
		int fd = asker_dial(&w.asker);

		suite_row(rows[i].request);
		snprintf(
		    status, sizeof status, "HTTP/1.1 %s\r\n", rows[i].status);
		got = asker_say(&w.asker, fd, rows[i].request);
		CU_ASSERT_FATAL(got != NULL);
		CHECK(strncmp(got, status, strlen(status)) == 0);
		body = strstr(got, "\r\n\r\n");
		CU_ASSERT_FATAL(body != NULL);
		CHECK((strstr(body, "# TYPE postseal_signer_") != NULL) ==
		    rows[i].text);
		if (strncmp(rows[i].request, "HEAD", 4) != 0)
			CHECK(strtoul(strstr(got, "Content-Length: ") + 16,
			          NULL, 10) == strlen(body + 4));
		close(fd);
	}
	suite_row(NULL);
	stop(&w);
}

/* At the limit of a request, and one over it. */
static void
long_requests(void)
{
	static char text[METRICS_REQUEST_MAX + 2];
	static struct world w;

	start(&w);
	for (size_t n = METRICS_REQUEST_MAX; n <= METRICS_REQUEST_MAX + 1;
	     n++) {
		int fd = asker_dial(&w.asker);

		memset(text, 'x', n);
		memcpy(text, "GET /metrics HTTP/1.1\r\n", 23);
		text[n] = '\0';
		if (n == METRICS_REQUEST_MAX)
			memcpy(text + n - 4, "\r\n\r\n", 4);
		if (n == METRICS_REQUEST_MAX)
			CHECK(strstr(asker_say(&w.asker, fd, text),
			          " 200 OK") != NULL);
		else
			CHECK_STR(asker_say(&w.asker, fd, text), "");
		close(fd);
	}
	stop(&w);
}

/* Slow ones neither keep others out nor stay. */
static void
slow_requests(void)
{
	static struct world w;
	int fd[3 * ASKERS_MAX];

	start(&w);
	for (int i = 0; i < 3 * ASKERS_MAX; i++) {
		fd[i] = asker_dial(&w.asker);
		(void)asker_say(&w.asker, fd[i], "GET /");
	}
	CHECK(asker_say(&w.asker, fd[3 * ASKERS_MAX - 1],
	          "metrics HTTP/1.0\n\n") != NULL);
	loop_fake_advance(w.asker.loop, ASKERS_MS);
	for (int i = 0; i < 3 * ASKERS_MAX; i++) {
		char c;

		CHECK(read(fd[i], &c, 1) == 0);
		close(fd[i]);
	}
	stop(&w);
}

SUITE("metrics", T(requests), T(long_requests), T(slow_requests), T(text),
    T(families_stand_together), T(conf_names_what_there_is))

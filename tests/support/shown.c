#include "tests/support/shown.h"

#include <string.h>

#include "common/bytes/buf.h"
#include "common/limits.h"
#include "common/stats/metrics.h"
#include "tests/support/suite.h"

struct seen {
	unsigned times[STATS_COUNTERS_MAX];
	struct stats_row last;
	struct buf families, series;
};

/* A series, with a newline on both sides. */
static void
check_series(struct seen *s, const struct stats_row *one)
{
	struct buf name;

	buf_init(&name, 1000);
	buf_fmt(&name, "\n%s", one->family);
	for (size_t i = 0; i < 2; i++) {
		CHECK((one->label[i] == NULL) == (one->value[i] == NULL));
		if (one->label[i] != NULL)
			buf_fmt(&name, " %s=%s", one->label[i], one->value[i]);
	}
	buf_byte(&name, '\n');
	suite_row(buf_text(&name));
	CHECK(strstr(buf_text(&s->series), name.p) == NULL);
	buf_span(&s->series, buf_view(&name));
	buf_free(&name);
}

static void
see(void *arg, const struct stats_row *one)
{
	struct seen *s = arg;

	check_series(s, one);
	CU_ASSERT_FATAL(one->first < STATS_COUNTERS_MAX);
	CHECK(s->times[one->first]++ == 0);
	CHECK(one->help[strlen(one->help) - 1] == '.');
	if (s->last.family == NULL ||
	    strcmp(s->last.family, one->family) != 0) {
		buf_fmt(&s->families, "%s %s\n",
		    one->gauge ? "gauge" : "counter", one->family);
	} else {
		CHECK_STR(one->help, s->last.help);
		CHECK(one->gauge == s->last.gauge);
	}
	s->last = *one;
}

/* The same in the text for Prometheus, where each family has its TYPE once. */
static void
check_text(const struct stats_report *report, const char *want)
{
	struct stats *stats;
	struct buf text, types;
	const char *at;

	CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
	buf_init(&text, METRICS_TEXT_MAX);
	buf_init(&types, METRICS_TEXT_MAX);
	CU_ASSERT_FATAL(metrics_text(stats, report, &text) == 0);
	at = buf_text(&text);
	while ((at = strstr(at, "# TYPE ")) != NULL) {
		size_t n;

		at += strlen("# TYPE ");
		CHECK(strncmp(at, report->prefix, strlen(report->prefix)) == 0);
		at += strlen(report->prefix);
		n = strcspn(at, " ");
		if (strncmp(at + n, " histogram", 10) != 0)
			buf_fmt(&types, "%.*s %.*s\n",
			    (int)strcspn(at + n + 1, "\n"), at + n + 1, (int)n,
			    at);
	}
	CHECK_STR(buf_text(&types), want);
	buf_free(&text);
	buf_free(&types);
	stats_free(stats);
}

void
shown_check(const struct stats_report *report, const char *want)
{
	struct seen s = {.last = {.family = NULL}};

	buf_init(&s.families, METRICS_TEXT_MAX);
	buf_init(&s.series, METRICS_TEXT_MAX);
	buf_byte(&s.series, '\n');
	stats_walk(report->rows, see, &s);
	suite_row(report->prefix);
	CHECK_STR(buf_text(&s.families), want);
	for (unsigned i = 0; report->times != NULL && i < STATS_TIMES; i++)
		CHECK(s.times[report->times->first + i]++ == 0);
	check_text(report, want);
	buf_free(&s.families);
	buf_free(&s.series);
}

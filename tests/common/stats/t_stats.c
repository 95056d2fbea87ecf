#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes/buf.h"
#include "common/limits.h"
#include "common/stats/stats.h"
#include "tests/support/suite.h"

static void
every_process_sees_every_slot(void)
{
	enum { SLOTS = 5 };
	struct stats *s;
	int status;

	CU_ASSERT_FATAL(stats_new(SLOTS, &s) == 0);
	CU_ASSERT_EQUAL(stats_sum(s, STATS_CLOSED), 0);
	for (size_t i = 0; i < SLOTS; i++) {
		pid_t pid = fork();

		CU_ASSERT_FATAL(pid >= 0);
		if (pid == 0) {
			stats_add(stats_slot(s, i), STATS_CLOSED, i + 1);
			stats_add(stats_slot(s, i), STATS_CLOSED, 100);
			stats_add_domain(
			    stats_slot(s, i), span_str("a.example"), i == 0);
			_exit(0);
		}
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
	for (size_t i = 0; i < SLOTS; i++) {
		CU_ASSERT_EQUAL(
		    stats_get(stats_look(s, i), STATS_CLOSED), 101 + i);
		CU_ASSERT_EQUAL(stats_get(stats_look(s, i), STATS_ACCEPTED), 0);
	}
	CU_ASSERT_EQUAL(stats_sum(s, STATS_CLOSED), 500 + 15);
	stats_set(stats_slot(s, 1), STATS_CLOSED, 0);
	CU_ASSERT_EQUAL(stats_sum(s, STATS_CLOSED), 500 + 15 - 102);
	stats_add(NULL, STATS_CLOSED, 1);
	stats_add_time(NULL, STATS_END, 1);
	stats_add_domain(NULL, span_str("a.example"), 0);
	CU_ASSERT_EQUAL(stats_sum(s, STATS_CLOSED), 500 + 15 - 102);
	stats_free(s);
	stats_free(NULL);
}

static void
times_fall_into_buckets(void)
{
	static const struct {
		uint64_t ms;
		unsigned bucket;
	} row[] = {{0, 0}, {1, 0}, {2, 1}, {3, 2}, {5000, STATS_BUCKETS - 2},
	    {5001, STATS_BUCKETS - 1}, {UINT64_MAX, STATS_BUCKETS - 1}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct stats *s;

		CU_ASSERT_FATAL(stats_new(1, &s) == 0);
		stats_add_time(stats_slot(s, 0), STATS_END, row[i].ms);
		CU_ASSERT_EQUAL(stats_sum(s, STATS_END + row[i].bucket), 1);
		CU_ASSERT_EQUAL(
		    stats_sum(s, STATS_END + STATS_BUCKETS), row[i].ms);
		stats_free(s);
	}
}

/* What was counted for a domain, the second kind by thousands; 0 where it is
 * not there. */
static uint64_t
counted(const struct stats *s, const char *name)
{
	struct stats_domain d;

	for (size_t i = 0; i <= STATS_DOMAINS_MAX; i++) {
		if (stats_domain(s, i, &d) && strcmp(d.name, name) == 0)
			return d.n[0] + 1000 * d.n[1];
	}
	return 0;
}

static void
domains_are_bounded(void)
{
	char name[40], long_name[300];
	struct stats *s;

	CU_ASSERT_FATAL(stats_new(2, &s) == 0);
	for (unsigned i = 0; i < STATS_DOMAINS_MAX; i++) {
		snprintf(name, sizeof name, "%u.example", i);
		stats_add_domain(stats_slot(s, i % 2), span_str(name), 0);
		stats_add_domain(stats_slot(s, 1), span_str(name), 1);
	}
	CU_ASSERT_EQUAL(counted(s, ""), 0);
	stats_add_domain(stats_slot(s, 1), span_str("one.more.example"), 1);
	CU_ASSERT_EQUAL(counted(s, ""), 1000);
	CU_ASSERT_EQUAL(counted(s, "one.more.example"), 0);
	for (unsigned i = 0; i < STATS_DOMAINS_MAX; i++) {
		snprintf(name, sizeof name, "%u.example", i);
		CU_ASSERT_EQUAL(counted(s, name), 1001);
	}
	memset(long_name, 'a', sizeof long_name);
	stats_add_domain(
	    stats_slot(s, 0), span_of(long_name, sizeof long_name), 1);
	CU_ASSERT_EQUAL(counted(s, ""), 2000);
	stats_free(s);
}

static const char *
letter(unsigned i)
{
	static const char *const v[] = {"a", "b", "c"};

	return v[i];
}

static void
note(void *arg, const struct stats_row *one)
{
	buf_fmt(arg, "%u %s", one->first, one->family);
	for (size_t i = 0; i < 2 && one->label[i] != NULL; i++)
		buf_fmt(arg, " %s=%s", one->label[i], one->value[i]);
	buf_str(arg, one->gauge ? ", gauge\n" : "\n");
}

/* Each counter by itself, in the order of the rows, others' rows in their
 * place. */
static void
rows_are_walked(void)
{
	static const struct stats_row inner[] = {
	    {.first = 7, .family = "inner", .gauge = true}, {.family = NULL}};
	static const struct stats_row rows[] = {{.first = 20,
	                                            .n = 3,
	                                            .family = "x",
	                                            .label = {"l"},
	                                            .word = letter},
	    {.rows = inner},
	    {.first = 30,
	        .n = 2,
	        .family = "y",
	        .label = {"k", "l"},
	        .value = {"v"},
	        .word = letter},
	    {.first = 1, .family = "z", .label = {"l"}, .value = {"v"}},
	    {.family = NULL}};
	struct buf text;

	buf_init(&text, 4096);
	stats_walk(rows, note, &text);
	CHECK_STR(buf_text(&text),
	    "20 x l=a\n21 x l=b\n22 x l=c\n7 inner, gauge\n"
	    "30 y k=v l=a\n31 y k=v l=b\n1 z l=v\n");
	buf_free(&text);
}

SUITE("stats", T(every_process_sees_every_slot), T(times_fall_into_buckets),
    T(domains_are_bounded), T(rows_are_walked))

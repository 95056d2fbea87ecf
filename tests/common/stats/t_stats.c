#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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
			stats_signed(
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
	stats_add_latency(NULL, 1);
	stats_signed(NULL, span_str("a.example"), false);
	CU_ASSERT_EQUAL(stats_sum(s, STATS_CLOSED), 500 + 15 - 102);
	stats_free(s);
	stats_free(NULL);
}

static void
latency_falls_into_buckets(void)
{
	static const struct {
		uint64_t ms;
		unsigned bucket;
	} row[] = {{0, 0}, {1, 0}, {2, 1}, {3, 2}, {5000, STATS_BUCKETS - 2},
	    {5001, STATS_BUCKETS - 1}, {UINT64_MAX, STATS_BUCKETS - 1}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct stats *s;

		CU_ASSERT_FATAL(stats_new(1, &s) == 0);
		stats_add_latency(stats_slot(s, 0), row[i].ms);
		CU_ASSERT_EQUAL(
		    stats_sum(s, STATS_DNS_BUCKET + row[i].bucket), 1);
		CU_ASSERT_EQUAL(stats_sum(s, STATS_DNS_MS), row[i].ms);
		stats_free(s);
	}
}

/* What was counted for a domain; 0 where it is not there. */
static uint64_t
signatures(const struct stats *s, const char *name)
{
	struct stats_domain d;

	for (size_t i = 0; i <= STATS_DOMAINS_MAX; i++) {
		if (stats_domain(s, i, &d) && strcmp(d.name, name) == 0)
			return d.rsa + 1000 * d.ed25519;
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
		stats_signed(stats_slot(s, i % 2), span_str(name), false);
		stats_signed(stats_slot(s, 1), span_str(name), true);
	}
	CU_ASSERT_EQUAL(signatures(s, ""), 0);
	stats_signed(stats_slot(s, 1), span_str("one.more.example"), true);
	CU_ASSERT_EQUAL(signatures(s, ""), 1000);
	CU_ASSERT_EQUAL(signatures(s, "one.more.example"), 0);
	for (unsigned i = 0; i < STATS_DOMAINS_MAX; i++) {
		snprintf(name, sizeof name, "%u.example", i);
		CU_ASSERT_EQUAL(signatures(s, name), 1001);
	}
	memset(long_name, 'a', sizeof long_name);
	stats_signed(
	    stats_slot(s, 0), span_of(long_name, sizeof long_name), true);
	CU_ASSERT_EQUAL(signatures(s, ""), 2000);
	stats_free(s);
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Each name stands for one counter; its labels have values; a family stands in one
 * piece, with one help. */
static void
names_are_unique(void)
{
	for (unsigned i = 0; i < STATS_COUNTERS; i++) {
		struct stats_name a = stats_name(i);

		if (a.family == NULL)
			continue;
		CU_ASSERT(a.help != NULL && a.help[strlen(a.help) - 1] == '.');
		CU_ASSERT(strspn(a.family, "abcdefghijklmnopqrstuvwxyz_") ==
		    strlen(a.family));
		for (size_t k = 0; k < 2; k++)
			CHECK((a.label[k] == NULL) == (a.value[k] == NULL));
		for (unsigned j = i + 1; j < STATS_COUNTERS; j++) {
			struct stats_name b = stats_name(j);

			if (!same(a.family, b.family))
				continue;
			suite_row(a.family);
			CHECK(same(stats_name(j - 1).family, a.family));
			CHECK(same(a.help, b.help) && a.owner == b.owner);
			CHECK(!same(a.value[0], b.value[0]) ||
			    !same(a.value[1], b.value[1]));
		}
	}
	CHECK_STR(
	    stats_name(STATS_SPF_HELO + SPF_SOFTFAIL).value[1], "softfail");
	CHECK_STR(
	    stats_name(STATS_UNSIGNED + UNSIGNED_OTHER).value[0], "other");
}

SUITE("stats", T(every_process_sees_every_slot), T(latency_falls_into_buckets),
    T(domains_are_bounded), T(names_are_unique))

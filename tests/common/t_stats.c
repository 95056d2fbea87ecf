#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/stats.h"
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
			_exit(0);
		}
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
	for (size_t i = 0; i < SLOTS; i++) {
		CU_ASSERT_EQUAL(
		    stats_get(stats_slot(s, i), STATS_CLOSED), 101 + i);
		CU_ASSERT_EQUAL(stats_get(stats_slot(s, i), STATS_ACCEPTED), 0);
	}
	CU_ASSERT_EQUAL(stats_sum(s, STATS_CLOSED), 500 + 15);
	stats_free(s);
	stats_free(NULL);
}

SUITE("stats", T(every_process_sees_every_slot))

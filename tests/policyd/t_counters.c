#include "policyd/counters.h"
#include "tests/support/shown.h"
#include "tests/support/suite.h"

static void
families(void)
{
	shown_check(&policyd_counters,
	    "counter connections_total\n"
	    "counter connections_closed_total\n"
	    "counter policy_requests_total\n"
	    "counter policy_repeated_total\n"
	    "counter spf_unchecked_total\n"
	    "counter spf_results_total\n"
	    "counter policy_actions_total\n"
	    "counter spf_lookups_total\n"
	    "counter spf_void_lookups_total\n"
	    "counter policy_errors_total\n"
	    "counter dns_answers_total\n"
	    "counter reloads_total\n"
	    "counter reload_failures_total\n"
	    "counter workers_died_total\n"
	    "gauge generation\n"
	    "gauge start_time_seconds\n"
	    "gauge config_time_seconds\n");
}

/* Of each identity its own result, of all of them the costs. */
static void
identities(void)
{
	static const struct check_result fail = {
	    .result = SPF_FAIL, .lookups = 3, .voids = 1};
	static const struct check_result pass = {
	    .result = SPF_PASS, .lookups = 2};
	struct stats *s;

	CU_ASSERT_FATAL(stats_new(1, &s) == 0);
	identity_count(stats_slot(s, 0), IDENTITY_HELO, &fail);
	identity_count(stats_slot(s, 0), IDENTITY_MAIL_FROM, &pass);
	identity_count(NULL, IDENTITY_MAIL_FROM, &pass);
	CHECK(stats_sum(s, IDENTITY_COUNT_HELO + SPF_FAIL) == 1);
	CHECK(stats_sum(s, IDENTITY_COUNT_HELO + SPF_PASS) == 0);
	CHECK(stats_sum(s, IDENTITY_COUNT_MAIL_FROM + SPF_PASS) == 1);
	CHECK(stats_sum(s, IDENTITY_COUNT_LOOKUPS) == 5);
	CHECK(stats_sum(s, IDENTITY_COUNT_VOIDS) == 1);
	stats_free(s);
}

SUITE("policyd counters", T(families), T(identities))

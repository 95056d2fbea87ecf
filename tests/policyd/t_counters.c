#include "tests/support/shown.h"
#include "tests/support/suite.h"
#include "policyd/counters.h"

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

SUITE("policyd counters", T(families))

#include "tests/support/shown.h"
#include "tests/support/suite.h"
#include "verifier/counters.h"

static void
families(void)
{
	shown_check(&verifier_counters,
	    "counter connections_total\n"
	    "counter connections_closed_total\n"
	    "counter dns_answers_total\n"
	    "counter tempfailed_messages_total\n"
	    "counter milter_errors_total\n"
	    "counter dkim_results_total\n"
	    "counter dkim_not_evaluated_total\n"
	    "counter domainkeys_results_total\n"
	    "counter spf_results_total\n"
	    "counter spf_lookups_total\n"
	    "counter spf_void_lookups_total\n"
	    "counter stripped_fields_total\n"
	    "counter own_messages_total\n"
	    "counter deferred_messages_total\n"
	    "counter refused_messages_total\n"
	    "counter reloads_total\n"
	    "counter reload_failures_total\n"
	    "counter workers_died_total\n"
	    "gauge generation\n"
	    "gauge start_time_seconds\n"
	    "gauge config_time_seconds\n");
}

SUITE("verifier counters", T(families))

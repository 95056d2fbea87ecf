#include "policyd/counters.h"

#include "common/limits.h"
#include "policyd/decide/verdict.h"

_Static_assert(
    (int)POLICYD_END <= STATS_COUNTERS_MAX, "a slot has room for all");

static const char *
action_word(unsigned i)
{
	return verdict_word((enum action_kind)i);
}

static const struct stats_row rows[] = {
    {.rows = stats_connections},
    {.first = POLICYD_REQUESTS,
        .family = "policy_requests_total",
        .help = "Policy requests that were answered."},
    {.first = POLICYD_REPEATED,
        .family = "policy_repeated_total",
        .help = "Requests answered as the one before for the same message."},
    {.first = POLICYD_UNCHECKED,
        .family = "spf_unchecked_total",
        .help = "Requests whose client is trusted or that have nothing to "
                "check."},
    {.rows = identity_results},
    {.first = POLICYD_ACTION,
        .n = ACTION_ACCESS + 1,
        .family = "policy_actions_total",
        .help = "What Postfix was told.",
        .label = {"action"},
        .word = action_word},
    {.rows = identity_lookups},
    {.first = POLICYD_ERROR,
        .family = "policy_errors_total",
        .help = "Requests that could not be read or served."},
    {.rows = dns_counters},
    {.rows = stats_supervisor},
    {.family = NULL},
};

const struct stats_report policyd_counters = {
    .prefix = "postseal_policyd_", .rows = rows, .times = &dns_times};

#include "verifier/counters.h"

#include "common/limits.h"

_Static_assert(
    (int)VERIFIER_END <= STATS_COUNTERS_MAX, "a slot has room for all");

static const char *
result_word(unsigned i)
{
	return dkim_result_word((enum dkim_result)i);
}

static const char *
reason_word(unsigned i)
{
	return judge_reason_text((enum judge_reason)i);
}

static const char *
algorithm_word(unsigned i)
{
	return i < VERIFIER_ALGORITHMS - 1
	    ? key_algorithm_word((enum key_algorithm)i)
	    : "other";
}

static const char *
dmarc_word(unsigned i)
{
	return dmarc_result_word((enum dmarc_result)i);
}

static const char *
disposition_kind_word(unsigned i)
{
	return disposition_word((enum disposition_kind)i);
}

static const char *
override_word(unsigned i)
{
	return disposition_reason_word(
	    (enum disposition_reason)(i + REASON_NONE + 1));
}

static const struct stats_row rows[] = {
    {.rows = stats_connections},
    {.rows = dns_counters},
    {.rows = milter_tempfailed},
    {.rows = milter_errors},
    {.first = VERIFIER_DKIM,
        .n = DKIM_PERMERROR + 1,
        .family = "dkim_results_total",
        .help = "DKIM results of signatures that came in.",
        .label = {"result"},
        .word = result_word},
    {.first = VERIFIER_REASON,
        .n = JUDGE_REASONS,
        .family = "dkim_reasons_total",
        .help = "Signatures that did not pass for something that a setting "
                "of ours, or our DNS, decides.",
        .label = {"reason"},
        .word = reason_word},
    {.first = VERIFIER_ALGORITHM,
        .n = VERIFIER_ALGORITHMS,
        .family = "dkim_algorithms_total",
        .help = "Signatures that came in, by their algorithm.",
        .label = {"algorithm"},
        .word = algorithm_word},
    {.first = VERIFIER_NOT_EVALUATED,
        .family = "dkim_not_evaluated_total",
        .help = "Signatures beyond verifier.signatures."},
    {.first = VERIFIER_DOMAINKEYS,
        .n = DKIM_PERMERROR + 1,
        .family = "domainkeys_results_total",
        .help = "DomainKeys results of messages with such a signature.",
        .label = {"result"},
        .word = result_word},
    {.rows = identity_results},
    {.rows = identity_lookups},
    {.first = VERIFIER_DMARC,
        .n = DMARC_RESULT_PERMERROR + 1,
        .family = "dmarc_results_total",
        .help = "DMARC results of messages.",
        .label = {"result"},
        .word = dmarc_word},
    {.first = VERIFIER_DISPOSITION,
        .n = DISPOSITION_REJECT + 1,
        .family = "dmarc_dispositions_total",
        .help = "What was done for DMARC policies, in words of RFC 9990.",
        .label = {"disposition"},
        .word = disposition_kind_word},
    {.first = VERIFIER_OVERRIDE + REASON_NONE + 1,
        .n = REASON_KINDS - 1,
        .family = "dmarc_overrides_total",
        .help = "Why something else was done than a DMARC policy says.",
        .label = {"reason"},
        .word = override_word},
    {.first = VERIFIER_LINES,
        .family = "dmarc_lines_total",
        .help = "Lines written into verifier.dmarc.results."},
    {.first = VERIFIER_LINES_LOST,
        .family = "dmarc_lines_lost_total",
        .help = "Lines that could not be written there."},
    {.first = VERIFIER_STRIPPED,
        .family = "stripped_fields_total",
        .help = "Forged fields that were removed."},
    {.first = VERIFIER_OWN,
        .family = "own_messages_total",
        .help = "Messages that were not verified: of users, or trusted."},
    {.first = VERIFIER_HELD,
        .family = "held_messages_total",
        .help = "Messages that went into Postfix's hold queue."},
    {.first = VERIFIER_DEFERRED,
        .family = "deferred_messages_total",
        .help = "Messages that were put off, for no fault of ours."},
    {.first = VERIFIER_REFUSED,
        .family = "refused_messages_total",
        .help = "Messages that were refused."},
    {.rows = stats_supervisor},
    {.family = NULL},
};

const struct stats_report verifier_counters = {
    .prefix = "postseal_verifier_", .rows = rows, .times = &dns_times};

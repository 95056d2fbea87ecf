#include "signer/counters.h"

#include "common/limits.h"

_Static_assert(
    (int)SIGNER_END <= STATS_COUNTERS_MAX, "a slot has room for all");

#define RISK "Messages that Postfix may have to rewrite, by what is in them."

static const struct stats_row rows[] = {
    {.rows = stats_connections},
    {.rows = dns_counters},
    {.first = SIGNER_SIGNED,
        .family = "signed_messages_total",
        .help = "Messages that were signed."},
    {.first = SIGNER_UNSIGNED,
        .n = UNSIGNED_REASONS,
        .family = "unsigned_messages_total",
        .help = "Messages that went on unsigned, and why.",
        .label = {"reason"},
        .word = reason_word},
    {.rows = milter_tempfailed},
    {.first = SIGNER_MISSING,
        .family = "missing_signatures_total",
        .help = "Signatures that signed messages lack: the key is bad or "
                "does not exist."},
    {.first = SIGNER_RISK_8BIT,
        .family = "at_risk_messages_total",
        .help = RISK,
        .label = {"cause"},
        .value = {"8bit"}},
    {.first = SIGNER_RISK_LONG_LINE,
        .family = "at_risk_messages_total",
        .help = RISK,
        .label = {"cause"},
        .value = {"long_line"}},
    {.first = SIGNER_NS,
        .family = "signing_nanoseconds_total",
        .help = "Time in which signatures were made."},
    {.rows = milter_errors},
    {.rows = stats_supervisor},
    {.rows = keycheck_counters},
    {.family = NULL},
};

static const struct stats_domains signatures = {.family = "signatures_total",
    .help = "Signatures by domain; an empty domain: all that are too many to "
            "be counted one by one.",
    .key = "signatures",
    .label = "algorithm",
    .value = {
        [SIGNER_RSA] = "rsa-sha256", [SIGNER_ED25519] = "ed25519-sha256"}};

const struct stats_report signer_counters = {.prefix = "postseal_signer_",
    .rows = rows,
    .times = &dns_times,
    .domains = &signatures};

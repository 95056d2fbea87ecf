#include "common/stats/stats.h"

static const char *const actions[] = {
    [ACTION_HEADER] = "header",
    [ACTION_REJECT] = "reject",
    [ACTION_DEFER] = "defer",
    [ACTION_DUNNO] = "dunno",
    [ACTION_ACCESS] = "access",
};

static const char *const answers[] = {
    [DNS_FOUND] = "found",
    [DNS_NODATA] = "nodata",
    [DNS_NXDOMAIN] = "nxdomain",
    [DNS_TEMPERROR] = "temperror",
};

static const char *const reasons[UNSIGNED_REASONS] = {
    [UNSIGNED_FROM_MISSING] = "from_missing",
    [UNSIGNED_FROM_REPEATED] = "from_repeated",
    [UNSIGNED_FROM_EMPTY] = "from_empty",
    [UNSIGNED_FROM_SEVERAL] = "from_several",
    [UNSIGNED_FROM_BAD] = "from_bad",
    [UNSIGNED_CLIENT_OUTSIDE] = "client_outside",
    [UNSIGNED_CLIENT_IGNORED] = "client_ignored",
    [UNSIGNED_DAEMON] = "daemon",
    [UNSIGNED_LOGIN] = "login",
    [UNSIGNED_ENVELOPE] = "envelope",
    [UNSIGNED_EXEMPT_DOMAIN] = "exempt_domain",
    [UNSIGNED_EXEMPT_RECIPIENT] = "exempt_recipient",
    [UNSIGNED_CAME_IN] = "came_in",
    [UNSIGNED_SIGNED_ALREADY] = "signed_already",
    [UNSIGNED_DOMAIN_UNKNOWN] = "domain_unknown",
    [UNSIGNED_NO_KEY] = "no_key",
    [UNSIGNED_BAD_KEY] = "bad_key",
    [UNSIGNED_KEY_MISMATCH] = "key_mismatch",
    [UNSIGNED_AT_RISK] = "at_risk",
    [UNSIGNED_HEADERS_LARGE] = "headers_large",
    [UNSIGNED_FIELDS_MANY] = "fields_many",
    [UNSIGNED_FIELD_BROKEN] = "field_broken",
    [UNSIGNED_MTA] = "mta",
    [UNSIGNED_OTHER] = "other",
};

static const char *
spf_word(unsigned i)
{
	return spf_result_word((enum spf_result)i);
}

static const char *
dkim_word(unsigned i)
{
	return dkim_result_word((enum dkim_result)i);
}

/* A counter, or several in a row that differ in the value of one label. */
struct group {
	enum stats_counter first;
	unsigned n;
	struct stats_name name;
	/* the last label's values: a table, or a function; NULL: none */
	const char *const *words;
	const char *(*word)(unsigned i);
};

#define ONE(c, f, h, o) \
	{ \
		.first = c, .n = 1, .name = { \
			.family = f, \
			.help = h, \
			.owner = o \
		} \
	}
#define STATE(c, f, h, o) \
	{ \
		.first = c, .n = 1, .name = { \
			.family = f, \
			.help = h, \
			.owner = o, \
			.gauge = true \
		} \
	}
#define LABELLED(c, f, h, l, v, o) \
	{ \
		.first = c, .n = 1, .name = { \
			.family = f, \
			.help = h, \
			.label = {l}, \
			.value = {v}, \
			.owner = o \
		} \
	}

#define RISK "Messages that Postfix may have to rewrite, by what is in them."

/* Those of one family one behind the other. */
static const struct group groups[] = {
    ONE(STATS_ACCEPTED, "connections_total", "Connections that came in.",
        STATS_BOTH),
    ONE(STATS_CLOSED, "connections_closed_total", "Connections that ended.",
        STATS_BOTH),
    ONE(STATS_REQUESTS, "policy_requests_total",
        "Policy requests that were answered.", STATS_POLICYD),
    ONE(STATS_REPEATED, "policy_repeated_total",
        "Requests answered as the one before for the same message.",
        STATS_POLICYD),
    ONE(STATS_SPF_UNCHECKED, "spf_unchecked_total",
        "Requests whose client is trusted or that have nothing to check.",
        STATS_POLICYD),
    {STATS_SPF_HELO, SPF_RESULTS,
        {"spf_results_total", "SPF results by identity.",
            {"identity", "result"}, {"helo", NULL}, STATS_POLICYD, false},
        NULL, spf_word},
    {STATS_SPF_MAIL_FROM, SPF_RESULTS,
        {"spf_results_total", "SPF results by identity.",
            {"identity", "result"}, {"mail_from", NULL}, STATS_POLICYD, false},
        NULL, spf_word},
    {STATS_ACTION, ACTION_ACCESS + 1,
        {"policy_actions_total", "What Postfix was told.", {"action", NULL},
            {NULL, NULL}, STATS_POLICYD, false},
        actions, NULL},
    ONE(STATS_SPF_LOOKUPS, "spf_lookups_total",
        "Terms of SPF records that cost a question to DNS.", STATS_POLICYD),
    ONE(STATS_SPF_VOIDS, "spf_void_lookups_total",
        "Of which those that found nothing.", STATS_POLICYD),
    ONE(STATS_POLICY_ERROR, "policy_errors_total",
        "Requests that could not be read or served.", STATS_POLICYD),
    {STATS_DNS_ANSWER, DNS_TEMPERROR + 1,
        {"dns_answers_total", "Answers of the DNS servers.", {"answer", NULL},
            {NULL, NULL}, STATS_BOTH, false},
        answers, NULL},
    ONE(STATS_SIGNED, "signed_messages_total", "Messages that were signed.",
        STATS_SIGNER),
    {STATS_UNSIGNED, UNSIGNED_REASONS,
        {"unsigned_messages_total", "Messages that went on unsigned, and why.",
            {"reason", NULL}, {NULL, NULL}, STATS_SIGNER, false},
        reasons, NULL},
    ONE(STATS_TEMPFAIL, "tempfailed_messages_total",
        "Messages that were put off because the daemon failed.", STATS_MILTERS),
    ONE(STATS_MISSING, "missing_signatures_total",
        "Signatures that signed messages lack: the key is bad or does not "
        "exist.",
        STATS_SIGNER),
    LABELLED(STATS_RISK_8BIT, "at_risk_messages_total", RISK, "cause", "8bit",
        STATS_SIGNER),
    LABELLED(STATS_RISK_LONG_LINE, "at_risk_messages_total", RISK, "cause",
        "long_line", STATS_SIGNER),
    ONE(STATS_SIGN_NS, "signing_nanoseconds_total",
        "Time in which signatures were made.", STATS_SIGNER),
    ONE(STATS_MILTER_ERROR, "milter_errors_total",
        "Connections closed for what came over them, or did not come.",
        STATS_MILTERS),
    {STATS_DKIM, DKIM_PERMERROR + 1,
        {"dkim_results_total", "DKIM results of signatures that came in.",
            {"result", NULL}, {NULL, NULL}, STATS_VERIFIER, false},
        NULL, dkim_word},
    ONE(STATS_DKIM_NOT_EVALUATED, "dkim_not_evaluated_total",
        "Signatures beyond verifier.signatures.", STATS_VERIFIER),
    ONE(STATS_STRIPPED, "stripped_fields_total",
        "Forged fields that were removed.", STATS_VERIFIER),
    ONE(STATS_VERIFIER_OWN, "own_messages_total",
        "Messages that were not verified: of users, or trusted.",
        STATS_VERIFIER),
    ONE(STATS_VERIFIER_DEFERRED, "deferred_messages_total",
        "Messages that were put off as on_temperror says.", STATS_VERIFIER),
    ONE(STATS_VERIFIER_REFUSED, "refused_messages_total",
        "Messages that were refused.", STATS_VERIFIER),
    ONE(STATS_RELOADS, "reloads_total", "Settings that came into force.",
        STATS_BOTH),
    ONE(STATS_RELOADS_FAILED, "reload_failures_total",
        "Settings that were refused.", STATS_BOTH),
    ONE(STATS_WORKERS_DIED, "workers_died_total",
        "Workers that ended without being told to.", STATS_BOTH),
    STATE(STATS_GENERATION, "generation", "Number of the settings in force.",
        STATS_BOTH),
    STATE(STATS_STARTED, "start_time_seconds", "When the daemon was started.",
        STATS_BOTH),
    STATE(STATS_LOADED, "config_time_seconds",
        "When the settings in force were read.", STATS_BOTH),
    STATE(STATS_KEYS_OK, "keys_ok", "Active keys that stand in DNS.",
        STATS_SIGNER),
    STATE(STATS_KEYS_MISMATCH, "keys_mismatch",
        "Active keys whose record in DNS is missing or another.", STATS_SIGNER),
    STATE(STATS_KEYS_UNKNOWN, "keys_unknown",
        "Active keys of which DNS could not tell.", STATS_SIGNER),
    STATE(STATS_KEYS_CHECKED, "keys_checked_time_seconds",
        "When keys were last compared with DNS.", STATS_SIGNER),
};

bool
stats_is_shown(enum stats_owner owner, enum stats_owner daemon)
{
	return owner == STATS_BOTH || owner == daemon ||
	    (owner == STATS_MILTERS && daemon != STATS_POLICYD);
}

static const char *
word_of(const struct group *g, unsigned i)
{
	return g->words != NULL ? g->words[i] : g->word(i);
}

struct stats_name
stats_name(enum stats_counter c)
{
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		const struct group *g = &groups[i];
		struct stats_name name = g->name;

		if (c < g->first || c >= g->first + g->n)
			continue;
		if (g->n > 1)
			name.value[name.label[1] == NULL ? 0 : 1] =
			    word_of(g, c - g->first);
		return name;
	}
	return (struct stats_name){.family = NULL};
}

#include "signer/counters.h"
#include "tests/support/shown.h"
#include "tests/support/suite.h"

static void
families(void)
{
	shown_check(&signer_counters,
	    "counter connections_total\n"
	    "counter connections_closed_total\n"
	    "counter dns_answers_total\n"
	    "counter signed_messages_total\n"
	    "counter unsigned_messages_total\n"
	    "counter tempfailed_messages_total\n"
	    "counter missing_signatures_total\n"
	    "counter at_risk_messages_total\n"
	    "counter signing_nanoseconds_total\n"
	    "counter milter_errors_total\n"
	    "counter reloads_total\n"
	    "counter reload_failures_total\n"
	    "counter workers_died_total\n"
	    "gauge generation\n"
	    "gauge start_time_seconds\n"
	    "gauge config_time_seconds\n"
	    "gauge keys_ok\n"
	    "gauge keys_mismatch\n"
	    "gauge keys_unknown\n"
	    "gauge keys_checked_time_seconds\n");
}

/* Each verdict has a reason, and none but CHOOSE_SIGN and what is out of memory
 * is "other". */
static void
verdicts_have_reasons(void)
{
	static const struct {
		enum choose_verdict verdict;
		const char *word;
	} rows[] = {
	    {CHOOSE_SIGN, "other"},
	    {CHOOSE_FROM_MISSING, "from_missing"},
	    {CHOOSE_FROM_REPEATED, "from_repeated"},
	    {CHOOSE_FROM_EMPTY, "from_empty"},
	    {CHOOSE_FROM_SEVERAL, "from_several"},
	    {CHOOSE_FROM_BAD, "from_bad"},
	    {CHOOSE_CLIENT_IGNORED, "client_ignored"},
	    {CHOOSE_DAEMON_NEVER, "daemon"},
	    {CHOOSE_CAME_IN, "came_in"},
	    {CHOOSE_CLIENT_OUTSIDE, "client_outside"},
	    {CHOOSE_LOGIN_OTHER, "login"},
	    {CHOOSE_ENVELOPE_OTHER, "envelope"},
	    {CHOOSE_DOMAIN_EXEMPT, "exempt_domain"},
	    {CHOOSE_RECIPIENT_EXEMPT, "exempt_recipient"},
	    {CHOOSE_DOMAIN_UNKNOWN, "domain_unknown"},
	    {CHOOSE_DOMAIN_NO_KEY, "no_key"},
	    {CHOOSE_DOMAIN_BAD_KEY, "bad_key"},
	    {CHOOSE_NO_MEMORY, "other"},
	};

	CHECK(sizeof rows / sizeof *rows == CHOOSE_VERDICTS);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		suite_row(rows[i].word);
		CHECK_STR(
		    reason_word(reason_of(rows[i].verdict)), rows[i].word);
	}
	CHECK_STR(reason_sentence(UNSIGNED_MTA),
	    "the MTA does not let us add header fields");
	CHECK(reason_sentence(UNSIGNED_FROM_BAD) == NULL);
}

SUITE("signer counters", T(families), T(verdicts_have_reasons))

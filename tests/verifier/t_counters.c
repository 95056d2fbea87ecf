#include "tests/support/house.h"
#include "tests/support/resolver_zone.h"
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
	    "counter dkim_reasons_total\n"
	    "counter dkim_algorithms_total\n"
	    "counter dkim_not_evaluated_total\n"
	    "counter domainkeys_results_total\n"
	    "counter spf_results_total\n"
	    "counter spf_lookups_total\n"
	    "counter spf_void_lookups_total\n"
	    "counter dmarc_results_total\n"
	    "counter dmarc_dispositions_total\n"
	    "counter dmarc_overrides_total\n"
	    "counter dmarc_lines_total\n"
	    "counter dmarc_lines_lost_total\n"
	    "counter stripped_fields_total\n"
	    "counter own_messages_total\n"
	    "counter held_messages_total\n"
	    "counter deferred_messages_total\n"
	    "counter refused_messages_total\n"
	    "counter reloads_total\n"
	    "counter reload_failures_total\n"
	    "counter workers_died_total\n"
	    "gauge generation\n"
	    "gauge start_time_seconds\n"
	    "gauge config_time_seconds\n");
}

/* What a message counts, beside its result. */
static void
reasons(void)
{
#define TAIL "h=from:to; bh=@; b=@"
	static const struct {
		const char *line, *config;
		int reason; /* -1: none of those */
		unsigned algorithm;
		enum dkim_result result;
	} row[] = {
	    {"v=1; a=rsa-sha256; d=a.example; s=rsa; " TAIL, "", -1,
	        KEY_RSA_SHA256, DKIM_PASS},
	    {"v=1; a=ed25519-sha256; d=a.example; s=ed; " TAIL, "", -1,
	        KEY_ED25519_SHA256, DKIM_PASS},
	    {"v=1; a=rsa-sha1; d=a.example; s=rsa; " TAIL, "", -1,
	        VERIFIER_ALGORITHMS - 1, DKIM_PERMERROR},
	    {"v=1; d=a.example; s=rsa; " TAIL, "", -1, VERIFIER_ALGORITHMS - 1,
	        DKIM_PERMERROR},
	    {"v=1; a=rsa-sha256; d=a.example; s=rsa; x=9; " TAIL, "",
	        JUDGE_EXPIRED, KEY_RSA_SHA256, DKIM_POLICY},
	    {"v=1; a=rsa-sha256; d=a.example; s=rsa; t=1900000000; " TAIL, "",
	        JUDGE_FUTURE, KEY_RSA_SHA256, DKIM_POLICY},
	    {"v=1; a=rsa-sha256; d=a.example; s=weak; " TAIL,
	        "minimum_bits = 2048", JUDGE_SHORT_KEY, KEY_RSA_SHA256,
	        DKIM_POLICY},
	    {"v=1; a=rsa-sha256; d=a.example; s=rsa; l=1; " TAIL, "",
	        JUDGE_PART, KEY_RSA_SHA256, DKIM_POLICY},
	    {"v=1; a=rsa-sha256; d=a.example; s=rsa; " TAIL,
	        "required_fields = Subject", JUDGE_REQUIRED, KEY_RSA_SHA256,
	        DKIM_POLICY},
	    {"v=1; a=rsa-sha256; d=a.example; s=dead; " TAIL, "",
	        JUDGE_NO_ANSWER, KEY_RSA_SHA256, DKIM_TEMPERROR},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct stats *stats;
		struct buf message;
		struct house h;
		struct mta m;

		suite_row(row[i].line);
		CU_ASSERT_FATAL(stats_new(1, &stats) == 0);
		house_open(&h, row[i].config);
		house_zone(&h, "dead._domainkey.a.example TXT servfail");
		h.v.stats = stats_slot(stats, 0);
		buf_init(&message, 1 << 20);
		house_mail(&h, row[i].line,
		    "From: a@a.example\r\nTo: b@b.example\r\nSubject: x\r\n"
		    "\r\nHello\r\n",
		    &message);
		CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
		for (int r = 0; r < JUDGE_REASONS; r++)
			CHECK(stats_sum(stats, VERIFIER_REASON + (unsigned)r) ==
			    (r == row[i].reason));
		for (unsigned a = 0; a < VERIFIER_ALGORITHMS; a++)
			CHECK(stats_sum(stats, VERIFIER_ALGORITHM + a) ==
			    (a == row[i].algorithm));
		CHECK(stats_sum(stats, VERIFIER_DKIM + row[i].result) == 1);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
		stats_free(stats);
	}
	suite_row(NULL);
}

SUITE("verifier counters", T(families), T(reasons))

#include <stdio.h>
#include <string.h>

#include "admin/look/status_text.h"
#include "tests/support/suite.h"

static const struct {
	const char *json;
	const char *text;
} rows[] = {
    {"{\"daemon\": \"postseal-signer\", \"version\": \"1\", \"pid\": 7,"
     " \"uptime\": 90061, \"generation\": 2, \"config_age\": 59,"
     " \"workers\": [{\"worker\": 3, \"pid\": 9, \"generation\": 2,"
     " \"connections\": 4}], \"counters\": {\"signed_messages_total\": 5,"
     " \"unsigned_messages_total\": {\"no_key\": 0, \"mta\": 2},"
     " \"at_risk_messages_total\": {\"8bit\": 0},"
     " \"tempfailed_messages_total\": 0, \"keys_ok\": 1,"
     " \"keys_mismatch\": 1, \"keys_checked_time_seconds\": 5},"
     " \"signatures\": [{\"domain\": \"a.example\", \"rsa-sha256\": 5,"
     " \"ed25519-sha256\": 0}, {\"domain\": \"\", \"rsa-sha256\": 1}],"
     " \"dns_latency\": {\"count\": 0, \"ms\": 0},"
     " \"keys\": [{\"domain\": \"b.example\", \"selector\": \"s\","
     " \"state\": \"mismatch\", \"detail\": \"another key\"}]}",
        "postseal-signer 1, pid 7, up 1 d 1 h; settings 2, read 59 s ago\n"
        "  workers         1: 3 (pid 9, settings 2, 4 open)\n"
        "  signed          5\n"
        "  unsigned        mta 2\n"
        "  signatures      a.example: rsa 5, ed25519 0\n"
        "                  other domains: rsa 1, ed25519 0\n"
        "  keys            1 in DNS, 1 missing or another, 0 unknown\n"
        "                  s._domainkey.b.example: mismatch another key\n"},
    {"{\"daemon\": \"postseal-policyd\", \"version\": \"1\", \"pid\": 7,"
     " \"uptime\": 3660, \"generation\": 1, \"config_age\": 61,"
     " \"workers\": [], \"counters\": {\"spf_results_total\":"
     " {\"helo\": {\"fail\": 0}, \"mail_from\": {\"fail\": 1, \"pass\": 2}},"
     " \"dns_answers_total\": {\"found\": 9,"
     " \"temperror\": 1}}, \"dns_latency\": {\"count\": 10, \"ms\": 105,"
     " \"buckets\": [{\"le\": 5, \"n\": 9}, {\"le\": 20, \"n\": 1},"
     " {\"le\": null, \"n\": 0}]}}",
        "postseal-policyd 1, pid 7, up 1 h 1 min; settings 1, read 1 min "
        "ago\n"
        "  workers         0\n"
        "  MAIL FROM       fail 1, pass 2\n"
        "  DNS             10 questions; found 9, "
        "temperror 1; mean 10 ms, 95 % within 20 ms\n"},
    {"{\"daemon\": \"postseal-verifier\", \"version\": \"1\", \"pid\": 7,"
     " \"uptime\": 5, \"generation\": 1, \"config_age\": 5,"
     " \"workers\": [], \"counters\": {\"tempfailed_messages_total\": 1,"
     " \"milter_errors_total\": 2, \"dkim_results_total\": {\"none\": 3,"
     " \"pass\": 20, \"fail\": 0, \"temperror\": 1},"
     " \"dkim_reasons_total\": {\"expired\": 2, \"key too short\": 0},"
     " \"dkim_algorithms_total\": {\"rsa-sha256\": 21, \"other\": 0},"
     " \"dkim_not_evaluated_total\": 4, \"domainkeys_results_total\":"
     " {\"pass\": 9, \"policy\": 2}, \"dmarc_results_total\":"
     " {\"pass\": 30, \"fail\": 2}, \"dmarc_dispositions_total\":"
     " {\"pass\": 11, \"reject\": 1}, \"dmarc_overrides_total\":"
     " {\"mailing_list\": 1}, \"stripped_fields_total\": 5,"
     " \"own_messages_total\": 6, \"held_messages_total\": 10,"
     " \"deferred_messages_total\": 7, \"refused_messages_total\": 8}}",
        "postseal-verifier 1, pid 7, up 5 s; settings 1, read 5 s ago\n"
        "  workers         0\n"
        "  DKIM            none 3, pass 20, temperror 1\n"
        "  reasons         expired 2\n"
        "  algorithms      rsa-sha256 21\n"
        "  not evaluated   4\n"
        "  DomainKeys      pass 9, policy 2\n"
        "  DMARC           pass 30, fail 2\n"
        "  DMARC done      pass 11, reject 1\n"
        "  not done for    mailing_list 1\n"
        "  removed         5\n"
        "  own mail        6\n"
        "  held            10\n"
        "  deferred        7\n"
        "  refused         8\n"
        "  put off         1\n"
        "  errors          2\n"},
    {"{\"dns_latency\": {\"count\": 1, \"ms\": 3}}",
        "? ?, pid 0, up 0 s; settings 0, read 0 s ago\n"
        "  workers         0\n"
        "  DNS             1 question; mean 3 ms\n"},
    {"{\"keys\": []}",
        "? ?, pid 0, up 0 s; settings 0, read 0 s ago\n"
        "  workers         0\n"
        "  keys            not compared with DNS yet\n"},
    {"{\"uptime\": -5, \"dns_latency\": {\"count\":"
     " 9223372036854775807, \"ms\": 9223372036854775807, \"buckets\":"
     " [{\"le\": 5, \"n\": 9223372036854775807}, {\"le\": 6, \"n\":"
     " 9223372036854775807}]}}",
        "? ?, pid 0, up 0 s; settings 0, read 0 s ago\n"
        "  workers         0\n"
        "  DNS             1000000000000000 questions; "
        "mean 1 ms, 95 % within 5 ms\n"},
    {"{\"workers\": 1, \"counters\": [], \"keys\": 2, \"signatures\": {},"
     " \"dns_latency\": {\"count\": \"x\", \"buckets\": 3}}",
        "? ?, pid 0, up 0 s; settings 0, read 0 s ago\n"
        "  workers         0\n"
        "  keys            not compared with DNS yet\n"},
};

static void
texts(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *o = json_loads(rows[i].json, 0, NULL);
		struct buf out;

		suite_row(rows[i].json);
		CU_ASSERT_FATAL(o != NULL);
		buf_init(&out, 100000);
		status_text(o, &out);
		CHECK_STR(buf_text(&out), rows[i].text);
		buf_free(&out);
		json_decref(o);
	}
}

SUITE("status_text", T(texts))

#include "common/dns/dnscounters.h"

static const char *
answer_word(unsigned i)
{
	switch ((enum dns_status)i) {
	case DNS_FOUND:
		return "found";
	case DNS_NODATA:
		return "nodata";
	case DNS_NXDOMAIN:
		return "nxdomain";
	case DNS_TEMPERROR:
		break;
	}
	return "temperror";
}

const struct stats_row dns_counters[] = {
    {.first = DNS_COUNT_ANSWER,
        .n = DNS_TEMPERROR + 1,
        .family = "dns_answers_total",
        .help = "Answers of the DNS servers.",
        .label = {"answer"},
        .word = answer_word},
    {.family = NULL},
};

const struct stats_times dns_times = {.first = DNS_COUNT_TIME,
    .family = "dns_latency_seconds",
    .help = "How long DNS servers took to answer.",
    .key = "dns_latency"};

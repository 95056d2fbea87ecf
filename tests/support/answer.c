#include "tests/support/answer.h"

#include <stdio.h>

static const char *const status_word[] = {
    "found", "nodata", "nxdomain", "temperror"};

const char *
answer_text(const struct dns_answer *a, enum dns_type type)
{
	static char text[4000];
	char ip[IP_TEXT_MAX];
	int n = snprintf(text, sizeof text, "%s%s%s", status_word[a->status],
	    a->why == NULL ? "" : " ", a->why == NULL ? "" : a->why);

	for (size_t i = 0; i < a->n && (size_t)n < sizeof text; i++) {
		const struct dns_record *r = &a->record[i];
		size_t room = sizeof text - (size_t)n;
		const char *bar = i == 0 ? "" : " |";

		switch (type) {
		case DNS_TXT:
			n += snprintf(text + n, room, "%s '%.*s'", bar,
			    (int)r->txt.n, r->txt.p);
			break;
		case DNS_MX:
		case DNS_PTR:
		case DNS_CNAME:
			n += snprintf(text + n, room, "%s %u %s", bar,
			    r->preference, r->name);
			break;
		case DNS_A:
		case DNS_AAAA:
			n += snprintf(
			    text + n, room, "%s %s", bar, ip_text(&r->ip, ip));
			break;
		}
	}
	return text;
}

/*
 * The trap: an answer may have many TXT records, of which those that are not
 * SPF do not matter, and two that are SPF are an error even if they are equal.
 */
#include <errno.h>

#include "common/spf/published.h"
#include "common/spf/record.h"

int
published_record(const struct dns_answer *answer, struct span *ret)
{
	const struct dns_record *spf = NULL;

	if (answer->status != DNS_FOUND)
		return -ENOENT;
	for (size_t i = 0; i < answer->n; i++) {
		if (!record_is_spf(answer->record[i].txt))
			continue;
		if (spf != NULL)
			return -EINVAL;
		spf = &answer->record[i];
	}
	if (spf == NULL)
		return -ENOENT;
	*ret = spf->txt;
	return 0;
}

bool
published_no_mail(const struct dns_answer *answer)
{
	struct span txt;

	return published_record(answer, &txt) == 0 &&
	    span_ieqs(span_trim(txt), "v=spf1 -all");
}

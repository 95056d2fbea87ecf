#include "common/dns/dnsanswer.h"

#include <stdlib.h>

struct dns_answer *
dns_answer_hold(struct dns_answer *a)
{
	a->others++;
	return a;
}

void
dns_answer_free(struct dns_answer *a)
{
	if (a != NULL && a->others > 0)
		a->others--;
	else
		free(a);
}

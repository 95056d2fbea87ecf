/*
 * Any value of a DKIM-Signature. What can be verified has all that is needed
 * for it; what is shown has no byte that a reader of Authentication-Results
 * could stumble over, whatever else is wrong.
 */
#include <stdint.h>
#include <string.h>

#include "common/dkim/signature.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* It can be verified. */
static void
good(const struct signature *s)
{
	const char *at = strrchr(s->identity, '@');

	must(s->domain_a[0] != '\0' && s->selector[0] != '\0');
	must(domain_is_mail(span_str(s->domain_a)));
	must(domain_is_name(span_str(s->name)));
	must(s->signature_n > 0 && s->b.n > 0 && s->headers.n > 0);
	must(signature_names(s, "from") > 0);
	must(at != NULL &&
	    domain_within(span_str(at + 1), span_str(s->domain_a)));
	must(!s->exact_identity ||
	    domain_equal(span_str(at + 1), span_str(s->domain_a)));
	must(s->time < s->expire || s->time == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	static struct signature s, t;
	enum dkim_result r;
	const char *why = NULL;

	r = signature_read(in, &s, &why);
	must(r == DKIM_PASS || r == DKIM_NEUTRAL || r == DKIM_PERMERROR);
	must((r == DKIM_PASS) == (why == NULL));
	must(is_plain_name(s.domain_a) && is_plain_name(s.selector) &&
	    is_plain_name(s.name));
	must(is_inside(s.b, in) && is_inside(s.headers, in) &&
	    is_inside(s.domain, in) && is_inside(s.algorithm_word, in));
	if (r == DKIM_PASS)
		good(&s);
	/* nothing is left of another one */
	memset(&t, 0xff, sizeof t);
	must(signature_read(in, &t, &why) == r);
	must(memcmp(s.signature, t.signature, s.signature_n) == 0);
	must(strcmp(s.identity, t.identity) == 0 && s.length == t.length);
	return 0;
}

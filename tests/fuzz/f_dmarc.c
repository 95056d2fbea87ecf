/* Any TXT record as a DMARC record; what is read can be written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "admin/check/dmarc.h"
#include "common/bytes/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(const struct dmarc *d)
{
	struct dmarc other;
	const char *why;
	struct buf text;

	buf_init(&text, 1000);
	buf_fmt(&text, "v=DMARC1; p=%s; t=%s; aspf=%s; adkim=%s%s",
	    dmarc_word(d->policy), d->testing ? "y" : "n",
	    d->strict_spf ? "s" : "r", d->strict_dkim ? "s" : "r",
	    d->reports ? "; rua=mailto:a@b.example" : "");
	if (!dmarc_claims(buf_view(&text)) ||
	    dmarc_parse(buf_view(&text), &other, &why) != PARSE_OK ||
	    other.policy != d->policy || other.testing != d->testing ||
	    other.strict_spf != d->strict_spf ||
	    other.strict_dkim != d->strict_dkim || other.reports != d->reports)
		abort();
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct dmarc d;
	const char *why = NULL;

	if (dmarc_parse(in, &d, &why) == PARSE_OK) {
		if (!dmarc_claims(in)) /* or it would not be found */
			abort();
		again(&d);
	} else if (why == NULL) {
		abort();
	}
	return 0;
}

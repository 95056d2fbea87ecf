/* Any TXT record as a DMARC record: what is read can be written, and read as
 * the same. */
#include <stdint.h>
#include <stdlib.h>

#include "common/bytes/buf.h"
#include "verifier/dmarc/dmarc_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(const struct dmarc_record *r)
{
	static const char *const psd[] = {"u", "y", "n"};
	struct dmarc_record other;
	const char *why;
	struct buf text;

	buf_init(&text, 1000);
	buf_fmt(&text, "v=DMARC1; p=%s; sp=%s; np=%s; adkim=%s; aspf=%s",
	    r->unusable ? "" : dmarc_policy_word(r->p),
	    dmarc_policy_word(r->sp), dmarc_policy_word(r->np),
	    r->strict_dkim ? "s" : "r", r->strict_spf ? "s" : "r");
	buf_fmt(&text, "; psd=%s; t=%s; ruf=mailto:a@b.example; fo=%s%s%s",
	    psd[r->psd], r->testing ? "y" : "n",
	    (r->fo & DMARC_FO_1) != 0       ? "1"
	        : (r->fo & DMARC_FO_0) != 0 ? "0"
	        : (r->fo & DMARC_FO_D) != 0 ? "d"
	                                    : "s",
	    (r->fo & DMARC_FO_D) != 0 && (r->fo & 3) != 0 ? ":d" : "",
	    (r->fo & DMARC_FO_S) != 0 && (r->fo & 7) != 0 ? ":s" : "");
	if (dmarc_record_parse(buf_view(&text), &other, &why) != PARSE_OK ||
	    other.p != r->p || other.sp != r->sp || other.np != r->np ||
	    other.strict_dkim != r->strict_dkim ||
	    other.strict_spf != r->strict_spf || other.psd != r->psd ||
	    other.testing != r->testing || other.fo != r->fo ||
	    other.unusable != r->unusable)
		abort();
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct dmarc_record r;
	const char *why = NULL;

	if (dmarc_record_parse(in, &r, &why) == PARSE_OK) {
		if (!dmarc_record_counts(in) || (r.wrong & ~r.given) != 0 ||
		    (r.unusable && r.p != DMARC_NONE))
			abort();
		again(&r);
	} else if (why == NULL) {
		abort();
	}
	return 0;
}

/*
 * Any value of a DomainKey-Signature, in front of a message that it is above.
 * What can be verified has all that is needed for it; what is shown has no byte
 * that a reader of Authentication-Results could stumble over. The first byte
 * says where the body is cut: wherever that is, the canonical form is that of
 * the plain reader.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/dksign.h"
#include "tests/support/must.h"
#include "verifier/verify/dkcanon.h"
#include "verifier/verify/dksignature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1 << 20 };

static void
read_value(struct span in)
{
	static struct dksignature s, t;
	const char *why = dksignature_read(in, &s);

	must(is_plain_name(s.tags.domain_a) && is_plain_name(s.tags.selector) &&
	    is_plain_name(s.tags.name));
	must(is_inside(s.tags.b, in) && is_inside(s.tags.headers, in));
	if (why == NULL) {
		must(domain_is_mail(span_str(s.tags.domain_a)));
		must(domain_is_name(span_str(s.tags.name)));
		must(s.tags.signature_n > 0 && s.tags.b.n > 0);
	}
	/* nothing is left of another one */
	memset(&t, 0xff, sizeof t);
	must((dksignature_read(in, &t) == NULL) == (why == NULL));
	must(s.nofws == t.nofws && strcmp(s.tags.name, t.tags.name) == 0 &&
	    s.tags.signature_n == t.tags.signature_n);
}

static void
append(void *arg, struct span run)
{
	must(run.n > 0);
	buf_span(arg, run);
}

static void
canonize(struct span body, size_t step, bool nofws)
{
	struct buf got, want;
	const struct canon_sink sink = {append, &got};
	struct dkcanon c;

	buf_init(&got, TEXT_MAX);
	buf_init(&want, TEXT_MAX);
	dksign_body(nofws, body, &want);
	dkcanon_init(&c, nofws);
	while (body.n > 0) {
		size_t n = body.n < step ? body.n : step;

		dkcanon_feed(&c, span_of(body.p, n), &sink);
		body = span_skip(body, n);
	}
	dkcanon_end(&c, &sink);
	must(span_eq(buf_view(&got), buf_view(&want)));
	buf_free(&got);
	buf_free(&want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);

	if (size < 1 || size > 64 * 1024)
		return 0;
	read_value(span_skip(in, 1));
	canonize(span_skip(in, 1), 1U + data[0], false);
	canonize(span_skip(in, 1), 1U + data[0], true);
	return 0;
}

/*
 * Macro texts: what is accepted is expanded, as a name and as an explanation.
 * Up to the first NUL stands the local part, up to the second the HELO name.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/spf/macro.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span
cut(struct span *rest)
{
	struct span s = span_of(rest->p, span_find(*rest, '\0'));

	*rest = span_skip(*rest, s.n + 1);
	return s;
}

static void
as_name(struct span text, const struct macro_vars *v)
{
	char name[DOMAIN_MAX + 1];
	const char *why = NULL;
	size_t n;

	if (macro_check_domain(text, &why) != 0) {
		must(why != NULL);
		return;
	}
	/* a domain-spec is a macro-string */
	must(macro_check_unknown(text, &why) == 0);
	must(!macro_uses(text, "crt"));
	n = macro_domain(text, v, name);
	must(n <= DOMAIN_MAX && name[n] == '\0');
}

static void
as_explanation(struct span text, const struct macro_vars *v)
{
	const char *why = NULL;
	struct buf b;

	if (macro_check_explain(text, &why) != 0) {
		must(why != NULL);
		must(macro_check_unknown(text, &why) != 0);
		return;
	}
	buf_init(&b, SPF_EXPLANATION_MAX);
	macro_explain(text, v, &b);
	must(buf_view(&b).n <= SPF_EXPLANATION_MAX);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size);
	struct macro_vars v = {.origin = span_str("email.example.com"),
	    .domain = span_str("a.example"),
	    .name = span_str("mx.example.org"),
	    .receiver = "receiver.example",
	    .now = 1700000000};

	v.local = v.sender = cut(&rest);
	v.helo = cut(&rest);
	must(ip_parse(span_str(size % 2 ? "2001:db8::1" : "192.0.2.1"),
	         &v.client) == 0);
	as_name(rest, &v);
	as_explanation(rest, &v);
	return 0;
}

/*
 * The value of a Received-SPF or Authentication-Results field, in which the
 * fuzzer plays the sender: whatever stands in front of this host's receiver=,
 * and behind its authserv-id and result, the field is a mark.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/bytes/buf.h"
#include "signer/choose/inbound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
serves(const void *arg, struct span domain)
{
	(void)arg;
	return span_ieqs(domain, "served.example");
}

static bool
is_home(const void *arg, struct span domain)
{
	(void)arg;
	return span_ieqs(domain, "home.example");
}

static bool
is_mark(const char *name, struct span value)
{
	static const struct inbound_us us = {
	    "mx.example", "other.example", serves, is_home, NULL};
	struct field f = {span_str(name), value};
	const struct field *got =
	    inbound_mark(&(struct field_list){&f, 1}, &us);

	if (got != NULL && got != &f)
		abort();
	return got != NULL;
}

static void
must_be_mark(
    const char *name, const char *before, struct span in, const char *behind)
{
	struct buf text;

	buf_init(&text, 1 << 22);
	buf_str(&text, before);
	buf_span(&text, in);
	buf_str(&text, behind);
	if (!is_mark(name, buf_view(&text)))
		abort();
	buf_free(&text);
}

/* What a stranger has in our own Received field, by HELO or certificate, does
 * not make it that of a client who logged in. */
static void
must_be_under_way(struct span in)
{
	static const struct inbound_us us = {
	    "mx.example", "other.example", serves, is_home, NULL};
	struct field f[2] = {{span_str("Received-SPF"), span_str(" pass")},
	    {span_str("Received"), {NULL, 0}}};
	struct buf text;

	buf_init(&text, 1 << 22);
	buf_str(&text, " from ");
	buf_span(&text, in);
	buf_str(&text, "\n\tby mx.example (Postfix) with ESMTPS id 1;");
	f[1].value = buf_view(&text);
	if (inbound_new(&(struct field_list){f, 2}, &us) != 0)
		abort();
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char spf[] = "Received-SPF",
	                  results[] = "Authentication-Results",
	                  comment[] = "X-Comment";
	struct span in = span_of(data, size);

	must_be_under_way(in);
	(void)is_mark(spf, in);
	(void)is_mark(results, in);
	(void)is_mark(comment, in);
	must_be_mark(spf, " pass helo=", in, "; receiver=mx.example");
	must_be_mark(spf, " pass envelope-from=\"", in,
	    "\"; receiver=\"Other.Example\"; x=y");
	must_be_mark(spf, " pass (", in, ") receiver=served.example;");
	must_be_mark(results, " mx.example; spf=pass smtp.mailfrom=", in, "");
	must_be_mark(results, " home.example; dkim=pass header.d=", in, "");
	must_be_mark(comment, " SPF skipped for whitelisted relay - helo=", in,
	    "; receiver=mx.example");
	must_be_mark(results, " (x) \"mx.example\" 1; dkim=fail (", in, "");
	return 0;
}

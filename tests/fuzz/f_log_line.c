/*
 * Any bytes as the value of a log line: the line stays one line of one key, as
 * a reader finds it that knows the rules of log.h.
 */
#include <stdint.h>

#include "common/log/log.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of the value behind "k=": up to a space, or to the closing quote. */
static size_t
value_length(struct span s)
{
	size_t i = 1;

	if (s.n == 0 || s.p[0] != '"')
		return span_find(s, ' ');
	while (i < s.n && s.p[i] != '"')
		i += s.p[i] == '\\' ? 2 : 1;
	return i + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log_line l;
	struct span rest;

	log_begin(&l, LOG_INFO, "e");
	log_span(&l, "k", span_of(data, size));
	log_num(&l, "last", 1);
	must(l.n <= LOG_TEXT_MAX);
	for (size_t i = 0; i < l.n; i++)
		must((unsigned char)l.text[i] >= ' ' && l.text[i] != '\177');
	if (size == 0 || l.cut)
		return 0;
	rest = span_skip(span_of(l.text, l.n), strlen("e k="));
	rest = span_skip(rest, value_length(rest));
	must(span_eq(rest, span_str(" last=1")));
	return 0;
}

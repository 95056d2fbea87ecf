/*
 * Nothing is copied: fields are spans into the connection's bytes, which are
 * gone when the request waits for DNS; attr_keep() copies them then. The whole
 * request must be there before anything of it counts: MORE begins anew.
 */
#include <errno.h>
#include <stddef.h>

#include "policyd/attr.h"

/* A member has the name of its attribute. */
#define FIELD(name) \
	{ \
		{#name, sizeof #name - 1}, offsetof(struct attr, name) \
	}

static const struct {
	struct span name;
	size_t offset;
} fields[] = {
    FIELD(request),
    FIELD(protocol_state),
    FIELD(client_address),
    FIELD(client_name),
    FIELD(server_address),
    FIELD(helo_name),
    FIELD(sender),
    FIELD(recipient),
    FIELD(queue_id),
    FIELD(instance),
    FIELD(sasl_username),
    FIELD(ccert_fingerprint),
    FIELD(ccert_pubkey_fingerprint),
};

static struct span *
field_at(struct attr *a, size_t i)
{
	return (struct span *)(void *)((char *)a + fields[i].offset);
}

/* An empty value leaves p non-NULL, so a second one does not pass for a
 * first. */
static void
store(struct attr *a, struct span name, struct span value)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct span *field = field_at(a, i);

		if (!span_eq(name, fields[i].name))
			continue;
		if (field->p == NULL)
			*field = value;
		return;
	}
}

int
attr_keep(struct arena *arena, const struct attr *in, struct attr *ret)
{
	*ret = *in;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct span *field = field_at(ret, i);

		field->p = arena_dup(arena, *field);
		if (field->p == NULL)
			return -ENOMEM;
	}
	return 0;
}

static enum parse
bad(const char *why, const char **ret_why)
{
	*ret_why = why;
	return PARSE_BAD;
}

/* Takes the CR off the line in front of its LF, if the request has such lines:
 * its first one tells. In all others, as Postfix sends them, a CR is the
 * value's. */
static struct span
without_cr(struct span line, struct span in)
{
	size_t first = span_find(in, '\n');

	if (first > 0 && in.p[first - 1] == '\r' && line.n > 0 &&
	    line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

enum parse
attr_parse(struct span in, size_t max, struct attr *ret_attr, size_t *ret_used,
    const char **ret_why)
{
	struct attr a = {0};
	size_t at = 0;

	while (at < in.n && at < max) {
		struct span rest = span_of(in.p + at, in.n - at);
		struct span line = span_of(rest.p, span_find(rest, '\n'));
		bool first = at == 0;
		size_t eq;

		if (span_find(line, '\0') < line.n)
			return bad("a NUL byte", ret_why);
		if (line.n == rest.n)
			break; /* no LF yet */
		if (at + line.n + 1 > max)
			break;
		at += line.n + 1;
		line = without_cr(line, in);
		eq = span_find(line, '=');
		if (line.n == 0 && first)
			return bad("no attribute", ret_why);
		if (line.n == 0) {
			*ret_attr = a;
			*ret_used = at;
			return PARSE_OK;
		}
		if (eq == line.n)
			return bad("a line without '='", ret_why);
		store(&a, span_of(line.p, eq), span_skip(line, eq + 1));
	}
	return in.n < max ? PARSE_MORE : bad("too long", ret_why);
}

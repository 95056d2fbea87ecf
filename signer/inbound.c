#include "signer/inbound.h"

#include "common/domain.h"

static const char received_spf[] = "Received-SPF";
static const char auth_results[] = "Authentication-Results";

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without white space, folds and comments in front (RFC 5322 section 3.2.2). */
static struct span
skip_cfws(struct span s)
{
	size_t depth = 0;

	while (s.n > 0) {
		char c = s.p[0];

		if (c == '\\' && depth > 0 && s.n > 1)
			s = span_skip(s, 1);
		else if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !is_space(c))
			break;
		s = span_skip(s, 1);
	}
	return s;
}

/* Takes a quoted string, or what is none up to a separator, off *s. The quotes do
 * not belong to it; what is escaped in them no name has. */
static struct span
take_value(struct span *s)
{
	struct span value;
	size_t n = 0;

	*s = skip_cfws(*s);
	if (s->n > 0 && s->p[0] == '"') {
		*s = span_skip(*s, 1);
		n = span_find(*s, '"');
		value = span_of(s->p, n);
		*s = span_skip(*s, n + 1);
		return value;
	}
	while (n < s->n && !is_space(s->p[n]) && s->p[n] != ';' &&
	    s->p[n] != '(' && s->p[n] != '=')
		n++;
	value = span_of(s->p, n);
	*s = span_skip(*s, n);
	return value;
}

static bool
is_host(struct span name, const char *host, const char *other)
{
	return name.n > 0 &&
	    (domain_equal(name, span_str(host)) ||
	        (other[0] != '\0' && domain_equal(name, span_str(other))));
}

/* The value of receiver= in key-value pairs behind the result; empty: none. */
static struct span
find_receiver(struct span s)
{
	while (s.n > 0) {
		struct span key = take_value(&s), value;

		s = skip_cfws(s);
		if (s.n > 0 && s.p[0] == '=') {
			s = span_skip(s, 1);
			value = take_value(&s);
			if (span_ieqs(key, "receiver"))
				return value;
		} else if (key.n == 0) {
			s = span_skip(s, 1);
		}
	}
	return s;
}

/* Older services name the receiver in the comment alone: not looked for. */
static bool
is_our_spf(struct span value, const char *host, const char *other)
{
	struct span receiver = find_receiver(value);

	return receiver.n == 0 || span_ieqs(receiver, "<UNKNOWN>") ||
	    is_host(receiver, host, other);
}

/* authserv-id [version] *( ";" result ) */
static bool
is_our_result(struct span value, const char *host, const char *other)
{
	struct span rest = value;

	if (!is_host(take_value(&rest), host, other))
		return false;
	rest = skip_cfws(span_skip(rest, span_find(rest, ';') + 1));
	return rest.n > 0 && !span_ieqs(take_value(&rest), "none");
}

const struct field *
inbound_mark(
    const struct field_list *fields, const char *host, const char *other)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = &fields->v[i];
		struct span name = span_trim(f->name);

		if (span_ieqs(name, received_spf) &&
		    is_our_spf(f->value, host, other))
			return f;
		if (span_ieqs(name, auth_results) &&
		    is_our_result(f->value, host, other))
			return f;
	}
	return NULL;
}

const char *
inbound_word(const struct field *f)
{
	return span_ieqs(span_trim(f->name), received_spf) ? received_spf
	                                                   : auth_results;
}

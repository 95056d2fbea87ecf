#include "signer/inbound.h"

#include "common/domain.h"

static const char received_spf[] = "Received-SPF";
static const char auth_results[] = "Authentication-Results";
static const char receiver[] = "receiver";

/* A value with its quotes undone; cut when no name is that long. */
struct word {
	size_t n;
	char p[DOMAIN_MAX + 2];
};

/* --- words ------------------------------------------------------------------- */

static struct span
skip_fws(struct span s)
{
	while (s.n > 0 && span_is_fws(s.p[0]))
		s = span_skip(s, 1);
	return s;
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
		else if (depth == 0 && !span_is_fws(c))
			break;
		s = span_skip(s, 1);
	}
	return s;
}

static void
put(struct word *w, char c)
{
	if (w->n < sizeof w->p)
		w->p[w->n++] = c;
}

static struct span
view(const struct word *w)
{
	return span_of(w->p, w->n);
}

/* Takes a quoted string off *s, the first quote included. */
static void
take_quoted(struct span *s, struct word *w)
{
	size_t i = 1;

	for (; i < s->n && s->p[i] != '"'; i++) {
		if (s->p[i] == '\\' && i + 1 < s->n)
			i++;
		if (s->p[i] != '\r' && s->p[i] != '\n')
			put(w, s->p[i]);
	}
	*s = span_skip(*s, i + 1);
}

/* Takes a quoted string, or what is none up to a separator, off *s. */
static void
take_word(struct span *s, struct word *w)
{
	size_t n = 0;

	w->n = 0;
	if (s->n > 0 && s->p[0] == '"') {
		take_quoted(s, w);
		return;
	}
	for (; n < s->n && !span_is_fws(s->p[n]) && s->p[n] != ';' &&
	     s->p[n] != '(' && s->p[n] != '=';
	     n++)
		put(w, s->p[n]);
	*s = span_skip(*s, n);
}

/* --- names ------------------------------------------------------------------- */

static bool
is_host(struct span name, const struct inbound_us *us)
{
	return name.n > 0 &&
	    (domain_equal(name, span_str(us->host)) ||
	        (us->other[0] != '\0' &&
	            domain_equal(name, span_str(us->other))));
}

/* True unless it is the name of a host elsewhere. The domain of the recipient is
 * often one that the host's own name lies in. */
static bool
may_be_us(const struct word *w, const struct inbound_us *us)
{
	struct span name = view(w);

	if (!domain_is_mail(name))
		return true;
	if (name.p[name.n - 1] == '.')
		name.n--;
	return is_host(name, us) || domain_within(span_str(us->host), name) ||
	    us->serves(us->arg, name);
}

/* --- Received-SPF ------------------------------------------------------------ */

/*
 * Every "receiver=" in the text, whether it seems to stand in quotes, in a comment
 * or behind some of them. What is no plain name may be us and ends the search,
 * so that no byte is looked at more often than a name is long.
 */
static bool
is_us_somewhere(struct span s, const struct inbound_us *us)
{
	const size_t n = sizeof receiver - 1;
	struct word w;

	for (; s.n >= n; s = span_skip(s, 1)) {
		struct span value;

		if (!span_ieqs(span_of(s.p, n), receiver))
			continue;
		value = skip_fws(span_skip(s, n));
		if (value.n == 0 || value.p[0] != '=')
			continue;
		value = skip_fws(span_skip(value, 1));
		take_word(&value, &w);
		if (may_be_us(&w, us))
			return true;
	}
	return false;
}

/* result, comment, key-value pairs, as the RFC has them: true if a receiver= may be
 * us, or there is none. (Older services name it in the comment alone.) */
static bool
is_us_or_nobody(struct span s, const struct inbound_us *us)
{
	bool named = false;
	struct word w;

	while ((s = skip_cfws(s)).n > 0) {
		bool key;

		take_word(&s, &w);
		s = skip_cfws(s);
		if (s.n == 0 || s.p[0] != '=') {
			s = span_skip(s, s.n > 0 && s.p[0] == ';' ? 1 : 0);
			continue;
		}
		key = span_ieqs(view(&w), receiver);
		s = skip_cfws(span_skip(s, 1));
		take_word(&s, &w);
		if (key && may_be_us(&w, us))
			return true;
		named = named || key;
	}
	return !named;
}

static bool
is_our_spf(struct span value, const struct inbound_us *us)
{
	return is_us_somewhere(value, us) || is_us_or_nobody(value, us);
}

/* --- Authentication-Results -------------------------------------------------- */

/* Any of the words in front of the first ';', which is taken off *s, too. */
static bool
take_authserv_id(struct span *s, const struct inbound_us *us)
{
	bool ours = false;
	struct word w;

	while ((*s = skip_cfws(*s)).n > 0 && s->p[0] != ';') {
		take_word(s, &w);
		ours = ours || is_host(view(&w), us);
		if (s->n > 0 && s->p[0] == '=')
			*s = span_skip(*s, 1);
	}
	*s = span_skip(*s, 1);
	return ours;
}

static bool
is_none(struct span s)
{
	struct word w;

	s = skip_cfws(s);
	take_word(&s, &w);
	if (!span_ieqs(view(&w), "none"))
		return false;
	while ((s = skip_cfws(s)).n > 0 && s.p[0] == ';')
		s = span_skip(s, 1);
	return s.n == 0;
}

/* authserv-id [version] *( ";" result ) */
static bool
is_our_result(struct span value, const struct inbound_us *us)
{
	return take_authserv_id(&value, us) && !is_none(value);
}

/* --- the header -------------------------------------------------------------- */

const struct field *
inbound_mark(const struct field_list *fields, const struct inbound_us *us)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = &fields->v[i];
		struct span name = span_trim(f->name);

		if (span_ieqs(name, received_spf) && is_our_spf(f->value, us))
			return f;
		if (span_ieqs(name, auth_results) &&
		    is_our_result(f->value, us))
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

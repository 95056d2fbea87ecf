/*
 * Trap: a message with two From fields has a signature for one of them, and
 * shows the other; and a domain that no mail domain can be is written to be
 * passed over.
 */
#include <errno.h>
#include <stdio.h>

#include "common/mail/address.h"
#include "common/mail/words.h"
#include "verifier/dmarc/author.h"

/* The only field of that name; NULL: there is none, or *ret_several. */
static const struct field *
only_field(const struct field_list *fields, const char *name, bool *ret_several)
{
	size_t n;
	const struct field *found = field_find(fields, name, &n);

	*ret_several = n > 1;
	return n > 1 ? NULL : found;
}

/* A mail domain, or a name of one label, as hosts have it among themselves. */
static bool
is_domain(const char *name)
{
	char longer[DOMAIN_MAX + 3];

	if (strchr(name, '.') != NULL)
		return domain_is_mail(span_str(name));
	snprintf(longer, sizeof longer, "a.%s", name);
	return domain_is_mail(span_str(longer));
}

static enum author_found
read_domain(struct span domain, char *ret, const char **ret_why)
{
	char name[DOMAIN_MAX + 1];
	int rc;

	if (domain.p[0] == '[') {
		*ret_why = "an address instead of a domain in From";
		return AUTHOR_NONE;
	}
	rc = domain_to_ascii(domain, name);
	if (rc == -ENOMEM) {
		*ret_why = "out of memory";
		return AUTHOR_NO_MEMORY;
	}
	if (rc != 0 || !is_domain(name)) {
		*ret_why = "what is no domain in From";
		return AUTHOR_BAD;
	}
	memcpy(ret, name, strlen(name) + 1);
	return AUTHOR_ONE;
}

enum author_found
author_find(const struct field_list *fields, char *ret, const char **ret_why)
{
	struct address a;
	const char *why;
	bool several;
	const struct field *from = only_field(fields, "From", &several);

	ret[0] = '\0';
	if (from == NULL) {
		*ret_why =
		    several ? "several From fields" : "there is no From field";
		return several ? AUTHOR_SEVERAL : AUTHOR_NONE;
	}
	switch (address_parse(from->value, &a, &why)) {
	case ADDRESS_ONE:
		if (!a.apart)
			return read_domain(a.domain, ret, ret_why);
		*ret_why = "a space or a comment within the domain in From";
		return AUTHOR_BAD;
	case ADDRESS_NONE:
		*ret_why = "no address in From";
		return AUTHOR_NONE;
	case ADDRESS_SEVERAL:
		*ret_why = "several domains in From";
		return AUTHOR_SEVERAL;
	case ADDRESS_BAD:
		break;
	}
	*ret_why = "From cannot be read";
	return AUTHOR_BAD;
}

/* --- the list ------------------------------------------------------------- */

/* What stands between "<" and ">" at the end, behind words, quoted strings and
 * comments (RFC 2919 section 3). Empty if that is not so. */
static struct span
in_angles(struct span s)
{
	const struct span nothing = span_of(NULL, 0);
	struct span id, between;

	while (words_skip_cfws(&s) && s.n > 0 && s.p[0] != '<') {
		if (s.p[0] != '"')
			s = span_skip(s, 1);
		else if (!words_quoted(&s, &between))
			return nothing;
	}
	id = span_skip(s, 1);
	id.n = span_find(id, '>');
	s = span_skip(s, 1 + id.n);
	if (s.n == 0) /* no ">" */
		return nothing;
	s = span_skip(s, 1);
	return words_skip_cfws(&s) && s.n == 0 ? span_trim(id) : nothing;
}

bool
author_list(const struct field_list *fields, char *ret)
{
	char name[DOMAIN_MAX + 1];
	bool several;
	const struct field *f = only_field(fields, "List-Id", &several);

	ret[0] = '\0';
	if (f == NULL || domain_to_ascii(in_angles(f->value), name) != 0 ||
	    !domain_is_mail(span_str(name)))
		return false;
	memcpy(ret, name, strlen(name) + 1);
	return true;
}

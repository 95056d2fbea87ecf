/*
 * Texts that are no address list and still have one domain only, whoever reads
 * them: "A&B Co., Ltd. <u@b.example>", "Re: Support <u@b.example>".
 *
 * The trick: nothing is parsed, because readers disagree in what is quoted, a
 * comment or a group. Every '@' of the value, wherever it stands, must have the
 * same domain behind it, and what follows that must end it for every reader.
 */
#include "common/mail/address.h"

/* What a domain is made of, for anybody: letters, digits, "-", ".", "_", and
 * all 8-bit bytes, which domain_to_ascii() judges. */
static bool
is_domain_byte(char c)
{
	return span_is_alpha(c) || span_is_digit(c) ||
	    (unsigned char)c >= 0x80 || (c != '\0' && strchr("-._", c) != NULL);
}

static bool
is_local_byte(char c)
{
	return is_domain_byte(c) ||
	    (c != '\0' && strchr("!#$%&'*+/=?^`{|}~", c) != NULL);
}

static bool
is_quote(char c)
{
	return c == '\'' || c == '"';
}

/* True if no reader takes what follows as a part of the domain: not white space
 * and a dot (RFC 5322 section 4.4), not a comment. */
static bool
is_ended(struct span rest)
{
	if (rest.n > 1 && is_quote(rest.p[0]) &&
	    (span_is_fws(rest.p[1]) || rest.p[1] == '<'))
		rest = span_skip(rest, 1);
	rest = span_skip_fws(rest);
	return rest.n == 0 || strchr("<>,;", rest.p[0]) != NULL;
}

/* The domain behind the '@' at s.p[at]; empty if readers may differ. */
static struct span
domain_at(struct span s, size_t at)
{
	struct span rest = span_skip(s, at + 1);
	size_t n = 0;

	while (n < rest.n && is_domain_byte(rest.p[n]))
		n++;
	return span_of(rest.p, is_ended(span_skip(rest, n)) ? n : 0);
}

/* The word in front of the '@' at s.p[at]; *ret_angle: behind a '<'. */
static struct span
local_at(struct span s, size_t at, bool *ret_angle)
{
	size_t start = at;

	while (start > 0 && is_local_byte(s.p[start - 1]))
		start--;
	*ret_angle = start > 0 && s.p[start - 1] == '<';
	if (start < at && s.p[start] == '\'')
		start++;
	return span_of(s.p + start, at - start);
}

/* What all '@' of a text agree on. */
struct agreed {
	struct span domain;
	struct span local;
	bool angle;  /* one of them stands in "<...>" */
	bool differ; /* in the local part */
};

static bool
agree(struct agreed *a, struct span s, size_t at)
{
	struct span domain = domain_at(s, at), local;
	bool angle;

	if (domain.n == 0 || (a->domain.n > 0 && !span_ieq(domain, a->domain)))
		return false;
	local = local_at(s, at, &angle);
	if ((local.n == 0 && (at == 0 || s.p[at - 1] != '"')) ||
	    local.n + domain.n > ADDRESS_MAX)
		return false;
	a->differ = a->differ || (a->domain.n > 0 && !span_eq(local, a->local));
	a->angle = a->angle || angle;
	a->domain = domain;
	a->local = local;
	return true;
}

bool
address_loose(struct span value, struct address *ret)
{
	struct agreed a = {.angle = false};

	if (span_has_control(value))
		return false;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '@' && !agree(&a, value, i))
			return false;
	}
	if (a.differ || !a.angle)
		a.local.n = 0;
	if (a.domain.n == 0)
		return false;
	if (a.local.n > 0)
		memcpy(ret->text, a.local.p, a.local.n);
	memcpy(ret->text + a.local.n, a.domain.p, a.domain.n);
	ret->local = span_of(ret->text, a.local.n);
	ret->domain = span_of(ret->text + a.local.n, a.domain.n);
	ret->apart = false;
	return true;
}

/*
 * What was written in this hand-over, and what was in the message before. The trap: a
 * stranger can put much into our own Received field (HELO, names in certificates), so
 * its words are looked for anywhere in it, and in doubt it took the message in.
 */
#include "common/bytes/domain.h"
#include "signer/choose/inbound.h"
#include "signer/limits.h"

/* Takes a word off *s, without brackets and marks around it. */
static struct span
next_word(struct span *s)
{
	struct span word;

	while (s->n > 0 && (span_is_fws(s->p[0]) || strchr("([;", s->p[0])))
		*s = span_skip(*s, 1);
	word = span_of(s->p, 0);
	while (word.n < s->n && !span_is_fws(s->p[word.n]) &&
	    strchr(")];", s->p[word.n]) == NULL)
		word.n++;
	*s = span_skip(*s, word.n + (word.n < s->n));
	return word;
}

/* The ways of RFC 3848 and RFC 6531 by which a message comes from anybody. */
static bool
is_open_way(struct span word)
{
	static const char *const way[] = {"SMTP", "ESMTP", "ESMTPS", "SMTPS",
	    "UTF8SMTP", "UTF8SMTPS", "LMTP", "LMTPS", "UTF8LMTP", "UTF8LMTPS"};

	for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
		if (span_ieqs(word, way[i]))
			return true;
	}
	return false;
}

static bool
is_of_house(struct span name, const struct inbound_us *us)
{
	if (!domain_is_mail(name))
		return false;
	if (name.p[name.n - 1] == '.')
		name.n--;
	return domain_within(span_str(us->host), name) ||
	    domain_within(span_str(us->other), name) ||
	    us->is_home(us->arg, name);
}

/* "... by mx.example.com (Postfix) with ESMTPS id ..." */
static bool
took_it_in(struct span value, const struct inbound_us *us)
{
	bool ours = false, open = false;
	struct span last = span_of(NULL, 0);
	size_t asked = 0;

	while (value.n > 0) {
		struct span word = next_word(&value);

		if (span_ieqs(last, "by") && !ours)
			ours = asked++ == INBOUND_NAMES_MAX ||
			    is_of_house(word, us);
		if (span_ieqs(last, "with"))
			open = open || is_open_way(word);
		last = word;
	}
	return ours && open;
}

static bool
was_under_way(struct span name)
{
	static const char resent[] = "Resent-";
	const size_t n = sizeof resent - 1;

	return span_ieqs(name, "Delivered-To") ||
	    span_ieqs(name, "X-Original-To") ||
	    span_ieqs(name, "Return-Path") ||
	    (name.n > n && span_ieqs(span_of(name.p, n), resent));
}

size_t
inbound_new(const struct field_list *fields, const struct inbound_us *us)
{
	size_t first = fields->n;

	for (size_t i = fields->n; i-- > 0;) {
		struct span name = span_trim(fields->v[i].name);

		if (was_under_way(name))
			return 0;
		if (span_ieqs(name, "Received"))
			first = i;
	}
	if (first < fields->n && took_it_in(fields->v[first].value, us))
		return 0;
	return first;
}

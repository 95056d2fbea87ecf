/*
 * The trap, twice: a stranger writes much of what stands in these fields. In
 * our own Received-SPF it is the HELO name and the sender, in our own Received
 * field HELO and names in certificates, quotes and parentheses included. So
 * words are looked for anywhere, whatever seems to be quoted, and in doubt a
 * field is ours and a Received took the message in: the message is unsigned
 * then, never signed.
 */
#include "signer/choose/inbound.h"

#include "common/bytes/domain.h"
#include "common/mail/words.h"
#include "signer/limits.h"

static const char receiver[] = "receiver";

/* A value with its quotes undone; cut when no name is that long. */
struct word {
	size_t n;
	char p[DOMAIN_MAX + 2];
};

/* --- words ---------------------------------------------------------------- */

/* Without white space, folds and comments in front; a comment without its end
 * is all that is left. */
static struct span
skip_cfws(struct span s)
{
	words_skip_cfws(&s);
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

/* Takes a quoted string, or what is none up to a separator, off *s. */
static void
take_word(struct span *s, struct word *w)
{
	size_t n = 0;

	w->n = 0;
	if (s->n > 0 && s->p[0] == '"') {
		/* one without its end is all that is left */
		struct span between = span_skip(*s, 1);

		words_quoted(s, &between);
		w->n = words_unquote(between, w->p, sizeof w->p);
		if (w->n > sizeof w->p)
			w->n = sizeof w->p;
		return;
	}
	for (; n < s->n && !span_is_fws(s->p[n]) && s->p[n] != ';' &&
	     s->p[n] != '(' && s->p[n] != '=';
	     n++)
		put(w, s->p[n]);
	*s = span_skip(*s, n);
}

/* --- names ---------------------------------------------------------------- */

/* The names of hosts in one header. */
struct search {
	const struct inbound_us *us;
	size_t asked;
	struct word last; /* receiver= of a host elsewhere */
};

/* A word as the name of a host, without the dot at its end; empty: it is
 * none. */
static struct span
host_name(const struct word *w)
{
	struct span name = view(w);

	if (!domain_is_mail(name))
		return span_of(NULL, 0);
	if (name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

static bool
is_host(struct span name, const struct inbound_us *us)
{
	return name.n > 0 &&
	    (domain_equal(name, span_str(us->host)) ||
	        (us->other[0] != '\0' &&
	            domain_equal(name, span_str(us->other))));
}

/* A domain that the host's own name lies in. */
static bool
is_above_host(struct span name, const struct inbound_us *us)
{
	return domain_within(span_str(us->host), name) ||
	    domain_within(span_str(us->other), name);
}

/* One question more; without any left the answer is yes. */
static bool
ask(struct search *s, struct span name,
    bool (*question)(const void *arg, struct span domain))
{
	if (s->asked == INBOUND_NAMES_MAX)
		return true;
	s->asked++;
	return question(s->us->arg, name);
}

/* True unless it is the name of a host elsewhere. The domain of the recipient
 * is often one that the host's own name lies in. */
static bool
may_be_us(struct search *s, const struct word *w)
{
	struct span name = host_name(w);

	if (name.n == 0)
		return true;
	if (span_ieq(name, view(&s->last)))
		return false;
	if (is_host(name, s->us) || is_above_host(name, s->us) ||
	    ask(s, name, s->us->serves))
		return true;
	s->last.n = name.n;
	memcpy(s->last.p, name.p, name.n);
	return false;
}

/* --- Received-SPF --------------------------------------------------------- */

/*
 * Every "receiver=" in the text, whether it seems to stand in quotes, in a
 * comment or behind some of them. What is no plain name may be us and ends the
 * search, so that no byte is looked at more often than a name is long.
 */
static bool
is_us_somewhere(struct span s, struct search *search)
{
	const size_t n = sizeof receiver - 1;
	struct word w;

	for (; s.n >= n; s = span_skip(s, 1)) {
		struct span value;

		if (!span_ieqs(span_of(s.p, n), receiver))
			continue;
		value = span_skip_fws(span_skip(s, n));
		if (value.n == 0 || value.p[0] != '=')
			continue;
		value = span_skip_fws(span_skip(value, 1));
		take_word(&value, &w);
		if (may_be_us(search, &w))
			return true;
	}
	return false;
}

/* result, comment, key-value pairs, as the RFC has them: true if a receiver=
 * may be us, or there is none. (Older services name it in the comment
 * alone.) */
static bool
is_us_or_nobody(struct span s, struct search *search)
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
		if (key && may_be_us(search, &w))
			return true;
		named = named || key;
	}
	return !named;
}

static bool
is_our_spf(struct span value, struct search *search)
{
	return is_us_somewhere(value, search) || is_us_or_nobody(value, search);
}

/* --- X-Comment ------------------------------------------------------------ */

/* Mail of others that was not checked. Ours names a receiver; of our own users
 * it names none. The other services' text is for relays only. */
static bool
is_our_comment(struct span value, struct search *search)
{
	value = span_skip_fws(value);
	if (span_ibegins(value, "SPF not checked:"))
		return is_us_somewhere(value, search);
	return span_ibegins(value, "SPF skipped for whitelisted relay") &&
	    is_our_spf(value, search);
}

/* --- Authentication-Results ----------------------------------------------- */

/* The first label of the host's name. */
static bool
is_short_name(struct span word, const char *host)
{
	size_t n = strcspn(host, ".");

	return n > 0 && span_ieq(word, span_of(host, n));
}

/* What stands in the place of the authserv-id. */
static bool
is_home(const struct word *w, struct search *s)
{
	struct span name = host_name(w);

	if (name.n == 0)
		return is_short_name(view(w), s->us->host) ||
		    is_short_name(view(w), s->us->other);
	return is_above_host(name, s->us) || ask(s, name, s->us->is_home);
}

/* The words in front of the first ';', which is taken off *s, too. Any of them
 * may be the host; only the first, which has no value, the organisation. */
static bool
take_authserv_id(struct span *s, struct search *search)
{
	bool ours = false, first = true;
	struct word w;

	while ((*s = skip_cfws(*s)).n > 0 && s->p[0] != ';') {
		take_word(s, &w);
		ours = ours || is_host(view(&w), search->us);
		*s = skip_cfws(*s);
		if (s->n > 0 && s->p[0] == '=')
			*s = span_skip(*s, 1);
		else if (first && !ours)
			ours = is_home(&w, search);
		first = false;
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
is_our_result(struct span value, struct search *search)
{
	return take_authserv_id(&value, search) && !is_none(value);
}

/* --- the header ----------------------------------------------------------- */

static const struct {
	const char *name;
	bool (*is_ours)(struct span value, struct search *search);
} kind[] = {
    {"Received-SPF", is_our_spf},
    {"Authentication-Results", is_our_result},
    {"X-Comment", is_our_comment},
};

enum { KINDS = sizeof kind / sizeof kind[0] };

/* KINDS: of no interest. */
static size_t
kind_of(const struct field *f)
{
	size_t i = 0;

	while (i < KINDS && !field_is(f, kind[i].name))
		i++;
	return i;
}

const struct field *
inbound_mark(const struct field_list *fields, const struct inbound_us *us)
{
	struct search search = {.us = us};

	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = &fields->v[i];
		size_t k = kind_of(f);

		if (k < KINDS && kind[k].is_ours(f->value, &search))
			return f;
	}
	return NULL;
}

const char *
inbound_word(const struct field *f)
{
	return kind[kind_of(f)].name;
}

/* --- what was written in this hand-over ----------------------------------- */

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
	return is_above_host(name, us) || us->is_home(us->arg, name);
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

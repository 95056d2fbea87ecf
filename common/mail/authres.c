/*
 * Trick: one put() folds; what belongs together is one piece. Trap of the
 * reader: the id is whatever *any* reader may take for it, so that everything
 * which is not plainly "id [version] ;" or "id [version]" is unreadable, and
 * what is unreadable counts as forged.
 */
#include "common/mail/authres.h"

#include "common/bytes/domain.h"
#include "common/limits.h"
#include "common/mail/words.h"

enum {
	/* RFC 5322 section 2.1.1, and room for the ";" of the next result */
	LINE_MAX_BYTES = 78 - 1,
	LOCAL_PART_MAX = 64 /* RFC 5321 section 4.5.3.1.1 */
};

/* --- writing -------------------------------------------------------------- */

/* Texts that stay together, behind a blank or on a new line: a name or nothing,
 * what opens the value, the value, what closes it. */
static void
put(struct authres *a, const char *name, const char *open, struct span value,
    const char *close)
{
	size_t n = strlen(name) + strlen(open) + value.n + strlen(close);

	if (a->column + 1 + n > LINE_MAX_BYTES) {
		buf_str(a->out, "\n\t");
		a->column = 1;
	} else {
		buf_byte(a->out, ' ');
		a->column++;
	}
	buf_str(a->out, name);
	buf_str(a->out, open);
	buf_span(a->out, value);
	buf_str(a->out, close);
	a->column += n;
}

void
authres_begin(struct authres *a, const char *id, struct buf *out)
{
	*a = (struct authres){out, strlen(AUTHRES_NAME ":")};
	put(a, "", "", span_str(id), "");
}

/* In quotes; those that it has itself, as in "a tag without "="", become single
 * ones. */
static void
put_reason(struct authres *a, const char *reason)
{
	struct buf text;

	buf_init(&text, strlen(reason) + 1);
	for (; *reason != '\0'; reason++)
		buf_byte(
		    &text, *reason == '"' || *reason == '\\' ? '\'' : *reason);
	put(a, "reason", "=\"", buf_view(&text), "\"");
	if (buf_error(&text) != 0 && a->out->error == 0)
		a->out->error = buf_error(&text);
	buf_free(&text);
}

void
authres_result(struct authres *a, const char *method, const char *result,
    const char *reason)
{
	buf_byte(a->out, ';');
	a->column = LINE_MAX_BYTES; /* the result begins a line */
	put(a, method, "=", span_str(result), "");
	if (reason != NULL)
		put_reason(a, reason);
}

void
authres_comment(struct authres *a, const char *comment)
{
	put(a, "", "(", span_str(comment), ")");
}

/* Letters, digits, '.', '-', '_', and one byte more. */
static bool
is_plain(struct span s, char also)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char l = span_lower((unsigned char)s.p[i]);

		if ((l < 'a' || l > 'z') && (l < '0' || l > '9') && l != '.' &&
		    l != '-' && l != '_' && l != (unsigned char)also)
			return false;
	}
	return s.n > 0;
}

void
authres_domain(struct authres *a, const char *name, struct span value)
{
	if (is_plain(value, '.'))
		put(a, name, "=", value, "");
}

/* Atoms with one dot between two: some readers take no other local part. */
static bool
is_dot_atom(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' &&
		    (i == 0 || i + 1 == s.n || s.p[i - 1] == '.'))
			return false;
	}
	return is_plain(s, '+');
}

void
authres_address(struct authres *a, const char *name, struct span value)
{
	/* the last one: a local part may have others, quoted */
	size_t at = span_behind_last(value, '@');
	struct span domain;

	if (at == 0)
		return;
	domain = span_skip(value, at--);
	if (!is_plain(domain, '.'))
		return;
	if (at > LOCAL_PART_MAX || !is_dot_atom(span_of(value.p, at)))
		value = span_skip(value, at);
	put(a, name, "=", value, "");
}

static bool
is_base64(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_plain(span_of(&s.p[i], 1), '+') && s.p[i] != '/' &&
		    s.p[i] != '=')
			return false;
	}
	return s.n > 0;
}

void
authres_base64(struct authres *a, const char *name, struct span value)
{
	bool plain = is_plain(value, '.');

	if (is_base64(value))
		put(a, name, plain ? "=" : "=\"", value, plain ? "" : "\"");
}

/* --- judging -------------------------------------------------------------- */

/* Comments and quoted strings have ends up to the end of s. */
static bool
is_closed(struct span s)
{
	struct span between;

	while (s.n > 0) {
		if (s.p[0] == '"') {
			if (!words_quoted(&s, &between))
				return false;
		} else if (s.p[0] == '(') {
			if (!words_skip_cfws(&s))
				return false;
		} else {
			s = span_skip(s, 1);
		}
	}
	return true;
}

/* A quoted id that some reader could end before its end. */
static bool
is_one_word(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!words_is_token(text[i]))
			return false;
	}
	return n > 0;
}

/* "id", a token or a quoted string, or "id/job". False if there is none that is
 * one word and fits. */
static bool
take_id(struct span *s, char *ret, size_t *ret_n)
{
	struct span word;

	if (s->n > 0 && s->p[0] == '"') {
		if (!words_quoted(s, &word))
			return false;
		*ret_n = words_unquote(word, ret, DOMAIN_MAX + 1);
		return *ret_n <= DOMAIN_MAX && is_one_word(ret, *ret_n);
	}
	word = words_token(s);
	if (word.n == 0 || word.n > DOMAIN_MAX)
		return false;
	memcpy(ret, word.p, word.n);
	*ret_n = word.n;
	if (s->n > 0 && s->p[0] == '/') {
		*s = span_skip(*s, 1);
		words_token(s);
	}
	return true;
}

/* What follows the id: ';', with a version 1 in between or not. Without it the
 * field has no result, or was cut at a NUL. */
static bool
take_version(struct span *s)
{
	if (!words_skip_cfws(s))
		return false;
	if (s->n > 0 && s->p[0] != ';') {
		if (!span_eq(words_token(s), span_str("1")) ||
		    !words_skip_cfws(s))
			return false;
	}
	return s->n > 0 && s->p[0] == ';';
}

static struct span
without_dots(struct span s)
{
	while (s.n > 0 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

/* In A-labels, lower case, without dots at the end. False if it is no name: it
 * could be one to somebody else. */
static bool
as_ascii(struct span s, char *text)
{
	/* a blank of Unicode becomes one of ASCII */
	return domain_to_ascii(without_dots(s), text) == 0 &&
	    is_plain(span_str(text), '.');
}

bool
authres_id(struct span name, char *ret)
{
	size_t n = name.n > 2 && memcmp(name.p, "*.", 2) == 0 ? 2 : 0;

	ret[0] = '\0';
	if (!as_ascii(span_skip(name, n), ret + n)) {
		ret[0] = '\0';
		return false;
	}
	memcpy(ret, name.p, n);
	return true;
}

static bool
is_ours(const char *id, const char *ours)
{
	struct span above;

	if (strncmp(ours, "*.", 2) != 0)
		return strcmp(id, ours) == 0;
	above = span_str(ours + 2);
	return strlen(id) > above.n && domain_within(span_str(id), above);
}

enum authres_owner
authres_owner(struct span value, const struct authres_ids *ids)
{
	char id[DOMAIN_MAX + 1], name[DOMAIN_MAX + 1];
	size_t n;

	if (value.n > AUTHRES_MAX || span_has_control(value) ||
	    !is_closed(value) || !words_skip_cfws(&value) ||
	    !take_id(&value, id, &n) || !take_version(&value) ||
	    !as_ascii(span_of(id, n), name))
		return AUTHRES_UNREADABLE;
	for (size_t i = 0; i < ids->n; i++) {
		if (is_ours(name, ids->v[i]))
			return AUTHRES_OURS;
	}
	return AUTHRES_OTHER;
}

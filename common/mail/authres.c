/*
 * Trick: one put() folds; what belongs together is one piece. Trap of the reader:
 * the id is whatever *any* reader may take for it, so that everything which is not
 * plainly "id [version] ;" or "id [version]" is unreadable, and what is unreadable
 * counts as forged.
 */
#include "common/mail/authres.h"

#include "common/bytes/domain.h"
#include "common/limits.h"
#include "common/mail/words.h"

/* RFC 5322 section 2.1.1, and room for the ";" of the next result */
enum { LINE_MAX_BYTES = 78 - 1 };

/* --- writing ----------------------------------------------------------------- */

/* Three texts that stay together, behind a blank or on a new line. */
static void
put(struct authres *a, const char *head, struct span value, const char *tail)
{
	size_t n = strlen(head) + value.n + strlen(tail);

	if (a->column + 1 + n > LINE_MAX_BYTES) {
		buf_str(a->out, "\n\t");
		a->column = 1;
	} else {
		buf_byte(a->out, ' ');
		a->column++;
	}
	buf_str(a->out, head);
	buf_span(a->out, value);
	buf_str(a->out, tail);
	a->column += n;
}

/* Ends what stands there; the next piece begins a line. */
static void
end_result(struct authres *a)
{
	buf_byte(a->out, ';');
	a->column = LINE_MAX_BYTES;
}

void
authres_begin(struct authres *a, const char *id, struct buf *out)
{
	*a = (struct authres){out, strlen(AUTHRES_NAME ":")};
	put(a, "", span_str(id), "");
}

void
authres_none(struct authres *a)
{
	buf_byte(a->out, ';');
	a->column++;
	put(a, "none", span_of(NULL, 0), "");
}

void
authres_result(struct authres *a, const char *method, const char *result,
    const char *reason)
{
	end_result(a);
	put(a, method, span_str("="), result);
	if (reason != NULL)
		put(a, "reason=\"", span_str(reason), "\"");
}

void
authres_comment(struct authres *a, const char *comment)
{
	put(a, "(", span_str(comment), ")");
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

static void
put_property(
    struct authres *a, const char *name, struct span value, const char *quote)
{
	struct buf head;

	buf_init(&head, strlen(name) + sizeof "=\"");
	buf_fmt(&head, "%s=%s", name, quote);
	if (buf_text(&head) != NULL)
		put(a, head.p, value, quote);
	else if (a->out->error == 0)
		a->out->error = buf_error(&head);
	buf_free(&head);
}

void
authres_domain(struct authres *a, const char *name, struct span value)
{
	if (is_plain(value, '.'))
		put_property(a, name, value, "");
}

void
authres_address(struct authres *a, const char *name, struct span value)
{
	size_t at = span_find(value, '@');
	struct span domain = span_skip(value, at + 1);

	if (!is_plain(domain, '.'))
		return;
	if (!is_plain(span_of(value.p, at), '+'))
		value = span_skip(value, at);
	put_property(a, name, value, "");
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
	if (is_base64(value))
		put_property(a, name, value, is_plain(value, '.') ? "" : "\"");
}

/* --- judging ------------------------------------------------------------------- */

static bool
has_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && !span_is_fws(s.p[i])) || c == 0x7f)
			return true;
	}
	return false;
}

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

/* "id", a token or a quoted string, or "id/job". False if there is none. */
static bool
take_id(struct span *s, char *ret, size_t *ret_n)
{
	struct span word;

	if (s->n > 0 && s->p[0] == '"') {
		if (!words_quoted(s, &word))
			return false;
		*ret_n = words_unquote(word, ret, DOMAIN_MAX + 1);
		return *ret_n > 0;
	}
	word = words_token(s);
	*ret_n = word.n;
	if (word.n > 0)
		memcpy(ret, word.p,
		    word.n < DOMAIN_MAX + 1 ? word.n : DOMAIN_MAX + 1);
	if (s->n > 0 && s->p[0] == '/') {
		*s = span_skip(*s, 1);
		words_token(s);
	}
	return word.n > 0;
}

/* What follows the id: nothing or ';', with a version 1 in between or not. */
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
	return s->n == 0 || s->p[0] == ';';
}

static struct span
without_dots(struct span s)
{
	while (s.n > 0 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

/* In A-labels where it is a name of any kind, else as it stands. */
static struct span
as_ascii(struct span s, char *text)
{
	s = without_dots(s);
	return domain_to_ascii(s, text) == 0 ? span_str(text) : s;
}

static bool
is_ours(struct span id, const char *ours)
{
	char a[DOMAIN_MAX + 1], b[DOMAIN_MAX + 1];

	if (strncmp(ours, "*.", 2) == 0) {
		struct span name = as_ascii(id, a);
		struct span above = as_ascii(span_str(ours + 2), b);

		return name.n > above.n && domain_within(name, above);
	}
	return span_ieq(as_ascii(id, a), as_ascii(span_str(ours), b));
}

enum authres_owner
authres_owner(struct span value, const struct authres_ids *ids)
{
	char id[DOMAIN_MAX + 1];
	size_t n;

	if (value.n > AUTHRES_MAX || has_control(value) || !is_closed(value) ||
	    !words_skip_cfws(&value) || !take_id(&value, id, &n) ||
	    !take_version(&value))
		return AUTHRES_UNREADABLE;
	if (n > sizeof id)
		return AUTHRES_OTHER; /* longer than any name */
	for (size_t i = 0; i < ids->n; i++) {
		if (is_ours(span_of(id, n), ids->v[i]))
			return AUTHRES_OURS;
	}
	return AUTHRES_OTHER;
}

#include <errno.h>

#include "common/limits.h"
#include "common/settings/reply.h"

static const char *const names[REPLY_FIELDS] = {
    [REPLY_ACTION] = "action",
    [REPLY_REASON] = "reason",
    [REPLY_RESULT] = "result",
    [REPLY_IDENTITY] = "identity",
    [REPLY_DOMAIN] = "domain",
    [REPLY_CLIENT] = "client",
    [REPLY_RECEIVER] = "receiver",
};

static size_t
text_before_brace(struct span s)
{
	size_t open = span_find(s, '{'), close = span_find(s, '}');

	return open < close ? open : close;
}

int
settings_reply_next(
    struct span *rest, enum reply_field *ret, struct span *ret_text)
{
	size_t n = text_before_brace(*rest), end = span_find(*rest, '}');

	if (n > 0) {
		*ret = REPLY_TEXT;
		*ret_text = span_of(rest->p, n);
		*rest = span_skip(*rest, n);
		return 0;
	}
	if (rest->p[0] == '}' || end == rest->n)
		return -EINVAL;
	for (int i = REPLY_ACTION; i < REPLY_FIELDS; i++) {
		if (!span_eq(span_of(rest->p + 1, end - 1), span_str(names[i])))
			continue;
		*ret = (enum reply_field)i;
		*rest = span_skip(*rest, end + 1);
		return 0;
	}
	return -EINVAL;
}

const char *
settings_reply_judge(struct span text)
{
	enum reply_field field;
	struct span piece;
	unsigned reasons = 0;

	if (text.n == 0)
		return "a reply needs some text";
	if (text.n > REPLY_TEXT_MAX / 2)
		return "the reply would have no room for the reason";
	if (!span_is_printable(text))
		return "only printable ASCII can be sent";
	while (text.n > 0) {
		if (settings_reply_next(&text, &field, &piece) != 0)
			return "in braces only action, reason, result, "
			       "identity, domain, client and receiver may "
			       "stand";
		reasons += field == REPLY_REASON;
	}
	return reasons > 1 ? "{reason} may stand in it once" : NULL;
}

/* How many digits text begins with. */
static size_t
count_digits(struct span text)
{
	size_t n = 0;

	while (n < text.n && span_is_digit(text.p[n]))
		n++;
	return n;
}

size_t
settings_reply_code(struct span text)
{
	size_t n = 1;

	if (text.n == 0 || strchr("245", text.p[0]) == NULL)
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits;

		if (n == text.n || text.p[n] != '.')
			return 0;
		digits = count_digits(span_skip(text, n + 1));
		if (digits < 1 || digits > 3)
			return 0;
		n += 1 + digits;
	}
	return n == text.n || text.p[n] == ' ' ? n : 0;
}

const char *
settings_reply_warning(struct span text)
{
	bool reply_code = count_digits(text) == 3 && text.n > 3 &&
	    text.p[3] == ' ' && (text.p[0] == '4' || text.p[0] == '5');

	if (reply_code || settings_reply_code(text) > 0)
		return "it begins with a code, and stands after the code of "
		       "the reply";
	return NULL;
}

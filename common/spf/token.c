#include <errno.h>

#include "common/spf/token.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "%{" has been read: letter, transformers, delimiters, "}". */
static int
read_letter(struct span *rest, struct token *ret, const char **ret_why)
{
	static const char letters[] = "slodiphcrtv", delimiters[] = ".-+,/_=";
	struct span s = *rest;
	struct token t = {.kind = TOKEN_LETTER};
	bool digits;

	*ret_why = "unknown macro letter";
	if (s.n == 0)
		return -EINVAL;
	t.letter = (char)span_lower((unsigned char)s.p[0]);
	t.escape = t.letter != s.p[0];
	if (t.letter == '\0' || strchr(letters, t.letter) == NULL)
		return -EINVAL;
	s = span_skip(s, 1);
	digits = s.n > 0 && is_digit(s.p[0]);
	for (; s.n > 0 && is_digit(s.p[0]); s = span_skip(s, 1)) {
		if (t.digits < 100000) /* more parts than any value has */
			t.digits = t.digits * 10 + (unsigned)(s.p[0] - '0');
	}
	*ret_why = "zero parts in a macro";
	if (digits && t.digits == 0)
		return -EINVAL;
	t.reverse = s.n > 0 && span_lower((unsigned char)s.p[0]) == 'r';
	s = span_skip(s, t.reverse ? 1 : 0);
	t.delimit = s;
	t.delimit.n = span_find(s, '}');
	*ret_why = "macro without }";
	if (t.delimit.n == s.n)
		return -EINVAL;
	*ret_why = "invalid macro delimiter";
	for (size_t i = 0; i < t.delimit.n; i++) {
		if (memchr(delimiters, t.delimit.p[i], sizeof delimiters - 1) ==
		    NULL)
			return -EINVAL;
	}
	*rest = span_skip(s, t.delimit.n + 1);
	*ret = t;
	return 0;
}

int
token_read(struct span *rest, struct token *ret, const char **ret_why)
{
	struct span s = *rest;
	size_t n = span_find(s, '%');

	if (n > 0) {
		*ret = (struct token){.text = span_of(s.p, n)};
		*rest = span_skip(s, n);
		return 0;
	}
	*ret_why = "% that begins no macro";
	if (s.n < 2)
		return -EINVAL;
	*rest = span_skip(s, 2);
	ret->kind = TOKEN_ESCAPE;
	switch (s.p[1]) {
	case '%':
		ret->text = span_str("%");
		return 0;
	case '_':
		ret->text = span_str(" ");
		return 0;
	case '-':
		ret->text = span_str("%20");
		return 0;
	case '{':
		return read_letter(rest, ret, ret_why);
	default:
		return -EINVAL;
	}
}

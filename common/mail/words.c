/*
 * Trap: a backslash is special within comments and quoted strings alone, and
 * the byte after it is never the end, even if it is ')' or '"'.
 */
#include "common/mail/words.h"

bool
words_skip_cfws(struct span *s)
{
	size_t depth = 0, i = 0;

	for (; i < s->n; i++) {
		char c = s->p[i];

		if (c == '\\' && depth > 0)
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !span_is_fws(c))
			break;
	}
	*s = span_skip(*s, i);
	return depth == 0;
}

bool
words_is_token(char c)
{
	unsigned char u = (unsigned char)c;

	return u > ' ' && u != 0x7f &&
	    memchr("()<>@,;:\\\"/[]?=", c, 15) == NULL;
}

struct span
words_token(struct span *s)
{
	struct span token = span_of(s->p, 0);

	while (token.n < s->n && words_is_token(s->p[token.n]))
		token.n++;
	*s = span_skip(*s, token.n);
	return token;
}

struct span
words_atom(struct span *s)
{
	struct span atom = span_of(s->p, 0);

	while (atom.n < s->n) {
		unsigned char u = (unsigned char)s->p[atom.n];

		if (u < 0x80 &&
		    (u <= ' ' || u == 0x7f ||
		        strchr("()<>[]:;@\\,\"", u) != NULL))
			break;
		atom.n++;
	}
	*s = span_skip(*s, atom.n);
	return atom;
}

bool
words_quoted(struct span *s, struct span *ret)
{
	size_t i = 1;

	while (i < s->n && s->p[i] != '"')
		i += s->p[i] == '\\' ? 2 : 1;
	if (i >= s->n) {
		*s = span_skip(*s, s->n);
		return false;
	}
	*ret = span_of(s->p + 1, i - 1);
	*s = span_skip(*s, i + 1);
	return true;
}

size_t
words_unquote(struct span between, char *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < between.n; i++) {
		char c = between.p[i];

		if (c == '\\' && i + 1 < between.n)
			c = between.p[++i];
		if (c == '\r' || c == '\n')
			continue;
		if (n < max)
			ret[n] = c;
		n++;
	}
	return n;
}

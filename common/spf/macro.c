/*
 * The trick: a text is read token by token, always by the same reader: to check
 * it, to look for a letter in it, to expand it. Nothing is kept of it between
 * these.
 *
 * The trap: a record has room for some 16,000 macros of 255 octets each, and of
 * all that 253 octets can count. So of a value only that part is looked at
 * which can stay (VALUE_MAX), and what stands too far in front of a name is
 * dropped (name_end). With "%{s}%{s}%{s}%{s}.example" and a sender of 200
 * octets, 808 in all: behind the first macro follow 608, which is 512 or more,
 * so it is dropped; behind the second follow 408, so it stays. 608 octets are
 * expanded, and the end of these, cut at a dot to 253 or less, is the name.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/spf/macro.h"

/* A name is cut to its last 253 octets, so of one value no more than this many
 * can count, on the side that stays; the rest need not be looked at. */
enum { VALUE_MAX = 512 };

/* --- the parts of a macro-string: section 7.1, macro-expand --------------- */

enum token_kind { TOKEN_LITERAL, TOKEN_ESCAPE, TOKEN_LETTER };

struct token {
	enum token_kind kind;
	struct span text; /* LITERAL: its octets; ESCAPE: what it stands for */
	char letter;      /* LETTER: lower case */
	bool escape;      /* upper case: URL-escape the value */
	bool reverse;
	unsigned digits;     /* 0: none were given */
	struct span delimit; /* empty: none were given */
};

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
	digits = s.n > 0 && span_is_digit(s.p[0]);
	for (; s.n > 0 && span_is_digit(s.p[0]); s = span_skip(s, 1)) {
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

/* Cuts the first token off *rest, which must not be empty. A literal may hold
 * any octet but '%'. 0, or -EINVAL and *ret_why, a static reason. */
static int
read_token(struct span *rest, struct token *ret, const char **ret_why)
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

/* --- what is allowed where ------------------------------------------------ */

/* macro-literal: %x21-24 / %x26-7E; SP where spaces are allowed. */
static bool
is_literal(struct span s, bool spaces)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c > 0x7e || c < 0x20 || (c == ' ' && !spaces))
			return false;
	}
	return true;
}

/* *ret_tail: the literal behind the last macro, empty if a macro is last. */
static int
check(struct span text, bool spaces, const char *banned, struct span *ret_tail,
    const char **ret_why)
{
	struct span tail = {0};
	struct token t;
	const char *why;

	while (text.n > 0) {
		if (read_token(&text, &t, &why) != 0)
			goto bad;
		tail = (struct span){0};
		if (t.kind == TOKEN_LITERAL) {
			why = "byte outside printable ASCII";
			if (!is_literal(t.text, spaces))
				goto bad;
			tail = t.text;
		}
		why = "macro letter that only an explanation may have";
		if (t.kind == TOKEN_LETTER && strchr(banned, t.letter) != NULL)
			goto bad;
	}
	*ret_tail = tail;
	return 0;
bad:
	*ret_why = why;
	return -EINVAL;
}

int
macro_check_explain(struct span text, const char **ret_why)
{
	struct span tail;

	return check(text, true, "", &tail, ret_why);
}

int
macro_check_unknown(struct span text, const char **ret_why)
{
	struct span tail;

	return check(text, false, "", &tail, ret_why);
}

static bool
is_alnum(char c)
{
	return span_is_alpha(c) || span_is_digit(c);
}

/* toplabel: letters, digits and inner hyphens, and not all of it digits. */
static bool
is_toplabel(struct span s)
{
	bool numeric = true;

	if (s.n == 0 || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
		numeric = numeric && span_is_digit(s.p[i]);
	}
	return !numeric;
}

int
macro_check_domain(struct span text, const char **ret_why)
{
	struct span tail;
	size_t dot;

	if (text.n == 0) {
		*ret_why = "empty domain";
		return -EINVAL;
	}
	if (check(text, false, "crt", &tail, ret_why) != 0)
		return -EINVAL;
	if (tail.n == 0)
		return 0;
	if (tail.p[tail.n - 1] == '.')
		tail.n--;
	for (dot = tail.n; dot > 0 && tail.p[dot - 1] != '.'; dot--)
		;
	if (dot > 0 && is_toplabel(span_skip(tail, dot)))
		return 0;
	*ret_why = "domain that ends in no top-level label";
	return -EINVAL;
}

bool
macro_uses(struct span text, const char *letters)
{
	const char *why;
	struct token t;

	while (text.n > 0 && read_token(&text, &t, &why) == 0) {
		if (t.kind == TOKEN_LETTER && strchr(letters, t.letter) != NULL)
			return true;
	}
	return false;
}

/* --- expansion: section 7.3 ----------------------------------------------- */

/* Where expanded octets go: the end of a name, or all of a text. */
struct sink {
	char name[2 * VALUE_MAX]; /* only its last VALUE_MAX octets count */
	size_t n;
	struct buf *text; /* NULL: name is filled */
};

static void
put(struct sink *out, char c)
{
	if (out->text != NULL) {
		(void)buf_byte(out->text, c);
		return;
	}
	if (out->n == sizeof out->name) {
		out->n = VALUE_MAX;
		memmove(out->name, out->name + VALUE_MAX, VALUE_MAX);
	}
	out->name[out->n++] = c;
}

/* RFC 3986 section 2.3: what is not "unreserved" is escaped. */
static void
put_value(struct sink *out, char c, bool escape)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char b = (unsigned char)c;

	if (!escape || is_alnum(c) ||
	    (c != '\0' && strchr("-._~", c) != NULL)) {
		put(out, c);
		return;
	}
	put(out, '%');
	put(out, hex[b >> 4]);
	put(out, hex[b & 15]);
}

static bool
is_delimiter(const struct token *t, char c)
{
	return t->delimit.n == 0 ? c == '.'
	                         : span_find(t->delimit, c) < t->delimit.n;
}

/* The first n parts, the last of them first. */
static void
put_reversed(
    struct sink *out, const struct token *t, struct span value, size_t n)
{
	size_t end = 0;

	for (; end < value.n; end++) {
		if (is_delimiter(t, value.p[end]) && --n == 0)
			break;
	}
	for (;;) {
		size_t start = end;

		while (start > 0 && !is_delimiter(t, value.p[start - 1]))
			start--;
		for (size_t i = start; i < end; i++)
			put_value(out, value.p[i], t->escape);
		if (start == 0)
			return;
		put(out, '.');
		end = start - 1;
	}
}

/* Splits, keeps and joins the parts of a value (section 7.3). */
static void
put_parts(struct sink *out, const struct token *t, struct span value)
{
	size_t parts = 1, skip;

	for (size_t i = 0; i < value.n; i++)
		parts += is_delimiter(t, value.p[i]);
	skip = t->digits == 0 || t->digits > parts ? 0 : parts - t->digits;
	if (t->reverse) {
		put_reversed(out, t, value, parts - skip);
		return;
	}
	for (size_t i = 0; i < value.n; i++) {
		bool delimiter = is_delimiter(t, value.p[i]);

		if (skip > 0)
			skip -= delimiter;
		else if (delimiter)
			put(out, '.');
		else
			put_value(out, value.p[i], t->escape);
	}
}

/* IPv6 as 32 nibbles with dots between (section 7.3), in the case that the
 * public test suite has. */
static struct span
nibbles(const struct ip *ip, char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < 16; i++) {
		text[n++] = hex[ip->b[i] >> 4];
		text[n++] = '.';
		text[n++] = hex[ip->b[i] & 15];
		text[n++] = '.';
	}
	return span_of(text, n - 1);
}

/* What a letter stands for; text[64] is room for what is no text yet. */
static struct span
value_of(char letter, const struct macro_vars *v, char *text)
{
	switch (letter) {
	case 's':
		return v->sender;
	case 'l':
		return v->local;
	case 'o':
		return v->origin;
	case 'd':
		return v->domain;
	case 'h':
		return v->helo;
	case 'p':
		return v->name;
	case 'v':
		return span_str(
		    v->client.family == AF_INET ? "in-addr" : "ip6");
	case 'i':
		if (v->client.family == AF_INET6)
			return nibbles(&v->client, text);
		return span_str(ip_text(&v->client, text));
	case 'c':
		return span_str(ip_text(&v->client, text));
	case 'r':
		return span_str(v->receiver);
	default: /* t; check() let no other pass */
		snprintf(text, 64, "%llu", (unsigned long long)v->now);
		return span_str(text);
	}
}

static void
put_letter(struct sink *out, const struct token *t, const struct macro_vars *v)
{
	char text[64];
	struct span value = value_of(t->letter, v, text);

	if (out->text == NULL && value.n > VALUE_MAX) {
		if (!t->reverse)
			value = span_skip(value, value.n - VALUE_MAX);
		value.n = VALUE_MAX;
	}
	if (t->digits > 0 || t->reverse || t->delimit.n > 0) {
		put_parts(out, t, value);
		return;
	}
	for (size_t i = 0; i < value.n; i++)
		put_value(out, value.p[i], t->escape);
}

/* No more octets than the token surely gives. A part that is chosen by its
 * number may be empty, if the sender's record and the client want it so; the
 * name that they then get is of no use to them either. */
static size_t
least(const struct token *t, const struct macro_vars *v)
{
	char text[64];
	size_t n;

	if (t->kind != TOKEN_LETTER)
		return t->text.n;
	n = value_of(t->letter, v, text).n;
	if (n > VALUE_MAX)
		n = VALUE_MAX;
	return t->digits > 0 && n > 1 ? 1 : n;
}

/* Drops the tokens in front that cannot count in a name, as enough octets
 * follow: a record has room for some 16,000 of them. */
static struct span
name_end(struct span text, const struct macro_vars *v)
{
	struct span rest = text;
	size_t total = 0;
	const char *why;
	struct token t;

	while (rest.n > 0 && read_token(&rest, &t, &why) == 0)
		total += least(&t, v);
	rest = text;
	while (rest.n > 0 && read_token(&rest, &t, &why) == 0) {
		total -= least(&t, v);
		if (total < VALUE_MAX)
			break;
		text = rest;
	}
	return text;
}

static void
expand(struct span text, const struct macro_vars *v, struct sink *out)
{
	const char *why;
	struct token t;

	while (text.n > 0 && read_token(&text, &t, &why) == 0) {
		if (out->text != NULL && buf_error(out->text) != 0)
			return;
		if (t.kind == TOKEN_LETTER) {
			put_letter(out, &t, v);
			continue;
		}
		for (size_t i = 0; i < t.text.n; i++)
			put(out, t.text.p[i]);
	}
}

size_t
macro_domain(struct span text, const struct macro_vars *v, char *ret)
{
	struct sink out = {.n = 0};
	struct span name;

	expand(name_end(text, v), v, &out);
	name = span_of(out.name, out.n);
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	while (name.n > DOMAIN_MAX)
		name = span_skip(name, span_find(name, '.') + 1);
	if (name.n > 0)
		memcpy(ret, name.p, name.n);
	ret[name.n] = '\0';
	return name.n;
}

void
macro_explain(struct span text, const struct macro_vars *v, struct buf *out)
{
	struct sink sink = {.text = out};

	expand(text, v, &sink);
}

/*
 * A service of master.cf is one line by now: postconf -M has joined them. The
 * trap is "{ ... }", which may hold blanks and is one word.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "admin/postfix/mastercf.h"
#include "admin/postfix/wiring.h"

bool
mastercf_next(struct span *text, struct span *ret)
{
	size_t n;

	if (text->n == 0)
		return false;
	n = span_find(*text, '\n');
	*ret = span_of(text->p, n);
	*text = span_skip(*text, n + 1);
	return true;
}

/* The next word of a line: up to a blank, or all of "{ ... }". */
static bool
next_word(struct span *line, struct span *ret)
{
	bool bad = false;
	size_t n = 0;

	*line = span_trim(*line);
	if (line->n > 0 && line->p[0] == '{')
		return wiring_next(line, ret, &bad);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	*ret = span_of(line->p, n);
	*line = span_skip(*line, n);
	return n > 0;
}

struct span
mastercf_word(struct span line, enum mastercf_column column)
{
	struct span word = {NULL, 0};

	for (unsigned i = 0; i <= column; i++) {
		if (!next_word(&line, &word))
			return span_of(NULL, 0);
	}
	return word;
}

/* "NAME=value" or "{ NAME = value }". */
static bool
read_option(struct span word, const char *name, struct span *ret)
{
	size_t n = strlen(name);

	if (word.n > 1 && word.p[0] == '{' && word.p[word.n - 1] == '}')
		word = span_trim(span_of(word.p + 1, word.n - 2));
	if (word.n < n || !span_eq(span_of(word.p, n), span_str(name)))
		return false;
	word = span_trim(span_skip(word, n));
	if (word.n == 0 || word.p[0] != '=')
		return false;
	*ret = span_trim(span_skip(word, 1));
	return true;
}

bool
mastercf_option(struct span line, const char *name, struct span *ret)
{
	struct span word;
	bool is_value = false, found = false;

	while (next_word(&line, &word)) {
		if (is_value && read_option(word, name, ret))
			found = true;
		is_value = span_eq(word, span_str("-o"));
	}
	return found;
}

bool
mastercf_has(struct span line, const char *text)
{
	return line.n > 0 && memmem(line.p, line.n, text, strlen(text)) != NULL;
}

int
mastercf_seconds(struct span text, unsigned *ret)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = {
	    {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
	unsigned n = 0, times = 1;
	size_t i = 0;

	text = span_trim(text);
	for (; i < text.n && span_is_digit(text.p[i]); i++) {
		if (n > (UINT_MAX - 9) / 10)
			return -EINVAL;
		n = n * 10 + (unsigned)(text.p[i] - '0');
	}
	if (i == 0 || i + 1 < text.n)
		return -EINVAL;
	if (i < text.n)
		times = 0;
	for (size_t u = 0; times == 0 && u < sizeof units / sizeof units[0];
	     u++) {
		if (text.p[i] == units[u].unit)
			times = units[u].seconds;
	}
	if (times == 0 || n > UINT_MAX / times)
		return -EINVAL;
	*ret = n * times;
	return 0;
}

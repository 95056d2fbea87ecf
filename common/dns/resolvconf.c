/*
 * resolv.conf(5) has no grammar: glibc passes over what it does not know, and
 * so do we. What it reads as a number outside of its limits counts as the
 * limit.
 */
#include "common/dns/resolvconf.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line; empty at its end. */
static struct span
word(struct span *line)
{
	struct span s = *line;
	size_t n = 0;

	while (s.n > 0 && is_blank(s.p[0]))
		s = span_skip(s, 1);
	while (n < s.n && !is_blank(s.p[n]))
		n++;
	*line = span_skip(s, n);
	return span_of(s.p, n);
}

static void
read_server(struct span text, struct resolvconf *to)
{
	struct dns_server s;

	if (to->n < RESOLVCONF_SERVERS_MAX && dns_server_address(text, &s) == 0)
		to->server[to->n++] = s;
}

/* "NAME:7" -> 7, at most max; false for another option. */
static bool
is_number(struct span option, const char *name, unsigned max, unsigned *ret)
{
	size_t at = strlen(name);
	unsigned n = 0;

	if (option.n <= at || !span_eq(span_of(option.p, at), span_str(name)))
		return false;
	for (; at < option.n && span_is_digit(option.p[at]); at++) {
		n = n * 10 + (unsigned)(option.p[at] - '0');
		if (n > max)
			n = max;
	}
	*ret = n == 0 ? 1 : n;
	return true;
}

static void
read_option(struct span option, struct resolvconf *to)
{
	if (is_number(
	        option, "timeout:", RESOLVCONF_TIMEOUT_MAX, &to->timeout) ||
	    is_number(
	        option, "attempts:", RESOLVCONF_ATTEMPTS_MAX, &to->attempts))
		return;
	to->rotate |= span_eq(option, span_str("rotate"));
	to->use_vc |= span_eq(option, span_str("use-vc"));
	to->trust_ad |= span_eq(option, span_str("trust-ad"));
}

static void
read_line(struct span line, struct resolvconf *to)
{
	struct span key, option;

	if (line.n == 0 || is_blank(line.p[0]))
		return;
	key = word(&line);
	if (span_eq(key, span_str("nameserver")))
		read_server(word(&line), to);
	if (span_eq(key, span_str("options"))) {
		while ((option = word(&line)).n > 0)
			read_option(option, to);
	}
}

void
resolvconf_read(struct span text, struct resolvconf *ret)
{
	*ret = (struct resolvconf){
	    .timeout = RESOLVCONF_TIMEOUT, .attempts = RESOLVCONF_ATTEMPTS};
	while (text.n > 0) {
		size_t n = span_find(text, '\n');

		read_line(span_of(text.p, n), ret);
		text = span_skip(text, n + 1);
	}
}

/*
 * resolv.conf(5) has no grammar but what glibc takes, and who asks beside us
 * asks by that: a name server as inet_aton(3) reads it, an option by how its
 * word begins, a number behind blanks (t_resolvconf_libc.c compares). The
 * carriage return of a file from elsewhere is a blank to us alone.
 *
 * The trap: the number of "timeout: 3" stands in the next word.
 */
#include <arpa/inet.h>

#include "common/dns/resolvconf.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span
skip_blanks(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = span_skip(s, 1);
	return s;
}

/* The next word of the line; empty at its end. */
static struct span
word(struct span *line)
{
	struct span s = skip_blanks(*line);
	size_t n = 0;

	while (n < s.n && !is_blank(s.p[n]))
		n++;
	*line = span_skip(s, n);
	return span_of(s.p, n);
}

/* "010.1" is 8.0.0.1. */
static bool
read_ipv4(struct span text, struct dns_server *ret)
{
	char copy[64]; /* "0x000000c0.0x00000000.0x00000002.0x00000001" */
	struct in_addr a;

	if (text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_aton(copy, &a) == 0)
		return false;
	*ret =
	    (struct dns_server){.ip = ip_bytes(&a, sizeof a), .port = DNS_PORT};
	return true;
}

/* Elsewhere than on a link an interface says nothing: it may not even be
 * there. */
static bool
is_of_a_link(const struct ip *ip)
{
	return (ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80) ||
	    (ip->b[0] == 0xff && (ip->b[1] & 0x0f) == 0x02);
}

static void
read_server(struct span text, struct resolvconf *to)
{
	struct dns_server s;

	if (to->n == RESOLVCONF_SERVERS_MAX ||
	    (!read_ipv4(text, &s) && dns_server_address(text, &s) != 0))
		return;
	if (!is_of_a_link(&s.ip))
		s.scope[0] = '\0';
	to->server[to->n++] = s;
}

static bool
begins(struct span s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

/* "NAME:7 ..." -> 7, from 1 to max; false for another option. */
static bool
is_number(struct span line, const char *name, unsigned max, unsigned *ret)
{
	unsigned n = 0;
	bool minus;

	if (!begins(line, name))
		return false;
	line = skip_blanks(span_skip(line, strlen(name)));
	minus = begins(line, "-");
	if (minus || begins(line, "+"))
		line = span_skip(line, 1);
	for (size_t i = 0; i < line.n && span_is_digit(line.p[i]); i++) {
		n = n * 10 + (unsigned)(line.p[i] - '0');
		if (n > max)
			n = max;
	}
	*ret = n == 0 || minus ? 1 : n;
	return true;
}

/* The one with which the line begins; since glibc 2.41 a minus in front takes a
 * switch back. */
static void
read_option(struct span line, struct resolvconf *to)
{
	bool on = !begins(line, "-");

	if (is_number(line, "timeout:", RESOLVCONF_TIMEOUT_MAX, &to->timeout) ||
	    is_number(
	        line, "attempts:", RESOLVCONF_ATTEMPTS_MAX, &to->attempts))
		return;
	line = span_skip(line, on ? 0 : 1);
	if (begins(line, "rotate"))
		to->rotate = on;
	else if (begins(line, "use-vc"))
		to->use_vc = on;
	else if (begins(line, "trust-ad"))
		to->trust_ad = on;
}

static void
read_line(struct span line, struct resolvconf *to)
{
	struct span key;

	if (line.n == 0 || is_blank(line.p[0]))
		return;
	key = word(&line);
	if (span_eq(key, span_str("nameserver")))
		read_server(word(&line), to);
	if (span_eq(key, span_str("options"))) {
		do {
			read_option(skip_blanks(line), to);
		} while (word(&line).n > 0);
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

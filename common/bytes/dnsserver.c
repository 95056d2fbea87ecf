#include "common/bytes/dnsserver.h"

#include <errno.h>
#include <stdio.h>

int
dns_server_address(struct span text, struct dns_server *ret)
{
	size_t n = span_find(text, '%');
	struct span scope = span_skip(text, n + 1);
	struct dns_server s = {.port = DNS_PORT};

	if (ip_parse(span_of(text.p, n), &s.ip) != 0)
		return -EINVAL;
	if (n < text.n) {
		if (ip_width(&s.ip) != 128 || scope.n == 0 ||
		    scope.n >= sizeof s.scope ||
		    span_find(scope, '\0') < scope.n)
			return -EINVAL;
		memcpy(s.scope, scope.p, scope.n);
	}
	*ret = s;
	return 0;
}

/* ":5300" -> 5300. */
static int
read_port(struct span text, uint16_t *ret)
{
	unsigned n = 0;

	if (text.n < 2 || text.n > sizeof ":65535" - 1 || text.p[0] != ':')
		return -EINVAL;
	for (size_t i = 1; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -EINVAL;
		n = n * 10 + (unsigned)(text.p[i] - '0');
	}
	if (n < 1 || n > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)n;
	return 0;
}

int
dns_server_parse(struct span text, struct dns_server *ret)
{
	size_t end = span_find(text, ']'), colon = span_find(text, ':');
	struct span address = text, port = {0};
	struct dns_server s;

	if (text.n > 0 && text.p[0] == '[' && end < text.n) {
		address = span_of(text.p + 1, end - 1);
		port = span_skip(text, end + 1);
	} else if (colon < text.n &&
	    span_find(span_skip(text, colon + 1), ':') == text.n - colon - 1) {
		address = span_of(text.p, colon);
		port = span_skip(text, colon);
	}
	if (dns_server_address(address, &s) != 0 ||
	    (port.n > 0 && read_port(port, &s.port) != 0))
		return -EINVAL;
	*ret = s;
	return 0;
}

bool
dns_server_equal(const struct dns_server *a, const struct dns_server *b)
{
	return a->port == b->port && ip_equal(&a->ip, &b->ip) &&
	    strcmp(a->scope, b->scope) == 0;
}

const char *
dns_server_text(const struct dns_server *s, char *text)
{
	char address[IP_TEXT_MAX], port[sizeof ":65535"] = "";
	bool brackets = ip_width(&s->ip) == 128 && s->port != DNS_PORT;

	if (s->port != DNS_PORT)
		snprintf(port, sizeof port, ":%u", s->port);
	snprintf(text, DNS_SERVER_TEXT_MAX, "%s%s%s%s%s%s", brackets ? "[" : "",
	    ip_text(&s->ip, address), s->scope[0] == '\0' ? "" : "%", s->scope,
	    brackets ? "]" : "", port);
	return text;
}

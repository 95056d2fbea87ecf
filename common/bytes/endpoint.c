/*
 * The trap is the ':' that parts a port from an IPv6 address: only the last one
 * outside of brackets is it. Text and struct are one to one, so that
 * endpoint_equal() may compare bytes; set_inet() clears the whole union for
 * that.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "common/bytes/endpoint.h"
#include "common/bytes/ip.h"

/* True if text begins with the word; then it is cut off. */
static bool
take(struct span *text, const char *word)
{
	size_t n = strlen(word);

	if (text->n < n || memcmp(text->p, word, n) != 0)
		return false;
	*text = span_skip(*text, n);
	return true;
}

static int
refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EINVAL;
}

static int
parse_unix(struct span path, struct endpoint *ret, const char **ret_why)
{
	struct endpoint e = {.addr.un.sun_family = AF_UNIX};

	if (path.n == 0 || path.p[0] != '/')
		return refuse(
		    ret_why, "the path of a socket must begin with /");
	if (path.n >= sizeof e.addr.un.sun_path)
		return refuse(
		    ret_why, "the path of a socket has at most 107 bytes");
	if (span_find(path, '\0') < path.n)
		return refuse(ret_why, "the path of a socket has a NUL byte");
	memcpy(e.addr.un.sun_path, path.p, path.n);
	e.len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
	*ret = e;
	return 0;
}

static int
parse_port(struct span text, in_port_t *ret)
{
	unsigned v = 0;

	if (text.n == 0 || text.n > 5 || text.p[0] == '0')
		return -EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -EINVAL;
		v = v * 10 + (unsigned)(text.p[i] - '0');
	}
	if (v > 65535)
		return -EINVAL;
	*ret = htons((in_port_t)v);
	return 0;
}

/* A numeric address, with or without brackets; "localhost"; "" for any. */
static int
parse_address(struct span text, bool six, struct ip *ret)
{
	static const unsigned char any[16];

	if (text.n == 0) {
		*ret = ip_bytes(any, six ? 16 : 4);
		return 0;
	}
	if (span_ieqs(text, "localhost"))
		text = span_str(six ? "::1" : "127.0.0.1");
	if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']') {
		text = span_of(text.p + 1, text.n - 2);
		six = true;
	}
	if (ip_parse(text, ret) != 0 || (six && ret->family != AF_INET6))
		return -EINVAL;
	return 0;
}

static void
set_inet(const struct ip *ip, in_port_t port, struct endpoint *ret)
{
	/* All of the union, so that endpoint_equal() may compare bytes. */
	memset(ret, 0, sizeof *ret);
	ret->len = sizeof ret->addr.in;
	if (ip->family == AF_INET) {
		ret->addr.in.sin_family = AF_INET;
		ret->addr.in.sin_port = port;
		memcpy(&ret->addr.in.sin_addr, ip->b, 4);
		return;
	}
	ret->len = sizeof ret->addr.in6;
	ret->addr.in6.sin6_family = AF_INET6;
	ret->addr.in6.sin6_port = port;
	memcpy(&ret->addr.in6.sin6_addr, ip->b, 16);
}

/* Index of the last ':' that is behind any ']', or text.n. */
static size_t
last_colon(struct span text)
{
	for (size_t i = text.n; i > 0 && text.p[i - 1] != ']'; i--) {
		if (text.p[i - 1] == ':')
			return i - 1;
	}
	return text.n;
}

/* "PORT@ADDRESS", as sendmail and OpenDKIM write it, or "ADDRESS:PORT", or a
 * port alone. */
static int
parse_inet(
    struct span text, bool six, struct endpoint *ret, const char **ret_why)
{
	size_t at = span_find(text, '@'), colon = last_colon(text);
	struct span address = {0}, port = text;
	struct ip ip;
	in_port_t p;

	if (at < text.n) {
		port = span_of(text.p, at);
		address = span_skip(text, at + 1);
	} else if (colon < text.n) {
		address = span_of(text.p, colon);
		port = span_skip(text, colon + 1);
		if (span_find(address, ':') < address.n && address.p[0] != '[')
			return refuse(ret_why,
			    "an IPv6 address needs brackets: inet:[::1]:8891");
	}
	if ((at < text.n || colon < text.n) && address.n == 0)
		return refuse(ret_why, "the address is missing");
	if (parse_port(port, &p) != 0)
		return refuse(ret_why, "the port must be 1 to 65535");
	if (parse_address(address, six, &ip) != 0)
		return refuse(ret_why,
		    six ? "not an IPv6 address (names are not looked up)"
		        : "not an IP address (names are not looked up)");
	set_inet(&ip, p, ret);
	return 0;
}

int
endpoint_parse(struct span text, struct endpoint *ret, const char **ret_why)
{
	if (take(&text, "unix:") || take(&text, "local:") ||
	    (text.n > 0 && text.p[0] == '/'))
		return parse_unix(text, ret, ret_why);
	if (take(&text, "inet:"))
		return parse_inet(text, false, ret, ret_why);
	if (take(&text, "inet6:"))
		return parse_inet(text, true, ret, ret_why);
	if (text.n > 0 && last_colon(text) < text.n &&
	    (text.p[0] == '[' || span_is_digit(text.p[0])))
		return parse_inet(text, false, ret, ret_why);
	return refuse(ret_why, "must be unix:/path or inet:address:port");
}

const char *
endpoint_text(const struct endpoint *e, char *text)
{
	char ip[INET6_ADDRSTRLEN];

	switch (e->addr.sa.sa_family) {
	case AF_UNIX:
		snprintf(
		    text, ENDPOINT_TEXT_MAX, "unix:%s", e->addr.un.sun_path);
		break;
	case AF_INET:
		inet_ntop(AF_INET, &e->addr.in.sin_addr, ip, sizeof ip);
		snprintf(text, ENDPOINT_TEXT_MAX, "inet:%s:%u", ip,
		    ntohs(e->addr.in.sin_port));
		break;
	default:
		inet_ntop(AF_INET6, &e->addr.in6.sin6_addr, ip, sizeof ip);
		snprintf(text, ENDPOINT_TEXT_MAX, "inet:[%s]:%u", ip,
		    ntohs(e->addr.in6.sin6_port));
		break;
	}
	return text;
}

bool
endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->len == b->len && memcmp(&a->addr, &b->addr, a->len) == 0;
}

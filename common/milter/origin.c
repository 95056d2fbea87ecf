/*
 * The trap: Postfix sends the macros of CONNECT before CONNECT itself. So
 * {client_addr} fills in an address, and CONNECT's own takes its place; behind
 * that no macro changes it any more, which anybody could cause who has a say in
 * macros.
 */
#include "common/milter/origin.h"

void
origin_init(struct origin *o)
{
	*o = (struct origin){.known = false};
}

/* A name into to[DOMAIN_MAX + 1]. */
static void
set_name(char *to, struct span name)
{
	if (name.n > DOMAIN_MAX || span_find(name, '\0') < name.n)
		name.n = 0;
	if (name.n > 0)
		memcpy(to, name.p, name.n);
	to[name.n] = '\0';
}

/* sendmail puts the tag of RFC 5321 section 4.1.3 before an IPv6 address. True
 * if it is one. */
static bool
set_address(struct span text, struct ip *ret)
{
	if (text.n > 5 && span_ieqs(span_of(text.p, 5), "IPv6:"))
		text = span_skip(text, 5);
	return ip_parse(text, ret) == 0;
}

static void
set_client(struct origin *o, struct span text)
{
	if (set_address(text, &o->client))
		o->known = true;
}

void
origin_connect(struct origin *o, const struct command *c)
{
	set_name(o->name, c->u.connect.host);
	switch (c->u.connect.family) {
	case FAMILY_INET:
	case FAMILY_INET6:
		set_client(o, c->u.connect.address);
		break;
	case FAMILY_UNIX:
		set_client(o, span_str("127.0.0.1"));
		break;
	case FAMILY_UNKNOWN:
		break;
	}
}

void
origin_helo(struct origin *o, struct span name)
{
	set_name(o->helo, name);
}

bool
origin_macro(struct origin *o, struct span name, struct span value)
{
	size_t n = sizeof o->daemon - 1;

	if (span_eq(name, span_str("{client_addr}"))) {
		if (!o->known)
			set_client(o, value);
		return true;
	}
	if (span_eq(name, span_str("{daemon_addr}"))) {
		o->server_known = set_address(value, &o->server);
		return true;
	}
	if (span_eq(name, span_str("j")) || span_eq(name, span_str("{j}"))) {
		set_name(o->host, value);
		return true;
	}
	if (!span_eq(name, span_str("{daemon_name}")))
		return false;
	n = value.n < n ? value.n : n;
	if (n > 0)
		memcpy(o->daemon, value.p, n);
	o->daemon[n] = '\0';
	return true;
}

bool
origin_is_own(const struct origin *o, const struct own *own)
{
	return o->known && o->server_known && own_has(own, &o->client) &&
	    own_has(own, &o->server);
}

const char *
origin_text(const struct origin *o, char *text)
{
	if (o->known)
		return ip_text(&o->client, text);
	return memcpy(text, "unknown", sizeof "unknown");
}

#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <unbound.h>
#include <unbound-event.h>

#include "common/limits.h"
#include "common/resolver_context.h"

struct option {
	const char *name;
	const char *value;
};

static const struct option options[] = {
    /* Without a trust anchor the validator has nothing to do. */
    {"module-config:", "iterator"},
    /* How a server did is remembered within the same second only. Otherwise,
     * when many questions have timed out, it is not asked for up to half a
     * minute after it is back. (Neither infra-keep-probing nor a smaller
     * infra-cache-max-rtt is a cure: with those it may stay so.) */
    {"infra-host-ttl:", "0"},
    /* The order of the records stays that of the server. */
    {"rrset-roundrobin:", "no"},
    {"minimal-responses:", "yes"},
    {"do-not-query-localhost:", "no"},
    /* The ports below are other services'. Also half a millisecond sooner
     * ready, as are all zones that we need not have. */
    {"outgoing-port-avoid:", "0-32767"},
    /* Zones that libunbound would answer by itself (RFC 6303, RFC 6761); that
     * it has no data for them is what "transparent" sees to. */
    {"unblock-lan-zones:", "yes"},
    {"insecure-lan-zones:", "yes"},
    {"local-zone:", "localhost. transparent"},
    {"local-zone:", "127.in-addr.arpa. transparent"},
    {"local-zone:",
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
        "ip6.arpa. transparent"},
    {"local-zone:", "home.arpa. transparent"},
    {"local-zone:", "onion. transparent"},
    {"local-zone:", "test. transparent"},
    {"local-zone:", "invalid. transparent"},
};

static int
set_number(struct ub_ctx *ctx, const char *name, unsigned value)
{
	char text[16];

	snprintf(text, sizeof text, "%u", value);
	return ub_ctx_set_option(ctx, name, text);
}

/* Whether resolv.conf(5) names a server by its IPv6 address. */
static bool
resolvconf_has_ipv6(void)
{
	FILE *f = fopen("/etc/resolv.conf", "re");
	bool found = false;
	char line[256];

	while (f != NULL && !found && fgets(line, sizeof line, f) != NULL)
		found = strncmp(line, "nameserver", 10) == 0 &&
		    strchr(line, ':') != NULL;
	if (f != NULL)
		fclose(f);
	return found;
}

/* Without a server to be reached by IPv6 there is no need of ports for it, whose
 * list has 128 KiB. */
static bool
needs_ipv6(const struct server *server, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (server[i].ip.family == AF_INET6)
			return true;
	}
	return n == 0 && resolvconf_has_ipv6();
}

/* So many that descriptors are left for connections, whatever their limit. */
static unsigned
ports(bool small)
{
	struct rlimit limit;

	if (small)
		return DNS_SMALL_PORTS;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur / 4 >= DNS_PORTS)
		return DNS_PORTS;
	return limit.rlim_cur / 4 > DNS_FEWEST_PORTS
	    ? (unsigned)limit.rlim_cur / 4
	    : DNS_FEWEST_PORTS;
}

static int
set_sizes(struct ub_ctx *ctx, bool small)
{
	int err = set_number(ctx, "msg-cache-size:",
	    small ? DNS_SMALL_MESSAGE_CACHE : DNS_MESSAGE_CACHE);

	if (err == 0)
		err = set_number(ctx, "rrset-cache-size:",
		    small ? DNS_SMALL_RECORD_CACHE : DNS_RECORD_CACHE);
	if (err == 0)
		err = set_number(ctx, "outgoing-range:", ports(small));
	return err;
}

/* Answers must be signed from the anchor down. The servers are told nothing of
 * our anchors (RFC 8145). */
static int
set_anchor(struct ub_ctx *ctx, const char *anchor, bool small)
{
	int err =
	    ub_ctx_set_option(ctx, "module-config:", "validator iterator");

	if (err == 0)
		err = ub_ctx_set_option(ctx, "trust-anchor-signaling:", "no");
	if (err == 0)
		err = set_number(ctx, "key-cache-size:",
		    small ? DNS_SMALL_RECORD_CACHE : DNS_RECORD_CACHE);
	return err == 0 ? ub_ctx_add_ta_file(ctx, anchor) : err;
}

static int
set_options(struct ub_ctx *ctx, bool small, bool ipv6)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < sizeof options / sizeof *options;
	     i++)
		err = ub_ctx_set_option(ctx, options[i].name, options[i].value);
	if (err == 0 && !ipv6)
		err = ub_ctx_set_option(ctx, "do-ip6:", "no");
	if (err == 0)
		err = set_sizes(ctx, small);
	/* It would write to stderr, which may be the peer. */
	return err == 0 ? ub_ctx_debugout(ctx, NULL) : err;
}

static int
set_servers(struct ub_ctx *ctx, const struct server *server, size_t n)
{
	char text[IP_TEXT_MAX], address[IP_TEXT_MAX + 8];
	int err = 0;

	for (size_t i = 0; err == 0 && i < n; i++) {
		snprintf(address, sizeof address, "%s@%u",
		    ip_text(&server[i].ip, text), server[i].port);
		err = ub_ctx_set_fwd(ctx, address);
	}
	/* No file, or none that can be read: resolv.conf(5). */
	if (n == 0 && ub_ctx_resolvconf(ctx, NULL) != 0)
		err = ub_ctx_set_fwd(ctx, "127.0.0.1");
	return err;
}

struct ub_ctx *
resolver_context(struct event_base *base, const struct server *server, size_t n,
    const char *anchor, bool small)
{
	struct ub_ctx *ctx = ub_ctx_create_event(base);

	if (ctx == NULL)
		return NULL;
	if (set_options(ctx, small, needs_ipv6(server, n)) != 0 ||
	    (anchor != NULL && set_anchor(ctx, anchor, small) != 0) ||
	    set_servers(ctx, server, n) != 0) {
		ub_ctx_delete(ctx);
		return NULL;
	}
	return ctx;
}

/*
 * Two questions are put in turns, as what lies between may drop one of them:
 * for the root's servers, whatever the server knows (RD is not set); and for
 * "localhost", which is nobody's (RFC 6761 section 6.3).
 *
 * The trap: a server that takes long for everything is not silent. So one waits
 * for a sign of life as long as for an answer, and meanwhile the same question
 * is put again; the answer to any copy will do.
 */
#include "common/dns/dnsprobe.h"

#include <errno.h>
#include <stdlib.h>

#include "common/dns/dnsanswer.h"
#include "common/dns/dnsquestion.h"
#include "common/dns/dnstry.h"
#include "common/io/loop.h"
#include "common/limits.h"

enum { KINDS = 2 };

static const struct kind {
	struct dnsname name;
	unsigned type, flags;
} kinds[KINDS] = {
    {{.b = {0}, .n = 1}, DNS_TYPE_NS, 0},
    {{.b = "\011localhost", .n = sizeof "\011localhost"}, DNS_A,
        DNS_ASK_RECURSION},
};

/* One of a kind, at a place in a set. */
struct probe {
	struct dns_probes *probes;
	size_t place;
	struct nameservers *set; /* NULL: none is out */
	struct dns_try *try;
	uint64_t put;        /* loop_now(), for the first time */
	bool refused;        /* nobody was there: it is put anew */
	struct timer *timer; /* it has taken too long */
};

struct dns_probes {
	struct dns_ports *ports;
	struct loop *loop;
	uint64_t timeout; /* ms */
	struct probe probe[NAMESERVERS_MAX][KINDS];
};

static void
probe_end(struct probe *p)
{
	dns_try_close(p->try);
	p->try = NULL;
	timer_clear(p->timer);
	nameservers_drop(p->set);
	p->set = NULL;
}

/* No copy was answered in all the time: what it was, it is not slow. */
static void
probe_fire(void *arg)
{
	struct probe *p = arg;
	struct nameserver *server = &p->set->server[p->place];

	if (server->heard < p->put) /* not of the other kind, either */
		server->slow = 0;
	probe_end(p);
}

static void
probe_heard(void *arg, struct span msg, int err)
{
	struct probe *p = arg;
	struct nameserver *server = &p->set->server[p->place];
	uint64_t now = loop_now(p->probes->loop);

	(void)msg;
	if (err == -ECONNREFUSED) {
		p->refused = true;
		return;
	}
	if (err == 0) {
		nameserver_heard(server, now);
		if (now - p->put >= p->set->try_ms / 2)
			server->slow = now + NAMESERVERS_SILENT_MS;
	}
	probe_end(p);
}

/* True if the one that is out was put once more. */
static bool
probe_again(struct probe *p, const struct nameservers *set)
{
	if (p->set != set || set->tcp)
		return false;
	if (p->refused)
		p->put = loop_now(p->probes->loop);
	p->refused = false;
	dns_try_renew(p->try);
	return dns_try_plain(p->try) == 0;
}

static int
probe_open(struct probe *p, struct nameservers *set, const struct kind *kind)
{
	int err = dns_try_open(p->probes->ports, &set->server[p->place].at,
	    &kind->name, kind->type, kind->flags, set->tcp, probe_heard, p,
	    &p->try);

	if (err != 0)
		return err;
	p->set = nameservers_hold(set);
	p->put = loop_now(p->probes->loop);
	p->refused = false;
	timer_set(p->timer, p->probes->timeout);
	return 0;
}

void
dns_probe(struct dns_probes *ps, struct nameservers *set, size_t place)
{
	struct nameserver *server = &set->server[place];
	uint64_t now = loop_now(ps->loop);
	unsigned kind;
	struct probe *p;

	if (set->n == 1 || now - server->probed < set->try_ms / 8)
		return;
	kind = server->probes % KINDS;
	p = &ps->probe[place][kind];
	if (p->set == NULL || !probe_again(p, set)) {
		if (p->set != NULL)
			probe_end(p);
		if (probe_open(p, set, &kinds[kind]) != 0)
			return; /* it was not asked: it is not silent */
	}
	server->probes++;
	server->probed = now;
}

int
dns_probes_new(
    struct dns_ports *ports, uint64_t timeout, struct dns_probes **ret)
{
	struct dns_probes *ps = calloc(1, sizeof *ps);

	if (ps == NULL)
		return -ENOMEM;
	ps->ports = ports;
	ps->loop = dns_ports_loop(ports);
	ps->timeout = timeout;
	for (size_t i = 0; i < NAMESERVERS_MAX * KINDS; i++) {
		struct probe *p = &ps->probe[i / KINDS][i % KINDS];

		p->probes = ps;
		p->place = i / KINDS;
		if (timer_new(ps->loop, probe_fire, p, &p->timer) != 0) {
			dns_probes_free(ps);
			return -ENOMEM;
		}
	}
	*ret = ps;
	return 0;
}

void
dns_probes_free(struct dns_probes *ps)
{
	if (ps == NULL)
		return;
	for (size_t i = 0; i < NAMESERVERS_MAX * KINDS; i++) {
		struct probe *p = &ps->probe[i / KINDS][i % KINDS];

		if (p->set != NULL)
			probe_end(p);
		timer_free(p->timer);
	}
	free(ps);
}

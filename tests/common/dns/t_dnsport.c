/* Real: no fake stands in for the loop and the sockets. */
/* Sockets to servers that the test plays itself: what comes when a port is
 * kept, and what makes room. */
#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include "common/dns/dnsport.h"
#include "common/limits.h"
#include "tests/support/clock.h"
#include "tests/support/descriptors.h"
#include "tests/support/pause.h"
#include "tests/support/suite.h"

enum { SERVERS = 3 };

struct world {
	struct loop *loop;
	struct dns_ports *ports;
	int fd[SERVERS];
	struct dns_server at[SERVERS];
	unsigned read; /* how often readable() was called */
};

static void
begin(struct world *w, size_t max)
{
	clock_script();
	*w = (struct world){.read = 0};
	CU_ASSERT_FATAL(loop_new(&w->loop) == 0);
	CU_ASSERT_FATAL(dns_ports_new(w->loop, max, &w->ports) == 0);
	for (int i = 0; i < SERVERS; i++) {
		struct sockaddr_in in = {.sin_family = AF_INET,
		    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		socklen_t n = sizeof in;

		w->fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
		CU_ASSERT_FATAL(bind(w->fd[i], (struct sockaddr *)&in, n) == 0);
		CU_ASSERT_FATAL(
		    getsockname(w->fd[i], (struct sockaddr *)&in, &n) == 0);
		w->at[i] = (struct dns_server){.ip = ip_bytes("\177\0\0\1", 4),
		    .port = ntohs(in.sin_port)};
	}
}

static void
end(struct world *w)
{
	dns_ports_free(w->ports);
	loop_free(w->loop);
	for (int i = 0; i < SERVERS; i++)
		close(w->fd[i]);
}

static void
readable(void *arg, struct dns_port *p)
{
	struct world *w = arg;

	w->read++;
	loop_stop(w->loop);
}

static struct dns_port *
open_to(struct world *w, int server)
{
	struct dns_port *p = NULL;

	CU_ASSERT_FATAL(
	    dns_port_open(w->ports, &w->at[server], readable, w, &p) == 0);
	return p;
}

/* Which socket it is: no other has the same number, ever. */
static uint64_t
socket_of(const struct dns_port *p)
{
	uint64_t cookie = 0;
	socklen_t n = sizeof cookie;

	CU_ASSERT_FATAL(getsockopt(dns_port_fd(p), SOL_SOCKET, SO_COOKIE,
	                    &cookie, &n) == 0);
	return cookie;
}

/* Its own port. */
static unsigned
number(const struct dns_port *p)
{
	struct sockaddr_in in;
	socklen_t n = sizeof in;

	CU_ASSERT_FATAL(
	    getsockname(dns_port_fd(p), (struct sockaddr *)&in, &n) == 0);
	return ntohs(in.sin_port);
}

/* One is kept for that server; which. */
static uint64_t
keep_one(struct world *w, int server)
{
	struct dns_port *p = open_to(w, server);
	uint64_t which = socket_of(p);

	dns_port_keep(p);
	return which;
}

/* Sends to it as that server. */
static void
say(struct world *w, int server, unsigned port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)port)};

	CHECK(sendto(w->fd[server], "x", 1, 0, (struct sockaddr *)&to,
	          sizeof to) == 1);
}

static void
serves_the_same_server_again(void)
{
	struct world w;
	struct dns_port *p, *other;
	uint64_t first;
	char byte;

	begin(&w, 10);
	p = open_to(&w, 0);
	first = socket_of(p);
	say(&w, 0, number(p));
	pause_loop(w.loop, 1000);
	CHECK(w.read == 1 && recv(dns_port_fd(p), &byte, 1, 0) == 1);
	dns_port_keep(p);
	other = open_to(&w, 1);
	CHECK(socket_of(other) != first);
	p = open_to(&w, 0);
	CHECK(socket_of(p) == first);
	say(&w, 1, number(p)); /* connected: nothing from others */
	CHECK(recv(dns_port_fd(p), &byte, 1, 0) < 0 && errno == EAGAIN);
	say(&w, 0, number(p));
	pause_loop(w.loop, 1000);
	CHECK(w.read == 2 && recv(dns_port_fd(p), &byte, 1, 0) == 1);
	dns_port_close(p);
	p = open_to(&w, 0);
	CHECK(socket_of(p) != first);
	dns_port_close(p);
	dns_port_close(other);
	end(&w);
}

static void
is_given_up_when_somebody_speaks(void)
{
	struct world w;
	struct dns_port *p;
	uint64_t first;
	unsigned port;

	begin(&w, 10);
	p = open_to(&w, 0);
	first = socket_of(p);
	port = number(p);
	dns_port_keep(p);
	say(&w, 0, port);
	pause_loop(w.loop, 1);
	p = open_to(&w, 0);
	CHECK(w.read == 0 && socket_of(p) != first);
	dns_port_close(p);
	end(&w);
}

static void
grows_old(void)
{
	struct world w;
	struct dns_port *p;
	uint64_t first;

	begin(&w, 10);
	p = open_to(&w, 0);
	first = socket_of(p);
	pause_loop(w.loop, DNS_PORT_MS - 1);
	dns_port_keep(p);
	p = open_to(&w, 0);
	CHECK(socket_of(p) == first);
	dns_port_keep(p);
	pause_loop(w.loop, 1);
	p = open_to(&w, 0);
	CHECK(socket_of(p) != first);
	pause_loop(w.loop, DNS_PORT_MS);
	first = socket_of(p);
	dns_port_keep(p); /* too old for that */
	p = open_to(&w, 0);
	CHECK(socket_of(p) != first);
	dns_port_close(p);
	end(&w);
}

/* At the most: what is kept for others goes first, and is closed. */
static void
makes_room(void)
{
	struct world w;
	struct dns_port *a, *b, *c;
	uint64_t first;

	begin(&w, 2);
	first = keep_one(&w, 0);
	b = open_to(&w, 1);
	a = open_to(&w, 0);
	CHECK(socket_of(a) == first); /* two */
	dns_port_keep(a);
	c = open_to(&w, 2); /* would be three */
	a = open_to(&w, 0);
	CHECK(socket_of(a) != first);
	dns_port_close(a);
	dns_port_close(b);
	dns_port_close(c);
	end(&w);
}

/* TCP counts as one in use. */
static void
makes_room_for_tcp(void)
{
	struct world w;
	struct dns_port *a;
	uint64_t first;

	begin(&w, 2);
	first = keep_one(&w, 0);
	dns_ports_tcp(w.ports, 1);
	a = open_to(&w, 0);
	CHECK(socket_of(a) == first);
	dns_port_keep(a);
	dns_ports_tcp(w.ports, 1);
	CHECK(dns_ports_full(w.ports));
	dns_ports_tcp(w.ports, -2);
	CHECK(!dns_ports_full(w.ports));
	a = open_to(&w, 0);
	CHECK(socket_of(a) != first);
	dns_port_close(a);
	CHECK(!dns_ports_clear(w.ports));
	end(&w);
}

/* The same where the process may open no more. */
static void
makes_room_for_want_of_descriptors(void)
{
	struct world w;
	struct rlimit old;
	struct dns_port *a, *b, *none = NULL;
	uint64_t first;

	begin(&w, 10);
	a = open_to(&w, 0);
	first = socket_of(a);
	old = descriptors_limit((rlim_t)dns_port_fd(a) + 1);
	dns_port_keep(a);
	b = open_to(&w, 1);
	CHECK(dns_port_open(w.ports, &w.at[0], readable, &w, &none) == -EMFILE);
	descriptors_back(&old);
	a = open_to(&w, 0);
	CHECK(socket_of(a) != first);
	dns_port_close(a);
	dns_port_close(b);
	end(&w);
}

/* 4,096 of 65,536 are nearly all different, and none follows from the one
 * before it. */
static void
ids_are_by_chance(void)
{
	enum { MANY = 4096 };
	static bool seen[1 << 16];
	unsigned different = 0, steps = 0;
	uint16_t id, last = 0;
	struct world w;

	begin(&w, 2);
	for (int i = 0; i < MANY; i++) {
		CHECK(dns_ports_id(w.ports, &id) == 0);
		different += !seen[id];
		seen[id] = true;
		steps += (uint16_t)(id - last) == 1;
		last = id;
	}
	CHECK(different > MANY - 400 && steps < 10);
	end(&w);
}

static void
addresses(void)
{
	struct dns_server s;
	struct sockaddr_storage to;
	const struct sockaddr_in6 *in6 = (const void *)&to;
	socklen_t n;

	CHECK(dns_server_parse(span_str("fe80::1%lo"), &s) == 0);
	CHECK(dns_server_sockaddr(&s, &to, &n) == 0 && n == sizeof *in6);
	CHECK(in6->sin6_scope_id == 1 && ntohs(in6->sin6_port) == 53);
	CHECK(dns_server_parse(span_str("fe80::1%17"), &s) == 0);
	CHECK(
	    dns_server_sockaddr(&s, &to, &n) == 0 && in6->sin6_scope_id == 17);
	CHECK(dns_server_parse(span_str("fe80::1%nosuch0"), &s) == 0);
	CHECK(dns_server_sockaddr(&s, &to, &n) == -ENODEV);
}

SUITE("dnsport", T(serves_the_same_server_again),
    T(is_given_up_when_somebody_speaks), T(grows_old), T(makes_room),
    T(makes_room_for_tcp), T(makes_room_for_want_of_descriptors),
    T(ids_are_by_chance), T(addresses))

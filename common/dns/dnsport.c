/*
 * The trick: the event of a socket stays in the loop while it is kept, so that
 * the next question costs a send(2) and a recv(2). What wakes it then is no
 * answer to anything: a late one, or a guess, and the port is given up.
 *
 * The trap is our own address: what is connected keeps the one it had. Where
 * that has gone, nothing can be sent, or by IPv6 it is lost without a word
 * (dns_port_stale).
 */
#include "common/dns/dnsport.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/limits.h"

enum { IDS = 64 };

struct dns_port {
	struct dns_ports *ports;
	struct dns_server at;
	int fd;
	struct event event;
	uint64_t opened; /* loop_now() */
	unsigned questions;
	void (*readable)(void *arg, struct dns_port *p); /* NULL: it is kept */
	void *arg;
	size_t place; /* in kept[] */
};

struct dns_ports {
	struct loop *loop;
	struct timer *timer; /* set while any is kept */
	size_t max;
	size_t open; /* in use, TCP included, and kept */
	size_t n;
	struct dns_port *kept[DNS_PORTS_KEPT];
	size_t ids;
	uint16_t id[IDS]; /* by chance, not used yet: so many at one time, as
	                   * each time costs a system call */
};

/* --- addresses ------------------------------------------------------------ */

/* The number of an interface, by its name or written as such; 0: there is
 * none. */
static uint32_t
scope_of(const char *scope)
{
	unsigned long n = if_nametoindex(scope);
	char *end;

	if (n != 0 || scope[0] < '0' || scope[0] > '9')
		return (uint32_t)n;
	n = strtoul(scope, &end, 10);
	return *end == '\0' && n <= UINT32_MAX ? (uint32_t)n : 0;
}

int
dns_server_sockaddr(const struct dns_server *s, struct sockaddr_storage *ret,
    socklen_t *ret_size)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons(s->port)};
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(s->port)};

	if (s->ip.family == AF_INET) {
		memcpy(&in.sin_addr, s->ip.b, 4);
		memcpy(ret, &in, sizeof in);
		*ret_size = sizeof in;
		return 0;
	}
	memcpy(&in6.sin6_addr, s->ip.b, 16);
	if (s->scope[0] != '\0') {
		in6.sin6_scope_id = scope_of(s->scope);
		if (in6.sin6_scope_id == 0)
			return -ENODEV;
	}
	memcpy(ret, &in6, sizeof in6);
	*ret_size = sizeof in6;
	return 0;
}

/* --- those that are kept -------------------------------------------------- */

static void
unkeep(struct dns_port *p)
{
	struct dns_ports *ps = p->ports;
	struct dns_port *last = ps->kept[--ps->n];

	ps->kept[p->place] = last;
	last->place = p->place;
}

void
dns_port_close(struct dns_port *p)
{
	event_del(&p->event);
	close(p->fd);
	p->ports->open--;
	free(p);
}

static void
drop(struct dns_port *p)
{
	unkeep(p);
	dns_port_close(p);
}

static bool
is_old(const struct dns_port *p)
{
	return p->questions >= DNS_PORT_QUESTIONS ||
	    loop_now(p->ports->loop) - p->opened >= DNS_PORT_MS;
}

bool
dns_ports_clear(struct dns_ports *ps)
{
	bool any = ps->n > 0;

	while (ps->n > 0)
		drop(ps->kept[ps->n - 1]);
	return any;
}

bool
dns_ports_spare(struct dns_ports *ps, int err)
{
	return (err == -EMFILE || err == -ENFILE) && dns_ports_clear(ps);
}

bool
dns_lack(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -EAGAIN ||
	    err == -ENOMEM;
}

static void
close_kept(void *arg)
{
	dns_ports_clear(arg);
}

/* For one more that is in use. */
static void
make_room(struct dns_ports *ps)
{
	while (ps->n > 0 && ps->open >= ps->max)
		drop(ps->kept[ps->n - 1]);
}

/* One that is connected to that server, or NULL. */
static struct dns_port *
kept(struct dns_ports *ps, const struct dns_server *at)
{
	for (size_t i = ps->n; i-- > 0;) {
		struct dns_port *p = ps->kept[i];

		if (!dns_server_equal(&p->at, at))
			continue;
		if (!is_old(p)) {
			unkeep(p);
			return p;
		}
		drop(p);
	}
	return NULL;
}

/* --- new ones ------------------------------------------------------------- */

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dns_port *p = arg;

	if (p->readable != NULL)
		p->readable(p->arg, p);
	else
		drop(p);
}

/* The fd, or -errno. */
static int
connect_to(const struct dns_server *at)
{
	struct sockaddr_storage to;
	socklen_t n;
	int err = dns_server_sockaddr(at, &to, &n), fd;

	if (err != 0)
		return err;
	fd =
	    socket(at->ip.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* the kernel picks a port by chance */
	if (connect(fd, (struct sockaddr *)&to, n) != 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int
make(struct dns_ports *ps, const struct dns_server *at, struct dns_port **ret)
{
	struct dns_port *p = malloc(sizeof *p);

	if (p == NULL)
		return -ENOMEM;
	*p = (struct dns_port){.ports = ps,
	    .at = *at,
	    .fd = connect_to(at),
	    .opened = loop_now(ps->loop)};
	if (p->fd < 0) {
		int err = p->fd;

		free(p);
		return err;
	}
	ps->open++;
	if (event_assign(&p->event, loop_base(ps->loop), p->fd,
	        EV_READ | EV_PERSIST, on_readable, p) != 0 ||
	    event_add(&p->event, NULL) != 0) {
		dns_port_close(p);
		return -ENOMEM;
	}
	*ret = p;
	return 0;
}

/* --- the door ------------------------------------------------------------- */

int
dns_ports_new(struct loop *l, size_t max, struct dns_ports **ret)
{
	struct dns_ports *ps = malloc(sizeof *ps);
	int err;

	if (ps == NULL)
		return -ENOMEM;
	*ps = (struct dns_ports){.loop = l, .max = max};
	err = timer_new(l, close_kept, ps, &ps->timer);
	if (err != 0) {
		free(ps);
		return err;
	}
	*ret = ps;
	return 0;
}

struct loop *
dns_ports_loop(const struct dns_ports *ps)
{
	return ps->loop;
}

int
dns_ports_id(struct dns_ports *ps, uint16_t *ret)
{
	if (ps->ids == 0) {
		if (getrandom(ps->id, sizeof ps->id, 0) != sizeof ps->id)
			return -EAGAIN;
		ps->ids = IDS;
	}
	*ret = ps->id[--ps->ids];
	return 0;
}

void
dns_ports_free(struct dns_ports *ps)
{
	if (ps == NULL)
		return;
	dns_ports_clear(ps);
	timer_free(ps->timer);
	free(ps);
}

int
dns_port_open(struct dns_ports *ps, const struct dns_server *at,
    void (*readable)(void *arg, struct dns_port *p), void *arg,
    struct dns_port **ret)
{
	struct dns_port *p = kept(ps, at);
	int err = 0;

	if (p == NULL) {
		make_room(ps);
		err = make(ps, at, &p);
		if (dns_ports_spare(ps, err))
			err = make(ps, at, &p);
	}
	if (err != 0)
		return err;
	p->readable = readable;
	p->arg = arg;
	p->questions++;
	*ret = p;
	return 0;
}

int
dns_port_fd(const struct dns_port *p)
{
	return p->fd;
}

void
dns_port_keep(struct dns_port *p)
{
	struct dns_ports *ps = p->ports;

	if (ps->n == DNS_PORTS_KEPT || is_old(p)) {
		dns_port_close(p);
		return;
	}
	p->readable = NULL;
	p->place = ps->n;
	ps->kept[ps->n++] = p;
	if (ps->n == 1)
		timer_set(ps->timer, DNS_PORT_MS);
}

/* The address of our end, without the port. */
static struct ip
own_address(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} own = {.any = {.sa_family = AF_UNSPEC}};
	socklen_t n = sizeof own;

	(void)getsockname(fd, &own.any, &n);
	return own.any.sa_family == AF_INET ? ip_bytes(&own.in.sin_addr, 4)
	                                    : ip_bytes(&own.in6.sin6_addr, 16);
}

bool
dns_port_stale(const struct dns_port *p)
{
	struct ip was = own_address(p->fd), now;
	int fd = connect_to(&p->at);

	if (fd < 0)
		return false;
	now = own_address(fd);
	close(fd);
	return !ip_equal(&was, &now);
}

bool
dns_ports_full(const struct dns_ports *ps)
{
	return ps->open - ps->n >= ps->max;
}

void
dns_ports_tcp(struct dns_ports *ps, int change)
{
	if (change > 0)
		make_room(ps);
	ps->open += (size_t)change;
}

/* The addresses of this host, by getifaddrs(3). Its trap: of a point-to-point
 * link ifa_addr is ours, ifa_dstaddr the peer's. */
#include "common/io/own.h"

#include "common/log/log.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int
compare(const void *a, const void *b)
{
	const struct ip *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->b, y->b, ip_width(x) / 8);
}

/* False for what is not of the list. */
static bool
take(const struct ifaddrs *i, struct ip *ret)
{
	const struct sockaddr *sa = i->ifa_addr;

	if (sa == NULL || (i->ifa_flags & IFF_UP) == 0)
		return false;
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		*ret = ip_bytes(&in.sin_addr, sizeof in.sin_addr);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof in6);
		*ret = ip_bytes(&in6.sin6_addr, sizeof in6.sin6_addr);
		return !IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr);
	}
	return false;
}

static void
forget(struct own *o)
{
	free(o->v);
	o->v = NULL;
	o->n = 0;
}

int
own_read(struct own *o)
{
	struct ifaddrs *all;
	size_t n = 0;

	forget(o);
	if (getifaddrs(&all) != 0)
		return -errno;
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
		n++;
	o->v = calloc(n + 1, sizeof *o->v);
	for (const struct ifaddrs *i = all; o->v != NULL && i != NULL;
	     i = i->ifa_next)
		o->n += take(i, &o->v[o->n]);
	freeifaddrs(all);
	if (o->v == NULL)
		return -ENOMEM;
	qsort(o->v, o->n, sizeof *o->v, compare);
	return 0;
}

bool
own_has(const struct own *o, const struct ip *ip)
{
	return ip != NULL && o->n > 0 &&
	    bsearch(ip, o->v, o->n, sizeof *o->v, compare) != NULL;
}

/* Between two messages, as all timers. */
static void
on_refresh(void *arg)
{
	struct own *o = arg;
	int rc = own_read(o);

	if (rc != 0 && !o->blind)
		log_event(LOG_ERR, "own_addresses", "%s", strerror(-rc));
	o->blind = rc != 0;
	timer_set(o->refresh, OWN_REFRESH_MS);
}

int
own_watch(struct own *o, struct loop *l)
{
	int rc = timer_new(l, on_refresh, o, &o->refresh);

	if (rc == 0)
		on_refresh(o);
	return rc;
}

void
own_free(struct own *o)
{
	timer_free(o->refresh);
	forget(o);
	*o = (struct own){.v = NULL};
}

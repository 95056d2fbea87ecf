/*
 * own.h - the addresses of this host, as they are now.
 *
 * A client with one of them is a program on this host: while an address is ours
 * the kernel routes what goes there to itself, so nobody elsewhere can complete
 * a TCP connection from it. The list can be old for as long as it takes to be
 * read again, and that is the only time in which another host could take an
 * address over.
 *
 * Not of the list are the peers at the far end of point-to-point links, which
 * are other hosts; addresses of interfaces that are down, which may be another
 * host's meanwhile (a failover); and link-local ones, which other hosts may
 * have on other links. Whether the MTA runs on this host, too, is asked by who
 * asks for a client.
 */
#ifndef POSTSEAL_COMMON_OWN_H
#define POSTSEAL_COMMON_OWN_H

#include "common/bytes/ip.h"
#include "common/io/loop.h"

/* How old the list may be. Who gets an address that was ours a moment ago is
 * taken for this host until it is read again. */
enum { OWN_REFRESH_MS = 60 * 1000 };

struct own {
	struct ip *v; /* owned, sorted */
	size_t n;
	struct timer *refresh; /* owned; NULL: not watched */
	bool blind;            /* they could not be read; it was said */
};

/* Reads them anew, over netlink. 0, or -errno with o empty: better no client is
 * internal than one that was. Frees what o held, which may be all zero. */
int own_read(struct own *o);

/*
 * Reads them now and each minute from now on; where that fails they count for
 * nothing, and one line of the log says so. Borrows l until own_free(). 0 or
 * -errno.
 */
int own_watch(struct own *o, struct loop *l);

/* True if ip, which may be NULL, is one of them. */
bool own_has(const struct own *o, const struct ip *ip);

void own_free(struct own *o);

#endif

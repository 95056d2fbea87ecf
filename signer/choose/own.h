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
 * have on other links. Whether the MTA runs on this host, too, is asked by
 * choose.c.
 */
#ifndef POSTSEAL_SIGNER_OWN_H
#define POSTSEAL_SIGNER_OWN_H

#include "common/bytes/ip.h"

struct own {
	struct ip *v; /* owned, sorted */
	size_t n;
};

/* Reads them anew, over netlink. 0, or -errno with o empty: better no client is
 * internal than one that was. Frees what o held, which may be {NULL, 0}. */
int own_read(struct own *o);

/* True if ip, which may be NULL, is one of them. */
bool own_has(const struct own *o, const struct ip *ip);

void own_free(struct own *o);

#endif

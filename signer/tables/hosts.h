/*
 * hosts.h - lists of clients: OpenDKIM's InternalHosts, ExternalIgnoreList,
 * PeerList, TrustedHosts, and dkim-milter's ilist.
 *
 * An entry is an address, a network, a name, ".domain" (all names below it), in
 * a refile: also a pattern such as "*.example.jp"; a '!' in front takes out
 * what a wider entry takes in. The most precise entry counts, of two equal ones
 * that with the '!': a name before domains, the longer domain first, the
 * narrower network first. "this-host" is each address of own.h. Names are
 * looked at before addresses, as opendkim.conf(5) has it under PeerList: an
 * entry for the client's name decides, and its address is not looked at.
 *
 * The name is that which Postfix gives with CONNECT: it has looked up that it
 * leads back to the address, and says "unknown" where it does not. Nothing is
 * looked up here.
 */
#ifndef POSTSEAL_SIGNER_HOSTS_H
#define POSTSEAL_SIGNER_HOSTS_H

#include "common/bytes/arena.h"
#include "common/bytes/buf.h"
#include "common/bytes/ip.h"
#include "common/settings/settings.h" /* struct text_list */

enum hosts_kind {
	HOSTS_NET,
	HOSTS_OWN,    /* "this-host" */
	HOSTS_NAME,   /* "host" */
	HOSTS_DOMAIN, /* ".domain" */
	HOSTS_GLOB    /* "*.domain" */
};

struct hosts_entry {
	enum hosts_kind kind;
	bool not ;        /* '!' in front */
	struct cidr net;  /* HOSTS_NET */
	const char *text; /* as written, without '!' */
	const char *file; /* NULL: in the config itself */
	unsigned line;
};

struct hosts {
	struct hosts_entry *v;
	size_t n;
};

/*
 * Reads the entries of a config key and of the files that it names into the
 * arena. 0; -EINVAL after a sentence in why for each file or row that is wrong:
 * with half a list nobody knows whose mail would be signed; -ENOMEM. Rows that
 * match nothing are told in warn.
 */
int hosts_open(const struct text_list *list, struct arena *arena,
    struct hosts *ret, struct buf *why, struct buf *warn);

/* The same of one file whose text is in memory; spec names it, as in table.h.
 * Borrows text during the call. */
int hosts_parse(const char *spec, struct span text, struct arena *arena,
    struct hosts *ret, struct buf *why, struct buf *warn);

/* The entry that decides about this client, NULL when none does; with ->not it
 * is not one of the list. ip may be NULL, name "" or "unknown"; own: the
 * address is one of this host. */
const struct hosts_entry *hosts_find(
    const struct hosts *h, const char *name, const struct ip *ip, bool own);

#endif

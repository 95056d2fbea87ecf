/*
 * tables.h - all lists and tables of the signer that stand outside of the
 * config: one generation of them, read by the supervisor and forked into the
 * workers.
 *
 * What each is, is told by hosts.h, keytable.h, signtable.h and authtable.h;
 * who is signed by them, by choose.h. The keys that a KeyTable names are opened
 * by keyring.c.
 */
#ifndef POSTSEAL_SIGNER_TABLES_H
#define POSTSEAL_SIGNER_TABLES_H

#include "common/settings/settings.h"
#include "signer/tables/authtable.h"
#include "signer/tables/hosts.h"
#include "signer/tables/signtable.h"

struct tables {
	struct arena arena; /* owns all below */
	struct hosts internal;
	struct hosts ignore;
	struct hosts external; /* external_ignore */
	struct hosts lists;    /* list_hosts */
	struct keytable keys;
	struct signtable signing;
	bool has_signing; /* there is a signing table */
	struct authtable auth;
	bool has_auth;
	size_t bad; /* rows of the first two tables that are wrong */
};

/*
 * Reads what the settings name; borrows s until tables_free(). 0 and *ret
 * owned, also with bad rows. -EINVAL when a file cannot be read, or a list that
 * says who may have mail signed has a wrong row; -ENOMEM. Sentences, each with
 * file and line, go to why and warn, a newline behind each.
 */
int tables_open(const struct settings *s, struct tables **ret, struct buf *why,
    struct buf *warn);

/* NULL is allowed. */
void tables_free(struct tables *t);

#endif

/*
 * signtable.h - OpenDKIM's SigningTable (opendkim.conf(5)): which key signs for
 * an address.
 *
 *     pattern  name-of-a-key[:identity for i=]
 *
 * A "refile:" has patterns with '*' that are tried in the order of the file. A
 * "file:" is looked up: user@host, host, user@.domain and then .domain from the
 * longest domain to the shortest, user@*, and '*'. As the name of the key "%"
 * is the From domain; so is a "%" in the identity. A "keylist:" is
 * dkim-milter's pattern:domain:/path, in order.
 *
 * A row that names a key which keytable.h does not have is told with both
 * files, and so is a row with a '*' that can never match; what matches a wrong
 * row is treated as mail of a domain whose key is bad, and not handed on to the
 * next row.
 */
#ifndef POSTSEAL_SIGNER_SIGNTABLE_H
#define POSTSEAL_SIGNER_SIGNTABLE_H

#include "signer/tables/globset.h"
#include "signer/tables/keytable.h"
#include "signer/tables/table.h"

struct signtable_row {
	bool wrong;
	bool by_domain;       /* the key is named by the From domain */
	size_t key;           /* else: the row of the KeyTable */
	const char *identity; /* NULL: none; "%": the From domain */
};

struct signtable {
	struct table table;
	struct signtable_row *row; /* one for each row of the table */
	struct globset globs;      /* rows with a '*', when they are in order */
	bool in_order;             /* refile: and keylist: */
	size_t bad;                /* rows that are wrong */
};

/* Reads the file that spec names into the arena; keys are rows of k. 0, also
 * with bad rows; -EINVAL when there is no such file; -ENOMEM. For "keylist:" k
 * is made here. Sentences as of table.h. */
int signtable_open(const char *spec, struct arena *arena, struct keytable *k,
    struct signtable *ret, struct buf *why);

/* The same from memory, as table_parse(). */
int signtable_parse(const char *spec, struct span text, struct arena *arena,
    struct keytable *k, struct signtable *ret, struct buf *why);

/* Where the search for one address stands. */
struct signtable_walk {
	struct span address; /* local@domain, A-labels; borrowed */
	size_t at;           /* the '@' */
	size_t next;         /* a row, or a step of the lookup */
	size_t dot;          /* in a lookup: where the domain begins */
};

/* address: as above, with its last '@' at byte `at`. */
void signtable_begin(struct signtable_walk *w, struct span address, size_t at);

/* The next row that matches, in the order in which they count; table.n at the
 * end. */
size_t signtable_next(const struct signtable *t, struct signtable_walk *w);

#endif

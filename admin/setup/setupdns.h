/*
 * setupdns.h - what `postseal setup` says about DNS: the records to publish.
 *
 * Those of the keys, and SPF and DMARC where the domain has none. A key whose
 * record is there is let sign.
 */
#ifndef POSTSEAL_ADMIN_SETUPDNS_H
#define POSTSEAL_ADMIN_SETUPDNS_H

#include "admin/key/domainkey.h"
#include "admin/tool/tool.h"

/* What was found and done; for setupdns_free(). */
struct setupdns {
	const char *domain; /* borrowed */
	bool apply;         /* keys whose record is right become active */
	bool publish;       /* a record of a key is missing or wrong */
	bool unusable;      /* a private key is, which was told */
	bool observes;      /* SPF refuses nothing yet */
	bool untold; /* the running signer has not got a key, which was told */
	bool no_spf, no_dmarc; /* there is no such record */
	struct tool tool;      /* owned: keys point into its settings */
	struct domainkeys keys;
	size_t n; /* of the keys that were looked at, and activated */
};

/*
 * Asks DNS about the domain, which is in A-labels; apply: keys whose record is
 * right become active, and the running signer is told. 0 and *ret, also when
 * there is no config yet; or -errno with sentences in why or on stderr, and in
 * *ret what was done before.
 */
int setupdns_look(const char *config, const char *domain, bool apply,
    struct setupdns *ret, struct buf *why);

/* Frees what it holds; one that was zeroed holds nothing. */
void setupdns_free(struct setupdns *s);

/* Appends what people are to know of it. */
void setupdns_print(const struct setupdns *s, struct buf *out);

/* For --json: the records of the keys; records that the domain should have.
 * Owned; NULL: memory is out. */
struct json_t *setupdns_records_json(const struct setupdns *s);
struct json_t *setupdns_missing_json(const struct setupdns *s);

/* Whether the domain has a key in a section or in the tables of the config,
 * which is there. 0 or -errno as above. */
int setupdns_has_key(
    const char *config, const char *domain, bool *ret, struct buf *why);

#endif

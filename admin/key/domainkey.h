/*
 * domainkey.h - the keys of the config beside what DNS says of each.
 *
 * For testkey, check, setup and rotate: reads the private keys, puts all
 * questions, and compares (keydiff.h). Keys that are not active yet are looked
 * at, too. What follows from it is for the subcommand to say.
 */
#ifndef POSTSEAL_ADMIN_DOMAINKEY_H
#define POSTSEAL_ADMIN_DOMAINKEY_H

#include "admin/tool/tool.h"
#include "common/dkim/keydiff.h"
#include "signer/keys/keyfile.h"
#include "signer/tables/tables.h"

struct domainkey {
	const struct domain_settings *domain;
	const struct key_settings *settings;
	char *name; /* SELECTOR._domainkey.DOMAIN */

	/* The private key: NULL, or why it cannot be used. */
	const char *problem;
	struct key_facts facts;
	struct buf half; /* public, base64 */

	/* DNS: only where there is a private key. */
	enum keydiff diff;
	enum dns_security security;
	struct buf text; /* one or two sentences */
};

/* True if verifiers will take its signatures. */
bool domainkey_good(const struct domainkey *k);

/* The one of that selector among the n keys of a domain, or NULL. */
const struct domainkey *domainkey_find(
    const struct domainkey *k, size_t n, const char *selector);

/* Appends the record to publish, as genkey_record() does; nothing where the
 * private key cannot be used. */
void domainkey_record(const struct domainkey *k, struct buf *out);

/* Says which private key cannot be used and why, and what comes next; or only
 * that. */
void domainkey_tell_unusable(const struct domainkey *k, struct buf *why);
void domainkey_unusable_next(const struct domainkey *k, struct buf *out);

/* What follows when DNS has the key's record. */
void domainkey_next(const struct domainkey *k, struct buf *out);

/* The record for --json, and whether the key is active; owned. NULL: memory is
 * out. */
struct json_t *domainkey_json(const struct domainkey *k);

/* The same, with what domainkey_look() has found: published (true, false, or
 * null where DNS does not say), and the text for people. Beside them only name
 * and selector where the private key cannot be used: a value with an empty p=
 * would revoke it. */
struct json_t *domainkey_looked_json(const struct domainkey *k);

/* True if DNS has another record, or none; not where it gave no answer. */
bool domainkey_lacks(const struct domainkey *k);

/*
 * The keys of t's domain sections, or those of domain, or the one of selector;
 * NULL for any. 0 and ret[*ret_n] owned (domainkey_free), none when there is
 * none; or -errno.
 */
int domainkey_look(struct tool *t, const char *domain, const char *selector,
    struct domainkey **ret, size_t *ret_n);

void domainkey_free(struct domainkey *k, size_t n);

/* --- tables, too ---------------------------------------------------------- */

struct domainkeys {
	struct domainkey *key;
	size_t n;
	struct tables *tables; /* owned: keys point into it */
};

/*
 * The same, and the keys of the key_table. One that signs for any domain is
 * looked at for the domains that rows of the signing table name, and for the
 * one that is asked for. 0 and *ret for domainkeys_free(), or -errno. What is
 * wrong with the tables, and a key whose domains nobody knows, is told in why,
 * a line each; the rest is looked at.
 */
int domainkeys_look(struct tool *t, const char *domain, const char *selector,
    struct domainkeys *ret, struct buf *why);

/* The same without a question to DNS: what it says is not known of any. */
int domainkeys_read(const struct settings *s, const char *domain,
    const char *selector, struct domainkeys *ret, struct buf *why);

void domainkeys_free(struct domainkeys *k);

/* Says that the config has no such key, and what makes one for the domain; "":
 * for any. Returns -ENOENT. */
int domainkeys_tell_none(
    const char *config, const char *domain, struct buf *why);

#endif

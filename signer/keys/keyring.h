/*
 * keyring.h - the keys of one generation: which keys sign for which domain.
 *
 * Opened by the supervisor, which may read key files, from the settings; forked
 * with them into the workers, which may not. Here a file is opened and it is
 * checked who else could read it; what its bytes are is keys.c's affair, and
 * OpenSSL's key is made by the worker that signs first with it. The tables are
 * read here, too, because they name keys (tables.h); each key of a KeyTable is
 * a domain of its own.
 *
 * A domain of which one active key cannot be used is *bad*: -T and a reload
 * refuse it. At start its other keys sign, and each of its messages says which
 * does not; on_bad_key rules when there is none. Keys that are not active are
 * looked at, but cannot spoil a domain.
 */
#ifndef POSTSEAL_SIGNER_KEYRING_H
#define POSTSEAL_SIGNER_KEYRING_H

#include "common/bytes/buf.h"
#include "common/settings/settings.h"
#include "signer/keys/keys.h"
#include "signer/tables/tables.h"

struct keyring_key {
	const struct key_settings *settings;
	struct key *key; /* NULL after keyring_wipe() */
	size_t index;    /* of its mark */
};

struct keyring_domain {
	const struct domain_settings *settings;
	struct keyring_key *key; /* the active ones that can be used */
	size_t nkeys;
	const struct key_settings *bad; /* the first that cannot; NULL: none */
	size_t nbad;                    /* how many cannot */
};

struct keyring_mark {
	_Atomic bool mismatch;
};

struct keyring {
	const struct settings *settings;
	struct tables *tables;         /* owned */
	struct keyring_domain *domain; /* in the order of settings->domain, then
					* of tables->keys.entry */
	size_t ndomains;               /* of both */
	size_t bad; /* how many domains, and rows of tables, are */

	/* One for each key, shared by all processes of the generation. */
	struct keyring_mark *mark;
	size_t nkeys;
};

/*
 * Opens the keys of all domains of s, which is borrowed until keyring_free(). 0
 * and *ret returned owned, also when domains are bad: then ret->bad counts
 * them, and why got a sentence for each key, each with file, line, what is
 * wrong and what mends it, a newline behind each. Warnings (a key that others
 * may read when key_permissions is "warn", a short key, an inactive key that is
 * no good) go to warn in the same form. -EINVAL, after sentences in why, when a
 * table cannot be read at all; -ENOMEM.
 */
int keyring_open(const struct settings *s, struct keyring **ret,
    struct buf *why, struct buf *warn);

/* Wipes and frees all keys; NULL is allowed. */
void keyring_free(struct keyring *k);

/* Wipes and frees the keys and keeps the rest, for a process that has no use
 * for them. */
void keyring_wipe(struct keyring *k);

/* Tells all processes of the generation whether DNS has another key in the
 * place of this one (keycheck.h); what the last one said. At first: no. */
void keyring_mark(
    struct keyring *k, const struct keyring_key *key, bool mismatch);
bool keyring_mismatch(const struct keyring *k, const struct keyring_key *key);

/* The domain named name (A-labels, any case), or NULL. Borrows from k. */
const struct keyring_domain *keyring_find(
    const struct keyring *k, struct span name);

/* The domain of an entry of the KeyTable. Borrows from k. */
const struct keyring_domain *keyring_entry(
    const struct keyring *k, const struct keytable_entry *e);

#endif

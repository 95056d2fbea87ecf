/*
 * genkey.h - makes a DKIM key and says what to do with it.
 *
 * Writes KEYDIR/DOMAIN/SELECTOR.private, mode 0600, whole or not at all, and
 * never over a file that is there. Prints the DNS record, as lines of a zone
 * file and as the one value that a provider's web form wants, and the section
 * for the config, or with --add puts that there itself, not active. It does not
 * change DNS; testkey.c looks there, and lets the key sign.
 *
 * A run with --add that was cut off is ended by the next one of that selector:
 * the key file that it has left is taken, if it is such a key and does not sign
 * yet.
 */
#ifndef POSTSEAL_ADMIN_GENKEY_H
#define POSTSEAL_ADMIN_GENKEY_H

#include <limits.h> /* PATH_MAX */
#include <time.h>

#include "admin/tool/subcommand.h"
#include "common/bytes/buf.h"
#include "common/bytes/domain.h"
#include "common/settings/settings.h"
#include "signer/keys/keyfile.h" /* struct key_facts */

#define GENKEY_KEYDIR POSTSEAL_SYSCONFDIR "/postseal/keys"

/* `postseal genkey`. Its exit status: 0, 1 when it failed, 2 when the command
 * line is wrong. */
extern const struct subcommand genkey_subcommand;

struct genkey {
	const char *domain;   /* U-labels are put into A-labels */
	const char *selector; /* NULL: the date, "20261122"; of Ed25519
			       * "20261122e", as both may be made on one day
			       * (RFC 8463 section 6); with "-2" behind it where
			       * there is such a key */
	const char *keydir;
	enum key_algorithm algorithm;
	unsigned bits; /* of RSA */
	time_t now;
	const char *config;              /* the key is added to it; or NULL */
	const struct settings *settings; /* that were read from it, or NULL */
};

/* A key, for genkey_clear(). */
struct genkey_made {
	char domain[DOMAIN_MAX + 1];   /* A-labels */
	char selector[DOMAIN_MAX + 1]; /* lower case */
	char file[PATH_MAX];
	char added_to[PATH_MAX]; /* the config; "": to none */
	bool found;              /* a run before has made the file */
	struct key_facts facts;
	struct buf half; /* public, base64 */
};

/*
 * Makes the key as g says. 0 and *ret; or -errno and one sentence in why; then
 * nothing has been written. Advice (a short key) goes to why on success, too.
 */
int genkey_make(
    const struct genkey *g, struct genkey_made *ret, struct buf *why);

/* Those that genkey_all() has made: one, or an RSA key and one of Ed25519. */
struct genkey_pair {
	struct genkey_made key[2];
	size_t n;
};

/*
 * As genkey_make() of one algorithm or, with both, of the two; the selector of
 * the second gets an "e" behind (RFC 8463 section 6: two keys, two selectors).
 * With g->config, which need not exist, g->settings are read here. *ret is for
 * genkey_clear_all(), also after a failure: the first of two may have been
 * made.
 */
int genkey_all(const struct genkey *g, bool both, struct genkey_pair *ret,
    struct buf *why);

void genkey_clear(struct genkey_made *made);
void genkey_clear_all(struct genkey_pair *made);

/* Appends where the key is, its record and what comes next; as rotate does it,
 * or the administrator, who puts it into the config where genkey has not. */
void genkey_print(const struct genkey_made *made, const char *config,
    bool rotating, struct buf *out);

/* The record of a public half for --json: name, type, value, domain, selector.
 * Owned; NULL: memory is out. */
struct json_t *genkey_record_json(const char *domain, const char *selector,
    enum key_algorithm algorithm, struct span half);

/* The same of a key, with file, key_type, bits, config and found. */
struct json_t *genkey_json(const struct genkey_made *made);

/* Appends the record of a public half (key_public), as lines of a zone file and
 * as one value for a web form. domain and selector are A-labels. */
void genkey_record(const char *domain, const char *selector,
    enum key_algorithm algorithm, struct span half, struct buf *out);

/* Appends the line that says what follows when DNS has that record: it is for
 * rotate, or for testkey. */
void genkey_next(const char *domain, bool rotating, struct buf *out);

#endif

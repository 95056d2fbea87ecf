/*
 * genkey.h - makes a DKIM key and says what to do with it.
 *
 * Writes KEYDIR/DOMAIN/SELECTOR.private, mode 0600, whole or not at all, and
 * never over a file that is there. Prints the DNS record, as lines of a zone
 * file and as the one value that a provider's web form wants, and the section
 * for the config, or with --add puts that there itself, not active. It does not
 * change DNS; testkey.c looks there, and lets the key sign.
 */
#ifndef POSTSEAL_ADMIN_GENKEY_H
#define POSTSEAL_ADMIN_GENKEY_H

#include <time.h>

#include "admin/tool/subcommand.h"
#include "common/bytes/buf.h"
#include "common/settings/settings.h"
#include "common/dkim/keyrecord.h" /* enum key_algorithm */

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
	bool rotating; /* rotate.h goes on from here */
	time_t now;
	const char *config;              /* the key is added to it; or NULL */
	const struct settings *settings; /* that were read from it, or NULL */
};

/*
 * Makes the key as g says. 0 and the text for stdout in out; or -errno and one
 * sentence in why; then nothing has been written. Advice (a short key) goes to
 * why on success, too.
 */
int genkey_make(const struct genkey *g, struct buf *out, struct buf *why);

/*
 * As genkey_make() of one algorithm or, with both, an RSA key and one of
 * Ed25519, whose selector gets an "e" behind (RFC 8463 section 6: two keys, two
 * selectors). With g->config, which need not exist, g->settings are read here.
 */
int genkey_all(
    const struct genkey *g, bool both, struct buf *out, struct buf *why);

/* Appends the record of a public half (key_public), as lines of a zone file and
 * as one value for a web form. domain and selector are A-labels. */
void genkey_record(const char *domain, const char *selector,
    enum key_algorithm algorithm, struct span half, struct buf *out);

/* Appends the line that says what follows when DNS has that record: it is for
 * rotate, or for testkey. */
void genkey_next(const char *domain, bool rotating, struct buf *out);

#endif

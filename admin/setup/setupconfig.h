/*
 * setupconfig.h - postseal.conf as `postseal setup` changes it: six lines, at
 * most.
 *
 * The host's name, `observe`, the verifier's name and trusted networks, where
 * they are not set, and where signer and verifier listen; nothing else in the
 * file is touched (confedit.h). What has changed is told for people before it
 * is written.
 */
#ifndef POSTSEAL_ADMIN_SETUPCONFIG_H
#define POSTSEAL_ADMIN_SETUPCONFIG_H

#include "common/settings/settings.h"

struct setupconfig {
	const char *file; /* borrowed */
	struct settings
	    *settings;      /* as they are; defaults where there is no file */
	struct buf text;    /* as it shall be */
	struct buf changes; /* lines for people; empty: none */
	struct buf *why;    /* borrowed; gets a sentence when one fails */
};

/* Reads the file; one that does not exist is empty. 0 and *c
 * (setupconfig_free); or -errno with a sentence in why and nothing to free. */
int setupconfig_read(struct setupconfig *c, const char *file, struct buf *why);
void setupconfig_free(struct setupconfig *c);

/* The name that Postfix has, where the config has none; observe: nothing is to
 * be refused at first, where nothing is said of it. listen: signer.listen as it
 * stands in a config; "" leaves it. 0 or -errno. */
int setupconfig_plan(struct setupconfig *c, const char *hostname, bool observe,
    const char *listen);

/* The verifier's: the name in its field, where the config has none; its listen
 * key and whose mail it leaves alone, as they stand in a config; "" leaves
 * them, and so does a trusted_networks that is set. 0 or -errno. */
int setupconfig_verify(struct setupconfig *c, const char *id,
    const char *listen, const char *networks);

/* Mail may be refused for SPF: observe = false; and if the verifier is to do
 * so, where MAIL FROM fails policyd only marks, and verifier.reject has
 * "spf-fail", too. 0 or -errno. */
int setupconfig_enforce(struct setupconfig *c, bool verifies);

/* Writes what has changed, if it is a good config. 0 or -errno. */
int setupconfig_store(struct setupconfig *c);

#endif

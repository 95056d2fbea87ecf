/*
 * domainfile.h - the keys of a domain in the config, written by tools.
 *
 * A domain that the config does not have gets a file of its own, domains.d/
 * DOMAIN.conf beside it; one that it has is changed where it stands. Each
 * change is judged as the signer will judge it before it is written, by rename,
 * so that there is never half a file. The running signer is not told.
 */
#ifndef POSTSEAL_ADMIN_DOMAINFILE_H
#define POSTSEAL_ADMIN_DOMAINFILE_H

#include "common/settings/settings.h"

/* The key of that selector, or NULL; d may be NULL. */
const struct key_settings *domainfile_key(
    const struct domain_settings *d, const char *selector);

/*
 * Adds a key. config: the path of postseal.conf; s: what was read from it, or
 * NULL where there is none yet. domain and selector are A-labels, file is
 * absolute. 0 and the path that was written in ret[PATH_MAX]; -EEXIST when the
 * domain has a key of that selector; or -errno. A failure puts a sentence into
 * why.
 */
int domainfile_add(const char *config, const struct settings *s,
    const char *domain, const char *selector, const char *file, bool active,
    char *ret, struct buf *why);

/* Sets `active` of a key that s has. 0 or -errno as above. */
int domainfile_activate(
    const struct key_settings *key, const char *domain, struct buf *why);

/* Takes the key's section out. 0 or -errno as above. */
int domainfile_remove(
    const struct key_settings *key, const char *domain, struct buf *why);

#endif

/*
 * checkservers.h - `postseal check`, the DNS servers: whether the daemons may
 * know them, whether each answers, how fast, from where, whether they agree,
 * and whether they validate.
 *
 * What DNS has of the host and the domains is looked at by checkdns.c.
 */
#ifndef POSTSEAL_ADMIN_CHECKSERVERS_H
#define POSTSEAL_ADMIN_CHECKSERVERS_H

#include "admin/check/finding.h"
#include "admin/tool/tool.h"

/*
 * Asks the servers of the config, or those of the file resolv_conf, all side by
 * side: two rounds, of CHECKSERVERS_SECONDS each at the most. They are asked
 * about one domain of the config, or that of the host's name, and about two
 * names of the Internet, one signed and one with wrong signatures; where these
 * cannot be seen, nothing is said of validation. Where they are those of the
 * file, root also tries whether each daemon's user may read it. 0 and
 * *ret_answers, whether any of them answers; or -errno.
 */
int checkservers_look(struct tool *t, const char *resolv_conf, const char *host,
    struct findings *f, bool *ret_answers);

#endif

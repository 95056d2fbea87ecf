/*
 * setupenforce.h - `postseal setup --enforce`: from now on mail may be refused
 * for SPF.
 *
 * Without the verifier in smtpd_milters policyd does, at RCPT. With it policyd
 * only marks, and the verifier refuses what neither DKIM nor DMARC lets pass:
 * RFC 9989 section 7.1. That verifier.dmarc enforces is for the administrator
 * to say.
 */
#ifndef POSTSEAL_ADMIN_SETUPENFORCE_H
#define POSTSEAL_ADMIN_SETUPENFORCE_H

#include "admin/postfix/postconf.h"
#include "admin/setup/setupconfig.h"

/* Changes the config, and tells into out what that is. 0 and *ret_verifies:
 * the verifier is to refuse; or -errno after a sentence in c->why, -EINVAL:
 * clients of ours would be refused. Nothing is written (setupconfig_store), and
 * nobody told. */
int setupenforce(const struct postconf *p, struct setupconfig *c,
    struct buf *out, bool *ret_verifies);

#endif

/*
 * checkpostfix.h - `postseal check`, Postfix: is postseal in it, and in the
 * right place; what breaks signatures after the signer; what goes out
 * unencrypted.
 *
 * By postconf(1), nothing is changed. TLS is looked at here, all else by the
 * parts that are at the end of checklook.h.
 */
#ifndef POSTSEAL_ADMIN_CHECKPOSTFIX_H
#define POSTSEAL_ADMIN_CHECKPOSTFIX_H

#include "admin/check/finding.h"
#include "admin/check/guidelines.h"
#include "admin/postfix/postconf.h"
#include "common/settings/settings.h"

struct checkpostfix {
	bool there;           /* there is a Postfix */
	struct buf hostname;  /* that it says in HELO; empty when not known */
	struct buf addresses; /* smtp_bind_address, smtp_bind_address6 */
	enum guidelines_fact tls;
};

/* Looks at all. etc: the folder of opendkim.conf and opendmarc.conf, "/etc".
 * ret is filled in any case (checkpostfix_free). */
void checkpostfix_look(const struct postconf *p, const struct settings *s,
    const char *etc, struct findings *f, struct checkpostfix *ret);

void checkpostfix_free(struct checkpostfix *c);

#endif

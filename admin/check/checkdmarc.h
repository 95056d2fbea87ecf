/*
 * checkdmarc.h - `postseal check`, the DMARC of one of our domains: which
 * record receivers apply to its mail, what they make of it, whether reports
 * arrive, and whether what we send is aligned.
 *
 * By RFC 9989, with the verifier's own walk (verifier/dmarc/walk.h).
 */
#ifndef POSTSEAL_ADMIN_CHECKDMARC_H
#define POSTSEAL_ADMIN_CHECKDMARC_H

#include "admin/check/finding.h"
#include "admin/check/guidelines.h"
#include "admin/tool/tool.h"

/* Asks, and adds what it finds. domain is in A-labels and lower case; helo is
 * the name that Postfix says, in any form. facts->dkim is known already,
 * facts->dmarc is set. 0 or -errno. */
int checkdmarc_look(struct tool *t, const char *domain, const char *helo,
    struct findings *f, struct guidelines_facts *facts);

#endif

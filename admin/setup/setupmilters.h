/*
 * setupmilters.h - the steps of a plan for signer and verifier: where they
 * listen, and their places in smtpd_milters and non_smtpd_milters.
 */
#ifndef POSTSEAL_ADMIN_SETUPMILTERS_H
#define POSTSEAL_ADMIN_SETUPMILTERS_H

#include "admin/setup/setupmaker.h"

/* The milters, where they listen. 0, or -errno after a sentence in m->why. */
int setupmilters_plan(struct setupmaker *m);

/* After it: whose mail the verifier leaves alone. Likewise. */
int setupmilters_networks(struct setupmaker *m);

#endif

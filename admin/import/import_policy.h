/*
 * import_policy.h - what policyd-spf refuses, as our tables.
 */
#ifndef POSTSEAL_ADMIN_IMPORT_POLICY_H
#define POSTSEAL_ADMIN_IMPORT_POLICY_H

#include "admin/import/import.h"

/* The options that our tables are made of; NULL: nothing was said. Borrowed. */
struct import_policy {
	const struct import_option *helo, *mail_from; /* ..._reject */
	const struct import_option *helo_pass, *mail_from_pass;
	const struct import_option *test_only, *no_mail, *permerror, *temperror;
};

/* False for a word of HELO_reject (helo) or Mail_From_reject that
 * policyd-spf does not know. */
bool import_policy_knows(const struct import_option *o, bool helo);

/* Appends observe, helo, mail_from and null_sender. user: for one recipient,
 * where the general tables are in force without these. */
void import_policy_print(
    const struct import_policy *p, bool user, unsigned tabs, struct buf *out);

#endif

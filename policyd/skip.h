/*
 * skip.h - clients whose mail is not checked, and why.
 *
 * What is known without asking DNS: networks that the administrator trusts.
 * A skipped request gets dunno and no header; the log line names the reason.
 */
#ifndef POSTSEAL_POLICYD_SKIP_H
#define POSTSEAL_POLICYD_SKIP_H

#include "common/ip.h"
#include "common/settings.h"

enum skip {
	SKIP_NO,             /* check it */
	SKIP_TRUSTED_NETWORK /* policyd { trusted_networks } */
};

/* Whether, and by which rule, the client is not checked. */
enum skip skip_client(
    const struct policyd_settings *p, const struct ip *client);

/* The rule as the log names it, "trusted_networks"; NULL for SKIP_NO. */
const char *skip_word(enum skip s);

#endif

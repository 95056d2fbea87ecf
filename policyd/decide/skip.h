/*
 * skip.h - clients whose mail is not checked, and why.
 *
 * The rules that need no DNS: what Postfix tells about the client, against what
 * the administrator trusts.
 *
 *   - client_name is the name that Postfix has looked up for the client's
 *     address and back again; where that failed it is "unknown".
 *     reverse_client_name, which anyone can choose, is not looked at.
 *   - A fingerprint stands for whoever holds the private key: TLS proved that,
 *     whether a CA signed the certificate or not. That some CA signed it would
 *     prove nothing, as CAs sign for everyone.
 *
 * The rules that ask DNS are trust.c's. A skipped request of a relay gets a
 * header that says why, one of our own users dunno or, with skip_header, such a
 * header; the log line names the rule.
 *
 * Pure.
 */
#ifndef POSTSEAL_POLICYD_SKIP_H
#define POSTSEAL_POLICYD_SKIP_H

#include "common/settings/settings.h"
#include "common/spf/check.h"

/* In the order in which they are tried. */
enum skip {
	SKIP_NO,            /* check it */
	SKIP_NETWORK,       /* policyd { trusted_networks } */
	SKIP_AUTHENTICATED, /* trust_authenticated */
	SKIP_RELAY,         /* trusted_relays */
	SKIP_CERTIFICATE,   /* trusted_certificates */
	SKIP_CLIENT,        /* trusted_clients */
	SKIP_SENDER,        /* exempt_domains */
	SKIP_HELO,          /* trusted_helo */
	SKIP_FORWARDER      /* trusted_forwarders */
};

/* Whether, and by which of the first five rules, the client is not checked.
 * *ret_by: the name or fingerprint of the config that it was, borrowed from p;
 * else untouched. */
enum skip skip_client(const struct policyd_settings *p, const struct subject *s,
    const char **ret_by);

/* The same by what the client says to be the sender: SKIP_SENDER or SKIP_NO. */
enum skip skip_sender(
    const struct policyd_settings *p, struct span sender, const char **ret_by);

/* True if that is how our own users come, and no relay, whose mail is a
 * stranger's: that must stay recognizable as mail from outside. */
bool skip_is_own(enum skip s);

/* The rule as the log names it, which is its key: "trusted_networks"; NULL for
 * SKIP_NO. */
const char *skip_word(enum skip s);

/* The same in words for a header: "trusted network". */
const char *skip_phrase(enum skip s);

#endif

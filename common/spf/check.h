/*
 * check.h - one check_host() of RFC 7208 section 4, from question to result.
 *
 * Drives spfeval.c: runs the evaluation, asks the resolver for the rows that it
 * lacks, and runs it again when the wanted row is answered. What can be asked early
 * is asked when an answer takes longer than DNS_PATIENCE_MS, and with all waits that
 * follow: so the questions are those that evaluation needs and no others where a
 * resolver nearby has the answers, and the round trips are few where it has to fetch
 * them. It is not asked when prefetch is off or many questions are out. Which
 * identity this is, what the result leads to and how long it may take is request.c's
 * affair.
 */
#ifndef POSTSEAL_SPF_CHECK_H
#define POSTSEAL_SPF_CHECK_H

#include <stdint.h>

#include "common/bytes/ip.h"
#include "common/dns/resolver.h"
#include "common/io/loop.h"
#include "common/settings/settings.h"

struct check;
struct lookups; /* lookups.h */

struct check_input {
	struct ip client;
	struct span sender; /* local@domain; no local part: postmaster (4.3);
			     * split at the last '@'; U-labels allowed */
	struct span helo;
	const char *receiver; /* %{r}, in exp only */
	uint64_t now;         /* %{t}: seconds since 1970, in exp only */
	unsigned void_max;    /* section 4.6.4 */
	bool prefetch;
};

struct check_result {
	enum spf_result result;
	const char *domain; /* that was checked, A-labels in lower case; where
			     * there is none to check (none), the sender's
			     * text in printable ASCII; at most 253 octets */
	/* The term that matched, as published but without its qualifier:
	 * "ip4:192.0.2.0/24", "include:a.example", "all". One of more than
	 * SPF_MECHANISM_MAX octets is cut to one octet more than that. It stands
	 * in the domain's record, or in the one that its redirects lead to.
	 * NULL: none matched. */
	const char *mechanism;
	/* temperror, permerror: what is wrong, and where, in printable ASCII:
	 * "a.example: mx:b.example: 11 MX names, more than 10"; else NULL */
	const char *problem;
	/* fail: the expanded exp text, printable ASCII of at most
	 * SPF_EXPLANATION_MAX octets, unattributed; or NULL: there is none, or it
	 * was not there within SPF_EXPLAIN_MS */
	const char *explanation;
	bool no_mail;     /* fail: the record is exactly "v=spf1 -all" */
	unsigned lookups; /* DNS terms used, of ten */
	unsigned voids;
	unsigned
	    queries; /* DNS questions put; depends on the order of answers */
	enum dns_security security; /* of the deciding answers together */
};

/*
 * Starts the check. Copies the input. done(arg, result) is called once, from the
 * loop, never inside this call; the result is borrowed for that call, after which
 * the check is gone. 0 and *ret valid until done or check_cancel(); or -errno.
 */
int check_start(struct loop *loop, struct resolver *resolver,
    const struct check_input *in,
    void (*done)(void *arg, const struct check_result *result), void *arg,
    struct check **ret);

/* What the check has asked and learned so far; borrowed until the check is gone,
 * which is after done(). */
const struct lookups *check_lookups(const struct check *c);

/* The result of a check that has only its explanation still to wait for, without
 * that; borrowed until the check is gone. NULL: it is not decided. */
const struct check_result *check_verdict(const struct check *c);

/* The result is no longer wanted; outstanding queries are cancelled. */
void check_cancel(struct check *c);

#endif

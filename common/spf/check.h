/*
 * check.h - one check_host() of RFC 7208 section 4, from question to result.
 *
 * Drives spfeval.c: runs the evaluation, asks the resolver for the rows that it
 * lacks, and runs it again when the wanted row is answered. What can be asked
 * early is asked when an answer takes longer than DNS_PATIENCE_MS, and with all
 * waits that follow: so the questions are those that evaluation needs and no
 * others where a resolver nearby has the answers, and the round trips are few
 * where it has to fetch them. It is not asked when prefetch is off or many
 * questions are out. Which identities are checked, what the results lead to and
 * how long that may take is the affair of a wing.
 *
 * The MAIL FROM of a message alone, with what a milter knows of it:
 *
 *     in = {.subject = {.client = ip, .helo = helo, .sender = sender},
 *           .identity = IDENTITY_MAIL_FROM, .void_max = 2, .prefetch = true,
 *           .arena = &message->arena};
 *     check_start(loop, resolver, &in, done, message, &message->check);
 *
 * Then done(message, result) comes; or check_expire() and check_cancel() at the
 * time limit of the wing; or check_cancel() alone, when the client is gone.
 */
#ifndef POSTSEAL_SPF_CHECK_H
#define POSTSEAL_SPF_CHECK_H

#include <stdint.h>

#include "common/bytes/arena.h"
#include "common/bytes/ip.h"
#include "common/dns/resolver.h"
#include "common/io/loop.h"
#include "common/settings/settings.h"

struct check;
struct lookups; /* lookups.h */

/* Who comes with mail for whom, as the MTA tells it. Any octet may be in it;
 * what was not told is empty. */
struct subject {
	struct ip client;
	bool own; /* client is an address of this host, where the MTA is */
	struct span client_name; /* looked up both ways; else "unknown" */
	struct span helo;
	struct span sender; /* without quotes and <>; empty: null sender */
	struct span recipient;
	struct span login;       /* SASL; empty: did not log in */
	struct span certificate; /* "12:AB:...", of the TLS client's */
	struct span public_key;  /* likewise, of its key */
	const char *receiver; /* this host: %{r}, in exp only, and who says so
	                          * in headers; NULL: it is not told */
};

/* The identities of RFC 7208 section 2: of whom the record is asked. */
enum identity {
	IDENTITY_HELO,     /* postmaster@HELO */
	IDENTITY_MAIL_FROM /* the sender; of a null sender postmaster@HELO, too
			    * (2.4) */
};

/* What a check needs, and no setting of a daemon beside it. */
struct check_input {
	struct subject subject; /* client, helo, sender, receiver are used. The
				 * sender is split at the last '@'; without a
				 * local part it is postmaster's (4.3);
				 * U-labels are allowed */
	enum identity identity;
	uint64_t now;      /* %{t}: seconds since 1970, in exp only */
	unsigned void_max; /* section 4.6.4 */
	bool prefetch;
	bool unexplained; /* the explanation of a fail is not wanted */

	/* Where the result lives; NULL: it is borrowed for the call of
	 * done(). */
	struct arena *arena;
};

struct check_result {
	enum spf_result result;
	const char *domain; /* that was checked, A-labels in lower case; where
			     * there is none to check (none), the sender's
			     * text in printable ASCII; at most 253 octets */
	/* The term that matched, as published but without its qualifier:
	 * "ip4:192.0.2.0/24", "include:a.example", "all". One of more than
	 * SPF_MECHANISM_MAX octets is cut to one octet more than that. It
	 * stands in the domain's record, or in the one that its redirects lead
	 * to. NULL: none matched. */
	const char *mechanism;
	/* temperror, permerror: what is wrong, and where, in printable ASCII:
	 * "a.example: mx:b.example: 11 MX names, more than 10"; else NULL */
	const char *problem;
	/* fail: the expanded exp text, printable ASCII of at most
	 * SPF_EXPLANATION_MAX octets, unattributed; or NULL: there is none,
	 * it is not wanted, or was not there within SPF_EXPLAIN_MS */
	const char *explanation;
	bool no_mail;     /* fail: the record is exactly "v=spf1 -all" */
	unsigned lookups; /* DNS terms used, of ten */
	unsigned voids;
	unsigned
	    queries; /* DNS questions put; depends on the order of answers */
	enum dns_security security; /* of the deciding answers together */
};

/* What a check has that could not be made: temperror. */
extern const struct check_result check_no_memory;

/*
 * Starts the check. Copies the input. done(arg, result) is called once, from
 * the loop, never inside this call, after which the check is gone. 0 and *ret
 * valid until done or check_cancel(); or -errno.
 */
int check_start(struct loop *loop, struct resolver *resolver,
    const struct check_input *in,
    void (*done)(void *arg, const struct check_result *result), void *arg,
    struct check **ret);

/* The domain that is checked, as in its result; borrowed until the check is
 * gone. */
const char *check_domain(const struct check *c);

/* What the check has asked and learned so far; borrowed until the check is
 * gone, which is after done(). */
const struct lookups *check_lookups(const struct check *c);

/*
 * The time is over: the result as done() would be given it, which is not called
 * any more. A fail that waits for its explanation goes without; what is not
 * decided is temperror (RFC 7208 section 4.6.4, last paragraph). check_cancel()
 * is next.
 */
const struct check_result *check_expire(struct check *c);

/* The result is no longer wanted; outstanding queries are cancelled. */
void check_cancel(struct check *c);

#endif

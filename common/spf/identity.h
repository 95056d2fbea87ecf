/*
 * identity.h - one identity of a client, HELO or MAIL FROM: its check, and the
 * result, for who has to wait for more than one of them.
 *
 * Which identities are checked and what their results lead to is the affair of
 * a wing.
 */
#ifndef POSTSEAL_SPF_IDENTITY_H
#define POSTSEAL_SPF_IDENTITY_H

#include "common/dns/dnscounters.h"
#include "common/spf/check.h"

/* What is counted of identities that were checked. */
enum identity_counter {
	IDENTITY_COUNT_HELO = DNS_COUNT_END, /* + enum spf_result */
	IDENTITY_COUNT_MAIL_FROM =
	    IDENTITY_COUNT_HELO + SPF_RESULTS, /* + enum spf_result */
	IDENTITY_COUNT_LOOKUPS =
	    IDENTITY_COUNT_MAIL_FROM + SPF_RESULTS, /* terms that count */
	IDENTITY_COUNT_VOIDS,
	IDENTITY_COUNT_END
};

extern const struct stats_row identity_results[], identity_lookups[];

/* Counts the result of a check. */
void identity_count(struct stats_slot *slot, enum identity identity,
    const struct check_result *r);

/* Told of a check when its result is there, with all that it asked and was
 * answered (explain.h), which is gone after this call. what: "HELO" or "MAIL
 * FROM". */
struct identity_witness {
	void (*explain)(void *arg, const char *what, const struct lookups *l,
	    const struct check_result *result); /* or NULL */
	void *arg;
};

/* Running (check), finished (result), or neither. */
struct identity_check {
	enum identity identity;
	struct identity_witness witness;
	void (*done)(void *arg); /* the result is there; from the loop */
	void *arg;
	struct check *check;
	const struct check_result *result; /* lives in the input's arena */
};

/* Starts the check; one that cannot start is a temperror, at once. */
void identity_start(struct identity_check *i, struct loop *loop,
    struct resolver *resolver, const struct check_input *in);

/* The time is over (check_expire()). done() is not called. */
void identity_expire(struct identity_check *i);

/* Cancels the check that runs, if one does. */
void identity_cancel(struct identity_check *i);

/* Bytes that a check holds while it runs. */
size_t identity_held(const struct identity_check *i);

/* True for a HELO name that can be checked by itself: one of two labels or
 * more, no address literal (RFC 7208 section 2.3). */
bool identity_is_helo(struct span helo);

#endif

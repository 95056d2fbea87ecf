/*
 * trust.h - the rules of skip.h that ask DNS: trusted_helo, trusted_forwarders.
 *
 * A HELO name is the client's if the client's address is among the name's. A
 * forwarder's client is one that the forwarder's own SPF record permits: a
 * check_host() of postmaster@ that domain, and only pass counts. All questions
 * are put at once, and the first yes is the answer: nobody's silent DNS holds
 * it back. Of several that are there together it is the first in the order of
 * skip.h and of the config. An error counts as no.
 *
 * Whether the answer is wanted is request.c's affair.
 */
#ifndef POSTSEAL_POLICYD_TRUST_H
#define POSTSEAL_POLICYD_TRUST_H

#include "common/spf/check.h"
#include "policyd/decide/skip.h"

struct trust;

enum trust_state { TRUST_OPEN, TRUST_NO, TRUST_YES };

/*
 * Sets out to ask what p wants to know. in: client, helo, receiver and the rest
 * for checks; the sender is not used. changed(arg) is called from the loop,
 * never inside this call, once, when the state is no longer TRUST_OPEN; it may
 * cancel. 0 and *ret owned (trust_free), NULL if there is nothing to ask; or
 * -errno. Borrows p until trust_free(), in for the call.
 */
int trust_start(struct loop *loop, struct resolver *resolver,
    const struct policyd_settings *p, const struct check_input *in,
    void (*changed)(void *arg), void *arg, struct trust **ret);

/* Cancels what is still asked; NULL is allowed. */
void trust_free(struct trust *t);

/* TRUST_YES: *ret_skip is the rule and *ret_by the name that it was, borrowed
 * from p. t may be NULL: TRUST_NO. */
enum trust_state trust_look(
    const struct trust *t, enum skip *ret_skip, const char **ret_by);

#endif

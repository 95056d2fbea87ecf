/*
 * negotiate.h - what is agreed on with an MTA before anything else: the version of
 * the protocol, what a milter may do, what is sent and what is answered. (pure)
 *
 * Versions 2 to 6, as Postfix's milter8.c offers them; of the offer no more is
 * taken than is needed. The order of commands is session.c's affair, their bytes
 * are command.c's.
 */
#ifndef POSTSEAL_SIGNER_NEGOTIATE_H
#define POSTSEAL_SIGNER_NEGOTIATE_H

#include "common/milter/command.h"

/*
 * Takes of the MTA's offer what is needed into *ret, and appends the answer to
 * out, with the macros that are asked for, where they may be: the signer's own,
 * and mail_macros ("i {auth_type}") with MAIL. 0, or -EPROTO with *ret and out
 * untouched: the version is too old.
 */
int negotiate_answer(const struct optneg *offer, const char *mail_macros,
    struct optneg *ret, struct buf *out);

/* True if it was agreed that this command gets no answer. */
bool negotiate_silent(const struct optneg *agreed, enum milter_command c);

#endif

/*
 * choose.h - sign this message? as which domain and with which keys, or why
 * not.
 *
 * A message is signed when it was handed in by somebody who may send as this
 * house (an internal or authenticated client, a service of sign_daemons, a
 * macro of sign_macros) and somebody signs for the one address in its one From
 * field: the section of its domain, that of a domain above with `subdomains`,
 * or rows of the signing table. Whoever reads the message sees that From; so
 * where it can be read in two ways, nothing is signed. Nor is what came from
 * outside before: a content filter or fetchmail hands it in from 127.0.0.1, but
 * it bears the Received-SPF or Authentication-Results of this host.
 *
 * The verdict is a value; who logs it and what is answered is signer.c's
 * affair. No key is touched. The same code answers `postseal why`, to whom each
 * rule says what it found.
 */
#ifndef POSTSEAL_SIGNER_CHOOSE_H
#define POSTSEAL_SIGNER_CHOOSE_H

#include "signer/choose/choice.h"

/* The verdict for a message. Borrows keys and *in for as long as *ret is used.
 * The From field is judged first, so that ret->from is there whenever it can
 * be. */
void choose_message(const struct keyring *keys, const struct choose_input *in,
    struct choose *ret);

/* The entry of exempt_recipients that stands for a recipient as the MTA wrote
 * it ("<a@b>"), or NULL. Borrows from s. */
const char *choose_recipient(
    const struct signer_settings *s, struct span recipient);

#endif

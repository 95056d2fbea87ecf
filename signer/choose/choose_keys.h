/*
 * choose_keys.h - who signs for an address: the section of its domain, or rows
 * of the signing table, and their keys.
 *
 * Whether the message may be signed at all is choose.c's affair. Tells
 * `postseal why` each section, row and key that it finds.
 */
#ifndef POSTSEAL_SIGNER_CHOOSE_KEYS_H
#define POSTSEAL_SIGNER_CHOOSE_KEYS_H

#include "signer/choose/choice.h"

/* The section for a domain, or the nearest above it that speaks for
 * its subdomains; NULL: none. */
const struct keyring_domain *choose_section(
    const struct choose_path *p, struct span name);

/* The keys for the address p->address into p->ret->sign; the same address has
 * the same answer. CHOOSE_SIGN, CHOOSE_DOMAIN_* or CHOOSE_NO_MEMORY. */
enum choose_verdict choose_keys(struct choose_path *p);

/* Leaves out signatures of the same key and domain but the first.
 * CHOOSE_SIGN. */
enum choose_verdict choose_once(struct choose_path *p);

#endif

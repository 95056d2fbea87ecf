/*
 * choose_rule.h - the rules of choose.h, for the files choose*.c: each judges one
 * side of a message, in the order that choose.c gives.
 *
 * A rule answers CHOOSE_SIGN to go on, and tells `postseal why` what it found.
 */
#ifndef POSTSEAL_SIGNER_CHOOSE_RULE_H
#define POSTSEAL_SIGNER_CHOOSE_RULE_H

#include "signer/choose/choose.h"

/* The way of a message through all rules. */
struct choose_path {
	const struct keyring *keys;
	const struct signer_settings *settings;
	const struct tables *tables;
	const struct choose_input *in;
	struct choose *ret;
	struct span address; /* of From: local@domain, A-labels, in the arena */
	size_t at;           /* its last '@' */
};

/* Says one line, where somebody asked why. */
void choose_say(const struct choose_path *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes what a verdict speaks of; returns v. */
enum choose_verdict choose_because(struct choose_path *p, enum choose_verdict v,
    const char *what, const char *file, unsigned line);

/* The entry of a list that is this word, in any case, or NULL. */
const char *choose_listed(const struct text_list *list, const char *word);

/* choose_from.c: the one From address into p->address, its domain into
 * p->ret->from. */
enum choose_verdict choose_from(struct choose_path *p);

/* choose_way.c: what is left alone, whoever hands it in. */
enum choose_verdict choose_way(struct choose_path *p);

/* choose_way.c: what came from outside before. This may read long fields, and is for
 * clients who may have mail signed: a stranger's is unsigned without it. */
enum choose_verdict choose_came_in(struct choose_path *p);

/* choose_way.c: true if this client may have mail signed. */
bool choose_may_send(struct choose_path *p);

/* choose_way.c: true if such a client, who may not, is one of ours that is not
 * worth a notice. */
bool choose_is_expected(struct choose_path *p);

/* choose_keys.c: the section for a domain, or the nearest above it that speaks for
 * its subdomains; NULL: none. */
const struct keyring_domain *choose_section(
    const struct choose_path *p, struct span name);

/* choose_keys.c: the keys for the address into p->ret->sign. */
enum choose_verdict choose_keys(struct choose_path *p);

/* choose_keys.c: leaves out keys that are there twice. */
enum choose_verdict choose_once(struct choose_path *p);

#endif

/*
 * hdrsel.h - which header fields are signed: RFC 6376 sections 5.4 and 8.15.
 *
 * A list of rules, each a field name and how it is taken: all instances that
 * are there, or those and once more ("oversigned": an added field of that name
 * breaks the signature). The default is the list of section 5.4.1, the MIME
 * fields, Sender, Message-ID and List-Unsubscribe-Post (RFC 8058 section 4).
 * Oversigned are, there or not, the fields that a reader shows or is led by; of
 * those that honest servers add only the ones that are there; not at all Sender
 * and Resent-, of which a resender puts its own on top (RFC 5322 section
 * 3.6.6). Date and Message-ID are not named when absent, even if a rule wants
 * it: a server on the way adds them to a message that lacks them.
 *
 * Trace fields and what is changed or removed on the way are never signed, not
 * even by a rule that names them. Pure: nothing is canonicalized (canon.c) or
 * written (sigfield.c).
 */
#ifndef POSTSEAL_SIGNER_HDRSEL_H
#define POSTSEAL_SIGNER_HDRSEL_H

#include "common/bytes/arena.h"
#include "common/bytes/span.h"
#include "common/dkim/named.h"
#include "common/mail/field.h"
#include "common/settings/settings.h" /* struct text_list */
#include "signer/limits.h"            /* HDRSEL_MAX */

enum hdrsel_mode {
	HDRSEL_PRESENT,         /* all instances, bottom-up */
	HDRSEL_OVERSIGN,        /* those, and once more as absent */
	HDRSEL_OVERSIGN_PRESENT /* the same if there is one; else nothing */
};

struct hdrsel_rule {
	const char *name; /* in the case that h= shows */
	enum hdrsel_mode mode;
};

struct hdrsel_rules {
	const struct hdrsel_rule *v;
	size_t n;
};

/* The default list; static. */
const struct hdrsel_rules *hdrsel_default(void);

/*
 * Rules from the config: "Name" signs what is there, "Name!" oversigns, "*" is
 * the default list, "-Name" takes one out of what stands before. A name that
 * stands twice keeps its place and takes the last mode. *ret lives in the
 * arena. 0; -ENOMEM; or -EINVAL and a clause in *ret_why for a list without
 * From (5.4), or -EPERM for a field that must not be signed: *ret_why is its
 * name then.
 */
int hdrsel_read(const struct text_list *list, struct arena *arena,
    struct hdrsel_rules *ret, const char **ret_why);

/* True for a field that must not be signed: Received, Return-Path,
 * DKIM-Signature, Bcc, Comments, Keywords and their like. Any case. */
bool hdrsel_never(struct span name);

/* True if the fields of that name are signed where they are there. Any case. */
bool hdrsel_signs(const struct hdrsel_rules *rules, struct span name);

/*
 * Picks the fields to sign, in the order of the rules, instances of one name
 * from the bottom of the message up (5.4.2). *ret lives in the arena and points
 * into fields and rules. 0; -E2BIG when h= would have more than HDRSEL_MAX
 * names; -EINVAL when there is no From field (5.4: it must be signed); -ENOMEM.
 */
int hdrsel_pick(const struct hdrsel_rules *rules,
    const struct field_list *fields, struct arena *arena,
    struct named_fields *ret);

#endif

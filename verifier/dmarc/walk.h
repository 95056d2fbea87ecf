/*
 * walk.h - the DNS tree walk: RFC 9989 section 4.10.
 *
 * What is known of the names of a message stands in one table, whoever walks
 * over them, so equal names are asked once. Names are A-labels in lower case
 * without "_dmarc." in front; those that are not yet known, or that DNS does
 * not tell, stop a walk that needs them.
 *
 * A name of more than eight labels is followed by its seven rightmost ones: a
 * walk has eight names at the most, and a record between is never found. So the
 * RFC wants it. Nothing is asked here. Pure.
 */
#ifndef POSTSEAL_VERIFIER_WALK_H
#define POSTSEAL_VERIFIER_WALK_H

#include "verifier/dmarc/dmarc_record.h"
#include "verifier/limits.h"

enum {
	WALK_LABELS_MAX = 8,

	/* Of all walks of a message. */
	WALK_NAMES_MAX = DMARC_WALKS_MAX * WALK_LABELS_MAX
};

enum walk_found {
	WALK_UNKNOWN, /* not asked, or not answered yet */
	WALK_NOTHING, /* no record, several, or an invalid one */
	WALK_RECORD,
	WALK_ERROR /* DNS does not tell */
};

struct walk_name {
	struct span name;
	enum walk_found found;
	bool asked;
	struct dmarc_record record; /* WALK_RECORD */
};

/* The memory is its user's: few messages have many names. */
struct walk_names {
	struct walk_name *v; /* borrowed */
	size_t n, room;
};

/* How many labels a name has. */
size_t walk_labels(struct span name);

/* How many names its walk has. */
size_t walk_length(struct span start);

/* The name that a walk looks at behind this one; empty: it is over. */
struct span walk_up(struct span name);

/* What is known of a name, or NULL: it is not in the table. */
const struct walk_name *walk_known(
    const struct walk_names *names, struct span name);

/* Puts the names of the walk from start up to the name `until`, which is not
 * put, into the table; `until` empty: all of them. Borrows start for as long as
 * the table is used. False: no room, the table is as it was. */
bool walk_add(struct walk_names *names, struct span start, struct span until);

/* Puts into the table what DNS says at "_dmarc." in front of the name; NULL:
 * there is no answer. */
void walk_answer(struct walk_name *name, const struct dns_answer *answer);

/* Of a question that the table answers. */
enum walk_state {
	WALK_KNOWN,
	WALK_WAITING, /* a name that it needs is not known yet */
	WALK_FAILED   /* or will never be */
};

/* The organizational domain of start, 4.10.2; *ret lies in start. */
enum walk_state walk_organization(
    const struct walk_names *names, struct span start, struct span *ret);

/*
 * The record that applies to mail of author, 4.10.1: its own, that of its
 * organizational domain, or that of the public suffix domain. *ret points into
 * names; NULL: there is none.
 */
enum walk_state walk_policy(const struct walk_names *names, struct span author,
    const struct walk_name **ret);

#endif

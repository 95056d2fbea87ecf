/*
 * plan.h - a published record and a client -> what libspf2 is given, and what
 * its words mean.
 *
 * libspf2 never sees a published record. It is given a short canonical text
 * without macros, in which the domain of a term is "#n.", the number of a row:
 *
 *     v=spf1 mx a:%{l}.example/24 ptr include:b.example ip4:192.0.2.0/24 -all
 *     v=spf1 mx:#1. a:#2./24 exists:#3. include:#4. exists:#5. ip4:192.0.2.0/24
 *
 * (for a client in 192.0.2.0/24). When libspf2 asks for "#2.", lookups.c
 * expands and answers row 2. So it never parses what a sender wrote, and
 * evaluation asks for nothing that it does not reach. The rules of the text:
 *
 *   - It ends behind the first ip4 or ip6 that contains the client; those that
 *     do not contain it are left out. It ends behind `all`, and behind the 11th
 *     term that asks DNS, which makes permerror (section 4.6.4).
 *   - redirect is last, and left out if `all` is there (5.1).
 *   - ptr becomes exists: lookups.c compares the names.
 *   - A prefix length of 0, which libspf2 refuses, is left out of a and mx and
 *     marked in the row; ip4 and ip6 become the half (/1) with the client in
 *     it.
 *   - A mechanism that ends the text has a row too. Behind terms that ask DNS
 *     an `exists` with its number goes before it: it never matches, and tells
 *     that evaluation got as far as there. So who matched is known.
 *   - The dot in "#n." is for libspf2, which warns (and allocates) for names
 *     without a top-level label.
 *
 * After compiling, libspf2's count of mechanisms must be plan->mechanisms: it
 * drops silently what does not fit into 511 bytes.
 *
 * Pure. Macros are not expanded here, and nothing is asked.
 */
#ifndef POSTSEAL_SPF_PLAN_H
#define POSTSEAL_SPF_PLAN_H

#include "common/bytes/arena.h"
#include "common/limits.h"
#include "common/spf/record.h"

struct plan;
struct question; /* questions.h */

/* Why a name leads to no record: -ENOENT, there is none; or -EINVAL, there are
 * several, or it has a syntax error: why, and in which term (empty: in
 * none). */
struct record_fault {
	int rc;
	const char *why;
	struct span term;
};

/* What a run has heard of a term. */
enum row_said {
	ROW_UNREACHED, /* evaluation has not come to it */
	ROW_OPEN, /* it is there, or in the record below: waiting, failed, or
	                * with its question answered and nothing said yet */
	ROW_NO_MATCH,
	ROW_MATCH,   /* evaluation of the record ended here */
	ROW_FOLLOWED /* redirect: the record below took the place of this */
};

struct row {
	unsigned number;     /* of the whole check */
	enum term_kind kind; /* one that asks DNS; or an end: ALL IP4 IP6 */
	enum spf_result qualifier; /* REDIRECT: SPF_PASS, not used */
	struct span text;          /* as published, without the qualifier */
	struct span domain; /* the domain-spec; empty: the record's own */
	bool macros;        /* the domain-spec is not a plain name */
	unsigned bits;      /* a, mx: for the client's family */
	struct plan *plan;  /* in whose record it stands; NULL: in none, it is
	                     * the check itself (lookups.h) */

	/* What lookups.c found out. */
	enum { TARGET_NEW, TARGET_NAME } target_state;
	struct span target;        /* TARGET_NAME: the target-name */
	struct question *question; /* its own; NULL: not put yet */
	struct question **host;    /* mx: for the addresses of its names */
	size_t nhosts;

	/* include, redirect: the record that it leads to, or why there is
	 * none */
	struct plan *record;
	const struct record_fault *fault;

	enum row_said said; /* in this run; by run.c */
};

/* 11 that ask DNS, or 10 and what ends the text. */
enum { PLAN_ROWS_MAX = SPF_TERMS_MAX + 1 };

struct plan {
	struct span domain;  /* <domain> of check_host() for this record */
	const char *text;    /* for libspf2 */
	unsigned mechanisms; /* in text */
	struct row *row;
	size_t nrows;
	bool ends;       /* the last row ends the text: it always matches */
	struct span exp; /* domain-spec of exp=; empty: none */

	struct row *last; /* that this run has come to; by run.c */
};

/* True if the row ends the text: all, or a network with the client in it. */
bool plan_row_ends(const struct row *row);

/*
 * Reads the record txt, of which record_is_spf() is true, published at domain,
 * and plans for client; rows are numbered from first. Borrows txt and domain;
 * the plan lives in a. 0; -ENOMEM; or -EINVAL for a record with a syntax error:
 * then *ret_why is a static reason and *ret_term the term (any octet may be in
 * it).
 */
int plan_make(struct arena *a, struct span txt, struct span domain,
    const struct ip *client, unsigned first, struct plan **ret,
    const char **ret_why, struct span *ret_term);

#endif

/*
 * lookups.h - what one check_host() knows, and what libspf2 is told of it.
 *
 * libspf2's DNS layer (spfeval.c) asks here for what plan.c put into the text:
 * the record that an include leads to, the addresses of "#7.". A row's macros
 * are expanded when evaluation gets there, so a macro costs DNS only then. The
 * limits of RFC 7208 section 4.6.4 are kept for the check as a whole (run.c):
 * terms and voids count when evaluation uses them, not when they are asked
 * early.
 *
 *   - A void lookup is a *term* whose own question has no answer (the words of
 *     section 4.6.4): neither the addresses of an MX's hosts nor names for %{p}
 *     count.
 *   - What is no name for DNS (an empty or too long label) is not asked: it is
 *     as if it did not exist (section 4.8), but no void.
 *   - If the sender's local part is not ASCII, a term with %{l} or %{s} does
 *     not match (RFC 8616 section 4).
 *
 * Who writes what, and how long it holds:
 *
 *     vars                 lookups_init(); for the check
 *     questions            questions.c: what DNS was asked, and said; for
 *                          the check, they only grow more
 *     names                ptr.c: the client's names; likewise
 *     root, plan, rows     lookups.c: the records, and what their terms ask
 *                          for; likewise. But what a row says is run.c's
 *     run                  run.c: how far evaluation has come; for a run
 *
 * Pure: it asks through the function given at lookups_init(). Above it stand
 * spfeval.c, exptext.c (the explanation) and early.c (what is asked before it
 * is needed).
 */
#ifndef POSTSEAL_SPF_LOOKUPS_H
#define POSTSEAL_SPF_LOOKUPS_H

#include "common/spf/ptr.h"

enum {
	/* Records of a check: its own, and those of the terms that are used or
	 * asked early (ten at the most, each). */
	LOOKUPS_PLANS_MAX = 1 + 2 * SPF_TERMS_MAX
};

struct lookups {
	struct macro_vars vars; /* domain and name change from term to term */
	bool ascii_local;

	struct questions questions;
	struct ptr names;

	struct arena *arena;
	struct row root; /* leads to the record of the check's own domain */
	struct plan *plan[LOOKUPS_PLANS_MAX];
	size_t nplans;
	unsigned rows;     /* numbered so far */
	unsigned prepared; /* terms whose question is known: ten at the most are
			    * asked early */

	struct run run;
};

/*
 * domain: <domain> of check_host(), a name. vars: all but domain and name are
 * set. Borrows everything until lookups_free(); *l does not move until then.
 */
void lookups_init(struct lookups *l, struct arena *a,
    const struct macro_vars *vars, struct span domain, unsigned void_max,
    enum ask (*ask)(
        void *arg, struct question *q, struct dns_answer **ret_answer),
    void *arg);

/* The check is over: what is still asked is cancelled. */
void lookups_free(struct lookups *l);

/* The row "#number." of a plan, or NULL. */
struct row *lookups_row(struct lookups *l, unsigned number);

/* --- for a run: RUN_OVER says that it is over ----------------------------- */

/* The record that row leads to: &l->root, an include, a redirect. */
enum found lookups_record(
    struct lookups *l, struct row *row, struct plan **ret);

/*
 * The address that an a or exists is compared with: of several the one by which
 * it matches, if there is one; for a prefix length of 0 the client's own; for a
 * ptr that matches (it is an exists for libspf2) any. A row that ends a text
 * finds nothing. *ret may be of the other family (ip.h): then it does not
 * match.
 */
enum found lookups_address(
    struct lookups *l, struct row *row, const struct ip **ret);

/* How many names an mx has; then the address of name i, as above. */
enum found lookups_mx(struct lookups *l, struct row *row, size_t *ret_n);
enum found lookups_host(
    struct lookups *l, struct row *row, size_t i, const struct ip **ret);

/* --- for a run, and for who asks early: no run is touched ----------------- */

/* Makes row->question, of a row without macros. 0 or -ENOMEM. */
int lookups_prepare(struct lookups *l, struct row *row);

/*
 * Makes row->record from the TXT answer to row's question, which is read once:
 * 0; -ENOENT or -EINVAL, as row->fault says; -ENOMEM.
 */
int lookups_read_record(struct lookups *l, struct row *row);

/* Makes row->host from the answer to an mx with at most ten names. 0 or
 * -ENOMEM. */
int lookups_hosts(struct lookups *l, struct row *row);

#endif

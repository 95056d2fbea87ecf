/*
 * lookups.h - the questions, answers and counts of one check_host().
 *
 * libspf2's DNS layer (spfeval.c) asks here for what plan.c put into the text:
 * the record that an include leads to, the addresses of "#7.". A row's macros are
 * expanded when evaluation gets there, so a macro costs DNS only then. The
 * limits of RFC 7208 section 4.6.4 are kept here, for the check as a whole: terms
 * and voids count when evaluation uses them, not when they are asked early.
 *
 *   - A run ends when an answer is missing (RUN_PENDING, `wanted` says which), at
 *     an error, or with libspf2's result. It is begun anew when the wanted
 *     answer is there; every run goes the same way as the one before, further.
 *   - A void lookup is a *term* whose own question has no answer (the words of
 *     section 4.6.4): neither the addresses of an MX's hosts nor names for %{p}
 *     count.
 *   - What is no name for DNS (an empty or too long label) is not asked: it is as
 *     if it did not exist (section 4.8), but no void.
 *   - If the sender's local part is not ASCII, a term with %{l} or %{s} does not
 *     match (RFC 8616 section 4).
 *
 * Pure: it asks through the function given at lookups_init(). Beside it stand
 * target.c (what a term asks for), published.c (which record a name has), ptr.c
 * (the client's names), exptext.c (the explanation), failure.c (errors) and early.c
 * (what is asked before it is needed).
 */
#ifndef POSTSEAL_POLICYD_LOOKUPS_H
#define POSTSEAL_POLICYD_LOOKUPS_H

#include <stdint.h>

#include "common/spf/macro.h"
#include "common/spf/plan.h"
#include "common/spf/problem.h"
#include "common/spf/questions.h"

enum run_state {
	RUN_ON,
	RUN_PENDING, /* an answer is missing */
	RUN_NONE,    /* the check's own domain has no record (4.5) */
	RUN_TEMPERROR,
	RUN_PERMERROR
};

enum {
	/* Records of a check: its own, and those of the terms that are used or
	 * asked early (ten at the most, each). */
	LOOKUPS_PLANS_MAX = 1 + 2 * SPF_TERMS_MAX
};

struct lookups {
	struct arena *arena;
	struct macro_vars vars; /* domain and name change from term to term */
	bool ascii_local;
	unsigned void_max;

	struct row root; /* leads to the record of the check's own domain */
	struct dns_record client; /* the client's own address */
	struct questions questions;
	struct plan *plan[LOOKUPS_PLANS_MAX];
	size_t nplans;
	unsigned rows;                        /* numbered so far */
	unsigned terms_asked;                 /* rows whose question was put */
	struct question *reverse;             /* the client's PTR; or NULL */
	struct question *name[SPF_NAMES_MAX]; /* its names' addresses */
	size_t nnames;

	/* Of this run. */
	enum run_state state;
	struct question *wanted;     /* RUN_PENDING */
	const struct row *wanted_mx; /* wanted is one of its hosts; or NULL */
	const char *problem;         /* of an error; NULL when memory is out */
	unsigned terms, voids;
	bool used, insecure; /* of the answers used */
};

/*
 * domain: <domain> of check_host(), a name. vars: all but domain and name are
 * set. Borrows everything until the check ends.
 */
void lookups_init(struct lookups *l, struct arena *a,
    const struct macro_vars *vars, struct span domain, unsigned void_max,
    enum ask (*ask)(
        void *arg, struct question *q, struct dns_answer **ret_answer),
    void *arg);

/* The check is over: what is still asked is cancelled. */
void lookups_free(struct lookups *l);

/* Begins a run. */
void lookups_begin(struct lookups *l);

enum found {
	FOUND,
	FOUND_NOTHING, /* no match; for a record: an empty one, which matches
			* nothing */
	FOUND_STOP     /* the run is over: l->state says why */
};

/* The row "#number." of a plan, or NULL. */
struct row *lookups_row(struct lookups *l, unsigned number);

/* The record that row leads to: &l->root, an include, a redirect. */
enum found lookups_record(
    struct lookups *l, struct row *row, struct plan **ret);

/*
 * The addresses that an a or exists is compared with; for a prefix length of 0
 * the client's own; for a ptr that matches (it is an exists for libspf2) any. A
 * row that ends a text finds nothing.
 */
enum found lookups_addresses(struct lookups *l, struct row *row,
    const struct dns_record **ret, size_t *ret_n);

/* How many names an mx has; then the addresses of name i. */
enum found lookups_mx(struct lookups *l, struct row *row, size_t *ret_n);
enum found lookups_host(struct lookups *l, struct row *row, size_t i,
    const struct dns_record **ret, size_t *ret_n);

/*
 * q was answered. True if the run should begin anew: q was wanted, and what comes
 * next is not again a wait, for a later host of the same mx (which is put here).
 */
bool lookups_ready(struct lookups *l, const struct question *q);

/* The record that decided: the check's own, or where its redirects lead. NULL:
 * there is none. */
struct plan *lookups_decider(const struct lookups *l);

/* The term of the record p that matched, after a run that ended in a match. */
const struct row *lookups_match(const struct plan *p);

/* Of the answers that this run used. */
enum dns_security lookups_security(const struct lookups *l);

/* --- for the files beside it that look up, too --------------------------- */

/* The answer to q, put if it is new; NULL: the run stops here. Marks what it
 * says about security as used. */
const struct dns_answer *lookups_need(struct lookups *l, struct question *q);

/*
 * Makes row->leads from the TXT answer to row's question, which is read once: 0;
 * -ENOENT or -EINVAL, as row->fault says; -ENOMEM.
 */
int lookups_lead(struct lookups *l, struct row *row);

/* Makes row->host from the answer to an mx with at most ten names. 0 or -ENOMEM. */
int lookups_hosts(struct lookups *l, struct row *row);

#endif

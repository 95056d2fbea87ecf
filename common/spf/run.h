/*
 * run.h - the state of one run of an evaluation, and who writes it: run.c
 * alone.
 *
 * A run goes through the records term by term (spfeval.c) until it has a
 * result, meets an error, or lacks an answer. Then it is thrown away, and begun
 * anew when the answer is there: it goes the same way as the one before,
 * further, as nothing that it has learned is forgotten. All that is of one run
 * only is here, so that to forget it is one assignment:
 *
 *     run_begin()                   ON
 *     run_reach(), run_count_void() ON, or over: a limit is passed
 *     run_need()                    ON, or over: PENDING, for an answer
 *     run_fail()...                 over: NONE, TEMPERROR, PERMERROR
 *
 * A run notes what each term says as it passes, in the rows (plan.h). libspf2
 * goes through a record from left to right and stops at the first match, so
 * that the last row that it asked for tells of all others, and nothing need be
 * said of a row that does not match. With the record "v=spf1 a include:b mx
 * -all" (rows 1 to 4, where b.example has "v=spf1 a:c ?all", rows 5 and 6):
 *
 *     it asks for #1           1 OPEN
 *     it asks for #2           1 NO_MATCH, as it went on; 2 OPEN
 *     ... for the record of b  5 and 6 are UNREACHED
 *     ... for #5, then #6      5 NO_MATCH, 6 MATCH, as an end always
 *                              matches: b gave neutral
 *     it asks for #3           2 NO_MATCH, as b did not pass; 3 OPEN
 *     host 0 has the client    3 MATCH, and libspf2 says pass
 *
 * So in a run that has a result nothing is OPEN, and in one that has none the
 * OPEN rows are the way from the check's own record to where it stands.
 *
 * The first reason ends a run; what is asked of it behind that is RUN_OVER,
 * too. What is wrong is said in one clause, for the problem= of Received-SPF
 * (RFC 7208 section 9.1), the log and the trace: printable ASCII, whatever was
 * published, and cut where a name or a term is long.
 *
 *     a.example: mx:b.example: 11 MX names, more than 10
 *
 * What is asked where, and what it means, is lookups.c's affair.
 */
#ifndef POSTSEAL_SPF_RUN_H
#define POSTSEAL_SPF_RUN_H

#include "common/spf/plan.h"
#include "common/spf/questions.h"

enum run_state {
	RUN_ON,
	RUN_PENDING, /* an answer is missing */
	RUN_NONE,    /* the check's own domain has no record (4.5) */
	RUN_TEMPERROR,
	RUN_PERMERROR
};

/* What a look at something gives. */
enum found {
	FOUND,
	FOUND_NOTHING, /* no match; for a record: an empty one, which matches
			* nothing */
	RUN_OVER       /* nothing is known: run->state says why */
};

struct run {
	/* Of the check; set once. */
	struct questions *questions;
	struct span domain; /* its own: whose error it is where none is to
			     * blame */
	unsigned void_max;

	/* Of this run. */
	enum run_state state;
	struct question *wanted;     /* PENDING */
	const struct row *wanted_mx; /* wanted is one of its hosts; or NULL */
	const char *problem;         /* of an error; NULL when memory is out */
	unsigned terms, voids;       /* that it has used */
	bool used, insecure;         /* of the answers used */
};

/* A run that begins. Borrows both until the check ends. */
void run_init(
    struct run *r, struct questions *qs, struct span domain, unsigned void_max);

/* Begins anew, over these records. */
void run_begin(struct run *r, struct plan *const *plan, size_t n);

/* Evaluation goes into this record. */
void run_enter(struct plan *p);

/* Evaluation has come to this row, as those before it in its record do not
 * match: notes that, and counts it if it asks DNS. False: the run is over. */
bool run_reach(struct run *r, struct row *row);

/* The client is among the addresses that the row is compared with. */
void run_match(struct row *row);

/* libspf2 has a result, if the run is not over: what is still open is settled.
 * own: the check's own record; or NULL. */
void run_end(struct run *r, struct plan *own);

/* The answer to q, put if it is new; NULL: the run is over. Marks what it says
 * about security as used. */
const struct dns_answer *run_need(struct run *r, struct question *q);

/* As run_need() for one of the hosts of an mx. */
const struct dns_answer *run_need_host(
    struct run *r, const struct row *mx, struct question *host);

/* Counts the answer to the row's own question, if it is a void lookup. False:
 * the run is over. */
bool run_count_void(
    struct run *r, const struct row *row, const struct dns_answer *answer);

/* Ends the run: at the row, with a text that fits into RUN_PROBLEM_MAX; */
void run_fail(struct run *r, enum run_state state, const struct row *row,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* in the record of domain, at term if it is not empty; */
void run_fail_in(struct run *r, enum run_state state, struct span domain,
    struct span term, const char *what);

/* as the check's own domain has no record; as memory is out (temperror); as
 * libspf2 does what it should not (temperror). */
void run_none(struct run *r);
void run_no_memory(struct run *r);
void run_broken(struct run *r, const char *what);

/*
 * q was answered. True if the run should begin anew: q was wanted, and what
 * comes next is not again a wait, for a later host of the same mx (which is put
 * here, as the run would do).
 */
bool run_is_ready(
    struct run *r, const struct question *q, const struct ip *client);

/* The record that decides for p: itself, or where its redirects lead. Both may
 * be NULL: there is none. */
const struct plan *run_decider(const struct plan *p);

/* What the record p gave, of which evaluation came to the end. */
enum spf_result run_result(const struct plan *p);

/* Of the answers that this run used. */
enum dns_security run_security(const struct run *r);

enum {
	RUN_PROBLEM_MAX = 320,
	RUN_SHOWN_MAX = 80 /* of each name or term in a problem */
};

/* "domain: term: what", or "domain: what" if term is empty, in a. NULL when
 * memory is out. */
const char *run_problem(
    struct arena *a, struct span domain, struct span term, const char *what);

struct run_shown {
	char text[RUN_SHOWN_MAX + 1];
};

/* A name as a problem shows it: of a long one the end. */
struct run_shown run_show_name(struct span name);

#endif

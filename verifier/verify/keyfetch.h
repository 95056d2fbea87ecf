/*
 * keyfetch.h - the records of the keys that the signatures of a message name:
 * RFC 6376 section 3.6.2. Each name is asked for once, whoever names it, and
 * what DNS says is kept until all are judged.
 *
 * What an answer means is known by judge.h; who waits for it, and how long, is
 * verifier.c's affair.
 */
#ifndef POSTSEAL_VERIFIER_KEYFETCH_H
#define POSTSEAL_VERIFIER_KEYFETCH_H

#include "common/dns/resolver.h"
#include "verifier/limits.h"

struct keyfetch;

struct key_question {
	struct keyfetch *of;
	const char *name;          /* SELECTOR._domainkey.DOMAIN */
	struct dns_query *query;   /* NULL: not under way */
	struct dns_answer *answer; /* owned; NULL: not there */
	bool too_long;             /* there was one, but longer than keys are */
};

/* All zero: nothing is asked. It does not move while something is. */
struct keyfetch {
	struct resolver *resolver;
	unsigned turn;
	void (*done)(void *arg);
	void *arg;
	struct key_question question[RESULTS_MAX + 1]; /* DomainKeys' is one */
	size_t n, open; /* of which still without an answer */
};

/* Makes k, all zero, ready. turn: of resolver_turn(). done: an answer is there;
 * called from the loop, never inside a call of this header. Borrows all until
 * keyfetch_reset(). */
void keyfetch_begin(struct keyfetch *k, struct resolver *resolver,
    unsigned turn, void (*done)(void *arg), void *arg);

/*
 * Asks for the key at name, unless that is done; name is borrowed until
 * keyfetch_reset(). False: it is not asked, as DNS has more questions than it
 * should and the message has its part of them (QUESTIONS_BUSY_MAX).
 */
bool keyfetch_ask(struct keyfetch *k, const char *name);

/* The answer, borrowed until keyfetch_reset(); NULL: there is none yet, or it
 * was *ret_too_long to be kept. */
const struct dns_answer *keyfetch_answer(
    const struct keyfetch *k, const char *name, bool *ret_too_long);

/* Bytes of the answers that are kept. */
size_t keyfetch_held(const struct keyfetch *k);

/* Forgets all, and what is still asked. */
void keyfetch_reset(struct keyfetch *k);

#endif

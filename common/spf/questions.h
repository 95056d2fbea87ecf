/*
 * questions.h - what one check asks DNS, each question once, and what it was
 * told.
 *
 * A list: a check has at most some 220 questions, and few have more than ten.
 * Names are compared without regard to ASCII case, as DNS does. It owns the
 * answers, and is the only one that moves a question from state to state:
 *
 *     NEW --put--> PENDING --answered--> ANSWERED
 *      |\--put--> ANSWERED       it cannot be put now: a DNS_TEMPERROR
 *      |\--put--> NO_NAME
 *       \--put--> NEW            memory is out; the run that needs it ends
 *
 * How a question goes to a resolver is check.c's affair, which name a term asks
 * for that of lookups.c.
 */
#ifndef POSTSEAL_SPF_QUESTIONS_H
#define POSTSEAL_SPF_QUESTIONS_H

#include <stdint.h>

#include "common/bytes/arena.h"
#include "common/dns/resolver.h"

struct question {
	struct question *next;
	struct span name; /* lives as long as the check */
	enum dns_type type;
	uint32_t hash;
	enum {
		QUESTION_NEW,
		QUESTION_PENDING,
		QUESTION_ANSWERED,
		QUESTION_NO_NAME /* DNS cannot hold the name */
	} state;
	struct dns_query *query;         /* PENDING */
	const struct dns_answer *answer; /* ANSWERED */
	struct dns_answer *held;         /* that, owned; or NULL, it is ours */
	uint64_t asked, answered; /* loop_now(), by check.c; ANSWERED: both */
	bool used;                /* evaluation came to it; by run.c */
	bool of_client;           /* asked for the client's names; by ptr.c */
};

struct questions {
	struct arena *arena;
	/* Gives q to a resolver, as resolver_ask() does. */
	enum ask (*ask)(
	    void *arg, struct question *q, struct dns_answer **ret_answer);
	void *arg;
	unsigned nput; /* to DNS */
	size_t held;   /* bytes of the answers */
	struct question *first, **end;
};

/* No questions yet; they live in a. questions_free() when the check ends. */
void questions_init(struct questions *qs, struct arena *a,
    enum ask (*ask)(
        void *arg, struct question *q, struct dns_answer **ret_answer),
    void *arg);

/* Cancels what is still out, and frees the answers. */
void questions_free(struct questions *qs);

/* The question for (name, type): one that is there, or a new one, with a copy
 * of name. NULL when memory is out. */
struct question *questions_find(
    struct questions *qs, struct span name, enum dns_type type);

/* Puts the question, if it is NEW. */
void questions_put(struct questions *qs, struct question *q);

/* *Takes* the answer to q, which is ANSWERED then. Beyond SPF_ANSWERS_MAX bytes
 * of answers, or SPF_CLIENT_ANSWER_MAX of one for the client's names, q gets a
 * DNS_TEMPERROR in its place. */
void questions_answered(
    struct questions *qs, struct question *q, struct dns_answer *answer);

/* True if one of the addresses in the answer is in the network of ip with that
 * many bits; with 0, if there is any address. */
bool questions_answer_has(
    const struct dns_answer *answer, const struct ip *ip, unsigned bits);

/* "MX" */
const char *questions_type(enum dns_type type);

#endif

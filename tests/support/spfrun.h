/*
 * spfrun.h - one SPF check on a zone in text, from question to result.
 *
 * Runs common/spf/check.c with the resolver and the loop of tests/support/fake,
 * in an order of answers of the caller's choice, and copies the result.
 */
#ifndef POSTSEAL_TESTS_SPFRUN_H
#define POSTSEAL_TESTS_SPFRUN_H

#include "common/spf/check.h"
#include "tests/support/resolver_zone.h"

struct spfrun {
	struct loop *loop;
	struct resolver *resolver;
	enum zone_order order;
	unsigned seed;
	unsigned void_max; /* 2 */
	bool prefetch;     /* true */
	unsigned delay;    /* 20 ms: so long that there is prefetching */
};

/* Ways for answers to arrive: ready at once, together, one by one, reversed,
 * shuffled; so late that what may be needed is asked early, or sooner; with and
 * without prefetch. The verdict is the same in all of them. */
struct spfrun_way {
	const char *name;
	enum zone_order order;
	unsigned seed;
	bool prefetch;
	unsigned delay;
};

enum { SPFRUN_WAYS = 11 };
extern const struct spfrun_way spfrun_ways[SPFRUN_WAYS];

struct spfrun_result {
	enum spf_result result;
	char domain[300];
	char mechanism[300]; /* "": none */
	char problem[300];
	char explanation[1100];
	unsigned lookups, voids, queries;
	bool no_mail;
	enum dns_security security;
	unsigned sent;  /* by the resolver */
	unsigned turns; /* of the loop, until the result was there */
};

/* A loop and an empty resolver, every answer ready at once. Ends the program
 * when memory is out. */
void spfrun_open(struct spfrun *s);

/* After it no question may be left: ends the program then. */
void spfrun_close(struct spfrun *s);

/* Adds records; see resolver_zone.h. */
void spfrun_zone(struct spfrun *s, const char *text);

/* Takes order, seed, prefetch and delay of the way. */
void spfrun_choose(struct spfrun *s, const struct spfrun_way *way);

/* Checks sender (empty: postmaster@helo) from client. Ends the program if the
 * result is not there when the loop has nothing left to do. */
struct spfrun_result spfrun_check(
    struct spfrun *s, const char *client, const char *helo, const char *sender);

/* Opens s with that zone and starts a check of u@a.example from client, whose
 * answers the test hands out. Borrows: told() is called at its end. */
struct check *spfrun_hold(struct spfrun *s, const char *client,
    const char *zone, void (*told)(void *arg, const struct check_result *r),
    void *arg);

#endif

/*
 * resolver_zone.h - stands in for the resolver in unit tests: a zone as text.
 *
 * tests/support/fake/resolver_zone.c implements common/dns/resolver.h. A test
 * makes a resolver with resolver_new() as the daemons do, loads records into it
 * and chooses in which order answers come. The text is that of zone.h:
 *
 *     example.com       TXT  "v=spf1 a -all"
 *     example.com       A    192.0.2.1
 *     www.example.com   CNAME example.com
 *     slow.example.com  A    timeout
 *     dead.example.com  ANY  servfail
 *     signed.example    TXT  secure
 *
 * Words in the place of data, and what they do here:
 *     timeout   DNS_TEMPERROR "timeout", delivered like any other answer
 *     silent    no answer before dns.timeout seconds of the loop have passed,
 *               then DNS_TEMPERROR "timeout"; never READY
 *     servfail, refused, nxdomain, bogus    as the real resolver reports them
 *     secure    the answer (or its absence) is DNS_SECURE
 *     cached    READY in every order
 *     nomem     ASK_NOMEM
 * CNAMEs are followed; a loop is "CNAME loop". A name that only has names
 * below it exists. Whatever the text does not have is NXDOMAIN.
 *
 * Answers become records through dnsmsg.c, as the real ones do. There is no
 * cache: each question that is not joined to an equal outstanding one is
 * "sent".
 */
#ifndef POSTSEAL_TESTS_RESOLVER_ZONE_H
#define POSTSEAL_TESTS_RESOLVER_ZONE_H

#include "common/dns/resolver.h"

enum zone_order {
	ZONE_READY,      /* every answer is ASK_READY; the default */
	ZONE_TOGETHER,   /* each turn of the loop delivers all that were asked
	                  * before it, oldest first */
	ZONE_ONE_BY_ONE, /* each turn delivers the oldest question's answer */
	ZONE_REVERSED,   /* each turn delivers the newest question's answer */
	ZONE_SHUFFLED,   /* each turn delivers one, drawn from the seed */
	ZONE_HELD /* only resolver_zone_deliver() delivers, oldest first */
};

/* Adds the records of text; a line that cannot be read ends the test program
 * with a message. */
void resolver_zone_load(struct resolver *r, const char *text);

/* Order of the answers to questions asked from now on; seed for SHUFFLED. */
void resolver_zone_order(
    struct resolver *r, enum zone_order order, unsigned seed);

/* What a turn of the loop that delivers takes, in ms; 0 at first. */
void resolver_zone_delay(struct resolver *r, unsigned ms);

/*
 * Delivers up to max outstanding questions now, in the order chosen, without a
 * turn of the loop; questions asked by the callbacks count too. Returns how
 * many were delivered. Those of a silent name are not delivered.
 */
size_t resolver_zone_deliver(struct resolver *r, size_t max);

/* Delivers the answer to this question now; its callbacks run. True if it was
 * outstanding (also of a silent name: "timeout" then). */
bool resolver_zone_deliver_one(
    struct resolver *r, const char *name, enum dns_type type);

/* What resolver_busy() says from now on. */
void resolver_zone_busy(struct resolver *r, bool busy);

/* How often resolver_ask() was called for it, and how many of these were not
 * joined to an outstanding one. Names as in the zone text, any case. */
unsigned resolver_zone_asked(
    const struct resolver *r, const char *name, enum dns_type type);
unsigned resolver_zone_sent(
    const struct resolver *r, const char *name, enum dns_type type);

/* All calls of resolver_ask(), and all questions sent, since the last
 * forget. */
unsigned resolver_zone_asked_all(const struct resolver *r);
unsigned resolver_zone_sent_all(const struct resolver *r);

/* The questions sent, in order, "name TYPE" each, joined by "; ". Borrows until
 * the next call. */
const char *resolver_zone_log(struct resolver *r);

/* Sets the counts and the log to nothing. */
void resolver_zone_forget(struct resolver *r);

/* Callers that wait for an answer now. A cancelled one does not. */
size_t resolver_zone_waiting(const struct resolver *r);

/*
 * Calls that resolver.h forbids end the test program with a message: freeing a
 * resolver while callers wait, cancelling what is not outstanding.
 */

#endif

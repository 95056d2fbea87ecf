/*
 * resolver.h - DNS questions and answers, without blocking.
 *
 * A stub: it asks the servers of the config, or those of resolv.conf(5), in
 * their order, as every other program of the host does. The next one is asked
 * when one is silent for its share of the time, cannot be reached, or says that
 * it cannot answer (SERVFAIL, REFUSED, ...). The first that is late but gives
 * signs of life has its share twice. Then all are asked again, once at least,
 * without EDNS. What any of them answers counts until the question's time is
 * over. That there is nothing counts at once from the first server only; from
 * another when those before it, asked once more, have had one more share, and
 * not at all where one of them gives signs of life or says that its answer was
 * cut.
 *
 * Who has said nothing at all, not even to a question for a sign of life, is
 * asked last for a minute; no RCODE does that: one broken domain must not make
 * another server, which may know other names, the first for all.
 *
 * Nothing is kept: the host's resolver has a cache. Equal questions that are
 * out together are put once. What comes back is turned into records by
 * dnsmsg.c. tests/support/fake/resolver_zone.c stands in its place in tests and
 * answers from a zone in a text file.
 *
 * What an answer means for SPF or DKIM is not known here.
 */
#ifndef POSTSEAL_COMMON_RESOLVER_H
#define POSTSEAL_COMMON_RESOLVER_H

#include "common/bytes/span.h"
#include "common/dns/dnsanswer.h"
#include "common/io/loop.h"
#include "common/settings/settings.h"

struct resolver;
struct dns_query;
struct stats_slot;

/* A resolver on l. Opens nothing before the first question. Copies dns. 0 and
 * *ret owned (resolver_free), or -errno. */
int resolver_new(
    struct loop *l, const struct dns_settings *dns, struct resolver **ret);

/* Counts answers and how long they took there from now on (dnscounters.h);
 * NULL: nowhere. Borrows slot. */
void resolver_count(struct resolver *r, struct stats_slot *slot);

/* Answers come from there from now on, at once, and no server is asked: known()
 * returns owned, or NULL when memory is out. For a command that is given a
 * zone. */
void resolver_answer_from(struct resolver *r,
    struct dns_answer *(*known)(
        void *arg, struct span name, enum dns_type type),
    void *arg);

/* After every query was answered or cancelled, not from inside a got(). NULL is
 * allowed. */
void resolver_free(struct resolver *r);

enum ask {
	ASK_READY,   /* it is not put: *ret_answer is returned owned */
	ASK_PENDING, /* got() will be called; *ret_query until then */
	ASK_BADNAME, /* not a name that DNS can hold (domain_is_name) */
	ASK_NOMEM
};

/* A number for questions that belong together: where resolv.conf(5) says
 * "rotate", each such number begins with another server, and all with the same
 * one. */
unsigned resolver_turn(struct resolver *r);

/*
 * Asks for the records of type at name. name is text in which '.' parts labels
 * and every other octet stands for itself (a backslash, too); borrowed for the
 * call. turn: of resolver_turn().
 *
 * got(arg, answer) takes the answer (dns_answer_free), which all who wait for
 * the same get: 4,000 of 64 KiB would be 250 MB. It is called once, from the
 * loop, never inside this call and never after resolver_cancel(); within
 * dns.timeout seconds in any case. It may ask and cancel. Whatever can go wrong
 * between here and the servers is an answer: DNS_TEMPERROR.
 */
enum ask resolver_ask(struct resolver *r, unsigned turn, struct span name,
    enum dns_type type, void (*got)(void *arg, struct dns_answer *answer),
    void *arg, struct dns_query **ret_query, struct dns_answer **ret_answer);

/* True if more than a quarter of the questions that may be out are out: the
 * rest is for those that somebody needs now. */
bool resolver_busy(const struct resolver *r);

/* The answer is no longer wanted; q is gone. When nobody else waits for it,
 * nothing is sent any more. */
void resolver_cancel(struct dns_query *q);

#endif

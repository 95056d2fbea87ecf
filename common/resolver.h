/*
 * resolver.h - DNS questions and answers, without blocking.
 *
 * libunbound's event API on the worker's loop: one cache with true TTLs, a port
 * for each query, equal questions asked once, DNSSEC status. What it returns is
 * turned into records by dnsmsg.c. tests/support/resolver_zone.c stands in its
 * place in tests and answers from a zone in a text file.
 *
 * Only the servers of the config are asked, or those of /etc/resolv.conf, or
 * 127.0.0.1 when that names none: not in their order, but as libunbound likes;
 * when one is silent, it tries one of them again after 0.75 s. Each CNAME on the
 * way costs one more question, as libunbound asks for its target itself. Nothing
 * is answered from /etc/hosts or from built-in zones: what localhost, test. or
 * 10.in-addr.arpa hold is theirs to say.
 *
 * What an answer means for SPF or DKIM is not known here.
 */
#ifndef POSTSEAL_COMMON_RESOLVER_H
#define POSTSEAL_COMMON_RESOLVER_H

#include <stdint.h>

#include "common/ip.h"
#include "common/loop.h"
#include "common/settings.h"
#include "common/span.h"

enum dns_type {
	DNS_A = 1,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28
};

enum dns_status {
	DNS_FOUND,    /* at least one record of the type, CNAMEs followed */
	DNS_NODATA,   /* the name exists, the type does not */
	DNS_NXDOMAIN, /* RCODE 3; also a CNAME loop's end */
	DNS_TEMPERROR /* timeout, SERVFAIL, another RCODE, bogus, malformed */
};

enum dns_security { DNS_INSECURE, DNS_SECURE, DNS_BOGUS };

/* By the type that was asked for. */
struct dns_record {
	union {
		/* A: AF_INET; AAAA: always AF_INET6, a mapped address too, which
		 * no IPv6 client can have */
		struct ip ip;

		/* MX, PTR: lower-case text, no trailing dot ("" is the root),
		 * odd octets as in RFC 1035 section 5.1; one with a backslash is
		 * no host's and cannot be given to resolver_ask(), which takes it
		 * literally */
		struct {
			const char *name;
			uint16_t preference; /* MX */
		};

		/* TXT: its strings joined without a space, RFC 7208 section 3.3;
		 * any octet may be in it */
		struct span txt;
	};
};

struct dns_answer {
	enum dns_status status;
	enum dns_security security;
	const char
	    *why;    /* DNS_TEMPERROR: a static reason ("timeout", "SERVFAIL",
	                  * "bogus", "malformed answer", "too many records",
	                  * "too many questions",
	                  * "no resolver", ...); else NULL */
	size_t size; /* bytes that it takes, records and texts included */
	size_t n;    /* records, in the order of the answer */
	const struct dns_record *record;
};

/* Frees an answer that was returned owned (one allocation, dnsmsg.c); NULL is
 * allowed. */
void dns_answer_free(struct dns_answer *a);

/* Makes an answer DNS_TEMPERROR because of why, a literal, and gives back what its
 * records took. *Takes* a; returns owned, never NULL. */
struct dns_answer *dns_answer_refuse(struct dns_answer *a, const char *why);

struct resolver;
struct dns_query;
struct stats_slot;

/*
 * A resolver on l. Opens nothing before the first question, which takes some 4 ms
 * more than the others. Copies dns. 0 and *ret owned (resolver_free), or -errno.
 */
int resolver_new(
    struct loop *l, const struct dns_settings *dns, struct resolver **ret);

/* For a process that serves one connection: smaller caches, fewer ports, memory that
 * libunbound needed to start only is given back. Before the first question. */
void resolver_small(struct resolver *r);

/* Counts answers and how long they took there from now on; NULL: nowhere. Borrows
 * slot. */
void resolver_count(struct resolver *r, struct stats_slot *slot);

/* After every query was answered or cancelled, not from inside a got(). NULL is
 * allowed. */
void resolver_free(struct resolver *r);

enum ask {
	ASK_READY,   /* *ret_answer is returned owned */
	ASK_PENDING, /* got() will be called; *ret_query until then */
	ASK_BADNAME, /* not a name that DNS can hold (domain_is_name) */
	ASK_NOMEM
};

/*
 * Asks for the records of type at name. name is text in which '.' parts labels
 * and every other octet stands for itself (a backslash, too); borrowed for the
 * call.
 *
 * got(arg, answer) takes the answer (dns_answer_free). It is called once, from
 * the loop, never inside this call and never after resolver_cancel(); within
 * dns.timeout seconds in any case. It may ask and cancel. Whatever can go wrong
 * between here and the servers is an answer: DNS_TEMPERROR.
 */
enum ask resolver_ask(struct resolver *r, struct span name, enum dns_type type,
    void (*got)(void *arg, struct dns_answer *answer), void *arg,
    struct dns_query **ret_query, struct dns_answer **ret_answer);

/* True if more than a quarter of the questions that may be out are out: the rest is
 * for those that somebody needs now. */
bool resolver_busy(const struct resolver *r);

/* The question is no longer wanted; q is gone. */
void resolver_cancel(struct dns_query *q);

#endif

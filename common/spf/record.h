/*
 * record.h - published SPF records: which one a name has, and the strict parser
 * of it (RFC 7208 sections 4.4 to 4.6, and 12).
 *
 * Of the TXT records of a name, the one that begins with "v=spf1" counts. What
 * is wrong is told, not judged: evaluation (lookups.c) makes errors of it, who
 * asks early (early.c) goes on, who explains (explain.c) shows it.
 *
 * Reads a record term by term, pointing into the caller's bytes and allocating
 * nothing. A record is an error if any term is (section 4.6), so a reader goes
 * on to the end also when it needs no further term. What the terms mean for a
 * client is plan.c's affair; macros are checked here (macro.h), expanded later.
 *
 * Pure.
 */
#ifndef POSTSEAL_SPF_RECORD_H
#define POSTSEAL_SPF_RECORD_H

#include "common/bytes/ip.h"
#include "common/bytes/span.h"
#include "common/dns/dnsanswer.h"
#include "common/settings/settings.h"

enum term_kind {
	TERM_ALL,
	TERM_INCLUDE,
	TERM_A,
	TERM_MX,
	TERM_PTR,
	TERM_IP4,
	TERM_IP6,
	TERM_EXISTS,
	TERM_REDIRECT, /* a modifier from here on */
	TERM_EXP,
	TERM_UNKNOWN
};

struct term {
	enum term_kind kind;
	enum spf_result qualifier; /* a mechanism's result if it matches */
	struct span text;          /* as published, without the qualifier */
	struct span domain;        /* the domain-spec; empty: none was given */
	struct cidr net; /* ip4; ip6, where mapped addresses stay IPv6 */
	unsigned bits4,
	    bits6; /* a, mx: the dual-cidr-length, 32 and 128 if none */
};

struct record {
	struct span rest;
	bool redirect, exp; /* was seen */
};

/* True if the TXT record has a version section of exactly "v=spf1" (4.5). */
bool record_is_spf(struct span txt);

/* The one SPF record in the answer to a TXT question: 0, and *ret borrows from
 * the answer; -ENOENT, there is none; -EINVAL, there are several. */
int record_find(const struct dns_answer *answer, struct span *ret);

/* True if the record is "v=spf1 -all": the domain sends no mail at all. */
bool record_no_mail(const struct dns_answer *answer);

/* Begins to read txt, of which record_is_spf() is true. Borrows it. */
void record_open(struct record *r, struct span txt);

enum record_step {
	RECORD_TERM, /* *ret is the next term */
	RECORD_END,
	RECORD_BAD /* *ret_why is set, and ret->text; any octet may be in it */
};

/* Reads the next term. Spans in *ret point into the record. */
enum record_step record_next(
    struct record *r, struct term *ret, const char **ret_why);

#endif

/*
 * evaluation.h - DMARC for one message, from the author's domain to the result:
 * RFC 9989 sections 4.10 and 5.3.
 *
 * A pure function over answers: it says what it wants to know, is told, and
 * says what the result is as soon as that is certain.
 *
 *     evaluation_start(&e, names, "mail.example.com", false);
 *     evaluation_identify(&e, DMARC_DKIM, "example.com");    as many as there
 *                                                            are,
 *     evaluation_identify(&e, DMARC_SPF, "b.example.com");   verified or not
 *                                                            yet
 *     evaluation_close(&e);
 *     while (evaluation_want(&e, &q))
 *             put the question q.name, q.type
 *     evaluation_answer(&e, q.number, answer);      as answers come, in any
 *                                                   order
 *     evaluation_verified(&e, 0, DMARC_PASSES);     as SPF and DKIM are ready
 *
 * and again evaluation_want() behind each of these; until evaluation_result()
 * says true, or the time is over (evaluation_expire()). The names of the
 * author's walk are wanted at once, side by side; those of an identifier when
 * it could be aligned, and only if none that may still pass is aligned already;
 * whether the author's domain exists when np= says something of its own, and
 * nothing passes for it yet.
 *
 * What is done with the message is known by disposition.h.
 */
#ifndef POSTSEAL_VERIFIER_EVALUATION_H
#define POSTSEAL_VERIFIER_EVALUATION_H

#include "common/bytes/domain.h"
#include "verifier/dmarc/align.h"

/* Identifiers of a message: the signatures that are evaluated, and SPF's. */
enum { EVALUATION_IDENTIFIERS_MAX = RESULTS_MAX + 1 };

enum dmarc_method { DMARC_DKIM, DMARC_SPF };

/* What is known of an identifier: whether its method says "pass". */
enum dmarc_standing {
	DMARC_PENDING,
	DMARC_PASSES,
	DMARC_PASSES_NOT, /* it is no authenticated identifier */
	DMARC_UNKNOWN     /* temperror: it may be one */
};

struct identifier {
	enum dmarc_method method;
	struct span domain;
	enum dmarc_standing standing;
	enum alignment alignment; /* as far as it is known */
};

struct evaluation {
	struct span author;
	bool every;  /* each identifier is looked at, also behind a pass */
	bool closed; /* no more of them come */
	struct walk_names names;
	unsigned walks;
	struct identifier identifier[EVALUATION_IDENTIFIERS_MAX];
	size_t nidentifiers;
	enum walk_found exists; /* of author: RECORD says yes, NOTHING no */
	bool exists_asked;
};

enum dmarc_result {
	DMARC_RESULT_PASS,
	DMARC_RESULT_FAIL,
	DMARC_RESULT_NONE,
	DMARC_RESULT_TEMPERROR,
	DMARC_RESULT_PERMERROR /* there is not one author domain (author.h) */
};

/* "pass", as in Authentication-Results. */
const char *dmarc_result_word(enum dmarc_result r);

struct evaluation_result {
	enum dmarc_result result;
	const char *reason; /* none, temperror: static; else NULL */

	/* The record that applies and the name that has it; NULL: none does, or
	 * it is not known. In the evaluation. */
	const struct walk_name *at;
	enum dmarc_tag tag;          /* p, sp or np: that which counts */
	enum dmarc_policy published; /* what it says */
	enum dmarc_policy policy;    /* the same with t= */
	bool dkim, spf; /* one of its identifiers passes and is aligned */
};

/* Begins. names: without any yet, with room for those of the walks of author
 * and of all identifiers, or WALK_NAMES_MAX; its memory, and author, A-labels
 * in lower case, are borrowed as long as e is used. every: for reports, which
 * say of both methods whether they are aligned. */
void evaluation_start(struct evaluation *e, struct walk_names names,
    const char *author, bool every);

/* One more domain, A-labels in lower case, borrowed likewise, DMARC_PENDING.
 * Returns its number, or -1 if there are too many: it is left out. */
int evaluation_identify(
    struct evaluation *e, enum dmarc_method m, const char *domain);

/* What its method says. */
void evaluation_verified(
    struct evaluation *e, int number, enum dmarc_standing standing);

/* No more identifiers come. */
void evaluation_close(struct evaluation *e);

struct evaluation_question {
	unsigned number; /* for evaluation_answer(); at most names.room */
	enum dns_type type;
	char name[DOMAIN_MAX + 1];
};

/* The next question, which is to be put now; true once for each. False: none,
 * for now. */
bool evaluation_want(struct evaluation *e, struct evaluation_question *ret);

/* The answer, borrowed for the call; NULL: there will be none. */
void evaluation_answer(
    struct evaluation *e, unsigned number, const struct dns_answer *answer);

/* The time is over: what is not answered or verified yet is a temporary
 * error. */
void evaluation_expire(struct evaluation *e);

/* True, and *ret, as soon as nothing that is still to come can change it. */
bool evaluation_result(struct evaluation *e, struct evaluation_result *ret);

/* True if the domain is one that passes, or lies below one. */
bool evaluation_passes_above(const struct evaluation *e, struct span domain);

#endif

/*
 * judge.h - one signature and the records of its key -> a result: RFC 6376
 * sections 3.6.1, 6.1.2 and 6.1.3, RFC 8301, and what is acceptable here (6.3).
 *
 * Everything that is needed is given: what the signature says, the fields, the
 * hash of the body, what DNS answered, the time. Reasons are fixed sentences of
 * ours, never text of a sender or of a server.
 */
#ifndef POSTSEAL_VERIFIER_JUDGE_H
#define POSTSEAL_VERIFIER_JUDGE_H

#include "common/dkim/verify.h"
#include "common/dns/resolver.h"
#include "common/settings/settings.h"
#include "verifier/verify/pick.h"
#include "verifier/verify/pubkeys.h"

/* What is given. All borrowed for the call. */
struct judge_input {
	const struct verifier_settings *settings;
	const struct field_list *fields;
	const struct candidate *candidate;
	const unsigned char *bodyhash; /* with its c= and l= */
	uint64_t body_length;          /* canonical bytes of the whole body */
	const struct dns_answer *key;  /* NULL: there was no time for it */
	bool key_too_long;             /* or it was too long */
	uint64_t now;                  /* seconds since 1970 */
	struct verify *verify;         /* scratch memory of the worker */
	struct pubkeys *pubkeys;
};

struct judged {
	enum dkim_result result;
	const char *reason; /* static; NULL for a plain pass */
	unsigned bits;      /* of the key that was used, or 0 */
	bool testing;       /* its record has t=y */
	bool verified;      /* it verifies, whatever the result says */
};

/* Reasons that are counted one by one: what a setting of ours, or our DNS,
 * decides. */
enum judge_reason {
	JUDGE_EXPIRED,
	JUDGE_FUTURE,
	JUDGE_SHORT_KEY,
	JUDGE_FROM,
	JUDGE_PART,
	JUDGE_REQUIRED,
	JUDGE_LATE,
	JUDGE_NO_ANSWER,
	JUDGE_REASONS
};

/* The sentence that judged.reason points to. Static. */
const char *judge_reason_text(enum judge_reason r);
/* What a record of a key leads to, said by who knows the protocol that asks. */
struct judge_reader {
	void (*record)(
	    void *arg, const struct keyrecord *r, struct judged *ret);
	void *arg;
};

/*
 * Asks the reader about each record that is a key, and keeps the best result:
 * what DNS has answered leads to *ret. key NULL: there was no time for it;
 * too_long: it was.
 */
void judge_answer(const struct dns_answer *key, bool too_long,
    const struct judge_reader *reader, struct judged *ret);

/* True if the result needs neither key nor body: it is in *ret. */
bool judge_early(const struct judge_input *in, struct judged *ret);

void judge(const struct judge_input *in, struct judged *ret);

#endif

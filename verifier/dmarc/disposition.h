/*
 * disposition.h - what DMARC's result makes of a message: the policy of its
 * author's domain, the exceptions from it, and what the config allows. RFC 9989
 * section 5.4, the words of RFC 9990.
 *
 * A policy of reject alone refuses nothing: the RFC wants other knowledge,
 * which is that of who sets `action = "enforce"`. Nothing but that word refuses
 * or defers. Pure; replies and fields are written by others.
 */
#ifndef POSTSEAL_VERIFIER_DISPOSITION_H
#define POSTSEAL_VERIFIER_DISPOSITION_H

#include "common/settings/settings.h"
#include "verifier/dmarc/evaluation.h"

/* RFC 9990: what was done for the policy. PASS: nothing, under a policy that
 * would have done something. */
enum disposition_kind {
	DISPOSITION_NONE,
	DISPOSITION_PASS,
	DISPOSITION_QUARANTINE,
	DISPOSITION_REJECT
};

/* "none" */
const char *disposition_word(enum disposition_kind k);

/* RFC 9990: why that is not what the policy says. */
enum disposition_reason {
	REASON_NONE, /* it is */
	REASON_LOCAL_POLICY,
	REASON_MAILING_LIST,
	REASON_OTHER, /* it was not evaluated to its end */
	REASON_POLICY_TEST_MODE,
	REASON_TRUSTED_FORWARDER,
	REASON_KINDS
};

/* "local_policy" */
const char *disposition_reason_word(enum disposition_reason r);

/* What is known beside the result. */
struct disposition_input {
	const struct dmarc_settings *settings;
	const struct evaluation *evaluation; /* its author and who passes */
	const struct evaluation_result *result;
	const struct ip *client; /* NULL: not known */
	const char *list;        /* of author_list(); "": none */
	bool relayed; /* it came by a relay of ours: nothing is refused */
	bool unasked; /* keys were not asked for, as DNS was busy */
};

struct disposition {
	enum disposition_kind kind;
	enum disposition_reason reason;

	/* What the mark says, NONE: there is none. */
	enum dmarc_policy mark;
	bool hold;          /* into Postfix's hold queue */
	unsigned code;      /* 550, 451, or 0: it is accepted */
	const char *status; /* "5.7.26"; NULL for 0 */

	/* It came by one of trusted_forwarders: no other setting refuses it. */
	bool trusted;
};

/*
 * Decides. For DMARC_RESULT_PERMERROR the evaluation is not looked at and may
 * be NULL.
 */
struct disposition disposition_decide(const struct disposition_input *in);

/* The comment in Authentication-Results, "p=reject sp=none dis=none
 * reason=mailing_list", without parentheses; "": there is nothing to say. */
enum { DISPOSITION_COMMENT_MAX = 96 };
const char *disposition_comment(const struct evaluation_result *r,
    const struct disposition *d, char ret[DISPOSITION_COMMENT_MAX]);

#endif

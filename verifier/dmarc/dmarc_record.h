/*
 * dmarc_record.h - the text of a DMARC record -> what it asks for: RFC 9989
 * sections 4.7, 4.8 and 4.10.1.
 *
 * Lenient as the RFC wants it: a tag that nobody knows, or that is not written
 * as a tag, is as if it were not there, and a value that its tag cannot have
 * counts as its default. But a tag that is there twice makes the whole invalid
 * (RFC 6376 section 3.2). Names of tags and values are taken in any case, but
 * "DMARC1".
 *
 * Which record applies to a message is known by walk.h; what its owner should
 * be told, by admin/check/dmarc.h. Pure.
 */
#ifndef POSTSEAL_VERIFIER_DMARC_RECORD_H
#define POSTSEAL_VERIFIER_DMARC_RECORD_H

#include "common/bytes/span.h"
#include "common/dns/dnsanswer.h"

/* In the order of how much they ask for. */
enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

/* "none" */
const char *dmarc_policy_word(enum dmarc_policy p);

/* Whether names below this one belong to others. UNKNOWN: the walk finds
 * out. */
enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

enum dmarc_tag {
	DMARC_TAG_V,
	DMARC_TAG_P,
	DMARC_TAG_SP,
	DMARC_TAG_NP,
	DMARC_TAG_ADKIM,
	DMARC_TAG_ASPF,
	DMARC_TAG_PSD,
	DMARC_TAG_T,
	DMARC_TAG_RUA,
	DMARC_TAG_RUF,
	DMARC_TAG_FO,

	/* Historic: they mean nothing any more. */
	DMARC_TAG_PCT,
	DMARC_TAG_RF,
	DMARC_TAG_RI,
	DMARC_TAGS
};

/* fo=, a set. */
enum { DMARC_FO_0 = 1, DMARC_FO_1 = 2, DMARC_FO_D = 4, DMARC_FO_S = 8 };

/* "p" */
const char *dmarc_tag_word(enum dmarc_tag t);

struct dmarc_record {
	/* For the name itself, existing names below, and names below that do
	 * not exist: each as it counts, defaults included. */
	enum dmarc_policy p, sp, np;
	bool strict_dkim; /* adkim=s */
	bool strict_spf;
	enum dmarc_psd psd;
	bool testing;   /* t=y: the policy counts one step less */
	unsigned fo;    /* DMARC_FO_0 where there is no ruf */
	bool unusable;  /* its policies are invalid and nobody wants reports: no
			* DMARC for mail to which it applies */
	unsigned given; /* 1 << enum dmarc_tag: the tags that are there */
	unsigned wrong; /* those of them whose value counts as its default */
};

/* True if the record has the tag. */
static inline bool
dmarc_record_has(const struct dmarc_record *r, enum dmarc_tag t)
{
	return (r->given & 1U << t) != 0;
}

/* True if a TXT record is a DMARC record: it begins with "v=DMARC1". */
bool dmarc_record_counts(struct span text);

/* What a record has behind "TAG=", in text, trimmed; empty: nothing, or no such
 * tag. */
struct span dmarc_record_value(struct span text, enum dmarc_tag t);

/* Reads a record. PARSE_OK; or PARSE_BAD with *ret untouched and a static
 * reason: it does not count, or has a tag twice. Never PARSE_MORE. */
enum parse dmarc_record_parse(
    struct span text, struct dmarc_record *ret, const char **ret_why);

/* The record of a name, as DNS answers. False, and *ret untouched: the answer
 * has none, several (they are nothing, 4.10 step 2), or an invalid one. */
bool dmarc_record_of(const struct dns_answer *answer, struct dmarc_record *ret);

#endif

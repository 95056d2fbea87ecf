/*
 * Trick: each record is judged by itself and the best result counts, so that a
 * second record at the name, left over or foreign, costs nobody a signature.
 * Trap: bits and kind of a key are looked at before anything is computed with
 * it.
 */
#include <errno.h>

#include "common/bytes/domain.h"
#include "verifier/limits.h"
#include "verifier/verify/judge.h"

static const char no_record[] = "no valid key record";

const char *
judge_reason_text(enum judge_reason r)
{
	static const char *const text[JUDGE_REASONS] = {
	    [JUDGE_EXPIRED] = "expired",
	    [JUDGE_FUTURE] = "signed in the future",
	    [JUDGE_SHORT_KEY] = "key too short",
	    [JUDGE_FROM] = "a From field is not signed",
	    [JUDGE_PART] = "a part of the body is not signed",
	    [JUDGE_REQUIRED] = "a required field is not signed",
	    [JUDGE_LATE] = "no answer from DNS in time",
	    [JUDGE_NO_ANSWER] = "DNS has no answer for the key",
	};

	return text[r];
}

static void
say(struct judged *j, enum dkim_result result, const char *reason)
{
	j->result = result;
	j->reason = reason;
}

/* --- the key's record ----------------------------------------------------- */

/* Why the record does not let this signature be verified, or NULL. */
static const char *
refused_by(const struct keyrecord *r, const struct signature *s)
{
	if (r->key.n == 0)
		return "key revoked";
	if (r->no_sha256)
		return "the key is not for sha256";
	if (r->no_email)
		return "the key is not for mail";
	if (r->algorithm != s->algorithm)
		return "the key is not of the kind in a=";
	if (r->exact_domain && !s->exact_identity)
		return "i= is not d=, as the key demands";
	return NULL;
}

static void
judge_key(const struct judge_input *in, struct pubkey *key,
    struct verify_header *header, struct judged *j)
{
	const struct candidate *c = in->candidate;

	j->bits = pubkey_bits(key);
	if (c->s.algorithm == KEY_RSA_SHA256) {
		if (j->bits < PUBKEY_RSA_BITS_LEAST) {
			say(j, DKIM_PERMERROR, "key shorter than 1024 bits");
			return;
		}
		if (j->bits < in->settings->minimum_bits) {
			say(j, DKIM_POLICY, judge_reason_text(JUDGE_SHORT_KEY));
			return;
		}
	}
	j->result = verify_signature(in->verify, &c->s, c->field, in->fields,
	    in->bodyhash, key, header, &j->reason);
	j->verified = j->result == DKIM_PASS;
}

/* A record, for a signature of DKIM. */
struct record_input {
	const struct judge_input *in;
	struct verify_header header;
};

static void
judge_record(void *arg, const struct keyrecord *r, struct judged *j)
{
	struct record_input *is = arg;
	struct pubkey *key;
	int rc;

	j->reason = refused_by(r, &is->in->candidate->s);
	if (j->reason != NULL)
		return;
	rc = pubkeys_get(
	    is->in->pubkeys, r->algorithm, r->key, &key, &j->reason);
	if (rc == 0)
		judge_key(is->in, key, &is->header, j);
	else if (rc == -ENOMEM)
		say(j, DKIM_TEMPERROR, "out of memory");
}

/* --- all records ---------------------------------------------------------- */

static void
judge_text(
    struct span text, const struct judge_reader *reader, struct judged *j)
{
	struct keyrecord r;
	const char *why;

	*j = (struct judged){.result = DKIM_PERMERROR};
	if (text.n > KEY_TEXT_MAX) {
		j->reason = "key record too long";
		return;
	}
	if (keyrecord_parse(text, &r, &why) != PARSE_OK) {
		j->reason = no_record;
		return;
	}
	j->testing = r.testing;
	reader->record(reader->arg, &r, j);
}

/* Which of two results of two records tells more. */
static bool
is_better(const struct judged *a, const struct judged *b)
{
	static const unsigned char worth[] = {[DKIM_PASS] = 6,
	    [DKIM_TEMPERROR] = 5,
	    [DKIM_FAIL] = 4,
	    [DKIM_POLICY] = 3,
	    [DKIM_NEUTRAL] = 2,
	    [DKIM_PERMERROR] = 1};

	if (worth[a->result] != worth[b->result])
		return worth[a->result] > worth[b->result];
	/* "revoked" says more than "no valid key record" */
	return a->result == DKIM_PERMERROR && b->reason == no_record &&
	    a->reason != no_record;
}

/* What is no key record does not count against those that are tried. */
static void
judge_records(const struct dns_answer *key, const struct judge_reader *reader,
    struct judged *ret)
{
	size_t tried = 0;

	*ret = (struct judged){.result = DKIM_PERMERROR, .reason = no_record};
	for (size_t i = 0;
	     i < key->n && tried < KEY_RECORDS_MAX && ret->result != DKIM_PASS;
	     i++) {
		struct judged j;

		judge_text(key->record[i].txt, reader, &j);
		tried += j.reason != no_record;
		if (is_better(&j, ret))
			*ret = j;
	}
}

void
judge_answer(const struct dns_answer *key, bool too_long,
    const struct judge_reader *reader, struct judged *ret)
{
	if (too_long) {
		say(ret, DKIM_PERMERROR, "key record too long");
		return;
	}
	if (key == NULL) {
		say(ret, DKIM_TEMPERROR, judge_reason_text(JUDGE_LATE));
		return;
	}
	switch (key->status) {
	case DNS_FOUND:
		judge_records(key, reader, ret);
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		say(ret, DKIM_PERMERROR, "no key");
		break;
	case DNS_TEMPERROR:
		say(ret, DKIM_TEMPERROR, judge_reason_text(JUDGE_NO_ANSWER));
		break;
	}
}

/* --- what is acceptable --------------------------------------------------- */

static bool
leaves_out(const struct judge_input *in, const char *name)
{
	size_t n;

	(void)field_find(in->fields, name, &n);
	return signature_names(&in->candidate->s, name) < n;
}

/* Why a signature that verifies does not cover what a reader sees, or NULL. */
static const char *
too_little(const struct judge_input *in)
{
	const struct signature *s = &in->candidate->s;
	const struct text_list *must = &in->settings->required_fields;
	bool part = s->has_length && s->length < in->body_length;

	if (leaves_out(in, "From"))
		return judge_reason_text(JUDGE_FROM);
	if (part && !in->settings->partial_body_pass)
		return judge_reason_text(JUDGE_PART);
	if (part && leaves_out(in, "Content-Type"))
		return "Content-Type is not signed, nor is all of the body";
	for (size_t i = 0; i < must->n; i++) {
		if (leaves_out(in, must->v[i]))
			return judge_reason_text(JUDGE_REQUIRED);
	}
	return NULL;
}

static void
accept_or_not(const struct judge_input *in, struct judged *j)
{
	const struct signature *s = &in->candidate->s;
	const char *why;

	if (s->has_length && s->length > in->body_length) {
		say(j, DKIM_PERMERROR, "l= is more than the body");
		return;
	}
	why = too_little(in);
	if (why != NULL)
		say(j, DKIM_POLICY, why);
}

/* --- all of it ------------------------------------------------------------ */

bool
judge_early(const struct judge_input *in, struct judged *ret)
{
	const struct candidate *c = in->candidate;
	uint64_t drift = in->settings->drift;

	*ret = (struct judged){.result = DKIM_PASS};
	if (c->result != DKIM_PASS)
		say(ret, c->result, c->reason);
	else if (c->s.expire < in->now && in->now - c->s.expire > drift)
		say(ret, DKIM_POLICY, judge_reason_text(JUDGE_EXPIRED));
	else if (c->s.time > in->now && c->s.time - in->now > drift)
		say(ret, DKIM_POLICY, judge_reason_text(JUDGE_FUTURE));
	return ret->result != DKIM_PASS;
}

void
judge(const struct judge_input *in, struct judged *ret)
{
	struct record_input is = {.in = in};
	const struct judge_reader reader = {judge_record, &is};

	if (judge_early(in, ret))
		return;
	judge_answer(in->key, in->key_too_long, &reader, ret);
	if (ret->result == DKIM_PASS)
		accept_or_not(in, ret);
}
